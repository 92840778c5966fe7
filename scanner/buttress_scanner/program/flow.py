"""Obligations along all paths: what state a function can be left in, by which exits, through everything that it calls.

The walk is structural: outcomes are sets of (way of leaving, state); summaries of callees grow until nothing changes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.flow_effects import Effects
from buttress_scanner.program.flow_exceptions import Exceptions
from buttress_scanner.program.flow_flags import Variables
from buttress_scanner.program.flow_regions import regions_of
from buttress_scanner.program.flow_state import END, IDLE, NEXT, OWED, RAISE, Outcome, Place, State, met, unknown
from buttress_scanner.program.flow_subjects import is_abstract
from buttress_scanner.program.types import defining_frame
from buttress_scanner.program.values import BoxMethod, Class, Descriptor, Function, Instance, Maker, Method, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from buttress_scanner.facts.model import Body, Span
    from buttress_scanner.program.flow_regions import Region
    from buttress_scanner.program.flow_walk import Walker
    from buttress_scanner.program.frames import Frame, Unit
    from buttress_scanner.program.program import Program

RECURSION = 20_000
"""Statements may be nested this deep, long chains of ``elif`` above all."""
DEPTH = 25
"""Summaries nest this deep before the next one is put off."""
Key = tuple["Frame", str, str]
Outcomes = set[Outcome]


@dataclass(slots=True)
class Obligation:
    """What has to be executed, and what starts that duty."""

    targets: set[Body] = field(default_factory=set)
    wrapped: set[tuple[Body, Frame | None]] = field(default_factory=set)
    """Functions around a target that run under its name, with the frame that they close over."""
    starts: set[Body] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def is_target(self, body: Body, closure: Frame | None) -> bool:
        """Whether running the body executes the obligation."""
        return body in self.targets or (body, closure) in self.wrapped

    def applied(self, body: Body, closure: Frame | None, state: State, outcomes: Outcomes) -> Outcomes:
        """The outcomes of running a body from a state, with what the body is to the obligation."""
        if self.is_target(body, closure):
            return {o._replace(state=met(o.state)) for o in outcomes}
        if body not in self.starts:
            return outcomes
        return {o._replace(state=o.state._replace(status=OWED if o.kind == NEXT else state.status)) for o in outcomes}


class Scope:
    """What all analyses of one obligation share: who can have to do with it."""

    def __init__(
        self, program: Program, obligation: Obligation, judged: Iterable[Body], is_exempt: Callable[[str], bool]
    ) -> None:
        """Search backwards over the calls from everything that meets, starts or owes.

        Args:
            program: the program, solved.
            obligation: what has to be executed.
            judged: the bodies that owe it.
            is_exempt: whether the file of this path is exempt code, whose callables count for nothing beside others.
        """
        self.program = program
        self.obligation = obligation
        self.is_exempt = is_exempt
        self.exceptions = Exceptions(program.engine)
        self._lines: dict[str, list[bytes]] = {}
        self._rebound: dict[str, set[str]] = {}
        self._regions: dict[Body, list[Region]] = {}
        bodies = {*obligation.targets, *obligation.starts, *(b for b, _ in obligation.wrapped), *judged}
        names = obligation.names | tables.STACK_METHODS
        classes = any(b.kind == "class" for b in bodies)
        callers: dict[Frame, list[Frame]] = {}
        pending: list[Frame] = []
        for frame in program.frames():
            for edges in frame.edges.values():
                for callee in edges:
                    callers.setdefault(callee, []).append(frame)
            if classes or frame.body in bodies or any(n[0] == "attr" and n[2] in names for n in frame.body.nodes):
                pending.append(frame)
        self.relevant = set(pending)
        while pending:
            for caller in callers.get(pending.pop(), ()):
                if caller not in self.relevant:
                    self.relevant.add(caller)
                    pending.append(caller)

    def regions(self, body: Body) -> list[Region]:
        """The parts of a body that may be skipped."""
        if body not in self._regions:
            self._regions[body] = regions_of(body)
        return self._regions[body]

    def rebound(self, unit: Unit) -> set[str]:
        """Names that inner functions of a module assign in the functions around them."""
        if unit.path not in self._rebound:
            self._rebound[unit.path] = {n[1] for body in unit.facts.bodies for n in body.nodes if n[0] == "nlstore"}
        return self._rebound[unit.path]

    def line(self, unit: Unit, number: int) -> bytes:
        """A line of a module's source."""
        if unit.path not in self._lines:
            self._lines[unit.path] = unit.data.splitlines()
        lines = self._lines[unit.path]
        return lines[number - 1] if 0 < number <= len(lines) else b""

    def text(self, unit: Unit, span: Span) -> str:
        """The text of a range of a module's source."""
        line, column, end_line, end_column = span
        lines = [self.line(unit, number) for number in range(line, end_line + 1)]
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        return b"\n".join(lines).decode("utf-8", "replace")


class Flow:
    """One analysis: summaries of frames by the state in which they are entered."""

    def __init__(self, scope: Scope, *, subject: Body | None = None, optimistic: bool = False) -> None:
        """Start without any summary.

        Args:
            scope: what the analyses of the obligation share.
            subject: the judged body, when what is walked are the wrappers around it: its exits are kept apart.
            optimistic: whether an unresolved call of a member of that name meets the obligation.
        """
        self.scope = scope
        self.engine = scope.program.engine
        self.obligation = scope.obligation
        self.exceptions = scope.exceptions
        self.subject = subject
        self.optimistic = optimistic
        self.effects = Effects(self)
        self.inlined: list[Frame] = []
        self._variables: dict[tuple[Frame, str], Variables] = {}
        self._active: dict[Frame, list[int]] = {}
        self._known: dict[Key, frozenset[Outcome]] = {}
        self._readers: dict[Key, dict[Key, None]] = {}
        self._stack: list[Key] = []
        self._work: dict[Key, None] = {}

    # --- summaries

    def exits(self, frame: Frame, status: str) -> Outcomes:
        """Every way in which a frame that is entered with this status may be left, with its place."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        try:
            self._summary((frame, status, ""))
            while self._work:
                key = next(iter(self._work))
                del self._work[key]
                self._compute(key)
            return self._decorated(frame, self.walker(frame), status)
        finally:
            sys.setrecursionlimit(limit)

    def _summary(self, key: Key) -> frozenset[Outcome]:
        if self._stack:
            self._readers.setdefault(key, {})[self._stack[-1]] = None
        if key not in self._known:
            self._known[key] = frozenset()
            if len(self._stack) < DEPTH:
                self._compute(key)
            else:
                self._work[key] = None
        return self._known[key]

    def _compute(self, key: Key) -> None:
        frame, status, mode = key
        self._stack.append(key)
        outcomes = self._decorated(frame, self.walker(frame, mode), status)
        self._stack.pop()
        before = self._known[key]
        grown = before | {_left(o, keep_place=frame.body is self.subject) for o in outcomes}
        if len(grown) > len(before):
            self._known[key] = grown
            self._work.update(self._readers.get(key, {}))

    def _decorated(self, frame: Frame, walker: Walker, status: str) -> Outcomes:
        """Walk a body inside of the context managers that decorate it."""
        from buttress_scanner.program.flow_with import Contexts, is_decorator

        run: Callable[[set[State]], Outcomes] = walker.run
        outer = defining_frame(self.engine, frame) if frame.body.decorators else None
        place = Place(END, frame.body.header)
        for node in reversed(frame.body.decorators):
            for value in self.engine.read(outer, node) if outer is not None else []:
                if is_decorator(self.engine, value):
                    run = partial(Contexts(walker).around, value, inside=run, place=place)
        return run({State(status, walker.variables.initial)})

    def walker(self, frame: Frame, mode: str = "", place: Place | None = None) -> Walker:
        """A walker of the frame's body."""
        from buttress_scanner.program.flow_walk import Walker

        key = (frame, mode)
        if key not in self._variables:
            self._variables[key] = Variables(self.engine, frame, self.scope, mode)
        return Walker(self, frame, self._variables[key], place)

    def active(self, frame: Frame) -> list[int]:
        """The nodes of a frame that may do something."""
        if frame not in self._active:
            nodes = enumerate(frame.body.nodes)
            self._active[frame] = [i for i, n in nodes if self.effects.may_act(n) or i in frame.edges]
        return self._active[frame]

    def enter(self, callee: Frame, state: State, mode: str = "") -> Outcomes:
        """The outcomes of running a frame from a state: it ends normally or raises."""
        if not callee.active:  # farther away than the program was evaluated
            return self.obligation.applied(callee.body, callee.closure, state, unknown(state))
        relevant = callee in self.scope.relevant
        found: Outcomes = set()
        for outcome in self._summary((callee, state.status if relevant else IDLE, mode)):
            inner = outcome.state
            after = state._replace(status=inner.status) if relevant else state
            if inner.promises or inner.origin:
                promises = tuple(dict.fromkeys((*state.promises, *inner.promises)))
                after = after._replace(promises=promises, origin=inner.origin or state.origin)
            if callee.body is self.subject and after.status == OWED:
                after = after._replace(origin=outcome.place)
            found.add(Outcome(outcome.kind, after, None, outcome.exc, outcome.explicit))
        return self.obligation.applied(callee.body, callee.closure, state, found)

    # --- what the effects ask

    def frames_of(self, function: Function, edges: Mapping[Frame, str] | None) -> list[Frame]:
        """The frames among ``edges`` that run the function; without edges all its frames, that of anybody as a last resort."""
        if edges is not None:
            same = [f for f in edges if f.body is function.body]
            return [f for f in same if f.closure is function.closure] or same
        frames = {key: f for key, f in self.engine.frames.get(function, {}).items() if f.active}
        return [f for key, f in frames.items() if key != "anybody"] or list(frames.values())

    def ignores(self, value: Value) -> bool:
        """Whether a callee is of exempt code."""
        while isinstance(value, (Method, Partial, Descriptor, Maker)) and value.function is not None:
            value = value.function
        unit = value.unit if isinstance(value, Function) else value.info.unit if isinstance(value, (Class, Instance)) else None
        return unit is not None and self.scope.is_exempt(unit.path)

    def is_abstract(self, function: Function) -> bool:
        """Whether a method is only declared, so that something else runs in its place."""
        return is_abstract(self.engine, function)

    # --- exit stacks

    def enter_in_stack(self, frame: Frame, index: int, state: State, promised: State) -> Outcomes:
        """``stack.enter_context(x)``: entering now, leaving when the stack is left."""
        from buttress_scanner.program.flow_with import Contexts

        return Contexts(self.walker(frame)).enter_now(frame, index, state, promised)

    def leave_stack(self, stack: Value, outcome: Outcome, place: Place | None = None) -> Outcomes:
        """Run what is registered with a stack, last first."""
        from buttress_scanner.program.flow_with import Contexts

        current = {outcome}
        for promise in reversed(outcome.state.promises):
            if promise.stack is stack:
                contexts = Contexts(self.walker(promise.frame, place=place))
                current = {after for before in current for after in contexts.keep(promise, before)}
        return current

    def promised(self, frame: Frame, node: int) -> tuple[str, int]:
        """The name of the stack's method called at a node, and the node of its first argument (-1 without)."""
        call = frame.body.nodes[node]
        names = [v.name for v in self.engine.read(frame, call[1]) if isinstance(v, BoxMethod)]
        return (names[0] if names else ""), (call[2][0][1] if call[2] else -1)


def _left(outcome: Outcome, *, keep_place: bool) -> Outcome:
    """An outcome of a body without what concerns nobody outside."""
    kind = RAISE if outcome.kind == RAISE else NEXT
    state = outcome.state._replace(flags=(), outer=())
    return outcome._replace(kind=kind, state=state, place=outcome.place if keep_place else None)
