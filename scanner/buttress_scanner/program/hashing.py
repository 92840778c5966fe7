"""Hashing: sets and the keys of dicts run ``__hash__`` of what is put into them or looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.classes import members
from buttress_scanner.program.values import Box, Const, Function, Instance, Object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
    from buttress_scanner.program.values import Value

HASHED = ("set", "frozenset", "dict", "defaultdict")
"""Kinds of containers that hash what they hold, or their keys."""
_NUMBERS = ("builtins.int", "builtins.float", "builtins.bool", "builtins.complex", "decimal.Decimal", "fractions.Fraction")
_DEPTH = 4


def note_hashed(engine: Engine, values: Iterable[Value], site: Site) -> None:
    """Run the hash methods of values that a set or dict needs hashed."""
    for value in values:
        if isinstance(value, Instance):
            call_method(engine, value, "__hash__", Args(), site)


def take_hash(engine: Engine, values: list[Value], site: Site) -> None:
    """``hash(value)``: whoever asks sees the hash; a hash method that asks passes it on to whoever asks for its own."""
    if values and all(_is_fixed(engine, value) for value in values):
        return
    frame = site[0]
    if frame.body.name == "__hash__" and frame.owner is not None:
        engine.grow(engine.slot("hashes others", frame.unit, frame.body.index), [engine.const(True)])
    else:
        engine.deed(site, "builtins.hash", ("unordered",))


def _is_fixed(engine: Engine, value: Value, depth: int = 0) -> bool:
    """Whether the hash of the value is the same in every process: of numbers, tuples of them, objects that compute their own."""
    match value:
        case Const(type_name=kind):
            return kind in ("int", "float", "bool")
        case Object(path=path):
            return path in _NUMBERS
        case Box(kind="tuple"):
            return depth < _DEPTH and all(_is_fixed(engine, v, depth + 1) for v in contents.elements(engine, value))
        case Instance(info=info):
            found = members(engine, info, "__hash__")
            return found is not None and not any(_hashes_others(engine, method) for method in found[1])
    return False


def _hashes_others(engine: Engine, method: Value) -> bool:
    """Whether a hash method gives what the hash of something else is, of which nobody knows whether it is fixed."""
    return isinstance(method, Function) and bool(engine.values(engine.slot("hashes others", method.unit, method.body.index)))
