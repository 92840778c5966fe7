"""Protocols: classes that fit without naming them as a base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import in_order, is_subclass, linearise, members
from buttress_scanner.program.values import Alias, Class, External

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Unit
    from buttress_scanner.program.values import Value

_PROTOCOLS = ("typing.Protocol", "typing_extensions.Protocol")
_METHODS = ("func", "deco")


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
    return all(members(engine, candidate, name) is not None for name in wanted)
