"""Score buttress and PyCG on PyCG's published micro-benchmark: the same cases, the same scorer.

A case counts when every expected edge is found and no wrong one. Prints a table, what each tool gets wrong, and the cases whose
expectation is known to be wrong (`deviations.toml`). A PyCG that does not run here is a row that says why.

Usage: python -m bench.callgraph.run    (or `make bench-accuracy`)
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.callgraph.adapter import call_graph
from bench.callgraph.cases import (
    HERE,
    RELEASE,
    Answer,
    Case,
    Edge,
    Verdict,
    cases,
    deviations,
    edges,
    release,
    score,
    snippets,
    summary,
)
from bench.run import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIMIT = 600.0
"""Seconds for all cases of the peer."""


def ours(all_cases: Sequence[Case]) -> dict[str, Answer]:
    """Return buttress's call graphs by case."""
    return {case.name: call_graph(case.folder) for case in all_cases}


def theirs() -> dict[str, Answer]:
    """Return PyCG's call graphs by case.

    Raises:
        BenchError: PyCG does not run on this Python.
    """
    command = [sys.executable, "-I", str(HERE / "peer.py"), str(release()), str(snippets())]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=LIMIT, check=False)
    if done.returncode:
        raise BenchError((done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1])
    return {case: graph if isinstance(graph, str) else edges(graph) for case, graph in json.loads(done.stdout).items()}


def observed(case: Case) -> frozenset[Edge]:
    """Return the calls that happen when a case runs, up to its end or its first uncaught exception."""
    command = [sys.executable, "-I", str(HERE / "observe.py"), str(case.folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)
    return frozenset((caller, callee) for caller, callee in json.loads(done.stdout))


def observed_in(all_cases: Sequence[Case]) -> dict[str, frozenset[Edge]]:
    """Return the calls of all cases that happen when they run."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip((case.name for case in all_cases), pool.map(observed, all_cases), strict=True))


def row(tool: str, verdicts: Sequence[Verdict], graphs: Mapping[str, Answer], calls: Mapping[str, frozenset[Edge]]) -> str:
    """Return a tool's line of the table."""
    sound, precise, right = summary(verdicts)
    seen = sum(len(edges & answer) for case, edges in calls.items() if not isinstance(answer := graphs[case], str))
    return f"| {tool} | {sound} | {precise} | **{right}** | {seen} of {sum(map(len, calls.values()))} |"


def mistakes(tool: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield what a tool gets wrong, a line for each case."""
    yield f"Where {tool} differs from the benchmark:"
    for verdict in verdicts:
        parts = [f"{what} {caller} -> {callee}" for what, found in verdict.differences for caller, callee in sorted(found)]
        if not verdict.is_right:
            yield f"  {verdict.case}: {'; '.join([verdict.failure] if verdict.failure else parts)}"


def unexplained(verdicts: Sequence[Verdict]) -> list[str]:
    """Return what contradicts the list of deviations: cases that fail without a reason, and reasons without a failure."""
    failing, known = {verdict.case for verdict in verdicts if not verdict.is_right}, set(deviations())
    new = [f"{case} is not right, and not among the known deviations" for case in sorted(failing - known)]
    return new + [f"{case} is listed as a deviation, and is right" for case in sorted(known - failing)]


def main() -> int:
    """Score both tools and print the result.

    Returns:
        0 if buttress is right about every case but the known deviations, else 1.
    """
    try:
        all_cases = cases()
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    calls = observed_in(all_cases)
    print("| tool | no edge missing | no wrong edge | both | calls that a run shows |", "|---|---|---|---|---|", sep="\n")
    graphs = ours(all_cases)
    verdicts = [score(case, graphs[case.name]) for case in all_cases]
    print(row(f"buttress, {len(all_cases)} cases", verdicts, graphs, calls))
    notes = list(mistakes("buttress", verdicts))
    try:
        peer = theirs()
    except (BenchError, subprocess.TimeoutExpired) as error:
        print(f"| PyCG | missing: {error} | | | |")
    else:
        other = [score(case, peer[case.name]) for case in all_cases]
        print(row(f"{RELEASE}, {len(all_cases)} cases", other, peer, calls))
        notes += ["", *mistakes("PyCG", other)]
    print("", *notes, "", "What the benchmark expects wrongly:", sep="\n")
    print(*(f"  {case}: {reason}" for case, reason in deviations().items()), sep="\n")
    problems = unexplained(verdicts)
    print(*problems, sep="\n", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
