"""Texts with the calls that handed them on, and the trail of what is being looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from buttress_scanner.program.values import (
    Const,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.frames import Frame, Site


MOST = 200
"""Texts that are followed from one place; more are data rather than names."""
DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Named:
    """A text and the calls that handed it on: nearest to the place of use first, the one that names it last."""

    text: str
    way: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """The calls that were entered to look at their results, and what is being looked at already."""

    down: tuple[Site, ...] = ()
    busy: frozenset[tuple[Frame, int, tuple[Site, ...]]] = frozenset()

    def at(self, frame: Frame, node: int) -> Trail | None:
        """The trail with one more place; None where it would run in a circle or too far."""
        key = (frame, node, self.down)
        return None if key in self.busy or len(self.busy) > DEEPEST else Trail(self.down, self.busy | {key})


Follow = Callable[["Frame", int, Trail], list[Named]]


def texts_in(values: Iterable[Value]) -> list[str]:
    """The texts among values."""
    return [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]


def distinct(found: list[Named]) -> list[Named]:
    """Each text once for each way, up to the limit."""
    return list(dict.fromkeys(found))[:MOST]


def joined(parts: Sequence[list[Named]], join: Callable[[Sequence[str]], str]) -> list[Named]:
    """Combine parts that can come together: those that came through calls came through the same ones."""
    found: list[Named] = []
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST:
        return []
    for combination in product(*parts):
        ways = sorted((n.way for n in combination if n.way), key=len)
        if all(ways[-1][: len(way)] == way for way in ways):
            found.append(Named(join([n.text for n in combination]), ways[-1] if ways else ()))
    return found
