"""Planning sessions: where jobs live and who owns their state (seed 000).

Planning describes work completely and can perform none of it. It imports no other package of the runtime, reads no clock and no
environment, and opens nothing: the same request, catalog and ordinal give the same ids and bytes everywhere.
"""

from __future__ import annotations

from buttress_runtime.planning.catalog import CommandCatalog, CommandRule, JsonScalar, ParameterRule, ParameterType
from buttress_runtime.planning.engine import BatchEngine
from buttress_runtime.planning.errors import DuplicateSession, PlanInputError, PlanningError, PlanTooLarge, UnknownSession
from buttress_runtime.planning.frozen import FrozenJson, FrozenObject, JsonValue, canonical_bytes
from buttress_runtime.planning.ids import JobId, SessionId, SessionJobId
from buttress_runtime.planning.jobs import RULES, BatchJobDetail, BatchJobSummary, Rejection, RuleName
from buttress_runtime.planning.monitor import Counts, MonitorEngine
from buttress_runtime.planning.plan import Absent, BatchPlan, Difference
from buttress_runtime.planning.request import JobCommand, PlanRequest
from buttress_runtime.planning.session import BatchPlanSession
from buttress_runtime.planning.states import JobState

__all__ = (
    "RULES",
    "Absent",
    "BatchEngine",
    "BatchJobDetail",
    "BatchJobSummary",
    "BatchPlan",
    "BatchPlanSession",
    "CommandCatalog",
    "CommandRule",
    "Counts",
    "Difference",
    "DuplicateSession",
    "FrozenJson",
    "FrozenObject",
    "JobCommand",
    "JobId",
    "JobState",
    "JsonScalar",
    "JsonValue",
    "MonitorEngine",
    "ParameterRule",
    "ParameterType",
    "PlanInputError",
    "PlanRequest",
    "PlanTooLarge",
    "PlanningError",
    "Rejection",
    "RuleName",
    "SessionId",
    "SessionJobId",
    "UnknownSession",
    "canonical_bytes",
)
