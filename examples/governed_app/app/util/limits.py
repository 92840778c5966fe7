"""How much is too much."""

from __future__ import annotations

import json

_MAX_BYTES = 256 * 1024


def too_large(payload: dict[str, object]) -> bool:
    """Whether a payload has more bytes as JSON than the service takes."""
    return len(json.dumps(payload, default=str)) > _MAX_BYTES
