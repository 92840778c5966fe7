"""The table of moves between the lifecycle states of a plugin (execution section 3, TR-42)."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from buttress_runtime.execution.errors import InvalidTransition
from buttress_runtime.execution.plugin import PluginLifecycle as State

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("TRANSITIONS", "LifecycleEvent", "move", "reachable")


class LifecycleEvent(StrEnum):
    """What can happen to a plugin."""

    DISCOVERED = "discovered"
    IMPORT_FAILED = "import failed or timed out"
    DEPENDENCY_MISSING = "declared dependency missing"
    INITIALISED = "initialise ok"
    INITIALISE_FAILED = "initialise raised"
    CALL_BEGAN = "call begins"
    LAST_CALL_ENDED = "last active call ends"
    POLICY_MET = "failure policy met"
    DEPENDENCY_LOST = "dependency lost"
    WITHHELD = "disabled or withheld"
    RELOADED = "reload"


_E = LifecycleEvent

TRANSITIONS: Final[Mapping[tuple[State | None, LifecycleEvent], State]] = MappingProxyType(
    {
        (None, _E.DISCOVERED): State.LOADED,
        (None, _E.IMPORT_FAILED): State.FAILED,
        (None, _E.DEPENDENCY_MISSING): State.UNAVAILABLE,
        (State.LOADED, _E.DEPENDENCY_MISSING): State.UNAVAILABLE,
        (State.LOADED, _E.INITIALISED): State.INITIALIZED,
        (State.LOADED, _E.INITIALISE_FAILED): State.FAILED,
        (State.INITIALIZED, _E.CALL_BEGAN): State.RUNNING,
        (State.RUNNING, _E.LAST_CALL_ENDED): State.INITIALIZED,
        (State.RUNNING, _E.POLICY_MET): State.FAILED,
        (State.INITIALIZED, _E.POLICY_MET): State.FAILED,
        (State.INITIALIZED, _E.DEPENDENCY_LOST): State.UNAVAILABLE,
        **{(state, _E.WITHHELD): State.UNAVAILABLE for state in State},
        (State.FAILED, _E.RELOADED): State.LOADED,
        (State.UNAVAILABLE, _E.RELOADED): State.LOADED,
    }
)


def move(state: State | None, event: LifecycleEvent) -> State:
    """Return the state that an event leads to.

    Raises:
        InvalidTransition: The table has no such move.
    """
    following = TRANSITIONS.get((state, event))
    if following is None:
        lawful = sorted(str(known) for known, known_event in TRANSITIONS if known_event is event and known is not None)
        raise InvalidTransition(
            f"a plugin that is {state or 'unknown'} has no move by '{event}'; it needs to be {' or '.join(lawful) or 'new'}"
        )
    return following


def reachable(state: State, wanted: State) -> bool:
    """Return whether some event leads from a state to another."""
    return any(known is state and following is wanted for (known, _), following in TRANSITIONS.items())
