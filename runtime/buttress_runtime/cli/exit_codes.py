"""The exit codes of `buttress-runtime`."""

from __future__ import annotations

from enum import IntEnum

__all__ = ("Exit",)


class Exit(IntEnum):
    """How a command ended, for the shell."""

    DONE = 0
    NEGATIVE_RESULT = 1
    NOT_FOUND = 11
    MALFORMED = 12
    USAGE = 64
