"""How much is too much."""

from __future__ import annotations

import json

from . import stamps

_MAX_BYTES = 256 * 1024
_NIGHT_BYTES = 1024 * 1024
_next_stamp = stamps.stamp


def too_large(payload: dict[str, object]) -> bool:
    """Whether a payload has more bytes as JSON than the service takes at this hour."""
    return len(json.dumps(payload, default=str)) > _limit(_next_stamp())


def _limit(stamp: int) -> int:
    return _NIGHT_BYTES if stamp // 3_600_000 % 24 < 6 else _MAX_BYTES
