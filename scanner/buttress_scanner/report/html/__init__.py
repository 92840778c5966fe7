"""One self-contained page for people who decide: contracts, findings with their evidence, the map of the program, the trend."""

from buttress_scanner.report.html._page import render

__all__ = ["render"]
