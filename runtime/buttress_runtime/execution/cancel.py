"""Cancelling one call: asked for by its caller, answered by whoever runs the plugin.

Two wishes are kept apart. `cancel` asks that the plugin does not run, and is told honestly whether that is so. `abandon`
says that the caller will not wait any longer, whatever the plugin does.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("CancelToken",)


class _Phase(StrEnum):
    WAITING = "waiting"
    STARTED = "started"
    CANCELLED = "cancelled"


class CancelToken:
    """The cancellation of one call; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._phase = _Phase.WAITING
        self._abandoned = False
        self._stop: Callable[[], bool] | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled: it never began, or what ran it is gone."""
        with self._lock:
            return self._phase is _Phase.CANCELLED

    @property
    def abandoned(self) -> bool:
        """Whether the caller has left."""
        with self._lock:
            return self._abandoned

    def cancel(self) -> bool:
        """Cancel the call.

        Returns:
            True when it is certain that the plugin does not run, now or later; False when it runs and cannot be stopped, or
            has ended.
        """
        with self._lock:
            if self._phase is _Phase.WAITING:
                self._phase = _Phase.CANCELLED
            gone = self._phase is _Phase.CANCELLED
            stop = self._stop
        if not gone and stop is not None and stop():
            with self._lock:
                self._phase = _Phase.CANCELLED
            gone = True
        if gone:
            self._tell()
        return gone

    def abandon(self) -> None:
        """Say that the caller will not wait any longer; a call that has not begun does not begin."""
        with self._lock:
            self._abandoned = True
            if self._phase is _Phase.WAITING:
                self._phase = _Phase.CANCELLED
        self._tell()

    def begin(self, stop: Callable[[], bool] | None = None) -> bool:
        """Claim the call for running, at the last moment before the plugin runs.

        Args:
            stop: Ends the running call and says whether it is gone for certain; None where a running call cannot be ended.

        Returns:
            False when the call was cancelled before; the plugin must not run then.
        """
        with self._lock:
            if self._phase is not _Phase.WAITING:
                return False
            self._phase = _Phase.STARTED
            self._stop = stop
            return True

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Have `listener` called when the call is cancelled or abandoned, at once if it already is."""
        with self._lock:
            self._listeners.append(listener)
            due = self._abandoned or self._phase is _Phase.CANCELLED
        if due:
            listener()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
