"""The tool runner: the one way to a plugin (execution section 2, TR-05 to TR-11).

The order of the steps is the specification's table. Everything lies in one `try`, so that no way out misses the metrics.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from buttress_runtime.execution.cancel import CancelToken
from buttress_runtime.execution.errors import as_fault, error_envelope, require_wired
from buttress_runtime.execution.events import LoggedEvents, metrics_fault
from buttress_runtime.execution.isolation import Isolation, PluginCall
from buttress_runtime.execution.json_values import JsonObject, JsonValue, json_bytes
from buttress_runtime.execution.plugin import CallContext, CallOutcome
from buttress_runtime.ports import Clock, EventSink, IdFactory, SystemIds

if TYPE_CHECKING:
    import logging

    from buttress_runtime.execution.registry import CallToken, PluginRegistry
    from buttress_runtime.execution.validation import Validators

__all__ = ("PROCESS_SIGNALS", "ToolRunner")

PROCESS_SIGNALS: Final = (KeyboardInterrupt, SystemExit, asyncio.CancelledError)


class ToolRunner:
    """Validates, runs, measures and records one call of a plugin; nothing else does any of it."""

    def __init__(
        self,
        registry: PluginRegistry,
        validators: Validators,
        isolation: Isolation,
        clock: Clock,
        log: logging.Logger,
        *,
        events: EventSink | None = None,
        ids: IdFactory | None = None,
    ) -> None:
        """Wire the runner.

        Args:
            registry: Knows the plugins and keeps their figures.
            validators: The rules for payloads and results.
            isolation: Where plugins run.
            clock: Measures the calls.
            log: One line a call.
            events: Where faults of the bookkeeping go besides; the log by default.
            ids: Names calls that come without a context.

        Raises:
            WiringError: A part is missing.
        """
        require_wired("ToolRunner", registry=registry, validators=validators, isolation=isolation, clock=clock, log=log)
        self._registry = registry
        self._validators = validators
        self._isolation = isolation
        self._clock = clock
        self._log = log
        self._events = events or LoggedEvents(log)
        self._ids = ids or SystemIds()

    def run(
        self, plugin_name: str, payload: dict[str, JsonValue], *, context: CallContext | None = None
    ) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        """Run a plugin once.

        Args:
            plugin_name: Name of a registered plugin.
            payload: A JSON object; the plugin gets a copy.
            context: What the call belongs to and how long it may take.

        Returns:
            Result and error. The call succeeded exactly when the error is `{}`; otherwise the result is `{}` and the error an
            envelope.

        Raises:
            BaseException: `KeyboardInterrupt`, `SystemExit` and `CancelledError` of the calling task, after the metrics;
                nothing else.
        """
        outcome = CallOutcome.ERROR
        started: int | None = None
        token: CallToken | None = None
        call = context
        result: dict[str, JsonValue] = {}
        error: dict[str, JsonValue] = {}
        try:
            started = self._clock.monotonic_ms()
            call = call or self._new_context()
            accepted = self._validators.validate_input_payload(payload)
            handle = self._registry.require_callable(plugin_name)
            self._validators.validate_manifest_input(accepted, handle.manifest)
            private = _through_json(accepted)
            token = self._registry.begin_call(plugin_name)
            value = self._isolation.execute(PluginCall(handle.manifest, token.plugin, private, call))
            result = self._validators.validate_plugin_output(value, handle.manifest)
            outcome = CallOutcome.SUCCESS
        except BaseException as exc:
            result = {}
            error = error_envelope(exc if isinstance(exc, PROCESS_SIGNALS) else as_fault(exc), plugin_name, clock=self._clock)
            if isinstance(exc, PROCESS_SIGNALS):
                raise
        finally:
            elapsed_ms = self._elapsed_ms(started)
            self._end_call(token, call)
            try:
                self._registry.update_execution_metrics(plugin_name, outcome, elapsed_ms, outcome is CallOutcome.ERROR)
            except BaseException as fault:  # noqa: BLE001 - bookkeeping never replaces the result or the exception
                self._report(plugin_name, call, "update_execution_metrics", fault)
            self._log_call(plugin_name, call, error, elapsed_ms)
        return result, error

    async def run_async(
        self, plugin_name: str, payload: dict[str, JsonValue], *, context: CallContext | None = None
    ) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        """Run a plugin once on a worker thread, without holding up the event loop.

        A cancellation of the calling task leaves the plugin, waits for the call's metrics and goes on to the caller.

        Args:
            plugin_name: As for `run`.
            payload: As for `run`.
            context: As for `run`.

        Returns:
            As `run`.
        """
        base = context or self._new_context()
        token = base.cancel_token or CancelToken()
        call = asyncio.ensure_future(asyncio.to_thread(self.run, plugin_name, payload, context=replace(base, cancel_token=token)))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            token.abandon()
            await asyncio.wait({call})
            raise

    def _new_context(self) -> CallContext:
        name = self._ids.uuid()
        return CallContext(call_id=name, trace_id=name)

    def _elapsed_ms(self, started: int | None) -> int:
        """Return the milliseconds since the start; 0 when the clock is broken."""
        try:
            return 0 if started is None else max(0, self._clock.monotonic_ms() - started)
        except BaseException:  # noqa: BLE001 - bookkeeping never replaces the result or the exception
            return 0

    def _end_call(self, token: CallToken | None, context: CallContext | None) -> None:
        if token is None:
            return
        try:
            self._registry.end_call(token)
        except BaseException as fault:  # noqa: BLE001 - bookkeeping never replaces the result or the exception
            self._report(token.name, context, "end_call", fault)

    def _report(self, plugin_name: object, context: CallContext | None, step: str, fault: BaseException) -> None:
        """Log a fault of the bookkeeping and record it as an event; whatever fails here is given up."""
        name = plugin_name if isinstance(plugin_name, str) else None
        with suppress(BaseException):
            self._log.error("%s failed for plugin %s: %s", step, ascii(name), type(fault).__name__, exc_info=fault)
        with suppress(BaseException):
            self._events.record(metrics_fault(name, _call_id(context), step, fault))

    def _log_call(self, plugin_name: object, context: CallContext | None, error: JsonObject, elapsed_ms: int) -> None:
        """Log the call as one line of JSON, without payload; the traceback at debug level only."""
        with suppress(BaseException):
            internal = error.get("_internal")
            inside = internal if isinstance(internal, dict) else {}
            line: JsonObject = {
                "call_id": _call_id(context),
                "plugin": plugin_name[:64] if isinstance(plugin_name, str) else None,
                "outcome": str(CallOutcome.ERROR if error else CallOutcome.SUCCESS),
                "code": inside.get("code"),
                "elapsed_ms": elapsed_ms,
            }
            self._log.info("plugin call %s", json.dumps(line, sort_keys=True))
            if inside:
                self._log.debug("plugin call %s failed\n%s", _call_id(context), inside.get("traceback"))


def _call_id(context: CallContext | None) -> str:
    return "" if context is None else context.call_id


def _through_json(payload: JsonObject) -> JsonObject:
    """Return a deep copy that shares nothing with what was validated and may be recorded."""
    copied: JsonObject = json.loads(json_bytes(payload))
    return copied
