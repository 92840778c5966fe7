"""Annotations as values: what an expression of this declared type can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program.generics import (
    Bindings,
    Scope,
    arguments_of,
    bound,
    is_variable,
    substituted,
    typed_site,
    variables_in,
)
from buttress_scanner.program.values import (
    DECLARED,
    Alias,
    Bound,
    Box,
    Class,
    Const,
    External,
    Instance,
    Maker,
    Object,
    Placeholder,
    TypeVariable,
    Union,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

_SEQUENCES = {
    "list": "list", "List": "list", "Sequence": "list",
    "MutableSequence": "list", "Iterable": "iterator", "Iterator": "iterator", "Collection": "list",
    "set": "set", "Set": "set", "frozenset": "frozenset", "FrozenSet": "frozenset",
    "AbstractSet": "set", "MutableSet": "set", "deque": "list", "Deque": "list",
    "Generator": "iterator", "AsyncIterator": "iterator",
    "AsyncIterable": "iterator", "AsyncGenerator": "iterator", "Reversible": "list",
    "Container": "list", "ValuesView": "iterator", "Queue": "list", "SimpleQueue": "list",
    "LifoQueue": "list", "PriorityQueue": "list", "WeakSet": "set", "UserList": "list", "KeysView": "iterator",
}  # fmt: skip
_MAPPINGS = {
    "dict",
    "Dict",
    "Mapping",
    "MutableMapping",
    "defaultdict",
    "DefaultDict",
    "OrderedDict",
    "WeakValueDictionary",
    "ChainMap",
    "MappingProxyType",
    "WeakKeyDictionary",
    "UserDict",
}
_TRANSPARENT = {
    *("ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "Annotated", "InitVar", "Self"),
    *("Mapped", "SerializeAsAny", "SkipValidation", "InstanceOf", "OnErrorOmit"),
}
_HOLDERS = {
    "Awaitable": "awaitable", "Coroutine": "awaitable", "Future": "future", "Task": "future",
    "ContextManager": "context", "AbstractContextManager": "context",
    "AsyncContextManager": "context", "AbstractAsyncContextManager": "context",
    "ContextVar": "variable", "ref": "reference", "ReferenceType": "reference", "cached_property": "property",
}  # fmt: skip
"""Library types that hold one value of their argument."""
_OPAQUE = {"Any", "Never", "NoReturn", "object", "Hashable"}


def instantiate(engine: Engine, frame: Frame, node: int, scope: Scope | None = None) -> list[Value]:
    """What an expression with the annotation at this node can be."""
    if node < 0:
        return []
    found: dict[Value, None] = {}
    for value in engine.read(frame, node):
        found.update(dict.fromkeys(instances_of(engine, value, scope)))
    return list(found)


def instances_of(engine: Engine, value: Value, scope: Scope | None = None, depth: int = 0) -> list[Value]:
    """The values of a declared type."""
    if depth > 6:
        return []
    match value:
        case Class(info=info):
            return [engine.instance(info, DECLARED)]
        case Const(value=None):
            return [value]
        case Union():
            return [v for part in union_parts(engine, value) for v in instances_of(engine, part, scope, depth + 1)]
        case Alias(base=base):
            return _of_alias(engine, value, base, scope, depth)
        case Bound(inner=inner, bindings=bindings):
            return instances_of(engine, inner, Scope(None, None, bindings), depth + 1)
        case External(path=path):
            return _of_external(engine, path, scope)
        case Maker(kind="typevar") | TypeVariable():
            return _of_variable(engine, value, scope, depth)
        case Maker(kind="newtype", frame=frame, node=node):
            args = frame.body.nodes[node][2]
            return (
                [v for t in engine.read(frame, args[1][1]) for v in instances_of(engine, t, scope, depth + 1)]
                if len(args) > 1
                else []
            )
    return []


def union_parts(engine: Engine, union: Union) -> list[Value]:
    """The types joined by ``|``."""
    node = union.frame.body.nodes[union.node]
    return [
        *_named(engine, union.frame, engine.read(union.frame, node[2])),
        *_named(engine, union.frame, engine.read(union.frame, node[3])),
    ]


def _named(engine: Engine, frame: Frame, values: list[Value]) -> list[Value]:
    """Types, with names that were written as text looked up."""
    if not any(isinstance(v, Const) and isinstance(v.value, str) for v in values):
        return values
    return [
        t
        for v in values
        for t in (named_type(engine, frame, v.value) if isinstance(v, Const) and isinstance(v.value, str) else [v])
    ]


def named_type(engine: Engine, frame: Frame, text: str) -> list[Value]:
    """The type that a (dotted) name in quotes means in a module."""
    from buttress_scanner.program.attributes import get_attribute
    from buttress_scanner.program.modules import module_member

    head, *rest = text.strip().split(".")
    if not all(part.isidentifier() for part in (head, *rest)):
        return []
    values = module_member(engine, frame.unit, head)
    for name in rest:
        values = [v for value in values for v in get_attribute(engine, value, name, (frame, 0))]
    return values


def _of_external(engine: Engine, path: str, scope: Scope | None) -> list[Value]:
    name = path.rpartition(".")[2]
    if name == "Self" and scope is not None and scope.receiver is not None:
        return [scope.receiver]
    if name in _OPAQUE:
        return [engine.unknown(f"declared as {name}")]
    if path.startswith(("builtins.", "typing.", "collections.")):
        if name in _SEQUENCES:
            return [engine.make(Box, _SEQUENCES[name], ("declared", name))]
        if name in _MAPPINGS:
            return [engine.make(Box, "dict", ("declared", name))]
        if name in ("tuple", "Tuple"):
            return [engine.make(Box, "tuple", ("declared", name))]
        if name in ("Callable", "type", "Type"):
            return [engine.unknown(f"declared as {name}")]
    entry = engine.catalogue.entry(path)
    if entry is not None and entry.kind == "class":
        return [engine.make(Object, entry.path)]
    return [engine.make(Object, path)]


def _of_alias(engine: Engine, alias: Alias, base: Value, scope: Scope | None, depth: int) -> list[Value]:
    bindings = scope.bindings(engine) if scope is not None else {}
    if isinstance(base, Class):
        return [engine.instance(base.info, typed_site(engine, alias, bindings))]
    if isinstance(base, (Alias, Union)):
        names = variables_in(engine, base)
        given = [tuple(s for v in argument for s in substituted(engine, v, bindings)) for argument in arguments_of(engine, alias)]
        return instances_of(engine, base, Scope(None, None, tuple(zip(names, given, strict=False))), depth + 1)
    if not isinstance(base, External):
        return []
    name = base.path.rpartition(".")[2]
    arguments = (
        [_named(engine, alias.frame, a) for a in arguments_of(engine, alias)]
        if name != "Literal"
        else arguments_of(engine, alias)
    )
    open_names = [v for v in variables_in(engine, alias) if v in bindings] if bindings else []
    kept = {v: bindings[v] for v in open_names}
    site = bound(engine, alias, kept) if kept else alias
    inner = Scope(scope.receiver, None, tuple(kept.items())) if scope is not None else None

    def each(position: int) -> list[Value]:
        types = arguments[position] if position < len(arguments) else []
        return [v for t in types for v in instances_of(engine, t, inner, depth + 1)]

    held = _of_library_type(engine, name, _Generic(alias, site, arguments, each, kept))
    if not held or engine.catalogue.has_deeds(base.path):  # `queue.Queue[str]`: what it holds, and what its methods do
        held = [*held, engine.make(Object, base.path)]
    return held


@dataclass(frozen=True, slots=True)
class _Generic:
    """A subscripted library type that is being instantiated: what it is keyed by, its arguments, and what values they have."""

    alias: Alias
    site: Value
    arguments: list[list[Value]]
    each: Callable[[int], list[Value]]
    bindings: Bindings


def _of_library_type(engine: Engine, name: str, generic: _Generic) -> list[Value]:
    each, arguments = generic.each, generic.arguments
    if name in ("Optional", "Union"):
        parts = [v for n in range(len(arguments)) for v in each(n)]
        return [*parts, engine.const(None)] if name == "Optional" else parts
    if name in _TRANSPARENT:
        return each(0)
    if name in _MAPPINGS:
        result = _declared_box(engine, "dict", generic.site, lambda: each(1))
        engine.lazy(lambda: each(0), result, "keys")
        return [result]
    if name in ("tuple", "Tuple"):
        return [_declared_tuple(engine, generic)]
    if name in ("type", "Type"):
        return _classes(engine, [s for v in arguments[0] for s in substituted(engine, v, generic.bindings)])
    if name == "Literal":
        return [v for part in arguments for v in part]
    if name == "Callable":
        return [
            engine.make(Maker, "callable", generic.site if generic.bindings else None, generic.alias.frame, generic.alias.node)
        ]
    kind = _SEQUENCES.get(name) or _HOLDERS.get(name)
    if kind is not None:
        return [_declared_box(engine, kind, generic.site, lambda: each(2 if name == "Coroutine" else 0))]
    return []


def _classes(engine: Engine, values: list[Value], depth: int = 0) -> list[Value]:
    found: list[Value] = []
    for value in values if depth < 4 else []:
        if isinstance(value, Class):
            found.append(engine.make(Class, value.info, False))
        elif isinstance(value, Union):
            found += _classes(engine, union_parts(engine, value), depth + 1)
        elif isinstance(value, Alias):
            found += _classes(engine, [value.base], depth + 1)
        elif isinstance(value, External):
            found.append(value)
        elif is_variable(value):
            found += [engine.make(Class, v.info, False) for v in _limits(engine, value, 0) if isinstance(v, Instance)]
    return found


def _declared_box(engine: Engine, kind: str, site: Value, contents: Callable[[], list[Value]]) -> Box:
    result: Box = engine.make(Box, kind, site)
    engine.lazy(contents, result, "rest")
    return result


def _declared_tuple(engine: Engine, generic: _Generic) -> Box:
    arguments, each = generic.arguments, generic.each
    if len(arguments) == 2 and any(isinstance(v, Object) and v.path.endswith("llipsis") for v in arguments[1]):
        return _declared_box(engine, "tuple", generic.site, lambda: each(0))
    result: Box = engine.make(Box, "tuple", generic.site)
    known = engine.slot(result, "known")
    for position in range(len(arguments)):
        known.values.setdefault(engine.const(position))
        engine.lazy(partial(each, position), result, "item", "int", position)
    engine.lazy(lambda: [v for n in range(len(arguments)) for v in each(n)], result, "all")
    return result


def _of_variable(engine: Engine, value: Value, scope: Scope | None, depth: int) -> list[Value]:
    """What a type variable can be: what the receiver's type says, else its bound and a mark to be replaced later."""
    types = scope.bindings(engine).get(value) if scope is not None else None
    if types:
        return [v for t in types for v in instances_of(engine, t, None, depth + 1)]
    limits = _limits(engine, value, depth)
    return [engine.make(Placeholder, value), *(limits or [engine.unknown("type variable")])]


def _limits(engine: Engine, value: Value, depth: int) -> list[Value]:
    """What a type variable can be at most: its bound or its constraints."""
    if isinstance(value, TypeVariable):
        return [v for t in engine.values(engine.slot("limit", value)) for v in instances_of(engine, t, None, depth + 1)]
    if not isinstance(value, Maker):
        return []
    node = value.frame.body.nodes[value.node]
    bounds = [operand for name, operand in node[3] if name == "bound"] + [operand for _, operand in node[2][1:]]
    return [
        v
        for b in bounds
        for t in _named(engine, value.frame, engine.read(value.frame, b))
        for v in instances_of(engine, t, None, depth + 1)
    ]
