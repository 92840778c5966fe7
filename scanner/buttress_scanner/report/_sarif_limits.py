"""What code scanning takes of a log, and what is left out of a longer one.

https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/troubleshoot-sarif-uploads/results-exceed-limit
GitHub refuses a log beyond its hard limits and drops what is beyond its soft ones. We stay within both: it is told what is
left out, and it is the same every time.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, TypeVar

from buttress_scanner.findings.model import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.findings.model import Finding

RESULTS = 5_000
"""Results of a run that are shown; 25,000 are refused."""
STEPS = 1_000
"""Locations of thread flows that are shown of a result; 10,000 are refused."""
RULES = 25_000
"""Rules of a run."""
NOTICES = 1_000
"""Undecided sites that are listed one by one; our own limit, for readers."""
SIZE = 10_000_000
"""Bytes of a compressed log."""
TEXT = 1_024
"""Characters of a rule's descriptions."""
NAME = 255
"""Characters of a rule's name."""

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

Item = TypeVar("Item")


def most_important(findings: Sequence[Finding], limit: int) -> list[Finding]:
    """Return at most ``limit`` findings in their order: open ones before accepted ones, then by severity, then what is proven."""
    if len(findings) <= limit:
        return list(findings)
    ranked = sorted(range(len(findings)), key=lambda index: (*_rank(findings[index]), index))
    return [findings[index] for index in sorted(ranked[:limit])]


def _rank(finding: Finding) -> tuple[bool, int, bool]:
    return not finding.is_open, _WEIGHT[finding.severity], finding.confidence is Confidence.POSSIBLE


def both_ends(steps: Sequence[Item], limit: int = STEPS) -> list[Item]:
    """Return at most ``limit`` steps: the first, where the owner can change something, and the last, where the deed is."""
    if len(steps) <= limit:
        return list(steps)
    return [*steps[: limit - limit // 2], *steps[-(limit // 2) :]]


def shortened(text: str, limit: int = TEXT) -> str:
    """Return a text of at most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_too_large(log: str) -> bool:
    """Whether the compressed log is larger than an upload may be."""
    data = log.encode()
    return len(data) > SIZE and len(gzip.compress(data, mtime=0)) > SIZE
