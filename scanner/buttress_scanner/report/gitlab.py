"""Code quality for GitLab: the part of Code Climate's format that merge requests show.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Position, Severity
from buttress_scanner.report._forges import advised, below_repository, explained, place_of_problem
from buttress_scanner.report._summary import stale, vacuities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.findings.report_model import Report

_SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}
_UNJUDGED = "blocker"

_Object = dict[str, object]


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render the open findings, and what kept the check from judging; GitLab itself knows what is new."""
    return json.dumps(list(_issues(report)), indent=2) + "\n"


def _issues(report: Report) -> Iterator[_Object]:
    for finding in report.open_findings:
        place = below_repository(report, finding.position)
        yield _issue(finding.contract, _SEVERITY[finding.severity], place, explained(finding), finding.fingerprint)
    for number, problem in enumerate(report.errors):
        place = below_repository(report, place_of_problem(problem, report))
        yield _issue(
            "not-judged", _UNJUDGED, place, advised(problem), _digest("not-judged", problem.path, problem.message, number)
        )
    for name, _, path, line, why in vacuities(report):
        place = below_repository(report, Position(path, line))
        yield _issue(name, _UNJUDGED, place, f"This contract guards nothing: {why}", _digest("vacuous", name, why))
    if report.baseline is not None and (gone := list(stale(report))):
        place = below_repository(report, Position(report.baseline.path, 0))
        yield _issue("baseline", _SEVERITY[Severity.ERROR], place, "\n".join(gone), _digest("baseline", *gone))


def _issue(check: str, severity: str, place: Position, description: str, fingerprint: str) -> _Object:
    """Write an issue. GitLab wants a line: what concerns a file as a whole stands at its first."""
    lines = {"begin": max(place.line, 1), "end": max(place.end_line, place.line, 1)}
    return {
        "description": description,
        "check_name": f"buttress/{check}",
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": place.path, "lines": lines},
    }


def _digest(*parts: object) -> str:
    """Return what tells an issue that is no finding from all others, in the form of a finding's fingerprint."""
    return sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
