"""The walk over statements, with what tests, patterns and assignments say of the states of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.flow_generators import Continuation, Outcomes, generators_of, inline
from buttress_scanner.program.flow_state import EXPLICIT_RETURN, RETURN, STATEMENT, Outcome, State
from buttress_scanner.program.flow_walk import States as Reached
from buttress_scanner.program.flow_walk import Walked, Walker
from buttress_scanner.program.flow_with import Contexts
from buttress_scanner.program.states_model import (
    RESULT,
    Held,
    Same,
    Spot,
    Status,
    ended_early,
    is_note,
    merged,
    put,
    resolved,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.flow_flags import Variables
    from buttress_scanner.program.flow_regions import Arm
    from buttress_scanner.program.flow_state import Place
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states import States
    from buttress_scanner.program.values import Instance, Value

WIDTH = 24
"""Of more states behind a statement, those that differ only by the states of objects become one."""


def joined(states: Iterable[State]) -> Reached:
    """The states, those that differ by nothing but what is known of objects as one."""
    alike: dict[State, list[Status]] = {}
    for state in states:
        alike.setdefault(state._replace(status=isinstance(state.status, str)), []).append(state.status)
    return {k._replace(status=found[0] if k.status else merged(found)) for k, found in alike.items()}


class StateWalker(Walker):
    """Walks one frame."""

    def __init__(self, flow: States, frame: Frame, variables: Variables, fixed: Place | None = None) -> None:
        super().__init__(flow, frame, variables, fixed)
        self.states = flow
        self._shared = flow.places.captured(frame)
        self._stores: dict[Span, list[tuple[str, int]]] = {}
        for span, name, node in frame.body.stores:
            self._stores.setdefault(span, []).append((name, node))

    def block(self, tree: list[Any], states: Reached) -> Walked:
        """Walk statements in order; too many states become fewer."""
        outcomes: set[Outcome] = set()
        for entry in tree:
            if not states:
                break
            states, others = super().block([entry], states)
            states = self._settled(states)
            outcomes |= others
            if len(states) > WIDTH:
                states = joined(states)
        return states, outcomes

    def _each(self, states: Reached, change: Callable[[Status], set[Status]]) -> Reached:
        return {
            s if isinstance(s.status, str) or after == s.status else s._replace(status=after)
            for s in states
            for after in ({s.status} if isinstance(s.status, str) else change(s.status))
        }

    # --- short circuits, conditional expressions, comprehensions

    def _arm(self, arm: Arm, states: Reached, place: Place) -> Walked:
        index = arm.start
        outcomes: set[Outcome] = set()
        for region in arm.inside:
            states, others = self._straight(index, region.start, states, place)
            outcomes |= others
            tests = self.states.conditions.tests(self.body, region)
            stops = not region.must_run and tests[0] is not None
            after: Reached = set() if region.must_run else self._held(states, tests[0], truth=False, noted=stops)
            for part, test in zip(region.arms, tests, strict=True):
                if not self._is_unrun_generator(part):
                    done, others = self._arm(part, self._held(states, test, truth=True, noted=stops), place)
                    after |= done
                    outcomes |= others
            states, index = after, region.end
        states, others = self._straight(index, arm.end, states, place)
        return states, outcomes | others

    def _held(self, states: Reached, test: tuple[int, bool] | None, *, truth: bool, noted: bool) -> Reached:
        """The states in which the test of a part that may be skipped has come out so; what ended early is noted till the end."""
        if test is None:
            return set(states)
        node, wanted = test[0], test[1] is truth
        states = self._assumed(states, node, truth=wanted)
        if not noted:
            return states
        spot, outcome = ended_early(self.frame, self.body.nodes[node][1]), self.flow.engine.const(wanted)
        return self._each(states, lambda status: {put(status, spot, Held(frozenset((outcome,)), sure=True))})

    def _straight(self, start: int, end: int, states: Reached, place: Place) -> Walked:
        outcomes: set[Outcome] = set()
        for test in self.states.conditions.filters(self.body, start, end):
            states, others = super()._straight(start, test + 1, states, place)
            states, start = self._assumed(states, test, truth=True), test + 1
            outcomes |= others
        states, others = super()._straight(start, end, states, place)
        return states, outcomes | others

    # --- assignments

    def assign(self, states: Reached, span: Span) -> Reached:
        """Note what the assignments of the statement make known."""
        return self._bound(super().assign(states, span), span)

    def _bound(self, states: Reached, span: Span) -> Reached:
        for name, node in self._stores.get(span, ()):
            if name in self.states.places.choices(self.frame):
                states = self._each(states, lambda status, name=name, node=node: self._chosen(status, name, node))  # type: ignore[misc]
            if name in self.states.places.variables(self.frame) or name in self._shared:
                states = self._each(states, lambda status, name=name, node=node: self._assigned(status, name, node))  # type: ignore[misc]
        return states

    def _chosen(self, status: Status, name: str, node: int) -> set[Status]:
        """A variable holds a state, or something else."""
        spot = Spot((self.frame, name))
        return {
            without(s, spot.holds) if held is None else put(s, spot, held)
            for s, held in self.states.values.written(self.frame, node, status)
        }

    def _assigned(self, status: Status, name: str, node: int) -> set[Status]:
        places, found = self.states.places, set()
        for settled in places.chosen(self.frame, node, name, status):
            target = places.found(self.frame, node, settled)
            after = settled
            if name in places.variables(self.frame):
                after = places.assigned(self.frame, name, after, node)
            if name in self._shared:
                spot = Spot(("variable", self.body, name))
                after = put(without(after, spot.holds), spot, Same(target)) if places.is_tracked(self.frame, node) else after
            found.add(after)
        return found

    # --- tests

    def _split(self, states: Reached, test: int) -> tuple[Reached, Reached]:
        first, second = super()._split(states, test)
        return self._settled(self._assumed(first, test, truth=True)), self._settled(self._assumed(second, test, truth=False))

    def _settled(self, states: Reached) -> Reached:
        """The states behind an expression: which of its parts were skipped does not matter any more."""
        return self._each(states, lambda status: {without(status, is_note)})

    def _assumed(self, states: Reached, test: int, *, truth: bool) -> Reached:
        return self._each(states, lambda status: self.states.values.assume(self.frame, test, status, truth=truth))

    def _match(self, entry: list[Any], states: Reached) -> Walked:
        span, start, end, cases = entry[1:5]
        place = self.place(STATEMENT, span)
        states, outcomes = self.nodes(start, end, states, place)
        after: Reached = set()
        for irrefutable, first, last, tree in cases:
            entered = {s._replace(flags=self.variables.forget(s.flags, span)) for s in states}
            for index in range(first, last):
                if self.body.nodes[index][0] not in ("item", "unpack"):
                    entered, others = self.node(index, entered, place)
                    outcomes |= others
            entered, left = self._case(first, last, entered, states)
            states = set() if irrefutable else left
            reached, others = self.block(tree, self._bound(entered, span))
            after |= reached
            outcomes |= others
        return after | states, outcomes

    def _case(self, first: int, last: int, entered: Reached, before: Reached) -> tuple[Reached, Reached]:
        """The states in which a case fits, and those in which it does not."""
        nodes = self.body.nodes
        wanted: dict[int, list[int]] = {}
        is_simple = True
        for index in range(first, last):
            if nodes[index][0] == "narrow" and nodes[index][1] in ("eq", "is") and nodes[index][2]:
                wanted.setdefault(self.states.places.leaves(self.frame, nodes[index][3])[0], []).append(nodes[index][4])
            elif nodes[index][0] in ("truth", "matchpos") or nodes[index][:3] == ("narrow", "isinstance", True):
                is_simple = False
        left = before
        for subject, others in wanted.items():
            entered = self._among(entered, subject, others, truth=True)
        if len(wanted) == 1 and is_simple:
            ((subject, others),) = wanted.items()
            left = self._among(before, subject, others, truth=False)
        tests = [i for i in range(first, last) if nodes[i][0] == "truth"]
        if tests:
            entered = self._assumed(entered, tests[-1], truth=True)
        return entered, left

    def _among(self, states: Reached, node: int, others: list[int], *, truth: bool) -> Reached:
        return self._each(states, lambda status: self.states.values.among(self.frame, node, others, status, truth=truth))

    # --- loops and leaving

    def _test(self, entry: list[Any], states: Reached) -> tuple[Reached, Reached, set[Outcome]]:
        if entry[0] == "while":
            states = self._each(states, lambda status: {self.states.places.next_round(self.frame, entry[2], status)})
        return super()._test(entry, states)

    def before_round(self, before: Reached, after: Reached) -> Reached:
        """The states in which a round begins: with an object that the step has given."""
        return after

    def _return(self, entry: list[Any], states: Reached) -> Walked:
        span, start, end, value = entry[1:5]
        states, outcomes = self.nodes(start, end, states, self.place(STATEMENT, span))
        states = self._each(states, lambda status: self._given_back(value, status))
        return set(), outcomes | {Outcome(RETURN, s, self.place(EXPLICIT_RETURN, span)) for s in states}

    def _given_back(self, value: int, status: Status) -> set[Status]:
        """The statuses that say what is given back: the outcome of a test, a plain value, an object."""
        values, places = self.states.values, self.states.places
        node = self.body.nodes[value]
        if node[0] == "phi" and len(node) == 2 and len(node[1]) == 1:
            return self._given_back(node[1][0], status)
        if values.is_test(self.frame, value):
            return {
                put(s, RESULT, Held(frozenset((self.flow.engine.const(truth),)), sure=True))
                for truth in (True, False)
                for s in values.assume(self.frame, value, status, truth=truth)
            }
        found: set[Status] = set()
        for settled in places.settled(self.frame, value, status):
            for chosen, held in values.written(self.frame, value, settled):
                if values.subject(self.frame, value, chosen) is None and held is not None and len(held.values) <= _MANY:
                    apart = [frozenset((v,)) for v in held.values] if held.sure else [held.values]
                    found |= {put(chosen, RESULT, Held(values, held.sure)) for values in apart}
                else:
                    found.add(put(chosen, RESULT, Same(places.found(self.frame, value, chosen))))
        return found or {status}

    def _with(self, entry: list[Any], states: Reached) -> Walked:
        return StateContexts(self).walk(entry, states)


_MANY = 8


class StateContexts(Contexts):
    """Context managers, which are given the objects of their ``with``."""

    def __init__(self, walker: StateWalker) -> None:
        super().__init__(walker)
        self.states = walker.states

    def _through(self, value: Value | None, where: Any, states: Reached, inside: Continuation) -> Outcomes:
        generators = generators_of(value)
        if not generators:
            return super()._through(value, where, states, inside)
        found: Outcomes = set()
        for generator in generators:
            self.states.inlined_at[self.frame, generator] = where.context
            found |= inline(self.states, generator, {self._handed(generator, where, s) for s in states}, inside, where.place)
        gone = set(generators)
        return {o if isinstance(o.state.status, str) else _clean(o, gone) for o in found}

    def _handed(self, generator: Frame, where: Any, state: State) -> State:
        """The parameters of a generator that is walked in place of its call are the arguments of that call."""
        if isinstance(state.status, str):
            return state
        status: Status = state.status
        places, binding = self.states.places, self.states.binding
        for target, part in binding.given(self.frame, where.context, generator, status):
            source = places.found(self.frame, part, status)
            held = self.states.values.held(self.frame, part, status)
            status = put(status, target, held if held is not None else Same(resolved(status, source)))
        yielded = [n for n in generator.body.yields if places.is_tracked(generator, n)]
        if len(yielded) == 1:
            status = put(status, Spot((self.frame, where.enter)), Same(places.found(generator, yielded[0], status)))
        return state._replace(status=status)

    def _exits(self, value: Instance, state: State, mode: str, exit_node: int, name: str) -> Any:
        outer = self.states.current
        if exit_node >= 0 and not isinstance(state.status, str):
            self.states.current = (self.frame, exit_node, state.status)
        ways = super()._exits(value, state, mode, exit_node, name)
        self.states.visit()
        self.states.current = outer
        return ways


def _clean(outcome: Outcome, gone: set[Frame]) -> Outcome:
    status = without(outcome.state.status, lambda spot: spot.root[0] in gone)
    return outcome._replace(state=outcome.state._replace(status=status))
