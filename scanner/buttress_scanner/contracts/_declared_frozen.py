"""Whether a class is declared frozen: by its decorator, its configuration, its base, or a setter that always refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.contents import known_items
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.values import Box, Class, Const, External, Maker, Object, Partial, Value

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame

_ALWAYS = ("attr.frozen", "attrs.frozen")
_DATACLASSES = ("dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attr.dataclass")
_RECORDS = (*_DATACLASSES, "attr.s", "attr.attrs", "attr.define", "attrs.define", "attr.mutable", "attrs.mutable")
_UNCHANGING = ("typing.NamedTuple", "builtins.tuple", "builtins.frozenset", "builtins.str", "builtins.int")
_KEYWORDS = ("frozen", "config")


def is_declared_frozen(engine: Engine, info: ClassInfo) -> bool:
    """Whether the nearest declaration along the resolution order says that objects cannot be written to."""
    if is_enum(engine, info):
        return True
    for owner in linearise(engine, info):
        said = _says(engine, owner)
        if said is not None:
            return said
    return any(path in _UNCHANGING for path in info.externals)


def _says(engine: Engine, info: ClassInfo) -> bool | None:
    """What the class itself declares; None if it says nothing."""
    for keyword, node in info.body.keywords:
        if keyword == "frozen":
            return _is_true(engine.read(info.outer, node))
    for decorator in info.body.decorators:
        said = _by_decorator(engine, info.outer, decorator)
        if said is not None:
            return said
    said = _by_configuration(engine, info)
    return said if said is not None else True if _refuses(engine, info) else None


# --- decorators


def _by_decorator(engine: Engine, frame: Frame, node: int) -> bool | None:
    operation = frame.body.nodes[node]
    values = engine.read(frame, node)
    if operation[0] == "call":
        values = [*engine.read(frame, operation[1]), *values]
    verdicts = [v for value in values if (v := _by_maker(engine, frame, operation, value)) is not None]
    if verdicts:
        return any(verdicts)
    helpers = [c for n, callees in frame.edges.items() if _applies(frame, n, node) for c in callees]
    inside = [
        v
        for helper in helpers
        for n, op in enumerate(helper.body.nodes)
        if op[0] == "call" and (v := _by_decorator(engine, helper, n)) is not None
    ]
    return any(inside) if inside else None


def _applies(frame: Frame, place: int, decorator: int) -> bool:
    """Whether a node applies the decorator, or calls what makes it."""
    return place == decorator or frame.body.nodes[place][:2] == ("deco", decorator)


def _by_maker(engine: Engine, frame: Frame, operation: Node, value: Value) -> bool | None:
    """What one decorator says, by its path and the arguments with which it was called or made."""
    match value:
        case External(path=path) | Object(path=path):
            name = path.removesuffix("()")
            if name in _ALWAYS:
                return True
            if name not in _RECORDS:
                return None
            given = _given_frozen(engine, frame, operation)
            return given if given is not None else _silent(name)
        case Maker(kind="wraps", frame=made, node=node):
            made_by = made.body.nodes[node]
            if made_by[0] != "call":
                return None
            return next(
                (v for c in engine.read(made, made_by[1]) if (v := _by_maker(engine, made, made_by, c)) is not None), None
            )
        case Partial(function=function, frame=made, node=node):
            given = _given_frozen(engine, frame, operation)
            held = _given_frozen(engine, made, made.body.nodes[node])
            said = given if given is not None else held
            inner = _by_maker(engine, made, made.body.nodes[node], function)
            return said if said is not None and inner is not None else inner
    return None


def _silent(name: str) -> bool | None:
    """A dataclass that does not say so is not frozen; with attrs a frozen base is enough."""
    return False if name in _DATACLASSES else None


def _given_frozen(engine: Engine, frame: Frame, operation: Node) -> bool | None:
    if operation[0] != "call":
        return None
    for keyword, node in operation[3]:
        if keyword == "frozen":
            return _is_true(engine.read(frame, node))
        if keyword == "config":
            return _configured(engine, frame, node)
        if not keyword:
            for value in engine.read(frame, node):
                held = known_items(engine, value).get("frozen") if isinstance(value, Box) else None
                if held is not None:
                    return _is_true(held)
    return None


def _is_true(values: list[Value]) -> bool:
    return any(isinstance(v, Const) and v.value is True for v in values)


# --- configuration of pydantic


def _by_configuration(engine: Engine, info: ClassInfo) -> bool | None:
    node = info.body.exit.get("model_config")
    if node is not None:
        return _configured(engine, info.frame, node)
    node = info.body.exit.get("Config")
    for value in engine.read(info.frame, node) if node is not None else ():
        if isinstance(value, Class):
            inner: ClassInfo = value.info
            for name, wanted in (("frozen", True), ("allow_mutation", False)):
                held = inner.body.exit.get(name)
                if held is not None:
                    return any(isinstance(v, Const) and v.value is wanted for v in engine.read(inner.frame, held))
    return None


def _configured(engine: Engine, frame: Frame, node: int) -> bool | None:
    """What ``ConfigDict(frozen=True)`` or ``{"frozen": True}`` says."""
    operation = frame.body.nodes[node]
    while operation[0] in ("phi", "declare") and operation[1]:
        node = operation[1] if operation[0] == "declare" else operation[1][0]
        operation = frame.body.nodes[node]
    if operation[0] == "call":
        return _given_frozen(engine, frame, operation)
    for value in engine.read(frame, node):
        held = known_items(engine, value).get("frozen") if isinstance(value, Box) else None
        if held is not None:
            return _is_true(held)
    return None


def _refuses(engine: Engine, info: ClassInfo) -> bool:
    """Whether the class defines ``__setattr__`` as a method that ends by raising whatever it is given."""
    node = info.body.exit.get("__setattr__")
    if node is None:
        return False
    bodies = [b for b in info.unit.facts.bodies if b.parent == info.body.index and b.name == "__setattr__"]
    return any(b.tree and b.tree[-1][0] == "raise" and not b.returns for b in bodies)
