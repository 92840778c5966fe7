"""Try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def attempt(action: Callable[..., object], *arguments: object, times: int = 2) -> object:
    """Call an action, and once more if it raises."""
    for _ in range(times - 1):
        try:
            return action(*arguments)
        except ValueError:
            continue
    return action(*arguments)
