"""The owner of jobs and their states."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn, final

from buttress_runtime.planning._copies import detail_of, plan_of, session_id_of, summary_of
from buttress_runtime.planning.errors import PlanInputError
from buttress_runtime.planning.ids import JobId, SessionId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_runtime.planning.jobs import BatchJobDetail, BatchJobSummary
    from buttress_runtime.planning.plan import BatchPlan

__all__ = ("BatchPlanSession",)

_HASH_DIGITS = 15


@final
class BatchPlanSession:
    """An immutable snapshot of a planned batch, bound to one session identity (P7-03).

    Sessions come from `BatchEngine.create_session`; nobody else makes one. Every method answers with a copy, so nothing that is
    done to an answer shows in a later one, and any number of threads may ask at once. A copy of a session is the session itself;
    sessions cannot be pickled: keep `snapshot().to_json()` instead.
    """

    __slots__ = ("_by_id", "_plan")

    _plan: BatchPlan
    _by_id: Mapping[str, BatchJobDetail]

    def __init__(self, plan: BatchPlan) -> None:
        if hasattr(self, "_plan"):
            raise AttributeError("a session does not change after its creation")
        object.__setattr__(self, "_by_id", MappingProxyType({job.id.job.value: job for job in plan.jobs}))
        object.__setattr__(self, "_plan", plan)

    def id(self) -> SessionId:
        """Give the identity of the session (P7-22)."""
        return session_id_of(self._plan)

    def jobs(self) -> tuple[BatchJobSummary, ...]:
        """List all jobs in command order, rejected ones included (P7-23)."""
        return tuple(summary_of(job) for job in self._plan.jobs)

    def job(self, job_id: JobId) -> BatchJobDetail | None:
        """Look up one job (P7-24).

        Returns:
            The job, or None when the session has none of that id.
        """
        if not isinstance(job_id, JobId):
            raise PlanInputError("/job", f"a JobId is needed, not {type(job_id).__name__}", "Take it from a job of the session.")
        found = self._by_id.get(job_id.value)
        return None if found is None else detail_of(found)

    def snapshot(self) -> BatchPlan:
        """Give everything the session holds (P7-25)."""
        return plan_of(self._plan)

    def __eq__(self, other: object) -> bool:
        return self._plan == other._plan if isinstance(other, BatchPlanSession) else NotImplemented

    def __hash__(self) -> int:
        # from the digest and not from hash(), which differs from process to process
        return int(self._plan.digest[:_HASH_DIGITS], 16) + self._plan.ordinal

    def __repr__(self) -> str:
        return f"<BatchPlanSession {self._plan.session.short}: {self._plan.planned} planned, {self._plan.rejected} rejected>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a session does not change after its creation")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a session does not change after its creation")

    def __copy__(self) -> BatchPlanSession:
        return self

    def __deepcopy__(self, memo: object) -> BatchPlanSession:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session cannot be pickled; keep snapshot().to_json() instead")
