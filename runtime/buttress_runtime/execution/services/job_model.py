"""What an execution job is, and the table of its states (execution sections 1 and 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from buttress_runtime.execution.errors import InvalidTransition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from buttress_runtime.execution.json_values import JsonValue

__all__ = ("JOB_TRANSITIONS", "TERMINAL", "CancelResult", "ExecutionJobState", "JobEvent", "JobRecord", "next_state")


class ExecutionJobState(StrEnum):
    """Where an execution job stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class JobEvent(StrEnum):
    """What can happen to an execution job."""

    CREATE = "create"
    RUN = "run"
    SUCCEED = "ended without an error"
    FAIL = "ended with an error"
    CANCEL = "cancel"


_S, _E = ExecutionJobState, JobEvent

JOB_TRANSITIONS: Final[Mapping[tuple[ExecutionJobState | None, JobEvent], ExecutionJobState]] = MappingProxyType(
    {
        (None, _E.CREATE): _S.PENDING,
        (_S.PENDING, _E.RUN): _S.RUNNING,
        (_S.PENDING, _E.CANCEL): _S.CANCELLED,
        (_S.RUNNING, _E.SUCCEED): _S.SUCCESS,
        (_S.RUNNING, _E.FAIL): _S.FAILED,
        (_S.RUNNING, _E.CANCEL): _S.CANCELLED,
    }
)

TERMINAL: Final = frozenset({_S.SUCCESS, _S.FAILED, _S.CANCELLED})


def next_state(state: ExecutionJobState | None, event: JobEvent) -> ExecutionJobState:
    """Return the state that an event leads to.

    Raises:
        InvalidTransition: The table has no such move.
    """
    following = JOB_TRANSITIONS.get((state, event))
    if following is None:
        raise InvalidTransition(f"a job that is {state or 'new'} has no move by '{event}'")
    return following


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A copy of what is known about a job at one moment.

    Attributes:
        id: Names the job.
        plugin: The plugin it calls.
        payload_digest: SHA-256 of the payload's canonical bytes (RFC 8785).
        payload: By value up to 32 KB, else `{"artifact": {"digest", "size", "media_type"}}`.
        status: Where it stands.
        result: What the plugin returned; `{}` unless the job succeeded.
        error: The envelope without its internal part; `{}` unless it failed or was cancelled.
        created_at: When it was made.
        updated_at: When it last changed.
        execution_time_ms: How long it ran; None before it ended.
        persisted: Whether it outlives the process.
    """

    id: str
    plugin: str
    payload_digest: str
    payload: dict[str, JsonValue]
    status: ExecutionJobState
    result: dict[str, JsonValue]
    error: dict[str, JsonValue]
    created_at: datetime
    updated_at: datetime
    execution_time_ms: int | None
    persisted: bool


@dataclass(frozen=True, slots=True)
class CancelResult:
    """The honest answer to a wish to cancel.

    Attributes:
        accepted: The job is cancelled: nothing of it runs, now or later.
        state: Where the job stands; None when there is no such job.
        reason: Why it was or was not accepted.
    """

    accepted: bool
    state: ExecutionJobState | None
    reason: str
