"""Errors in the form that clients get."""

from __future__ import annotations

from .exceptions import InputValidationError, OutputValidationError

_TYPES = (
    ((InputValidationError, OutputValidationError), "ValidationError"),
    ((LookupError,), "PluginError"),
    ((BaseException,), "ExecutionError"),
)


def error_envelope(fault: BaseException, plugin_name: str | None) -> dict[str, object]:
    """Wrap an exception: type, message and plugin, no traceback."""
    kind = next(name for classes, name in _TYPES if isinstance(fault, classes))
    return {"error": {"type": kind, "message": str(fault) or type(fault).__name__, "plugin": plugin_name}}
