"""Findings: what a contract says about a place, with its evidence."""

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step

__all__ = ["Confidence", "Finding", "Position", "Severity", "Step"]
