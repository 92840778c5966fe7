"""What a plan says about one job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from buttress_runtime.planning.errors import PlanInputError

if TYPE_CHECKING:
    from buttress_runtime.planning.frozen import FrozenObject
    from buttress_runtime.planning.ids import SessionJobId
    from buttress_runtime.planning.states import JobState

__all__ = ("RULES", "BatchJobDetail", "BatchJobSummary", "Rejection", "RuleName")

RuleName: TypeAlias = Literal[
    "unknown-kind",
    "missing-parameter",
    "unknown-parameter",
    "invalid-parameter",
    "input-count",
    "output-count",
    "empty-path",
    "duplicate-output",
    "unknown-dependency",
    "self-dependency",
    "dependency-cycle",
    "dependency-rejected",
]
"""The closed list of reasons to reject a command, in the order in which they are judged (planning section 4)."""

RULES: tuple[RuleName, ...] = get_args(RuleName)
"""`RuleName` as a value."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason why a command is rejected.

    Attributes:
        rule: One of `RULES`.
        message: What is wrong, for people.
        pointer: JSON pointer into the command.
    """

    rule: RuleName
    message: str
    pointer: str

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise PlanInputError("/rule", f"not a rule of planning; the rules are {', '.join(RULES)}")


@dataclass(frozen=True, slots=True)
class BatchJobSummary:
    """A job in a list."""

    id: SessionJobId
    kind: str
    state: JobState
    rejection_count: int


@dataclass(frozen=True, slots=True)
class BatchJobDetail:
    """Everything a plan says about a job.

    Attributes:
        id: The job with its session.
        kind: The command's kind.
        inputs: Paths that are read.
        outputs: Paths that are written.
        parameters: The command's arguments.
        depends_on: Jobs of the same session, by number; a position that names no job is found in `rejections` instead.
        state: The verdict.
        rejections: Every reason, in the order of `RULES`; empty exactly when the job is planned.
    """

    id: SessionJobId
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: FrozenObject
    depends_on: tuple[SessionJobId, ...]
    state: JobState
    rejections: tuple[Rejection, ...]
