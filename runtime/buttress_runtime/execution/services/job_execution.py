"""The service that makes every call a tracked job (execution section 7, TR-03, TR-54).

Jobs live in memory. One lock guards them; it is never held while a plugin runs or a running call is being stopped.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from buttress_runtime.execution.errors import (
    CallCancelled,
    InputValidationError,
    JobConflict,
    JobNotFound,
    OutcomeInDoubt,
    as_fault,
    error_envelope,
    require_wired,
)
from buttress_runtime.execution.json_values import INPUT_LIMITS, JsonFault, JsonObject, JsonValue, copy_json
from buttress_runtime.execution.plugin import CallContext
from buttress_runtime.execution.services._job import Job
from buttress_runtime.execution.services.job_model import CancelResult, ExecutionJobState, JobEvent, JobRecord

if TYPE_CHECKING:
    from buttress_runtime.execution.services.plugin_execution import PluginExecutionService
    from buttress_runtime.ports import Clock, IdFactory

__all__ = ("JobExecutionService",)

_TERMINAL_KEPT = 10_000


class JobExecutionService:
    """Creates, runs, lists and cancels jobs; each job runs at most once."""

    def __init__(
        self, plugins: PluginExecutionService, clock: Clock, ids: IdFactory, *, terminal_kept: int = _TERMINAL_KEPT
    ) -> None:
        """Wire the service.

        Args:
            plugins: Runs the plugins.
            clock: Dates and measures the jobs.
            ids: Names the jobs.
            terminal_kept: So many ended jobs are kept; the one that ended first is dropped first.

        Raises:
            WiringError: A part is missing.
        """
        require_wired("JobExecutionService", plugins=plugins, clock=clock, ids=ids)
        self._plugins = plugins
        self._clock = clock
        self._ids = ids
        self._terminal_kept = terminal_kept
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def create_job(self, plugin_name: str, payload: dict[str, JsonValue]) -> JobRecord:
        """Make a job; whether the plugin exists and takes the payload shows when it runs.

        Raises:
            InputValidationError: The plugin's name is no text, or the payload is no JSON object within the limits.
        """
        if not isinstance(plugin_name, str):
            detail = f"a value of type {type(plugin_name).__name__} is no plugin's name; send text"
            raise InputValidationError(f"plugin: {detail}", [("/plugin", detail)])
        job = Job(self._ids.uuid(), plugin_name, _json_object(payload), self._clock.now())
        with self._lock:
            self._jobs[job.id] = job
            return job.record()

    def run_job(self, job_id: str) -> JobRecord:
        """Run a pending job on this thread and return it as it ended.

        Of several callers exactly one runs the job.

        Raises:
            JobNotFound: There is no such job.
            JobConflict: The job is not pending.
            BaseException: A process signal of the calling task, after the job was marked as failed.
        """
        started = self._clock.monotonic_ms()
        job, payload = self._claim(job_id)
        outcome: tuple[JsonObject, JsonObject] | None = None
        try:
            context = CallContext(call_id=job.id, trace_id=job.id, cancel_token=job.token)
            outcome = self._plugins.execute(job.plugin, payload, context=context)
        except Exception as exc:  # noqa: BLE001 - the layer below raises no Exception; if it does, that is a fault of the runtime
            outcome = {}, error_envelope(as_fault(exc), job.plugin, clock=self._clock)
        finally:
            record = self._finish(job, outcome, started)
        return record

    def get_job(self, job_id: str) -> JobRecord | None:
        """Return a job, or None."""
        with self._lock:
            job = self._jobs.get(job_id)
            return None if job is None else job.record()

    def list_jobs(
        self, *, status: ExecutionJobState | None = None, plugin: str | None = None, limit: int = 50
    ) -> tuple[JobRecord, ...]:
        """Return jobs, newest first.

        Args:
            status: Only those in this state.
            plugin: Only those of this plugin.
            limit: At most so many.
        """
        found: list[JobRecord] = []
        with self._lock:
            for job in reversed(self._jobs.values()):
                if len(found) >= limit:
                    break
                if status in {None, job.state} and plugin in {None, job.plugin}:
                    found.append(job.record())
        return tuple(found)

    def diagnostics(self, job_id: str) -> dict[str, JsonValue]:
        """Return what a job's envelope keeps from clients (code, traceback, causes), for operators; `{}` if there is nothing."""
        with self._lock:
            job = self._jobs.get(job_id)
            internal = job.error.get("_internal") if job else None
            return dict(internal) if isinstance(internal, dict) else {}

    def cancel_job(self, job_id: str) -> CancelResult:
        """Cancel a job if that is possible, and say whether it was."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return CancelResult(accepted=False, state=None, reason=f"no job has the id {job_id!a}")
            if job.state is ExecutionJobState.PENDING:
                job.token.cancel()
                self._cancelled(job)
                return CancelResult(accepted=True, state=job.state, reason="cancelled before it began")
        # Stopping may take a while; a job that has ended is settled below.
        gone = job.token.cancel()
        with self._lock:
            if gone and job.state is ExecutionJobState.RUNNING:
                self._cancelled(job)
            if job.state is ExecutionJobState.CANCELLED:
                return CancelResult(accepted=True, state=job.state, reason="cancelled")
            reason = (
                f"the job has ended as {job.state}" if job.ended else "the plugin runs and cannot be stopped; wait for its end"
            )
            return CancelResult(accepted=False, state=job.state, reason=reason)

    def _claim(self, job_id: str) -> tuple[Job, JsonObject]:
        """Take a pending job for running; exactly one caller gets it."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                raise JobNotFound(f"no job has the id {job_id!a}; it may have ended and been dropped")
            if job.state is not ExecutionJobState.PENDING:
                raise JobConflict(f"job {job_id} is {job.state}; only a pending job can be run, once")
            job.move(JobEvent.RUN, self._clock.now())
            return job, job.payload

    def _finish(self, job: Job, outcome: tuple[JsonObject, JsonObject] | None, started: int) -> JobRecord:
        """Record how the run of a job ended; a cancel that was confirmed meanwhile stands.

        Without an outcome a process signal ended the run, and whether the effect happened is in doubt.
        """
        if outcome is None:
            fault = OutcomeInDoubt("the process was told to stop while the job ran", details={"cause": "interrupted"})
            outcome = {}, error_envelope(fault, job.plugin, clock=self._clock)
        result, error = outcome
        with self._lock:
            job.execution_time_ms = max(0, self._clock.monotonic_ms() - started)
            if error:
                job.error = error
            if job.state is ExecutionJobState.RUNNING:
                job.result = {} if error else result
                event = JobEvent.SUCCEED if error == {} else JobEvent.CANCEL if job.token.cancelled else JobEvent.FAIL
                self._end(job, event)
            return job.record()

    def _cancelled(self, job: Job) -> None:
        """Mark a job as cancelled; the lock is held."""
        job.error = error_envelope(CallCancelled("the job was cancelled"), job.plugin, clock=self._clock)
        self._end(job, JobEvent.CANCEL)

    def _end(self, job: Job, event: JobEvent) -> None:
        """Move a job to a terminal state and drop the oldest ended one beyond the number kept; the lock is held."""
        job.move(event, self._clock.now())
        self._ended[job.id] = None
        while len(self._ended) > self._terminal_kept:
            oldest, _ = self._ended.popitem(last=False)
            del self._jobs[oldest]


def _json_object(payload: object) -> JsonObject:
    try:
        copied = copy_json(payload, INPUT_LIMITS, raw_image=True)
    except JsonFault as fault:
        code = "payload_too_large" if fault.too_large else None
        raise InputValidationError(f"payload {fault}", [(fault.pointer, fault.detail)], code=code) from fault
    if not isinstance(copied, dict):
        detail = f"a value of type {type(payload).__name__} is no JSON object; send an object"
        raise InputValidationError(f"payload: {detail}", [("", detail)])
    return copied
