"""SARIF 2.1.0 (OASIS), for code scanning: rules are contract kinds, code flows are evidence chains.

Section numbers in comments are those of the standard.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import quote

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step
from buttress_scanner.report._pages import kind_page
from buttress_scanner.report._summary import vacuities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from buttress_scanner.findings.report_model import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_VACUOUS, _UNJUDGED = "vacuous-contract", "not-judged"
_NOTIFICATIONS = {
    _VACUOUS: "A contract that guards nothing: its subject, zone or modules do not exist.",
    _UNJUDGED: "Something that kept the check from judging: a file, the configuration, an exemption.",
}

_Object = dict[str, object]


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as a SARIF log with one run."""
    kinds = sorted({finding.kind for finding in report.findings} | {result.kind for result in report.contracts})
    index = {kind: number for number, kind in enumerate(kinds)}
    run: _Object = {
        "tool": {"driver": _driver(kinds)},
        "invocations": [_invocation(report, index)],
        "originalUriBaseIds": {_BASE: {"description": {"text": "The folder of the configuration file."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index) for finding in report.findings],
        "properties": _properties(report),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(kinds: list[str]) -> _Object:
    driver: _Object = {"name": "buttress", "rules": [_rule(kind) for kind in kinds]}
    driver["notifications"] = [{"id": name, "shortDescription": {"text": text}} for name, text in _NOTIFICATIONS.items()]
    try:
        driver["version"] = version("buttress")
    except PackageNotFoundError:  # run from a source tree
        return driver
    return driver


def _rule(kind: str) -> _Object:
    """Describe a kind, with its page as help where it has one."""
    rule: _Object = {"id": kind, "name": "".join(part.capitalize() for part in kind.split("-"))}
    page = kind_page(kind)
    if page is None:
        return rule | {"shortDescription": {"text": kind}}
    return rule | {"shortDescription": {"text": page.summary}, "help": {"text": page.summary, "markdown": page.markdown}}


def _result(finding: Finding, index: Mapping[str, int]) -> _Object:
    """Write a finding; every result carries ``suppressions``, as 3.27.23 wants them on all or none."""
    result: _Object = {
        "ruleId": finding.kind,
        "ruleIndex": index[finding.kind],
        "level": _LEVEL[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding.position, finding.symbol)],
        "partialFingerprints": {"buttress/v1": finding.fingerprint},
        "suppressions": [],
        "properties": {"contract": finding.contract, "confidence": finding.confidence.value, "fixable": finding.fixable},
    }
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "inSource", "status": "accepted", "justification": finding.suppressed.reason}]
    if finding.evidence:
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": _step(step)} for step in finding.evidence]}]}]
    return result


def _message(finding: Finding) -> str:
    doubt = " (possible)" if finding.confidence is Confidence.POSSIBLE else ""
    because = f"\nBecause: {finding.because}" if finding.because else ""
    return f"[{finding.contract}] {finding.message}{doubt}{because}"


def _step(step: Step) -> _Object:
    return _location(step.position, step.symbol) | {"message": {"text": step.text}}


def _location(position: Position, symbol: str = "") -> _Object:
    """Write a place; a finding that concerns the file as a whole has no region (3.29.4)."""
    physical: _Object = {"artifactLocation": {"uri": _uri(position.path), "uriBaseId": _BASE}}
    if position.line:
        physical["region"] = _region(position)
    logical: _Object = {"logicalLocations": [{"fullyQualifiedName": symbol}]} if symbol else {}
    return {"physicalLocation": physical} | logical


def _region(position: Position) -> _Object:
    """Write a range; the end column lies behind the last character (3.30.8), as in the findings."""
    region: _Object = {"startLine": position.line, "startColumn": max(position.column, 1)}
    if position.end_line and position.end_column:
        region |= {"endLine": position.end_line, "endColumn": position.end_column}
    return region


def _uri(path: str) -> str:
    """Write a path as a relative URI (RFC 3986); bytes of a file name that are not UTF-8 survive."""
    return quote(path, safe="/", errors="surrogateescape")


def _invocation(report: Report, index: Mapping[str, int]) -> _Object:
    """Write whether everything could be judged, and what could not."""
    notes = []
    for problem in report.errors:
        text = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
        notes.append(_note(_UNJUDGED, text, Position(problem.path, problem.line, problem.column)))
    for name, kind, path, line, why in vacuities(report):
        note = _note(_VACUOUS, f"[{name}] {why}", Position(path, line))
        notes.append(note | {"associatedRule": {"id": kind, "index": index[kind]}})
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _note(name: str, text: str, position: Position) -> _Object:
    note: _Object = {"descriptor": {"id": name}, "level": "error", "message": {"text": text}}
    return note | ({"locations": [_location(position)]} if position.path else {})


def _properties(report: Report) -> _Object:
    """Write the figures of each contract and of the run."""
    stats = report.stats
    return {
        "contracts": [
            {
                "id": result.id,
                "kind": result.kind,
                "status": result.status.value,
                "judged": result.judged,
                "undecided": result.undecided,
            }
            for result in report.contracts
        ],
        "stats": {"files": stats.files, "skipped": stats.skipped, "parsed": stats.parsed, "undecided": stats.undecided},
    }
