"""What a stub beside a module says where the module itself says nothing: parameters, results, attributes, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.frames import Frame
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import External, Function, Object, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Unit


def result_in_stub(engine: Engine, frame: Frame) -> list[Value]:
    """What the stub declares the function of this frame to return."""
    declared = _twin(frame.unit, frame.body)
    return _instances(engine, frame.unit, declared, declared.returns_annotation if declared is not None else -1)


def parameter_in_stub(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """What the stub declares a parameter to be."""
    declared = _twin(frame.unit, frame.body)
    annotation = next((p.annotation for p in declared.params if p.name == name), -1) if declared is not None else -1
    return _instances(engine, frame.unit, declared, annotation)


def attribute_in_stub(engine: Engine, owner: ClassInfo, name: str) -> list[Value]:
    """What the stub declares an attribute of a class to be."""
    declared = _twin(owner.unit, owner.body)
    if declared is None or name not in declared.annotations:
        return []
    return instantiate(engine, _scope(owner.unit, declared), declared.annotations[name])


def variable_in_stub(engine: Engine, unit: Unit, name: str, found: Iterable[Value]) -> list[Value]:
    """What the stub declares a name to be of which the module says no more than that it comes from elsewhere."""
    if unit.stub is None or any(not isinstance(v, (External, Object, Unknown)) for v in found):
        return []
    stub = unit.stub.facts.bodies
    if name in stub[0].annotations:
        return instantiate(engine, unit.stub.frame, stub[0].annotations[name])
    functions = [b for b in stub if b.qualname == name and b.kind == "function"]
    return [engine.make(Function, unit.stub, b, None, None) for b in functions]


def described(engine: Engine, unit: Unit, name: str) -> list[Value]:
    """What a name of a stub is in the module that the stub describes; nothing for other modules."""
    from buttress_scanner.program.modules import module_member

    if unit.describes is None or not (name in unit.describes.facts.bodies[0].exit or unit.describes.facts.stars):
        return []
    return module_member(engine, unit.describes, name)


def _twin(unit: Unit, body: Body) -> Body | None:
    """The definition of the same name in the stub."""
    bodies = unit.stub.facts.bodies if unit.stub is not None else ()
    return next((b for b in reversed(bodies) if b.qualname == body.qualname and b.kind == body.kind), None)


def _instances(engine: Engine, unit: Unit, declared: Body | None, annotation: int) -> list[Value]:
    if unit.stub is None or declared is None or annotation < 0:
        return []
    return instantiate(engine, _scope(unit, unit.stub.facts.bodies[declared.parent]), annotation)


def _scope(unit: Unit, body: Body) -> Frame:
    """Where the annotations of a body of the stub are read; its classes are not made, they are those of the module."""
    if unit.stub is None or body.index == 0:
        return unit.stub.frame if unit.stub is not None else unit.frame
    scopes = unit.stub.scopes
    if body.index not in scopes:
        scopes[body.index] = Frame(unit.stub, body, None, "stub")
    return scopes[body.index]
