"""``buttress sabotage``: break every contract in memory, and see the report turn red."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.asking import Form
from buttress_scanner.cli.options import Config, Select, Today, chosen, day, load, unknown_contract
from buttress_scanner.cli.terminal import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.sabotage.run import Outcome

_Format = Annotated[Form, typer.Option("--format", help="text: for people; json: for programs.")]


def sabotage(config: Config = None, select: Select = None, output_format: _Format = Form.TEXT, today: Today = None) -> None:
    """Break each contract in memory in a typical way, and see that the check finds it. No file is changed.

    Exit code 0: every contract was broken, and the report showed it. 1: a contract stayed green, or nobody knows how to break
    it. 2: wrong usage or a broken configuration.
    """
    from buttress_scanner.engine import SelectionError
    from buttress_scanner.sabotage import run

    loaded = load(config)
    try:
        outcomes = run.sabotage(loaded, today=day(today), select=chosen(select))
    except SelectionError as error:
        raise unknown_contract(error) from None
    write(_as_json(outcomes) if output_format is Form.JSON else "".join(f"{line}\n" for line in _lines(outcomes)))
    if not outcomes or any(outcome.verdict is not run.Verdict.RED for outcome in outcomes):
        raise typer.Exit(1)


_SAID = {"red": "turned red", "green": "STAYED GREEN", "untried": "NOT TRIED"}


def _lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    width = max((len(outcome.contract) for outcome in outcomes), default=0)
    for outcome in outcomes:
        yield f"{outcome.contract:<{width}}  {_SAID[outcome.verdict]}"
        if not outcome.attempts:
            yield f"{'':<{width}}    nothing is known that breaks a contract of kind {outcome.kind} here"
        for attempt in outcome.attempts:
            seen = len(attempt.places) - len(attempt.missing)
            yield f"{'':<{width}}    {attempt.how}: seen at {seen} of {len(attempt.places)} places"
            for place in attempt.missing:
                yield f"{'':<{width}}      not seen: {place}{f' ({place.symbol})' if place.symbol else ''}"
    red = sum(outcome.verdict == "red" for outcome in outcomes)
    yield ""
    yield f"{red} of {len(outcomes)} contracts turned red when they were broken"


def _as_json(outcomes: Sequence[Outcome]) -> str:
    content = {
        "version": 1,
        "contracts": [
            {
                "id": outcome.contract,
                "kind": outcome.kind,
                "verdict": outcome.verdict.value,
                "attempts": [
                    {
                        "how": attempt.how,
                        "places": [{"path": p.path, "line": p.line, "symbol": p.symbol} for p in attempt.places],
                        "missing": [{"path": p.path, "line": p.line, "symbol": p.symbol} for p in attempt.missing],
                    }
                    for attempt in outcome.attempts
                ],
            }
            for outcome in outcomes
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
