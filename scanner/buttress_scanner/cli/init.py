"""``buttress init``: propose contracts that the code keeps already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.init.propose import Proposed

_Folder = Annotated[Path | None, typer.Argument(help="The project. Default: this folder.", show_default=False)]
_Output = Annotated[
    Path | None,
    typer.Option(help="Write the configuration into this file instead of buttress.toml in the folder.", show_default=False),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the configuration and write nothing.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
_Deep = Annotated[bool, typer.Option("--deep", help="Look at calls, states and effects of a large program too; takes its time.")]


def init(
    folder: _Folder = None, output: _Output = None, dry_run: _DryRun = False, force: _Force = False, deep: _Deep = False
) -> None:
    """Look at a project, propose contracts with what speaks for them, and write those that hold into a commented file.

    Exit code 0: the configuration was written, and `buttress check` is green with it. 1: nothing was found that could be
    proposed. 2: wrong usage, a file that is in the way, or no Python code.
    """
    from buttress_scanner import api
    from buttress_scanner.config.find import FILE, configured
    from buttress_scanner.init.propose import NothingToProposeError, propose

    place = (folder or Path()).absolute()
    if not place.is_dir():
        raise fail(f"there is no folder {folder}", "Name the folder of the project.")
    target = output or place / FILE
    if not dry_run and not force:
        if target.exists():
            raise fail(
                f"{target} exists already", "Use --force to replace it, --output to write elsewhere, or --dry-run to look."
            )
        if output is None and configured(place):
            raise fail(f"{place / 'pyproject.toml'} has [tool.buttress] already", "Use --dry-run to look, or --output.")
    try:
        proposed = propose(
            place, today=api.current_date(), deep=deep, told=lambda step: typer.echo(f"buttress: {step} ...", err=True)
        )
    except NothingToProposeError as error:
        raise fail(str(error), "Name the folder in which the packages are.") from None
    for problem in proposed.problems:
        typer.echo(f"buttress: {problem.path}:{problem.line}: {problem.message}\n  {problem.hint}".rstrip(), err=True)
    if dry_run:
        write(proposed.text)
    elif proposed.proposals:
        try:
            target.write_text(proposed.text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise fail(f"{target} cannot be written: {error.strerror or error}", "Name another file with --output.") from None
    if not dry_run or not proposed.proposals:
        write("".join(f"{line}\n" for line in _summary(proposed, None if dry_run else target)))
    if not proposed.proposals:
        raise typer.Exit(1)


def _summary(proposed: Proposed, target: Path | None) -> Iterator[str]:
    packages = ", ".join(proposed.packages) or "none"
    yield f"{proposed.modules} modules, main packages: {packages}"
    width = max((len(each.id) for each in proposed.proposals), default=0)
    for each in proposed.proposals:
        yield f"  {each.id:<{width}}  {each.kind}: {each.evidence[0]}"
    for each in proposed.dropped:
        yield f"  {each.id} was looked at and does not hold"
    if proposed.shallow:
        yield "The program is large: calls, states and effects were not looked at. `--deep` does, and takes its time."
    if not proposed.proposals:
        yield "Nothing was found that the code keeps already. Write a first contract by hand: docs/tutorial/first-contract.md"
    elif target is not None:
        yield f"{len(proposed.proposals)} contracts are in {target.name}; all of them hold."
        yield "Next: read them and keep those that are meant. `buttress sabotage` shows that each of them can fail."
