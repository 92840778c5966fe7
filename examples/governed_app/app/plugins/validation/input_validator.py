"""Check payloads before a plugin sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...util.limits import too_large
from ..errors.exceptions import InputValidationError

if TYPE_CHECKING:
    from ..base import Plugin


def validate_input_payload(payload: dict[str, object], plugin: Plugin) -> None:
    """Refuse a payload that lacks what the plugin requires, or is too large."""
    missing = [name for name in plugin.requires if not payload.get(name)]
    if missing:
        raise InputValidationError(f"the payload lacks {', '.join(missing)}")
    if too_large(payload):
        raise InputValidationError("the payload is too large")
