"""SARIF 2.1.0 (OASIS), for code scanning: rules are contracts, code flows are evidence chains.

Section numbers in comments are those of the standard; what code scanning takes of a log is in `_sarif_limits`.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Severity
from buttress_scanner.report import _sarif_limits as limits
from buttress_scanner.report import _sarif_notices as notices
from buttress_scanner.report._forges import headline
from buttress_scanner.report._frames import Sources
from buttress_scanner.report._linehash import line_hashes
from buttress_scanner.report._sarif_places import BASE, location
from buttress_scanner.report._sarif_rules import rules_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}

_Object = dict[str, object]


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as a SARIF log with one run, of a size that code scanning takes."""
    limit = limits.RESULTS
    hashes = _Hashes(read_source)
    while True:
        log = _log(report, hashes, limit)
        if limit == 0 or not limits.is_too_large(log):
            return log
        limit //= 2


def _log(report: Report, hashes: _Hashes, limit: int) -> str:
    rules = rules_of(report)
    index = {rule.id: number for number, rule in enumerate(rules)}
    findings = limits.most_important(report.findings, limit)
    cut = sum(len(finding.evidence) > limits.STEPS for finding in findings)
    failures = list(notices.failures(report, index))
    remarks = notices.remarks(report, index, len(report.findings) - len(findings), cut)
    run: _Object = {
        "tool": {"driver": _driver() | {"rules": [written(rule) for rule in rules], "notifications": notices.descriptors()}},
        "invocations": [
            {
                "executionSuccessful": not failures,
                "exitCode": report.exit_code,
                "toolExecutionNotifications": [*failures, *remarks],
            }
        ],
        "originalUriBaseIds": {BASE: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, finding, index, hashes) for finding in findings],
        "properties": _properties(report),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver() -> _Object:
    driver: _Object = {"name": "buttress", "informationUri": "https://github.com/buttress-dev/buttress"}
    try:
        return driver | {"version": version("buttress")}
    except PackageNotFoundError:  # run from a source tree
        return driver


def _result(report: Report, finding: Finding, index: Mapping[str, int], hashes: _Hashes) -> _Object:
    """Write a finding; every result carries ``suppressions``, as 3.27.23 wants them on all or none."""
    result: _Object = {
        "ruleId": finding.contract,
        "ruleIndex": index.get(finding.contract, -1),
        "level": _LEVEL[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [location(report, finding.position, finding.symbol)],
        "partialFingerprints": {"buttress/v1": finding.fingerprint} | hashes.of(finding),
        "suppressions": _suppressions(report, finding),
        "properties": {"kind": finding.kind, "confidence": finding.confidence.value, "fixable": finding.fixable},
    }
    if report.baseline is not None or report.diff is not None:
        result["baselineState"] = "unchanged" if finding.baselined else "new"
    if finding.evidence:
        steps = [
            {"location": location(report, step.position, step.symbol) | {"message": {"text": step.text}}}
            for step in limits.both_ends(finding.evidence)
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _message(finding: Finding) -> str:
    because = f"\nBecause: {finding.because}" if finding.because else ""
    return f"{headline(finding)}{because}"


def _suppressions(report: Report, finding: Finding) -> list[_Object]:
    """Write what accepts a finding: a comment with its reason, an entry of the baseline."""
    found: list[_Object] = []
    if finding.suppressed is not None:
        found.append({"kind": "inSource", "status": "accepted", "justification": finding.suppressed.reason})
    if finding.baselined:
        path = report.baseline.path if report.baseline is not None else "the baseline"
        found.append({"kind": "external", "status": "accepted", "justification": f"An entry of {path} knows this finding."})
    return found


class _Hashes:
    """The fingerprints that code scanning computes of lines; each file is read once."""

    def __init__(self, read_source: Callable[[str], bytes]) -> None:
        self._sources = Sources(read_source)
        self._known: dict[str, list[str]] = {}

    def of(self, finding: Finding) -> dict[str, str]:
        """Return the fingerprint of a finding's line; nothing where it has none or the file is gone."""
        path, line = finding.position.path, finding.position.line
        if path not in self._known:
            text = self._sources.text(path)
            self._known[path] = [] if text is None else line_hashes(text)
        return {"primaryLocationLineHash": self._known[path][line - 1]} if 0 < line <= len(self._known[path]) else {}


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
