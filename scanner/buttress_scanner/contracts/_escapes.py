"""Which exceptions leave a function: every operation that may raise outside of what catches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.contents import known_items, unknown_items
from buttress_scanner.program.flow import Flow
from buttress_scanner.program.flow_exceptions import BASE, ERROR, Exceptions, Key
from buttress_scanner.program.flow_scope import Obligation, Scope
from buttress_scanner.program.flow_state import ANYTHING, END, EXPLICIT_RAISE, EXPLICIT_RETURN, OWED, RAISE, Exc, Outcome, Place
from buttress_scanner.program.flow_tables import NOT_SAID
from buttress_scanner.program.handling import handling
from buttress_scanner.program.responses import responses
from buttress_scanner.program.values import Box, Const, External, Member, Method, Object, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from buttress_scanner.facts.model import Body, Node, Span
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow_subjects import Runner
    from buttress_scanner.program.frames import ClassInfo, Frame
    from buttress_scanner.program.values import Value

_SAYING = frozenset({"io.console", "log", "clock"})
"""Effects of functions that only say something: in a handler they count as ones that cannot fail."""


_OF_NUMBERS = {
    "builtins.int": 1,
    "builtins.float": 1,
    "builtins.round": 1,
    "builtins.abs": 1,
    "builtins.max": 2,
    "builtins.min": 2,
}
"""Functions that do not fail for numbers, with the number of arguments from which on that holds."""
_WITH_DEFAULT = 3
_NESTING = 4
_PLAIN = ("builtins.str", "builtins.int", "builtins.float", "builtins.bool", "datetime.datetime", "uuid.UUID")
_CONTAINERS = ("list", "tuple", "dict", "set", "frozenset", "str", "bytes", "defaultdict", "deque")
_MAPPINGS = frozenset({"dict", "defaultdict"})
_MISSING = {"dict": "builtins.KeyError", **dict.fromkeys(("list", "tuple", "str", "bytes", "deque"), "builtins.IndexError")}


class Watched(Exceptions):
    """Exceptions of which some must not escape; whatever may be anything may be one of these."""

    def __init__(self, engine: Engine, kinds: Iterable[Key]) -> None:
        super().__init__(engine)
        self.kinds = tuple(kinds)
        self._narrow = [k for k in self.kinds if k not in (BASE, ERROR)]

    def refined(self, outcomes: set[Outcome]) -> set[Outcome]:
        """The outcomes; where one may raise something wider than a watched class, that class stands beside it."""
        if not self._narrow:
            return outcomes
        more = {
            o._replace(exc=Exc(kind))
            for o in outcomes
            if o.kind == RAISE and not o.exc.exact
            for kind in self._narrow
            if o.exc.key != kind
            and (o.exc.key in self.ancestors(kind) if o.exc.key != "*" else ERROR not in self.ancestors(kind))
        }
        return outcomes | more

    def is_watched(self, exc: Exc) -> bool:
        """Whether an exception is one of those that must not escape."""
        if exc.key == "*":
            return BASE in self.kinds
        return not self.ancestors(exc.key).isdisjoint(self.kinds)


class EscapeScope(Scope):
    """What analyses of escaping exceptions share."""

    by_node = True

    def __init__(self, program: Program, kinds: Iterable[Key], is_exempt: Callable[[str], bool]) -> None:
        super().__init__(program, Obligation(), is_exempt)
        self.exceptions = self.watched = Watched(program.engine, kinds)
        tables = responses()
        self._quiet = tables.makers.keys() | tables.fixed.keys() | handling().quiet

    def subscripted(self, operation: str, values: Iterable[Value]) -> tuple[Exc, ...]:
        """What is not there: a key of a mapping, an index of a sequence; of other things anything."""
        kinds = [_container(v) for v in values if not (isinstance(v, Unknown) and v.reason.startswith(NOT_SAID))]
        if not kinds or None in kinds:
            return ANYTHING
        if operation == "slice" or (operation == "setitem" and _MAPPINGS.issuperset(map(str, kinds))):
            return ()
        return tuple(dict.fromkeys(Exc(_MISSING.get(str(kind), "builtins.LookupError"), exact=True) for kind in kinds))

    def can_be_looped(self, value: Value) -> bool:
        """Containers and texts hold what they hold."""
        return _container(value) is not None or super().can_be_looped(value)

    def is_guess(self, value: Value) -> bool:
        """A member of the result of a library call: ``Queue.get().fail`` beside the method of what was put there."""
        function = value.function if isinstance(value, Method) else value
        return isinstance(function, External) and "()." in function.path

    def takes(self, frame: Frame, call: Node, info: ClassInfo) -> bool:
        """A pydantic model is made of plain values that are given by name: nothing of it is left to check at run time."""
        linearise(self.program.engine, info)
        if not any(path.startswith("pydantic.") for path in info.externals) or call[2]:
            return False
        given = [self.program.engine.read(frame, operand) if name else [] for name, operand in call[3]]
        return all(values and all(map(_is_plain, values)) for values in given)

    def is_quiet(self, path: str, frame: Frame, node: int) -> bool:
        """Making a response of a framework, or saying something, does not fail; nor does computing with plain values."""
        if path in self._quiet:
            return True
        if path in _OF_NUMBERS or path == "json.dumps":
            args = Args.of(self.program.engine, frame, frame.body.nodes[node]).positional
            fits = self._is_plain if path == "json.dumps" else _is_number
            return len(args) >= _OF_NUMBERS.get(path, 1) and all(values and all(fits(v) for v in values) for values in args)
        if path == "builtins.getattr":
            return len(frame.body.nodes[node][2]) == _WITH_DEFAULT
        entry = self.program.engine.catalogue.entry(path)
        return entry is not None and bool(entry.effects) and _SAYING.issuperset(entry.effects)

    def _is_plain(self, value: Value, depth: int = 0) -> bool:
        """Whether a value is plain, or a container that was written down with plain values in it."""
        if not isinstance(value, Box):
            return _is_plain(value)
        if depth > _NESTING or unknown_items(self.program.engine, value) or not isinstance(value.site, tuple):
            return False
        held = known_items(self.program.engine, value)
        return bool(held) and all(self._is_plain(v, depth + 1) for values in held.values() for v in values)


class Escapes:
    """Finds the operations through which exceptions leave functions."""

    def __init__(self, scope: EscapeScope) -> None:
        self.scope = scope
        self._plain = Flow(scope)

    def of(self, runner: Runner) -> list[Place]:
        """Where exceptions leave what runs under a name: one place a statement, in order."""
        flow = Flow(self.scope, base=self._plain, subject=runner.home) if runner.is_wrapped else self._plain
        generic = self._leaving(flow, runner, runner.generic)
        if runner.calls and (not runner.generic or _has_bare_parameters(runner.home)):
            generic = self._leaving(flow, runner, runner.calls)
        first: dict[Span, Place] = {}
        for place in sorted(generic, key=_evaluated):
            first.setdefault(_statement(runner.home.tree, place.span) or place.span, place)
        return sorted(first.values(), key=lambda p: p.span)

    def _leaving(self, flow: Flow, runner: Runner, frames: Iterable[Frame]) -> set[Place]:
        found: set[Place] = set()
        for frame in frames:
            for outcome in flow.exits(frame, OWED):
                if outcome.kind == RAISE and self.scope.watched.is_watched(outcome.exc):
                    found.add(_place(runner, outcome))
        return found


def _is_plain(value: Value) -> bool:
    """Whether a value is a number, a text, or the member of an enum."""
    return isinstance(value, (Const, Member)) or (isinstance(value, Object) and value.path in _PLAIN)


def _is_number(value: Value) -> bool:
    if isinstance(value, Const):
        return isinstance(value.value, int)
    return isinstance(value, Object) and value.path in ("builtins.int", "builtins.float", "builtins.bool")


def _container(value: Value) -> str | None:
    """Which container of the language a value is; None for what is none, or may have code of its own."""
    if isinstance(value, Box):
        return value.kind if value.kind in _CONTAINERS else None
    if isinstance(value, Const) and isinstance(value.value, str):
        return "str"
    name = value.path.removeprefix("builtins.") if isinstance(value, Object) else ""
    return name if name in _CONTAINERS else None


def _place(runner: Runner, outcome: Outcome) -> Place:
    """The place of an exit; what a wrapper does by itself stands at the definition."""
    place = outcome.state.origin if runner.is_wrapped else outcome.place
    if place is None or (runner.is_wrapped and place.rank in (EXPLICIT_RETURN, END)):
        return Place(END, runner.home.header)
    return place


def _evaluated(place: Place) -> tuple[int, int, int]:
    """The order of evaluation: what is inside of a call comes before it."""
    line, column, end_line, end_column = place.span
    return (end_line, end_column, -(line * 10_000 + column) if place.rank != EXPLICIT_RAISE else 0)


def _statement(tree: list[object], span: Span) -> Span | None:
    """The innermost statement that a span lies in."""
    for entry in tree:
        if not isinstance(entry, list):
            continue
        if entry and isinstance(entry[0], str):
            around: Span = entry[1]
            if around[:2] <= span[:2] and span[2:] <= around[2:]:
                return _statement(entry[2:], span) or around
        else:
            inner = _statement(entry, span)
            if inner is not None:
                return inner
    return None


def _has_bare_parameters(body: Body) -> bool:
    """Whether a parameter beside the receiver has no annotation."""
    return any(p.annotation < 0 and p.name not in ("self", "cls") and p.kind not in ("vararg", "kwarg") for p in body.params)
