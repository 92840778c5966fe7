"""The page as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.report._summary import coverage, tally
from buttress_scanner.report.html._build import document, tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.report_model import Report


def render(report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
    """Render a report as a page."""
    body = tag("body", tag("h1", "Architecture report"), tag("p", tally(report)), tag("p", coverage(report)))
    return document(tag("html", body, lang="en"))
