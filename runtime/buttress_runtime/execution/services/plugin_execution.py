"""The service that hands a call on to the tool runner (execution section 7, TR-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_runtime.execution.errors import as_fault, error_envelope, require_wired

if TYPE_CHECKING:
    from buttress_runtime.execution.json_values import JsonValue
    from buttress_runtime.execution.plugin import CallContext
    from buttress_runtime.execution.runner import ToolRunner

__all__ = ("PluginExecutionService",)


class PluginExecutionService:
    """Passes calls to the tool runner, and adds nothing."""

    def __init__(self, runner: ToolRunner) -> None:
        require_wired("PluginExecutionService", runner=runner)
        self._runner = runner

    def execute(
        self, plugin_name: str, payload: dict[str, JsonValue], *, context: CallContext | None = None
    ) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        """Run a plugin once.

        Args:
            plugin_name: Name of a registered plugin; passed on unchanged.
            payload: A JSON object.
            context: What the call belongs to.

        Returns:
            Result and error, as the tool runner gives them.
        """
        try:
            return self._runner.run(plugin_name, payload, context=context)
        except Exception as exc:  # noqa: BLE001 - the runner raises no Exception; if it does, that is a fault of the runtime
            return {}, error_envelope(as_fault(exc), plugin_name)
