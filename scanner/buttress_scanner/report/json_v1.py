"""The report as JSON, version 1. Its form is a promise: `docs/reference/report.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding, Step
    from buttress_scanner.findings.report_model import BaselineUse, ContractResult, Problem, Report, Stats

VERSION = 1
"""Value of the document's ``version``."""


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as JSON in ASCII, so that no terminal or pipe can garble it."""
    document: dict[str, object] = {
        "version": VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "contracts": [_contract(result) for result in report.contracts],
        "errors": [_problem(problem) for problem in report.errors],
        "stats": _stats(report.stats),
    }
    if report.baseline is not None:
        document["baseline"] = _baseline(report.baseline)
    if report.diff is not None:
        document["diff"] = {"revision": report.diff.revision, "commit": report.diff.commit, "old": report.diff.old}
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    place = finding.position
    return {
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
        "because": finding.because,
        "evidence": [_step(step) for step in finding.evidence],
        "fingerprint": finding.fingerprint,
        "fixable": finding.fixable,
        "suppressed": finding.suppressed is not None,
        "baselined": finding.baselined,
    }


def _step(step: Step) -> dict[str, object]:
    place = step.position
    return {"path": place.path, "line": place.line, "column": place.column, "symbol": step.symbol, "text": step.text}


def _contract(result: ContractResult) -> dict[str, object]:
    """Write a contract; ``why`` is there only where it guards nothing."""
    entry: dict[str, object] = {
        "id": result.id,
        "kind": result.kind,
        "status": result.status.value,
        "judged": result.judged,
        "undecided": result.undecided,
    }
    return entry | ({"why": list(result.why)} if result.why else {})


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
