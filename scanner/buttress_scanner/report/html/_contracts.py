"""The contracts: whether they are kept, why they exist, what they judged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from buttress_scanner.findings.report_model import ContractResult, Report, Status
from buttress_scanner.report._pages import kind_page
from buttress_scanner.report._sarif_limits import most_important
from buttress_scanner.report._summary import place as written_place
from buttress_scanner.report._text import counted
from buttress_scanner.report.html._build import tag
from buttress_scanner.report.html._findings import LIMIT
from buttress_scanner.report.html._parts import anchor, place, prose, status_badge
from buttress_scanner.report.html._trend import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from buttress_scanner.findings.report_model import Site
    from buttress_scanner.report.html._build import Child

_FIRST = {Status.VACUOUS: 0, Status.BROKEN: 1, Status.KEPT: 2}
_SITES = 50
"""Undecided sites that are listed of a contract."""


def contracts(report: Report) -> Element:
    """Write every contract, those first that need somebody."""
    results = sorted(report.contracts, key=lambda result: _FIRST[result.status])
    found = Counter(finding.contract for finding in report.open_findings)
    shown = {finding.contract for finding in most_important(report.open_findings, LIMIT)}
    return tag(
        "section",
        tag("h2", "Contracts"),
        [_contract(result, report, found[result.id], is_shown=result.id in shown) for result in results]
        or tag("p", "None was checked.", class_="quiet"),
        id="contracts",
    )


def _contract(result: ContractResult, report: Report, found: int, *, is_shown: bool) -> Element:
    figures: list[Child] = [f"{result.judged:,} judged".replace(",", "\u202f")]
    if found:
        text = counted(found, "finding")
        figures.append(tag("a", text, href=f"#{anchor('findings-', result.id)}") if is_shown else text)
    if result.undecided:
        figures.append(f"{result.undecided} undecided")
    return tag(
        "details",
        tag(
            "summary",
            status_badge(result.status),
            tag("span", tag("code", result.id), tag("span", prose(result.because), class_="because"), class_="title"),
            tag(
                "span",
                sparkline(report, result.id),
                [[" · " if number else None, figure] for number, figure in enumerate(figures)],
                class_="figures",
            ),
        ),
        tag("div", list(_told(result, report)), class_="body"),
        class_=f"contract {result.status.value}",
        id=anchor("contract-", result.id),
        open=result.status is Status.VACUOUS,
    )


def _told(result: ContractResult, report: Report) -> Iterator[Child]:
    """Yield what is known of a contract."""
    if result.why:
        yield tag("p", "It guards nothing:", class_="alarm")
        yield tag("ul", [tag("li", prose(why)) for why in result.why])
    page = kind_page(result.kind)
    yield tag(
        "dl",
        _entry("Kind", tag("code", result.kind), prose(f": {page.summary}") if page else None),
        _entry("Because", prose(result.because)) if result.because else None,
        _entry("Source", tag("code", result.source)) if result.source else None,
        _entry("Stated at", tag("code", written_place(result.path or report.configuration, result.line, 1)))
        if result.line
        else None,
        _entry("Judged", counted(result.judged, "place")),
    )
    if result.sites:
        yield tag("p", f"{counted(result.undecided, 'place')} could not be decided:", class_="hint")
        yield tag("ul", [_site(site) for site in result.sites[:_SITES]])
        if len(result.sites) > _SITES:
            yield tag("p", f"{len(result.sites) - _SITES} more: the JSON report has them all.", class_="hint")


def _entry(name: str, *value: Child) -> list[Element]:
    return [tag("dt", name), tag("dd", *value)]


def _site(site: Site) -> Element:
    return tag("li", place(site.position), ": ", prose(site.reason))
