"""Inside this process: trusted plugins only, deadlines reported, slots kept until the end (execution section 6)."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from buttress_runtime.execution.cancel import CancelToken
from buttress_runtime.execution.errors import RateLimited
from buttress_runtime.execution.plugin import CallContext
from buttress_runtime.execution.slots import CallLimits, CallSlots
from buttress_runtime.execution.worker import start_work
from tests.execution.support import LONG_S, Answer, Gate, Raise, Rig, code, details, raising


def context(**fields: object) -> CallContext:
    """Return a context with some fields."""
    return CallContext("c", "t", **fields)  # type: ignore[arg-type]


def test_a_plugin_that_is_not_trusted_does_not_run() -> None:
    """Without the host's trust a plugin never runs in this process."""
    plugin = Answer()
    _, error = Rig(plugin, trusted=False).runner.run("echo", {})
    assert (code(error), plugin.seen) == ("plugin_unavailable", [])


@pytest.mark.parametrize(
    ("idempotency", "key", "expected"),
    [
        ("IDEMPOTENT", None, "plugin_timeout"),
        ("IDEMPOTENT_WITH_KEY", "k", "plugin_timeout"),
        ("IDEMPOTENT_WITH_KEY", None, "in_doubt"),
        ("NON_IDEMPOTENT", "k", "in_doubt"),
    ],
)
@pytest.mark.parametrize("limit", ["manifest", "context"])
def test_a_deadline_is_reported_while_the_plugin_still_runs(idempotency: str, key: str | None, expected: str, limit: str) -> None:
    """After the deadline the caller is told that the plugin still runs; without idempotency its effect is in doubt."""
    gate = Gate()
    rig = Rig(gate, idempotency=idempotency, timeout_ms=20 if limit == "manifest" else LONG_S * 1000)
    deadline_ms = None if limit == "manifest" else 20
    result, error = rig.runner.run("echo", {}, context=context(idempotency_key=key, deadline_ms=deadline_ms))
    assert (result, code(error), details(error)["still_running"]) == ({}, expected, True)
    assert details(error).get("cause") == (None if expected == "plugin_timeout" else "plugin_timeout")
    assert error["_internal"]["retryable"] is (expected == "plugin_timeout")  # type: ignore[index,call-overload]
    assert rig.registry.status("echo").active_calls == 0
    gate.go.set()


def test_the_slot_of_a_call_that_timed_out_stays_taken_until_it_ends() -> None:
    """A plugin that hangs blocks its slot; when it ends, the next call gets it, and the late result is dropped."""
    gate = Gate()
    rig = Rig(gate, limits=CallLimits(per_plugin=1), timeout_ms=20)
    assert code(rig.runner.run("echo", {})[1]) == "plugin_timeout"
    assert code(rig.runner.run("echo", {})[1]) == "rate_limited"
    gate.go.set()
    assert gate.ended.acquire(timeout=LONG_S)
    relaxed = [rig.runner.run("echo", {}) for _ in range(50)]
    assert ({"passed": True}, {}) in relaxed
    status = rig.registry.status("echo")
    assert status.success_count == relaxed.count(({"passed": True}, {}))


@pytest.mark.parametrize("exc", [ValueError("x"), SystemExit(1)], ids=["exception", "exit"])
@pytest.mark.parametrize(("idempotency", "retryable"), [("IDEMPOTENT", True), ("NON_IDEMPOTENT", False)])
def test_whether_a_fault_may_be_retried_follows_the_manifest(exc: BaseException, idempotency: str, retryable: bool) -> None:
    """What a plugin raises is definite; it may be tried again if the manifest says that this does no harm."""
    _, error = Rig(Raise(exc), idempotency=idempotency).runner.run("echo", {})
    assert code(error) in {"plugin_error", "plugin_exit"}
    assert error["_internal"]["retryable"] is retryable  # type: ignore[index,call-overload]


def test_a_call_cancelled_before_it_begins_does_not_run() -> None:
    """A token that is cancelled beforehand keeps the plugin from running."""
    plugin, token = Answer(), CancelToken()
    assert token.cancel()
    _, error = Rig(plugin).runner.run("echo", {}, context=context(cancel_token=token))
    assert (code(error), plugin.seen) == ("cancelled", [])


def test_a_call_that_waits_for_a_slot_can_be_cancelled() -> None:
    """Cancelling a queued call is certain, wakes it at once, and leaves the queue in order."""
    gate = Gate()
    rig = Rig(gate, limits=CallLimits(per_plugin=1))
    token = CancelToken()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(rig.runner.run, "echo", {})
        gate.wait_begun()
        queued = pool.submit(rig.runner.run, "echo", {}, context=context(cancel_token=token))
        third = pool.submit(rig.runner.run, "echo", {})
        assert token.cancel()
        assert code(queued.result(LONG_S)[1]) == "cancelled"
        gate.go.set()
        assert [call.result(LONG_S)[1] for call in (first, third)] == [{}, {}]


def test_a_running_call_cannot_be_cancelled() -> None:
    """A thread cannot be stopped: the answer is no, and the call ends as if nothing had been asked."""
    gate, token = Gate(), CancelToken()
    rig = Rig(gate)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(rig.runner.run, "echo", {}, context=context(cancel_token=token))
        gate.wait_begun()
        assert not token.cancel()
        gate.go.set()
        assert call.result(LONG_S) == ({"passed": True}, {})
    assert not token.cancelled


@pytest.mark.parametrize(("idempotency", "expected"), [("IDEMPOTENT", "cancelled"), ("NON_IDEMPOTENT", "in_doubt")])
def test_an_abandoned_call_says_what_is_known(idempotency: str, expected: str) -> None:
    """A caller that leaves a running call is told that it still runs, and whether its effect is in doubt."""
    gate, token = Gate(), CancelToken()
    rig = Rig(gate, idempotency=idempotency)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(rig.runner.run, "echo", {}, context=context(cancel_token=token))
        gate.wait_begun()
        token.abandon()
        error = call.result(LONG_S)[1]
    gate.go.set()
    assert (code(error), details(error)["still_running"], token.abandoned) == (expected, True, True)
    assert details(error).get("cancelled") is (True if expected == "in_doubt" else None)


def test_a_token_whose_call_can_be_stopped_is_honest() -> None:
    """Cancelling a call with a way to stop it is accepted exactly when that way confirms the end."""
    for gone in (True, False):
        token = CancelToken()
        assert token.begin(lambda gone=gone: gone)  # type: ignore[misc]
        assert token.cancel() is gone
        assert token.cancelled is gone
        assert not token.begin()


def test_a_token_that_is_lost_at_the_last_moment_gives_the_slot_back() -> None:
    """A call that is cancelled or interrupted between its slot and its begin does not run and holds no slot."""

    class Late(CancelToken):
        begin = staticmethod(lambda: False)  # type: ignore[assignment]

    class Interrupted(CancelToken):
        begin = raising(KeyboardInterrupt())  # type: ignore[assignment]

    plugin = Answer()
    rig = Rig(plugin, limits=CallLimits(per_plugin=1, queued=0))
    assert code(rig.runner.run("echo", {}, context=context(cancel_token=Late()))[1]) == "cancelled"
    with pytest.raises(KeyboardInterrupt):
        rig.runner.run("echo", {}, context=context(cancel_token=Interrupted()))
    assert plugin.seen == []
    assert rig.runner.run("echo", {})[1] == {}


def test_listeners_are_told_once_they_matter() -> None:
    """A listener of a token that is cancelled already is told at once, and no more after it has left."""
    token, told = CancelToken(), []
    with token.listening(lambda: told.append("early")):
        token.abandon()
    with token.listening(lambda: told.append("late")):
        pass
    token.cancel()
    assert told == ["early", "late"]


def test_a_full_queue_refuses_at_once() -> None:
    """Beyond the queue's limit calls are refused as rate limited, and may be tried again."""
    gate = Gate()
    rig = Rig(gate, limits=CallLimits(per_plugin=1, queued=0))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(rig.runner.run, "echo", {})
        gate.wait_begun()
        _, error = rig.runner.run("echo", {})
        gate.go.set()
        assert first.result(LONG_S)[1] == {}
    assert code(error) == "rate_limited"
    assert error["_internal"]["retryable"] is True  # type: ignore[index,call-overload]


def test_a_busy_plugin_does_not_hold_up_others() -> None:
    """A slot that comes free goes to the first in the queue that may use it."""
    slots, token = CallSlots(CallLimits(per_plugin=1, in_all=2)), CancelToken()
    busy = slots.acquire("a", timeout_ms=0, token=token)
    other = slots.acquire("b", timeout_ms=0, token=token)
    assert busy is not None
    assert other is not None
    with ThreadPoolExecutor(2) as pool:
        waiting_a = pool.submit(slots.acquire, "a", timeout_ms=LONG_S * 1000, token=CancelToken())
        waiting_c = pool.submit(slots.acquire, "c", timeout_ms=LONG_S * 1000, token=CancelToken())
        slots.release(other)
        slots.release(other)
        assert waiting_c.result(LONG_S) is not None
        assert not waiting_a.done()
        slots.release(busy)
        assert waiting_a.result(LONG_S) is not None
    with pytest.raises(RateLimited):
        slots.acquire("a", timeout_ms=1, token=token)


def test_an_interrupt_while_waiting_for_a_slot_leaves_the_queue() -> None:
    """A wait that is broken off leaves nothing behind."""

    class Interrupted(CancelToken):
        listening = raising(KeyboardInterrupt())  # type: ignore[assignment]

    slots = CallSlots(CallLimits(per_plugin=1))
    slot = slots.acquire("a", timeout_ms=0, token=CancelToken())
    assert slot is not None
    with pytest.raises(KeyboardInterrupt):
        slots.acquire("a", timeout_ms=1, token=Interrupted())
    slots.release(slot)
    assert slots.acquire("a", timeout_ms=0, token=CancelToken()) is not None


def test_work_wakes_its_waiter_when_its_end_breaks() -> None:
    """Whoever waits for work is woken although the callback at its end raises."""
    unhandled: list[object] = []
    before, threading.excepthook = threading.excepthook, lambda args: unhandled.append(args.exc_type)
    try:
        work = start_work(lambda: 1, name="w", finished=raising(RuntimeError("x")))  # type: ignore[arg-type]
        assert work.woken.wait(LONG_S)
    finally:
        threading.excepthook = before
    assert (work.ended, work.value) == (True, 1)


def test_an_async_plugin_has_a_loop_of_its_own() -> None:
    """An async plugin may use its loop freely; nothing of it outlives the call."""

    class Waits:
        async def run(self, payload: dict[str, object]) -> dict[str, object]:
            ready = asyncio.Event()
            asyncio.get_running_loop().call_soon(ready.set)
            await ready.wait()
            return {"thread": threading.current_thread().name}

    assert Rig(Waits()).runner.run("echo", {}) == ({"thread": "plugin-echo"}, {})
