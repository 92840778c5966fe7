"""Jobs move by their table, run at most once, and are never said to be what they are not (execution section 7)."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import rfc8785

from buttress_runtime.execution.errors import InputValidationError, InvalidTransition, JobConflict, JobNotFound, WiringError
from buttress_runtime.execution.services import ExecutionJobState, JobExecutionService, PluginExecutionService
from buttress_runtime.execution.services.job_model import JOB_TRANSITIONS, TERMINAL, JobEvent, next_state
from buttress_runtime.job_states import PHASES, Phase, phase_of
from buttress_runtime.planning.states import JobState
from buttress_runtime.testing import ManualClock, SequentialIds
from tests.execution.support import LONG_S, Answer, Faulty, Gate, Raise, Rig, code, kind

if TYPE_CHECKING:
    from buttress_runtime.execution.isolation import PluginCall

S, E = ExecutionJobState, JobEvent

LAWFUL = {
    (None, S.PENDING): E.CREATE,
    (S.PENDING, S.RUNNING): E.RUN,
    (S.PENDING, S.CANCELLED): E.CANCEL,
    (S.RUNNING, S.SUCCESS): E.SUCCEED,
    (S.RUNNING, S.FAILED): E.FAIL,
    (S.RUNNING, S.CANCELLED): E.CANCEL,
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product([None, *S], S)), ids=str)
def test_every_pair_of_states(before: ExecutionJobState | None, after: ExecutionJobState) -> None:
    """A job moves between two states exactly where the table has an event for it."""
    events = [event for event in E if JOB_TRANSITIONS.get((before, event)) is after]
    assert events == ([LAWFUL[before, after]] if (before, after) in LAWFUL else [])


@pytest.mark.parametrize(("state", "event"), list(itertools.product(sorted(TERMINAL), E)), ids=str)
def test_ended_jobs_stay_ended(state: ExecutionJobState, event: JobEvent) -> None:
    """No event leads out of SUCCESS, FAILED or CANCELLED."""
    with pytest.raises(InvalidTransition):
        next_state(state, event)


@pytest.mark.parametrize(
    ("plugin", "status", "result"),
    [
        pytest.param(Answer({"n": 1}), S.SUCCESS, {"n": 1}, id="success"),
        pytest.param(Answer({}), S.FAILED, {}, id="invalid"),
        pytest.param(Raise(SystemExit(1)), S.FAILED, {}, id="exit"),
    ],
)
def test_a_job_ends_as_its_call_ends(plugin: object, status: ExecutionJobState, result: dict[str, object]) -> None:
    """A job is PENDING, then RUNNING, then SUCCESS exactly when the error is empty."""
    rig = Rig(plugin)
    jobs = rig.jobs()
    created = jobs.create_job("echo", {"a": 1})
    assert (created.status, created.result, created.error, created.execution_time_ms) == (S.PENDING, {}, {}, None)
    rig.clock.advance(1000)
    ended = jobs.run_job(created.id)
    assert (ended.status, ended.result, ended.error == {}) == (status, result, status is S.SUCCESS)
    assert ended == jobs.get_job(created.id)
    assert (ended.created_at, ended.execution_time_ms) == (created.created_at, 0)
    assert ended.updated_at > ended.created_at


def test_an_allowed_empty_result_is_a_success() -> None:
    """An empty result that the manifest allows is a success: the error decides, not the result."""
    jobs = Rig(Answer({}), allows_empty_result=True).jobs()
    assert jobs.run_job(jobs.create_job("echo", {}).id).status is S.SUCCESS


def test_the_state_during_the_run_is_running() -> None:
    """While the plugin runs, the job is RUNNING."""
    seen: list[object] = []

    class Looks:
        def run(self, payload: dict[str, str]) -> dict[str, int]:
            seen.extend(record.status for record in jobs.list_jobs())
            return {"ok": 1}

    jobs = Rig(Looks()).jobs()
    jobs.run_job(jobs.create_job("echo", {}).id)
    assert seen == [S.RUNNING]


def test_the_record_shows_the_payload_and_its_digest() -> None:
    """A record has the canonical digest; a payload over 32 KB is shown by reference, and the plugin gets it in full."""
    plugin = Answer()
    jobs = Rig(plugin).jobs()
    small: dict[str, object] = {"b": 1, "a": 1.5}
    large: dict[str, object] = {"a": "x" * 33_000}
    records = [jobs.create_job("echo", payload) for payload in (small, large)]  # type: ignore[arg-type]
    digests = [hashlib.sha256(rfc8785.dumps(payload)).hexdigest() for payload in (small, large)]  # type: ignore[arg-type]
    assert [record.payload_digest for record in records] == digests
    assert records[0].payload == small
    assert records[1].payload == {"artifact": {"digest": digests[1], "size": 33_008, "media_type": "application/json"}}
    jobs.run_job(records[1].id)
    assert plugin.seen == [large]


def test_records_are_copies() -> None:
    """Nothing that is done to a payload or a record changes the job."""
    jobs = Rig().jobs()
    payload: dict[str, object] = {"list": [1]}
    record = jobs.create_job("echo", payload)  # type: ignore[arg-type]
    payload["list"].append(2)  # type: ignore[attr-defined]
    record.payload["list"].append(3)  # type: ignore[union-attr]
    stored = jobs.get_job(record.id)
    assert stored is not None
    assert stored.payload == {"list": [1]}


def test_image_bytes_reach_a_plugin_for_images_as_text() -> None:
    """Bytes of an image are base64 in the record and for the plugin; plugins for objects still refuse them."""
    for kind_of_input, status in (("image", S.SUCCESS), ("object", S.FAILED)):
        plugin = Answer()
        jobs = Rig(plugin, input_kind=kind_of_input).jobs()
        record = jobs.create_job("echo", {"image": b"\x89PNG", "mime_type": "image/png"})  # type: ignore[dict-item]
        assert record.payload["image"] == "iVBORw=="
        assert jobs.run_job(record.id).status is status
        assert [seen["image"] for seen in plugin.seen] == ["iVBORw=="] * (status is S.SUCCESS)


@pytest.mark.parametrize("payload", [None, [], "x", {"a": float("nan")}, {1: 2}, {"a": {1}}], ids=repr)
def test_what_is_no_json_object_makes_no_job(payload: object) -> None:
    """A payload that is no JSON object is refused and leaves no job behind."""
    jobs = Rig().jobs()
    with pytest.raises(InputValidationError):
        jobs.create_job("echo", payload)  # type: ignore[arg-type]
    assert jobs.list_jobs() == ()


@pytest.mark.parametrize("name", [None, 7, ["echo"]], ids=repr)
def test_a_name_that_is_no_text_makes_no_job(name: str) -> None:
    """There is no default plugin: a job needs a name."""
    with pytest.raises(InputValidationError, match="plugin"):
        Rig().jobs().create_job(name, {})


def test_an_unknown_plugin_makes_a_job_that_fails() -> None:
    """Everything else is a job that can fail."""
    jobs = Rig().jobs()
    ended = jobs.run_job(jobs.create_job("nobody", {}).id)
    assert (ended.status, code(ended.error)) == (S.FAILED, "not_found")


def test_running_a_job_twice_is_a_conflict() -> None:
    """A job that is not pending cannot be run, and what is not there cannot either."""
    jobs = Rig().jobs()
    job = jobs.create_job("echo", {})
    jobs.run_job(job.id)
    with pytest.raises(JobConflict) as caught:
        jobs.run_job(job.id)
    assert caught.value.code == "conflict"
    with pytest.raises(JobNotFound):
        jobs.run_job("nobody")


def test_of_fifty_callers_one_runs_the_job() -> None:
    """Fifty concurrent callers give one run and forty-nine conflicts."""
    plugin = Answer()
    jobs = Rig(plugin).jobs()
    job = jobs.create_job("echo", {})
    barrier = threading.Barrier(50)

    def call() -> object:
        barrier.wait(LONG_S)
        try:
            return jobs.run_job(job.id).status
        except JobConflict as exc:
            return exc.code

    with ThreadPoolExecutor(50) as pool:
        answers = [future.result(LONG_S) for future in [pool.submit(call) for _ in range(50)]]
    assert sorted(map(str, answers)) == ["SUCCESS"] + ["conflict"] * 49
    assert len(plugin.seen) == 1


def test_cancelling_by_state() -> None:
    """A pending job is cancelled, one that runs inside this process is not, one that ended is not, a second time is fine."""
    gate = Gate()
    jobs = Rig(gate).jobs()
    pending, running = jobs.create_job("echo", {}), jobs.create_job("echo", {})
    assert jobs.cancel_job(pending.id).accepted
    again = jobs.cancel_job(pending.id)
    assert (again.accepted, again.state) == (True, S.CANCELLED)
    with pytest.raises(JobConflict):
        jobs.run_job(pending.id)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(jobs.run_job, running.id)
        gate.wait_begun()
        refused = jobs.cancel_job(running.id)
        assert (refused.accepted, refused.state) == (False, S.RUNNING)
        assert "cannot be stopped" in refused.reason
        gate.go.set()
        assert call.result(LONG_S).status is S.SUCCESS
    late = jobs.cancel_job(running.id)
    assert (late.accepted, late.state, "ended" in late.reason) == (False, S.SUCCESS, True)
    nobody = jobs.cancel_job("nobody")
    assert (nobody.accepted, nobody.state) == (False, None)
    cancelled = jobs.get_job(pending.id)
    assert cancelled is not None
    assert (cancelled.status, code(cancelled.error)) == (S.CANCELLED, "cancelled")


class Stoppable:
    """Isolation whose calls can be stopped, or say that they cannot."""

    def __init__(self, *, stops: bool) -> None:
        self.begun, self.leave = threading.Event(), threading.Event()
        self._stops = stops

    def execute(self, call: PluginCall) -> object:
        token = call.context.cancel_token
        assert token is not None
        assert token.begin(self._stop)
        self.begun.set()
        assert self.leave.wait(LONG_S)
        return {"late": True}

    def _stop(self) -> bool:
        return self._stops


@pytest.mark.parametrize(("stops", "status"), [(True, S.CANCELLED), (False, S.SUCCESS)], ids=["stopped", "not-stopped"])
def test_a_running_job_is_cancelled_only_when_its_worker_is_gone(stops: bool, status: ExecutionJobState) -> None:
    """Where calls can be stopped, the confirmed end of the worker makes the job CANCELLED, and a late result is dropped."""
    isolation = Stoppable(stops=stops)
    jobs = Rig(isolation=isolation).jobs()
    job = jobs.create_job("echo", {})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(jobs.run_job, job.id)
        assert isolation.begun.wait(LONG_S)
        answer = jobs.cancel_job(job.id)
        isolation.leave.set()
        ended = call.result(LONG_S)
    assert (answer.accepted, ended.status) == (stops, status)
    assert ended.result == ({} if stops else {"late": True})


def test_a_job_whose_token_was_cancelled_during_the_call_is_cancelled() -> None:
    """A call that ends as cancelled makes its job CANCELLED, whoever notices first."""

    class CancelsItself:
        def execute(self, call: PluginCall) -> object:
            token = call.context.cancel_token
            assert token is not None
            token.abandon()
            raise RuntimeError("stopped")

    jobs = Rig(isolation=CancelsItself()).jobs()
    assert jobs.run_job(jobs.create_job("echo", {}).id).status is S.CANCELLED


@pytest.mark.parametrize(
    "exc", [KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError()], ids=lambda exc: type(exc).__name__
)
def test_a_signal_leaves_no_job_running(exc: BaseException) -> None:
    """A process signal during a job goes on to the caller; the job is FAILED and in doubt."""
    jobs = Rig(faulty=("isolation", "execute", exc)).jobs()
    job = jobs.create_job("echo", {})
    with pytest.raises(type(exc)):
        jobs.run_job(job.id)
    ended = jobs.get_job(job.id)
    assert ended is not None
    assert (ended.status, code(ended.error)) == (S.FAILED, "in_doubt")


def test_an_unexpected_fault_fails_the_job() -> None:
    """A layer below that raises against its promise makes the job FAILED with an internal error."""
    rig = Rig()
    broken = Faulty(PluginExecutionService(rig.runner), "execute", RuntimeError("x"))
    jobs = JobExecutionService(broken, rig.clock, SequentialIds())  # type: ignore[arg-type]
    ended = jobs.run_job(jobs.create_job("echo", {}).id)
    assert (ended.status, kind(ended.error)) == (S.FAILED, "InternalError")


def test_the_internal_part_is_for_operators() -> None:
    """A record's error has no internal part; operators can ask for it."""
    jobs = Rig(Raise(ValueError("x"))).jobs()
    job = jobs.run_job(jobs.create_job("echo", {}).id)
    assert set(job.error) == {"error"}
    assert "Traceback" in str(jobs.diagnostics(job.id)["traceback"])
    assert jobs.diagnostics("nobody") == {}


def test_jobs_are_listed_newest_first_and_filtered() -> None:
    """Lists are newest first, filtered by state and plugin, and limited."""
    jobs = Rig().jobs()
    made = [jobs.create_job(name, {}).id for name in ("echo", "nobody", "echo", "echo")]
    for job_id in made[:2]:
        jobs.run_job(job_id)
    assert [record.id for record in jobs.list_jobs()] == made[::-1]
    assert [record.id for record in jobs.list_jobs(limit=2)] == [made[3], made[2]]
    assert [record.id for record in jobs.list_jobs(status=S.FAILED)] == [made[1]]
    assert [record.id for record in jobs.list_jobs(status=S.PENDING, plugin="echo", limit=1)] == [made[3]]
    assert jobs.list_jobs(limit=0) == ()


def test_the_oldest_ended_jobs_are_dropped() -> None:
    """So many ended jobs are kept, by the order of their ends; pending ones are never dropped."""
    jobs = Rig().jobs(terminal_kept=2)
    first, *others = [jobs.create_job("echo", {}).id for _ in range(5)]
    for job_id in reversed(others):
        jobs.run_job(job_id)
    assert [record.id for record in jobs.list_jobs()] == [others[1], others[0], first]


@pytest.mark.parametrize("part", ["plugins", "clock", "ids"])
def test_every_part_is_required(part: str) -> None:
    """A service without one of its parts cannot be built."""
    parts: dict[str, object] = {"plugins": 1, "clock": ManualClock(), "ids": SequentialIds()} | {part: None}
    with pytest.raises(WiringError, match=part):
        JobExecutionService(**parts)  # type: ignore[arg-type]


def test_every_state_has_one_phase() -> None:
    """The mapping for display is total and has each state of each package once; a cancelled job shows as cancelled."""
    shown = [(type(state), state.name) for states in PHASES.values() for state in states]
    assert len(shown) == len(set(shown))
    assert set(shown) == {(type(state), state.name) for state in (*JobState, *ExecutionJobState)}
    assert set(PHASES) == set(Phase)
    assert phase_of(S.CANCELLED) is Phase.CANCELLED
    with pytest.raises(LookupError):
        phase_of(Phase.RUNNING)
