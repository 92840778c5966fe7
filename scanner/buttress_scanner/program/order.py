"""The order of a set: where it becomes visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.values import Box, BoxMethod, External, Instance, Method, Value

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site

UNORDERED = ("set", "frozenset", "set-iterator")
"""Kinds of containers that yield their elements in an order of their own."""
_SET_CLASSES = (
    "builtins.set", "builtins.frozenset", "typing.Set", "typing.FrozenSet", "typing.AbstractSet", "typing.MutableSet",
)  # fmt: skip
"""What a class of the program inherits from to be a set, other than abstract classes, which leave ``__iter__`` to it."""
_SHOWS = {
    "builtins.list", "builtins.tuple", "builtins.enumerate", "builtins.next", "builtins.str.join", "builtins.bytes.join",
    "builtins.dict.fromkeys", "builtins.dict", "builtins.str", "builtins.repr", "builtins.format",
    "collections.deque", "collections.OrderedDict", "collections.OrderedDict.fromkeys", "functools.reduce", "heapq.merge",
    "random.choice", "random.Random.choice", "random.sample", "random.Random.sample", "random.choices", "random.Random.choices",
    "itertools.islice", "itertools.accumulate", "itertools.batched", "itertools.pairwise", "itertools.groupby",
    "itertools.permutations", "itertools.combinations",
}  # fmt: skip
"""Library functions whose result shows the order of their first argument."""
_SHOWS_ANOTHER = {"builtins.str.join": -1, "builtins.bytes.join": -1, "functools.reduce": 1}
"""Those for which it is another argument: the last, the second."""


def is_unordered(value: Value) -> bool:
    """Whether the value yields its elements in no order of the program's."""
    if isinstance(value, Instance):
        return _is_set_class(value)
    return isinstance(value, Box) and value.kind in UNORDERED


def _is_set_class(value: Instance) -> bool:
    """Whether a class of the program is a set that does not say itself in which order it is walked."""
    if not any(path in _SET_CLASSES for path in value.info.externals):
        return False
    return not any("__iter__" in owner.body.exit for owner in value.info.mro)


def may_be_unordered(value: Value) -> bool:
    """Whether it is worth a closer look in which order the value yields its elements."""
    return isinstance(value, Instance) or is_unordered(value)


def _walks_unordered(engine: Engine, value: Value, site: Site) -> bool:
    """Whether the ``__iter__`` of the value's class gives an iterator over a set."""
    return isinstance(value, Instance) and any(map(is_unordered, call_method(engine, value, "__iter__", Args(), site)))


def note_order(engine: Engine, values: list[Value], site: Site, text: str, path: str = "set iteration") -> None:
    """Note that the order of a set among the values becomes visible at a site."""
    if any(is_unordered(v) or _walks_unordered(engine, v, site) for v in values):
        engine.deed(site, path, ("unordered",), text)


def note_shown(engine: Engine, path: str, arguments: list[list[Value]], site: Site) -> None:
    """Note that a library function shows the order of what it is given."""
    if path in _SHOWS and arguments:
        position = _SHOWS_ANOTHER.get(path, 0)
        shown = arguments[position] if position < len(arguments) else []
        note_order(engine, shown, site, f"takes elements of a set in its order ({path.rpartition('.')[2]})", path)


def is_blind(engine: Engine, callee: Value) -> bool:
    """Whether a callable does not show the order of what it is given."""
    match callee:
        case External(path=path) | Method(function=External(path=path)):
            entry = engine.catalogue.entry(path)
        case BoxMethod(box=Box(kind=kind), name=name):
            entry = engine.catalogue.entry(f"builtins.{kind}.{name}")
        case _:
            return False
    return entry is not None and entry.order_blind
