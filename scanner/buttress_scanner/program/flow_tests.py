"""Tests of local variables as written: what their outcome says of the variables, and what is known says of their outcome.

Letters say what is known of a variable: ``N`` None, ``T`` true, ``F`` false but not None, ``S`` not None, ``E`` false or None,
``?`` nothing; a pair ``("=", x)`` is the constant x.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.program.flow_state import Flag

Flags = tuple["Flag", ...]
Split = list[tuple[bool, Flags]]
_FALSE = ("N", "F", "E")
_BUILTIN_CLASSES = ("str", "int", "float", "bool", "bytes", "list", "dict", "set", "tuple")


@dataclass(frozen=True, slots=True)
class Known:
    """A test that is a constant."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a test."""

    inner: Test


@dataclass(frozen=True, slots=True)
class Chain:
    """``and``, which stops at the first false part, or ``or``, which stops at the first true one."""

    parts: tuple[Test, ...]
    stop: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a variable; that of a container may change from test to test."""

    name: str
    is_mutable: bool


@dataclass(frozen=True, slots=True)
class Equal:
    """A variable compared with a constant."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Kind:
    """Whether a variable is an instance of some classes, of which None is none."""

    name: str


Test = Known | Not | Chain | Truth | Equal | Kind | None
"""None is a test about which nothing is known."""


def parse_test(text: str, is_mutable: Callable[[str], bool | None]) -> Test:
    """Read a test.

    Args:
        text: the expression.
        is_mutable: whether a variable holds a container; None if the variable is not one that can be followed.
    """
    try:
        return _compiled(ast.parse(f"({text})", mode="eval").body, is_mutable)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _compiled(test: ast.expr, is_mutable: Callable[[str], bool | None]) -> Test:
    match test:
        case ast.Constant(value=value):
            return Known(bool(value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_compiled(operand, is_mutable))
        case ast.BoolOp(op=op, values=values):
            return Chain(tuple(_compiled(v, is_mutable) for v in values), isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq() as op], comparators=[right]):
            found = _comparison(left, right) or _comparison(right, left)
            if found is None or is_mutable(found.name) is None:
                return None
            return Not(found) if isinstance(op, (ast.IsNot, ast.NotEq)) else found
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kinds], keywords=[]) if _excludes_none(kinds):
            return None if is_mutable(name) is None else Kind(name)
        case ast.Name(id=name) | ast.NamedExpr(target=ast.Name(id=name)):
            mutable = is_mutable(name)
            return None if mutable is None else Truth(name, mutable)
    return None


def _excludes_none(kinds: ast.expr) -> bool:
    """Whether None is surely no instance of what is written: names of classes, but neither `object` nor the type of None."""
    parts = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    names = [p.id if isinstance(p, ast.Name) else p.attr if isinstance(p, ast.Attribute) else "" for p in parts]
    return all(name[:1].isupper() or name in _BUILTIN_CLASSES for name in names) and "NoneType" not in names


def _comparison(subject: ast.expr, other: ast.expr) -> Equal | None:
    name = subject.target if isinstance(subject, ast.NamedExpr) else subject
    if not isinstance(name, ast.Name) or not isinstance(other, ast.Constant):
        return None
    return Equal(name.id, other.value)


def variables_of(test: Test) -> Iterator[str]:
    """The variables that a test looks at."""
    match test:
        case Truth(name=name) | Equal(name=name) | Kind(name=name):
            yield name
        case Not(inner=inner):
            yield from variables_of(inner)
        case Chain(parts=parts):
            for part in parts:
                yield from variables_of(part)


def split(names: tuple[str, ...], flags: Flags, test: Test) -> Split:
    """The outcomes that a test may have, with what is known of the variables then."""
    match test:
        case Known(value=value):
            return [(value, flags)]
        case Not(inner=inner):
            return [(not truth, after) for truth, after in split(names, flags, inner)]
        case Chain(parts=parts, stop=stop):
            return _split_chain(names, flags, parts, stop=stop)
        case Kind(name=name) if name in names:
            position = names.index(name)
            return [(truth, (*flags[:position], after, *flags[position + 1 :])) for truth, after in _by_kind(flags[position])]
        case Truth(name=name) | Equal(name=name) if name in names:
            position = names.index(name)
            flag = flags[position]
            answers = _by_truth(flag, mutable=test.is_mutable) if isinstance(test, Truth) else _by_value(flag, test.value)
            return [(truth, (*flags[:position], after, *flags[position + 1 :])) for truth, after in answers]
    return [(True, flags), (False, flags)]


def _split_chain(names: tuple[str, ...], flags: Flags, parts: tuple[Test, ...], *, stop: bool) -> Split:
    done: dict[tuple[bool, Flags], None] = {}
    going = {flags: None}
    for part in parts:
        following: dict[Flags, None] = {}
        for before in going:
            for truth, after in split(names, before, part):
                if truth == stop:
                    done[truth, after] = None
                else:
                    following[after] = None
        going = following
    done.update(dict.fromkeys((not stop, after) for after in going))
    return list(done)


def constant(value: object) -> Flag:
    """What is known of a variable that holds a constant."""
    return "N" if value is None else ("=", value)


def _by_kind(flag: Flag) -> list[tuple[bool, Flag]]:
    """An instance of a class is not None; what is not may be anything."""
    if flag == "N":
        return [(False, flag)]
    return [(True, {"?": "S", "E": "F"}.get(flag, flag) if isinstance(flag, str) else flag), (False, flag)]


def _by_truth(flag: Flag, *, mutable: bool) -> list[tuple[bool, Flag]]:
    if isinstance(flag, tuple):
        return [(bool(flag[1]), flag)]
    if flag == "T" or flag in _FALSE:
        return [(flag == "T", flag)]
    if mutable:
        return [(True, flag), (False, flag)]
    return [(True, "T"), (False, "F" if flag == "S" else "E")]


def _by_value(flag: Flag, wanted: object) -> list[tuple[bool, Flag]]:
    if wanted is None:
        return {"N": [(True, flag)], "E": [(True, "N"), (False, "F")], "?": [(True, "N"), (False, "S")]}.get(
            flag if isinstance(flag, str) else "", [(False, flag)]
        )
    if isinstance(flag, tuple):
        return [(flag[1] == wanted and type(flag[1]) is type(wanted), flag)]
    if flag == "N":
        return [(False, flag)]
    return [(True, constant(wanted)), (False, flag)]
