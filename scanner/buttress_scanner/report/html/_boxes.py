"""What a map shows: modules gathered into boxes, coarser or finer, and imports gathered into arrows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from buttress_scanner.findings.map_model import Layering, Link, ModuleMap

READABLE = 30
"""Boxes that a map shows at first, at most, where modules can be gathered to so few."""
FINEST = 90
"""Boxes of the finest map that is offered."""
_DEEPEST = 6


class Mark(StrEnum):
    """What is remarkable about an arrow; the first that holds counts."""

    BROKEN = "broken"
    ACCEPTED = "accepted"
    CYCLE = "cycle"
    TYPING = "typing"
    LAWFUL = "lawful"


@dataclass(frozen=True, slots=True)
class Box:
    """Modules that are drawn as one: ``name`` is what their dotted names begin with."""

    name: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Boxes that stand together: the siblings of a layer are a block each. ``label`` is the pattern, if there is one."""

    label: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """Imports between two boxes: how many pairs of modules, and one of them, the most remarkable."""

    source: str
    target: str
    count: int
    mark: Mark
    example: Link


@dataclass(frozen=True, slots=True)
class Drawing:
    """Bands from top to bottom, and the arrows between their boxes."""

    bands: tuple[tuple[Block, ...], ...]
    arrows: tuple[Arrow, ...]

    @property
    def size(self) -> int:
        """How many boxes there are."""
        return sum(len(block.boxes) for band in self.bands for block in band)


def layered(module_map: ModuleMap, layering: Layering, marked: Callable[[Link], Mark]) -> list[Drawing]:
    """Draw the layers of a contract, from one box for each sibling to one for each module."""
    drawings = []
    for depth in range(_DEEPEST):
        bands = tuple(
            tuple(Block(part.pattern, tuple(_boxes(part.modules, depth))) for part in layer if part.modules)
            for layer in layering.layers
        )
        drawings.append(_drawing(bands, module_map.links, marked))
    return _useful(drawings)


def whole(module_map: ModuleMap, marked: Callable[[Link], Mark]) -> list[Drawing]:
    """Draw all packages, importers above what they import; packages that import each other stand side by side."""
    drawings = []
    for depth in range(1, _DEEPEST):
        boxes = list(_gathered(module_map.modules, depth))
        arrows = _arrows(boxes, module_map.links, marked)
        order = [box.name for box in boxes]
        running = [(arrow.source, arrow.target) for arrow in arrows if arrow.mark is not Mark.TYPING]
        knots = knots_of(order, running)
        levels = _levels(order, running, knots)
        bands = tuple(
            (Block("", tuple(box for box in boxes if levels[box.name] == level)),)
            for level in range(max(levels.values(), default=-1) + 1)
        )
        tied = tuple(_tied(arrow, knots) for arrow in arrows)
        drawings.append(Drawing(bands, tied))
    return _useful(drawings)


def first_shown(drawings: Sequence[Drawing]) -> int:
    """Return the number of the finest drawing that is readable at a glance."""
    return max((number for number, drawing in enumerate(drawings) if drawing.size <= READABLE), default=0)


def _useful(drawings: Sequence[Drawing]) -> list[Drawing]:
    """Leave out drawings that show no more than the one before, or too much."""
    kept: list[Drawing] = []
    for drawing in drawings:
        if drawing.size > FINEST and kept:
            break
        if kept and kept[-1].size == 1:
            kept.pop()  # a single box tells nothing, where another drawing does
        if not kept or drawing.size > kept[-1].size:
            kept.append(drawing)
    return kept


def _boxes(modules: Sequence[str], depth: int) -> Iterator[Box]:
    """Gather the modules of a part by what follows their common beginning; with depth 0, all of them."""
    return _gathered(modules, _common(modules) + depth)


def _common(modules: Sequence[str]) -> int:
    """How many segments all names begin with."""
    split = [module.split(".") for module in modules]
    length = 0
    while all(len(each) > length and each[length] == split[0][length] for each in split) and split:
        length += 1
    return length


def _gathered(modules: Iterable[str], length: int) -> Iterator[Box]:
    groups: dict[str, list[str]] = {}
    for module in modules:
        groups.setdefault(".".join(module.split(".")[: max(length, 1)]), []).append(module)
    for name in sorted(groups):
        yield Box(name, tuple(groups[name]))


def _drawing(bands: tuple[tuple[Block, ...], ...], links: Sequence[Link], marked: Callable[[Link], Mark]) -> Drawing:
    boxes = [box for band in bands for block in band for box in block.boxes]
    return Drawing(bands, tuple(_arrows(boxes, links, marked)))


def _arrows(boxes: Sequence[Box], links: Sequence[Link], marked: Callable[[Link], Mark]) -> list[Arrow]:
    """Gather imports between different boxes."""
    home = {module: box.name for box in boxes for module in box.modules}
    count: Counter[tuple[str, str]] = Counter()
    worst: dict[tuple[str, str], tuple[int, Link]] = {}
    order = {mark: number for number, mark in enumerate(_WORST)}
    for link in links:
        ends = (home.get(link.importer, ""), home.get(link.imported, ""))
        if not all(ends) or ends[0] == ends[1]:
            continue
        count[ends] += 1
        found = (order[marked(link)], link)
        worst[ends] = min(worst.get(ends, found), found)
    return [Arrow(*ends, count[ends], _WORST[worst[ends][0]], worst[ends][1]) for ends in sorted(count)]


_WORST = (Mark.BROKEN, Mark.ACCEPTED, Mark.CYCLE, Mark.LAWFUL, Mark.TYPING)
"""Which mark an arrow has whose imports have several."""


def _tied(arrow: Arrow, knots: Mapping[str, int]) -> Arrow:
    """Mark an arrow whose two ends import each other in the end."""
    if arrow.mark is not Mark.LAWFUL or knots[arrow.source] != knots[arrow.target]:
        return arrow
    return Arrow(arrow.source, arrow.target, arrow.count, Mark.CYCLE, arrow.example)


def knots_of(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Number the strongly connected components of a graph, what is pointed at first (Tarjan, without recursion)."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for source, target in pairs:
        following[source].append(target)
    found: dict[str, int] = {}
    lowest: dict[str, int] = {}
    knot: dict[str, int] = {}
    open_names: list[str] = []
    number = 0
    for start in names:
        if start in found:
            continue
        work = [(start, iter(following[start]))]
        found[start] = lowest[start] = len(found)
        open_names.append(start)
        while work:
            name, rest = work[-1]
            step = next(rest, None)
            if step is None:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
                if lowest[name] == found[name]:
                    while name not in knot:
                        knot[open_names.pop()] = number
                    number += 1
            elif step not in found:
                found[step] = lowest[step] = len(found)
                open_names.append(step)
                work.append((step, iter(following[step])))
            elif step not in knot:
                lowest[name] = min(lowest[name], found[step])
    return knot


def _levels(names: Sequence[str], pairs: Sequence[tuple[str, str]], knots: Mapping[str, int]) -> dict[str, int]:
    """How far below the top each name stands: below everything that imports it from outside of its knot."""
    above: dict[int, set[int]] = {}
    for source, target in pairs:
        if knots[source] != knots[target]:
            above.setdefault(knots[target], set()).add(knots[source])
    level: dict[int, int] = {}
    for knot in sorted(set(knots.values()), reverse=True):  # importers have higher numbers
        level[knot] = 1 + max((level[each] for each in above.get(knot, ())), default=-1)
    return {name: level[knots[name]] for name in names}
