"""The table of output formats; a format's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.report_model import Report

_MODULES = {
    "full": "buttress_scanner.report.full",
    "concise": "buttress_scanner.report.concise",
    "json": "buttress_scanner.report.json_v1",
    "sarif": "buttress_scanner.report.sarif",
    "github": "buttress_scanner.report.github",
    "gitlab": "buttress_scanner.report.gitlab",
    "junit": "buttress_scanner.report.junit",
    "html": "buttress_scanner.report.html",
}

FORMATS: tuple[str, ...] = tuple(_MODULES)
"""The names that `render` takes as format."""


class _Format(Protocol):
    """What every format's module offers."""

    def render(self, report: Report, *, read_source: Callable[[str], bytes], color: bool) -> str:
        """Render a report."""


def render(report: Report, format: str, *, read_source: Callable[[str], bytes], color: bool) -> str:  # noqa: A002 - the option's name
    """Render a report in one of `FORMATS`. Equal reports over equal sources give equal text.

    Args:
        report: What the check found.
        format: One of `FORMATS`.
        read_source: Returns the bytes of a file by its path in the report; ``OSError`` means that the file is gone, and its
            code is left out.
        color: Whether text for people carries ANSI colours. Formats for machines never do.

    Returns:
        The text, ending with a line end unless it is empty.

    Raises:
        ValueError: there is no such format.
    """
    if format not in _MODULES:
        msg = f"there is no output format {format!r}: choose one of {', '.join(FORMATS)}"
        raise ValueError(msg)
    module = cast("_Format", import_module(_MODULES[format]))
    return module.render(report, read_source=read_source, color=color)
