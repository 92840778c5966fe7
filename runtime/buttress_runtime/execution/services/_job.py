"""One job inside the job service, which holds its lock around every use."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from buttress_runtime.execution.cancel import CancelToken
from buttress_runtime.execution.errors import public_envelope
from buttress_runtime.execution.json_values import JsonValue, digest, json_bytes
from buttress_runtime.execution.services.job_model import TERMINAL, ExecutionJobState, JobEvent, JobRecord, next_state

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("Job",)

_LARGEST_INLINE = 32 * 1024


@dataclass(slots=True, eq=False)
class Job:
    """A job's fields; `payload` is what the plugin gets and is dropped when the job has ended."""

    id: str
    plugin: str
    payload: dict[str, JsonValue]
    created_at: datetime
    shown: dict[str, JsonValue] = field(init=False)
    payload_digest: str = field(init=False)
    updated_at: datetime = field(init=False)
    state: ExecutionJobState = field(init=False)
    token: Final[CancelToken] = field(default_factory=CancelToken)
    result: dict[str, JsonValue] = field(default_factory=dict)
    error: dict[str, JsonValue] = field(default_factory=dict)
    execution_time_ms: int | None = None

    def __post_init__(self) -> None:
        data = json_bytes(self.payload)
        plain: dict[str, JsonValue] = json.loads(data)
        self.payload_digest = digest(plain)
        artifact: JsonValue = {"digest": self.payload_digest, "size": len(data), "media_type": "application/json"}
        self.shown = plain if len(data) <= _LARGEST_INLINE else {"artifact": artifact}
        self.updated_at = self.created_at
        self.state = next_state(None, JobEvent.CREATE)

    @property
    def ended(self) -> bool:
        """Whether the job is in a terminal state."""
        return self.state in TERMINAL

    def move(self, event: JobEvent, moment: datetime) -> None:
        """Change the state by the table."""
        self.state = next_state(self.state, event)
        self.updated_at = max(self.updated_at, moment)
        if self.ended:
            self.payload = {}

    def record(self) -> JobRecord:
        """Return a copy that shares nothing that could be changed."""
        return JobRecord(
            id=self.id,
            plugin=self.plugin,
            payload_digest=self.payload_digest,
            payload=_copied(self.shown),
            status=self.state,
            result=_copied(self.result),
            error=_copied(public_envelope(self.error)),
            created_at=self.created_at,
            updated_at=self.updated_at,
            execution_time_ms=self.execution_time_ms,
            persisted=False,
        )


def _copied(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    copied: dict[str, JsonValue] = json.loads(json_bytes(value))
    return copied
