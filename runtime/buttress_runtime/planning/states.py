"""The states a job can have while it is only planned."""

from __future__ import annotations

from enum import StrEnum

__all__ = ("JobState",)


class JobState(StrEnum):
    """The verdict of planning on one command (P7-20); what happens to the job later is no business of a plan (P7-21)."""

    Planned = "Planned"
    Rejected = "Rejected"
