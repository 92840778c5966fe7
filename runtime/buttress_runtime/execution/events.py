"""The events of execution, and the sink that writes them to the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from buttress_runtime.ports import RuntimeEvent

if TYPE_CHECKING:
    import logging

__all__ = ("LoggedEvents", "metrics_fault")


class LoggedEvents:
    """Writes each event to a log as one line of JSON."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def record(self, event: RuntimeEvent) -> None:
        """Write one event."""
        line = {"code": event.code, "type": event.type, "plugin": event.plugin, "details": dict(event.details)}
        self._log.warning("event %s", json.dumps(line, sort_keys=True))


def metrics_fault(plugin: str | None, call_id: str, step: str, fault: BaseException) -> RuntimeEvent:
    """Return the event that says that the registry could not record a call."""
    details = {"call_id": call_id, "step": step, "exception": type(fault).__name__}
    return RuntimeEvent("BT-EVT-PLUG-001", "plugin.metrics_fault", plugin, details)
