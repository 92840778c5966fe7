"""Obligations along all paths: what state a function can be left in, by which exits, through everything that it calls.

The walk is structural: outcomes are sets of (way of leaving, state); summaries of callees grow until nothing changes.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.flow_effects import Effects
from buttress_scanner.program.flow_flags import Variables
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
    Status,
    common_promises,
    unknown,
)
from buttress_scanner.program.flow_subjects import is_abstract
from buttress_scanner.program.flow_walk import Walker
from buttress_scanner.program.flow_with import Contexts, is_decorator
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

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.flow_scope import Scope
    from buttress_scanner.program.frames import Frame

RECURSION = 20_000
"""Statements may be nested this deep, long chains of ``elif`` above all."""
DEPTH = 25
"""Summaries nest this deep before the next one is put off."""
PROMISES = 4
"""A summary tells apart this many ways in which calls were registered with exit stacks that live longer."""
Key = tuple["Frame", Status, str, tuple[Promise, ...]]
"""A frame, the status in which it is entered, the mode of an exit, and what is registered with stacks that it may close."""
Outcomes = set[Outcome]
Log = list[tuple[Key, frozenset[Outcome]]]
"""Summaries that were read, and what they said."""
_ANY = Exc("*")


class Flow:
    """One analysis: summaries of frames by the state in which they are entered."""

    def __init__(self, scope: Scope, *, base: Flow | None = None, subject: Body | None = None, optimistic: bool = False) -> None:
        """Start without any summary.

        Args:
            scope: what the analyses of the obligation share.
            base: a plain analysis, which knows the summaries of all frames that this one treats no differently.
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
        self._base = base
        self._own: set[Frame] = (scope.hopeful if optimistic else set()) | (scope.around(subject) if subject else set())
        """The frames whose summaries are not those of the plain analysis."""
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
            self.settled((frame, status, "", ()))
            return self._decorated(frame, self.walker(frame), status)
        finally:
            sys.setrecursionlimit(limit)

    def settled(self, key: Key) -> frozenset[Outcome]:
        """The summary, when nothing can make it grow any more."""
        self._summary(key)
        while self._work:
            pending = next(iter(self._work))
            del self._work[pending]
            self._compute(pending)
        return self._summary(key)

    def _summary(self, key: Key) -> frozenset[Outcome]:
        if self._base is not None and key[0] not in self._own:
            return self._base.settled(key)
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
        return Contexts(self.walker(frame)).enter_now(frame, index, state, promised)

    def leave_stack(self, stack: Value, outcome: Outcome, place: Place | None = None) -> Outcomes:
        """Run what is registered with a stack, last first."""
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
