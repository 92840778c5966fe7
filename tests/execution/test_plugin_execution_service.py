"""The plugin service passes calls on and adds nothing (execution section 7)."""

from __future__ import annotations

import asyncio

import pytest

from buttress_runtime.execution.errors import WiringError
from buttress_runtime.execution.plugin import CallContext
from buttress_runtime.execution.services import PluginExecutionService
from tests.execution.support import Answer, Faulty, Raise, Rig, code, kind


class Recorder:
    """Stands where the runner stands and keeps how it was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def run(self, plugin_name: str, payload: dict[str, object], *, context: object) -> tuple[dict[str, int], dict[str, int]]:
        self.calls.append((plugin_name, payload, context))
        return {"a": 1}, {}


@pytest.mark.parametrize("name", ["echo", "", "  Échó  ", "x" * 500])
def test_everything_is_passed_on_unchanged(name: str) -> None:
    """Name, payload and context arrive at the runner as they were given, and its answer comes back."""
    recorder, payload, context = Recorder(), {"p": 1}, CallContext("c", "t")
    service = PluginExecutionService(recorder)  # type: ignore[arg-type]
    assert service.execute(name, payload, context=context) == ({"a": 1}, {})  # type: ignore[arg-type]
    [(seen_name, seen_payload, seen_context)] = recorder.calls
    assert (seen_name, seen_payload is payload, seen_context is context) == (name, True, True)


@pytest.mark.parametrize("plugin", [Answer(), Answer({}), Raise(SystemExit(1))], ids=["result", "invalid", "exit"])
def test_the_answer_is_the_runners(plugin: object) -> None:
    """The service answers what the runner answers, for success and error."""
    one, two = Rig(plugin), Rig(plugin)
    result, error = PluginExecutionService(one.runner).execute("echo", {})
    expected, expected_error = two.runner.run("echo", {})
    assert (result, error.get("error")) == (expected, expected_error.get("error"))


def test_an_unexpected_fault_is_an_internal_error() -> None:
    """A runner that raises against its promise gives an internal error."""
    broken = Faulty(Rig().runner, "run", RuntimeError("hunter2"))
    result, error = PluginExecutionService(broken).execute("echo", {})  # type: ignore[arg-type]
    assert (result, kind(error), code(error)) == ({}, "InternalError", "internal")
    assert "hunter2" not in str(error["error"])


@pytest.mark.parametrize(
    "exc", [KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError()], ids=lambda exc: type(exc).__name__
)
def test_signals_of_the_caller_pass(exc: BaseException) -> None:
    """The service holds up no process signal."""
    broken = Faulty(Rig().runner, "run", exc)
    with pytest.raises(type(exc)):
        PluginExecutionService(broken).execute("echo", {})  # type: ignore[arg-type]


def test_the_runner_is_required() -> None:
    """A service without a runner cannot be built."""
    with pytest.raises(WiringError, match="runner"):
        PluginExecutionService(None)  # type: ignore[arg-type]
