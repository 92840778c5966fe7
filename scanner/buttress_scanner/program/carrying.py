"""What of a value a node carries: the value itself, what is bound to it, or what holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.contents import elements, keys_of
from buttress_scanner.program.values import (
    Box,
    BoxMethod,
    Instance,
    Method,
    Namespace,
    Partial,
    Running,
    Super,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

_CARRYING = 4
_BINDING = frozenset({BoxMethod, Method, Namespace, Super, Partial})
"""Values that are bound to another."""
_ONE = {
    "attr": (1,), "item": (1, 2), "slice": (1,), "deco": (1, 2), "comp": (2,), "dcomp": (1, 2), "narrow": (3,), "iter": (1,),
    "unpack": (1,), "bin": (2, 3), "un": (2,), "cmp": (2, 3), "truth": (1,), "setattr": (1, 3), "setitem": (1, 2, 3),
    "aug": (2, 3), "delattr": (1,), "delitem": (1, 2), "enter": (1,), "exit": (1,), "await": (1,), "yield": (1,),
    "yieldfrom": (1,), "matchpos": (1,), "declare": (1,), "gstore": (2,), "nlstore": (2,),
}  # fmt: skip
"""Where a node keeps its operands."""


def operands_of(node: Node) -> list[int]:
    """The operands of a node, in order."""
    match node[0]:
        case "call":
            return [node[1], *(o for _, o in node[2]), *(o for _, o in node[3])]
        case "phi":
            return list(node[1])
        case "seq":
            return [o for _, o in node[2]]
        case "dict":
            return [o for pair in node[1] for o in pair if o >= 0]
    return [node[place] for place in _ONE.get(node[0], ()) if node[place] >= 0]


def is_made_at(value: Value, frame: Frame, node: int) -> bool:
    """Whether a container or an object is made by this node: nothing before it can be the same."""
    site = value.site if isinstance(value, (Box, Instance)) else None
    return isinstance(site, tuple) and site[:2] == (frame, node)


def unbound(value: Value) -> Value:
    """The container of a bound method, or the value itself."""
    while isinstance(value, BoxMethod):
        value = value.box
    return value


@dataclass(slots=True)
class Carrying:
    """Answers for the frames of one engine."""

    engine: Engine

    def values(self, frame: Frame, node: int) -> list[Value]:
        """What a node can be."""
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []

    def carries(self, frame: Frame, node: int, target: Value) -> bool:
        """Whether the node can be the target, or something that is bound to it."""
        cell = frame.cells[node]
        if cell is None:
            return False
        return target in cell.values or any(type(v) in _BINDING and self._carried(v, target) for v in cell.values)

    def _carried(self, value: Value, target: Value, depth: int = 0) -> bool:
        if value is target:
            return True
        match value:
            case BoxMethod(box=inner) | Method(receiver=inner) | Namespace(owner=inner) | Super(receiver=inner):
                return depth < _CARRYING and self._carried(inner, target, depth + 1)
            case Partial(frame=frame, node=node):
                bound = operands_of(frame.body.nodes[node])
                return depth < _CARRYING and any(
                    self._carried(v, target, depth + 1) for o in bound for v in self.values(frame, o)
                )
        return False

    def holders(self, frame: Frame, node: int, target: Value) -> list[Value]:
        """The containers and running generators at a node that hold the target."""
        return [v for v in self.values(frame, node) if self._holds(v, target)]

    def _holds(self, value: Value, target: Value) -> bool:
        while isinstance(value, BoxMethod):
            value = value.box
        if isinstance(value, Box):
            held = [*elements(self.engine, value), *keys_of(self.engine, value)]
            return target in held or any(type(each) in _BINDING and self._carried(each, target) for each in held)
        if isinstance(value, Running):
            return any(target in self.values(value.frame, n) for n in (*value.frame.body.yields, *value.frame.body.returns))
        return False
