"""The tool runner keeps the order of its steps and lets nothing past its books (execution section 2)."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_runtime.execution.cancel import CancelToken
from buttress_runtime.execution.errors import WiringError
from buttress_runtime.execution.plugin import CallContext, PluginLifecycle
from buttress_runtime.execution.runner import ToolRunner
from buttress_runtime.testing import ManualClock
from tests.execution.support import Answer, AnswerAsync, Gate, Raise, RaiseAsync, Rig, code, kind


class Custom(BaseException):
    pass


class PayloadValidationProblem(Exception):  # noqa: N818
    pass


class PluginTrouble(Exception):  # noqa: N818
    pass


PLUGIN_FAULTS = [
    pytest.param(ValueError("no"), "ExecutionError", "plugin_error", id="exception"),
    pytest.param(SystemExit(3), "ExecutionError", "plugin_exit", id="system-exit"),
    pytest.param(KeyboardInterrupt(), "ExecutionError", "plugin_exit", id="keyboard-interrupt"),
    pytest.param(asyncio.CancelledError(), "ExecutionError", "plugin_error", id="cancelled-error"),
    pytest.param(GeneratorExit(), "ExecutionError", "plugin_error", id="generator-exit"),
    pytest.param(Custom("own"), "ExecutionError", "plugin_error", id="own-base-exception"),
    pytest.param(PayloadValidationProblem("x"), "ValidationError", "plugin_error", id="named-validation"),
    pytest.param(PluginTrouble("x"), "PluginError", "plugin_error", id="named-plugin"),
    pytest.param(MemoryError(), "ExecutionError", "plugin_error", id="memory-error"),
    pytest.param(RecursionError("deep"), "ExecutionError", "plugin_error", id="recursion-error"),
]

SIGNALS = [
    pytest.param(KeyboardInterrupt(), id="keyboard-interrupt"),
    pytest.param(SystemExit(2), id="system-exit"),
    pytest.param(asyncio.CancelledError(), id="cancelled-error"),
]

STEPS = [
    pytest.param(("validators", "validate_input_payload"), id="step-1"),
    pytest.param(("registry", "require_callable"), id="step-2"),
    pytest.param(("validators", "validate_manifest_input"), id="step-3"),
    pytest.param(("registry", "begin_call"), id="step-5"),
    pytest.param(("isolation", "execute"), id="step-6"),
    pytest.param(("validators", "validate_plugin_output"), id="step-7"),
]


def assert_one_call(rig: Rig, *, errors: int, state: PluginLifecycle = PluginLifecycle.INITIALIZED) -> None:
    """Assert that exactly one call was counted and that the plugin is at rest."""
    status = rig.registry.status("echo")
    assert (status.success_count, status.error_count) == (1 - errors, errors)
    assert (status.state, status.active_calls) == (state, 0)


@pytest.mark.parametrize("make", [Answer, AnswerAsync], ids=["sync", "async"])
def test_a_call_returns_the_result_and_an_empty_error(make: type) -> None:
    """A call that works returns what the plugin returned, and `{}` as its error."""
    rig = Rig(make({"n": 1}))
    assert rig.runner.run("echo", {"a": 1}) == ({"n": 1}, {})
    assert_one_call(rig, errors=0)


@pytest.mark.parametrize(("exc", "envelope", "expected"), PLUGIN_FAULTS)
@pytest.mark.parametrize("make", [Raise, RaiseAsync], ids=["sync", "async"])
def test_whatever_a_plugin_raises_becomes_an_envelope(make: type, exc: BaseException, envelope: str, expected: str) -> None:
    """No exception of a plugin leaves the runner, and each counts as one error."""
    rig = Rig(make(exc))
    result, error = rig.runner.run("echo", {})
    assert (result, kind(error), code(error)) == ({}, envelope, expected)
    assert_one_call(rig, errors=1)


@pytest.mark.parametrize("exc", SIGNALS)
@pytest.mark.parametrize("step", STEPS)
def test_signals_of_the_calling_task_go_on_after_the_metrics(step: tuple[str, str], exc: BaseException) -> None:
    """A process signal that hits the caller is raised again when the call is counted and the plugin at rest."""
    rig = Rig(faulty=(*step, exc))
    with pytest.raises(type(exc)):
        rig.runner.run("echo", {})
    status = rig.registry.status("echo")
    assert (status.error_count, status.active_calls) == (1, 0)
    assert status.state is not PluginLifecycle.RUNNING


@pytest.mark.parametrize("exc", [RuntimeError("x"), Custom("x"), GeneratorExit()], ids=["exception", "base", "generator-exit"])
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_of_the_runtime_is_an_internal_error(step: tuple[str, str], exc: BaseException) -> None:
    """A part of the runtime that breaks gives an internal error, one count and a plugin at rest."""
    rig = Rig(faulty=(*step, exc))
    result, error = rig.runner.run("echo", {})
    assert (result, kind(error), code(error)) == ({}, "InternalError", "internal")
    status = rig.registry.status("echo")
    assert (status.error_count, status.success_count, status.active_calls) == (1, 0, 0)


@pytest.mark.parametrize(
    ("name", "payload", "envelope", "expected"),
    [
        pytest.param("echo", None, "ValidationError", "invalid_input", id="step-1-none"),
        pytest.param("echo", {"a": float("nan")}, "ValidationError", "invalid_input", id="step-1-nan"),
        pytest.param("nobody", {"n": 1}, "PluginError", "not_found", id="step-2-unknown"),
        pytest.param(None, {"n": 1}, "PluginError", "not_found", id="step-2-no-name"),
        pytest.param(["echo"], {"n": 1}, "PluginError", "not_found", id="step-2-unhashable"),
        pytest.param("echo", {"n": "x"}, "ValidationError", "invalid_input", id="step-3-schema"),
        pytest.param("nobody", None, "ValidationError", "invalid_input", id="step-1-before-2"),
    ],
)
def test_refused_calls_name_the_first_step_that_refuses(
    name: str, payload: dict[str, object], envelope: str, expected: str
) -> None:
    """The steps run in their order, and the first that refuses decides the envelope."""
    schema = {"properties": {"n": {"type": "integer"}}}
    rig = Rig(input_schema=schema)
    result, error = rig.runner.run(name, payload)  # type: ignore[arg-type]
    assert (result, kind(error), code(error)) == ({}, envelope, expected)
    known = name == "echo"
    assert rig.registry.status("echo").error_count == int(known)
    assert rig.registry.unresolved_calls == int(not known)
    assert rig.registry.status("echo").state is PluginLifecycle.LOADED


def test_a_closed_plugin_is_refused_and_stays_closed() -> None:
    """A call of a disabled plugin is refused, counted, and changes nothing of its state."""
    rig = Rig()
    rig.registry.disable("echo")
    _, error = rig.runner.run("echo", {})
    assert (kind(error), code(error)) == ("PluginError", "plugin_unavailable")
    assert_one_call(rig, errors=1, state=PluginLifecycle.UNAVAILABLE)


def test_a_failed_initialise_closes_the_plugin() -> None:
    """What the factory raises, a process signal included, makes the plugin FAILED and the call unavailable."""

    def broken() -> Answer:
        raise SystemExit(9)

    rig = Rig(factory=broken)
    _, error = rig.runner.run("echo", {})
    assert (kind(error), code(error)) == ("PluginError", "plugin_unavailable")
    assert_one_call(rig, errors=1, state=PluginLifecycle.FAILED)


@pytest.mark.parametrize("method", ["monotonic_ms", "now"])
def test_a_broken_clock_breaks_no_call(method: str) -> None:
    """A call answers and is counted although the clock that measures it is broken."""
    rig = Rig(faulty=("clock", method, OSError("no clock")))
    result, error = rig.runner.run("echo", {})
    assert (result, error) == ({"ok": True}, {}) if method == "now" else code(error) == "internal"
    assert_one_call(rig, errors=int(method == "monotonic_ms"), state=rig.registry.status("echo").state)


@pytest.mark.parametrize("exc", [RuntimeError("x"), Custom("x"), SystemExit(1)], ids=["exception", "base", "system-exit"])
@pytest.mark.parametrize("method", ["end_call", "update_execution_metrics"])
@pytest.mark.parametrize("plugin", [Answer(), Raise(ValueError("no"))], ids=["success", "error"])
def test_a_metrics_fault_never_replaces_the_result(method: str, exc: BaseException, plugin: object) -> None:
    """A registry that fails after the call changes nothing of what the caller gets, and leaves an event."""
    expected, expected_error = Rig(plugin).runner.run("echo", {})
    rig = Rig(plugin, faulty=("registry", method, exc))
    result, error = rig.runner.run("echo", {})
    assert (result, error == {}) == (expected, expected_error == {})
    [event] = rig.events.events
    assert (event.code, event.plugin, event.details["step"]) == ("BT-EVT-PLUG-001", "echo", method)


def test_a_metrics_fault_is_logged_where_no_sink_is_given(caplog: pytest.LogCaptureFixture) -> None:
    """Without a sink of its own the runner writes its events to its log."""
    rig = Rig(faulty=("registry", "end_call", RuntimeError("x")))
    runner = ToolRunner(rig.runner._registry, rig.runner._validators, rig.runner._isolation, rig.clock, rig.log)
    assert runner.run("echo", {})[1] == {}
    [event] = [message for message in caplog.messages if message.startswith("event ")]
    assert json.loads(event.removeprefix("event "))["code"] == "BT-EVT-PLUG-001"


def test_a_clock_that_breaks_during_the_call_loses_only_the_time() -> None:
    """When the time cannot be read at the end, the call counts with 0 ms and its result stands."""

    class BreaksLater(ManualClock):
        reads = 0

        def monotonic_ms(self) -> int:
            self.reads += 1
            if self.reads > 1:
                raise OSError("no clock")
            return 5

    rig = Rig(clock=BreaksLater())
    assert rig.runner.run("echo", {}) == ({"ok": True}, {})
    assert rig.registry.status("echo").last_execution_time_ms == 0


def test_a_metrics_fault_never_replaces_a_signal() -> None:
    """The caller's own signal is raised again although the metrics fail."""
    rig = Rig(faulty=("registry", "update_execution_metrics", RuntimeError("x")))
    rig.runner._isolation = Rig(faulty=("isolation", "execute", KeyboardInterrupt())).runner._isolation
    with pytest.raises(KeyboardInterrupt):
        rig.runner.run("echo", {})
    assert len(rig.events.events) == 1


def test_faults_of_log_and_events_are_given_up() -> None:
    """A broken log and a broken event sink change nothing of the result."""
    rig = Rig(faulty=("registry", "update_execution_metrics", RuntimeError("x")))
    rig.runner._events = object()  # type: ignore[assignment]
    rig.runner._log = object()  # type: ignore[assignment]
    assert rig.runner.run("echo", {}) == ({"ok": True}, {})


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not-allowed"])
def test_an_empty_result_needs_leave(allowed: bool) -> None:
    """`({}, {})` is returned only if the manifest allows an empty result; success is decided by the error alone."""
    rig = Rig(Answer({}), allows_empty_result=allowed)
    result, error = rig.runner.run("echo", {})
    assert result == {}
    assert (error == {}) is allowed
    assert allowed or code(error) == "invalid_output"
    assert_one_call(rig, errors=int(not allowed))


def test_the_elapsed_time_is_measured_and_never_negative() -> None:
    """The time of a call is the difference of the monotonic clock, and 0 when that runs backwards."""

    class Slow:
        def run(self, payload: dict[str, int]) -> dict[str, int]:
            rig.clock.advance(payload["ms"])
            return {"ok": 1}

    rig = Rig(Slow())
    times = []
    for step in (250, 50, -80):
        rig.runner.run("echo", {"ms": step})
        times.append(rig.registry.status("echo").last_execution_time_ms)
    assert times == [250, 50, 0]


def test_the_plugin_gets_a_copy_and_the_caller_too() -> None:
    """Neither side sees what the other does to its payload or result later."""
    kept: dict[str, object] = {"list": [1]}
    plugin = Answer(kept)
    payload: dict[str, object] = {"list": [1]}
    result, _ = Rig(plugin).runner.run("echo", payload)  # type: ignore[arg-type]
    plugin.seen[0]["list"].append(2)  # type: ignore[union-attr]
    kept["list"].append(3)  # type: ignore[attr-defined]
    assert (payload, result) == ({"list": [1]}, {"list": [1]})


def test_one_line_is_logged_per_call_without_payload_or_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Each call logs one structured line at info level; payload and traceback are not in it."""
    with caplog.at_level(logging.INFO, "tests.execution"):
        Rig(Raise(ValueError("no"))).runner.run("echo", {"secret": "hunter2"})
    [record] = [record for record in caplog.records if record.name == "tests.execution"]
    line = json.loads(record.getMessage().removeprefix("plugin call "))
    assert line == {
        "call_id": "00000000-0000-4000-8000-000000000001",
        "plugin": "echo",
        "outcome": "error",
        "code": "plugin_error",
        "elapsed_ms": 0,
    }


def test_the_context_of_a_call_names_it(caplog: pytest.LogCaptureFixture) -> None:
    """A call with a context is logged under its id."""
    with caplog.at_level(logging.INFO, "tests.execution"):
        Rig().runner.run("echo", {}, context=CallContext("call-7", "trace-7"))
    assert '"call_id": "call-7"' in caplog.text


def test_run_async_does_the_same() -> None:
    """The asynchronous form returns what the synchronous one returns."""
    rig = Rig()
    assert asyncio.run(rig.runner.run_async("echo", {})) == ({"ok": True}, {})
    assert_one_call(rig, errors=0)


def test_a_plugin_that_is_async_runs_under_a_running_loop() -> None:
    """An async plugin can be called synchronously from a thread that has an event loop."""
    rig = Rig(AnswerAsync({"n": 1}))

    async def caller() -> object:
        return rig.runner.run("echo", {})

    assert asyncio.run(caller()) == ({"n": 1}, {})


@pytest.mark.parametrize("own_token", [True, False], ids=["own-token", "no-token"])
def test_cancelling_run_async_goes_on_after_the_metrics(own_token: bool) -> None:
    """A cancelled caller gets its cancellation when the call is counted, without waiting for the plugin."""
    gate = Gate()
    rig = Rig(gate)
    context = CallContext("c", "t", cancel_token=CancelToken()) if own_token else None

    async def caller() -> None:
        task = asyncio.ensure_future(rig.runner.run_async("echo", {}, context=context))
        await asyncio.to_thread(gate.wait_begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert_one_call(rig, errors=1)

    asyncio.run(caller())
    gate.go.set()


def test_a_signal_of_the_caller_while_the_plugin_runs() -> None:
    """An interrupt of the main thread during a call is raised again after the metrics; the plugin is not blamed."""
    gate = Gate()
    rig = Rig(gate)
    over = threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        gate.wait_begun()
        while not over.wait(0.2):  # again, as people do, should one come just before the main thread begins to wait
            signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts with the signal ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            rig.runner.run("echo", {})
        over.set()
    finally:
        signal.signal(signal.SIGINT, inherited)
    gate.go.set()
    assert_one_call(rig, errors=1)


@pytest.mark.parametrize("part", ["registry", "validators", "isolation", "clock", "log"])
def test_a_missing_part_prevents_the_start(part: str) -> None:
    """A runner without one of its parts cannot be built."""
    rig = Rig()
    parts = {"registry": rig.registry, "validators": 1, "isolation": 1, "clock": rig.clock, "log": rig.log} | {part: None}
    with pytest.raises(WiringError, match=part):
        ToolRunner(**parts)  # type: ignore[arg-type]


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=4) | st.just(object()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(payload=JSON_LIKE, value=JSON_LIKE)
def test_the_runner_always_returns_a_pair(payload: object, value: object) -> None:
    """Whatever goes in and comes out: one of result and error is `{}`, both are JSON, and one call is counted."""
    rig = Rig(Answer(value))
    result, error = rig.runner.run("echo", payload)  # type: ignore[arg-type]
    assert result == {} or error == {}
    json.dumps([result, error], allow_nan=False)
    status = rig.registry.status("echo")
    assert (status.success_count, status.error_count) == (int(error == {}), int(error != {}))
    with suppress(KeyError):
        assert set(error["error"]) == {"type", "message", "details", "plugin", "timestamp"}  # type: ignore[arg-type]
