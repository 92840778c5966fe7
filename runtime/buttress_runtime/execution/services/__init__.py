"""The three services: analysis over jobs over plugins (execution section 7). Each layer calls only the next."""

from __future__ import annotations

from buttress_runtime.execution.services.analysis_execution import AnalysisExecutionService
from buttress_runtime.execution.services.job_execution import JobExecutionService
from buttress_runtime.execution.services.job_model import CancelResult, ExecutionJobState, JobRecord
from buttress_runtime.execution.services.plugin_execution import PluginExecutionService

__all__ = (
    "AnalysisExecutionService",
    "CancelResult",
    "ExecutionJobState",
    "JobExecutionService",
    "JobRecord",
    "PluginExecutionService",
)
