"""Figures about the calls of one plugin, exact over all of them (execution section 3, TR-14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_runtime.execution.plugin import CallOutcome

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("CallMetrics",)


@dataclass(slots=True)
class CallMetrics:
    """Running figures; the owner holds a lock around every use. Times in milliseconds."""

    success_count: int = 0
    error_count: int = 0
    consecutive_errors: int = 0
    total_ms: int = 0
    last_ms: int | None = None
    min_ms: int | None = None
    max_ms: int | None = None
    last_used: datetime | None = None
    last_outcome: CallOutcome | None = None

    @property
    def mean_ms(self) -> float | None:
        """The mean over all calls; None before the first."""
        calls = self.success_count + self.error_count
        return self.total_ms / calls if calls else None

    def add(self, outcome: CallOutcome, elapsed_ms: int, moment: datetime) -> None:
        """Count one call."""
        if outcome is CallOutcome.ERROR:
            self.error_count += 1
            self.consecutive_errors += 1
        else:
            self.success_count += 1
            self.consecutive_errors = 0
        self.total_ms += elapsed_ms
        self.last_ms = elapsed_ms
        self.min_ms = elapsed_ms if self.min_ms is None else min(self.min_ms, elapsed_ms)
        self.max_ms = elapsed_ms if self.max_ms is None else max(self.max_ms, elapsed_ms)
        self.last_used = moment if self.last_used is None else max(self.last_used, moment)
        self.last_outcome = outcome
