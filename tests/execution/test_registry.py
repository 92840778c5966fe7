"""The registry moves plugins by its table and keeps exact figures (execution section 3)."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_runtime.execution.errors import InternalFault, InvalidTransition, PluginNotFound, PluginUnavailable
from buttress_runtime.execution.lifecycle import TRANSITIONS, LifecycleEvent, move
from buttress_runtime.execution.plugin import CallOutcome, PluginLifecycle, PluginProvider
from buttress_runtime.execution.registry import PluginRegistry
from buttress_runtime.testing import ManualClock
from tests.execution.support import LONG_S, Answer, manifest

State = PluginLifecycle
E = LifecycleEvent

LAWFUL = {
    (None, E.DISCOVERED): State.LOADED,
    (None, E.IMPORT_FAILED): State.FAILED,
    (None, E.DEPENDENCY_MISSING): State.UNAVAILABLE,
    (State.LOADED, E.DEPENDENCY_MISSING): State.UNAVAILABLE,
    (State.LOADED, E.INITIALISED): State.INITIALIZED,
    (State.LOADED, E.INITIALISE_FAILED): State.FAILED,
    (State.INITIALIZED, E.CALL_BEGAN): State.RUNNING,
    (State.RUNNING, E.LAST_CALL_ENDED): State.INITIALIZED,
    (State.RUNNING, E.POLICY_MET): State.FAILED,
    (State.INITIALIZED, E.POLICY_MET): State.FAILED,
    (State.INITIALIZED, E.DEPENDENCY_LOST): State.UNAVAILABLE,
    (State.LOADED, E.WITHHELD): State.UNAVAILABLE,
    (State.INITIALIZED, E.WITHHELD): State.UNAVAILABLE,
    (State.RUNNING, E.WITHHELD): State.UNAVAILABLE,
    (State.FAILED, E.WITHHELD): State.UNAVAILABLE,
    (State.UNAVAILABLE, E.WITHHELD): State.UNAVAILABLE,
    (State.FAILED, E.RELOADED): State.LOADED,
    (State.UNAVAILABLE, E.RELOADED): State.LOADED,
}


def registry(threshold: int | None = None, factory: object = Answer) -> tuple[PluginRegistry, ManualClock]:
    """Return a registry with the plugin `echo`, and its clock."""
    clock = ManualClock()
    made = PluginRegistry(threshold, clock)
    made.register(manifest(), factory)  # type: ignore[arg-type]
    return made, clock


@pytest.mark.parametrize("event", E)
@pytest.mark.parametrize("state", [None, *State], ids=str)
def test_the_table_of_moves_is_the_specified_one(state: PluginLifecycle | None, event: LifecycleEvent) -> None:
    """Each pair of state and event leads where the specification says, or raises."""
    if (state, event) in LAWFUL:
        assert move(state, event) is LAWFUL[state, event]
    else:
        with pytest.raises(InvalidTransition):
            move(state, event)
    assert len(TRANSITIONS) == len(LAWFUL)


def test_the_lifecycle_has_five_states_and_no_outcome() -> None:
    """SUCCESS and ERROR are outcomes of calls and never states of plugins."""
    assert list(State) == ["LOADED", "INITIALIZED", "RUNNING", "FAILED", "UNAVAILABLE"]
    assert list(CallOutcome) == ["success", "error"]


def test_a_plugin_runs_from_its_first_call_to_the_end_of_its_last() -> None:
    """RUNNING lasts while calls are active, and the plugin is made once, at the first call."""
    made: list[int] = []

    def factory() -> Answer:
        made.append(1)
        return Answer()

    reg, _ = registry(factory=factory)
    assert (reg.status("echo").state, made) == (State.LOADED, [])
    tokens = [reg.begin_call("echo"), reg.begin_call("echo")]
    states = []
    for token in tokens:
        states.append((reg.status("echo").state, reg.status("echo").active_calls))
        reg.end_call(token)
    states.append((reg.status("echo").state, reg.status("echo").active_calls))
    assert states == [(State.RUNNING, 2), (State.RUNNING, 1), (State.INITIALIZED, 0)]
    assert made == [1]
    with pytest.raises(InternalFault, match="twice"):
        reg.end_call(tokens[0])


@pytest.mark.parametrize("name", ["", "ecko", "Echo", None, 7, ["echo"]], ids=repr)
def test_unknown_names_are_not_found(name: str) -> None:
    """Every use of an unknown name says so; `get` answers None; nothing is created."""
    reg, _ = registry()
    assert reg.get(name) is None
    for use in (reg.status, reg.reload, reg.disable, reg.begin_call, reg.require_callable):
        with pytest.raises(PluginNotFound):
            use(name)
    assert reg.names() == ("echo",)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A misspelt name is answered with the one that was probably meant."""
    with pytest.raises(PluginNotFound, match="did you mean 'echo'"):
        registry()[0].status("ehco")


def test_metrics_of_an_unknown_plugin_are_counted_apart(caplog: pytest.LogCaptureFixture) -> None:
    """Figures for a name that is not there create nothing, warn, and count as unresolved."""
    reg, _ = registry()
    with caplog.at_level(logging.WARNING):
        reg.update_execution_metrics("nobody", "error", 1, had_error=True)
    assert (reg.unresolved_calls, reg.names()) == (1, ("echo",))
    assert "nobody" in caplog.text


@pytest.mark.parametrize("name", ["beta", "alpha"])
def test_a_name_given_twice_is_withheld_from_both(name: str) -> None:
    """Two plugins of one name can both not be called, reloaded or enabled; others work."""
    reg = PluginRegistry()
    for each, version in (("alpha", "1.0.0"), ("beta", "1.0.0"), (name, "2.0.0")):
        reg.register(manifest(each, version=version), Answer)
    other = "alpha" if name == "beta" else "beta"
    assert [status.name for status in reg.statuses()] == ["alpha", "beta"]
    with pytest.raises(PluginUnavailable, match=r"1\.0\.0, 2\.0\.0"):
        reg.begin_call(name)
    with pytest.raises(PluginUnavailable, match="cannot be reloaded"):
        reg.reload(name)
    reg.disable(name)
    assert "claim this name" in str(reg.status(name).reason)
    assert reg.begin_call(other).name == other


@pytest.mark.parametrize("state", ["success", "SUCCESS", "Success", "INITIALIZED", "LOADED"])
def test_lawful_words_count_a_success(state: str) -> None:
    """Outcomes in any case and lifecycle states are taken; the lifecycle does not move."""
    reg, clock = registry()
    reg.update_execution_metrics("echo", state, 12, had_error=False)
    status = reg.status("echo")
    assert (status.success_count, status.error_count, status.last_outcome) == (1, 0, CallOutcome.SUCCESS)
    assert (status.state, status.last_used, status.avg_execution_time_ms) == (State.LOADED, clock.now(), 12.0)


@pytest.mark.parametrize("state", ["FAILED", "UNAVAILABLE"])
def test_a_reported_state_can_close_a_plugin(state: str) -> None:
    """A lifecycle state that closes the plugin is taken where the table has such a move."""
    reg, _ = registry()
    reg.update_execution_metrics("echo", state, 12, had_error=True)
    assert (reg.status("echo").state, reg.status("echo").error_count) == (State(state), 1)


@pytest.mark.parametrize(
    ("state", "elapsed_ms", "had_error", "error"),
    [
        pytest.param("error", 1, False, ValueError, id="error-contradicts"),
        pytest.param("success", 1, True, ValueError, id="success-contradicts"),
        pytest.param("done", 1, False, ValueError, id="other-word"),
        pytest.param("failed", 1, True, ValueError, id="lifecycle-in-lower-case"),
        pytest.param(None, 1, True, ValueError, id="none"),
        pytest.param("success", -1, False, ValueError, id="negative"),
        pytest.param("success", 1.5, False, ValueError, id="fraction"),
        pytest.param("success", True, False, ValueError, id="bool"),
        pytest.param("success", 1, 0, ValueError, id="had-error-no-bool"),
        pytest.param("RUNNING", 1, False, InvalidTransition, id="into-running"),
    ],
)
def test_contradictions_and_other_words_change_nothing(
    state: str, elapsed_ms: int, had_error: bool, error: type[Exception]
) -> None:
    """What is no lawful report raises and is not counted."""
    reg, _ = registry()
    before = reg.status("echo")
    with pytest.raises(error):
        reg.update_execution_metrics("echo", state, elapsed_ms, had_error)
    assert reg.status("echo") == before


@given(st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), min_size=1, max_size=50))
def test_the_mean_is_true(calls: list[tuple[int, bool]]) -> None:
    """The mean is the sum over the number of all calls, never a mean of means; minimum, maximum and streak are exact."""
    reg, _ = registry()
    for elapsed, had_error in calls:
        reg.update_execution_metrics("echo", "error" if had_error else "success", elapsed, had_error)
    status = reg.status("echo")
    times = [elapsed for elapsed, _ in calls]
    assert status.avg_execution_time_ms == float(Fraction(sum(times), len(times)))
    assert (status.min_execution_time_ms, status.max_execution_time_ms) == (min(times), max(times))
    assert (status.last_execution_time_ms, status.total_execution_time_ms) == (times[-1], sum(times))
    streak = next((n for n, (_, bad) in enumerate(reversed(calls)) if not bad), len(calls))
    assert status.consecutive_errors == streak


def test_last_used_never_goes_back() -> None:
    """A wall clock that is set back does not move the last use back."""
    reg, clock = registry()
    reg.update_execution_metrics("echo", "success", 1, had_error=False)
    before = reg.status("echo").last_used
    clock.set_wall(datetime(2001, 1, 1, tzinfo=UTC))
    reg.update_execution_metrics("echo", "success", 1, had_error=False)
    assert reg.status("echo").last_used == before


@pytest.mark.parametrize(
    ("threshold", "errors", "state"), [(None, 50, State.INITIALIZED), (3, 2, State.INITIALIZED), (3, 3, State.FAILED)]
)
def test_the_failure_policy_counts_errors_in_a_row(threshold: int | None, errors: int, state: PluginLifecycle) -> None:
    """A plugin is FAILED after the threshold of errors in a row, and never without one."""
    reg, _ = registry(threshold)
    reg.end_call(reg.begin_call("echo"))
    for _ in range(errors):
        reg.update_execution_metrics("echo", "error", 1, had_error=True)
    assert reg.status("echo").state is state


def test_a_success_ends_the_streak() -> None:
    """Errors that are not in a row fail no plugin."""
    reg, _ = registry(2)
    reg.end_call(reg.begin_call("echo"))
    for had_error in (True, False, True, False, True):
        reg.update_execution_metrics("echo", "error" if had_error else "success", 1, had_error)
    assert reg.status("echo").state is State.INITIALIZED


def test_failing_while_calls_run_leaves_them_to_end() -> None:
    """A plugin that fails by policy during other calls stays FAILED when they end."""
    reg, _ = registry(1)
    token = reg.begin_call("echo")
    reg.update_execution_metrics("echo", "error", 1, had_error=True)
    reg.end_call(token)
    assert (reg.status("echo").state, reg.status("echo").active_calls) == (State.FAILED, 0)


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_below_one_is_refused(threshold: int) -> None:
    """A policy that could never hold is refused at the start."""
    with pytest.raises(ValueError, match="failure_threshold"):
        PluginRegistry(threshold)


def test_disable_and_reload() -> None:
    """A disabled plugin refuses calls until it is reloaded; it then gets a new instance."""
    made: list[Answer] = []

    def factory() -> Answer:
        made.append(Answer())
        return made[-1]

    reg, _ = registry(factory=factory)
    running = reg.begin_call("echo")
    reg.disable("echo")
    reg.disable("echo")
    with pytest.raises(PluginUnavailable, match="disabled"):
        reg.begin_call("echo")
    reg.end_call(running)
    assert reg.status("echo").state is State.UNAVAILABLE
    reg.reload("echo")
    assert reg.status("echo").reason is None
    assert reg.begin_call("echo").plugin is made[1]


def test_only_closed_plugins_are_reloaded() -> None:
    """Reload is for plugins that are FAILED or UNAVAILABLE."""
    reg, _ = registry()
    with pytest.raises(InvalidTransition, match="FAILED or UNAVAILABLE"):
        reg.reload("echo")


@pytest.mark.parametrize(
    ("factory", "text"),
    [
        pytest.param(lambda: 1 / 0, "ZeroDivisionError", id="raises"),
        pytest.param(object, "no method 'run'", id="makes-something-else"),
    ],
)
def test_a_failed_initialise_is_remembered_with_its_cause(factory: object, text: str) -> None:
    """A plugin that cannot be made is FAILED, says why, keeps the cause, and can be reloaded."""
    reg, _ = registry(factory=factory)
    for _ in range(2):
        with pytest.raises(PluginUnavailable, match=text) as caught:
            reg.begin_call("echo")
        assert caught.value.__cause__ is not None
    assert reg.status("echo").state is State.FAILED
    reg.reload("echo")
    assert reg.status("echo").state is State.LOADED


def test_an_initialise_that_hangs_ends_at_the_time_limit() -> None:
    """A factory that does not return makes its plugin FAILED after the manifest's time."""
    release = threading.Event()
    reg = PluginRegistry()
    reg.register(manifest(timeout_ms=20), lambda: (release.wait(LONG_S), Answer())[1])
    with pytest.raises(PluginUnavailable, match="more than 20 ms"):
        reg.begin_call("echo")
    release.set()
    assert reg.status("echo").state is State.FAILED


def test_concurrent_first_calls_make_one_plugin() -> None:
    """Of many first calls one makes the plugin and the others wait for it."""
    made: list[int] = []
    barrier = threading.Barrier(16)
    release = threading.Event()

    def factory() -> Answer:
        made.append(1)
        release.wait(LONG_S)
        return Answer()

    reg, _ = registry(factory=factory)

    def first() -> object:
        barrier.wait(LONG_S)
        return reg.begin_call("echo").plugin

    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(first) for _ in range(16)]
        release.set()
        assert len({id(call.result(LONG_S)) for call in calls}) == 1
    assert made == [1]
    assert reg.status("echo").active_calls == 16


@pytest.mark.parametrize("again", [False, True], ids=["disabled", "disabled-and-reloaded"])
def test_closing_a_plugin_while_it_is_made_wins(again: bool) -> None:
    """A plugin that is disabled while it is being made does not come up by itself; after a reload the next instance counts."""
    begun, release = threading.Event(), threading.Event()
    made: list[Answer] = []

    def factory() -> Answer:
        made.append(Answer())
        if len(made) == 1:
            begun.set()
            release.wait(LONG_S)
        return made[-1]

    reg, _ = registry(factory=factory)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(reg.begin_call, "echo")
        assert begun.wait(LONG_S)
        reg.disable("echo")
        if again:
            reg.reload("echo")
            assert reg.begin_call("echo").plugin is made[1]
        release.set()
        if again:
            assert first.result(LONG_S).plugin is made[1]
        else:
            assert isinstance(first.exception(LONG_S), PluginUnavailable)


def test_no_plugin_is_reachable_from_a_handle() -> None:
    """Walking all fields of a handle finds nothing with a method `run`."""
    reg, _ = registry()
    reg.begin_call("echo")
    todo: list[object] = [reg.get("echo")]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen or isinstance(value, type):
            continue
        seen.add(id(value))
        assert not hasattr(value, "run"), value
        names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        todo.extend(getattr(value, name) for name in names if hasattr(value, name))
        todo.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ())
    assert len(seen) > 5


def test_a_provider_has_a_manifest_and_makes_plugins() -> None:
    """The form of an entry point is a manifest and a way to make the plugin."""

    class Provider:
        manifest = manifest("from-provider")

        def create(self) -> Answer:
            return Answer()

    provider: PluginProvider = Provider()
    reg = PluginRegistry()
    reg.register(provider.manifest, provider.create)
    assert reg.names() == ("from-provider",)
