"""Findings by contract, each with its code and the chain of evidence to click through; and what is accepted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Position, Severity
from buttress_scanner.report._sarif_limits import most_important
from buttress_scanner.report._summary import place as written_place
from buttress_scanner.report._summary import stale
from buttress_scanner.report._text import counted
from buttress_scanner.report.html._build import tag
from buttress_scanner.report.html._parts import anchor, doubt_badge, place, prose, severity_badge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from buttress_scanner.findings.model import Finding, Step
    from buttress_scanner.findings.report_model import Problem, Report
    from buttress_scanner.report.html._code import Code

LIMIT = 2_000
"""Findings that a page shows; who has more needs other tools first."""


class Findings:
    """The sections about findings; links to one are the same from run to run."""

    def __init__(self, report: Report, code: Code) -> None:
        self._report = report
        self._code = code
        self._seen: Counter[str] = Counter()

    def open(self) -> Element:
        """Write what breaks contracts, in the order of the contracts."""
        found = self._report.open_findings
        shown = most_important(found, LIMIT)
        order = {result.id: number for number, result in enumerate(self._report.contracts)}
        groups: dict[str, list[Finding]] = {}
        for finding in shown:
            groups.setdefault(finding.contract, []).append(finding)
        names = sorted(groups, key=lambda name: (order.get(name, len(order)), name))
        return tag(
            "section",
            tag("h2", "Findings"),
            None if found else tag("p", "Nothing breaks a contract.", class_="quiet"),
            tag("div", _filters(shown), class_="tools needs-script") if found else None,
            [self._group(name, groups[name]) for name in names],
            tag("p", f"{counted(len(found) - len(shown), 'finding')} more: the JSON report has them all.")
            if len(shown) < len(found)
            else None,
            tag("p", "Nothing matches.", class_="quiet nothing", hidden=True),
            id="findings",
        )

    def _group(self, name: str, findings: Sequence[Finding]) -> Element:
        because = next((finding.because for finding in findings if finding.because), "")
        return tag(
            "section",
            tag("h3", tag("code", name), " ", tag("span", counted(len(findings), "finding"), class_="tally")),
            tag("p", prose(because), class_="because") if because else None,
            [self._finding(finding) for finding in findings],
            class_="group",
            id=anchor("findings-", name),
        )

    def _finding(self, finding: Finding) -> Element:
        steps, identity = len(finding.evidence), self._identity(finding)
        words = f"{finding.contract} {finding.message} {finding.position.path} {finding.symbol}".lower()
        return tag(
            "details",
            tag(
                "summary",
                severity_badge(finding),
                " ",
                doubt_badge(finding),
                tag("span", prose(finding.message), class_="message"),
                tag(
                    "span",
                    place(finding.position),
                    _in(finding.symbol),
                    f" · {counted(steps, 'step')}" if steps else None,
                    " · buttress fix can repair it" if finding.fixable else None,
                    class_="where",
                ),
            ),
            tag(
                "div",
                self._code.frame(finding.position) or _no_code(finding.position),
                self._chain(finding, identity),
                class_="body",
            ),
            class_=f"finding {finding.severity.value}",
            id=identity,
            data_words=words,
            data_severity=finding.severity.value,
        )

    def _identity(self, finding: Finding) -> str:
        name = f"f-{finding.fingerprint[:16]}"
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}-{self._seen[name]}"

    def _chain(self, finding: Finding, identity: str) -> Element | None:
        """Write the evidence: one step is open at a time, the last at first, which is the deed."""
        if not finding.evidence:
            return None
        group = f"chain-{identity}"
        last = len(finding.evidence)
        steps = [self._step(number, step, group, is_open=number == last) for number, step in enumerate(finding.evidence, start=1)]
        return tag("div", tag("p", "How it comes to that", class_="hint"), tag("ol", steps, class_="chain"), class_="evidence")

    def _step(self, number: int, step: Step, group: str, *, is_open: bool) -> Element:
        title = (
            tag("span", prose(step.text), class_="message"),
            tag("span", place(step.position), _in(step.symbol), class_="where"),
        )
        shown = tag(
            "details", tag("summary", title), self._code.frame(step.position) or _no_code(step.position), name=group, open=is_open
        )
        return tag("li", shown)

    def accepted(self) -> Element | None:
        """Write what comments and the baseline accept."""
        suppressed, known = self._report.suppressed_findings, self._report.known_findings
        gone = list(stale(self._report))
        if not suppressed and not known and not gone:
            return None
        rows = [self._row(f, f"“{f.suppressed.reason}”" if f.suppressed else "") for f in suppressed[:LIMIT]]
        rows += [self._row(f, "known to the baseline") for f in known[:LIMIT]]
        head = tag("tr", [tag("th", title, scope="col") for title in ("Contract", "What", "Where", "Why it is accepted")])
        table = tag("table", tag("thead", head), tag("tbody", rows))
        return tag(
            "section",
            tag("h2", "Accepted"),
            tag("p", f"{len(suppressed)} by a comment in the code, {len(known)} by the baseline. They do not fail the check."),
            tag("div", [tag("p", prose(text)) for text in gone], class_="problem") if gone else None,
            tag(
                "details",
                tag("summary", "Show them"),
                tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Accepted findings"),
                class_="plain",
            ),
            id="accepted",
        )

    def _row(self, finding: Finding, why: str) -> Element:
        cells = (tag("code", finding.contract), prose(finding.message), place(finding.position), why)
        return tag("tr", [tag("td", cell) for cell in cells])

    def problems(self) -> Element | None:
        """Write what kept the check from judging."""
        if not self._report.errors:
            return None
        return tag(
            "section",
            tag("h2", "Not judged"),
            tag("p", "While this stands, nobody can say that the contracts are kept."),
            [self._problem(problem) for problem in self._report.errors],
            id="problems",
        )

    def _problem(self, problem: Problem) -> Element:
        position = Position(problem.path, problem.line, max(problem.column, 1))
        where = tag("code", written_place(problem.path, problem.line, problem.column), class_="place") if problem.path else None
        return tag(
            "div",
            tag("p", tag("span", "error", class_="badge error"), " ", prose(problem.message)),
            tag("p", where, class_="where") if where is not None else None,
            tag("p", prose(problem.hint), class_="hint") if problem.hint else None,
            self._code.frame(position),
            class_="problem",
        )


def _in(symbol: str) -> list[Element | str]:
    return [" in ", tag("code", symbol)] if symbol else []


def _no_code(position: Position) -> Element:
    text = "The code is not at hand." if position.line else "This concerns the file as a whole."
    return tag("p", text, class_="quiet")


def _filters(findings: Sequence[Finding]) -> list[Element]:
    """Draw what narrows the list; it needs the script."""
    found = Counter(finding.severity for finding in findings)
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", checked=True, data_show=severity.value),
            f" {severity.value} ({found[severity]})",
        )
        for severity in Severity
        if found[severity]
    ]
    search = tag(
        "input", type="search", placeholder="Filter: words, paths, symbols", aria_label="Filter findings", class_="search"
    )
    return [
        search,
        *(boxes if len(boxes) > 1 else []),
        tag("button", "Open all", type="button", data_open="true"),
        tag("button", "Close all", type="button", data_open="false"),
        tag("output", "", class_="hint", aria_live="polite"),
    ]
