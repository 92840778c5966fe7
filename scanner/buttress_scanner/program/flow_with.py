"""`with`: entering and leaving context managers, generators in the place of which the body runs, exit stacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from buttress_scanner.program import containers
from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.classes import linearise, members
from buttress_scanner.program.flow_state import (
    MET,
    NEXT,
    OWED,
    RAISE,
    STATEMENT,
    Outcome,
    Pending,
    Place,
    Promise,
    State,
    raising,
)
from buttress_scanner.program.flow_walk import Walked, Walker, is_disregarded
from buttress_scanner.program.generics import agreeing
from buttress_scanner.program.values import (
    Box,
    Const,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Object,
    Unknown,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

States = set[State]
Outcomes = set[Outcome]
Continuation = Callable[[States], Outcomes]
Source = tuple["Frame", int]


class Contexts:
    """The context managers of one walker."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.flow = walker.flow
        self.engine = walker.flow.engine
        self.frame = walker.frame

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
        exit_node = exits[len(items) - 1 - number]
        for value in values:
            outcomes |= self._through(value, (self.frame, context), enter, exit_node, is_async, states, inside, place)
        return {o.state for o in outcomes if o.kind == NEXT}, {o for o in outcomes if o.kind != NEXT}

    def _through(
        self,
        value: Value | None,
        source: Source,
        enter: int,
        exit_node: int,
        is_async: bool,
        states: States,
        inside: Continuation,
        place: Place,
    ) -> Outcomes:
        """Enter one possible context manager, run what is inside, leave it."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in self.inline(g, states, inside, place)}
        found: Outcomes = set()
        entered: States = set()
        for state in states:
            how = (
                raising(state) | {Outcome(NEXT, state)}
                if value is None
                else self.flow.effects.entering(value, self.frame, enter, state, is_async=is_async)
            )
            entered |= {o.state for o in how if o.kind == NEXT}
            found |= {o._replace(place=place) for o in how if o.kind == RAISE}
        for outcome in inside(entered):
            found |= self.leave(value, source, outcome, place, exit_node=exit_node, is_async=is_async)
        return found

    def around(self, value: Value, states: States, inside: Continuation, place: Place) -> Outcomes:
        """Run something inside of a context manager that is used as a decorator."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in self.inline(g, states, inside, place)}
        found: Outcomes = set()
        entered: States = set()
        for state in states:
            how = self.flow.effects.method_of(value, "__enter__", state)
            entered |= {o.state for o in how if o.kind == NEXT}
            found |= {o._replace(place=place) for o in how if o.kind == RAISE}
        for outcome in inside(entered):
            found |= self.leave(value, (self.frame, 0), outcome, place)
        return found

    # --- leaving

    def leave(
        self, value: Value | None, source: Source, outcome: Outcome, place: Place, *, exit_node: int = -1, is_async: bool = False
    ) -> Outcomes:
        """How code that ended in this way goes on when a context manager around it has been left."""
        generators = generators_of(value)
        if generators:
            return {o for g in generators for o in self.resume(g, outcome, place)}
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
        edges = self.frame.edges.get(exit_node) if exit_node >= 0 else None
        holders = [value.info, *(agreeing(self.engine, value) if is_declared(value.site) else [])]
        functions: dict[Value, None] = {}
        for info in holders:
            held = members(self.engine, info, name)
            functions.update(dict.fromkeys(held[1] if held is not None else []))
        frames = {f: None for v in functions if isinstance(v, Function) for f in self.flow.frames_of(v, edges)}
        passed: Outcomes = set()
        failed: Outcomes = set()
        for frame in frames:
            may_swallow, may_pass = self._answers(frame)
            for after in self.flow.enter(frame, outcome.state, "exc" if outcome.kind == RAISE else "ok"):
                if after.kind == RAISE:
                    failed.add(after._replace(place=place))
                    continue
                if outcome.kind == RAISE and may_swallow:
                    passed.add(Outcome(NEXT, after.state))
                if outcome.kind != RAISE or may_pass:
                    passed.add(outcome._replace(state=after.state))
        return _left(passed, failed, outcome) if frames else {outcome}

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
        if not (isinstance(context.site, tuple) and context.site[-1] == "context" and self._is_closing(context.site)):
            return {outcome}
        bound: list[Value] = []
        for value in containers.elements(self.engine, context):
            for name in ("close", "aclose"):
                held = members(self.engine, value.info, name) if isinstance(value, Instance) else None
                bound += [self.engine.make(Method, f, value) for f in held[1]] if held is not None else []
        return self._called(bound, outcome, place)

    def _is_closing(self, site: Any) -> bool:
        frame, node = site[0], site[1]
        callees = self.engine.read(frame, frame.body.nodes[node][1]) if frame.body.nodes[node][0] == "call" else []
        return any(isinstance(v, External) and v.path in ("contextlib.closing", "contextlib.aclosing") for v in callees)

    def _called(self, values: list[Value], outcome: Outcome, place: Place) -> Outcomes:
        """Code that ended in this way is followed by a call of one of the values."""
        how = self.flow.effects.one_of(values, None, outcome.state, drive=True)
        if how is None:
            return {outcome}
        passed = {outcome._replace(state=o.state) for o in how if o.kind == NEXT}
        return _left(passed, {o._replace(place=place) for o in how if o.kind == RAISE}, outcome)

    def _swallow(self, source: Source, outcome: Outcome) -> Outcomes:
        frame, node = source
        call = frame.body.nodes[node]
        values = [v for _, part in call[2] for v in self.engine.read(frame, part)] if call[0] == "call" else []
        assert outcome.exc is not None
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
                {o for g in generators for o in self._until_yield(g, state)}
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

    # --- generators

    def inline(self, generator: Frame, states: States, inside: Continuation, place: Place, *, resumed: bool = False) -> Outcomes:
        """Walk the generator behind a context manager, with the code inside the ``with`` at its ``yield``.

        Args:
            generator: its frame.
            states: the states in which it is entered.
            inside: walks what is inside the ``with``.
            place: stands for every place in the generator.
            resumed: whether it was entered before, so that what it does before its ``yield`` does not count.
        """
        if generator in self.flow.inlined:
            return {o for s in states for o in (Outcome(NEXT, s), *raising(s, place))}
        walker = self.flow.walker(generator, place=place)

        def on_yield(reached: States, _: Place) -> Walked:
            after: States = set()
            others: Outcomes = set()
            for state in reached:
                flags, pending = state.outer[-1]
                if pending is not None:
                    others |= raising(state, place)  # it yields a second time
                    continue
                for outcome in inside({state._replace(flags=flags, outer=state.outer[:-1])}):
                    ended = Pending(outcome.kind, outcome.place, outcome.exc, outcome.explicit)
                    within = outcome.state._replace(flags=state.flags, outer=(*outcome.state.outer, (outcome.state.flags, ended)))
                    if outcome.kind == RAISE:
                        others.add(outcome._replace(state=within))
                    else:
                        after.add(within)
            return after, others

        walker.on_yield = on_yield
        self.flow.inlined.append(generator)
        outcomes = walker.run({s._replace(flags=walker.variables.initial, outer=(*s.outer, (s.flags, None))) for s in states})
        self.flow.inlined.pop()
        return {
            o for outcome in outcomes if not resumed or outcome.state.outer[-1][1] is not None for o in _ended(outcome, place)
        }

    def resume(self, generator: Frame, outcome: Outcome, place: Place) -> Outcomes:
        """The rest of a generator that was entered elsewhere, when the code at its ``yield`` ended in this way."""
        return self.inline(generator, {outcome.state}, lambda _: {outcome}, place, resumed=True) or {outcome}

    def _until_yield(self, generator: Frame, state: State) -> Outcomes:
        """Entering a generator: what it does before its ``yield``."""
        walker = self.flow.walker(generator)
        reached: Outcomes = set()

        def on_yield(states: States, _: Place) -> Walked:
            reached.update(Outcome(NEXT, s._replace(flags=state.flags)) for s in states)
            return set(), set()

        walker.on_yield = on_yield
        outcomes = walker.run({state._replace(flags=walker.variables.initial)})
        return reached | {o._replace(state=o.state._replace(flags=state.flags)) for o in outcomes if o.kind == RAISE}


def generators_of(value: Value | None) -> list[Frame]:
    """The generators behind a context manager made by ``contextmanager``."""
    if (
        not isinstance(value, Box)
        or value.kind != "context"
        or not isinstance(value.site, tuple)
        or not isinstance(value.site[-1], Maker)
    ):
        return []
    frame, node = value.site[0], value.site[1]
    return [f for f in frame.edges.get(node, ()) if f.body.is_generator]


def is_decorator(engine: Engine, value: Value) -> bool:
    """Whether a value that decorates a function is a context manager around its calls."""
    if isinstance(value, Instance):
        linearise(engine, value.info)
        return not {"contextlib.ContextDecorator", "contextlib.AsyncContextDecorator"}.isdisjoint(value.info.externals)
    return bool(generators_of(value))


def _ended(outcome: Outcome, place: Place) -> Outcomes:
    """The outcome of a ``with`` whose generator ended in this way."""
    flags, pending = outcome.state.outer[-1]
    state = outcome.state._replace(flags=flags, outer=outcome.state.outer[:-1])
    if outcome.kind == RAISE:
        return {outcome._replace(state=state)}
    if pending is None:
        return raising(state, place)  # it has not yielded
    if pending.kind == RAISE:
        return {Outcome(NEXT, state)}  # it has swallowed the exception
    return {Outcome(pending.kind, state, pending.place, pending.exc, pending.explicit)}


def _left(passed: Outcomes, failed: Outcomes, before: Outcome) -> Outcomes:
    """An exit that can meet the obligation does so on the way out: its exceptions before that are disregarded, as in a ``finally``."""
    if before.state.status == OWED and any(o.state.status == MET for o in passed | failed):
        failed = {o for o in failed if not is_disregarded(o)}
    return passed | failed
