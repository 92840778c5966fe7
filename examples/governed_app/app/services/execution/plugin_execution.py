"""The service that reaches plugins, through the tool runner and not otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...plugins.runtime.tool_runner import ToolRunner


class PluginExecutionService:
    """Passes calls to the tool runner, and adds nothing."""

    def __init__(self, runner: ToolRunner) -> None:
        self._runner = runner

    def execute(self, plugin_name: str, payload: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
        """Run a plugin once; return result and error."""
        return self._runner.run(plugin_name, payload)
