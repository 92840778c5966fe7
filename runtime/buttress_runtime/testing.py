"""Deterministic ports for tests, of this project and of those that build on it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_runtime.ports import RuntimeEvent

__all__ = ("ManualClock", "RecordedEvents", "SequentialIds")

_START = datetime(2030, 1, 31, 12, tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is moved; wall time and monotonic time can be moved apart."""

    def __init__(self, start: datetime = _START) -> None:
        self._lock = threading.Lock()
        self._now = start
        self._monotonic_ms = 0

    def now(self) -> datetime:
        """Return the moment the clock was moved to."""
        with self._lock:
            return self._now

    def monotonic_ms(self) -> int:
        """Return the milliseconds the clock was advanced by so far."""
        with self._lock:
            return self._monotonic_ms

    def today(self) -> date:
        """Return the day of `now`."""
        return self.now().date()

    def advance(self, milliseconds: int) -> None:
        """Let time pass on both clocks."""
        with self._lock:
            self._now += timedelta(milliseconds=milliseconds)
            self._monotonic_ms += milliseconds

    def set_wall(self, moment: datetime) -> None:
        """Move the wall clock alone, forth or back, as an operator or a time server does."""
        with self._lock:
            self._now = moment


class SequentialIds:
    """Ids that count up: the first UUID ends in 1, the second in 2."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def uuid(self) -> str:
        """Return the next id in the form of a UUID."""
        return f"00000000-0000-4000-8000-{self._next():012d}"

    def token(self) -> str:
        """Return the next id in the form of a token."""
        return f"token-{self._next():037d}"

    def _next(self) -> int:
        with self._lock:
            self._last += 1
            return self._last


class RecordedEvents:
    """An event sink that keeps what it was given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[RuntimeEvent] = []

    def record(self, event: RuntimeEvent) -> None:
        """Keep one event."""
        with self._lock:
            self._events.append(event)

    @property
    def events(self) -> tuple[RuntimeEvent, ...]:
        """The events so far, oldest first."""
        with self._lock:
            return tuple(self._events)
