"""One line a finding, for editors and ``grep``: ``path:line:column: [contract-id] message``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.report._summary import coverage, place, place_of, stale, tally, vacuities
from buttress_scanner.report._text import Paint, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report: a line a finding, an error or a reason why a contract guards nothing, then two lines of summary."""
    paint = Paint(color=color)
    lines = [_line(finding, paint) for finding in report.open_findings]
    for problem in report.errors:
        where = f"{place(problem.path, problem.line, problem.column)}: " if problem.path else ""
        lines.append(f"{where}{paint('error', 'error')}: {visible(problem.message)}")
    for name, _, path, line, why in vacuities(report):
        where = f"{place(path, line, 1)}: " if path else ""
        lines.append(f"{where}{paint('warning', f'[{visible(name)}]')} vacuous: {visible(why)}")
    lines += stale(report)
    return "\n".join([*lines, coverage(report), tally(report)]) + "\n"


def _line(finding: Finding, paint: Paint) -> str:
    name = paint(finding.severity.value, f"[{visible(finding.contract)}]")
    return f"{place_of(finding.position)}: {name} {visible(finding.message)}"
