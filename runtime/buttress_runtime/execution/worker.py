"""Work on a thread of its own, so that what it raises cannot be taken for what happens to its caller (execution section 2)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Work", "start_work")


class Work:
    """A piece of work that was started, and how it ended.

    Attributes:
        woken: Set when the work ends; others may set it to wake who waits.
    """

    def __init__(self) -> None:
        self.woken: Final = threading.Event()
        self._ended = False
        self._value: object = None
        self._fault: BaseException | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a value or a fault."""
        return self._ended

    @property
    def value(self) -> object:
        """What the work returned."""
        return self._value

    @property
    def fault(self) -> BaseException | None:
        """What the work raised, process signals included."""
        return self._fault

    def perform(self, work: Callable[[], object]) -> None:
        """Do the work on this thread and keep how it ended."""
        try:
            self._value = work()
        except BaseException as exc:  # noqa: BLE001 - whatever the work raises belongs to it, not to this thread
            self._fault = exc
        self._ended = True


def start_work(work: Callable[[], object], *, name: str, finished: Callable[[], None] | None = None) -> Work:
    """Start work on a new daemon thread.

    Args:
        work: What to do.
        name: Name of the thread.
        finished: Called on that thread when the work has ended, before those who wait are woken.

    Raises:
        RuntimeError: The machine gives no further thread.
    """
    started = Work()

    def body() -> None:
        try:
            started.perform(work)
            if finished is not None:
                finished()
        finally:
            started.woken.set()

    threading.Thread(target=body, name=name, daemon=True).start()
    return started
