"""What formats for forges and their tools share: paths below the repository's top, and findings as plain text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Position
from buttress_scanner.report._summary import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Problem, Report


def below_repository(report: Report, position: Position) -> Position:
    """Return a place with its path counted from the top of the repository, as forges do; a place without a path stays."""
    if not report.folder or not position.path:
        return position
    return replace(position, path=f"{report.folder}/{position.path}")


def headline(finding: Finding) -> str:
    """Return what is wrong, and whether that is certain, in one line."""
    return finding.message + (" (possible)" if finding.confidence is Confidence.POSSIBLE else "")


def explained(finding: Finding) -> str:
    """Return what is wrong, why it matters and the way to it, a line each."""
    return "\n".join(_lines(finding))


def _lines(finding: Finding) -> Iterator[str]:
    yield headline(finding)
    if finding.because:
        yield f"Because: {finding.because}"
    for number, step in enumerate(finding.evidence, start=1):
        yield f"{number}. {place_of(step.position)}: {step.text}"


def advised(problem: Problem) -> str:
    """Return what kept the check from judging, and what to do about it, a line each."""
    return f"{problem.message}\n{problem.hint}" if problem.hint else problem.message


def place_of_problem(problem: Problem, report: Report) -> Position:
    """Return where a problem stands; one that names no file concerns the configuration."""
    return Position(problem.path or report.configuration, problem.line, max(problem.column, 1))
