"""Small parts that several sections share: badges, places, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence
from buttress_scanner.findings.report_model import Status
from buttress_scanner.report._summary import place_of
from buttress_scanner.report.html._build import tag

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from buttress_scanner.findings.model import Finding, Position

SIGNS = {Status.KEPT: "✓", Status.BROKEN: "✗", Status.VACUOUS: "○"}
WORDS = {Status.KEPT: "kept", Status.BROKEN: "broken", Status.VACUOUS: "vacuous"}


def status_badge(status: Status) -> Element:
    """Draw a status: a sign, a word and a colour, so that none of them is needed."""
    return tag("span", tag("span", SIGNS[status], aria_hidden="true"), " ", WORDS[status], class_=f"badge {status.value}")


def severity_badge(finding: Finding) -> Element:
    """Draw how much a finding weighs."""
    return tag("span", finding.severity.value, class_=f"badge {finding.severity.value}")


def doubt_badge(finding: Finding) -> Element | None:
    """Draw that a finding is not proven."""
    if finding.confidence is Confidence.PROVEN:
        return None
    return tag("span", "possible", class_="badge doubt", title="It cannot be excluded; it is not proven.")


def prose(text: str) -> list[Element | str]:
    """Write a message; what stands between backticks is code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return [text]
    return [tag("code", piece) if number % 2 else piece for number, piece in enumerate(pieces) if piece]


def place(position: Position) -> Element:
    """Write where something is."""
    return tag("code", place_of(position), class_="place")


def anchor(kind: str, name: str) -> str:
    """Return an id for something with a name of any characters."""
    return kind + "".join(char if char.isascii() and (char.isalnum() or char == "-") else f"_{ord(char):x}_" for char in name)
