"""Figures and limits hold under many threads (execution sections 9 and 12)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

from buttress_runtime.execution.plugin import PluginLifecycle
from buttress_runtime.execution.registry import PluginRegistry
from buttress_runtime.execution.slots import CallLimits
from buttress_runtime.testing import ManualClock
from tests.execution.support import LONG_S, Rig, manifest

THREADS = 16
CALLS = 1_000


def together(work: object, count: int = THREADS) -> list[object]:
    """Run work with a number on each of many threads at once and return what came of it."""
    barrier = threading.Barrier(count)

    def start(number: int) -> object:
        barrier.wait(LONG_S)
        return work(number)  # type: ignore[operator]

    with ThreadPoolExecutor(count) as pool:
        return [future.result(LONG_S * 4) for future in [pool.submit(start, number) for number in range(count)]]


def test_figures_are_exact_under_many_threads() -> None:
    """Counts, sum and mean over all calls are exact, and the last use never goes back."""
    clock = ManualClock()
    registry = PluginRegistry(clock=clock)
    registry.register(manifest(), dict)  # type: ignore[arg-type]

    def work(number: int) -> bool:
        last, monotone = None, True
        for call in range(CALLS):
            clock.advance(1)
            had_error = call % 4 == 0
            registry.update_execution_metrics("echo", "error" if had_error else "success", number * CALLS + call, had_error)
            used = registry.status("echo").last_used
            monotone &= last is None or (used is not None and used >= last)
            last = used
        return monotone

    assert all(together(work))
    status = registry.status("echo")
    total = THREADS * CALLS
    assert (status.success_count, status.error_count) == (total * 3 // 4, total // 4)
    assert status.total_execution_time_ms == sum(range(total))
    assert status.avg_execution_time_ms == float(Fraction(sum(range(total)), total))
    assert (status.min_execution_time_ms, status.max_execution_time_ms) == (0, total - 1)


def test_calls_through_the_runner_are_counted_once_each() -> None:
    """Sixteen threads calling one plugin leave exact counts and a plugin at rest."""

    class Sometimes:
        def run(self, payload: dict[str, int]) -> dict[str, int]:
            if payload["n"] % 5 == 0:
                raise ValueError("no")
            return payload

    rig = Rig(Sometimes())
    calls = 100

    def work(number: int) -> int:
        return sum(rig.runner.run("echo", {"n": n})[1] == {} for n in range(calls))

    assert sum(together(work)) == THREADS * calls * 4 // 5  # type: ignore[arg-type]
    status = rig.registry.status("echo")
    assert (status.success_count, status.error_count) == (THREADS * calls * 4 // 5, THREADS * calls // 5)
    assert (status.state, status.active_calls) == (PluginLifecycle.INITIALIZED, 0)


def test_no_more_calls_run_at_once_than_allowed() -> None:
    """The limit per plugin is reached and never exceeded."""
    lock, running, most = threading.Lock(), [0], [0]
    three = threading.Barrier(3)

    class Counts:
        def run(self, payload: dict[str, int]) -> dict[str, int]:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            three.wait(LONG_S)
            with lock:
                running[0] -= 1
            return {"ok": 1}

    rig = Rig(Counts(), limits=CallLimits(per_plugin=3))
    assert together(lambda _: rig.runner.run("echo", {})[1] == {}, count=12) == [True] * 12
    assert most == [3]


def test_lifecycle_stays_lawful_while_plugins_are_closed_and_reloaded() -> None:
    """Calls, disable and reload in any order end with no active call and no plugin left RUNNING."""
    rig = Rig()

    def work(number: int) -> None:
        for _ in range(50):
            if number == 0:
                rig.registry.disable("echo")
                rig.registry.reload("echo")
            else:
                rig.runner.run("echo", {})

    together(work, count=6)
    status = rig.registry.status("echo")
    assert status.success_count + status.error_count == 250
    assert status.active_calls == 0
    assert status.state is not PluginLifecycle.RUNNING
    assert rig.events.events == ()
