"""The three golden plans; run as a program, plans them many times and prints each result as one line of canonical JSON.

Usage: python -m tests.planning.plans ROUNDS THREADS
"""

from __future__ import annotations

import locale
import sys
from concurrent.futures import ThreadPoolExecutor

from buttress_runtime.planning import BatchEngine, PlanRequest
from tests.planning.support import CATALOG, copy_command, free, mixed_request, plan_bytes, request

GOLDEN: dict[str, PlanRequest] = {
    "empty": request(),
    "mixed": mixed_request(),
    "unicode": request(
        free(
            inputs=("stra\u00dfe/\U0001f600", "e\u0301"),
            outputs=("\ufb33\u200f",),
            parameters={"value": {"\U0001f600": 1, "\ufb33": 2, "\u20ac": "\r\n\x7f"}},
        ),
        copy_command(mode="\u0130\u0131", extra={"\u00e9": '"\\/'}),
        parameters={"\u03b1\u03b2": "\u65e5\u672c\u8a9e", "": None},
    ),
}


def lines() -> tuple[bytes, ...]:
    """Plan everything once."""
    engine = BatchEngine(CATALOG)
    return tuple(plan_bytes(engine.create_session(asked, ordinal).snapshot()) for ordinal, asked in enumerate(GOLDEN.values(), 1))


def main(rounds: int, threads: int) -> None:
    """Plan everything in each of several rounds, spread over threads, and print one line for each round."""
    locale.setlocale(locale.LC_ALL, "")
    with ThreadPoolExecutor(threads) as pool:
        for made in pool.map(lambda _: lines(), range(rounds)):
            sys.stdout.buffer.write(b" ".join(made) + b"\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
