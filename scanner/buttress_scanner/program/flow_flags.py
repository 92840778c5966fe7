"""Local variables whose truth or None-ness decides tests: `done = False ... if done:`.

Only a few variables of a body are followed, those that its tests look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.classes import members
from buttress_scanner.program.flow_tests import Flags, Split, Test, constant, parse_test, split, variables_of
from buttress_scanner.program.values import Box, Const, Instance, Member, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow_scope import Scope
    from buttress_scanner.program.flow_state import Flag
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value

LIMIT = 3
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
        self._parsed: dict[int, Test] = {}
        self.names = self._chosen()
        self.initial: Flags = tuple(self._at_start(name, mode) for name in self.names)

    # --- which variables

    def _chosen(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for test in _tests(self._frame.body.tree):
            for name in variables_of(self._test(test)):
                found[name] = None
        settled = [n for n in found if any(self._is_constant(v) for v in self._versions[n])]
        return tuple(dict.fromkeys([*settled, *found]))[:LIMIT]

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
        return constant(values[0].value) if len(values) == 1 and isinstance(values[0], Const) else "?"

    # --- assignments

    def changes(self, span: Span) -> bool:
        """Whether the assignments of the statement at ``span`` say anything of a followed variable."""
        return any(name in self.names for name, _ in self._stores.get(span, ()))

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
            return constant(op[1])
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
        return split(self.names, flags, self._test(node))

    def is_known(self, node: int) -> bool:
        """Whether something is known about the test at ``node`` at all."""
        return self._test(node) is not None

    def _test(self, node: int) -> Test:
        if node not in self._parsed:
            text = self._scope.text(self._frame.unit, self._frame.body.spans[node]) if node >= 0 else ""
            self._parsed[node] = parse_test(text, self._is_mutable)
        return self._parsed[node]

    def _is_mutable(self, name: str) -> bool | None:
        """Whether a variable may hold a container; None for what is no local variable, or changes behind the function's back."""
        if name not in self._versions or name in self._shared:
            return None
        return any(isinstance(v, Box) for node in self._versions[name] for v in self._engine.read(self._frame, node))


def _tests(tree: list[Any]) -> Iterator[int]:
    """The nodes of all tests of statements, in order."""
    pending = list(reversed(tree))
    while pending:
        entry = pending.pop()
        if entry[0] in ("if", "while"):
            yield entry[3] - 1
        pending += [inner for block in reversed(_blocks(entry)) for inner in reversed(block)]


def _blocks(entry: list[Any]) -> list[list[Any]]:
    """The blocks of statements inside of a statement."""
    match entry:
        case ["if" | "while", _, _, _, _, body, orelse]:
            return [body, orelse]
        case ["for", _, _, _, _, _, body, orelse, _]:
            return [body, orelse]
        case ["with", _, _, body, *_]:
            return [body]
        case ["try", _, body, handlers, orelse, final]:
            return [body, *(handler[3] for handler in handlers), orelse, final]
        case ["match", _, _, _, cases]:
            return [case[3] for case in cases]
    return []
