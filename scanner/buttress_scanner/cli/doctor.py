"""``buttress doctor``: what makes a check blind or slow."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.asking import Form
from buttress_scanner.cli.options import Config, Today, day, load
from buttress_scanner.cli.terminal import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.doctor import Diagnosis

_Format = Annotated[Form, typer.Option("--format", help="text: for people; json: for programs.")]


def doctor(config: Config = None, output_format: _Format = Form.TEXT, today: Today = None) -> None:
    """Say what makes a check blind or slow: unusable files, wrong roots, sites that nobody decides, libraries nobody knows.

    Exit code 0: nothing makes it blind. 1: something does. 2: wrong usage or a broken configuration.
    """
    from buttress_scanner.doctor import Weight, diagnose

    loaded = load(config)
    diagnosis = diagnose(loaded, today=day(today))
    if output_format is Form.JSON:
        write(json.dumps({"version": 1, **asdict(diagnosis)}, indent=2, ensure_ascii=False) + "\n")
    else:
        write("".join(f"{line}\n" for line in _lines(diagnosis)))
    if any(each.weight is Weight.BLIND for each in diagnosis.observations):
        raise typer.Exit(1)


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    for each in diagnosis.observations:
        where = f"{each.where}: " if each.where else ""
        yield f"{each.weight.value:<5}  {where}{each.what}"
        if each.hint:
            yield f"       {each.hint}"
    if not diagnosis.observations:
        yield "nothing makes a check blind or slow"
    counts = f"{diagnosis.files} files, {diagnosis.modules} modules, {diagnosis.contracts} contracts"
    yield f"{counts}, {diagnosis.undecided} sites undecided"
