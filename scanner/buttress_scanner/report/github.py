"""Workflow commands of GitHub Actions: each finding becomes an annotation of the pull request.

The escapes are those of the toolkit's ``core.issueCommand``: ``%``, CR and LF in messages, and ``:`` and ``,`` too in properties.
GitHub shows ten annotations of each type for a step and drops the others: where there are more, the tenth says so, and the log
lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Position, Severity
from buttress_scanner.report import concise
from buttress_scanner.report._forges import advised, below_repository, explained, place_of_problem
from buttress_scanner.report._summary import coverage, stale, tally, vacuities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from buttress_scanner.findings.report_model import Report

LIMIT = 10
"""Annotations of one type that GitHub shows for a step."""

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


@dataclass(frozen=True, slots=True)
class _Note:
    """An annotation: its type, where it stands, its title and text."""

    type: str
    position: Position
    title: str
    text: str


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as workflow commands, and the summary as two plain lines of the log."""
    notes = list(_notes(report))
    shown = {name: [note for note in notes if note.type == name] for name in _COMMAND.values()}
    lines = [line for found in shown.values() for line in _within_limit(found)]
    if any(len(found) > LIMIT for found in shown.values()):
        everything = concise.render(report, read_source=read_source, color=False).splitlines()[:-2]
        listed = [f"- {line}" for line in everything]  # no path can look like a command behind the dash
        lines += ["::group::Everything that buttress found", *listed, "::endgroup::"]
    return "\n".join([*lines, coverage(report), tally(report)]) + "\n"


def _notes(report: Report) -> Iterator[_Note]:
    """Yield the annotations, those first that nobody may miss: what could not be judged, then what is proven."""
    for problem in report.errors:
        yield _Note("error", below_repository(report, place_of_problem(problem, report)), "buttress", advised(problem))
    for name, _, path, line, why in vacuities(report):
        place = below_repository(report, Position(path, line))
        yield _Note("error", place, f"buttress: {name}", f"This contract guards nothing: {why}")
    if gone := list(stale(report)):
        path = report.baseline.path if report.baseline is not None else ""
        yield _Note("error", below_repository(report, Position(path, 0)), "buttress: baseline", "\n".join(gone))
    for finding in sorted(report.open_findings, key=lambda each: each.confidence is Confidence.POSSIBLE):
        place = below_repository(report, finding.position)
        yield _Note(_COMMAND[finding.severity], place, f"buttress: {finding.contract}", explained(finding))


def _within_limit(notes: Sequence[_Note]) -> Iterator[str]:
    """Yield the commands that GitHub shows; the last of too many tells how many there are."""
    shown = notes if len(notes) <= LIMIT else notes[: LIMIT - 1]
    yield from map(_command, shown)
    if len(shown) < len(notes):
        text = f"{len(notes) - len(shown)} more of this severity: the log of this step lists everything."
        yield _command(_Note(notes[0].type, Position("", 0), "buttress", text))


def _command(note: _Note) -> str:
    """Write one workflow command."""
    properties = {"file": note.position.path, **_range(note.position), "title": note.title}
    written = ",".join(f"{key}={str(value).translate(_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{note.type} {written}::{note.text.translate(_MESSAGE)}"


def _range(position: Position) -> dict[str, int]:
    """Return the properties of a range; columns only within one line, as GitHub wants them."""
    if not position.line:
        return {}
    if position.end_line > position.line:
        return {"line": position.line, "endLine": position.end_line}
    if position.end_column > position.column:
        return {"line": position.line, "endLine": position.line, "col": position.column, "endColumn": position.end_column}
    return {"line": position.line, "col": position.column}
