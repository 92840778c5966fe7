"""Whether a piece of code that handles an exception drops it, or logs it with its traceback, keeps it as data, or raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from buttress_scanner.contracts._kept_ways import RAISES, Walk
from buttress_scanner.contracts._library import arguments, operands, path_of
from buttress_scanner.program.handling import handling
from buttress_scanner.program.values import BoxMethod, Class, Const, External, Function, Method, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame

_DEPTH = 8
_NOTHING: frozenset[str] = frozenset()
_SAYING = frozenset({"io.console", "log"})


class Trace(NamedTuple):
    """Nodes of a body that hold the exception or a part of it, and those that hold its traceback as text."""

    exception: frozenset[int]
    text: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        """Both."""
        return self.exception | self.text


class Keeping:
    """Answers for handlers and for the helpers that they call."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.engine = program.engine
        self.tables = handling()
        self._known: dict[tuple[Frame, frozenset[str], frozenset[str]], bool] = {}
        self._returning: dict[tuple[Frame, frozenset[str]], bool] = {}

    # --- handlers and helpers

    def drops(self, frame: Frame, tree: list[Any], caught: Iterable[int], inside: range) -> bool:
        """Whether a handler can end normally without having kept what it caught.

        Args:
            frame: the frame of the code around.
            tree: the handler's statements.
            caught: the nodes that are the exception.
            inside: the handler's nodes.
        """
        trace = self.trace(frame, set(caught), inside)
        if self._kept_later(frame, trace, inside):
            return False
        return any(end != RAISES and not kept for end, kept in Walk(self, frame, trace).block(tree, {False}))

    def helper_keeps(self, frame: Frame, told: frozenset[str], depth: int, text: frozenset[str] = _NOTHING) -> bool:
        """Whether a function keeps the exception on all ways on which it returns.

        Args:
            frame: the function.
            told: the parameters that hold the exception.
            depth: how many helpers deep it is.
            text: the parameters that hold the traceback as text.
        """
        key = (frame, told, text)
        if key in self._known:
            return self._known[key]
        if depth > _DEPTH:
            return False
        self._known[key] = False
        nodes = frame.body.nodes
        given = {i: n[1] for i, n in enumerate(nodes) if n[0] == "param"}
        caught = {i for i, name in given.items() if name in told - text}
        trace = self.trace(frame, caught, range(len(nodes)), {i for i, name in given.items() if name in text})
        walk = Walk(self, frame, trace, depth, by_return=False)
        ends = walk.block(frame.body.tree, {False})
        self._known[key] = bool(frame.body.tree) and all(kept for end, kept in ends if end != RAISES)
        return self._known[key]

    # --- following the exception

    def trace(self, frame: Frame, caught: set[int], inside: range, printed: Iterable[int] = ()) -> Trace:
        """The nodes of a body that hold the exception, from those where it comes in, itself or printed."""
        nodes = frame.body.nodes
        held, text = set(caught), set(printed)
        for index in inside:
            if nodes[index][0] == "call":
                paths = {path_of(self.engine, v) for v in self.engine.read(frame, nodes[index][1])}
                held |= {index} if paths & self.tables.current else set()
                text |= {index} if paths & self.tables.traceback_text else set()
        grown = True
        while grown:
            before = len(held) + len(text)
            for index, node in enumerate(nodes):
                self._pass_on(frame, index, node, held)
                self._pass_on(frame, index, node, text)
            grown = len(held) + len(text) > before
        return Trace(frozenset(held), frozenset(text))

    def _pass_on(self, frame: Frame, index: int, node: Node, held: set[int]) -> None:
        if (
            index in held
            or node[0] in ("cmp", "truth", "raise", "setattr", "setitem", "gstore", "nlstore")
            or held.isdisjoint(operands(node))
        ):
            return
        if node[0] == "un" and node[1] == "not":
            return
        if node[0] == "call" and (self._only_looks(frame, node) or not self._gives_back(frame, index, node, held)):
            return
        held.add(index)

    def _gives_back(self, frame: Frame, index: int, node: Node, held: set[int]) -> bool:
        """Whether what a call gives holds what it was given: where functions of the program run, they say."""
        values = self.engine.read(frame, node[1])
        callees = [c for c in frame.edges.get(index, ()) if c.active]
        if not callees or not values or any(not isinstance(v, (Function, Method, Partial)) for v in values):
            return True
        if any(isinstance(v, Method) and isinstance(v.function, External) for v in values) or node[1] in held:
            return True
        return any(self._returns(c, _told(c, node, frozenset(held))) for c in callees)

    def _returns(self, frame: Frame, told: frozenset[str]) -> bool:
        key = (frame, told)
        if key not in self._returning:
            self._returning[key] = True
            nodes = frame.body.nodes
            caught = {i for i, n in enumerate(nodes) if n[0] == "param" and n[1] in told}
            trace = self.trace(frame, caught, range(len(nodes)))
            self._returning[key] = not trace.all.isdisjoint((*frame.body.returns, *frame.body.yields))
        return self._returning[key]

    def _only_looks(self, frame: Frame, node: Node) -> bool:
        paths = {path_of(self.engine, v) for v in self.engine.read(frame, node[1])}
        return bool(paths) and all(path in self.tables.looks or self._says(path) for path in paths)

    def _kept_later(self, frame: Frame, trace: Trace, inside: range) -> bool:
        """Whether code behind the handler keeps what a local variable has taken out of it."""
        walk = Walk(self, frame, trace)
        body = frame.body
        returned = any(node in trace.all for node in body.returns if not self._is_inside(body, node, inside))
        return returned or any(
            node[0] == "raise" or walk.keeps(index)
            for index, node in enumerate(body.nodes)
            if index not in inside and not trace.all.isdisjoint(operands(node))
        )

    def _is_inside(self, body: Body, node: int, inside: range) -> bool:
        return node in inside

    # --- calls

    def call_keeps(self, frame: Frame, index: int, trace: Trace, depth: int) -> bool:
        """Whether a call keeps the exception, whatever it calls."""
        node = frame.body.nodes[index]
        values = self.engine.read(frame, node[1])
        callees = [c for c in frame.edges.get(index, ()) if c.active]
        if callees and not any(isinstance(v, Class) or path_of(self.engine, v) in self.tables.traceback for v in values):
            return all(
                self.helper_keeps(c, self._told_by(frame, node, c, trace), depth + 1, _told(c, node, trace.text)) for c in callees
            )
        if any(_makes_only(v) for v in values):
            return False
        if any(isinstance(v, Class) for v in values):
            made = [c for c in callees if c.body.name in ("__init__", "__post_init__")]
            return bool(made) and any(self._logs_by_itself(c, _told(c, node, trace.all), depth) for c in made)
        if not values:
            return self._unknown_keeps(frame, node, trace)
        return all(self._value_keeps(frame, node, value, trace) for value in values)

    def await_keeps(self, frame: Frame, index: int, trace: Trace, depth: int) -> bool:
        """Whether awaiting a coroutine of the program keeps the exception."""
        callees = [c for c in frame.edges.get(index, ()) if c.active]
        call = frame.body.nodes[frame.body.nodes[index][1]]
        return bool(callees) and all(self.helper_keeps(c, _told(c, call, trace.all), depth + 1) for c in callees)

    def _told_by(self, frame: Frame, node: Node, callee: Frame, trace: Trace) -> frozenset[str]:
        """The parameters of a callee that hold the exception: of one that the library runs, all if the library is told."""
        for at in (node, *(frame.body.nodes[operand] for operand in arguments(node))):
            if at[0] == "call" and any(_function(v) is callee.body for v in self.engine.read(frame, at[1])):
                return _told(callee, at, trace.all)
        if any(path_of(self.engine, v) for v in self.engine.read(frame, node[1])):
            return frozenset(p.name for p in callee.body.params) if not trace.all.isdisjoint(arguments(node)) else frozenset()
        return _told(callee, node, trace.all)

    def _logs_by_itself(self, frame: Frame, told: frozenset[str], depth: int) -> bool:
        return bool(frame.body.params) and not told and self.helper_keeps(frame, told, depth + 1)

    def _value_keeps(self, frame: Frame, node: Node, value: Value, trace: Trace) -> bool:
        is_told = not trace.all.isdisjoint(arguments(node))
        if isinstance(value, BoxMethod):
            return is_told and value.name in self.tables.keeps
        path = path_of(self.engine, value)
        if not path:
            return self._unknown_keeps(frame, node, trace)
        last = path.rpartition(".")[2]
        is_open = path.partition("(")[0] != path or self.engine.catalogue.entry(path) is None
        if path in self.tables.raising:
            return True
        if path in self.tables.traceback or (is_open and last in self.tables.traceback_methods) or self._asked(frame, node):
            return True
        if isinstance(value, Partial) and self._asked(value.frame, value.frame.body.nodes[value.node]):
            return True
        if not trace.text.isdisjoint(arguments(node)) and (self._says(path) or is_open):
            return True
        return is_told and self._library_keeps(path, last)

    def _library_keeps(self, path: str, last: str) -> bool:
        if self._says(path) or path in self.tables.looks or _is_exit(path):
            return _is_exit(path)
        entry = self.engine.catalogue.entry(path)
        if entry is None:
            return not path.startswith("builtins.") and not _is_log(last)
        return bool(entry.mutates) or bool(set(entry.effects) - _SAYING) or last in self.tables.keeps

    def _says(self, path: str) -> bool:
        """Whether a function only tells somebody: the console, or a log."""
        entry = self.engine.catalogue.entry(path)
        return entry is not None and bool(entry.effects) and _SAYING.issuperset(entry.effects)

    def _asked(self, frame: Frame, node: Node) -> bool:
        """Whether a keyword asks for the traceback."""
        for name, operand in node[3]:
            if name in self.tables.traceback_keywords:
                values = self.engine.read(frame, operand)
                return not values or any(not isinstance(v, Const) or bool(v.value) for v in values)
        return False

    def _unknown_keeps(self, frame: Frame, node: Node, trace: Trace) -> bool:
        """A call of which nothing is known: it handles what it is told of, unless its name says that it only logs."""
        callee = frame.body.nodes[node[1]]
        name = callee[2] if callee[0] == "attr" else ""
        if name in self.tables.traceback_methods or self._asked(frame, node) or not trace.text.isdisjoint(arguments(node)):
            return True
        return not trace.all.isdisjoint(arguments(node)) and not _is_log(name)


def _function(value: Value) -> Body | None:
    """The body of the function behind a callable."""
    while isinstance(value, (Method, Partial)):
        value = value.function
    return value.body if isinstance(value, Function) else None


def _makes_only(value: Value) -> bool:
    """Whether calling a value only makes a coroutine or generator, which keeps nothing before it runs."""
    body = _function(value)
    return body is not None and (body.is_async or body.is_generator)


def _told(callee: Frame, call: Node, held: frozenset[int]) -> frozenset[str]:
    """The parameters of a callee that a call gives the exception."""
    params = [p for p in callee.body.params if p.kind in ("posonly", "pos")]
    if callee.owner is not None and params and params[0].name in ("self", "cls"):
        params = params[1:]
    names = {p.name for p in callee.body.params}
    rest = {p.kind: p.name for p in callee.body.params if p.kind in ("vararg", "kwarg")}
    found: set[str] = set()
    if call[0] != "call":
        return frozenset()
    for position, (_, operand) in enumerate(call[2]):
        if operand in held:
            found.add(params[position].name if position < len(params) else rest.get("vararg", ""))
    for name, operand in call[3]:
        if operand in held:
            found.add(name if name in names else rest.get("kwarg", ""))
    return frozenset(found - {""})


def _is_exit(path: str) -> bool:
    return path in ("sys.exit", "builtins.exit", "builtins.quit")


def _is_log(name: str) -> bool:
    return name in ("debug", "info", "warning", "warn", "error", "critical", "fatal", "log", "msg", "print", "echo", "secho")
