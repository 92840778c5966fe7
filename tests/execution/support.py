"""Plugins, parts with a fault on purpose, and a rig that wires the real parts around them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_runtime.execution.isolation import InProcess, Isolation
from buttress_runtime.execution.plugin import PluginManifest
from buttress_runtime.execution.registry import PluginRegistry
from buttress_runtime.execution.runner import ToolRunner
from buttress_runtime.execution.services import AnalysisExecutionService, JobExecutionService, PluginExecutionService
from buttress_runtime.execution.validation import Validators
from buttress_runtime.testing import ManualClock, RecordedEvents, SequentialIds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from buttress_runtime.execution.json_values import JsonObject
    from buttress_runtime.execution.plugin import Plugin
    from buttress_runtime.execution.registry import PluginFactory
    from buttress_runtime.execution.slots import CallLimits
    from buttress_runtime.ports import Clock

LONG_S = 30  # how long a test waits for what must happen; reached only by a fault


def manifest(name: str = "echo", **changes: object) -> PluginManifest:
    """Return the manifest of a trusted plugin that may be repeated."""
    fields: dict[str, object] = {"version": "1.0.0", "trusted": True, "idempotency": "IDEMPOTENT", "timeout_ms": LONG_S * 1000}
    return PluginManifest.model_validate({"name": name} | fields | changes)


@dataclass
class Answer:
    """A plugin that returns one value, whatever it may be, and keeps the payloads it was given."""

    value: object = field(default_factory=lambda: {"ok": True})
    seen: list[JsonObject] = field(default_factory=list)

    def run(self, payload: JsonObject) -> JsonObject:
        self.seen.append(payload)
        return self.value  # type: ignore[return-value]


@dataclass
class Raise:
    """A plugin that raises."""

    exc: BaseException

    def run(self, payload: JsonObject) -> JsonObject:
        raise self.exc


@dataclass
class RaiseAsync:
    """A plugin that raises on its event loop."""

    exc: BaseException

    async def run(self, payload: JsonObject) -> JsonObject:
        raise self.exc


@dataclass
class AnswerAsync:
    """A plugin that returns one value from its event loop."""

    value: object

    async def run(self, payload: JsonObject) -> JsonObject:
        return self.value  # type: ignore[return-value]


class Gate:
    """A plugin that says when it has begun and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.ended = threading.Semaphore(0)

    def run(self, payload: JsonObject) -> JsonObject:
        self.begun.release()
        try:
            if not self.go.wait(LONG_S):
                raise AssertionError("nobody opened the gate")
            return {"passed": True}
        finally:
            self.ended.release()

    def wait_begun(self) -> None:
        """Wait until one more call has begun."""
        assert self.begun.acquire(timeout=LONG_S), "the plugin did not begin"


def raising(exc: BaseException) -> Callable[..., object]:
    """Return a function that raises whatever it is called with."""

    def fault(*args: object, **named: object) -> object:
        raise exc

    return fault


class Faulty:
    """A part that behaves like another one but for one method, which raises."""

    def __init__(self, part: object, method: str, exc: BaseException) -> None:
        self._part = part
        self._method = method
        self._exc = exc

    def __getattr__(self, name: str) -> object:
        return raising(self._exc) if name == self._method else getattr(self._part, name)


class Rig:
    """The real parts, wired, over a clock that stands still; a part can be replaced by a faulty one."""

    def __init__(
        self,
        plugin: Plugin | object | None = None,
        *,
        clock: Clock | None = None,
        limits: CallLimits | None = None,
        isolation: Isolation | None = None,
        validators: Validators | None = None,
        failure_threshold: int | None = None,
        factory: PluginFactory | None = None,
        faulty: tuple[str, str, BaseException] | None = None,
        **changes: object,
    ) -> None:
        self.clock = ManualClock()
        self.events = RecordedEvents()
        self.log = logging.getLogger("tests.execution")
        self.registry = PluginRegistry(failure_threshold, self.clock)
        made = Answer() if plugin is None else plugin
        self.registry.register(manifest(**changes), factory or (lambda: made))  # type: ignore[arg-type,return-value]
        parts: dict[str, object] = {
            "registry": self.registry,
            "validators": validators or Validators(),
            "isolation": isolation or InProcess(self.clock, limits),
            "clock": clock or self.clock,
            "log": self.log,
            "events": self.events,
        }
        if faulty is not None:
            part, method, exc = faulty
            parts[part] = Faulty(parts[part], method, exc)
        self.runner = ToolRunner(**parts, ids=SequentialIds())  # type: ignore[arg-type]

    def jobs(self, **options: int) -> JobExecutionService:
        """Return a job service over the runner."""
        return JobExecutionService(PluginExecutionService(self.runner), self.clock, SequentialIds(), **options)

    def analysis(self, **options: int) -> AnalysisExecutionService:
        """Return an analysis service over a job service."""
        return AnalysisExecutionService(self.jobs(), **options)


def details(error: Mapping[str, object]) -> dict[str, object]:
    """Return the details of an envelope."""
    body = error["error"]
    assert isinstance(body, dict)
    found = body["details"]
    assert isinstance(found, dict)
    return found


def code(error: Mapping[str, object]) -> str:
    """Return the code of an envelope."""
    found = details(error)["code"]
    assert isinstance(found, str)
    return found


def kind(error: Mapping[str, object]) -> str:
    """Return the type of an envelope."""
    body = error["error"]
    assert isinstance(body, dict)
    found = body["type"]
    assert isinstance(found, str)
    return found


def faults(error: Mapping[str, object]) -> list[dict[str, str]]:
    """Return the faults that an envelope lists, each with its pointer and detail."""
    found = details(error)["errors"]
    assert isinstance(found, list)
    return found
