"""What planning refuses, and how it says so (planning section 5).

Every error derives from `PlanningError`; messages name the place and never repeat the whole request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_runtime.planning.ids import SessionId

__all__ = ("DuplicateSession", "PlanInputError", "PlanTooLarge", "PlanningError", "UnknownSession")

_LONGEST_PLACE = 200


class PlanningError(ValueError):
    """Anything planning refuses.

    Attributes:
        hint: What to do about it, apart from the message; may be empty.
    """

    hint: str = ""


class PlanInputError(PlanningError):
    """A value that cannot be part of a plan.

    Attributes:
        pointer: JSON pointer to the value, from the root of what was given.
        reason: What is wrong with it.
    """

    def __init__(self, pointer: str, reason: str, hint: str = "") -> None:
        super().__init__(pointer, reason)
        self.pointer = pointer
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        place = self.pointer if len(self.pointer) <= _LONGEST_PLACE else self.pointer[:_LONGEST_PLACE] + "..."
        return f"{place or '(root)'}: {self.reason}"


class PlanTooLarge(PlanningError):  # noqa: N818 - the specification's name
    """A request beyond one of the limits.

    Attributes:
        limit: The largest size that is accepted.
        actual: The size found; counting may have stopped here, so the whole can be larger.
        pointer: JSON pointer to what is too large.
        unit: What was counted.
    """

    hint = "Plan the work as several sessions, or pass large data by path."

    def __init__(self, limit: int, actual: int, pointer: str = "", unit: str = "bytes of canonical JSON") -> None:
        super().__init__(limit, actual, pointer, unit)
        self.limit = limit
        self.actual = actual
        self.pointer = pointer
        self.unit = unit

    def __str__(self) -> str:
        return f"{self.pointer or '(root)'}: {self.actual} {self.unit} or more, the limit is {self.limit}"


class DuplicateSession(PlanningError):  # noqa: N818 - the specification's name
    """A session id given twice where each may occur once (P7-13)."""

    hint = "Give each planning call an ordinal of its own."

    def __init__(self, id: SessionId) -> None:  # noqa: A002 - the specification's name
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"session {self.id.short} is given more than once"


class UnknownSession(PlanningError):  # noqa: N818 - the specification's name
    """A session that the monitor was not given."""

    hint = "Ask sessions() for the ids that can be looked up."

    def __init__(self, id: SessionId) -> None:  # noqa: A002 - the specification's name
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"session {self.id.short} is not among the sessions of this monitor"
