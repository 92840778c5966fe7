"""What displays, comprehensions, subscripts and loops yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import containers, contents, iteration
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.hashing import note_hashed
from buttress_scanner.program.order import is_blind, may_be_unordered, note_order
from buttress_scanner.program.values import (
    Alias,
    Box,
    Class,
    External,
    Object,
    Union,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame


def _item(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        if isinstance(value, (External, Class, Alias, Union)) and not (isinstance(value, Class) and is_enum(engine, value.info)):
            found[engine.make(Alias, value, frame, index)] = None
        else:
            keys = engine.read(frame, node[2])
            found.update(dict.fromkeys(containers.get_item(engine, value, keys, (frame, index))))
    return found


def _slice(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: list[Value] = []
    for value in engine.read(frame, node[1]):
        if isinstance(value, Box):
            bounds = [engine.read(frame, bound) if bound >= 0 else None for bound in node[2:]]
            found.append(contents.sliced(engine, value, bounds, (frame, index)))
        else:
            found.append(engine.make(Object, value.path) if isinstance(value, Object) else value)
    return found


def _seq(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, node[1], (frame, index))
    if node[1] == "set":
        note_hashed(engine, [v for _, element in node[2] for v in engine.read(frame, element)], (frame, index))
    if not any(starred for starred, _ in node[2]):
        contents.put_all(engine, box, [(position, engine.read(frame, element)) for position, (_, element) in enumerate(node[2])])
        return (box,)
    known = True
    for position, (starred, element) in enumerate(node[2]):
        values = engine.read(frame, element)
        if starred:
            known = False
            if node[1] != "set":
                note_order(engine, values, (frame, index), "takes the elements of a set in its order")
            values = [e for v in values for e in iteration.iterate(engine, v, (frame, index))]
        contents.put(engine, box, position if known else None, values)
    return (box,)


def _dict(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "dict", (frame, index))
    constants: list[tuple[int | str, list[Value]]] = []
    for key, element in node[1]:
        if key >= 0 and frame.body.nodes[key][0] == "const":
            constants.append((frame.body.nodes[key][1], engine.read(frame, element)))
    contents.put_all(engine, box, constants)
    for key, element in node[1]:
        if key >= 0 and frame.body.nodes[key][0] == "const":
            continue
        values = engine.read(frame, element)
        if key < 0:
            for value in values:
                contents.update(engine, box, value, _later_keys(frame, node, element))
            continue
        keys = engine.read(frame, key)
        note_hashed(engine, keys, (frame, index))
        contents.put_keys(engine, box, keys, values)
    return (box,)


def _later_keys(frame: Frame, node: Node, spread: int) -> set[int | str]:
    """The constant keys behind ``**spread`` in a dict display: they replace what it has under them."""
    return {
        frame.body.nodes[key][1]
        for key, element in node[1]
        if element > spread and key >= 0 and frame.body.nodes[key][0] == "const"
    }


def _comp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "iterator" if node[1] == "gen" else node[1], (frame, index))
    values = engine.read(frame, node[2])
    if node[1] == "set":
        note_hashed(engine, values, (frame, index))
    contents.put(engine, box, None, values)
    return (box,)


def _dcomp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "dict", (frame, index))
    keys = engine.read(frame, node[1])
    note_hashed(engine, keys, (frame, index))
    contents.put_keys(engine, box, keys, engine.read(frame, node[2]))
    return (box,)


def _iter(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        if may_be_unordered(value) and not _hides_order(engine, frame, node[3]):
            note_order(engine, [value], (frame, index), "iterates over a set")
        found.update(dict.fromkeys(iteration.iterate(engine, value, (frame, index))))
    return found


def _hides_order(engine: Engine, frame: Frame, consumer: int | str) -> bool:
    """Whether the consumer of an iteration does not show its order: a set, or a call such as ``sorted``."""
    if isinstance(consumer, str):
        return consumer == "set"
    return all(is_blind(engine, callee) for callee in engine.read(frame, frame.body.nodes[consumer][1]))


def _unpack(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    if node[2] == 0 and (node[3] or node[4]):  # the only element of a set has no order
        note_order(engine, engine.read(frame, node[1]), (frame, index), "unpacks a set")
    for value in engine.read(frame, node[1]):
        found.update(dict.fromkeys(iteration.unpack(engine, value, node[2], node[4], (frame, index))))
    return found


def _setitem(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values, keys = engine.read(frame, node[3]), engine.read(frame, node[2])
    for target in engine.read(frame, node[1]):
        containers.set_item(engine, target, keys, values, (frame, index))
    return ()


def _delitem(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    keys = engine.read(frame, node[2])
    for target in engine.read(frame, node[1]):
        containers.delete_item(engine, target, keys, (frame, index))
    return ()


def _matchpos(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return [e for v in engine.read(frame, node[1]) for e in iteration.match_position(engine, v, node[2], (frame, index))]


CONTAINERS: dict[str, Handler] = {
    "item": _item,
    "slice": _slice,
    "seq": _seq,
    "dict": _dict,
    "comp": _comp,
    "dcomp": _dcomp,
    "iter": _iter,
    "unpack": _unpack,
    "matchpos": _matchpos,
    "setitem": _setitem,
    "delitem": _delitem,
}
