"""Local variables whose truth or None-ness decides tests: `done = False ... if done:`.

Only a few variables of a body are followed, those that its tests look at. Letters say what is known of one: ``N`` None,
``T`` true, ``F`` false but not None, ``S`` not None, ``E`` false or None, ``?`` nothing; a pair ``("=", x)`` is the constant x.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from buttress_scanner.program.classes import members
from buttress_scanner.program.values import Box, Const, Instance, Member, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow import Scope
    from buttress_scanner.program.flow_state import Flag
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value

LIMIT = 3
Flags = tuple["Flag", ...]
Split = list[tuple[bool, Flags]]
_NEVER_NONE = ("literal", "seq", "dict", "comp", "dcomp", "bin", "cmp", "un", "fstr")
_BUILTINS = ("builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.bytes")
_ALWAYS_TRUE = ("func", "class", "caught")


class Variables:
    """The followed variables of one frame, what they start with, how assignments and tests change what is known."""

    def __init__(self, engine: Engine, frame: Frame, scope: Scope, mode: str = "") -> None:
        """Read the tests of the frame's body.

        Args:
            engine: the solved engine.
            frame: the frame.
            scope: knows the text of the module.
            mode: for exits of context managers, whether they are entered after an exception (``exc``) or without (``ok``).
        """
        self._engine = engine
        self._frame = frame
        self._nodes = frame.body.nodes
        self._scope = scope
        self._stores: dict[Span, list[tuple[str, int]]] = {}
        self._versions: dict[str, list[int]] = {}
        for span, name, node in frame.body.stores:
            self._versions.setdefault(name, []).append(node)
            self._stores.setdefault(span, []).append((name, node))
        self._shared = scope.rebound(frame.unit)
        self._conditions: dict[int, Any] = {}
        self.names = self._chosen()
        self.initial: Flags = tuple(self._at_start(name, mode) for name in self.names)

    # --- which variables

    def _chosen(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for test in _tests(self._frame.body.tree):
            for name in _leaves(self._condition(test)):
                found[name] = None
        constant = [n for n in found if any(self._is_constant(v) for v in self._versions[n])]
        return tuple(dict.fromkeys([*constant, *found]))[:LIMIT]

    def _is_constant(self, node: int) -> bool:
        if self._nodes[node][0] == "declare":
            node = self._nodes[node][1]
        return node >= 0 and self._nodes[node][0] == "const"

    def _at_start(self, name: str, mode: str) -> Flag:
        params = self._frame.body.params
        position = next((n for n, p in enumerate(params) if p.name == name), -1)
        if position < 0:
            return "?"
        if mode:
            return "?" if params[position].kind in ("vararg", "kwarg") or position == 0 else ("N" if mode == "ok" else "S")
        if self._frame.key in ("anybody", "*"):
            return "?"
        values = self._engine.read(self._frame, position)
        return _known(values[0].value) if len(values) == 1 and isinstance(values[0], Const) else "?"

    # --- assignments

    def assign(self, flags: Flags, span: Span) -> Flags:
        """What is known after the assignments of the statement at ``span``."""
        for name, node in self._stores.get(span, ()):
            flags = self._set(flags, name, self._value(node))
        return flags

    def forget(self, flags: Flags, span: Span) -> Flags:
        """What is known when some of the assignments of a statement may have happened."""
        for name, _ in self._stores.get(span, ()):
            flags = self._set(flags, name, "?")
        return flags

    def caught(self, flags: Flags, node: int) -> Flags:
        """What is known when a handler has bound its exception."""
        for name, versions in self._versions.items():
            if node in versions:
                flags = self._set(flags, name, "T")
        return flags

    def _set(self, flags: Flags, name: str, flag: Flag) -> Flags:
        if name not in self.names:
            return flags
        position = self.names.index(name)
        return (*flags[:position], flag, *flags[position + 1 :])

    def _value(self, node: int) -> Flag:
        op = self._nodes[node]
        if op[0] == "declare":
            return self._value(op[1]) if op[1] >= 0 else "?"
        if op[0] == "const":
            return _known(op[1])
        if op[0] in _NEVER_NONE:
            return "S"
        if op[0] in _ALWAYS_TRUE:
            return "T"
        return self._of_values(self._engine.read(self._frame, node)) if op[0] in ("call", "await") else "?"

    def _of_values(self, values: list[Value]) -> Flag:
        """What a call gives: an object of the program is true unless it says otherwise; one of a builtin class is not None."""
        if values and all(isinstance(v, Instance) and not self._has_truth(v) for v in values):
            return "T"
        if values and all(
            isinstance(v, (Instance, Box, Member)) or (isinstance(v, Object) and v.path in _BUILTINS) for v in values
        ):
            return "S"
        return "?"

    def _has_truth(self, value: Instance) -> bool:
        return any(members(self._engine, value.info, name) for name in ("__bool__", "__len__")) or bool(value.info.externals)

    # --- tests

    def split(self, flags: Flags, node: int) -> Split:
        """The outcomes that the test at ``node`` may have, with what is known then."""
        return _split(self.names, flags, self._condition(node))

    def _condition(self, node: int) -> Any:
        if node not in self._conditions:
            self._conditions[node] = self._parsed(self._scope.text(self._frame.unit, self._frame.body.spans[node])) if node >= 0 else None
        return self._conditions[node]

    def _parsed(self, text: str) -> Any:
        """A test as written. The facts say where it stands, and what it computes, but not which variables it names."""
        try:
            return self._compiled(ast.parse(f"({text})", mode="eval").body)
        except (SyntaxError, ValueError, RecursionError):
            return None

    def _compiled(self, test: ast.expr) -> Any:
        match test:
            case ast.Constant(value=value):
                return ("constant", bool(value))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ("not", self._compiled(operand))
            case ast.BoolOp(op=op, values=values):
                return ("and" if isinstance(op, ast.And) else "or", tuple(map(self._compiled, values)))
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq() as op], comparators=[right]):
                found = self._identity(left, right) or self._identity(right, left)
                return ("not", found) if found and isinstance(op, (ast.IsNot, ast.NotEq)) else found
            case ast.Name(id=name) | ast.NamedExpr(target=ast.Name(id=name)) if (
                name in self._versions and name not in self._shared
            ):
                return ("truth", name, self._is_mutable(name))
        return None

    def _identity(self, subject: ast.expr, other: ast.expr) -> Any:
        name = subject.target if isinstance(subject, ast.NamedExpr) else subject
        if (
            not isinstance(name, ast.Name)
            or not isinstance(other, ast.Constant)
            or name.id not in self._versions
            or name.id in self._shared
        ):
            return None
        return ("is", name.id, other.value)

    def _is_mutable(self, name: str) -> bool:
        return any(isinstance(v, Box) for node in self._versions[name] for v in self._engine.read(self._frame, node))


def _known(value: Any) -> Flag:
    return "N" if value is None else ("=", value)


def _tests(tree: list[Any]) -> Iterator[int]:
    """The nodes of all tests of statements, in order."""
    pending = list(reversed(tree))
    while pending:
        entry = pending.pop()
        kind = entry[0]
        if kind in ("if", "while"):
            yield entry[3] - 1
        parts: list[list[Any]] = {
            "if": lambda e: [e[5], e[6]], "while": lambda e: [e[5], e[6]], "for": lambda e: [e[6], e[7]], "with": lambda e: [e[3]],
            "try": lambda e: [e[2], *(h[3] for h in e[3]), e[4], e[5]], "match": lambda e: [c[3] for c in e[4]],
        }.get(kind, lambda _: [])(entry)  # fmt: skip
        pending += [e for part in reversed(parts) for e in reversed(part)]


def _leaves(condition: Any) -> Iterator[str]:
    if condition is None:
        return
    if condition[0] in ("truth", "is"):
        yield condition[1]
    elif condition[0] == "not":
        yield from _leaves(condition[1])
    elif condition[0] in ("and", "or"):
        for part in condition[1]:
            yield from _leaves(part)


def _split(names: tuple[str, ...], flags: Flags, condition: Any) -> Split:
    if condition is None:
        return [(True, flags), (False, flags)]
    match condition:
        case ("constant", value):
            return [(value, flags)]
        case ("not", inner):
            return [(not truth, after) for truth, after in _split(names, flags, inner)]
        case ("and" | "or" as word, parts):
            return _split_all(names, flags, parts, stop=word == "or")
        case _ if condition[1] not in names:
            return [(True, flags), (False, flags)]
    position = names.index(condition[1])
    answers = (
        _by_truth(flags[position], mutable=condition[2])
        if condition[0] == "truth"
        else _by_identity(flags[position], condition[2])
    )
    return [(truth, (*flags[:position], flag, *flags[position + 1 :])) for truth, flag in answers]


def _split_all(names: tuple[str, ...], flags: Flags, parts: tuple[Any, ...], *, stop: bool) -> Split:
    """``and`` stops at the first false part, ``or`` at the first true one."""
    done: dict[tuple[bool, Flags], None] = {}
    going = {flags: None}
    for part in parts:
        following: dict[Flags, None] = {}
        for before in going:
            for truth, after in _split(names, before, part):
                if truth == stop:
                    done[truth, after] = None
                else:
                    following[after] = None
        going = following
    done.update(dict.fromkeys((not stop, after) for after in going))
    return list(done)


def _by_truth(flag: Flag, *, mutable: bool) -> list[tuple[bool, Flag]]:
    if isinstance(flag, tuple):
        return [(bool(flag[1]), flag)]
    if flag == "T":
        return [(True, flag)]
    if flag in ("N", "F", "E"):
        return [(False, flag)]
    if mutable:
        return [(True, flag), (False, flag)]
    return [(True, "T"), (False, "F" if flag == "S" else "E")]


def _by_identity(flag: Flag, wanted: Any) -> list[tuple[bool, Flag]]:
    if wanted is None:
        if flag == "N":
            return [(True, flag)]
        if flag == "E":
            return [(True, "N"), (False, "F")]
        return [(True, "N"), (False, "S")] if flag == "?" else [(False, flag)]
    if isinstance(flag, tuple):
        return [(flag[1] == wanted and type(flag[1]) is type(wanted), flag)]
    if flag == "N":
        return [(False, flag)]
    return [(True, ("=", wanted)), (False, flag)]
