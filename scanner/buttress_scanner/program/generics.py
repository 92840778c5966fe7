"""Generic classes: what their type variables stand for, seen from a receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import is_subclass, linearise, subclasses
from buttress_scanner.program.contents import elements, keys_of
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
    Member,
    Placeholder,
    Typed,
    TypeVariable,
    Union,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame

Bindings = dict[Value, tuple[Value, ...]]
_OPEN_BASES = ("typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "typing_extensions.Generic")
_DEEPEST = 3
"""Type arguments within type arguments that are told apart."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an annotation is read: the receiver gives ``Self`` and the type arguments, the class uses the variables."""

    receiver: Instance | None
    owner: ClassInfo | None
    known: tuple[tuple[Value, tuple[Value, ...]], ...] = ()
    """Variables that the arguments of a call bind."""

    def bindings(self, engine: Engine) -> Bindings:
        """What each type variable stands for here; those that nothing binds are missing."""
        found: Bindings = dict(self.known)
        if self.receiver is not None and self.owner is not None:
            found.update(bindings_of(engine, self.receiver, self.owner))
        return found


def is_variable(value: Value) -> bool:
    """Whether a value is a type variable."""
    return isinstance(value, TypeVariable) or (isinstance(value, Maker) and value.kind == "typevar")


def arguments_of(engine: Engine, alias: Alias) -> list[list[Value]]:
    """The type arguments by position."""
    body = alias.frame.body
    key = body.nodes[alias.node][2]
    if body.nodes[key][0] == "seq" and body.nodes[key][1] == "tuple":
        return [engine.read(alias.frame, part) for _, part in body.nodes[key][2]]
    return [engine.read(alias.frame, key)]


def variables_in(engine: Engine, value: Value, depth: int = 0) -> list[Value]:
    """The type variables in a type, in order of appearance."""
    if is_variable(value):
        return [value]
    if depth >= _DEEPEST:
        return []
    if isinstance(value, Alias):
        parts = [v for argument in arguments_of(engine, value) for v in argument]
    elif isinstance(value, Union):
        node = value.frame.body.nodes[value.node]
        parts = [*engine.read(value.frame, node[2]), *engine.read(value.frame, node[3])]
    elif isinstance(value, Box):
        parts = elements(engine, value)
    else:
        return []
    return list(dict.fromkeys(v for part in parts for v in variables_in(engine, part, depth + 1)))


def _alias_bases(engine: Engine, info: ClassInfo) -> list[Alias]:
    return [v for base in info.body.bases for v in engine.read(info.outer, base) if isinstance(v, Alias)]


def parameters(engine: Engine, info: ClassInfo) -> list[Value]:
    """The type variables of a class by position."""
    own = [v for n in info.body.type_params for v in engine.read(info.frame, n)]
    if own:
        return own
    aliases = _alias_bases(engine, info)
    for alias in aliases:
        if isinstance(alias.base, External) and alias.base.path in _OPEN_BASES:
            return [v for argument in arguments_of(engine, alias) for v in argument if is_variable(v)]
    return list(dict.fromkeys(v for alias in aliases for v in variables_in(engine, alias)))


def substituted(engine: Engine, value: Value, bindings: Bindings) -> list[Value]:
    """A type with its variables replaced."""
    if is_variable(value):
        return list(bindings.get(value, (value,)))
    if isinstance(value, (Alias, Union)) and any(v in bindings for v in variables_in(engine, value)):
        return [bound(engine, value, bindings)]
    return [value]


def bound(engine: Engine, value: Value, bindings: Bindings) -> Value:
    """A type together with what its variables stand for; nested too deeply, without."""
    pairs = tuple((k, v) for k, v in bindings.items())
    if any(_depth(t) >= _DEEPEST for _, types in pairs for t in types):
        return value
    result: Value = engine.make(Bound, value, pairs)
    return result


def _depth(value: Value) -> int:
    if isinstance(value, Bound):
        return 1 + max((_depth(t) for _, types in value.bindings for t in types), default=0)
    return 0


def typed_site(engine: Engine, alias: Alias, bindings: Bindings) -> object:
    """The site of an instance declared as ``C[arguments]``."""
    arguments = tuple(
        tuple(dict.fromkeys(s for v in argument for s in substituted(engine, v, bindings)))
        for argument in arguments_of(engine, alias)
    )
    known = any(not is_variable(v) for argument in arguments for v in argument)
    return engine.make(Typed, arguments) if known else DECLARED


def bindings_of(engine: Engine, receiver: Instance, owner: ClassInfo) -> Bindings:
    """What the type variables of ``owner`` stand for in an object of a class that inherits from it."""
    start: Bindings = {}
    given = (
        [receiver.site]
        if isinstance(receiver.site, Typed)
        else engine.values(engine.slot("arguments", receiver))
        if not is_declared(receiver.site)
        else []
    )
    own = parameters(engine, receiver.info) if given else []
    for typed in given:
        if isinstance(typed, Typed):
            for variable, types in zip(own, typed.arguments, strict=False):
                kept = tuple(t for t in types if not is_variable(t))
                if kept:
                    start[variable] = tuple(dict.fromkeys([*start.get(variable, ()), *kept]))
    return (_along(engine, receiver.info, owner, start, 0) or {}) if start else _inherited(engine, receiver.info, owner)


def _inherited(engine: Engine, info: ClassInfo, owner: ClassInfo) -> Bindings:
    """What the bases of a class say of the type variables of one of them; asked for again and again, and kept."""
    cell = engine.heap.get(("inherited", info, owner))
    if cell is None:
        base = engine.make(Class, owner, True)

        def said() -> list[Value]:
            return [engine.make(Bound, base, tuple((_along(engine, info, owner, {}, 0) or {}).items()))]

        cell = engine.heap["inherited", info, owner] = engine.view(said)
    return next((dict(v.bindings) for v in engine.values(cell) if isinstance(v, Bound)), {})


def _along(engine: Engine, info: ClassInfo, owner: ClassInfo, bindings: Bindings, depth: int) -> Bindings | None:
    """Carry bindings from a class to one of its bases; None where there is no way."""
    if info is owner:
        return bindings
    if depth > 12:
        return None
    for node in info.body.bases:
        for value in engine.read(info.outer, node):
            base = value.base if isinstance(value, Alias) else value
            if not isinstance(base, Class) or not is_subclass(engine, base.info, owner):
                continue
            carried: Bindings = {}
            if isinstance(value, Alias):
                for variable, types in zip(parameters(engine, base.info), arguments_of(engine, value), strict=False):
                    kept = tuple(s for t in types for s in substituted(engine, t, bindings) if not is_variable(s))
                    if kept:
                        carried[variable] = kept
            found = _along(engine, base.info, owner, carried, depth + 1)
            if found is not None:
                return found
    return None


def declare_arguments(engine: Engine, values: Iterable[Value], declared: Iterable[Value]) -> None:
    """``x: Stack[Plugin] = Stack()``: the object has the type arguments of its declaration."""
    for promise in declared:
        if isinstance(promise, Instance) and isinstance(promise.site, Typed):
            for value in values:
                if isinstance(value, Instance) and value.info is promise.info and not is_declared(value.site):
                    engine.grow(engine.slot("arguments", value), (promise.site,))


# --- values


def is_open_value(engine: Engine, value: Value, depth: int = 0) -> bool:
    """Whether a value is, or a container holds, something of an unbound type variable."""
    if isinstance(value, Placeholder):
        return True
    if isinstance(value, Box) and depth < 2:
        return any(
            is_open_value(engine, v, depth + 1)
            for v in [*elements(engine, value), *(keys_of(engine, value) if value.kind == "dict" else ())]
        )
    return False


def replaced(engine: Engine, values: Iterable[Value], bindings: Bindings) -> list[Value]:
    """What of these values an object with such type arguments can hold: those of type variables, replaced.

    Other objects of the class hold other things in the same attribute; where the type says what this one holds, that answers.
    """
    kept: dict[Value, None] = {}
    found: dict[Value, None] = {}
    for value in values:
        if isinstance(value, Placeholder):
            from buttress_scanner.program.types import instances_of

            for kind in bindings.get(value.variable, ()):
                found.update(dict.fromkeys(instances_of(engine, kind)))
        elif isinstance(value, Box) and is_open_value(engine, value):
            found[_view(engine, value, bindings)] = None
        elif isinstance(value, Const) and value.value is None:
            kept[value] = None
    return [*found, *kept] if found else list(values)


def _view(engine: Engine, box: Box, bindings: Bindings) -> Value:
    """The container as an object with such type arguments has it."""
    pairs = tuple((k, v) for k, v in bindings.items())
    result: Box = engine.make(Box, box.kind, engine.make(Bound, box, pairs))
    engine.lazy(lambda: replaced(engine, elements(engine, box), bindings), result, "rest")
    engine.lazy(lambda: replaced(engine, keys_of(engine, box), bindings), result, "keys")
    return result


def agreeing(engine: Engine, receiver: Instance) -> list[ClassInfo]:
    """Subclasses of which an object declared so can be: ``Repo[Plugin]`` is no ``MachineRepo(Repo[Machine])``."""
    found = subclasses(engine, receiver.info)
    if not isinstance(receiver.site, Typed):
        return found
    cell = engine.heap.get(("agreeing", receiver))
    if cell is None:
        cell = engine.heap["agreeing", receiver] = engine.view(lambda: _agreeing(engine, receiver))
    return [v.info for v in engine.values(cell) if isinstance(v, Class)]


def _agreeing(engine: Engine, receiver: Instance) -> list[Value]:
    wanted = bindings_of(engine, receiver, receiver.info)
    below = subclasses(engine, receiver.info)
    return [engine.make(Class, s, True) for s in below if _agrees(engine, wanted, _inherited(engine, s, receiver.info))]


def _agrees(engine: Engine, wanted: Bindings, offered: Bindings) -> bool:
    for variable, types in wanted.items():
        others = [t for t in offered.get(variable, ()) if isinstance(t, Class)]
        classes = [t for t in types if isinstance(t, Class)]
        if others and len(classes) == len(types) and not any(_related(engine, a, b) for a in classes for b in others):
            return False
    return True


def _related(engine: Engine, one: Class, other: Class) -> bool:
    return other.info in linearise(engine, one.info) or one.info in linearise(engine, other.info)


def matched(engine: Engine, declared: Value, values: Iterable[Value], depth: int = 0) -> Bindings:
    """What the type variables of a parameter's type stand for, given the arguments."""
    found: Bindings = {}
    if is_variable(declared):
        types = tuple(dict.fromkeys(t for v in values for t in _types_of(engine, v)))
        return {declared: types} if types else {}
    if depth >= _DEEPEST:
        return found
    if isinstance(declared, Union):
        node = declared.frame.body.nodes[declared.node]
        for part in [*engine.read(declared.frame, node[2]), *engine.read(declared.frame, node[3])]:
            found.update(matched(engine, part, values, depth + 1))
    elif isinstance(declared, Alias):
        if isinstance(declared.base, Class):
            return _matched_class(engine, declared.base, arguments_of(engine, declared), values)
        if isinstance(declared.base, External):
            return _matched_library(engine, declared.base.path.rpartition(".")[2], arguments_of(engine, declared), values, depth)
    return found


def _matched_library(engine: Engine, name: str, arguments: list[list[Value]], values: Iterable[Value], depth: int) -> Bindings:
    """``type[T]``, ``T | None``, ``list[T]``, ``dict[K, T]``; ``tuple[()]`` binds nothing."""
    found: Bindings = {}
    if not arguments:
        return found
    if name in ("type", "Type"):
        types = tuple(dict.fromkeys(v for v in values if isinstance(v, (Class, External))))
        return {kind: types for kind in arguments[0] if is_variable(kind) and types}
    inner = list(values) if name == "Optional" else [e for v in values if isinstance(v, Box) for e in elements(engine, v)]
    for kind in arguments[-1]:
        found.update(matched(engine, kind, inner, depth + 1))
    return found


def _matched_class(engine: Engine, base: Class, arguments: list[list[Value]], values: Iterable[Value]) -> Bindings:
    found: Bindings = {}
    own = parameters(engine, base.info)
    for value in values:
        if isinstance(value, Instance) and is_subclass(engine, value.info, base.info):
            known = bindings_of(engine, value, base.info)
            for variable, argument in zip(own, arguments, strict=False):
                for kind in argument:
                    if is_variable(kind) and variable in known:
                        found[kind] = tuple(dict.fromkeys([*found.get(kind, ()), *known[variable]]))
    return found


def _types_of(engine: Engine, value: Value) -> list[Value]:
    if isinstance(value, (Instance, Member)):
        return [engine.make(Class, value.info, True)]
    return []


def scope_of(engine: Engine, frame: Frame) -> Scope:
    """The scope of the annotations of a function in this frame: its receiver and its class."""
    receiver = None
    params = frame.body.params
    if params and frame.owner is not None:
        cell = frame.params.get(params[0].name)
        candidates = engine.values(cell) if cell is not None else []
        receiver = next((v for v in candidates if isinstance(v, Instance)), None)
    return Scope(receiver, frame.owner)


def scope_with_arguments(engine: Engine, frame: Frame, outer: Frame) -> Scope:
    """`scope_of`, with the type variables of the function itself bound by the arguments of the frame."""
    scope = scope_of(engine, frame)
    known: Bindings = {}
    for param in frame.body.params:
        cell = frame.params.get(param.name)
        if param.annotation >= 0 and cell is not None:
            values = engine.values(cell)
            for declared in engine.read(outer, param.annotation):
                known.update(matched(engine, declared, values))
    return Scope(scope.receiver, scope.owner, tuple(known.items()))
