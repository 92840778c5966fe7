"""The composition root of execution: puts the services, the runner and the isolation together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from buttress_runtime.execution.isolation import InProcess, Isolation
from buttress_runtime.execution.runner import ToolRunner
from buttress_runtime.execution.services.analysis_execution import AnalysisExecutionService
from buttress_runtime.execution.services.job_execution import JobExecutionService
from buttress_runtime.execution.services.plugin_execution import PluginExecutionService
from buttress_runtime.execution.validation import Validators
from buttress_runtime.ports import Clock, EventSink, IdFactory, SystemClock, SystemIds

if TYPE_CHECKING:
    from buttress_runtime.execution.registry import PluginRegistry

__all__ = ("compose",)


def compose(
    registry: PluginRegistry,
    *,
    isolation: Isolation | None = None,
    validators: Validators | None = None,
    clock: Clock | None = None,
    ids: IdFactory | None = None,
    events: EventSink | None = None,
) -> AnalysisExecutionService:
    """Return the analysis service over a registry, with everything below it wired.

    Args:
        registry: The plugins.
        isolation: Where they run; inside this process, for trusted plugins only, by default.
        validators: The rules for payloads and results.
        clock: The clock of all parts.
        ids: Names jobs and calls.
        events: Where events go; the log by default.
    """
    clock = clock or SystemClock()
    ids = ids or SystemIds()
    log = logging.getLogger("buttress_runtime.execution")
    runner = ToolRunner(registry, validators or Validators(), isolation or InProcess(clock), clock, log, events=events, ids=ids)
    return AnalysisExecutionService(JobExecutionService(PluginExecutionService(runner), clock, ids))
