"""How the job states of the packages show to people: one table for all of them.

No package imports another's states; this module is for the edges that show jobs of several packages side by side.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from buttress_runtime.execution.services.job_model import ExecutionJobState
from buttress_runtime.planning.states import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("PHASES", "Phase", "phase_of")


class Phase(StrEnum):
    """What a job is doing, in one word for all packages."""

    REJECTED = "rejected"
    WAITING = "waiting"
    RUNNING = "running"
    BLOCKED = "blocked"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


PHASES: Final[Mapping[Phase, tuple[Enum, ...]]] = MappingProxyType(
    {
        Phase.REJECTED: (JobState.Rejected,),
        Phase.WAITING: (JobState.Planned, ExecutionJobState.PENDING),
        Phase.RUNNING: (ExecutionJobState.RUNNING,),
        Phase.BLOCKED: (),
        Phase.SUCCEEDED: (ExecutionJobState.SUCCESS,),
        Phase.FAILED: (ExecutionJobState.FAILED,),
        Phase.CANCELLED: (ExecutionJobState.CANCELLED,),
    }
)


def phase_of(state: Enum) -> Phase:
    """Return the phase of a job state of any package.

    Raises:
        LookupError: The value is no job state.
    """
    for phase, states in PHASES.items():
        if any(known is state for known in states):
            return phase
    raise LookupError(f"{state!r} is no job state; the known ones are those in PHASES")
