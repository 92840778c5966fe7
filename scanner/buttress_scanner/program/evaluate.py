"""What each operation of the instruction list yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.attributes_written import set_attribute
from buttress_scanner.program.declared import declared_beside
from buttress_scanner.program.evaluate_accesses import read_by_code
from buttress_scanner.program.evaluate_calls import CALLS
from buttress_scanner.program.evaluate_containers import CONTAINERS
from buttress_scanner.program.evaluate_names import NAMES
from buttress_scanner.program.evaluate_operators import OPERATORS
from buttress_scanner.program.evaluate_waiting import WAITING
from buttress_scanner.program.generics import declare_arguments
from buttress_scanner.program.narrowing import narrow, rules_out
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import (
    Box,
    Instance,
    Object,
    Value,
    informative,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame


def _attr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        found.update(dict.fromkeys(get_attribute(engine, value, node[2], (frame, index))))
    return found


def _phi(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    if len(node) > 2:
        found, is_by_code = read_by_code(engine, frame, index, node)
        if is_by_code:
            return found
    arms = frame.body.arms.get(index, {}) if frame.key != "anybody" else {}
    for part in node[1]:
        if part not in arms or not any(rules_out(engine, frame, test) for test in arms[part]):
            found.update(dict.fromkeys(engine.read(frame, part)))
    return found


def _narrow(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    operands = engine.read(frame, node[4]) if node[4] >= 0 else []
    return narrow(engine, node[1], node[2], engine.read(frame, node[3]), operands)


def _setattr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[3])
    for target in engine.read(frame, node[1]):
        set_attribute(engine, target, node[2], values, (frame, index))
    return ()


def _delattr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    for target in engine.read(frame, node[1]):
        set_attribute(engine, target, node[2], [], (frame, index))
    return ()


def _declare(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found = engine.read(frame, node[1]) if node[1] >= 0 else []
    if informative(found) and not any(isinstance(v, (Box, Object, Instance)) for v in found):
        return [*found, *declared_beside(engine, found, lambda: instantiate(engine, frame, node[2]))]
    declared = instantiate(engine, frame, node[2])
    if not informative(found):
        return [*found, *declared]
    declare_arguments(engine, found, declared)
    if any(isinstance(v, Object) for v in found) and not any(isinstance(v, Box) for v in found):
        return [*found, *(v for v in declared if isinstance(v, Box)), *declared_beside(engine, found, lambda: declared)]
    return contents.with_declared_elements(engine, found, declared)


def _yield(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    """What ``send`` gave to the generator."""
    return engine.values(engine.slot("sent", frame))


HANDLERS: dict[str, Handler] = {
    **NAMES,
    **OPERATORS,
    **CONTAINERS,
    **CALLS,
    **WAITING,
    "attr": _attr,
    "phi": _phi,
    "narrow": _narrow,
    "setattr": _setattr,
    "delattr": _delattr,
    "declare": _declare,
    "yield": _yield,
}
"""By the name of the operation."""
