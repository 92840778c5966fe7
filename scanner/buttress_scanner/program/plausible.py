"""Whether an object can be at a place, as far as the parameter says from which it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.protocols import is_protocol
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import DECLARED, Const, Instance, Member, Object, Value

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame


_TESTS = ("isinstance", "exact")
"""Tests that say of which class an object is."""


def fits(engine: Engine, frame: Frame, node: int, target: Value) -> bool:
    """Whether an object can be what the parameter is declared to be from which a node comes.

    Where many kinds of objects meet in one function, not every one of them goes everywhere.
    """
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        operation = frame.body.nodes[current]
        if operation[0] == "narrow" and operation[1] in _TESTS and _has(frame, current, target):
            return True
        if operation[0] == "declare" and isinstance(target, (Instance, Member)):
            said = _plain(instantiate(engine, frame, operation[2]))
            if any(_takes(engine, value, target) for value in said):
                return True
            pending += [operation[1]] if not said and operation[1] >= 0 else []
        elif operation[0] in ("narrow", "phi"):
            pending += [operation[3]] if operation[0] == "narrow" else operation[1]
        elif _can_be(engine, frame, current, target):
            return True
    return False


def _has(frame: Frame, node: int, target: Value) -> bool:
    cell = frame.cells[node]
    return cell is not None and target in cell.values


def _can_be(engine: Engine, frame: Frame, node: int, target: Value) -> bool:
    operation = frame.body.nodes[node]
    if operation[0] != "param" or not isinstance(target, (Instance, Member)):
        return _has(frame, node, target)
    declared = _declared(engine, frame, operation[1])
    return not declared or any(_takes(engine, value, target) for value in declared)


def _takes(engine: Engine, declared: Value, target: Instance | Member) -> bool:
    """Whether something that is declared to be the one can be the other."""
    own = linearise(engine, target.info)
    if isinstance(declared, Instance):
        info = declared.info
        return info in own or target.info in linearise(engine, info) or is_protocol(engine, info)
    return isinstance(declared, Object) and declared.path in target.info.externals


def _declared(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """What a parameter is declared to take, for a receiver objects of the class; empty where it may take anything else."""
    params = frame.body.params
    if params[0].name == name and frame.owner is not None and frame.body.parent == frame.owner.body.index:
        plain = not frame.body.decorators and frame.body.name != "__new__"
        return [engine.instance(frame.owner, DECLARED)] if plain else []
    param = next((p for p in params if p.name == name), None)
    outer = defining_frame(engine, frame)
    if param is None or param.annotation < 0 or outer is None:
        return []
    return _plain(instantiate(engine, outer, param.annotation))


def _plain(declared: list[Value]) -> list[Value]:
    """The objects of a declaration; empty where it permits other things as well."""
    plain = all(isinstance(v, (Instance, Object)) or (isinstance(v, Const) and v.value is None) for v in declared)
    return [v for v in declared if isinstance(v, (Instance, Object))] if plain else []
