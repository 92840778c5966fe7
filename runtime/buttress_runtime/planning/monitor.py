"""A read-only view of sessions that someone else made and holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, final

from buttress_runtime.planning.errors import DuplicateSession, PlanInputError, UnknownSession
from buttress_runtime.planning.ids import SessionId, SessionJobId
from buttress_runtime.planning.session import BatchPlanSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_runtime.planning.jobs import BatchJobDetail, BatchJobSummary

__all__ = ("Counts", "MonitorEngine")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions there are, and how many jobs of each state they hold."""

    sessions: int
    planned: int
    rejected: int


@final
class MonitorEngine:
    """Reports what sessions say, always with the session (P7-19). It holds references and no state of its own (P7-07).

    Args:
        sessions: The sessions to report on, in the order in which they are listed.

    Raises:
        DuplicateSession: An id is given twice.
    """

    __slots__ = ("_sessions",)

    _sessions: tuple[BatchPlanSession, ...]

    def __init__(self, sessions: Iterable[BatchPlanSession]) -> None:
        if hasattr(self, "_sessions"):
            raise AttributeError("a monitor does not change after its creation")
        given = tuple(sessions)
        seen: set[SessionId] = set()
        for index, session in enumerate(given):
            if not isinstance(session, BatchPlanSession):
                raise PlanInputError(f"/sessions/{index}", f"a BatchPlanSession is needed, not {type(session).__name__}")
            if (identity := session.id()) in seen:
                raise DuplicateSession(identity)
            seen.add(identity)
        object.__setattr__(self, "_sessions", given)

    def sessions(self) -> tuple[SessionId, ...]:
        """List the sessions in the order given."""
        return tuple(session.id() for session in self._sessions)

    def jobs(self, session: SessionId) -> tuple[BatchJobSummary, ...]:
        """List the jobs of one session.

        Raises:
            UnknownSession: The monitor was not given that session.
        """
        return self._find(session).jobs()

    def job(self, id: SessionJobId) -> BatchJobDetail | None:  # noqa: A002 - the specification's name
        """Look up one job.

        Returns:
            The job, or None when its session has no such job.

        Raises:
            UnknownSession: The monitor was not given that session.
        """
        if not isinstance(id, SessionJobId):
            raise PlanInputError("/id", f"a SessionJobId is needed, not {type(id).__name__}", "A job is named with its session.")
        return self._find(id.session).job(id.job)

    def counts(self, session: SessionId) -> Counts:
        """Count the jobs of one session.

        Raises:
            UnknownSession: The monitor was not given that session.
        """
        return _counts(self._find(session))

    def totals(self) -> Counts:
        """Count the jobs of all sessions."""
        each = tuple(_counts(session) for session in self._sessions)
        return Counts(len(each), sum(counts.planned for counts in each), sum(counts.rejected for counts in each))

    def _find(self, wanted: SessionId) -> BatchPlanSession:
        if not isinstance(wanted, SessionId):
            raise PlanInputError(
                "/session", f"a SessionId is needed, not {type(wanted).__name__}", "Read outside text with SessionId.parse."
            )
        for session in self._sessions:
            if session.id() == wanted:
                return session
        raise UnknownSession(wanted)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a monitor does not change after its creation")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a monitor does not change after its creation")


def _counts(session: BatchPlanSession) -> Counts:
    plan = session.snapshot()  # the session's own numbers: nothing about states is worked out here (P7-40)
    return Counts(1, plan.planned, plan.rejected)
