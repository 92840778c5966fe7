"""The closing lines that reports for people share: coverage and tally."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.report_model import Report, Status
from buttress_scanner.report._text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.findings.model import Position


def coverage(report: Report) -> str:
    """Return what was looked at: ``412 files, 0 skipped, 7 sites undecided``."""
    stats = report.stats
    partly = "" if stats.evaluated is None else f", {counted(stats.evaluated, 'module')} evaluated in full"
    return f"{counted(stats.files, 'file')}, {stats.skipped} skipped{partly}, {counted(stats.undecided, 'site')} undecided"


def tally(report: Report) -> str:
    """Return what came of it: ``2 findings, 1 suppressed``, with vacuous contracts and errors where there are any.

    With a baseline: ``1 new finding, 12 known, 2 fixed, 0 suppressed``; what other revisions have too: ``4 older``. With both,
    findings that are new and yet known have come into the baseline since: ``12 known, 1 of them newly``.
    """
    open_count = len(report.open_findings)
    noun = "finding" if report.baseline is None and report.diff is None else "new finding"
    parts = [counted(open_count, noun) if open_count else f"no {noun}s"]
    if report.baseline is not None:
        parts.append(f"{report.baseline.known} known")
        if report.diff is not None and (grown := len(report.known_findings)):
            parts.append(f"{grown} of them newly")
        parts.append(f"{len(report.baseline.fixed)} fixed")
    if report.diff is not None:
        parts.append(f"{report.diff.old} older")
    parts.append(f"{len(report.suppressed_findings)} suppressed")
    if vacuous := sum(result.status is Status.VACUOUS for result in report.contracts):
        parts.append(counted(vacuous, "vacuous contract"))
    if report.errors:
        parts.append(counted(len(report.errors), "error"))
    return ", ".join(parts)


def stale(report: Report) -> Iterator[str]:
    """Yield what a strict baseline is reproached with: an entry whose finding is gone, and at the end what to do."""
    use = report.baseline
    if use is None or not use.strict or not use.fixed:
        return
    for entry in use.fixed:
        yield f"{visible(use.path)}: the finding is gone: {visible(entry)}"
    yield f"{visible(use.path)}: take out what was repaired: buttress baseline prune"


def vacuities(report: Report) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield id, kind, configuration path, line and reason for each way in which a contract guards nothing."""
    for result in report.contracts:
        if result.status is Status.VACUOUS:
            for why in result.why or ("it judged nothing",):
                yield result.id, result.kind, result.path or report.configuration, result.line, why


def place(path: str, line: int, column: int) -> str:
    """Return ``path:line:column``, or the path alone when the file as a whole is meant."""
    return f"{visible(path)}:{line}:{column}" if line else visible(path)


def place_of(position: Position) -> str:
    """Return the start of a range as ``path:line:column``."""
    return place(position.path, position.line, position.column)
