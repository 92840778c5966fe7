"""Which nodes write the field: assignments, `setattr` and its kin, `__dict__`, and calls that make a changed copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.states_model import Spot
from buttress_scanner.program.states_places import COPIES, REPLACES
from buttress_scanner.program.values import BoxMethod, Const, External, Instance, Method, Namespace, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states import States

_METHODS = ("_replace", "model_copy", "__replace__", "copy")
"""Methods of records that give a changed copy."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write of the field at a node; ``makes`` is the spot of a new object that is a changed copy of the target."""

    frame: Frame
    node: int
    target: int
    value: int
    """The node of the value, -1 for a copy that changes nothing."""
    makes: Spot | None = None
    name: int = -1
    """The node of the attribute's name, where that is not written out."""


def write_at(states: States, frame: Frame, index: int) -> Write | None:
    """The write of the field at a node, None for any other node."""
    found = _WRITERS.get(frame.body.nodes[index][0])
    return found(states, frame, index, frame.body.nodes[index]) if found is not None else None


def _assigned(states: States, frame: Frame, index: int, node: Node) -> Write | None:
    if node[2] == states.relation.field and states.places.is_tracked(frame, node[1]):
        return Write(frame, index, node[1], node[3])
    return None


def _stored(states: States, frame: Frame, index: int, node: Node) -> Write | None:
    """``job.__dict__["state"] = x`` and ``vars(job)["state"] = x``."""
    key = states.engine.read(frame, node[2])
    if not any(isinstance(v, Const) and v.value == states.relation.field for v in key):
        return None
    target = _behind_namespace(states, frame, node[1])
    return Write(frame, index, target, node[3]) if target >= 0 else None


def _behind_namespace(states: States, frame: Frame, node: int) -> int:
    """The object of which a node is the namespace, -1 for none."""
    values = states.engine.read(frame, node)
    if not any(isinstance(v, Namespace) and _is_object(states, v.owner) for v in values):
        return -1
    leaves = states.places.leaves(frame, node)
    operands = frame.body.nodes[leaves[0]] if len(leaves) == 1 else ("",)
    if operands[0] == "attr":
        return int(operands[1])
    return int(operands[2][0][1]) if operands[0] == "call" and operands[2] else -1


def _is_object(states: States, value: Value) -> bool:
    return isinstance(value, Instance) and value.info in states.relation.classes


def _called(states: States, frame: Frame, index: int, node: Node) -> Write | None:
    for value in states.engine.read(frame, node[1]):
        match value:
            case External(path=path) if path == "builtins.setattr" or path.endswith(".__setattr__"):
                parts = [part for starred, part in node[2] if not starred]
                return _by_name(states, frame, index, parts if len(parts) == 3 else [_receiver(states, frame, node), *parts])
            case BoxMethod(name="__setattr__"):
                return _by_name(states, frame, index, [_receiver(states, frame, node), *(part for _, part in node[2])])
            case Method(function=External(path=path)) if path.endswith(".__setattr__"):
                receiver = _receiver(states, frame, node)
                return _by_name(states, frame, index, [receiver, *(part for starred, part in node[2] if not starred)])
            case External(path=path) if path in COPIES and node[2] and states.places.is_tracked(frame, node[2][0][1]):
                return Write(frame, index, node[2][0][1], -1, Spot((frame, index)))
            case External(path=path) if path in REPLACES and node[2]:
                return _replaced(states, frame, index, node, node[2][0][1])
            case External() | Method() | BoxMethod():
                found = _by_method(states, frame, index, node)
                if found is not None:
                    return found
    return None


def _receiver(states: States, frame: Frame, node: Node) -> int:
    leaves = states.places.leaves(frame, node[1])
    operands = frame.body.nodes[leaves[0]] if len(leaves) == 1 else ("",)
    return int(operands[1]) if operands[0] == "attr" else -1


def _by_name(states: States, frame: Frame, index: int, parts: list[int]) -> Write | None:
    """``setattr(job, name, value)``: the name may be known, be another, or be open."""
    if len(parts) != 3 or parts[0] < 0 or not (states.places.is_tracked(frame, parts[0]) or _is_super(states, frame, parts[0])):
        return None
    return Write(frame, index, parts[0], parts[2], name=parts[1])


def _is_super(states: States, frame: Frame, node: int) -> bool:
    return states.places.spot(frame, node, frozenset()) == Spot((frame, 0)) and states.places.is_tracked(frame, 0)


def _by_method(states: States, frame: Frame, index: int, node: Node) -> Write | None:
    callee = _receiver(states, frame, node)
    leaf = frame.body.nodes[states.places.leaves(frame, node[1])[0]] if callee >= 0 else ("", -1, "")
    if leaf[2] == "update":
        target = _behind_namespace(states, frame, callee)
        given = [part for starred, part in node[2] if not starred]
        value = max(_keyword(states, node), _named_in(states, frame, given)) if target >= 0 else -1
        return Write(frame, index, target, value) if value >= 0 else None
    if leaf[2] in _METHODS and states.places.is_tracked(frame, callee):
        return _replaced(states, frame, index, node, callee)
    return None


def _replaced(states: States, frame: Frame, index: int, node: Node, target: int) -> Write | None:
    if not states.places.is_tracked(frame, target):
        return None
    value = _keyword(states, node)
    value = max(value, _named_in(states, frame, [part for name, part in node[3] if name == "update"]))
    return Write(frame, index, target, value, Spot((frame, index)))


def _named_in(states: States, frame: Frame, displays: list[int]) -> int:
    """The node that dicts which are written out give to the field, -1 for none."""
    pairs = [p for part in displays for leaf in states.places.leaves(frame, part) for p in _pairs(frame, leaf)]
    named = [held for key, held in pairs if key >= 0 and frame.body.nodes[key] == ("const", states.relation.field)]
    return named[-1] if named else -1


def _pairs(frame: Frame, leaf: int) -> tuple[tuple[int, int], ...]:
    operands = frame.body.nodes[leaf]
    return operands[1] if operands[0] == "dict" else ()


def _keyword(states: States, node: Node) -> int:
    return next((int(part) for name, part in node[3] if name == states.relation.field), -1)


_WRITERS: dict[str, Callable[[States, Frame, int, Node], Write | None]] = {
    "setattr": _assigned,
    "setitem": _stored,
    "call": _called,
}
