"""Fresh copies of plan values.

A frozen dataclass keeps honest callers honest, but `object.__setattr__`, `__setstate__` and comparisons that get hold of the dict
behind a mapping proxy can still change it. So a session never hands out what it holds, only copies (PLAN-2).
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from buttress_runtime.planning.frozen import FrozenObject, copied
from buttress_runtime.planning.ids import SessionId, SessionJobId
from buttress_runtime.planning.jobs import BatchJobDetail, BatchJobSummary

if TYPE_CHECKING:
    from buttress_runtime.planning.plan import BatchPlan


def session_id_of(plan: BatchPlan) -> SessionId:
    """Copy the identity of a plan's session."""
    return replace(plan.session)


def summary_of(job: BatchJobDetail) -> BatchJobSummary:
    """Summarise a job."""
    return BatchJobSummary(_job_id(job.id), job.kind, job.state, len(job.rejections))


def detail_of(job: BatchJobDetail) -> BatchJobDetail:
    """Copy a job."""
    return replace(
        job,
        id=_job_id(job.id),
        parameters=_object(job.parameters),
        depends_on=tuple(_job_id(dependency) for dependency in job.depends_on),
        rejections=tuple(replace(rejection) for rejection in job.rejections),
    )


def plan_of(plan: BatchPlan) -> BatchPlan:
    """Copy a plan."""
    return replace(
        plan,
        session=replace(plan.session),
        parameters=_object(plan.parameters),
        jobs=tuple(detail_of(job) for job in plan.jobs),
        order=tuple(replace(job) for job in plan.order),
    )


def _job_id(job: SessionJobId) -> SessionJobId:
    return SessionJobId(replace(job.session), replace(job.job))


def _object(tree: FrozenObject) -> FrozenObject:
    return MappingProxyType({key: copied(value) for key, value in tree.items()})
