"""What calls, decorators and definitions yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call, call_each
from buttress_scanner.program.classes import class_info, define_class, prepare_class
from buttress_scanner.program.models_wrapping import left_by_decorator
from buttress_scanner.program.order import is_blind, is_unordered, note_order
from buttress_scanner.program.stubs import described
from buttress_scanner.program.values import (
    Class,
    Function,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame


def _call(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    args = Args.of(engine, frame, node)
    _spread(engine, frame, index, node)
    found = call_each(engine, engine.read(frame, node[1]), args, (frame, index))
    if frame.body.kind in ("module", "class"):
        _note_replaced(engine, args.all(), found)
    return found


def _spread(engine: Engine, frame: Frame, index: int, node: Node) -> None:
    """``f(*values)`` iterates, and shows the order to ``f``."""
    for operand in [operand for starred, operand in node[2] if starred]:
        values = engine.read(frame, operand)
        for value in values:
            iteration.iterate(engine, value, (frame, index))
        if any(map(is_unordered, values)) and not all(is_blind(engine, callee) for callee in engine.read(frame, node[1])):
            note_order(engine, values, (frame, index), "passes on the elements of a set in its order")


def _deco(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    targets = engine.read(frame, node[2])
    found: dict[Value, None] = {}
    for callee in engine.read(frame, node[1]):
        results = call(engine, callee, Args([targets]), (frame, index))
        found.update(dict.fromkeys(left_by_decorator(engine, callee, targets, results)))
        _note_replaced(engine, targets, results)
    return found or targets


def _note_replaced(engine: Engine, targets: list[Value], results: Iterable[Value]) -> None:
    """Functions made by a decorator, also one applied by a call in a module or class, take the place of what it decorates."""
    for wrapper in results:
        if isinstance(wrapper, Function) and wrapper.closure is not None and wrapper not in targets:
            engine.grow(engine.slot("replaced by", wrapper), [t for t in targets if isinstance(t, Function)])


def _func(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    body = frame.unit.facts.bodies[node[1]]
    owner = class_info(engine, frame) if frame.body.kind == "class" else None
    closure = frame if frame.body.kind in ("function", "lambda") else frame.closure
    return (engine.make(Function, frame.unit, body, closure, owner),)


def _class(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    body = frame.unit.facts.bodies[node[1]]
    if frame.unit.describes is not None and (known := described(engine, frame.unit, body.name)):
        return known
    info = define_class(engine, frame, index, body)
    prepare_class(engine, info, (frame, index))
    return (engine.make(Class, info, True),)


def _caught(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return [v for part in node[1] for c in engine.read(frame, part) for v in iteration.caught(engine, c)]


def _raise(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    if node[1] >= 0:
        for value in engine.read(frame, node[1]):
            if isinstance(value, Class):
                call(engine, value, Args([]), (frame, index))
    return ()


CALLS: dict[str, Handler] = {
    "call": _call,
    "deco": _deco,
    "func": _func,
    "class": _class,
    "raise": _raise,
    "caught": _caught,
}
