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
from buttress_scanner.program.flow_state import (
    END,
    IDLE,
    NEXT,
    OWED,
    RAISE,
    Exc,
    Outcome,
    Place,
    Promise,
    State,
    common_promises,
    met,
    unknown,
)
from buttress_scanner.program.flow_subjects import is_abstract
from buttress_scanner.program.types import defining_frame
from buttress_scanner.program.values import (
    BoxMethod,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Partial,
    Unknown,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from buttress_scanner.facts.model import Body, Node, Span
    from buttress_scanner.program.flow_regions import Region
    from buttress_scanner.program.flow_walk import Walker
    from buttress_scanner.program.frames import Frame, Unit
    from buttress_scanner.program.program import Program

RECURSION = 20_000
"""Statements may be nested this deep, long chains of ``elif`` above all."""
DEPTH = 25
"""Summaries nest this deep before the next one is put off."""
PROMISES = 4
"""A summary tells apart this many ways in which calls were registered with exit stacks that live longer."""
Key = tuple["Frame", str, str, tuple[Promise, ...]]
"""A frame, the status in which it is entered, the mode of an exit, and what is registered with stacks that it may close."""
Outcomes = set[Outcome]
Log = list[tuple[Key, frozenset[Outcome]]]
"""Summaries that were read, and what they said."""
_ANY = Exc("*")


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

    def __init__(self, program: Program, obligation: Obligation, is_exempt: Callable[[str], bool]) -> None:
        """Search backwards over the calls from everything that meets or starts.

        Args:
            program: the program, solved.
            obligation: what has to be executed.
            is_exempt: whether the file of this path is exempt code, whose callables count for nothing beside others.
        """
        self.program = program
        self.obligation = obligation
        self.is_exempt = is_exempt
        self.exceptions = Exceptions(program.engine)
        self._lines: dict[str, list[bytes]] = {}
        self._rebound: dict[str, set[str]] = {}
        self._regions: dict[Body, list[Region]] = {}
        bodies = {*obligation.targets, *obligation.starts, *(b for b, _ in obligation.wrapped)}
        names = obligation.names | tables.STACK_METHODS
        classes = any(b.kind == "class" for b in bodies)
        self._callers: dict[Frame, list[Frame]] = {}
        found: list[Frame] = []
        mentions: dict[Body, bool] = {}
        for frame in program.frames():
            for edges in frame.edges.values():
                for callee in edges:
                    self._callers.setdefault(callee, []).append(frame)
            body = frame.body
            if body not in mentions:
                mentions[body] = classes or body in bodies or any(n[0] == "attr" and n[2] in names for n in body.nodes)
            if mentions[body]:
                found.append(frame)
        self._relevant = self._calling(found)
        named = {body for body in mentions if any(_may_name(n, obligation.names) for n in body.nodes)}
        self.hopeful = self._calling([frame for frame in program.frames() if frame.body in named])
        """Frames from which calls lead to what may be the obligation, though it is not known to be."""
        closers = {body for body in mentions if any(n[0] == "attr" and n[2] in tables.CLOSING for n in body.nodes)}
        self.closing = self._calling([frame for frame in program.frames() if frame.body in closers])
        """Frames from which calls lead to what may close an exit stack."""
        self._around: dict[Body, set[Frame]] = {}

    def relevant(self, subject: Body | None) -> set[Frame]:
        """The frames from which calls lead to anything that counts, a judged body inside of its wrappers included."""
        if subject is None:
            return self._relevant
        if subject not in self._around:
            inner = [f for f in self.program.frames() if f.body is subject]
            self._around[subject] = self._relevant | self._calling(inner)
        return self._around[subject]

    def _calling(self, frames: list[Frame]) -> set[Frame]:
        """The frames, and all from which calls lead to them."""
        found = set(frames)
        pending = list(found)
        while pending:
            for caller in self._callers.get(pending.pop(), ()):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return found

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
        self.relevant = scope.relevant(subject)
        self.effects = Effects(self)
        self.inlined: list[Frame] = []
        self._variables: dict[tuple[Frame, str], Variables] = {}
        self._active: dict[Frame, list[int]] = {}
        self._log: Log | None = None
        self._ignored: dict[Value, bool] = {}
        self._weak: set[Key] = set()
        self._matters: dict[Promise, bool] = {}
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
            self._summary((frame, status, "", ()))
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
        known = self._known[key]
        if self._log is not None:
            self._log.append((key, known))
        return known

    def log_anew(self) -> Log | None:
        """Begin to note which summaries are read; what was noted so far is given back."""
        outer, self._log = self._log, []
        return outer

    def log_again(self, outer: Log | None) -> Log:
        """Go on with the notes from before; what was read in the meantime belongs to them as well."""
        log, self._log = self._log or [], outer
        if outer is not None:
            outer += log
        return log

    def is_current(self, log: Log) -> bool:
        """Whether all summaries that were read are still what they were; they count as read again."""
        if not log:
            return True
        fresh = [self._summary(key) for key, _ in log]
        return all(now is before for now, (_, before) in zip(fresh, log, strict=True))

    def _compute(self, key: Key) -> None:
        frame, status, mode, promises = key
        log, self._log = self._log, None
        self._stack.append(key)
        outcomes = self._decorated(frame, self.walker(frame, mode), status, promises)
        self._stack.pop()
        self._log = log
        before = self._known[key]
        left = {_left(o, keep_place=frame.body is self.subject) for o in outcomes}
        grown = before if left <= before else frozenset(self._joined(key, self._reduced(before | left)))
        if grown != before:
            self._known[key] = grown
            self._work.update(self._readers.get(key, {}))

    def _reduced(self, outcomes: Iterable[Outcome]) -> Outcomes:
        """The outcomes without exceptions that others stand for: whoever may raise any `Exception` may raise a `KeyError`."""
        found: Outcomes = set()
        vague: dict[Outcome, set[Exc]] = {}
        raised = [o for o in outcomes if o.kind == RAISE]
        for outcome in raised:
            if not outcome.exc.exact:
                vague.setdefault(outcome._replace(exc=_ANY), set()).add(outcome.exc)
        for outcome in raised:
            others = vague.get(outcome._replace(exc=_ANY), ())
            if not any(self.exceptions.includes(other, outcome.exc) for other in others):
                found.add(outcome)
        return found.union(o for o in outcomes if o.kind != RAISE)

    def _joined(self, key: Key, outcomes: Outcomes) -> Outcomes:
        """The outcomes, once they differ by too many promises only with those that all of them have."""
        if key not in self._weak and len({o.state.promises for o in outcomes}) <= PROMISES:
            return outcomes
        self._weak.add(key)
        alike: dict[Outcome, list[State]] = {}
        for outcome in outcomes:
            alike.setdefault(outcome._replace(state=outcome.state._replace(promises=())), []).append(outcome.state)
        return {o._replace(state=o.state._replace(promises=common_promises(states))) for o, states in alike.items()}

    def _decorated(self, frame: Frame, walker: Walker, status: str, promises: tuple[Promise, ...] = ()) -> Outcomes:
        """Walk a body inside of the context managers that decorate it."""
        from buttress_scanner.program.flow_with import Contexts, is_decorator

        run: Callable[[set[State]], Outcomes] = walker.run
        outer = defining_frame(self.engine, frame) if frame.body.decorators else None
        place = Place(END, frame.body.header)
        for node in reversed(frame.body.decorators):
            for value in self.engine.read(outer, node) if outer is not None else []:
                if is_decorator(self.engine, value):
                    run = partial(Contexts(walker).around, value, inside=run, place=place)
        return run({State(status, walker.variables.initial, promises)})

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
        closes = bool(state.promises) and callee in self.scope.closing
        if callee not in self.relevant and not closes:
            known = self._summary((callee, IDLE, mode, ()))
            return {Outcome(o.kind, state, None, o.exc) for o in known}
        known = self._summary((callee, state.status, mode, state.promises if closes else ()))
        is_subject = callee.body is self.subject
        found: Outcomes = set()
        for kind, inner, place, exc, explicit in known:
            promises = inner.promises if closes else tuple(dict.fromkeys((*state.promises, *inner.promises)))
            origin = inner.origin or state.origin
            if is_subject and inner.status == OWED:
                origin = place
            after = State(inner.status, state.flags, promises, origin, state.outer)
            found.add(Outcome(kind, after, None, exc, explicit))
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
        if value not in self._ignored:
            self._ignored[value] = self._is_exempt(value)
        return self._ignored[value]

    def _is_exempt(self, value: Value) -> bool:
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

    def matters(self, promise: Promise) -> bool:
        """Whether what is registered with a stack may have to do with the obligation, or swallow an exception."""
        if promise not in self._matters:
            _, argument = self.promised(promise.frame, promise.node)
            values = self.engine.read(promise.frame, argument) if argument >= 0 else []
            self._matters[promise] = any(self._may_matter(v) for v in values)
        return self._matters[promise]

    def _may_matter(self, value: Value) -> bool:
        while isinstance(value, (Method, Partial)) and not (isinstance(value, Method) and is_declared(_site(value.receiver))):
            value = value.function
        if isinstance(value, Function):
            return any(f in self.relevant for f in self.frames_of(value, None))
        return not isinstance(value, (Unknown, External, Const))

    def promised(self, frame: Frame, node: int) -> tuple[str, int]:
        """The name of the stack's method called at a node, and the node of its first argument (-1 without)."""
        call = frame.body.nodes[node]
        names = [v.name for v in self.engine.read(frame, call[1]) if isinstance(v, BoxMethod)]
        return (names[0] if names else ""), (call[2][0][1] if call[2] else -1)


def _may_name(node: Node, names: set[str]) -> bool:
    """Whether a node reads a member of such a name, or the function that reads members of any name."""
    return (node[0] == "attr" and node[2] in names) or (node[0] in ("global", "late") and node[1] == "getattr")


def _site(value: Value) -> object:
    return value.site if isinstance(value, Instance) else None


def _left(outcome: Outcome, *, keep_place: bool) -> Outcome:
    """An outcome of a body without what concerns nobody outside."""
    kind, state, place, exc, explicit = outcome
    return Outcome(
        RAISE if kind == RAISE else NEXT,
        State(state.status, (), state.promises, state.origin),
        place if keep_place else None,
        exc,
        explicit and state.status == OWED,
    )
