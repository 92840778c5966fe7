"""Workflow commands of GitHub Actions: each finding becomes an annotation of the pull request.

The escapes are those of the toolkit's ``core.issueCommand``: ``%``, CR and LF in messages, and ``:`` and ``,`` too in properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity
from buttress_scanner.report._summary import coverage, place_of, tally, vacuities

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.report_model import Report

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as workflow commands, and the summary as two plain lines of the log."""
    lines = [_finding(finding) for finding in report.open_findings]
    for problem in report.errors:
        text = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
        lines.append(_command("error", Position(problem.path, problem.line, problem.column), "buttress", text))
    for name, _, path, line, why in vacuities(report):
        lines.append(_command("error", Position(path, line), f"buttress: {name}", f"This contract guards nothing: {why}"))
    return "\n".join([*lines, coverage(report), tally(report)]) + "\n"


def _finding(finding: Finding) -> str:
    doubt = " (possible)" if finding.confidence is Confidence.POSSIBLE else ""
    text = [finding.message + doubt]
    if finding.because:
        text.append(f"Because: {finding.because}")
    text += [f"{number}. {place_of(step.position)}: {step.text}" for number, step in enumerate(finding.evidence, start=1)]
    return _command(_COMMAND[finding.severity], finding.position, f"buttress: {finding.contract}", "\n".join(text))


def _command(command: str, position: Position, title: str, text: str) -> str:
    """Write one workflow command."""
    properties = {"file": position.path, **_range(position), "title": title}
    written = ",".join(f"{key}={str(value).translate(_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{command} {written}::{text.translate(_MESSAGE)}"


def _range(position: Position) -> dict[str, int]:
    """Return the properties of a range; columns only within one line, as GitHub wants them."""
    if not position.line:
        return {}
    if position.end_line > position.line:
        return {"line": position.line, "endLine": position.end_line}
    if position.end_column > position.column:
        return {"line": position.line, "endLine": position.line, "col": position.column, "endColumn": position.end_column}
    return {"line": position.line, "col": position.column}
