"""The monitor: says what sessions say, in the order given, and changes nothing (PLAN-6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress_runtime.planning import (
    BatchEngine,
    Counts,
    DuplicateSession,
    JobId,
    MonitorEngine,
    PlanInputError,
    PlanningError,
    PlanRequest,
    SessionJobId,
    UnknownSession,
)
from tests.planning.strategies import requests
from tests.planning.support import CATALOG, free, mixed_request, plan_bytes, session

if TYPE_CHECKING:
    from random import Random

SESSIONS: list[Any] = [
    session(free(), ordinal=9),
    BatchEngine(CATALOG).create_session(mixed_request(), 2),
    session(),
    session(free(kind="fly")),
]
STRANGER = session(free(), ordinal=77)
FIRST = JobId("job-001")


@given(st.lists(requests, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_monitor_says_what_the_sessions_say(asked: list[PlanRequest], random: Random) -> None:
    """Order, jobs, details and counts are those of the sessions, in whatever order they are given."""
    made = [BatchEngine(CATALOG).create_session(item, ordinal) for ordinal, item in enumerate(asked, 1)]
    random.shuffle(made)
    monitor = MonitorEngine(iter(made))
    assert monitor.sessions() == tuple(item.id() for item in made)
    for item in made:
        plan = item.snapshot()
        assert monitor.jobs(item.id()) == item.jobs()
        assert tuple(monitor.job(job.id) for job in item.jobs()) == plan.jobs
        assert monitor.counts(item.id()) == Counts(1, plan.planned, plan.rejected)
    plans = [item.snapshot() for item in made]
    assert monitor.totals() == Counts(len(plans), sum(plan.planned for plan in plans), sum(plan.rejected for plan in plans))


def test_counts_are_those_of_the_sessions() -> None:
    """Planned and rejected jobs are counted for each session and over all of them."""
    monitor = MonitorEngine(SESSIONS)
    assert [monitor.counts(item) for item in monitor.sessions()] == [
        Counts(1, 1, 0),
        Counts(1, 3, 5),
        Counts(1, 0, 0),
        Counts(1, 0, 1),
    ]
    assert monitor.totals() == Counts(4, 4, 6)


def test_a_monitor_of_nothing() -> None:
    """Without sessions there is nothing to list, and the counts are zero."""
    monitor = MonitorEngine(())
    assert monitor.sessions() == ()
    assert monitor.totals() == Counts(0, 0, 0)


def test_an_unknown_session_is_an_error_and_an_unknown_job_is_none() -> None:
    """The two ways of not finding a job are told apart."""
    monitor = MonitorEngine(SESSIONS)
    assert monitor.job(SessionJobId(SESSIONS[0].id(), JobId("job-999"))) is None
    for ask in (
        lambda: monitor.jobs(STRANGER.id()),
        lambda: monitor.counts(STRANGER.id()),
        lambda: monitor.job(SessionJobId(STRANGER.id(), FIRST)),
    ):
        with pytest.raises(UnknownSession) as caught:
            ask()
        assert caught.value.id == STRANGER.id()
        assert isinstance(caught.value, PlanningError)
        assert STRANGER.id().short in str(caught.value)


def test_a_session_is_given_once() -> None:
    """Ids are never used twice, not even by the same session (P7-13)."""
    again = session(free(), ordinal=9)
    with pytest.raises(DuplicateSession) as caught:
        MonitorEngine([*SESSIONS, again])
    assert caught.value.id == again.id()
    assert caught.value.hint


@pytest.mark.parametrize("wrong", [None, "job-001", FIRST, SESSIONS[0]], ids=["none", "text", "bare job", "session"])
def test_questions_without_a_session_are_refused(wrong: object) -> None:
    """Nothing is looked up by a bare job id or by text (P7-17, P7-42)."""
    monitor = MonitorEngine(SESSIONS)
    for ask in (monitor.job, monitor.jobs, monitor.counts):
        with pytest.raises(PlanInputError):
            ask(wrong)  # type: ignore[arg-type]
    with pytest.raises(PlanInputError) as caught:
        MonitorEngine([SESSIONS[0], wrong] if wrong is not SESSIONS[0] else [None])  # type: ignore[list-item]
    assert caught.value.pointer.startswith("/sessions/")


def test_a_thousand_reads_from_eight_threads_change_nothing() -> None:
    """Whatever is read at the same time, every reader gets the same answers, and the sessions stay as they are."""
    monitor = MonitorEngine(SESSIONS)
    before = [plan_bytes(item.snapshot()) for item in SESSIONS]

    def read(number: int) -> tuple[object, ...]:
        item = SESSIONS[number % len(SESSIONS)]
        detail = monitor.job(SessionJobId(item.id(), FIRST))
        return (
            number % len(SESSIONS),
            repr(monitor.jobs(item.id())),
            repr(detail),
            monitor.counts(item.id()),
            monitor.totals(),
            monitor.sessions(),
        )

    expected = {read(number) for number in range(len(SESSIONS))}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(1000))) == expected
    assert [plan_bytes(item.snapshot()) for item in SESSIONS] == before
