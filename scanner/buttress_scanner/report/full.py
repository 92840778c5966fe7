"""The report for people: code frames, evidence chains, a line per contract, what was covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Finding, Step
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Status
from buttress_scanner.report._frames import Sources, code_frame
from buttress_scanner.report._summary import coverage, place, place_of, stale, tally
from buttress_scanner.report._text import Paint, counted, visible, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STATUS_STYLE = {Status.KEPT: "good", Status.BROKEN: "error", Status.VACUOUS: "warning"}


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report for a terminal."""
    paint, sources = Paint(color=color), Sources(read_source)
    blocks = [_finding(finding, sources, paint) for finding in report.open_findings]
    blocks += [_problem(problem, sources, paint) for problem in report.errors]
    if report.contracts:
        blocks.append(_contracts(report, paint))
    if gone := list(stale(report)):
        blocks.append(gone)
    blocks.append(_closing(report, paint))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _finding(finding: Finding, sources: Sources, paint: Paint) -> list[str]:
    """Draw one finding: what, where, code, why, and the way there."""
    doubt = " (possible)" if finding.confidence is Confidence.POSSIBLE else ""
    head = paint(finding.severity.value, f"{finding.severity}[{visible(finding.contract)}]{doubt}")
    lines = [f"{head}: {paint('strong', visible(finding.message))}"]
    lines.append(f"  {paint('frame', '-->')} {place_of(finding.position)}{_in(finding)}")
    lines += _frame(finding, sources, paint)
    if finding.because:
        lines.append(_remark("because", finding.because, paint))
    if finding.evidence:
        lines.append(f"  {paint('frame', '=')} {paint('strong', 'evidence')}:")
        for number, step in enumerate(finding.evidence, start=1):
            lines += _step(number, step, sources, paint)
    return lines


def _frame(finding: Finding, sources: Sources, paint: Paint) -> list[str]:
    if not finding.position.line:
        return []
    lines = sources.lines(finding.position.path)
    if lines is None:
        return [_remark("note", "the file can no longer be read, so its code is not shown", paint)]
    return code_frame(lines, finding.position, paint)


def _step(number: int, step: Step, sources: Sources, paint: Paint) -> list[str]:
    """Draw one step of the evidence: what happens where, and the line of code."""
    lead = f"    {number}. "
    drawn = [f"{lead}{place_of(step.position)}{_in(step)}: {visible(step.text)}"]
    if code := sources.line(step.position.path, step.position.line):
        drawn.append(" " * len(lead) + paint("frame", f"{step.position.line} |") + f" {code}")
    return drawn


def _in(at: Finding | Step) -> str:
    """The definition around a place; a file that is no module stands for itself, and its path has been said."""
    return f" in {visible(at.symbol)}" if at.symbol not in ("", at.position.path) else ""


def _remark(label: str, text: str, paint: Paint) -> str:
    return f"  {paint('frame', '=')} {paint('strong', label)}: {visible(text)}"


def _problem(problem: Problem, sources: Sources, paint: Paint) -> list[str]:
    """Draw what kept the check from judging."""
    lines = [f"{paint('error', 'error')}: {paint('strong', visible(problem.message))}"]
    if problem.path:
        lines.append(f"  {paint('frame', '-->')} {place(problem.path, problem.line, problem.column)}")
    if code := sources.line(problem.path, problem.line):
        lines.append("   " + paint("frame", f"{problem.line} |") + f" {code}")
    if problem.hint:
        lines.append(_remark("hint", problem.hint, paint))
    return lines


def _contracts(report: Report, paint: Paint) -> list[str]:
    """Draw a line per contract with what it judged, and why it guards nothing where that is so."""
    names = max(width(visible(result.id)) for result in report.contracts)
    kinds = max(width(visible(result.kind)) for result in report.contracts)
    lines = [paint("strong", "Contracts")]
    for result in report.contracts:
        name, kind = visible(result.id), visible(result.kind)
        status = paint(_STATUS_STYLE[result.status], f"{result.status:<7}")
        columns = name + " " * (names - width(name)), kind + " " * (kinds - width(kind)), ", ".join(_figures(result, report))
        lines.append(f"  {status}  " + "  ".join(columns))
        lines += [f"           {_config_place(result, report)}{visible(why)}" for why in result.why]
    return lines


def _config_place(result: ContractResult, report: Report) -> str:
    path = result.path or report.configuration
    return f"{visible(path)}:{result.line}: " if path and result.line else ""


def _figures(result: ContractResult, report: Report) -> Iterator[str]:
    """Yield what a contract judged and what came of it."""
    yield f"{result.judged} judged"
    found = [finding for finding in report.findings if finding.contract == result.id]
    if open_count := sum(finding.is_open for finding in found):
        yield counted(open_count, "finding")
    if known := sum(finding.baselined for finding in found):
        yield f"{known} known"
    if suppressed := sum(finding.suppressed is not None for finding in found):
        yield f"{suppressed} suppressed"
    if result.undecided:
        yield f"{result.undecided} undecided"


def _closing(report: Report, paint: Paint) -> list[str]:
    style = ("good", "error", "error")[report.exit_code]
    seconds = [f"{visible(name)}: {spent:.3f} s" for name, spent in report.stats.seconds]
    return [*seconds, coverage(report), paint(style, tally(report))]
