"""Output formats of a check's report: `render` turns a report into text, each format is a module of its own."""

from buttress_scanner.report._render import FORMATS, render

__all__ = ["FORMATS", "render"]
