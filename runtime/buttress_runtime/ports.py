"""The ports to the outside: clock, ids and events. Nothing else in the runtime reads a clock or makes an id."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Clock", "EventSink", "IdFactory", "RuntimeEvent", "SystemClock", "SystemIds", "rfc3339")

_TOKEN_BYTES = 32


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Return milliseconds of a clock that never goes back; only differences mean anything."""
        ...

    def today(self) -> date:
        """Return the present day in UTC."""
        ...


class IdFactory(Protocol):
    """What makes ids that were never there before."""

    def uuid(self) -> str:
        """Return a new UUID in its canonical text."""
        ...

    def token(self) -> str:
        """Return 256 random bits as URL-safe text."""
        ...


@dataclass(frozen=True, slots=True)
class RuntimeEvent:
    """Something the runtime did or suffered, for the record.

    Attributes:
        code: Id in the event registry, such as `BT-EVT-PLUG-001`.
        type: Dotted name of the event.
        plugin: The plugin it concerns, if any.
        details: JSON values that say more; no payloads, no tracebacks.
    """

    code: str
    type: str
    plugin: str | None = None
    details: Mapping[str, str | int | None] = field(default_factory=lambda: MappingProxyType({}))


class EventSink(Protocol):
    """Where events go."""

    def record(self, event: RuntimeEvent) -> None:
        """Keep one event."""
        ...


class SystemClock:
    """The clock of the machine."""

    __slots__ = ()

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Return milliseconds of the machine's monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def today(self) -> date:
        """Return the present day in UTC."""
        return self.now().date()


class SystemIds:
    """Ids from the machine's source of randomness."""

    __slots__ = ()

    def uuid(self) -> str:
        """Return a new random UUID."""
        return str(uuid.uuid4())

    def token(self) -> str:
        """Return 256 random bits as URL-safe text."""
        return secrets.token_urlsafe(_TOKEN_BYTES)


def rfc3339(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC with milliseconds, such as `2030-01-31T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
