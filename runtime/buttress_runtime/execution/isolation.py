"""Where a plugin runs: the port, and the way for trusted plugins, inside this process (execution section 6).

Besides the tool runner this is the only module that calls a plugin.
"""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from buttress_runtime.execution.cancel import CancelToken
from buttress_runtime.execution.errors import (
    CallCancelled,
    ExecutionFault,
    OutcomeInDoubt,
    OutputValidationError,
    PluginExited,
    PluginRaised,
    PluginTimeout,
    PluginUnavailable,
)
from buttress_runtime.execution.model_dump import dump_model
from buttress_runtime.execution.slots import CallLimits, CallSlots, Slot
from buttress_runtime.execution.worker import Work, start_work

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from buttress_runtime.execution.json_values import JsonValue
    from buttress_runtime.execution.plugin import CallContext, Plugin, PluginManifest
    from buttress_runtime.ports import Clock

__all__ = ("InProcess", "Isolation", "PluginCall")


@dataclass(frozen=True, slots=True)
class PluginCall:
    """One call to be made: which plugin, with which private payload, on whose behalf."""

    manifest: PluginManifest
    plugin: Plugin
    payload: dict[str, JsonValue]
    context: CallContext


@dataclass(frozen=True, slots=True)
class _Undumpable:
    """A model that the plugin returned and that cannot be dumped; told apart from a fault that the plugin raised."""

    fault: OutputValidationError


class Isolation(Protocol):
    """What runs a plugin under a deadline and limits."""

    def execute(self, call: PluginCall) -> object:
        """Run the plugin and return what it returned, unchecked.

        Raises:
            ExecutionFault: The call raised, took too long, was cancelled, or its outcome is in doubt.
            PluginUnavailable: This isolation must not run that plugin.
        """
        ...


class InProcess:
    """Runs trusted plugins on threads of this process.

    A thread cannot be ended from outside. After the deadline the call is reported with `still_running`, its late result is
    dropped, and its slot stays taken until it really ends.
    """

    def __init__(self, clock: Clock, limits: CallLimits | None = None) -> None:
        self._clock = clock
        self._slots = CallSlots(limits or CallLimits())

    def execute(self, call: PluginCall) -> object:
        """Run a trusted plugin on a worker thread and wait for it until its deadline.

        Raises:
            PluginUnavailable: The plugin is not trusted.
            ExecutionFault: As the port says.
        """
        if not call.manifest.trusted:
            raise PluginUnavailable(
                f"'{call.manifest.name}' is not trusted and would run inside this process; "
                "mark it as trusted in the host's configuration"
            )
        token = call.context.cancel_token or CancelToken()
        limit_ms = _limit_ms(call)
        asked = self._clock.monotonic_ms()
        slot = self._slots.acquire(call.manifest.name, timeout_ms=limit_ms, token=token)
        left_ms = limit_ms - (self._clock.monotonic_ms() - asked)
        work = None if slot is None else self._start(call, slot, token)
        if work is None:
            raise CallCancelled("the call was cancelled before the plugin began")
        with token.listening(lambda: _wake_abandoned(token, work)):
            work.woken.wait(max(0, left_ms) / 1000)
        return _settle(call, work, token)

    def _start(self, call: PluginCall, slot: Slot, token: CancelToken) -> Work | None:
        """Hand the call to a worker thread, which gives the slot back when it ends; None when the call was cancelled."""
        try:
            if not token.begin():
                self._slots.release(slot)
                return None
            return start_work(
                lambda: _run_plugin(call), name=f"plugin-{call.manifest.name}", finished=lambda: self._slots.release(slot)
            )
        except BaseException:
            self._slots.release(slot)
            raise


def _run_plugin(call: PluginCall) -> object:
    """Call the plugin; on the worker thread."""
    value: object = call.plugin.run(call.payload)
    if inspect.isawaitable(value):
        value = asyncio.run(_awaited(value))
    try:
        return dump_model(value)
    except OutputValidationError as fault:
        return _Undumpable(fault)


async def _awaited(value: Awaitable[object]) -> object:
    return await value


def _limit_ms(call: PluginCall) -> int:
    deadline_ms = call.context.deadline_ms
    return call.manifest.timeout_ms if deadline_ms is None else max(0, min(call.manifest.timeout_ms, deadline_ms))


def _wake_abandoned(token: CancelToken, work: Work) -> None:
    if token.abandoned:
        work.woken.set()


def _settle(call: PluginCall, work: Work, token: CancelToken) -> object:
    """Return what the plugin returned, or raise what its end means."""
    repeatable = call.manifest.repeatable(call.context.idempotency_key)
    if not work.ended:
        raise _unfinished(call, token, repeatable=repeatable)
    if isinstance(work.value, _Undumpable):
        raise work.value.fault
    if work.fault is None:
        return work.value
    kind = PluginExited if isinstance(work.fault, SystemExit | KeyboardInterrupt) else PluginRaised
    raise kind(work.fault, repeatable=repeatable) from work.fault


def _unfinished(call: PluginCall, token: CancelToken, *, repeatable: bool) -> ExecutionFault:
    """Return the fault of a call that was left while its plugin still runs."""
    if token.abandoned:
        cause, text = "cancelled", "the caller left before the plugin ended; it still runs and its result will be dropped"
    else:
        cause, text = (
            "plugin_timeout",
            f"the plugin did not end within {_limit_ms(call)} ms; it still runs and its result will be dropped",
        )
    details: dict[str, JsonValue] = {"still_running": True, "timeout_ms": _limit_ms(call)}
    if repeatable:
        kind = CallCancelled if token.abandoned else PluginTimeout
        return kind(text, details=details, repeatable=True)
    in_doubt = details | {"cause": cause} | ({"cancelled": True} if token.abandoned else {})
    return OutcomeInDoubt(f"{text}; whether its effect happened is unknown", details=in_doubt)
