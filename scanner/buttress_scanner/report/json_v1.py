"""The report as JSON, version 1. Its form is a promise: `docs/reference/report.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from buttress_scanner.report._frames import Sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding, Position, Step
    from buttress_scanner.findings.report_model import BaselineUse, ContractResult, Problem, Report, Site, Stats

VERSION = 1
"""Value of the document's ``version``."""

_LONGEST = 500


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as JSON in ASCII, so that no terminal or pipe can garble it."""
    sources = Sources(read_source)
    document: dict[str, object] = {
        "version": VERSION,
        **_given(project=report.project, configuration=report.configuration, folder=report.folder),
        "findings": [_finding(finding, sources) for finding in report.findings],
        "contracts": [_contract(result) for result in report.contracts],
        "errors": [_problem(problem) for problem in report.errors],
        "stats": _tally(report) | _stats(report.stats),
    }
    if report.baseline is not None:
        document["baseline"] = _baseline(report.baseline)
    if report.diff is not None:
        document["diff"] = {"revision": report.diff.revision, "commit": report.diff.commit, "old": report.diff.old}
    return json.dumps(document, indent=2) + "\n"


def _given(**values: str) -> dict[str, object]:
    """Return the entries that are not empty."""
    return {key: value for key, value in values.items() if value}


def _finding(finding: Finding, sources: Sources) -> dict[str, object]:
    place = finding.position
    entry: dict[str, object] = {
        "contract": finding.contract,
        "kind": finding.kind,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line or place.line,
        "end_column": place.end_column or place.column,
        "symbol": finding.symbol,
        "message": finding.message,
        "sink": finding.sink,
        "ordinal": finding.ordinal,
        "because": finding.because,
        **_code(place, sources),
        "evidence": [_step(step, sources) for step in finding.evidence],
        "fingerprint": finding.fingerprint,
        "fixable": finding.fixable,
        "suppressed": finding.suppressed is not None,
    }
    if finding.suppressed is not None:
        entry["suppression"] = {"reason": finding.suppressed.reason, "line": finding.suppressed.line}
    return entry | {"baselined": finding.baselined}


def _step(step: Step, sources: Sources) -> dict[str, object]:
    """Write a step; its end is there where it is known."""
    place = step.position
    entry: dict[str, object] = {"path": place.path, "line": place.line, "column": place.column}
    if place.end_line and place.end_column:
        entry |= {"end_line": place.end_line, "end_column": place.end_column}
    return entry | {"symbol": step.symbol, "text": step.text, **_code(place, sources)}


def _code(place: Position, sources: Sources) -> dict[str, object]:
    """Write the line of code as it stands there; nothing where there is none, or one that no person has written."""
    lines = sources.lines(place.path) or ()
    code = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    return {"code": code} if 0 < len(code) <= _LONGEST else {}


def _contract(result: ContractResult) -> dict[str, object]:
    """Write a contract; ``why`` is there only where it guards nothing."""
    entry: dict[str, object] = {
        "id": result.id,
        "kind": result.kind,
        "status": result.status.value,
        "judged": result.judged,
        "undecided": result.undecided,
        **_given(because=result.because, source=result.source, path=result.path),
    }
    if result.line:
        entry["line"] = result.line
    if result.sites:
        entry["undecided_sites"] = [_site(site) for site in result.sites]
    return entry | ({"why": list(result.why)} if result.why else {})


def _site(site: Site) -> dict[str, object]:
    place = site.position
    return {"path": place.path, "line": place.line, "column": place.column, "reason": site.reason}


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def _baseline(use: BaselineUse) -> dict[str, object]:
    return {"path": use.path, "strict": use.strict, "known": use.known, "new": use.new, "fixed": list(use.fixed)}


def _tally(report: Report) -> dict[str, object]:
    """Count the findings as the last line of a report for people does."""
    return {
        "findings": len(report.open_findings),
        "suppressed": len(report.suppressed_findings),
        "known": len(report.known_findings),
    }


def _stats(stats: Stats) -> dict[str, object]:
    """Write the figures; ``evaluated`` stands for a program that was evaluated in part, ``seconds`` for a run that measures."""
    figures: dict[str, object] = {
        "files": stats.files,
        "skipped": stats.skipped,
        "parsed": stats.parsed,
        "undecided": stats.undecided,
    }
    if stats.evaluated is not None:
        figures["evaluated"] = stats.evaluated
    return figures | ({"seconds": dict(stats.seconds)} if stats.seconds else {})
