"""What a caller asks to have planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("JobCommand", "PlanRequest")


@dataclass(frozen=True, slots=True)
class JobCommand:
    """One piece of work, as the caller describes it; `BatchEngine.create_session` checks it.

    Attributes:
        kind: Name of a rule of the catalog.
        inputs: Paths that are read.
        outputs: Paths that are written.
        parameters: Arguments, as a JSON object.
        depends_on: 1-based positions of commands of the same request; repeated ones count once.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, object]
    depends_on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """All commands of one planning event, in order, and what holds for all of them (P7-15: nothing has a default)."""

    commands: tuple[JobCommand, ...]
    parameters: Mapping[str, object]
