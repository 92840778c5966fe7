"""From a request to a session: ids, verdicts and digest, and nothing that would carry anything out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NoReturn, final

from buttress_runtime.planning._graph import ordered
from buttress_runtime.planning._intake import Command, Request, admit, admit_ordinal
from buttress_runtime.planning._verdicts import judge
from buttress_runtime.planning.catalog import CommandCatalog
from buttress_runtime.planning.errors import PlanInputError
from buttress_runtime.planning.frozen import canonical_bytes
from buttress_runtime.planning.ids import JobId, SessionId, SessionJobId
from buttress_runtime.planning.jobs import BatchJobDetail, Rejection
from buttress_runtime.planning.plan import SCHEMA, BatchPlan
from buttress_runtime.planning.session import BatchPlanSession
from buttress_runtime.planning.states import JobState

if TYPE_CHECKING:
    from buttress_runtime.planning.request import PlanRequest

__all__ = ("BatchEngine",)


@final
class BatchEngine:
    """Makes sessions. It holds a copy of its catalog and nothing else (P7-06)."""

    __slots__ = ("_catalog",)

    _catalog: CommandCatalog

    def __init__(self, catalog: CommandCatalog) -> None:
        if not isinstance(catalog, CommandCatalog):
            raise PlanInputError("/catalog", f"a CommandCatalog is needed, not {type(catalog).__name__}")
        if hasattr(self, "_catalog"):
            raise AttributeError("an engine does not change after its creation")
        object.__setattr__(self, "_catalog", CommandCatalog(catalog.rules))

    def create_session(self, request: PlanRequest, ordinal: int) -> BatchPlanSession:
        """Plan a request (P7-29).

        Args:
            request: The commands. A command that breaks a rule becomes a rejected job and stays in the session.
            ordinal: The caller's own number of this planning call, 1 or more: equal requests under two ordinals are two sessions.

        Raises:
            PlanInputError: The request or the ordinal has a value that cannot be part of a plan; nothing is created.
            PlanTooLarge: The request exceeds a limit; nothing is created.
        """
        number = admit_ordinal(ordinal)
        admitted = admit(request)
        verdicts = judge(admitted.commands, self._catalog)
        return BatchPlanSession(_plan(admitted, verdicts, self._catalog.digest, number))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an engine does not change after its creation")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("an engine does not change after its creation")


def _plan(request: Request, verdicts: tuple[tuple[Rejection, ...], ...], catalog_digest: str, ordinal: int) -> BatchPlan:
    digest = _digest(request, verdicts, catalog_digest)
    session = SessionId.mint(digest, ordinal)
    jobs = tuple(
        _detail(session, number, command, rejections, len(verdicts))
        for number, (command, rejections) in enumerate(zip(request.commands, verdicts, strict=True), 1)
    )
    planned = {number: command.depends_on for number, command in enumerate(request.commands, 1) if not verdicts[number - 1]}
    return BatchPlan(
        schema=SCHEMA,
        session=session,
        digest=digest,
        ordinal=ordinal,
        catalog_digest=catalog_digest,
        parameters=request.parameters,
        jobs=jobs,
        order=tuple(JobId.numbered(number) for number in ordered(planned)),
        planned=len(planned),
        rejected=len(jobs) - len(planned),
    )


def _detail(session: SessionId, number: int, command: Command, rejections: tuple[Rejection, ...], count: int) -> BatchJobDetail:
    known = tuple(position for position in command.depends_on if 1 <= position <= count)
    return BatchJobDetail(
        id=SessionJobId(session, JobId.numbered(number)),
        kind=command.kind,
        inputs=command.inputs,
        outputs=command.outputs,
        parameters=command.parameters,
        depends_on=tuple(SessionJobId(session, JobId.numbered(position)) for position in known),
        state=_state(rejections),
        rejections=rejections,
    )


def _state(rejections: tuple[Rejection, ...]) -> JobState:
    return JobState.Rejected if rejections else JobState.Planned


def _digest(request: Request, verdicts: tuple[tuple[Rejection, ...], ...], catalog_digest: str) -> str:
    """Digest the canonical JSON of the whole contents: no text is joined, so no two contents can look alike (PLAN-4)."""
    jobs = [
        {
            "number": number,
            "kind": command.kind,
            "inputs": command.inputs,
            "outputs": command.outputs,
            "parameters": command.parameters,
            "depends_on": command.depends_on,
            "state": _state(rejections),
            "rejections": [{"rule": fault.rule, "message": fault.message, "pointer": fault.pointer} for fault in rejections],
        }
        for number, (command, rejections) in enumerate(zip(request.commands, verdicts, strict=True), 1)
    ]
    contents = {"schema": SCHEMA, "catalog_digest": catalog_digest, "parameters": request.parameters, "jobs": jobs}
    return hashlib.sha256(canonical_bytes(contents)).hexdigest()
