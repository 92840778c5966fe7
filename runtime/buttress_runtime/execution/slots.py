"""How many calls run at once, per plugin and in all; the others queue in the order of their arrival (execution section 9)."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_runtime.execution.errors import RateLimited

if TYPE_CHECKING:
    from buttress_runtime.execution.cancel import CancelToken

__all__ = ("CallLimits", "CallSlots", "Slot")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How many calls may run at once for one plugin and in all, and how many may wait."""

    per_plugin: int = 4
    in_all: int = 16
    queued: int = 1_000


@dataclass(slots=True, eq=False)
class Slot:
    """The right to run one call of a plugin, from when it is granted until it is released."""

    plugin: str
    granted: bool = False
    released: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class CallSlots:
    """Grants slots first come, first served; a call whose plugin is busy does not hold up those of other plugins."""

    def __init__(self, limits: CallLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._queue: list[Slot] = []

    def acquire(self, plugin: str, *, timeout_ms: int, token: CancelToken) -> Slot | None:
        """Wait for a slot.

        Returns:
            The slot, or None when the token was cancelled first.

        Raises:
            RateLimited: The queue is full, or no slot came free in time.
        """
        slot = Slot(plugin)
        with self._lock:
            if not self._grant(slot) and len(self._queue) >= self._limits.queued:
                raise RateLimited(f"{len(self._queue)} calls are waiting already; try again later")
            if not slot.granted:
                self._queue.append(slot)
        try:
            if not slot.granted:
                with token.listening(slot.woken.set):
                    slot.woken.wait(timeout_ms / 1000)
            return self._settle(slot, token, timeout_ms)
        except BaseException:
            self.release(slot)
            raise

    def release(self, slot: Slot) -> None:
        """Give a slot back, or leave the queue; doing it twice changes nothing."""
        with self._lock:
            if slot.released:
                return
            slot.released = True
            if slot.granted:
                self._running[slot.plugin] -= 1
            else:
                self._queue.remove(slot)
            for waiting in tuple(self._queue):
                if self._grant(waiting):
                    self._queue.remove(waiting)
                    waiting.woken.set()

    def _settle(self, slot: Slot, token: CancelToken, timeout_ms: int) -> Slot | None:
        with self._lock:
            granted = slot.granted
        if granted and not token.cancelled:
            return slot
        self.release(slot)
        if token.cancelled:
            return None
        raise RateLimited(f"no slot for '{slot.plugin}' came free within {timeout_ms} ms; try again later")

    def _grant(self, slot: Slot) -> bool:
        """Grant a slot if there is room; the lock is held."""
        if sum(self._running.values()) >= self._limits.in_all or self._running[slot.plugin] >= self._limits.per_plugin:
            return False
        self._running[slot.plugin] += 1
        slot.granted = True
        return True
