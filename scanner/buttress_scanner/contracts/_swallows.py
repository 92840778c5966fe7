"""Handlers that catch everything and drop it, and other code that makes exceptions vanish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from buttress_scanner.contracts._kept import Keeping
from buttress_scanner.contracts._library import path_of, paths_at
from buttress_scanner.program.classes import members
from buttress_scanner.program.flow_exceptions import BASE, ERROR, Exceptions, Key
from buttress_scanner.program.flow_generators import generators_of
from buttress_scanner.program.flow_subjects import functions_in
from buttress_scanner.program.values import Const, Function, Instance, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body, Span
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame, Unit

_BROAD = (BASE, ERROR)
_SUPPRESS = "contextlib.suppress"
_LEAVING = ("return", "break", "continue")


@dataclass(frozen=True, slots=True)
class Swallow:
    """A place at which an exception vanishes; ``deed`` is where, if that is code elsewhere."""

    frame: Frame
    span: Span
    what: str
    deed: tuple[Unit, Span, str] | None = None


class Swallows:
    """Finds the places of a program at which any exception is dropped."""

    def __init__(self, program: Program, zone: Iterable[str]) -> None:
        self.program = program
        self.engine = program.engine
        self.zone = set(zone)
        self.exceptions = Exceptions(program.engine)
        self.keeping = Keeping(program)
        self.judged: set[tuple[str, Span]] = set()
        self.undecided: dict[tuple[str, Span], tuple[Unit, Span]] = {}
        self._helpers: dict[Frame, tuple[Span, str] | None] = {}

    def found(self) -> Iterator[Swallow]:
        """Yield every such place of the zone."""
        for frame in self.program.frames():
            if frame.unit.name in self.zone and frame.active:
                yield from self._block(frame, frame.body.tree)
                yield from self._calls(frame)

    # --- statements

    def _block(self, frame: Frame, tree: list[Any]) -> Iterator[Swallow]:
        for entry in tree:
            if entry[0] == "try":
                yield from self._try(frame, entry)
            elif entry[0] == "with":
                yield from self._with(frame, entry)
            for block in _blocks(entry):
                yield from self._block(frame, block)

    def _try(self, frame: Frame, entry: list[Any]) -> Iterator[Swallow]:
        for start, end, types, tree, span in entry[3]:
            if self._drops(frame, start, end, types, tree, span):
                yield Swallow(frame, span, "this handler catches any exception and drops it")
        for kind, span in _leaving(entry[5]):
            self.judged.add((frame.unit.path, span))
            yield Swallow(frame, span, f"this {kind} in a finally drops the exception that is on its way")

    def _drops(self, frame: Frame, start: int, end: int, types: list[int], tree: list[Any], span: Span) -> bool:
        broad = self._is_broad(frame, types)
        if broad is None:
            self.undecided[frame.unit.path, span] = (frame.unit, span)
        if not broad:
            return False
        self.judged.add((frame.unit.path, span))
        nodes = frame.body.nodes
        caught = [end] if end < len(nodes) and nodes[end][0] == "caught" else []
        last = max(_ends(tree), default=end)
        return self.keeping.drops(frame, tree, caught, range(start, max(last, end)))

    def _is_broad(self, frame: Frame, types: list[int]) -> bool | None:
        """Whether a handler catches everything; None where it is not known what it catches."""
        if not types:
            return True
        return self._names_all([v for node in types for v in self.engine.read(frame, node)])

    def _names_all(self, values: list[Value]) -> bool | None:
        kinds: list[Key | None] = self.exceptions.types(values)
        if any(kind in _BROAD for kind in kinds):
            return True
        return None if None in kinds else False

    # --- context managers

    def _with(self, frame: Frame, entry: list[Any]) -> Iterator[Swallow]:
        for _, _, context, enter, span in entry[2]:
            for value in self.engine.read(frame, context):
                deed = self._of_manager(frame, context, value)
                if deed is not None:
                    yield Swallow(frame, span, "this context manager catches any exception and drops it", deed)
                    break
            del enter

    def _of_manager(self, frame: Frame, context: int, value: Value) -> tuple[Unit, Span, str] | None:
        """Where a context manager from outside of the zone drops what its body raises."""
        for generator in generators_of(value):
            place = self._around(generator, "yield")
            if place is not None and generator.unit.name not in self.zone:
                return generator.unit, place[0], place[1]
        if isinstance(value, Instance):
            return self._of_exit(value)
        if path_of(self.engine, value).removesuffix("()") == _SUPPRESS:
            return next(self._made(frame, context, set()), None)
        return None

    def _of_exit(self, value: Instance) -> tuple[Unit, Span, str] | None:
        held = members(self.engine, value.info, "__exit__") or members(self.engine, value.info, "__aexit__")
        for function in held[1] if held is not None else []:
            if not isinstance(function, Function):
                continue
            frames = [f for f in self.engine.frames.get(function, {}).values() if f.active]
            told = frozenset(p.name for p in function.body.params[1:])
            if frames and all(self._always_true(f) and not self.keeping.helper_keeps(f, told, 0) for f in frames):
                return function.unit, function.body.header, "this exit answers that every exception has been dealt with"
        return None

    def _always_true(self, frame: Frame) -> bool:
        values = self.engine.result(frame)
        return bool(values) and all(isinstance(v, Const) and bool(v.value) for v in values)

    def _made(self, frame: Frame, node: int, seen: set[tuple[Frame, int]]) -> Iterator[tuple[Unit, Span, str]]:
        """Where outside of the zone a ``suppress(Exception)`` was made that a node can be."""
        if (frame, node) in seen or node < 0:
            return
        seen.add((frame, node))
        operation = frame.body.nodes[node]
        if operation[0] == "call" and self._is_suppress(frame, node):
            if frame.unit.name not in self.zone:
                yield frame.unit, frame.body.spans[node], "any exception is suppressed"
            return
        if operation[0] == "call":
            for callee in frame.edges.get(node, ()):
                for returned in callee.body.returns:
                    yield from self._made(callee, returned, seen)
        elif operation[0] == "phi":
            for part in operation[1]:
                yield from self._made(frame, part, seen)
        elif operation[0] in ("global", "from"):
            yield from self._made_in_module(frame, operation, seen)

    def _made_in_module(
        self, frame: Frame, operation: tuple[Any, ...], seen: set[tuple[Frame, int]]
    ) -> Iterator[tuple[Unit, Span, str]]:
        name, unit = operation[-1], frame.unit
        if operation[0] == "from":
            absolute = self.engine.modules.absolute(frame.unit, operation[1], operation[2])
            found = self.engine.modules.get(absolute) if absolute is not None else None
            if found is None:
                return
            unit = found
        yield from self._made(unit.frame, unit.frame.body.exit.get(name, -1), seen)

    # --- calls

    def _calls(self, frame: Frame) -> Iterator[Swallow]:
        body = frame.body
        for index, node in enumerate(body.nodes):
            if node[0] == "call":
                if self._is_suppress(frame, index):
                    self.judged.add((frame.unit.path, body.spans[index]))
                    yield Swallow(frame, body.spans[index], "any exception is suppressed")
                else:
                    yield from self._through_helper(frame, index)
            elif node[0] == "deco":
                yield from self._decorated(frame, index)

    def _is_suppress(self, frame: Frame, index: int) -> bool:
        node = frame.body.nodes[index]
        if _SUPPRESS not in paths_at(self.engine, frame, node[1]):
            return False
        return bool(self._names_all([v for _, operand in node[2] for v in self.engine.read(frame, operand)]))

    def _through_helper(self, frame: Frame, index: int) -> Iterator[Swallow]:
        """A call of a function outside of the zone that calls what it is given and drops what that raises."""
        for callee in sorted(frame.edges.get(index, ()), key=lambda c: (c.unit.name, c.body.index)):
            if callee.unit.name in self.zone or callee.body.kind != "function" or not callee.active:
                continue
            place = self._around(callee, "param")
            if place is not None:
                yield Swallow(
                    frame,
                    frame.body.spans[index],
                    f"{callee.symbol} drops any exception of what it is given",
                    (callee.unit, *place),
                )
                return

    def _decorated(self, frame: Frame, index: int) -> Iterator[Swallow]:
        for function in functions_in(self.engine, self.engine.read(frame, index)):
            if function.closure is None or function.unit.name in self.zone:
                continue
            for wrapper in self.engine.frames.get(function, {}).values():
                place = self._around(wrapper, "free") if wrapper.active else None
                if place is not None:
                    what = f"{wrapper.symbol} drops any exception of what it wraps"
                    yield Swallow(frame, frame.body.spans[index], what, (wrapper.unit, *place))
                    return

    def _around(self, frame: Frame, what: str) -> tuple[Span, str] | None:
        """The handler that drops what its caller's code raises, at a ``yield`` or at a call of what it was given."""
        if frame not in self._helpers:
            self._helpers[frame] = None
            self._helpers[frame] = next(self._around_in(frame, frame.body.tree, what), None)
        return self._helpers[frame]

    def _around_in(self, frame: Frame, tree: list[Any], what: str) -> Iterator[tuple[Span, str]]:
        for entry in tree:
            if entry[0] == "try" and any(self._runs_others(frame, a, b, what) for a, b in _ranges(entry[2])):
                for start, end, types, handler, span in entry[3]:
                    if self._drops(frame, start, end, types, handler, span):
                        yield span, "any exception is caught here and dropped"
                    self.judged.discard((frame.unit.path, span))
                    self.undecided.pop((frame.unit.path, span), None)
            if entry[0] == "with" and any(self._runs_others(frame, a, b, what) for a, b in _ranges(entry[3])):
                for item in entry[2]:
                    if frame.body.nodes[item[2]][0] == "call" and self._is_suppress(frame, item[2]):
                        yield item[4], "any exception is suppressed here"
            for block in _blocks(entry):
                yield from self._around_in(frame, block, what)

    def _runs_others(self, frame: Frame, start: int, end: int, what: str) -> bool:
        nodes = frame.body.nodes
        for node in nodes[start:end]:
            if node[0] == "yield" and what == "yield":
                return True
            if node[0] == "call" and what != "yield" and _origin(frame.body, node[1]) == what:
                return True
        return False


def _origin(body: Body, node: int) -> str:
    """The operation behind joins and tests that gives a node."""
    operation = body.nodes[node]
    while operation[0] in ("phi", "narrow"):
        following = operation[3] if operation[0] == "narrow" else next(iter(operation[1]), -1)
        if following < 0:
            return ""
        operation = body.nodes[following]
    return str(operation[0])


def _blocks(entry: list[Any]) -> Iterator[list[Any]]:
    """The blocks inside of a statement."""
    kind = entry[0]
    if kind in ("if", "while"):
        yield from entry[5:7]
    elif kind == "for":
        yield from entry[6:8]
    elif kind == "try":
        yield entry[2]
        yield from (handler[3] for handler in entry[3])
        yield from entry[4:6]
    elif kind == "with":
        yield entry[3]
    elif kind == "match":
        yield from (case[3] for case in entry[4])


def _ranges(tree: list[Any]) -> Iterator[tuple[int, int]]:
    """The ranges of nodes of the statements in a block."""
    for entry in tree:
        if entry[0] in ("eval", "return", "raise", "if", "while", "for", "match"):
            yield entry[2], entry[3]
        if entry[0] == "for":
            yield entry[4], entry[5]
        if entry[0] == "with":
            yield from ((item[0], item[1]) for item in entry[2])
        for block in _blocks(entry):
            yield from _ranges(block)


def _ends(tree: list[Any]) -> Iterator[int]:
    return (end for _, end in _ranges(tree))


def _leaving(tree: list[Any], *, in_loop: bool = False) -> Iterator[tuple[str, Span]]:
    """The statements of a ``finally`` that leave it, and so drop what is on its way."""
    for entry in tree:
        if entry[0] == "return" or (entry[0] in _LEAVING and not in_loop):
            yield entry[0], entry[1]
        for block in _blocks(entry):
            yield from _leaving(block, in_loop=in_loop or entry[0] in ("while", "for"))
