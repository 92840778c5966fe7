"""What operators yield, and which methods of the program they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.classes import members
from buttress_scanner.program.hashing import HASHED, note_hashed
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.order import note_order
from buttress_scanner.program.strings import binary_constant, format_parts
from buttress_scanner.program.values import (
    Alias,
    Box,
    Class,
    Const,
    External,
    Instance,
    Namespace,
    Object,
    Union,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame


def _fstr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return format_parts(engine, [engine.read(frame, part) for part in node[1]])


_REFLECTED = {"add": "radd", "sub": "rsub", "mul": "rmul", "truediv": "rtruediv", "or": "ror", "and": "rand", "mod": "rmod"}


def _bin(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    if node[1] == "or" and any(isinstance(v, (Class, External, Alias, Union)) for v in [*left, *right]):
        return (engine.make(Union, frame, index),)
    return _operate(engine, node[1], left, right, (frame, index))


def _operate(engine: Engine, op: str, left: list[Value], right: list[Value], site: tuple[Frame, int]) -> list[Value]:
    found: dict[Value, None] = {}
    for value in left:
        if isinstance(value, Instance):
            found.update(dict.fromkeys(call_method(engine, value, f"__{op}__", Args([right]), site)))
        elif isinstance(value, Box) and op in ("add", "or", "mul", "and", "sub", "xor"):
            found.update(dict.fromkeys(contents.combine(engine, value, right, site)))
        elif isinstance(value, (Const, Object)):
            found.update(dict.fromkeys(binary_constant(engine, op, value, right)))
    for value in right if not _answers(engine, op, left, found) else ():
        if isinstance(value, Instance) and op in _REFLECTED:
            found.update(dict.fromkeys(call_method(engine, value, f"__{_REFLECTED[op]}__", Args([left]), site)))
    return list(found)


def _answers(engine: Engine, op: str, left: list[Value], results: Iterable[Value]) -> bool:
    """Whether the method of the left operand does all by itself, so that the right one is not asked."""
    if any(isinstance(v, External) and v.path == "builtins.NotImplemented" for v in results):
        return False
    return all(isinstance(v, Instance) and members(engine, v.info, f"__{op}__") is not None for v in left)


def _aug(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    found: dict[Value, None] = {}
    rest: list[Value] = []
    for value in left:
        if isinstance(value, Instance):
            result = call_method(engine, value, f"__i{node[1]}__", Args([right]), (frame, index))
            found.update(dict.fromkeys(result))
            if not result:
                rest.append(value)
        elif isinstance(value, Namespace) and isinstance(value.owner, Instance):
            note_mutation(engine, value.owner, (frame, index), "an attribute")
            found[value] = None
        elif isinstance(value, Box) and value.kind not in _UNCHANGING:
            iteration.extend_in_place(engine, value, right, (frame, index))
            found[value] = None
        else:
            rest.append(value)
    found.update(dict.fromkeys(_operate(engine, node[1], rest, right, (frame, index))))
    return found


_UNCHANGING = ("tuple", "frozenset", "view")
"""Containers of which an augmented assignment makes another one."""
_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__", "format": "__format__", "repr": "__repr__"}


def _un(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[2])
    if node[1] == "not":
        return (engine.make(Object, "builtins.bool"),)
    found: list[Value] = []
    for value in values:
        if node[1] == "neg" and isinstance(value, Const) and value.type_name == "int":
            found.append(engine.const(-value.value))
        if isinstance(value, Instance):
            names = ("__format__", "__str__", "__repr__") if node[1] == "format" else (_UNARY[node[1]],)
            for name in names:
                found += call_method(
                    engine, value, name, Args([[engine.const("")]] if name == "__format__" else []), (frame, index)
                )
                if found:
                    break
    if node[1] in ("format", "repr"):
        note_order(engine, values, (frame, index), "shows a set as text")
    if node[1] == "format":
        return values
    return found or [v for v in values if isinstance(v, Object)]


_COMPARE = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}


def _cmp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    if node[1] in _COMPARE:
        for value in left:
            if isinstance(value, Instance):
                name = f"__{node[1]}__"
                if not call_method(engine, value, name, Args([right]), (frame, index)) and node[1] == "ne":
                    call_method(engine, value, "__eq__", Args([right]), (frame, index))
    elif node[1] in ("contains", "notcontains"):
        for value in right:
            iteration.search(engine, value, (frame, index))
            if isinstance(value, Instance):
                call_method(engine, value, "__contains__", Args([left]), (frame, index))
            elif isinstance(value, Box) and value.kind in HASHED:
                note_hashed(engine, left, (frame, index))
    return (engine.make(Object, "builtins.bool"),)


def _truth(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance) and not call_method(engine, value, "__bool__", Args([]), (frame, index)):
            call_method(engine, value, "__len__", Args([]), (frame, index))
    return ()


OPERATORS: dict[str, Handler] = {
    "bin": _bin,
    "un": _un,
    "cmp": _cmp,
    "aug": _aug,
    "truth": _truth,
    "fstr": _fstr,
}
