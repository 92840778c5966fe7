"""Places in SARIF. Section numbers are those of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from buttress_scanner.report._forges import below_repository

if TYPE_CHECKING:
    from buttress_scanner.findings.model import Position
    from buttress_scanner.findings.report_model import Report

BASE = "%SRCROOT%"
"""The name of what all paths are relative to: the top of the repository."""

_Object = dict[str, object]


def location(report: Report, position: Position, symbol: str = "") -> _Object:
    """Write a place; a finding that concerns the file as a whole has no region (3.29.4)."""
    placed = below_repository(report, position)
    physical: _Object = {"artifactLocation": {"uri": uri(placed.path), "uriBaseId": BASE}}
    if placed.line:
        physical["region"] = _region(placed)
    logical: _Object = {"logicalLocations": [{"fullyQualifiedName": symbol}]} if symbol else {}
    return {"physicalLocation": physical} | logical


def _region(position: Position) -> _Object:
    """Write a range; the end column lies behind the last character (3.30.8), as in the findings."""
    region: _Object = {"startLine": position.line, "startColumn": max(position.column, 1)}
    if position.end_line and position.end_column:
        region |= {"endLine": position.end_line, "endColumn": position.end_column}
    return region


def uri(path: str) -> str:
    """Write a path as a relative URI (RFC 3986); bytes of a file name that are not UTF-8 survive."""
    return quote(path, safe="/", errors="surrogateescape")
