"""Sessions: independent of each other, consistent in themselves, comparable, and with no more surface than specified."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from buttress_runtime.planning import (
    Absent,
    BatchEngine,
    BatchJobDetail,
    BatchJobSummary,
    BatchPlan,
    BatchPlanSession,
    Difference,
    JobCommand,
    JobId,
    JobState,
    MonitorEngine,
    PlanInputError,
    PlanRequest,
    SessionJobId,
)
from tests.planning.strategies import requests
from tests.planning.support import CATALOG, copy_command, free, mixed_request, plan_bytes, request, session

ENGINE = BatchEngine(CATALOG)
FIRST = JobId("job-001")


def test_equal_job_ids_of_two_sessions_never_mix() -> None:
    """The same job id names a planned job in one session and a rejected one in the other, and lookups keep them apart."""
    good, bad = session(free()), session(free(kind="fly"))
    monitor = MonitorEngine([good, bad])
    named = {made: SessionJobId(made.id(), FIRST) for made in (good, bad)}
    states = [getattr(monitor.job(named[made]), "state", None) for made in (good, bad)]
    assert states == [JobState.Planned, JobState.Rejected]
    assert named[good] != named[bad]
    assert {good.jobs()[0].id, bad.jobs()[0].id} == set(named.values())
    assert good.jobs()[0].id.job == bad.jobs()[0].id.job


def test_planning_again_leaves_earlier_sessions_alone() -> None:
    """An engine keeps nothing of a call: what it planned before does not change, and does not change what it plans next."""
    first = ENGINE.create_session(mixed_request(), 1)
    before = plan_bytes(first.snapshot())
    for ordinal in range(2, 12):
        ENGINE.create_session(request(*[free()] * ordinal), ordinal)
    assert plan_bytes(first.snapshot()) == before
    assert ENGINE.create_session(mixed_request(), 1) == first


@given(requests)
@settings(max_examples=60, deadline=None)
def test_jobs_job_and_snapshot_agree(asked: PlanRequest) -> None:
    """The three views of a session say the same about every job."""
    made = ENGINE.create_session(asked, 1)
    plan = made.snapshot()
    assert [job.id for job in plan.jobs] == [summary.id for summary in made.jobs()]
    assert tuple(made.job(detail.id.job) for detail in plan.jobs) == plan.jobs
    assert made.jobs() == tuple(BatchJobSummary(job.id, job.kind, job.state, len(job.rejections)) for job in plan.jobs)
    assert plan.session == made.id()
    assert plan.planned_jobs() == tuple(job for job in plan.jobs if job.state is JobState.Planned)
    assert made.job(JobId(f"job-{len(plan.jobs) + 1:03d}")) is None


@given(requests)
@settings(max_examples=60, deadline=None)
def test_a_detail_holds_what_the_command_said(asked: PlanRequest) -> None:
    """Kind, paths and arguments of every command are in its job; its dependencies name jobs of the session."""
    made = ENGINE.create_session(asked, 1)
    shown = made.snapshot().to_json()["jobs"]
    assert isinstance(shown, list)
    for command, detail in zip(asked.commands, shown, strict=True):
        assert isinstance(detail, dict)
        assert (detail["kind"], detail["inputs"], detail["outputs"]) == (
            command.kind,
            list(command.inputs),
            list(command.outputs),
        )
        assert detail["parameters"] == command.parameters
        known = sorted({position for position in command.depends_on if 1 <= position <= len(asked.commands)})
        assert detail["depends_on"] == [f"{made.id()}/job-{position:03d}" for position in known]


@pytest.mark.parametrize(
    "wrong", ["job-001", None, 1, SessionJobId(session().id(), FIRST)], ids=["text", "none", "number", "session job"]
)
def test_a_job_is_looked_up_by_its_id_only(wrong: JobId) -> None:
    """Anything but a JobId is refused rather than not found."""
    with pytest.raises(PlanInputError):
        session(free()).job(wrong)


def test_there_are_exactly_two_states() -> None:
    """Planned and Rejected, with their names as values (P7-20, P7-21)."""
    assert issubclass(JobState, Enum)
    assert {state.name: state.value for state in JobState} == {"Planned": "Planned", "Rejected": "Rejected"}


def public(kind: type) -> set[str]:
    """Name what a class offers."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_the_surface_is_the_specified_one() -> None:
    """Sessions, engines and monitors have the methods of the specification and no others."""
    assert public(BatchPlanSession) == {"id", "jobs", "job", "snapshot"}
    assert public(BatchEngine) == {"create_session"}
    assert public(MonitorEngine) == {"sessions", "jobs", "job", "counts", "totals"}


FIELDS = {
    JobCommand: ["kind", "inputs", "outputs", "parameters", "depends_on"],
    PlanRequest: ["commands", "parameters"],
    BatchJobSummary: ["id", "kind", "state", "rejection_count"],
    BatchJobDetail: ["id", "kind", "inputs", "outputs", "parameters", "depends_on", "state", "rejections"],
    BatchPlan: ["schema", "session", "digest", "ordinal", "catalog_digest", "parameters", "jobs", "order", "planned", "rejected"],
    SessionJobId: ["session", "job"],
    Difference: ["pointer", "left", "right"],
}


@pytest.mark.parametrize(("kind", "names"), FIELDS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_fields_are_the_specified_ones_and_have_no_defaults(kind: type[Any], names: list[str]) -> None:
    """A state, an ordinal or contents are always given, never assumed (P7-15)."""
    assert [field.name for field in fields(kind)] == names
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(kind))
    assert not hasattr(kind, "__dict__") or "__dict__" not in kind.__slots__


def test_planning_has_no_default_ordinal() -> None:
    """Both arguments of create_session are required."""
    parameters = inspect.signature(BatchEngine.create_session).parameters
    assert list(parameters) == ["self", "request", "ordinal"]
    assert all(parameter.default is inspect.Parameter.empty for parameter in parameters.values())


@given(requests, requests)
@settings(max_examples=60, deadline=None)
def test_two_plans_differ_exactly_when_their_bytes_do(left: PlanRequest, right: PlanRequest) -> None:
    """The list of differences is empty for equal plans only, is sorted in place, and turns round with the plans."""
    one, two = (ENGINE.create_session(asked, 1).snapshot() for asked in (left, right))
    found = one.diff(two)
    assert (found == ()) == (plan_bytes(one) == plan_bytes(two))
    assert one.diff(one) == ()
    turned = two.diff(one)
    assert [(item.pointer, item.left, item.right) for item in turned] == [(item.pointer, item.right, item.left) for item in found]


def test_a_difference_names_place_and_both_values() -> None:
    """One changed argument shows at its pointer, beside the identities that follow from it, and not once for each job."""
    one = session(copy_command(level=1), free(after=(1,))).snapshot()
    two = session(copy_command(level=2), free(after=(1,))).snapshot()
    found = {item.pointer: (item.left, item.right) for item in one.diff(two)}
    assert found == {
        "/session": (str(one.session), str(two.session)),
        "/digest": (one.digest, two.digest),
        "/jobs/0/parameters/level": (1, 2),
    }


def test_another_ordinal_is_the_only_difference() -> None:
    """Equal contents under two ordinals differ in the session's id and in the ordinal."""
    found = session(free(), ordinal=1).snapshot().diff(session(free(), ordinal=2).snapshot())
    assert [item.pointer for item in found] == ["/ordinal", "/session"]


def test_absent_null_and_true_are_told_apart() -> None:
    """A missing value, null, true and 1 are four different things in a difference."""
    plans = [session(parameters=given).snapshot() for given in ({}, {"p": None}, {"p": True}, {"p": 1})]
    sides = [
        [(item.left, item.right) for item in one.diff(two) if item.pointer == "/parameters/p"] for one, two in pairwise(plans)
    ]
    assert sides == [[(Absent.ABSENT, None)], [(None, True)], [(True, 1)]]
    assert [type(value) for pair in sides[2] for value in pair] == [bool, int]


def test_jobs_of_a_longer_plan_are_absent_from_the_shorter() -> None:
    """A job that only one plan has is one difference."""
    found = {item.pointer: item for item in session(free()).snapshot().diff(session(free(), free()).snapshot())}
    assert found["/jobs/1"].left is Absent.ABSENT
    assert {"/jobs/1", "/order/1", "/planned"} <= set(found)
    with pytest.raises(PlanInputError):
        session().snapshot().diff(None)  # type: ignore[arg-type]
