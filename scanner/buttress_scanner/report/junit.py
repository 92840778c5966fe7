"""JUnit XML, for everything that shows test results: a contract is a test case, its findings are the failure.

The form is that of the xUnit plugin's schema, which Jenkins and GitLab read; there is one failure a case, since both show one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from buttress_scanner.findings.model import Severity
from buttress_scanner.findings.report_model import ContractResult, Report, Status
from buttress_scanner.report._forges import advised, explained
from buttress_scanner.report._summary import coverage, place, place_of, stale, tally
from buttress_scanner.report._text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from buttress_scanner.findings.model import Finding

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped."""


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as one test suite; suppressions without effect and problems are cases of their own."""
    cases = [_case(result, [f for f in report.findings if f.contract == result.id]) for result in report.contracts]
    judged = {result.id for result in report.contracts}
    others = sorted({finding.contract for finding in report.findings} - judged)
    cases += [_other(name, [finding for finding in report.findings if finding.contract == name]) for name in others]
    if report.errors:
        cases.append(_problems(report))
    if gone := list(stale(report)):
        cases.append(_named("buttress", "baseline"))
        _said(cases[-1], "failure", "baseline", "the baseline has entries whose finding is gone", gone)
    figures = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
    }
    root = Element("testsuites", {"name": "buttress", **figures})
    suite = SubElement(root, "testsuite", {"name": "contracts", **figures, "skipped": "0"})
    suite.extend(cases)
    SubElement(suite, "system-out").text = f"{coverage(report)}\n{tally(report)}"
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(result: ContractResult, findings: Sequence[Finding]) -> Element:
    """Write a contract: an error if it guards nothing, a failure if findings make the check fail."""
    case = _named(result.kind, result.id)
    if result.status is Status.VACUOUS:
        _said(case, "error", "vacuous", "this contract guards nothing", result.why or ("it judged nothing",))
    _judge(case, findings)
    told = [f"{result.judged} judged, {result.undecided} undecided", *_accepted(findings)]
    SubElement(case, "system-out").text = _clean("\n".join(told))
    return case


def _other(name: str, findings: Sequence[Finding]) -> Element:
    """Write findings that belong to no contract, such as suppressions that accept nothing."""
    case = _named("buttress", name)
    _judge(case, findings)
    return case


def _judge(case: Element, findings: Iterable[Finding]) -> None:
    failing = [f for f in findings if f.is_open and f.severity is not Severity.NOTE]
    if failing:
        texts = [f"{place_of(finding.position)}: {explained(finding)}" for finding in failing]
        _said(case, "failure", failing[0].kind, counted(len(failing), "finding"), texts)


def _accepted(findings: Iterable[Finding]) -> list[str]:
    """What does not fail: notes, what a comment accepts with its reason, what the baseline knows."""
    lines = []
    for finding in findings:
        if finding.suppressed is not None:
            lines.append(f"suppressed: {place_of(finding.position)}: {finding.message}: {finding.suppressed.reason}")
        elif finding.baselined:
            lines.append(f"known: {place_of(finding.position)}: {finding.message}")
        elif finding.severity is Severity.NOTE:
            lines.append(f"note: {place_of(finding.position)}: {explained(finding)}")
    return lines


def _problems(report: Report) -> Element:
    case = _named("buttress", "everything-could-be-judged")
    texts = [f"{place(p.path, p.line, p.column)}: {advised(p)}" if p.path else advised(p) for p in report.errors]
    _said(case, "error", "not-judged", counted(len(report.errors), "error"), texts)
    return case


def _named(owner: str, name: str) -> Element:
    return Element("testcase", {"classname": _clean(owner), "name": _clean(name), "time": "0"})


def _said(case: Element, tag: str, kind: str, message: str, texts: Iterable[str]) -> None:
    SubElement(case, tag, {"type": _clean(kind), "message": _clean(message)}).text = _clean("\n\n".join(texts))


def _clean(text: str) -> str:
    """Write characters that XML forbids as Python does."""
    return _FORBIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
