"""The analysis service runs analyses now or later, always as jobs (execution section 7)."""

from __future__ import annotations

import threading

import pytest

from buttress_runtime.execution.errors import InputValidationError, RateLimited, WiringError
from buttress_runtime.execution.services import AnalysisExecutionService, ExecutionJobState
from tests.execution.support import LONG_S, Answer, Faulty, Gate, Raise, Rig, code, kind

S = ExecutionJobState


def ended(service: AnalysisExecutionService, job_id: str) -> ExecutionJobState:
    """Wait until a job has ended and return its state."""
    service.close()
    record = service.get(job_id)
    assert record is not None
    return record.status


def test_a_synchronous_analysis_is_a_job() -> None:
    """`execute` answers the pair of the call and leaves its job in the list."""
    with Rig(Answer({"n": 1})).analysis() as service:
        assert service.execute("echo", {"a": 1}) == ({"n": 1}, {})
        [record] = service.list()
        assert (record.plugin, record.status, record.result) == ("echo", S.SUCCESS, {"n": 1})


@pytest.mark.parametrize(
    ("plugin", "name", "payload", "expected"),
    [
        pytest.param(Raise(KeyboardInterrupt()), "echo", {}, "plugin_exit", id="plugin"),
        pytest.param(Answer(), "nobody", {}, "not_found", id="unknown"),
        pytest.param(Answer(), "echo", None, "invalid_input", id="no-object"),
        pytest.param(Answer(), None, {}, "invalid_input", id="no-name"),
        pytest.param(Answer(), "echo", {"a": "x" * 5_000_000}, "payload_too_large", id="too-large"),
    ],
)
def test_a_failed_analysis_gives_the_public_envelope(
    plugin: object, name: str, payload: dict[str, object], expected: str
) -> None:
    """Every failure comes back as an envelope without its internal part."""
    with Rig(plugin).analysis() as service:
        result, error = service.execute(name, payload)  # type: ignore[arg-type]
    assert (result, code(error), set(error)) == ({}, expected, {"error"})


@pytest.mark.parametrize("method", ["create_job", "run_job"])
def test_an_unexpected_fault_is_an_internal_error(method: str) -> None:
    """A layer below that raises against its promise gives an internal error without its text."""
    broken = Faulty(Rig().jobs(), method, RuntimeError("hunter2"))
    with AnalysisExecutionService(broken) as service:  # type: ignore[arg-type]
        result, error = service.execute("echo", {})
    assert (result, kind(error)) == ({}, "InternalError")
    assert "hunter2" not in str(error)


def test_a_submitted_analysis_runs_on_another_thread() -> None:
    """`submit` returns at once; the job can be asked for, listed, and ends."""
    gate = Gate()
    service = Rig(gate).analysis()
    job_id = service.submit("echo", {"a": 1})
    gate.wait_begun()
    record = service.get(job_id)
    assert record is not None
    assert (record.status, record.plugin) == (S.RUNNING, "echo")
    assert [listed.id for listed in service.list(status=S.RUNNING, plugin="echo", limit=5)] == [job_id]
    gate.go.set()
    assert ended(service, job_id) is S.SUCCESS


def test_a_waiting_analysis_can_be_cancelled() -> None:
    """A job that has no thread yet is cancelled and never runs; a running one is not cancelled."""
    gate = Gate()
    service = Rig(gate).analysis(workers=1)
    running, waiting = service.submit("echo", {}), service.submit("echo", {})
    gate.wait_begun()
    assert service.cancel(waiting).accepted
    assert not service.cancel(running).accepted
    gate.go.set()
    assert ended(service, running) is S.SUCCESS
    assert ended(service, waiting) is S.CANCELLED
    assert not gate.begun.acquire(blocking=False)


def test_closing_cancels_what_waits() -> None:
    """A closed service lets running jobs end and leaves none pending."""
    gate = Gate()
    service = Rig(gate).analysis(workers=1)
    running, waiting = service.submit("echo", {}), service.submit("echo", {})
    gate.wait_begun()
    closing = threading.Thread(target=service.close)
    closing.start()
    while service.list(status=S.PENDING):
        closing.join(0.001)
    gate.go.set()
    closing.join(LONG_S)
    assert ended(service, running) is S.SUCCESS
    assert ended(service, waiting) is S.CANCELLED


def test_too_many_waiting_analyses_are_refused() -> None:
    """Beyond the queue a submission is refused, leaves no job, and room comes back when jobs end."""
    gate = Gate()
    service = Rig(gate).analysis(workers=1, queued=1)
    first = [service.submit("echo", {}) for _ in range(2)]
    with pytest.raises(RateLimited):
        service.submit("echo", {})
    assert len(service.list()) == 2
    gate.go.set()
    assert [ended(service, job_id) for job_id in first[:1]] == [S.SUCCESS]


def test_refused_submissions_take_no_room() -> None:
    """A payload that makes no job leaves the room of the queue as it was."""
    service = Rig().analysis(workers=1, queued=0)
    for _ in range(3):
        with pytest.raises(InputValidationError):
            service.submit("echo", None)  # type: ignore[arg-type]
    assert ended(service, service.submit("echo", {})) is S.SUCCESS


def test_the_job_service_is_required() -> None:
    """A service without jobs cannot be built."""
    with pytest.raises(WiringError, match="jobs"):
        AnalysisExecutionService(None)  # type: ignore[arg-type]
