"""``buttress baseline``: write down what is known, take out what was repaired, show what either would change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.options import Config, Today, day, load
from buttress_scanner.cli.terminal import fail, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from buttress_scanner.findings.baseline import Baseline, Change
    from buttress_scanner.findings.report_model import Report
else:
    from datetime import datetime
    from pathlib import Path

_CI = ("CI", "BUILD_NUMBER", "TF_BUILD", "TEAMCITY_VERSION", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE")
_NO = frozenset({"", "0", "false", "no"})
_LISTED = 20

_Grow = Annotated[bool, typer.Option("--grow", help="Take in findings that a baseline which exists does not know.")]


def write_baseline(config: Config = None, today: Today = None, grow: _Grow = False) -> None:
    """Write down every open finding, and take out what was repaired.

    A baseline that exists grows only with --grow, and in continuous integration none is made and none grows. Exit code 0: it is
    written. 1: it would grow. 2: it cannot be written, or what the check found cannot be trusted.
    """
    work = _Work.of(config, today)
    if work.before is None and not work.after:
        write("nothing to write: there are no findings\n")
        return
    if (work.before is None or work.change.added) and _is_ci(os.environ):
        raise fail(
            "continuous integration neither makes a baseline nor lets it grow" + _sample(work.change),
            "Repair what is new, or run `buttress baseline write` on your machine and have the change reviewed.",
        )
    if work.before is not None and work.change.added and not grow:
        typer.echo(f"buttress: {work.path} would grow, and nothing was written{_sample(work.change)}", err=True)
        typer.echo("  Repair what is new, or take it in with --grow.", err=True)
        raise typer.Exit(1)
    work.store(work.after)
    write(f"{work.path}: {_tally(work.change, len(work.after))}\n")
    if work.refused:
        typer.echo(
            f"buttress: not taken in: {_counted(work.refused, 'finding')} about suppressions; repair the comments", err=True
        )


def prune(config: Config = None, today: Today = None) -> None:
    """Take out the entries whose finding is gone; nothing is ever added."""
    work = _Work.of(config, today)
    if work.before is None:
        raise fail(f"there is no baseline {work.path}", "`buttress baseline write` makes one.")
    left = work.left()
    if left != work.before:
        work.store(left)
    gone = len(work.before) - len(left)
    write(f"{work.path}: {gone} gone, {_counted(len(left), 'entry')} left\n")


def diff(config: Config = None, today: Today = None) -> None:
    """Show what `write` would change: + comes, - goes, ~ is the same in another place.

    Exit code 0: nothing. 1: something. 2: what the check found cannot be trusted.
    """
    work = _Work.of(config, today)
    lines = [*_lines(work.change), f"{work.path}: {_tally(work.change, len(work.after))}"]
    write("\n".join(lines) + "\n")
    raise typer.Exit(int(not work.change.is_empty))


class _Work:
    """The baseline as it is, and as it would be."""

    def __init__(self, file: Path, path: str, before: Baseline | None, after: Baseline, refused: int) -> None:
        from buttress_scanner.findings.baseline import change

        self.path = path
        self.before = before
        self.after = after
        self.refused = refused
        self.change = change(before or (), after)
        self._file = file

    @classmethod
    def of(cls, config: Path | None, today: datetime | None) -> _Work:
        """Check the program and read the baseline; whatever is in the way ends the command."""
        from buttress_scanner import gate
        from buttress_scanner.findings import baseline
        from buttress_scanner.findings.keys import Keys
        from buttress_scanner.source.tree import WorkTree

        loaded = load(config)
        tree = WorkTree(loaded.folder)
        path = loaded.configuration.baseline
        data = gate.read_by(tree)(path)
        try:
            before = None if data is None else baseline.parse(data)
        except baseline.BaselineError as error:
            raise fail(f"{path}:{error.line}: {error}", error.hint) from None
        report = gate.check(loaded, gate.Options(day(today), known=False), tree)
        _refuse_doubt(report)
        after = baseline.entries_of(report.findings, Keys(gate.read_by(tree)).of)
        return cls(loaded.folder / path, path, before, after, len(report.open_findings) - len(after))

    def left(self) -> Baseline:
        """The entries that still have their finding."""
        gone = {*self.change.removed, *(source for source, _ in self.change.moved)}
        return tuple(entry for entry in self.before or () if entry not in gone)

    def store(self, entries: Baseline) -> None:
        """Write the file."""
        from buttress_scanner.findings.baseline import text

        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_bytes(text(entries))
        except OSError as error:
            raise fail(f"{self.path} cannot be written: {error.strerror or error}", "Free the file and repeat.") from None


def _refuse_doubt(report: Report) -> None:
    """End where the check cannot be trusted: what it did not find would pass for repaired."""
    from buttress_scanner.report._summary import place, vacuities

    doubts = [f"{place(each.path, each.line, each.column)}: {each.message}" for each in report.errors]
    doubts += [f"{place(path, line, 1)}: [{name}] {why}" for name, _, path, line, why in vacuities(report)]
    if doubts:
        shown = "".join(f"\n  {doubt}" for doubt in doubts[:_LISTED])
        raise fail(f"the baseline is left as it is, since not everything could be judged{shown}", "Repair that first.")


def _lines(change: Change) -> Iterator[str]:
    yield from (f"+ {entry}" for entry in change.added)
    yield from (f"- {entry}" for entry in change.removed)
    for source, target in change.moved:
        yield f"~ {source}"
        yield f"  {target}"


def _sample(change: Change) -> str:
    shown = "".join(f"\n  + {entry}" for entry in change.added[:_LISTED])
    more = len(change.added) - _LISTED
    return shown + (f"\n  and {more} more" if more > 0 else "")


def _tally(change: Change, total: int) -> str:
    moved = f", {len(change.moved)} moved" if change.moved else ""
    return f"{len(change.added)} new, {len(change.removed)} gone{moved}, {_counted(total, 'entry')} in all"


def _counted(number: int, noun: str) -> str:
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"


def _is_ci(environment: Mapping[str, str]) -> bool:
    """Whether a service for continuous integration runs this, by the variables that they set; ``CI=false`` denies it."""
    if "CI" in environment:
        return environment["CI"].casefold() not in _NO
    return any(environment.get(name, "").casefold() not in _NO for name in _CI)
