"""``buttress fix``: repair what can be repaired with certainty."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.options import Config, Select, Today, chosen, day, load, unknown_contract
from buttress_scanner.cli.terminal import fail, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.fixes.run import Applied, Fixed

_Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Repair only what is reported in these files and folders.", show_default=False),
]
_Diff = Annotated[bool, typer.Option("--diff", help="Show the changes as a diff and write nothing.")]
_Unsafe = Annotated[bool, typer.Option("--unsafe", help="Apply repairs as well that may change what the program does.")]


def fix(
    paths: _Paths = None,
    config: Config = None,
    select: Select = None,
    diff: _Diff = False,
    unsafe: _Unsafe = False,
    today: Today = None,
) -> None:
    """Repair findings whose repair is certain. Each is tried in memory over the whole program before a file is written.

    Exit code 0: nothing that can be repaired is left, and with --diff there was nothing to show. 1: repairs are left that are not
    safe, or, with --diff, there is something to repair. 2: wrong usage, a broken configuration, or a file that cannot be written.
    """
    from buttress_scanner.engine import SelectionError
    from buttress_scanner.fixes.run import fix as repair

    loaded = load(config)
    try:
        fixed = repair(loaded, today=day(today), select=chosen(select), unsafe=unsafe, keep=_keeper(paths or [], loaded.folder))
    except SelectionError as error:
        raise unknown_contract(error) from None
    if diff:
        write("".join(_differences(loaded.folder, fixed)))
    else:
        _save(loaded.folder, fixed)
    typer.echo("\n".join(_summary(fixed, written=not diff)), err=diff)
    if fixed.held_back or (diff and fixed.changes):
        raise typer.Exit(1)


def _keeper(paths: Sequence[Path], folder: Path) -> Callable[[Finding], bool]:
    below = []
    for path in paths:
        if not path.exists():
            raise fail(f"there is no file or folder {path}", "Paths are relative to the working directory.")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise fail(f"{path} lies outside {folder}, the folder of the configuration", "Name another one with --config.")
        below.append(path.resolve())
    return lambda finding: not below or any((folder.resolve() / finding.position.path).is_relative_to(path) for path in below)


def _save(folder: Path, fixed: Fixed) -> None:
    for path, data in fixed.changes.items():
        try:
            (folder / path).write_bytes(data)
        except OSError as error:
            raise fail(f"{path} cannot be written: {error.strerror or error}", "Make the file writable and run again.") from None


def _differences(folder: Path, fixed: Fixed) -> Iterator[str]:
    for path, data in sorted(fixed.changes.items()):
        before = (folder / path).read_bytes().decode("utf-8", "replace").splitlines(keepends=True)
        after = data.decode("utf-8", "replace").splitlines(keepends=True)
        for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _summary(fixed: Fixed, *, written: bool) -> Iterator[str]:
    yield from map(_line, fixed.applied)
    yield from (f"{_line(each)} (not safe: --unsafe does it)" for each in fixed.held_back)
    verb = "repaired" if written else "would be repaired"
    left = sum(finding.suppressed is None for finding in fixed.after.findings)
    yield f"{len(fixed.applied)} {verb} in {len(fixed.changes)} files, {left} findings left"


def _line(each: Applied) -> str:
    position = each.finding.position
    return f"{position.path}:{position.line}: [{each.finding.contract}] {each.title}"
