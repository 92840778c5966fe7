"""A whole plan as a value, its JSON form, and the differences between two plans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from buttress_runtime.planning.errors import PlanInputError
from buttress_runtime.planning.frozen import FrozenJson, FrozenObject, JsonValue, canonical_bytes, extend, sealed, thaw
from buttress_runtime.planning.states import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_runtime.planning.ids import JobId, SessionId, SessionJobId
    from buttress_runtime.planning.jobs import BatchJobDetail

__all__ = ("SCHEMA", "Absent", "BatchPlan", "Difference", "PlanSchema")

PlanSchema: TypeAlias = Literal["batch_plan.v1"]
"""The name of this form of a plan."""

SCHEMA: PlanSchema = "batch_plan.v1"
"""`PlanSchema` as a value."""


class Absent(Enum):
    """A side of a difference that has no value there, which is something else than null."""

    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two plans differ.

    Attributes:
        pointer: JSON pointer into the JSON form of the plans.
        left: The value of the plan that was asked.
        right: The value of the other plan.
    """

    pointer: str
    left: FrozenJson | Absent
    right: FrozenJson | Absent


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Everything one session holds.

    Attributes:
        schema: Name of this form.
        session: Identity of the session.
        digest: SHA-256 of the canonical contents, lower-case hex.
        ordinal: The caller's number of the planning call.
        catalog_digest: Digest of the catalog the commands were judged by.
        parameters: What holds for all jobs.
        jobs: One for each command, in command order, rejected ones included (PLAN-5).
        order: The planned jobs, each after those it depends on. A statement about dependencies, not a schedule.
        planned: Number of planned jobs.
        rejected: Number of rejected jobs.
    """

    schema: PlanSchema
    session: SessionId
    digest: str
    ordinal: int
    catalog_digest: str
    parameters: FrozenObject
    jobs: tuple[BatchJobDetail, ...]
    order: tuple[JobId, ...]
    planned: int
    rejected: int

    def planned_jobs(self) -> tuple[BatchJobDetail, ...]:
        """Give the jobs that may be carried out, so that nobody else needs to know the states (PLAN-8)."""
        return tuple(job for job in self.jobs if job.state is JobState.Planned)

    def to_json(self) -> dict[str, JsonValue]:
        """Give the plan as a JSON object that belongs to the caller; ids are strings."""
        return self._tree(str)

    def diff(self, other: BatchPlan) -> tuple[Difference, ...]:
        """Compare with another plan, place by place.

        Jobs are compared by number. Ids of jobs are compared inside their session: that the sessions differ is said once, at
        `/session`, and not again for every job.

        Returns:
            Nothing exactly when the plans are equal.
        """
        if not isinstance(other, BatchPlan):
            raise PlanInputError("/other", f"a BatchPlan is needed, not {type(other).__name__}")
        return tuple(_differences(self._tree(self._local), other._tree(other._local), ""))

    def _local(self, job: SessionJobId) -> str:
        return str(job.job) if job.session == self.session else str(job)

    def _tree(self, name: Callable[[SessionJobId], str]) -> dict[str, JsonValue]:
        return {
            "schema": self.schema,
            "session": str(self.session),
            "digest": self.digest,
            "ordinal": self.ordinal,
            "catalog_digest": self.catalog_digest,
            "parameters": thaw(self.parameters),
            "jobs": [_job_tree(job, name) for job in self.jobs],
            "order": [str(job) for job in self.order],
            "planned": self.planned,
            "rejected": self.rejected,
        }


def _job_tree(job: BatchJobDetail, name: Callable[[SessionJobId], str]) -> dict[str, JsonValue]:
    return {
        "id": name(job.id),
        "kind": job.kind,
        "inputs": list(job.inputs),
        "outputs": list(job.outputs),
        "parameters": thaw(job.parameters),
        "depends_on": [name(dependency) for dependency in job.depends_on],
        "state": thaw(job.state),
        "rejections": [{"rule": fault.rule, "message": fault.message, "pointer": fault.pointer} for fault in job.rejections],
    }


def _differences(left: JsonValue | Absent, right: JsonValue | Absent, pointer: str) -> Iterator[Difference]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            yield from _differences(left.get(key, Absent.ABSENT), right.get(key, Absent.ABSENT), extend(pointer, key))
    elif isinstance(left, list) and isinstance(right, list):
        for index in range(max(len(left), len(right))):
            sides = (side[index] if index < len(side) else Absent.ABSENT for side in (left, right))
            yield from _differences(next(sides), next(sides), extend(pointer, index))
    elif isinstance(left, Absent) or isinstance(right, Absent):
        yield Difference(pointer, _side(left), _side(right))
    elif canonical_bytes(left) != canonical_bytes(right):  # to Python 1 == True
        yield Difference(pointer, sealed(left), sealed(right))


def _side(value: JsonValue | Absent) -> FrozenJson | Absent:
    return value if isinstance(value, Absent) else sealed(value)
