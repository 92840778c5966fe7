"""What a walk along the paths of a body keeps track of: states, places, and the ways of leaving a piece of code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.frames import ClassInfo, Frame
    from buttress_scanner.program.values import Value

IDLE = "idle"
"""The obligation has not started."""
OWED = "owed"
MET = "met"

NEXT = "next"
RETURN = "return"
RAISE = "raise"
BREAK = "break"
CONTINUE = "continue"

EXPLICIT_RETURN = 1
EXPLICIT_RAISE = 2
STATEMENT = 3
END = 4

Flag = Any
"""What is known of a local variable: a letter of `flow_flags`, or ``("=", constant)``."""


Status = Any
"""How it stands with the obligation, one of the words above; other analyses of paths keep here what they follow."""


class Place(NamedTuple):
    """Where a way out begins; the smaller ``rank``, the sooner a finding stands there."""

    rank: int
    span: Span


class Exc(NamedTuple):
    """An exception: of a library class (its path), of a project class, or ``"*"``: anything that is no `Exception`."""

    key: str | ClassInfo
    exact: bool = False


class Promise(NamedTuple):
    """A call registered at a node with an exit stack, to be run when the stack is left."""

    stack: Value
    frame: Frame
    node: int


class Pending(NamedTuple):
    """How the body of a ``with`` ended, while the generator behind it goes on."""

    kind: str
    place: Place | None
    exc: Exc
    explicit: bool


class State(NamedTuple):
    """A state at one point of a path."""

    status: Status
    flags: tuple[Flag, ...] = ()
    promises: tuple[Promise, ...] = ()
    origin: Place | None = None
    """The exit of the judged function through which a wrapper around it was reached."""
    outer: tuple[tuple[tuple[Flag, ...], Pending | None], ...] = ()
    """Flags of the code around a generator that is walked in its place, and how the code at its ``yield`` ended."""


class Outcome(NamedTuple):
    """One way in which a piece of code may end."""

    kind: str
    state: State
    place: Place | None = None
    exc: Exc = Exc("*")
    """For exceptions: what is raised."""
    explicit: bool = False
    """For exceptions: raised by a ``raise`` or ``assert``, rather than by something that may raise."""


ANYTHING = (Exc("builtins.Exception"), Exc("*"))
"""Whatever an unknown call may raise."""


def met(state: State) -> State:
    """The state after the obligation has been executed; before its start that has no meaning."""
    return state._replace(status=MET) if state.status == OWED else state


def common_promises(states: Iterable[State]) -> tuple[Promise, ...]:
    """The promises that all of the states have, in the order of one of them."""
    kinds = {s.promises for s in states}
    common = set.intersection(*map(set, kinds))
    return tuple(sorted(common, key=_registered))


def joined(states: set[State]) -> set[State]:
    """The states, told apart by everything but their promises."""
    alike: dict[State, list[State]] = {}
    for state in states:
        alike.setdefault(state._replace(promises=()), []).append(state)
    return {key._replace(promises=common_promises(others)) for key, others in alike.items()}


def _registered(promise: Promise) -> tuple[str, int, int]:
    return promise.frame.unit.name, promise.frame.body.index, promise.node


def raising(state: State, place: Place | None = None) -> set[Outcome]:
    """The outcomes of code that may raise anything in this state."""
    return {Outcome(RAISE, state, place, exc) for exc in ANYTHING}


def nothing(state: State) -> set[Outcome]:
    """The outcome of code that has no part in the matter and cannot raise."""
    return {Outcome(NEXT, state)}


def unknown(state: State) -> set[Outcome]:
    """The outcomes of code of which nothing is known."""
    return {Outcome(NEXT, state), *raising(state)}
