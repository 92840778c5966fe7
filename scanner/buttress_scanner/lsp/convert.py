"""Positions and findings in the words of the Language Server Protocol (3.17): lines from 0, columns in UTF-16 units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from buttress_scanner.findings.model import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.findings.report_model import ContractResult, Problem

SOURCE = "buttress"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}


def range_of(position: Position, lines: Callable[[str], list[str]]) -> types.Range:
    """The range of a position; without an end, to the end of the line."""
    text = lines(position.path)
    start = _place(position.line, position.column, text)
    if not position.end_line:
        return types.Range(start, types.Position(start.line, _units(_line(text, position.line))))
    return types.Range(start, _place(position.end_line, position.end_column, text))


def _place(line: int, column: int, text: list[str]) -> types.Position:
    return types.Position(max(line - 1, 0), _units(_line(text, line)[: max(column - 1, 0)]))


def _line(text: list[str], number: int) -> str:
    return text[number - 1].rstrip("\r\n") if 0 < number <= len(text) else ""


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def column_of(position: types.Position, text: list[str]) -> tuple[int, int]:
    """Line and column of a place in the editor, both counted from 1, columns in characters."""
    line = _line(text, position.line + 1)
    before = line.encode("utf-16-le", "surrogatepass")[: 2 * position.character]
    return position.line + 1, len(before.decode("utf-16-le", "replace")) + 1


def diagnostic(finding: Finding, lines: Callable[[str], list[str]], uri: Callable[[str], str]) -> types.Diagnostic:
    """A finding, with its evidence as related places."""
    possible = " (possible)" if finding.confidence is Confidence.POSSIBLE else ""
    related = [
        types.DiagnosticRelatedInformation(types.Location(uri(step.position.path), range_of(step.position, lines)), step.text)
        for step in finding.evidence
        if step.position.line
    ]
    return types.Diagnostic(
        range_of(finding.position, lines),
        f"{finding.message}{possible}\n{finding.because}".rstrip(),
        severity=_SEVERITIES[finding.severity],
        code=finding.contract,
        source=SOURCE,
        related_information=related,
        data={"fingerprint": finding.fingerprint},
    )


def problem(found: Problem, lines: Callable[[str], list[str]]) -> types.Diagnostic:
    """What kept the check from judging."""
    start = _place(found.line or 1, found.column, lines(found.path))
    message = f"{found.message}\n{found.hint}".rstrip()
    return types.Diagnostic(types.Range(start, start), message, severity=types.DiagnosticSeverity.Error, source=SOURCE)


def vacuous(result: ContractResult, lines: Callable[[str], list[str]]) -> types.Diagnostic:
    """A contract that guards nothing, at its place in the configuration."""
    start = _place(result.line or 1, 1, lines(result.path))
    message = f"the contract {result.id!r} guards nothing: {'; '.join(result.why)}"
    return types.Diagnostic(
        types.Range(start, start), message, severity=types.DiagnosticSeverity.Error, code=result.id, source=SOURCE
    )
