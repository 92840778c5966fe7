"""Numbers that grow."""

from __future__ import annotations

from time import monotonic as _tick


def stamp() -> int:
    """Return a number that is larger than the last."""
    return int(_tick() * 1000)
