"""`with`: entering and leaving context managers, generators in the place of which the body runs, exit stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from buttress_scanner.program import contents
from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.classes import linearise, members
from buttress_scanner.program.flow_generators import Continuation, Outcomes, States, generators_of, inline, resume, until_yield
from buttress_scanner.program.flow_state import (
    MET,
    NEXT,
    OWED,
    RAISE,
    STATEMENT,
    Outcome,
    Place,
    Promise,
    State,
    raising,
    unknown,
)
from buttress_scanner.program.flow_walk import Walked, Walker, is_disregarded
from buttress_scanner.program.generics import agreeing
from buttress_scanner.program.values import (
    Box,
    Const,
    External,
    Function,
    Instance,
    Method,
    Object,
    Unknown,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

Source = tuple["Frame", int]
Way = tuple[tuple[bool, bool], Outcome]
"""An outcome of an exit, with whether what it returns may be true, and whether it may be false."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a context manager is computed, entered and left."""

    context: int
    enter: int
    exit_node: int
    place: Place
    is_async: bool


class Contexts:
    """The context managers of one walker."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.flow = walker.flow
        self.engine = walker.flow.engine
        self.frame = walker.frame
        self._ways: dict[tuple[Instance, State, str, int, str], set[Way] | None] = {}

    # --- the statement

    def walk(self, entry: list[Any], states: States) -> Walked:
        """Walk a ``with`` statement."""
        return self._item(entry, 0, states)

    def _item(self, entry: list[Any], number: int, states: States) -> Walked:
        span, items, body, is_async, exits = entry[1:6]
        if number == len(items):
            return self.walker.block(body, states)
        start, end, context, enter, _ = items[number]
        place = self.walker.place(STATEMENT, span)
        states, outcomes = self.walker.nodes(start, enter, states, place)

        def inside(entered: States) -> Outcomes:
            entered, before = self.walker.nodes(enter + 1, end, entered, place)
            entered = {s._replace(flags=self.walker.variables.forget(s.flags, span)) for s in entered}
            reached, others = self._item(entry, number + 1, entered)
            return before | others | {Outcome(NEXT, s) for s in reached}

        values: list[Value | None] = [*self.engine.read(self.frame, context)] or [None]
        where = _Place(context, enter, exits[len(items) - 1 - number], place, is_async)
        for value in values:
            outcomes |= self._through(value, where, states, inside)
        return {o.state for o in outcomes if o.kind == NEXT}, {o for o in outcomes if o.kind != NEXT}

    def _through(self, value: Value | None, where: _Place, states: States, inside: Continuation) -> Outcomes:
        """Enter one possible context manager, run what is inside, leave it."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in inline(self.flow, g, states, inside, where.place)}

        def enter(state: State) -> Outcomes:
            if value is None:
                return unknown(state)
            return self.flow.effects.entering(value, self.frame, where.enter, state, is_async=where.is_async)

        def leave(outcome: Outcome) -> Outcomes:
            source = (self.frame, where.context)
            return self.leave(value, source, outcome, where.place, exit_node=where.exit_node, is_async=where.is_async)

        return _between(states, enter, inside, leave, where.place)

    def around(self, value: Value, states: States, inside: Continuation, place: Place) -> Outcomes:
        """Run something inside of a context manager that is used as a decorator."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in inline(self.flow, g, states, inside, place)}

        def enter(state: State) -> Outcomes:
            return self.flow.effects.callees.method_of(value, "__enter__", state)

        return _between(states, enter, inside, lambda outcome: self.leave(value, (self.frame, 0), outcome, place), place)

    # --- leaving

    def leave(
        self, value: Value | None, source: Source, outcome: Outcome, place: Place, *, exit_node: int = -1, is_async: bool = False
    ) -> Outcomes:
        """How code that ended in this way goes on when a context manager around it has been left."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in resume(self.flow, g, outcome, place)}
        match value:
            case Instance():
                return self._leave_instance(value, outcome, place, exit_node, "__aexit__" if is_async else "__exit__")
            case Box(kind="stack"):
                return self.flow.leave_stack(value, outcome, place)
            case Box(kind="context"):
                return self._close(value, outcome, place)
            case Object(path=path) if path.removesuffix("()") in tables.SWALLOWING and outcome.kind == RAISE:
                return self._swallow(source, outcome)
        return {outcome}

    def _leave_instance(self, value: Instance, outcome: Outcome, place: Place, exit_node: int, name: str) -> Outcomes:
        passed: Outcomes = set()
        failed: Outcomes = set()
        ways = self._exits(value, outcome.state, "exc" if outcome.kind == RAISE else "ok", exit_node, name)
        if ways is None:
            return {outcome}
        for (may_swallow, may_pass), after in ways:
            if after.kind == RAISE:
                failed.add(Outcome(RAISE, after.state, place, after.exc, after.explicit))
                continue
            if outcome.kind == RAISE and may_swallow:
                passed.add(Outcome(NEXT, after.state))
            if outcome.kind != RAISE or may_pass:
                passed.add(Outcome(outcome.kind, after.state, outcome.place, outcome.exc, outcome.explicit))
        return _left(passed, failed, outcome)

    def _exits(self, value: Instance, state: State, mode: str, exit_node: int, name: str) -> set[Way] | None:
        """What the exit of an object may do in this state, with what it may answer then; None where there is no exit."""
        key = (value, state, mode, exit_node, name)
        if key not in self._ways:
            frames = self._exit_frames(value, exit_node, name)
            ways = {(self._answers(f), o) for f in frames for o in self.flow.enter(f, state, mode)}
            self._ways[key] = ways if frames else None
        return self._ways[key]

    def _exit_frames(self, value: Instance, exit_node: int, name: str) -> list[Frame]:
        edges = self.frame.edges.get(exit_node) if exit_node >= 0 else None
        holders = [value.info, *(agreeing(self.engine, value) if is_declared(value.site) else [])]
        functions: dict[Value, None] = {}
        for info in holders:
            held = members(self.engine, info, name)
            functions.update(dict.fromkeys(held[1] if held is not None else []))
        return list(dict.fromkeys(f for v in functions if isinstance(v, Function) for f in self.flow.frames_of(v, edges)))

    def _answers(self, frame: Frame) -> tuple[bool, bool]:
        """Whether what an exit returns may be true, and whether it may be false."""
        may_swallow = may_pass = False
        for value in self.engine.result(frame) or [self.engine.const(None)]:
            if isinstance(value, Const):
                may_swallow |= bool(value.value)
                may_pass |= not value.value
            elif isinstance(value, Object):
                may_swallow = may_pass = True
            elif isinstance(value, Unknown):
                may_pass = True
            else:
                may_swallow = True
        return may_swallow, may_pass

    def _close(self, context: Box, outcome: Outcome, place: Place) -> Outcomes:
        """``closing(x)`` calls ``x.close``; other contexts of the library do nothing that matters."""
        if not (isinstance(context.site, tuple) and context.site[-1] == "context" and self._is_closing(*context.site[:2])):
            return {outcome}
        bound: list[Value] = []
        for value in contents.elements(self.engine, context):
            for name in ("close", "aclose"):
                held = members(self.engine, value.info, name) if isinstance(value, Instance) else None
                bound += [self.engine.make(Method, f, value) for f in held[1]] if held is not None else []
        return self._called(bound, outcome, place)

    def _is_closing(self, frame: Frame, node: int) -> bool:
        callees = self.engine.read(frame, frame.body.nodes[node][1]) if frame.body.nodes[node][0] == "call" else []
        return any(isinstance(v, External) and v.path in ("contextlib.closing", "contextlib.aclosing") for v in callees)

    def _called(self, values: list[Value], outcome: Outcome, place: Place) -> Outcomes:
        """Code that ended in this way is followed by a call of one of the values."""
        how = self.flow.effects.callees.one_of(values, None, outcome.state, drive=True)
        if how is None:
            return {outcome}
        passed = {outcome._replace(state=o.state) for o in how if o.kind == NEXT}
        return _left(passed, {o._replace(place=place) for o in how if o.kind == RAISE}, outcome)

    def _swallow(self, source: Source, outcome: Outcome) -> Outcomes:
        frame, node = source
        call = frame.body.nodes[node]
        values = [v for _, part in call[2] for v in self.engine.read(frame, part)] if call[0] == "call" else []
        found: Outcomes = set()
        for kind in self.flow.exceptions.types(values):
            verdict = self.flow.exceptions.catch(kind, outcome.exc)
            if verdict is not None:
                found.add(Outcome(NEXT, outcome.state))
                if verdict[0]:
                    return found
        return found | {outcome}

    # --- exit stacks

    def enter_now(self, frame: Frame, index: int, state: State, promised: State) -> Outcomes:
        """Enter the argument of ``stack.enter_context``; what is around is left later."""
        name, argument = self.flow.promised(frame, index)
        values = self.engine.read(frame, argument) if argument >= 0 else []
        found: Outcomes = set() if values else {Outcome(NEXT, promised), *raising(state)}
        for value in values:
            generators = generators_of(value)
            how = (
                {o for g in generators for o in until_yield(self.flow, g, state)}
                if generators
                else self.flow.effects.entering(value, frame, index, state, is_async="async" in name)
            )
            found |= {o._replace(state=o.state._replace(promises=promised.promises)) if o.kind == NEXT else o for o in how}
        return found

    def keep(self, promise: Promise, outcome: Outcome) -> Outcomes:
        """Leaving the stack runs one of the calls registered with it."""
        place = self.walker.fixed or Place(STATEMENT, promise.frame.body.spans[promise.node])
        outcome = outcome._replace(
            state=outcome.state._replace(promises=tuple(p for p in outcome.state.promises if p != promise))
        )
        name, argument = self.flow.promised(promise.frame, promise.node)
        values = self.engine.read(promise.frame, argument) if argument >= 0 else []
        found: Outcomes = set() if values else {outcome}
        if name in ("callback", "push_async_callback"):
            return self._called(values, outcome, place)
        for value in values:
            if name.startswith("push") and not isinstance(value, Instance):
                found |= self._called([value], outcome, place)
            else:
                found |= self.leave(value, (promise.frame, argument), outcome, place, is_async="async" in name)
        return found


def _between(
    states: States, enter: Callable[[State], Outcomes], inside: Continuation, leave: Callable[[Outcome], Outcomes], place: Place
) -> Outcomes:
    found: Outcomes = set()
    entered: States = set()
    for state in states:
        how = enter(state)
        entered |= {o.state for o in how if o.kind == NEXT}
        found |= {o._replace(place=place) for o in how if o.kind == RAISE}
    for outcome in inside(entered):
        found |= leave(outcome)
    return found


def is_decorator(engine: Engine, value: Value) -> bool:
    """Whether a value that decorates a function is a context manager around its calls."""
    if isinstance(value, Instance):
        linearise(engine, value.info)
        return not {"contextlib.ContextDecorator", "contextlib.AsyncContextDecorator"}.isdisjoint(value.info.externals)
    return bool(generators_of(value))


def _left(passed: Outcomes, failed: Outcomes, before: Outcome) -> Outcomes:
    """An exit that can meet the obligation does so on the way out: as in a ``finally``, its exceptions before are disregarded."""
    if before.state.status == OWED and any(o.state.status == MET for o in passed | failed):
        failed = {o for o in failed if not is_disregarded(o)}
    return passed | failed
