"""The service that clients talk to: one call now, or a job to ask for later (execution section 7, TR-04)."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self

from buttress_runtime.execution.errors import RateLimited, as_fault, error_envelope, public_envelope, require_wired

if TYPE_CHECKING:
    from types import TracebackType

    from buttress_runtime.execution.json_values import JsonValue
    from buttress_runtime.execution.services.job_execution import JobExecutionService
    from buttress_runtime.execution.services.job_model import CancelResult, ExecutionJobState, JobRecord

__all__ = ("AnalysisExecutionService",)

_WORKERS = 16
_QUEUED = 1_000


class AnalysisExecutionService:
    """Runs analyses as jobs, synchronously or on worker threads of its own; close it, or use it as a context manager."""

    def __init__(self, jobs: JobExecutionService, *, workers: int = _WORKERS, queued: int = _QUEUED) -> None:
        """Wire the service.

        Args:
            jobs: Keeps and runs the jobs.
            workers: So many submitted jobs run at once.
            queued: So many more may wait.

        Raises:
            WiringError: The job service is missing.
        """
        require_wired("AnalysisExecutionService", jobs=jobs)
        self._jobs = jobs
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="analysis")
        self._room = threading.BoundedSemaphore(workers + queued)

    def execute(self, plugin_name: str, payload: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        """Run an analysis now, as a job, on this thread.

        Args:
            plugin_name: Name of a registered plugin; passed on unchanged.
            payload: A JSON object.

        Returns:
            Result and error; the analysis succeeded exactly when the error is `{}`. The error has no internal part.
        """
        try:
            record = self._jobs.run_job(self._jobs.create_job(plugin_name, payload).id)
        except Exception as exc:  # noqa: BLE001 - a refused payload, or a fault of the runtime
            return {}, public_envelope(error_envelope(as_fault(exc), plugin_name))
        return record.result, record.error

    def submit(self, plugin_name: str, payload: dict[str, JsonValue]) -> str:
        """Start an analysis on a worker thread and return the id of its job.

        Raises:
            InputValidationError: The payload is no JSON object.
            RateLimited: Too many jobs are waiting.
        """
        if not self._room.acquire(blocking=False):
            raise RateLimited("too many analyses are waiting; try again later")
        try:
            job_id = self._jobs.create_job(plugin_name, payload).id
            running = self._pool.submit(self._jobs.run_job, job_id)
        except BaseException:
            self._room.release()
            raise
        running.add_done_callback(partial(self._done, job_id))
        return job_id

    def get(self, job_id: str) -> JobRecord | None:
        """Return a job, or None."""
        return self._jobs.get_job(job_id)

    def list(
        self, *, status: ExecutionJobState | None = None, plugin: str | None = None, limit: int = 50
    ) -> tuple[JobRecord, ...]:
        """Return jobs, newest first, as `JobExecutionService.list_jobs` does."""
        return self._jobs.list_jobs(status=status, plugin=plugin, limit=limit)

    def cancel(self, job_id: str) -> CancelResult:
        """Cancel a job if that is possible, and say whether it was."""
        return self._jobs.cancel_job(job_id)

    def close(self) -> None:
        """Cancel the jobs that wait, let those that run end, and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _done(self, job_id: str, running: Future[JobRecord]) -> None:
        """Make room, and cancel a job that never got a thread; one that was cancelled before has refused to run, as it should."""
        self._room.release()
        if running.cancelled():
            self._jobs.cancel_job(job_id)
