"""The only place that runs a plugin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..base import PluginState
from ..errors.error_envelope import error_envelope
from ..validation.input_validator import validate_input_payload
from ..validation.output_validator import validate_plugin_output

if TYPE_CHECKING:
    from ..registry import PluginRegistry
    from .audit import Audit


CHECKS = {"input": validate_input_payload, "output": validate_plugin_output}


class ToolRunner:
    """Validates, runs, measures and wraps one call of a plugin."""

    def __init__(self, registry: PluginRegistry, audit: Audit) -> None:
        self._registry = registry
        self._audit = audit

    def run(self, plugin_name: str, payload: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
        """Run a plugin once; return result and error, of which one is empty."""
        started = time.monotonic()
        had_error = True
        try:
            plugin = self._registry.get(plugin_name)
            validate_input_payload(payload, plugin)
            result = plugin.run(payload)
            had_error = False
            elapsed_ms = int((time.monotonic() - started) * 1000)
            self._registry.update_execution_metrics(plugin_name, PluginState.INITIALIZED, elapsed_ms, had_error=had_error)
        except Exception as fault:  # noqa: BLE001 - whatever a plugin raises becomes an envelope
            return {}, error_envelope(fault, plugin_name)
        else:
            return result, {}
        finally:
            elapsed_ms = int((time.monotonic() - started) * 1000)
            self._audit.note(plugin_name, elapsed_ms, had_error=had_error)
