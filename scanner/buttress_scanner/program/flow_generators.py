"""Generators behind context managers: they are walked in their place, with the body of the ``with`` at their ``yield``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.flow_state import NEXT, RAISE, Exc, Outcome, Pending, Place, State, raising
from buttress_scanner.program.values import Box, Maker, Value

if TYPE_CHECKING:
    from buttress_scanner.program.flow import Flow
    from buttress_scanner.program.flow_walk import Walked
    from buttress_scanner.program.frames import Frame

NESTED = 4
"""A context manager is entered inside of itself this often; what goes deeper is recursion."""
_STRAY = Exc("builtins.RuntimeError", exact=True)
"""What `contextmanager` makes of a generator that does not yield once."""
States = set[State]
Outcomes = set[Outcome]
Continuation = Callable[[States], Outcomes]


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


@dataclass(frozen=True, slots=True)
class _Inside:
    """What happens at the ``yield`` of a context manager: the code inside its ``with`` runs."""

    inside: Continuation
    place: Place

    def __call__(self, reached: States, _: Place) -> Walked:
        after: States = set()
        others: Outcomes = set()
        for state in reached:
            if state.outer[-1][1] is not None:
                others.add(Outcome(RAISE, state, self.place, _STRAY))  # it yields a second time
                continue
            for outcome in self.inside({state._replace(flags=state.outer[-1][0], outer=state.outer[:-1])}):
                ended = Pending(outcome.kind, outcome.place, outcome.exc, outcome.explicit)
                within = outcome.state._replace(flags=state.flags, outer=(*outcome.state.outer, (outcome.state.flags, ended)))
                if outcome.kind == RAISE:
                    others.add(outcome._replace(state=within))
                else:
                    after.add(within)
        return after, others


def inline(
    flow: Flow, generator: Frame, states: States, inside: Continuation, place: Place, *, resumed: bool = False
) -> Outcomes:
    """Walk the generator behind a context manager, with the code inside the ``with`` at its ``yield``.

    Args:
        flow: the analysis.
        generator: its frame.
        states: the states in which it is entered.
        inside: walks what is inside the ``with``.
        place: stands for every place in the generator.
        resumed: whether it was entered before, so that what it does before its ``yield`` does not count.
    """
    if flow.inlined.count(generator) >= NESTED:
        return {o for s in states for o in (Outcome(NEXT, s), *raising(s, place))}
    walker = flow.walker(generator, place=place)
    walker.on_yield = _Inside(inside, place)
    flow.inlined.append(generator)
    outcomes = walker.run({s._replace(flags=walker.variables.initial, outer=(*s.outer, (s.flags, None))) for s in states})
    flow.inlined.pop()
    return {o for outcome in outcomes if not resumed or outcome.state.outer[-1][1] is not None for o in _ended(outcome, place)}


def resume(flow: Flow, generator: Frame, outcome: Outcome, place: Place) -> Outcomes:
    """The rest of a generator that was entered elsewhere, when the code at its ``yield`` ended in this way."""
    return inline(flow, generator, {outcome.state}, lambda _: {outcome}, place, resumed=True) or {outcome}


def until_yield(flow: Flow, generator: Frame, state: State) -> Outcomes:
    """Entering a generator: what it does before its ``yield``."""
    walker = flow.walker(generator)
    reached: Outcomes = set()

    def on_yield(states: States, _: Place) -> Walked:
        reached.update(Outcome(NEXT, s._replace(flags=state.flags)) for s in states)
        return set(), set()

    walker.on_yield = on_yield
    outcomes = walker.run({state._replace(flags=walker.variables.initial)})
    return reached | {o._replace(state=o.state._replace(flags=state.flags)) for o in outcomes if o.kind == RAISE}


def _ended(outcome: Outcome, place: Place) -> Outcomes:
    """The outcome of a ``with`` whose generator ended in this way."""
    flags, pending = outcome.state.outer[-1]
    state = outcome.state._replace(flags=flags, outer=outcome.state.outer[:-1])
    if outcome.kind == RAISE:
        return {outcome._replace(state=state)}
    if pending is None:
        return {Outcome(RAISE, state, place, _STRAY)}  # it has not yielded
    if pending.kind == RAISE:
        return {Outcome(NEXT, state)}  # it has swallowed the exception
    return {Outcome(pending.kind, state, pending.place, pending.exc, pending.explicit)}
