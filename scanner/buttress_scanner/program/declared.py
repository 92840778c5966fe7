"""What parameters and results are declared to be, where nothing better is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.fixtures import given_by_fixture
from buttress_scanner.program.generics import (
    scope_of,
    scope_with_arguments,
)
from buttress_scanner.program.stubs import parameter_in_stub, result_in_stub
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import (
    SELF,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Member,
    Method,
    Object,
    Placeholder,
    Unknown,
    Value,
    informative,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame


def default_or_declared(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """A parameter of which no caller says anything: its annotation, its default, or the class around it."""
    body = frame.body
    param = next(p for p in body.params if p.name == name)
    outer = defining_frame(engine, frame)
    found: dict[Value, None] = {}
    if body.params[0].name == name and frame.owner is not None and body.kind == "function" and param.kind in ("pos", "posonly"):
        receiver = _receiver(engine, frame)
        if receiver is not None:
            return [receiver]
    if param.annotation >= 0 and outer is not None:
        declared = instantiate(engine, outer, param.annotation, scope_of(engine, frame))
        if not informative(declared):  # `Any`, or the parameters of what a decorator wraps
            wrapped = _as_wrapped(engine, frame, name)
            if wrapped:
                return wrapped
        if param.kind == "vararg":
            box = contents.box(engine, "tuple", ("declared", frame, name))
            contents.fill(engine, box, declared)
            declared = [box]
        elif param.kind == "kwarg":
            box = contents.box(engine, "dict", ("declared", frame, name))
            contents.fill(engine, box, declared)
            declared = [box]
        found.update(dict.fromkeys(declared))
    if param.annotation < 0 and frame.unit.stub is not None:
        found.update(dict.fromkeys(parameter_in_stub(engine, frame, name)))
    if param.default >= 0 and outer is not None:
        found.update(dict.fromkeys(engine.read(outer, param.default)))
    if not found:
        found.update(dict.fromkeys(_as_wrapped(engine, frame, name)))
    if not found:
        found.update(dict.fromkeys(given_by_fixture(engine, frame, name)))
    if not found:
        found[engine.unknown(f"parameter {name} of {frame.symbol}")] = None
    return list(found)


def _as_wrapped(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """A bare parameter of a function that a decorator has put in the place of others: what the others are given there."""
    if frame.closure is None:
        return []
    params = frame.body.params
    position = next(n for n, p in enumerate(params) if p.name == name)
    kind = params[position].kind
    found: dict[Value, None] = {}
    for target in engine.values(
        engine.slot("replaced by", engine.make(Function, frame.unit, frame.body, frame.closure, frame.owner))
    ):
        if not isinstance(target, Function):
            continue
        theirs = target.body.params
        given = [
            engine.read(engine.generic_frame(target), n) if p.kind in ("pos", "posonly") else [] for n, p in enumerate(theirs)
        ]
        if kind == "vararg":
            box = contents.box(engine, "tuple", ("declared", frame, name))
            for number, values in enumerate(given[position:]):
                contents.put(engine, box, number, values)
            found[box] = None
        elif kind in ("pos", "posonly") and position < len(given):
            found.update(dict.fromkeys(given[position]))
    return list(found)


def defaults(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """What a call that leaves the parameter out gives it."""
    param = next(p for p in frame.body.params if p.name == name)
    outer = defining_frame(engine, frame)
    return engine.read(outer, param.default) if param.default >= 0 and outer is not None else []


def defining_frame(engine: Engine, frame: Frame) -> Frame | None:
    """The frame in which the function of this frame was defined: its defaults and annotations live there."""
    if frame.owner is not None and frame.body.parent == frame.owner.body.index:
        result: Frame = frame.owner.frame
        return result
    return frame.closure if frame.closure is not None else frame.unit.frame


def _receiver(engine: Engine, frame: Frame) -> Value | None:
    """``self`` or ``cls`` of a method that nobody has called."""
    info = frame.owner
    nodes = info.body.nodes
    kinds = {
        nodes[d][2] if nodes[d][0] == "attr" else nodes[d][1] for d in frame.body.decorators if nodes[d][0] in ("global", "attr")
    }
    if "staticmethod" in kinds:
        return None
    if "classmethod" in kinds or frame.body.name in ("__new__", "__init_subclass__", "__class_getitem__"):
        result: Value = engine.make(Class, info, False)
        return result
    return engine.instance(info, SELF)


def declared_result(engine: Engine, frame: Frame) -> list[Value]:
    """What the annotation of the result says."""
    outer = defining_frame(engine, frame)
    if outer is None or frame.body.returns_annotation < 0:
        return result_in_stub(engine, frame) if frame.unit.stub is not None else []
    return instantiate(engine, outer, frame.body.returns_annotation, scope_with_arguments(engine, frame, outer))


def declared_beside(engine: Engine, found: list[Value], declared: Callable[[], list[Value]]) -> list[Value]:
    """What a declaration adds to values that only say which library they come out of: objects of the program."""
    if not found or not all(_is_vague(engine, v) for v in found):
        return []
    return [v for v in declared() if isinstance(v, (Box, Class, Instance, Member)) and v not in found]


def _is_vague(engine: Engine, value: Value) -> bool:
    """Whether nothing is known of a value but what gave it."""
    match value:
        case Unknown() | Placeholder() | Const(value=None):
            return True
        case Object(path=path):
            return path.endswith("()") and engine.catalogue.entry(path.removesuffix("()")) is None
        case External(path=path):
            return engine.catalogue.entry(path) is None
        case Method(function=External(path=path), receiver=Object() as receiver):
            return engine.catalogue.entry(path) is None and _is_vague(engine, receiver)
    return False
