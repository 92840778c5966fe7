"""Nothing that is done to an answer, or to what was given, shows in a later answer (PLAN-2, P7-27)."""

from __future__ import annotations

import copy
import gc
import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from buttress_runtime.planning import (
    BatchEngine,
    BatchPlanSession,
    CommandCatalog,
    CommandRule,
    JobCommand,
    JobId,
    JobState,
    MonitorEngine,
    ParameterRule,
    PlanRequest,
    SessionJobId,
)
from tests.planning.strategies import requests
from tests.planning.support import CATALOG, free, mixed_request, plan_bytes, request, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = ("id", "jobs", "job", "snapshot")


def mixed() -> BatchPlanSession:
    """Plan the request with jobs of both states."""
    return BatchEngine(CATALOG).create_session(mixed_request(), 3)


def said(made: BatchPlanSession) -> tuple[object, ...]:
    """Everything a session says, as text."""
    ids = [JobId(f"job-{number:03d}") for number in range(1, 10)]
    return (
        plan_bytes(made.snapshot()),
        repr(made.id()),
        repr(made.jobs()),
        repr([made.job(job) for job in ids]),
        repr(made.snapshot()),
    )


def answers(made: BatchPlanSession) -> Iterator[object]:
    """Ask a session, and a monitor of it, everything."""
    monitor = MonitorEngine([made])
    yield from (made.id(), made.jobs(), made.snapshot(), made.snapshot().to_json(), made.snapshot().planned_jobs())
    yield from (made.snapshot().diff(session(free()).snapshot()), monitor.sessions(), monitor.jobs(made.id()), monitor.totals())
    for job in made.jobs():
        yield made.job(job.id.job)
        yield monitor.job(job.id)


def reachable(value: object) -> Iterator[object]:
    """Walk from an answer to everything it holds."""
    yield value
    if is_dataclass(value):
        parts: list[object] = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, (dict, MappingProxyType)):
        parts = list(value.values())
    else:
        parts = list(value) if isinstance(value, (tuple, list)) else []
    for part in parts:
        yield from reachable(part)


class Thief:
    """Gets hold of the dict behind a mapping proxy, which hands it over when it is compared."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dict):
            other.clear()
            other["stolen"] = True
        return True

    __hash__ = None  # type: ignore[assignment]


def attack(value: object) -> int:
    """Change a value by every means Python offers; give the number of changes that succeeded."""
    done = 0
    if is_dataclass(value):
        for field in fields(value):
            with pytest.raises(FrozenInstanceError):
                setattr(value, field.name, None)
            with pytest.raises(FrozenInstanceError):
                delattr(value, field.name)
            object.__setattr__(value, field.name, None)
            done += 1
    elif isinstance(value, MappingProxyType):
        with pytest.raises(TypeError):
            value["new"] = 1  # type: ignore[index]
        assert value == Thief()
        for inner in gc.get_referents(value):
            inner.clear()
        done += 1
    elif isinstance(value, tuple):
        assert not hasattr(value, "append")
        with pytest.raises(TypeError):
            value[0] = 1  # type: ignore[index]
    elif isinstance(value, (list, dict)):
        value.clear()
        done += 1
    return done


def test_attacks_on_every_answer_do_not_show() -> None:
    """Every object that can be reached from any answer is changed by force, and the session says what it said before."""
    made = mixed()
    before = said(made)
    held = [part for answer in answers(made) for part in reachable(answer)]
    done = sum(attack(part) for part in held)
    assert done > 300
    assert said(made) == before


def test_the_frozen_containers_are_really_attacked() -> None:
    """The attack of the tests works: on a copy that was handed out, it does show."""
    plan = mixed().snapshot()
    assert plan.parameters["note"] == "mixed"
    attack(plan.parameters)
    assert "note" not in plan.parameters


def test_a_state_keeps_its_text_when_its_member_is_damaged() -> None:
    """The text of a state comes from the string that it is, which cannot change, and not from the attributes of the member."""
    made = mixed()
    before = plan_bytes(made.snapshot())
    try:
        object.__setattr__(JobState.Rejected, "_value_", "Planned")
        object.__setattr__(JobState.Rejected, "_name_", "Planned")
        assert plan_bytes(made.snapshot()) == before
    finally:
        object.__setattr__(JobState.Rejected, "_value_", "Rejected")
        object.__setattr__(JobState.Rejected, "_name_", "Rejected")


@given(requests)
@settings(max_examples=40, deadline=None)
def test_repeated_calls_give_equal_values(asked: PlanRequest) -> None:
    """All four methods answer alike each time, with objects of their own (P7-26)."""
    made = BatchEngine(CATALOG).create_session(asked, 1)
    assert said(made) == said(made)
    assert made.snapshot() == made.snapshot()
    assert made.snapshot() is not made.snapshot()
    assert made.id() is not made.id()


@pytest.mark.parametrize("name", [*NAMES, "_plan", "_by_id", "new", "__class__"])
def test_a_session_takes_no_attributes(name: str) -> None:
    """Neither setting nor deleting works, for methods, slots and new names alike."""
    made = mixed()
    before = said(made)
    with pytest.raises(AttributeError):
        setattr(made, name, None)
    with pytest.raises(AttributeError):
        delattr(made, name)
    assert said(made) == before
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize("kind", ["session", "engine", "monitor"])
def test_nothing_is_constructed_twice(kind: str) -> None:
    """Calling the constructor of an existing object again does not change it."""
    made, other = mixed(), session(free())
    subject: Any = {"session": made, "engine": BatchEngine(CATALOG), "monitor": MonitorEngine([made])}[kind]
    argument = {"session": other.snapshot(), "engine": CommandCatalog(()), "monitor": [other]}[kind]
    with pytest.raises(AttributeError):
        subject.__init__(argument)
    with pytest.raises(AttributeError):
        subject.extra = 1
    with pytest.raises(AttributeError):
        del subject._catalog


@pytest.mark.parametrize(
    "how", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))], ids=["copy", "deepcopy", "pickle"]
)
def test_copies_of_a_session_are_equal_or_refused(how: Callable[[Any], Any]) -> None:
    """A copy equals its original and is as immutable; pickling raises."""
    made = mixed()
    before = said(made)
    with suppress(TypeError):
        copied = how(made)
        assert copied == made
        assert said(copied) == before
        with pytest.raises(AttributeError):
            copied._plan = None
    assert said(made) == before


@pytest.mark.parametrize(
    "how", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))], ids=["copy", "deepcopy", "pickle"]
)
def test_copies_of_answers_are_equal_or_refused(how: Callable[[Any], Any]) -> None:
    """Whatever an answer is copied to, changing the copy does not reach the session."""
    made = mixed()
    before = said(made)
    for answer in answers(made):
        with suppress(TypeError):
            copied = how(answer)
            assert copied == answer
            for part in list(reachable(copied)):
                attack(part)
    assert said(made) == before


def test_what_was_given_can_change_without_effect() -> None:
    """Containers of the caller, nested ones and subclasses included, are copied before planning."""
    inner: dict[str, Any] = {"list": [1, {"deep": [2]}]}
    outputs, after, shared = ["x"], [2], {"p": [1]}
    command = JobCommand("free", (), outputs, {"value": inner}, after)  # type: ignore[arg-type]
    listed = [command, free()]
    made = BatchEngine(CATALOG).create_session(PlanRequest(listed, shared), 1)  # type: ignore[arg-type]
    before = said(made)
    inner["list"][1]["deep"].append(3)
    inner["new"] = 1
    outputs.append("y")
    after.clear()
    shared.clear()
    listed.pop()
    object.__setattr__(command, "kind", "changed")
    assert said(made) == before


def test_the_catalog_of_an_engine_can_change_without_effect() -> None:
    """Neither the rules given nor the containers they came in reach the engine after its creation."""
    parameters, allowed = [ParameterRule("p", "any")], [1]
    limited = ParameterRule("q", "any", allowed=allowed)  # type: ignore[arg-type]
    rules = [CommandRule("k", parameters), CommandRule("l", (limited,))]  # type: ignore[arg-type]
    catalog = CommandCatalog(rules)  # type: ignore[arg-type]
    engine = BatchEngine(catalog)
    asked = request(free(kind="k", parameters={"p": 1}), free(kind="l", parameters={"q": 1}))
    before = said(engine.create_session(asked, 1))
    parameters.clear()
    allowed.clear()
    object.__setattr__(rules[0], "kind", "changed")
    object.__setattr__(catalog.rules[1].parameters[0], "required", True)
    object.__setattr__(catalog.rules[1].parameters[0], "name", "z")
    rules.clear()
    object.__setattr__(catalog, "rules", ())
    assert said(engine.create_session(asked, 1)) == before


def test_a_monitor_keeps_its_own_list() -> None:
    """The list that a monitor was given can change afterwards."""
    given_list = [mixed()]
    monitor = MonitorEngine(given_list)
    given_list.append(session(free()))
    assert len(monitor.sessions()) == 1
    assert monitor.job(SessionJobId(given_list[0].id(), JobId("job-001"))) is not None


def test_sessions_can_be_kept_in_sets() -> None:
    """Equal sessions count as one, sessions of other contents or ordinals do not."""
    assert len({mixed(), mixed(), session(free()), session(free(), ordinal=2)}) == 3
    assert session(free()) != session(free(), ordinal=2)
