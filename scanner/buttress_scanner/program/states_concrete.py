"""Expressions over a few subjects, such as `NEXT[job.state]`, evaluated for one choice of what these are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.contents import elements, known_items
from buttress_scanner.program.enums import enum_value, enum_value_kind
from buttress_scanner.program.states_places import read_by
from buttress_scanner.program.values import Box, BoxMethod, Const, Member, Value

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states_model import Spot
    from buttress_scanner.program.states_places import Places

_NESTING = 6
Concrete = object
"""A member or a constant, a tuple or frozenset of such, a table; MISSING for what is not known."""


class _Missing:
    """What is not known."""


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class _Table:
    """A dict that is written out."""

    pairs: tuple[tuple[Concrete, Concrete], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What the subjects of an expression are chosen to be, and at which nodes they stand."""

    nodes: dict[int, Spot]
    choice: dict[Spot, Value]
    known: dict[int, Concrete]
    """What parameters such as ``*states`` were given, by node."""

    def at(self, leaf: int) -> Value | None:
        """The value chosen for a node."""
        spot = self.nodes.get(leaf)
        return self.choice.get(spot) if spot is not None else None


NO_CASE = Case({}, {}, {})


class Concretes:
    """Evaluates expressions."""

    def __init__(self, engine: Engine, places: Places) -> None:
        self.engine = engine
        self.places = places
        self._boxes: dict[Box, Concrete] = {}

    def of(self, frame: Frame, node: int, case: Case, depth: int = 0) -> Concrete:
        """The one value of a node; MISSING where it is not known."""
        leaves = self.places.leaves(frame, node)
        found = {case.at(leaf) for leaf in leaves}
        chosen = found.pop() if len(found) == 1 else None
        if chosen is not None:
            return self._of_value(chosen, depth)
        if len(leaves) == 1 and leaves[0] in case.known:
            return case.known[leaves[0]]
        if len(leaves) != 1 or depth > _NESTING:
            return MISSING
        operands = read_by(frame.body.nodes[leaves[0]])
        if operands[0] == "attr" and operands[2] in ("value", "name", "_value_", "_name_"):
            plain = self._plain(self.of(frame, operands[1], case, depth + 1), operands[2].strip("_"))
            if plain is not MISSING:
                return plain
        if operands[0] == "item":
            return self._looked_up(frame, operands[1], operands[2], case, depth)
        if operands[0] == "call":
            return self._called(frame, leaves[0], case, depth)
        if operands[0] == "seq":
            return self._display(frame, operands, case, depth)
        if operands[0] == "param":
            return MISSING  # what callers give is known to them
        return self._read(frame, leaves[0], depth)

    def _read(self, frame: Frame, node: int, depth: int) -> Concrete:
        values = self.engine.read(frame, node)
        return self._of_value(values[0], depth) if len(values) == 1 else MISSING

    def _plain(self, value: Concrete, part: str) -> Concrete:
        if not isinstance(value, Member):
            return MISSING
        if part == "name":
            return self.engine.const(value.name)
        values = enum_value(self.engine, value.info, value.name)
        return values[0] if len(values) == 1 and isinstance(values[0], Const) else MISSING

    def _called(self, frame: Frame, node: int, case: Case, depth: int) -> Concrete:
        operands = frame.body.nodes[node]
        if self.is_lookup(frame, operands[1]) and operands[2]:
            callee = read_by(frame.body.nodes[self.places.leaves(frame, operands[1])[0]])
            if callee[0] == "attr" and callee[2] == "get":
                found = self._looked_up(frame, callee[1], operands[2][0][1], case, depth)
                return self.of(frame, operands[2][1][1], case, depth + 1) if found is None and len(operands[2]) > 1 else found
        return self._read(frame, node, depth)

    def is_lookup(self, frame: Frame, callee: int) -> bool:
        """Whether a method of a container is called."""
        return any(isinstance(v, BoxMethod) for v in self.engine.read(frame, callee))

    def _looked_up(self, frame: Frame, table: int, key: int, case: Case, depth: int) -> Concrete:
        """What a dict that is written out holds under a key; None where it has none."""
        held = self.of(frame, table, case, depth + 1)
        wanted = self.of(frame, key, case, depth + 1)
        if not isinstance(held, _Table) or wanted is MISSING:
            return MISSING
        return next((v for k, v in held.pairs if self.equal(k, wanted)), None)

    def _display(self, frame: Frame, operands: tuple[object, ...], case: Case, depth: int) -> Concrete:
        parts = []
        for starred, part in operands[2]:  # type: ignore[attr-defined]
            value = self.of(frame, part, case, depth + 1)
            if starred and isinstance(value, (tuple, frozenset)):
                parts += list(value)
            else:
                parts.append(MISSING if starred else value)
        return self._gathered(parts, str(operands[1]))

    def _gathered(self, parts: list[Concrete], kind: str) -> Concrete:
        if any(part is MISSING for part in parts):
            return MISSING
        return tuple(parts) if kind in ("tuple", "list") else frozenset(parts)

    def _of_value(self, value: Value, depth: int) -> Concrete:
        if isinstance(value, (Member, Const)):
            return value
        if not isinstance(value, Box) or depth > _NESTING:
            return MISSING
        if value not in self._boxes:
            self._boxes[value] = MISSING  # one that holds itself has no value
            self._boxes[value] = self._of_box(value, 0)
        return self._boxes[value]

    def _of_box(self, box: Box, depth: int) -> Concrete:
        place = box.site
        if isinstance(place, tuple) and len(place) > 1 and isinstance(place[1], int) and hasattr(place[0], "body"):
            frame, node = place[0], place[1]
            operands = frame.body.nodes[node]
            if operands[0] == "dict":
                return self._table(frame, operands[1], depth)
            if operands[0] == "seq":
                return self._display(frame, operands, NO_CASE, depth)
            if operands[0] == "call" and box.kind == "dict" and len(operands[2]) == 1 and not operands[3]:
                return self.of(frame, operands[2][0][1], NO_CASE, depth)  # a copy, or a view that cannot be changed
        if box.kind == "tuple":
            items = sorted(known_items(self.engine, box).items())
            return self._gathered([self._of_value(v[0], depth) if len(v) == 1 else MISSING for _, v in items], "tuple")
        if box.kind in ("set", "frozenset", "list"):
            return self._gathered([self._of_value(v, depth) for v in elements(self.engine, box)], "set")
        return MISSING

    def _table(self, frame: Frame, pairs: tuple[tuple[int, int], ...], depth: int) -> Concrete:
        found: list[tuple[Concrete, Concrete]] = []
        for key, value in pairs:
            held = self.of(frame, value, NO_CASE, depth + 1)
            if key < 0:
                if not isinstance(held, _Table):
                    return MISSING
                found = [*held.pairs, *found]
                continue
            name = self.of(frame, key, NO_CASE, depth + 1)
            if name is MISSING:
                return MISSING
            found.insert(0, (name, held))
        return _Table(tuple(found))

    # --- comparing

    def verdict(self, kind: str, left: Concrete, right: Concrete) -> bool | None:
        """The outcome of a comparison; None where it is not known."""
        if left is MISSING or right is MISSING:
            return None
        if kind in ("is", "isnot", "eq", "ne"):
            return self.equal(left, right, by_identity=kind.startswith("is")) == (kind in ("is", "eq"))
        if isinstance(right, _Table):
            right = tuple(key for key, _ in right.pairs)
        if not isinstance(right, (tuple, frozenset)):
            return None
        return any(self.equal(left, each) for each in right) == (kind == "contains")

    def equal(self, left: Concrete, right: Concrete, *, by_identity: bool = False) -> bool:
        """Whether two values are equal; a member of a str or int enum is equal to its plain value."""
        if isinstance(left, tuple) and isinstance(right, tuple):
            return len(left) == len(right) and all(self.equal(a, b) for a, b in zip(left, right, strict=True))
        if isinstance(right, Member) and isinstance(left, Const):
            left, right = right, left
        if isinstance(left, Member) and isinstance(right, Const) and not by_identity:
            return bool(enum_value_kind(self.engine, left.info)) and right in enum_value(self.engine, left.info, left.name)
        return left is right or (isinstance(left, frozenset) and left == right)
