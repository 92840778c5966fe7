"""Local variables whose truth or None-ness decides tests: `done = False ... if done:`.

Only a few variables of a body are followed, those that its tests look at. Letters say what is known of one: ``N`` None,
``T`` true, ``F`` false but not None, ``S`` not None, ``E`` false or None, ``?`` nothing; a pair ``("=", x)`` is the constant x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.classes import members
from buttress_scanner.program.values import Box, Const, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow_state import Flag
    from buttress_scanner.program.frames import Frame

LIMIT = 3
Flags = tuple["Flag", ...]
Split = list[tuple[bool, Flags]]
_NEVER_NONE = ("literal", "seq", "dict", "comp", "dcomp", "bin", "cmp", "un", "fstr")
_ALWAYS_TRUE = ("func", "class", "caught")


class Variables:
    """The followed variables of one frame, what they start with, how assignments and tests change what is known."""

    def __init__(self, engine: Engine, frame: Frame, mode: str = "") -> None:
        self._engine = engine
        self._frame = frame
        self._nodes = frame.body.nodes
        self._versions: dict[int, dict[str, None]] = {}
        self._stores: dict[Span, list[tuple[str, int]]] = {}
        for span, name, node in frame.body.stores:
            self._versions.setdefault(node, {})[name] = None
            self._stores.setdefault(span, []).append((name, node))
        self._decoded: dict[int, Any] = {}
        self.names = self._chosen()
        self.initial: Flags = tuple(self._at_start(name, mode) for name in self.names)

    # --- which variables

    def _chosen(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for test in _tests(self._frame.body.tree):
            for name in _leaves(self._condition(test)):
                found[name] = None
        constant = [n for n in found if any(n in names and self._constant(v) for v, names in self._versions.items())]
        return tuple(dict.fromkeys([*constant, *found]))[:LIMIT]

    def _constant(self, node: int) -> bool:
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
        for name in self._versions.get(node, ()):
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
        if op[0] in ("call", "await"):
            values = self._engine.read(self._frame, node)
            if values and all(isinstance(v, Instance) for v in values):
                plain = all(isinstance(v, Instance) and not self._has_truth(v) for v in values)
                return "T" if plain else "S"
        return "?"

    def _has_truth(self, value: Instance) -> bool:
        return any(members(self._engine, value.info, name) for name in ("__bool__", "__len__")) or bool(value.info.externals)

    # --- tests

    def split(self, flags: Flags, node: int) -> Split:
        """The outcomes that the test at ``node`` may have, with what is known then."""
        return _split(self.names, flags, self._condition(node))

    def _condition(self, node: int) -> Any:
        if node not in self._decoded:
            self._decoded[node] = self._decode(node, 0)
        return self._decoded[node]

    def _decode(self, node: int, depth: int) -> Any:
        op = self._nodes[node]
        if depth > 12:
            return None
        if op[0] == "truth":
            return self._decode(op[1], depth + 1)
        if op[0] == "un" and op[1] == "not":
            return ("not", self._decode(op[2], depth + 1))
        if op[0] == "const":
            return ("constant", bool(op[1]))
        if op[0] == "cmp":
            return self._comparison(op)
        parts = self._operands(op)
        if parts is not None:
            return (parts[0], tuple(self._decode(p, depth + 1) for p in parts[1]))
        name = self._name(node)
        return ("truth", name, self._is_mutable(node)) if name else None

    def _comparison(self, op: Any) -> Any:
        if op[1] not in ("is", "isnot", "eq", "ne"):
            return None
        for subject, other in ((op[2], op[3]), (op[3], op[2])):
            if self._nodes[other][0] == "const":
                name = self._name(subject)
                test = ("is", name, self._nodes[other][1]) if name else None
                return test if op[1] in ("is", "eq") else ("not", test)
        return None

    def _operands(self, op: Any) -> tuple[str, list[int]] | None:
        """The operands of ``and`` or ``or``, which leave a narrowed version of each but the last behind."""
        if op[0] != "phi" or len(op[1]) < 2:
            return None
        narrowed = [self._nodes[part] for part in op[1][:-1]]
        kinds = {part[2] if part[0] == "narrow" and part[1] == "truth" and part[4] < 0 else None for part in narrowed}
        if len(kinds) != 1 or None in kinds:
            return None
        operands = [*(part[3] for part in narrowed), op[1][-1]]
        tested = {n[1] for n in self._nodes if n[0] == "truth"}
        if not all(part in tested for part in operands[:-1]):
            return None
        return ("or" if kinds.pop() else "and"), operands

    def _is_mutable(self, node: int) -> bool:
        return any(isinstance(v, Box) for v in self._engine.read(self._frame, node))

    def _name(self, node: int) -> str | None:
        """The variable of which a node is the current version, if there is but one."""
        found = self._candidates(node, {})
        return next(iter(found)) if found is not None and len(found) == 1 else None

    def _candidates(self, node: int, seen: dict[int, None]) -> set[str] | None:
        if node in self._versions:
            return set(self._versions[node])
        if node in seen:
            return None
        seen[node] = None
        op = self._nodes[node]
        if op[0] == "narrow":
            return self._candidates(op[3], seen)
        if op[0] != "phi" or not op[1]:
            return set()
        parts = [p for p in (self._candidates(part, seen) for part in op[1]) if p is not None]
        return set.intersection(*parts) if parts else None


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
    answers = _by_truth(flags[position], mutable=condition[2]) if condition[0] == "truth" else _by_identity(flags[position], condition[2])
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
