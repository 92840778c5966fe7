"""``buttress sabotage``: break every contract in memory, and see the report turn red."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.asking import Form
from buttress_scanner.cli.terminal import fail, misconfigured, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.sabotage.run import Outcome

_Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file. Default: the nearest one in this folder or above.", show_default=False),
]
_Select = Annotated[
    list[str] | None,
    typer.Option(help="Break only this contract; may be repeated, or hold several ids with commas.", show_default=False),
]
_Today = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day on which suppressions are judged. Default: today."),
]
_Format = Annotated[Form, typer.Option("--format", help="text: for people; json: for programs.")]


def sabotage(config: _Config = None, select: _Select = None, output_format: _Format = Form.TEXT, today: _Today = None) -> None:
    """Break each contract in memory in a typical way, and see that the check finds it. No file is changed.

    Exit code 0: every contract was broken, and the report showed it. 1: a contract stayed green, or nobody knows how to break
    it. 2: wrong usage or a broken configuration.
    """
    from buttress_scanner import api
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.config.find import NoConfigurationError
    from buttress_scanner.engine import SelectionError
    from buttress_scanner.sabotage import run

    try:
        loaded = api.load_config(config or ".")
    except NoConfigurationError as error:
        raise fail(error.problems[0].message, error.problems[0].hint) from None
    except ConfigurationError as error:
        raise misconfigured(error) from None
    chosen = [name.strip() for entry in select or [] for name in entry.split(",") if name.strip()]
    try:
        outcomes = run.sabotage(loaded, today=today.date() if today else api.current_date(), select=chosen)
    except SelectionError as error:
        raise fail(str(error), "`buttress explain` lists the contracts of the configuration.") from None
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
