"""The composition root: the one place that puts the parts together."""

from __future__ import annotations

from .api.analysis import AnalysisApi
from .plugins.builtin.png_size import PngSize
from .plugins.builtin.word_count import WordCount
from .plugins.registry import PluginRegistry
from .plugins.runtime.tool_runner import ToolRunner
from .services.execution.analysis_execution import AnalysisExecutionService
from .services.execution.job_execution import JobExecutionService
from .services.execution.plugin_execution import PluginExecutionService
from .services.jobs import JobStore


def compose() -> tuple[AnalysisApi, PluginRegistry]:
    """Return the API over all built-in plugins, and their registry."""
    registry = PluginRegistry()
    registry.register(WordCount())
    registry.register(PngSize())
    plugins = PluginExecutionService(ToolRunner(registry))
    analysis = AnalysisExecutionService(JobExecutionService(plugins, JobStore()))
    return AnalysisApi(analysis), registry
