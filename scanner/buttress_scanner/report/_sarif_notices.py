"""The notifications of a SARIF log: what could not be judged, what was left undecided, what was left out of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Position
from buttress_scanner.report._forges import advised
from buttress_scanner.report._sarif_limits import NOTICES
from buttress_scanner.report._sarif_places import location
from buttress_scanner.report._summary import stale, vacuities
from buttress_scanner.report._text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from buttress_scanner.findings.report_model import Report

_VACUOUS, _UNJUDGED, _UNDECIDED, _SHORTENED = "vacuous-contract", "not-judged", "undecided", "shortened"
_STALE = "stale-baseline"
_TEXTS = {
    _VACUOUS: "A contract that guards nothing: its subject, zone or modules do not exist.",
    _UNJUDGED: "Something that kept the check from judging: a file, the configuration, an exemption.",
    _STALE: "An entry of a strict baseline whose finding is gone.",
    _UNDECIDED: "A place that a contract looked at and could not decide.",
    _SHORTENED: "The log would be longer than code scanning takes; `buttress check --format json` has everything.",
}

_Object = dict[str, object]


def descriptors() -> list[_Object]:
    """Return what kinds of notifications there are."""
    return [{"id": name, "shortDescription": {"text": text}} for name, text in _TEXTS.items()]


def failures(report: Report, index: Mapping[str, int]) -> Iterator[_Object]:
    """Yield what makes the verdict worth nothing."""
    for problem in report.errors:
        yield _note(report, _UNJUDGED, "error", advised(problem), Position(problem.path, problem.line, problem.column))
    for name, _, path, line, why in vacuities(report):
        yield _note(report, _VACUOUS, "error", f"[{name}] {why}", Position(path, line)) | _rule(name, index)


def remarks(report: Report, index: Mapping[str, int], left_out: int, cut: int) -> Iterator[_Object]:
    """Yield what was left undecided, and what of the report is not in the log."""
    for text in stale(report):
        yield _note(report, _STALE, "warning", text, Position("", 0))
    sites = [(result.id, site) for result in report.contracts for site in result.sites]
    for name, site in sites[:NOTICES]:
        yield _note(report, _UNDECIDED, "note", f"[{name}] {site.reason}", site.position) | _rule(name, index)
    if len(sites) > NOTICES:
        text = f"{counted(len(sites) - NOTICES, 'undecided site')} more"
        yield _note(report, _SHORTENED, "note", f"{text}. {_TEXTS[_SHORTENED]}", Position("", 0))
    if left_out:
        text = f"{counted(left_out, 'finding')} left out, the least important"
        yield _note(report, _SHORTENED, "warning", f"{text}. {_TEXTS[_SHORTENED]}", Position("", 0))
    if cut:
        text = f"{counted(cut, 'chain')} of evidence shown without the middle"
        yield _note(report, _SHORTENED, "note", f"{text}. {_TEXTS[_SHORTENED]}", Position("", 0))


def _note(report: Report, name: str, level: str, text: str, position: Position) -> _Object:
    note: _Object = {"descriptor": {"id": name}, "level": level, "message": {"text": text}}
    return note | ({"locations": [location(report, position)]} if position.path else {})


def _rule(name: str, index: Mapping[str, int]) -> _Object:
    return {"associatedRule": {"id": name, "index": index[name]}} if name in index else {}
