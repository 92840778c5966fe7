"""What a plugin is, what is known about it, and what a call of it carries (execution section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic import JsonValue as PydanticJson

from buttress_runtime.execution.json_values import INPUT_LIMITS, JsonFault, JsonObject, JsonValue, copy_json
from buttress_runtime.execution.schemas import check_schema

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from buttress_runtime.execution.cancel import CancelToken

__all__ = (
    "CallContext",
    "CallOutcome",
    "Idempotency",
    "Plugin",
    "PluginHandle",
    "PluginLifecycle",
    "PluginManifest",
    "PluginProvider",
    "PluginStatus",
)

_NAME = r"^[a-z][a-z0-9_.-]{0,63}$"
_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRERELEASE = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PRERELEASE}(?:\.{_PRERELEASE})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$"


@runtime_checkable
class Plugin(Protocol):
    """A unit of work that is called through the tool runner and by nobody else (TR-44).

    `run` may also be an `async def`; it is then awaited on a loop of its own.
    """

    def run(self, payload: dict[str, JsonValue]) -> dict[str, JsonValue] | Awaitable[dict[str, JsonValue]]:
        """Do the work for one payload and return a JSON object."""
        ...


class PluginLifecycle(StrEnum):
    """Where a plugin stands (TR-40); how its last call ended is a `CallOutcome` and no lifecycle."""

    LOADED = "LOADED"
    INITIALIZED = "INITIALIZED"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    UNAVAILABLE = "UNAVAILABLE"


class CallOutcome(StrEnum):
    """How a call ended (TR-43)."""

    SUCCESS = "success"
    ERROR = "error"


class Idempotency(StrEnum):
    """Whether a call may be repeated without doing its deed twice."""

    IDEMPOTENT = "IDEMPOTENT"
    IDEMPOTENT_WITH_KEY = "IDEMPOTENT_WITH_KEY"
    NON_IDEMPOTENT = "NON_IDEMPOTENT"


class PluginManifest(BaseModel):
    """What the host declares about a plugin; `trusted` is the host's word, never the plugin's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME)
    version: str = Field(pattern=_SEMVER, max_length=256)
    distribution: str | None = None
    trusted: bool = False
    allows_empty_result: bool = False
    input_schema: dict[str, PydanticJson] | None = None
    output_schema: dict[str, PydanticJson] | None = None
    input_kind: Literal["object", "image"] = "object"
    timeout_ms: int = Field(default=30_000, ge=1, strict=True)
    memory_mb: int = Field(default=1_024, ge=1, strict=True)
    idempotency: Idempotency = Idempotency.NON_IDEMPOTENT

    @field_validator("input_schema", "output_schema", mode="after")
    @classmethod
    def _own_schema(cls, schema: JsonObject | None) -> JsonObject | None:
        """Keep a private copy of a schema that is fit for use."""
        if schema is None:
            return None
        try:
            copied = copy_json(schema, INPUT_LIMITS)
        except JsonFault as fault:
            raise ValueError(str(fault)) from fault
        if not isinstance(copied, dict):
            raise ValueError("a schema is an object")  # noqa: TRY004 - pydantic reports ValueError as a fault of the field
        check_schema(copied)
        return copied

    def repeatable(self, idempotency_key: str | None) -> bool:
        """Return whether a call with that key may be made again."""
        if self.idempotency is Idempotency.IDEMPOTENT_WITH_KEY:
            return idempotency_key is not None
        return self.idempotency is Idempotency.IDEMPOTENT


class PluginProvider(Protocol):
    """What an import path or an entry point leads to: the declaration, and the way to the plugin."""

    manifest: PluginManifest

    def create(self) -> Plugin:
        """Return a new plugin."""
        ...


@dataclass(frozen=True, slots=True)
class PluginHandle:
    """A plugin as others may know it: nothing to call."""

    name: str
    manifest: PluginManifest


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A copy of what the registry knows about a plugin at one moment (TR-14); times in milliseconds."""

    name: str
    state: PluginLifecycle
    reason: str | None
    success_count: int
    error_count: int
    last_execution_time_ms: int | None
    avg_execution_time_ms: float | None
    last_used: datetime | None
    last_outcome: CallOutcome | None
    active_calls: int
    total_execution_time_ms: int
    min_execution_time_ms: int | None
    max_execution_time_ms: int | None
    consecutive_errors: int


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call belongs to and how long it may take.

    Attributes:
        call_id: Names the call in logs and events.
        trace_id: Names the request it is part of.
        deadline_ms: Milliseconds the whole call may take from its start, waiting included; the manifest's limit holds besides.
        cancel_token: The way to cancel it.
        idempotency_key: The same for each repetition of the same deed.
        model_session_id: The model session it runs in.
        plan_ref: The planned job it carries out, as the text of its SessionJobId.
    """

    call_id: str
    trace_id: str
    deadline_ms: int | None = None
    cancel_token: CancelToken | None = None
    idempotency_key: str | None = None
    model_session_id: str | None = None
    plan_ref: str | None = None
