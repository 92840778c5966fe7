"""Where the boxes and arrows of a map stand. The same drawing gives the same coordinates everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from buttress_scanner.report._text import width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.report.html._boxes import Arrow, Block, Box, Drawing

WIDTH = 1120
BOX = 46
_MARGIN = 16
_GAP_X, _GAP_Y = 16, 24
_WIDE_GAP = 64.0
_PAD, _PAD_TOP = 14, 30
_INSET = 10.0
_BETWEEN = 46
_CHARACTER = 7.6
_NARROWEST, _WIDEST = 92.0, 232.0
_PORT = 13.0
_DIP = 30.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A rectangle; ``label`` is what is written in or above it."""

    x: float
    y: float
    width: float
    height: float
    label: str

    @property
    def middle(self) -> float:
        """Where its middle is from left to right."""
        return self.x + self.width / 2


@dataclass(slots=True)
class Sheet:
    """Everything with its coordinates."""

    bands: list[Placed] = field(default_factory=list)
    blocks: list[Placed] = field(default_factory=list)
    boxes: dict[Box, Placed] = field(default_factory=dict)
    paths: list[tuple[Arrow, str]] = field(default_factory=list)
    height: float = 0.0


def arranged(drawing: Drawing) -> Sheet:
    """Give everything its place: bands from the top, blocks from the left, each box below those that import it."""
    sheet = Sheet()
    names = [box.name for band in drawing.bands for block in band for box in block.boxes]
    labels = short_names(names)
    patterns = short_names([block.label for band in drawing.bands for block in band if block.label])
    box_width = min(max([_NARROWEST, *(width(label) * _CHARACTER + 24 for label in labels.values())]), _WIDEST)
    y = float(_MARGIN)
    for number, band in enumerate(drawing.bands):
        named = [replace(block, label=patterns.get(block.label, "")) for block in band]
        y = _band(sheet, drawing, named, labels, box_width, y, str(number + 1)) + _BETWEEN
    sheet.height = max(y - _BETWEEN, 0.0) + _MARGIN + _DIP
    _route(sheet, drawing)
    return sheet


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return each name without the package that all are in."""
    split = [name.split(".") for name in names]
    common = 0
    while split and all(len(each) > common + 1 and each[common] == split[0][common] for each in split):
        common += 1
    return {name: ".".join(each[common:]) for name, each in zip(names, split, strict=True)}


def _band(
    sheet: Sheet, drawing: Drawing, band: Sequence[Block], labels: dict[str, str], box_width: float, top: float, label: str
) -> float:
    """Place the blocks of a band, row by row in the middle of the sheet; return where it ends."""
    framed = len(band) > 1
    y = top + _PAD_TOP
    room = int((WIDTH - 2 * (_MARGIN + _PAD) - 2 * _INSET * len(band) + _GAP_X) // (box_width + _GAP_X))
    wide = sum(len(block.boxes) for block in band) <= room
    for row in _rows([_Shape.of(block, box_width, room if wide else 0, framed=framed) for block in band]):
        x = (WIDTH - sum(shape.width for shape in row) - _GAP_X * (len(row) - 1)) / 2
        for shape in row:
            if framed:
                sheet.blocks.append(Placed(x, y, shape.width, shape.height, shape.block.label))
            _fill(sheet, shape, _in_order(shape.block, sheet, drawing), labels, x, y)
            x += shape.width + _GAP_X
        y += max(shape.height for shape in row) + _GAP_Y
    bottom = y - _GAP_Y + _PAD
    name = band[0].label if len(band) == 1 else ""
    sheet.bands.append(Placed(_MARGIN, top, WIDTH - 2 * _MARGIN, bottom - top, f"{label}  {name}".rstrip()))
    return bottom


@dataclass(frozen=True, slots=True)
class _Shape:
    """How large a block is: boxes of one width in columns; ``inset`` and ``head`` are room for a frame and its label."""

    block: Block
    columns: int
    box_width: float
    gap: float
    inset: float
    head: float

    @classmethod
    def of(cls, block: Block, box_width: float, room: int, *, framed: bool) -> _Shape:
        columns = _columns(len(block.boxes), box_width, alone=not framed or bool(room))
        left = WIDTH - 2 * (_MARGIN + _PAD) - columns * box_width
        gap = _GAP_X if framed else min(max(_GAP_X, left / (columns + 1)), _WIDE_GAP)
        return cls(block, columns, box_width, gap, _INSET if framed else 0.0, _INSET + 14 if framed else 0.0)

    @property
    def width(self) -> float:
        return self.columns * (self.box_width + self.gap) - self.gap + 2 * self.inset

    @property
    def height(self) -> float:
        rows = -(-len(self.block.boxes) // self.columns)
        return rows * (BOX + _GAP_Y) - _GAP_Y + self.head + self.inset


def _rows(shapes: Sequence[_Shape]) -> list[list[_Shape]]:
    """Break blocks into rows that fit on the sheet."""
    rows: list[list[_Shape]] = [[]]
    used = 0.0
    for shape in shapes:
        if rows[-1] and used + shape.width > WIDTH - 2 * (_MARGIN + _PAD):
            rows.append([])
            used = 0.0
        rows[-1].append(shape)
        used += shape.width + _GAP_X
    return rows


def _fill(sheet: Sheet, shape: _Shape, boxes: Sequence[Box], labels: dict[str, str], x: float, y: float) -> None:
    """Place the boxes of a block, a shorter last row in the middle."""
    step = shape.box_width + shape.gap
    for index, box in enumerate(boxes):
        line, column = divmod(index, shape.columns)
        missing = max(0, (line + 1) * shape.columns - len(boxes))
        left = x + shape.inset + column * step + missing * step / 2
        up = y + shape.head + line * (BOX + _GAP_Y)
        sheet.boxes[box] = Placed(left, up, shape.box_width, BOX, labels[box.name])


def _columns(boxes: int, box_width: float, *, alone: bool) -> int:
    """How many boxes stand side by side: a whole row where a block is alone, else a shape that leaves room for others."""
    room = int((WIDTH - 2 * (_MARGIN + _PAD) + _GAP_X) // (box_width + _GAP_X))
    wanted = boxes if alone else min(boxes, max(2, round((boxes * 1.6) ** 0.5)))
    return max(1, min(room, wanted))


def _in_order(block: Block, sheet: Sheet, drawing: Drawing) -> list[Box]:
    """Return the boxes from left to right: each near to those above that import it, so that few arrows cross."""
    importers: dict[Box, list[float]] = {}
    for arrow in drawing.arrows:
        if arrow.source in sheet.boxes:
            importers.setdefault(arrow.target, []).append(sheet.boxes[arrow.source].middle)

    def place(box: Box) -> tuple[float, str]:
        above = importers.get(box, [WIDTH / 2])
        return round(sum(above) / len(above), 3), box.name

    return sorted(block.boxes, key=place)


def _route(sheet: Sheet, drawing: Drawing) -> None:
    """Draw the arrows; all that touch one side of a box do so side by side."""
    ports = _ports(sheet, drawing)
    for arrow in drawing.arrows:
        source, target = sheet.boxes[arrow.source], sheet.boxes[arrow.target]
        x1 = source.middle + ports[arrow.source, arrow, True]
        x2 = target.middle + ports[arrow.target, arrow, False]
        sheet.paths.append((arrow, _curve(source, target, x1, x2)))


def _ports(sheet: Sheet, drawing: Drawing) -> dict[tuple[Box, Arrow, bool], float]:
    """How far from the middle of a box each arrow leaves (True) or arrives, in the order of the other ends."""
    sides: dict[tuple[Box, bool], list[tuple[float, Box, bool, Arrow]]] = {}
    for arrow in drawing.arrows:
        source, target = sheet.boxes[arrow.source], sheet.boxes[arrow.target]
        sides.setdefault((arrow.source, target.y >= source.y), []).append((target.middle, arrow.target, True, arrow))
        sides.setdefault((arrow.target, source.y >= target.y), []).append((source.middle, arrow.source, False, arrow))
    offsets = {}
    for (box, _), ends in sides.items():
        ends.sort(key=lambda end: end[:3])
        step = min(_PORT, (sheet.boxes[box].width - 28) / max(len(ends) - 1, 1))
        for index, (_, _, leaves, arrow) in enumerate(ends):
            offsets[box, arrow, leaves] = (index - (len(ends) - 1) / 2) * step
    return offsets


def _curve(source: Placed, target: Placed, x1: float, x2: float) -> str:
    """Return the path of an arrow: down, up, or below the row in which both ends stand."""
    if source.y == target.y:
        y = source.y + source.height
        dip = y + _DIP + abs(x2 - x1) * 0.03
        return f"M{x1:.1f} {y:.1f}C{x1:.1f} {dip:.1f} {x2:.1f} {dip:.1f} {x2:.1f} {y + 3:.1f}"
    down = target.y > source.y
    y1 = source.y + source.height if down else source.y
    y2 = target.y - 3 if down else target.y + target.height + 3
    bend = (y2 - y1) * 0.45
    return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
