"""What a map shows: modules gathered into boxes, coarser or finer, and imports gathered into arrows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from buttress_scanner.graphs import closing_cycles, levels_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from buttress_scanner.findings.map_model import Layering, Link, ModuleMap, Part

READABLE = 24
"""Boxes that a map shows at first, at most, where modules can be gathered to so few."""
FINEST = 90
"""Boxes of the finest map that is offered."""
_DEEPEST = 6
_TELLING = 5


class Mark(StrEnum):
    """What is remarkable about an arrow; the first that holds counts."""

    BROKEN = "broken"
    ACCEPTED = "accepted"
    CYCLE = "cycle"
    TYPING = "typing"
    LAWFUL = "lawful"


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Modules that are drawn as one: ``name`` is what their dotted names begin with, ``part`` where in the layers they stand."""

    name: str
    part: str
    modules: tuple[str, ...]

    @property
    def key(self) -> str:
        """What no other box of a drawing has."""
        return f"{self.part}:{self.name}"


@dataclass(frozen=True, slots=True)
class Block:
    """Boxes that stand together: the siblings of a layer are a block each. ``label`` is the pattern, if there is one."""

    label: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """Imports between two boxes: how many pairs of modules, and one of them, the most remarkable."""

    source: Box
    target: Box
    count: int
    mark: Mark
    example: Link
    implied: bool = False
    """Whether other arrows lead from one end to the other, too."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Bands from top to bottom, and the arrows between their boxes."""

    bands: tuple[tuple[Block, ...], ...]
    arrows: tuple[Arrow, ...]
    lonely: int = 0
    """Boxes that are not drawn, since no arrow touches them."""

    @property
    def size(self) -> int:
        """How many boxes there are."""
        return sum(len(block.boxes) for band in self.bands for block in band)


def layered(module_map: ModuleMap, layering: Layering, marked: Callable[[Link], Mark]) -> list[Drawing]:
    """Draw the layers of a contract, from one box for each sibling to one for each module."""
    drawings = []
    for depth in range(_DEEPEST):
        bands = tuple(
            tuple(
                Block(part.pattern, tuple(_boxes(part, f"{number}.{index}", depth)))
                for index, part in enumerate(layer)
                if part.modules
            )
            for number, layer in enumerate(layering.layers)
        )
        drawings.append(_drawing(bands, module_map.links, marked))
    return _useful(drawings)


def whole(module_map: ModuleMap, marked: Callable[[Link], Mark]) -> list[Drawing]:
    """Draw all packages, importers above what they import; where packages import each other, few arrows point up."""
    drawings: list[Drawing] = []
    for depth in range(1, _DEEPEST):
        boxes = list(_gathered(module_map.modules, "", depth))
        if len(boxes) > FINEST and (not drawings or drawings[-1].size <= 1):
            boxes = _condensed(boxes, module_map.links)
        drawings.append(_levelled(boxes, _arrows(boxes, module_map.links, marked)))
    return _useful(drawings)


def _condensed(boxes: Sequence[Box], links: Sequence[Link]) -> list[Box]:
    """Keep the boxes that have the most to do with others, and gather the rest in one: so many can be seen in no other way."""
    ends = Counter(end for arrow in _arrows(boxes, links, lambda _: Mark.LAWFUL) for end in (arrow.source, arrow.target))
    busiest = sorted(boxes, key=lambda box: (-ends[box], box.name))
    rest = sorted(busiest[FINEST // 2 :])
    others = Box(f"{len(rest)} others", "others", tuple(module for box in rest for module in box.modules))
    return [*sorted(busiest[: FINEST // 2]), others]


def _levelled(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Drawing:
    """Stand each box below those that import it."""
    running = {(arrow.source, arrow.target): arrow.count for arrow in arrows if arrow.mark is not Mark.TYPING}
    closing = closing_cycles(boxes, running)
    levels = levels_of(boxes, [pair for pair in running if pair not in closing])
    rows = [[box for box in boxes if levels[box] == level] for level in range(max(levels.values(), default=-1) + 1)]
    shown = [_closing(arrow) if (arrow.source, arrow.target) in closing else arrow for arrow in arrows]
    return _without_lonely([(Block("", tuple(row)),) for row in rows], shown)


def first_shown(drawings: Sequence[Drawing]) -> int:
    """Return the number of the finest drawing that can be read at a glance; of one that tells next to nothing, the next."""
    best = max((number for number, drawing in enumerate(drawings) if drawing.size <= READABLE), default=0)
    if drawings and drawings[best].size < _TELLING and best + 1 < len(drawings) and drawings[best + 1].size <= 2 * READABLE:
        return best + 1
    return best


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


def _boxes(part: Part, place: str, depth: int) -> Iterator[Box]:
    """Gather the modules of a part by what follows their common beginning; with depth 0, all of them under its pattern."""
    if depth == 0:
        yield Box(part.pattern.removesuffix(".**"), place, part.modules)
    else:
        yield from _gathered(part.modules, place, _common(part.modules) + depth)


def _common(modules: Sequence[str]) -> int:
    """How many segments all names begin with."""
    split = [module.split(".") for module in modules]
    length = 0
    while all(len(each) > length and each[length] == split[0][length] for each in split) and split:
        length += 1
    return length


def _gathered(modules: Iterable[str], place: str, length: int) -> Iterator[Box]:
    groups: dict[str, list[str]] = {}
    for module in modules:
        groups.setdefault(".".join(module.split(".")[: max(length, 1)]), []).append(module)
    for name in sorted(groups):
        yield Box(name, place, tuple(groups[name]))


def _drawing(bands: tuple[tuple[Block, ...], ...], links: Sequence[Link], marked: Callable[[Link], Mark]) -> Drawing:
    boxes = [box for band in bands for block in band for box in block.boxes]
    return _without_lonely(bands, _arrows(boxes, links, marked))


def _without_lonely(bands: Sequence[Sequence[Block]], arrows: Sequence[Arrow]) -> Drawing:
    """Leave out boxes that no arrow touches, such as empty packages; a block keeps them if it has no others."""
    touched = {end for arrow in arrows for end in (arrow.source, arrow.target)}
    kept, lonely = [], 0
    for band in bands:
        blocks = []
        for block in band:
            boxes = tuple(box for box in block.boxes if box in touched) or (block.boxes if block.label or not touched else ())
            lonely += len(block.boxes) - len(boxes)
            blocks += [Block(block.label, boxes)] if boxes else []
        kept += [tuple(blocks)] if blocks else []
    return Drawing(tuple(kept), tuple(_with_implied(arrows)), lonely)


def _with_implied(arrows: Sequence[Arrow]) -> Iterator[Arrow]:
    """Mark lawful arrows beside which there is a longer way of such arrows: they say nothing new."""
    following: dict[Box, set[Box]] = {}
    for arrow in arrows:
        if arrow.mark is Mark.LAWFUL:
            following.setdefault(arrow.source, set()).add(arrow.target)
    reached: dict[Box, set[Box]] = {}
    for box, targets in following.items():
        seen, waiting = set[Box](), list(targets)
        while waiting:
            for each in following.get(waiting.pop(), ()):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        reached[box] = seen
    for arrow in arrows:
        plain = arrow.mark in (Mark.LAWFUL, Mark.TYPING)
        yield replace(arrow, implied=plain and arrow.target in reached.get(arrow.source, ()))


def _arrows(boxes: Sequence[Box], links: Sequence[Link], marked: Callable[[Link], Mark]) -> list[Arrow]:
    """Gather imports between different boxes."""
    home = {module: box for box in boxes for module in box.modules}
    count: Counter[tuple[Box, Box]] = Counter()
    worst: dict[tuple[Box, Box], tuple[int, Link]] = {}
    order = {mark: number for number, mark in enumerate(_WORST)}
    for link in links:
        source, target = home.get(link.importer), home.get(link.imported)
        if source is None or target is None or source is target:
            continue
        count[source, target] += 1
        found = (order[marked(link)], link)
        worst[source, target] = min(worst.get((source, target), found), found)
    return [Arrow(*ends, count[ends], _WORST[worst[ends][0]], worst[ends][1]) for ends in sorted(count)]


_WORST = (Mark.BROKEN, Mark.ACCEPTED, Mark.CYCLE, Mark.LAWFUL, Mark.TYPING)
"""Which mark an arrow has whose imports have several."""


def _closing(arrow: Arrow) -> Arrow:
    """Mark an arrow that closes a cycle; what breaks a contract says more."""
    return replace(arrow, mark=Mark.CYCLE) if arrow.mark is Mark.LAWFUL else arrow
