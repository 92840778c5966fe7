"""Protocols: classes that fit without naming them as a base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import in_order, is_subclass, linearise, members
from buttress_scanner.program.values import Alias, Class, External, Function

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Unit
    from buttress_scanner.program.values import Value

    _Member = tuple[ClassInfo, list[Value]]

_PROTOCOLS = ("typing.Protocol", "typing_extensions.Protocol")
_METHODS = ("func", "deco")
_POSITIONAL = ("posonly", "pos")
_NUMBERS = frozenset({"builtins.bool", "builtins.int", "builtins.float", "builtins.complex"})
_PLAIN = _NUMBERS | {f"builtins.{name}" for name in ("str", "bytes", "list", "dict", "set", "frozenset", "tuple")}


def fitting(engine: Engine, info: ClassInfo) -> list[ClassInfo]:
    """The classes of the program that have all methods of a protocol and do not inherit from it; none for other classes."""
    cell = engine.heap.get(("fits", info))
    if cell is None:
        cell = engine.heap["fits", info] = engine.view(lambda: in_order(_fitting(engine, info)))
    return [v.info for v in engine.values(cell) if isinstance(v, Class)]


def is_protocol(engine: Engine, info: ClassInfo) -> bool:
    """Whether the class names ``Protocol`` itself among its bases."""
    for node in info.body.bases:
        for value in engine.read(info.outer, node):
            base = value.base if isinstance(value, Alias) else value
            if isinstance(base, External) and base.path in _PROTOCOLS:
                return True
    return False


def _fitting(engine: Engine, info: ClassInfo) -> Iterable[Value]:
    if not is_protocol(engine, info):
        return []
    wanted = sorted(_methods(engine, info))
    if not wanted:
        return []
    found: dict[Value, None] = {}
    for unit, body in _candidates(engine, wanted):
        for value in engine.values(engine.slot("class of", unit, body)):
            if isinstance(value, Class) and _fits(engine, value.info, info, wanted):
                found[value] = None
    return found


def _candidates(engine: Engine, wanted: list[str]) -> Iterable[tuple[Unit, int]]:
    """Class bodies that define any of the methods: others inherit them all, and are reached through their bases."""
    return dict.fromkeys(place for name in wanted for place in engine.modules.classes_with(name))


def _methods(engine: Engine, info: ClassInfo) -> set[str]:
    names: set[str] = set()
    for owner in linearise(engine, info):
        if is_protocol(engine, owner):
            names |= {
                name for name, node in owner.body.exit.items() if owner.body.nodes[node][0] in _METHODS and name != "__init__"
            }
    return names


def _fits(engine: Engine, candidate: ClassInfo, protocol: ClassInfo, wanted: list[str]) -> bool:
    if is_subclass(engine, candidate, protocol) or is_protocol(engine, candidate):
        return False
    return all(_replaces(engine, members(engine, candidate, name), members(engine, protocol, name)) for name in wanted)


def _replaces(engine: Engine, offered: _Member | None, wanted: _Member | None) -> bool:
    """Whether a member can stand for that of a protocol: unless both are methods and obviously different, it can."""
    if offered is None:
        return False
    if wanted is None:
        return True
    for mine in offered[1]:
        for other in wanted[1]:
            if isinstance(mine, Function) and isinstance(other, Function) and not _callable_as(engine, mine, other):
                return False
    return True


def _callable_as(engine: Engine, mine: Function, other: Function) -> bool:
    given = sum(param.kind in _POSITIONAL for param in other.body.params)
    taken = [param for param in mine.body.params if param.kind in _POSITIONAL]
    if given > len(taken) and not any(param.kind == "vararg" for param in mine.body.params):
        return False
    by_name = {param.name for param in other.body.params} if any(p.kind == "pos" for p in taken[given:]) else set()
    if mine.body.name == "__call__" and not taken[1:] and given > 1:
        return False  # what can be called with anything is no sign of a shape
    loose = any(param.kind in ("vararg", "kwarg") for param in other.body.params)
    if not loose and any(param.default < 0 and param.name not in by_name for param in taken[given:]):
        return False
    return _compatible(_returned(engine, mine), _returned(engine, other))


def _returned(engine: Engine, function: Function) -> frozenset[str]:
    """The plain types that a function says it gives; empty where it says nothing or something else."""
    node = function.body.returns_annotation
    if node < 0 or function.owner is None:
        return frozenset()
    found = [v.base if isinstance(v, Alias) else v for v in engine.read(function.owner.frame, node)]
    paths = frozenset(v.path for v in found if isinstance(v, External))
    return paths if len(paths) == len(found) and paths <= _PLAIN else frozenset()


def _compatible(mine: frozenset[str], other: frozenset[str]) -> bool:
    return not mine or not other or bool(mine & other) or mine | other <= _NUMBERS
