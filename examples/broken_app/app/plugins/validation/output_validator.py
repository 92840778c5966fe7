"""Check what a plugin returned before a client sees it."""

from __future__ import annotations

import json

from ..errors.exceptions import OutputValidationError


def validate_plugin_output(result: object) -> dict[str, object]:
    """Refuse a result that is no JSON object with members."""
    if not isinstance(result, dict) or not result:
        raise OutputValidationError(f"the plugin returned {type(result).__name__}, not an object with members")
    try:
        json.dumps(result, allow_nan=False)
    except (TypeError, ValueError) as fault:
        raise OutputValidationError(f"the result is no JSON: {fault}") from fault
    return result
