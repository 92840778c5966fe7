"""Jobs and their states: PENDING, RUNNING, then SUCCESS or FAILED."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


UNFINISHED = frozenset({JobState.PENDING, JobState.RUNNING})


@dataclass(slots=True)
class Job:
    """One plugin call, tracked."""

    id: str
    plugin: str
    payload: dict[str, object]
    state: JobState = JobState.PENDING
    result: dict[str, object] = field(default_factory=dict)
    error: dict[str, object] = field(default_factory=dict)


class JobStore:
    """Jobs in memory."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def create(self, plugin: str, payload: dict[str, object]) -> Job:
        """Make a job that waits."""
        job = Job(f"job-{len(self._jobs) + 1:03d}", plugin, payload)
        self._jobs[job.id] = job
        return job

    def start(self, job_id: str) -> Job:
        """Take a job that waits for running."""
        job = self._jobs[job_id]
        if job.state not in UNFINISHED:
            raise ValueError(f"{job_id} has ended as {job.state}; a job runs once")
        job.state = JobState.RUNNING
        return job

    def settle(self, job: Job, result: dict[str, object], error: dict[str, object]) -> None:
        """Record how a job ended: it succeeded exactly when there is no error."""
        job.result, job.error = result, error
        job.state = JobState.FAILED if error else JobState.SUCCESS
