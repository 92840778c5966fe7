"""The service that tracks every call as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plugins.errors.error_envelope import error_envelope

if TYPE_CHECKING:
    from ..jobs import Job, JobStore
    from .plugin_execution import PluginExecutionService


class JobExecutionService:
    """Creates jobs and runs them."""

    def __init__(self, plugins: PluginExecutionService, store: JobStore) -> None:
        self._plugins = plugins
        self._store = store

    def create_job(self, plugin_name: str, payload: dict[str, object]) -> Job:
        """Make a job that waits."""
        return self._store.create(plugin_name, payload)

    def run_job(self, job_id: str) -> Job:
        """Run a job and return it as it ended, whatever happens in between."""
        job = self._store.start(job_id)
        result: dict[str, object] = {}
        error: dict[str, object] = {"error": {"type": "ExecutionError", "message": "interrupted", "plugin": None}}
        try:
            result, error = self._plugins.execute(job.plugin, job.payload)
        except Exception as fault:  # noqa: BLE001 - the layer below raises none; if it does, that is a fault of ours
            error = error_envelope(fault, job.plugin)
        finally:
            self._store.settle(job, result, error)
        return job
