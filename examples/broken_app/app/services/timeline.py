"""What happened, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .jobs import Job


class Timeline:
    """Marks in the order of their making."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    def mark(self, text: str) -> None:
        """Add a mark."""
        self.marks.append(text)

    def settle(self, job: Job, result: dict[str, object], error: dict[str, object]) -> None:
        """Mark the end of a job; the job itself stays as it is."""
        self.mark(f"{job.id}: {'failed' if error else 'done'} with {len(result)} members")


SHARED = Timeline()
