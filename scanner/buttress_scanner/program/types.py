"""Annotations as values: what an expression of this declared type can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.frames import Cell
from buttress_scanner.program.values import (
    DECLARED,
    SELF,
    Alias,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Object,
    Union,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

_SEQUENCES = {
    "list": "list", "List": "list", "Sequence": "list", "MutableSequence": "list", "Iterable": "iterator", "Iterator": "iterator", "Collection": "list",
    "set": "set", "Set": "set", "frozenset": "frozenset", "FrozenSet": "frozenset", "AbstractSet": "set", "MutableSet": "set", "deque": "list", "Deque": "list",
    "Generator": "iterator", "AsyncIterator": "iterator", "AsyncIterable": "iterator", "AsyncGenerator": "iterator", "Reversible": "list",
    "Container": "list", "ValuesView": "iterator", "KeysView": "iterator", "Queue": "list",
}  # fmt: skip
_MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict", "WeakValueDictionary", "ChainMap", "MappingProxyType"}
_TRANSPARENT = {"ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "Annotated", "InitVar", "Mapped", "Self"}
_AWAITABLES = {"Awaitable", "Coroutine", "Future", "Task"}
_CONTEXTS = {"ContextManager", "AbstractContextManager", "AsyncContextManager", "AbstractAsyncContextManager"}
_OPAQUE = {"Any", "Never", "NoReturn", "object", "Hashable"}


def instantiate(engine: Engine, frame: Frame, node: int, receiver: Instance | None = None) -> list[Value]:
    """What an expression with the annotation at this node can be."""
    if node < 0:
        return []
    found: dict[Value, None] = {}
    for value in engine.read(frame, node):
        found.update(dict.fromkeys(instances_of(engine, value, receiver)))
    return list(found)


def instances_of(engine: Engine, value: Value, receiver: Instance | None = None, depth: int = 0) -> list[Value]:
    """The values of a declared type."""
    if depth > 6:
        return []
    match value:
        case Class(info=info):
            return [engine.instance(info, DECLARED)]
        case Const(value=None):
            return [value]
        case Union():
            return [v for part in union_parts(engine, value) for v in instances_of(engine, part, receiver, depth + 1)]
        case Alias(base=base):
            return _of_alias(engine, value, base, receiver, depth)
        case External(path=path):
            return _of_external(engine, path, receiver)
        case Maker(kind="typevar"):
            return _bound(engine, value, receiver, depth)
        case Maker(kind="newtype", frame=frame, node=node):
            args = frame.body.nodes[node][2]
            return [v for t in engine.read(frame, args[1][1]) for v in instances_of(engine, t, receiver, depth + 1)] if len(args) > 1 else []
        case Instance() | Unknown() | Box():
            return []
    return []


def union_parts(engine: Engine, union: Union) -> list[Value]:
    """The types joined by ``|``."""
    node = union.frame.body.nodes[union.node]
    return [*engine.read(union.frame, node[2]), *engine.read(union.frame, node[3])]


def _of_external(engine: Engine, path: str, receiver: Instance | None) -> list[Value]:
    name = path.rpartition(".")[2]
    if name == "Self" and receiver is not None:
        return [receiver]
    if name in _OPAQUE:
        return [engine.unknown(f"declared as {name}")]
    if path.startswith(("builtins.", "typing.", "collections.")):
        if name in _SEQUENCES:
            return [engine.make(Box, _SEQUENCES[name], ("declared", name))]
        if name in _MAPPINGS:
            return [engine.make(Box, "dict", ("declared", name))]
        if name == "tuple" or name == "Tuple":
            return [engine.make(Box, "tuple", ("declared", name))]
        if name in ("Callable", "type", "Type"):
            return [engine.unknown(f"declared as {name}")]
    entry = engine.catalogue.entry(path)
    if entry is not None and entry.kind == "class":
        return [engine.make(Object, entry.path)]
    return [engine.make(Object, path)]


def _arguments(engine: Engine, alias: Alias) -> list[list[Value]]:
    """The type arguments by position."""
    node = alias.frame.body.nodes[alias.node]
    body = alias.frame.body
    key = node[2]
    if body.nodes[key][0] == "seq" and body.nodes[key][1] == "tuple":
        return [engine.read(alias.frame, part) for _, part in body.nodes[key][2]]
    return [engine.read(alias.frame, key)]


def _of_alias(engine: Engine, alias: Alias, base: Value, receiver: Instance | None, depth: int) -> list[Value]:
    if isinstance(base, Class):
        return [engine.instance(base.info, DECLARED)]
    if not isinstance(base, External):
        return []
    name = base.path.rpartition(".")[2]

    def each(position: int) -> list[Value]:
        arguments = _arguments(engine, alias)
        if position >= len(arguments):
            return []
        return [v for t in arguments[position] for v in instances_of(engine, t, receiver, depth + 1)]

    if name in ("Optional", "Union"):
        parts = [v for n in range(len(_arguments(engine, alias))) for v in each(n)]
        return [*parts, engine.const(None)] if name == "Optional" else parts
    if name in _TRANSPARENT:
        return each(0)
    if name in _SEQUENCES:
        return [_declared_box(engine, _SEQUENCES[name], alias, lambda: each(0))]
    if name in _MAPPINGS:
        result = _declared_box(engine, "dict", alias, lambda: each(1))
        engine.lazy(lambda: each(0), result, "keys")
        return [result]
    if name in ("tuple", "Tuple"):
        return [_declared_tuple(engine, alias, each)]
    if name in ("type", "Type"):
        return _classes(engine, _arguments(engine, alias)[0] if _arguments(engine, alias) else [])
    if name == "Literal":
        return [v for part in _arguments(engine, alias) for v in part]
    if name == "Callable":
        return [engine.make(Maker, "callable", None, alias.frame, alias.node)]
    if name in _AWAITABLES:
        position = 2 if name == "Coroutine" else 0
        return [_declared_box(engine, "awaitable", alias, lambda: each(position))]
    if name in _CONTEXTS:
        return [_declared_box(engine, "context", alias, lambda: each(0))]
    return [engine.make(Object, base.path)]


def _classes(engine: Engine, values: list[Value], depth: int = 0) -> list[Value]:
    found: list[Value] = []
    for value in values if depth < 4 else []:
        if isinstance(value, Class):
            found.append(engine.make(Class, value.info, False))
        elif isinstance(value, Union):
            found += _classes(engine, union_parts(engine, value), depth + 1)
        elif isinstance(value, External):
            found.append(value)
        elif isinstance(value, Maker) and value.kind == "typevar":
            found += [engine.make(Class, v.info, False) for v in _bound(engine, value, None, 0) if isinstance(v, Instance)]
    return found


def _declared_box(engine: Engine, kind: str, alias: Alias, contents: object) -> Box:
    result: Box = engine.make(Box, kind, alias)
    engine.lazy(contents, result, "rest")  # type: ignore[arg-type]
    return result


def _declared_tuple(engine: Engine, alias: Alias, each: object) -> Box:
    arguments = _arguments(engine, alias)
    if len(arguments) == 2 and any(isinstance(v, Object) and v.path.endswith("llipsis") for v in arguments[1]):
        return _declared_box(engine, "tuple", alias, lambda: each(0))  # type: ignore[operator]
    result: Box = engine.make(Box, "tuple", alias)
    known = engine.slot(result, "known")
    for position in range(len(arguments)):
        known.values.setdefault(engine.const(position))
        engine.lazy(lambda p=position: each(p), result, "item", "int", position)  # type: ignore[operator, misc]
    engine.lazy(lambda: [v for n in range(len(arguments)) for v in each(n)], result, "all")  # type: ignore[operator]
    return result


def _bound(engine: Engine, value: Maker, receiver: Instance | None, depth: int) -> list[Value]:
    """What a type variable can be: its bound or its constraints."""
    node = value.frame.body.nodes[value.node]
    bounds = [operand for name, operand in node[3] if name == "bound"] + [operand for _, operand in node[2][1:]]
    return [v for b in bounds for t in engine.read(value.frame, b) for v in instances_of(engine, t, receiver, depth + 1)]


# --- parameters and results


def default_or_declared(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """A parameter of which no caller says anything: its annotation, its default, or the class around it."""
    from buttress_scanner.program import containers

    body = frame.body
    param = next(p for p in body.params if p.name == name)
    outer = defining_frame(engine, frame)
    found: dict[Value, None] = {}
    if body.params[0].name == name and frame.owner is not None and body.kind == "function" and param.kind in ("pos", "posonly"):
        receiver = _receiver(engine, frame)
        if receiver is not None:
            return [receiver]
    if param.annotation >= 0 and outer is not None:
        declared = instantiate(engine, outer, param.annotation)
        if param.kind == "vararg":
            box = containers.box(engine, "tuple", ("declared", frame, name))
            containers.fill(engine, box, declared)
            declared = [box]
        elif param.kind == "kwarg":
            box = containers.box(engine, "dict", ("declared", frame, name))
            containers.fill(engine, box, declared)
            declared = [box]
        found.update(dict.fromkeys(declared))
    if param.default >= 0 and outer is not None:
        found.update(dict.fromkeys(engine.read(outer, param.default)))
    if not found:
        found[engine.unknown(f"parameter {name} of {frame.symbol}")] = None
    return list(found)


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
    kinds = {nodes[d][2] if nodes[d][0] == "attr" else nodes[d][1] for d in frame.body.decorators if nodes[d][0] in ("global", "attr")}
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
        return []
    receiver = None
    if frame.body.params and frame.owner is not None:
        cell = frame.params.get(frame.body.params[0].name)
        candidates = engine.values(cell) if cell is not None else []
        receiver = next((v for v in candidates if isinstance(v, Instance)), None)
    return instantiate(engine, outer, frame.body.returns_annotation, receiver)


