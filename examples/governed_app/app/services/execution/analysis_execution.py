"""The service that the API talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..jobs import Job
    from .job_execution import JobExecutionService


class AnalysisExecutionService:
    """Runs an analysis as a job."""

    def __init__(self, jobs: JobExecutionService) -> None:
        self._jobs = jobs

    def execute(self, plugin_name: str, payload: dict[str, object]) -> Job:
        """Run one analysis and return its job as it ended."""
        return self._jobs.run_job(self._jobs.create_job(plugin_name, payload).id)
