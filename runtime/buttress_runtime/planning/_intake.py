"""The door of planning: shape, limits and copies of what a caller gives (planning section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from buttress_runtime.planning.errors import PlanInputError, PlanTooLarge
from buttress_runtime.planning.frozen import FrozenObject, Meter, canonical_bytes, extend, freeze, freeze_object
from buttress_runtime.planning.request import JobCommand, PlanRequest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_COMMANDS = 10_000
MAX_COMMAND_BYTES = 64 * 1024
MAX_REQUEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """A command that has the right shape and belongs to planning alone; `depends_on` is sorted and unique."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: FrozenObject
    depends_on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has the right shape and belongs to planning alone."""

    commands: tuple[Command, ...]
    parameters: FrozenObject


def admit_ordinal(ordinal: object) -> int:
    """Check the ordinal of a planning call.

    Raises:
        PlanInputError: It is no int of 1 or more.
    """
    if not isinstance(ordinal, int) or isinstance(ordinal, bool):
        raise PlanInputError(
            "/ordinal", f"a whole number is needed, not {type(ordinal).__name__}", "Count your planning calls from 1."
        )
    if ordinal < 1:
        raise PlanInputError("/ordinal", "ordinals begin at 1", "Count your planning calls from 1.")
    number = freeze(ordinal, "/ordinal")
    return number if isinstance(number, int) else ordinal


def admit(request: object) -> Request:
    """Check the shape and size of a request and copy it.

    Raises:
        PlanInputError: A value cannot be part of a plan.
        PlanTooLarge: A limit is exceeded.
    """
    if not isinstance(request, PlanRequest):
        raise PlanInputError("", f"a PlanRequest is needed, not {type(request).__name__}")
    given = _sequence(request.commands, "/commands")
    if len(given) > MAX_COMMANDS:
        raise PlanTooLarge(MAX_COMMANDS, len(given), "/commands", "commands")
    parameters = freeze_object(request.parameters, "/parameters", Meter(MAX_REQUEST_BYTES, "/parameters"))
    size = len(canonical_bytes({"commands": [], "parameters": parameters})) + max(0, len(given) - 1)
    commands = []
    for index, command in enumerate(given):
        admitted, command_size = _command(command, extend("/commands", index))
        size += command_size
        _fits(size, MAX_REQUEST_BYTES, "")
        commands.append(admitted)
    _fits(size, MAX_REQUEST_BYTES, "")
    return Request(tuple(commands), parameters)


def _command(command: object, pointer: str) -> tuple[Command, int]:
    if not isinstance(command, JobCommand):
        raise PlanInputError(pointer, f"a JobCommand is needed, not {type(command).__name__}")
    meter = Meter(MAX_COMMAND_BYTES, pointer)
    kind = _string(command.kind, extend(pointer, "kind"), meter)
    inputs = _each(command.inputs, extend(pointer, "inputs"), meter, _string)
    outputs = _each(command.outputs, extend(pointer, "outputs"), meter, _string)
    parameters = freeze_object(command.parameters, extend(pointer, "parameters"), meter)
    depends_on = _each(command.depends_on, extend(pointer, "depends_on"), meter, _position)
    form = {"kind": kind, "inputs": inputs, "outputs": outputs, "parameters": parameters, "depends_on": depends_on}
    size = len(canonical_bytes(form))
    _fits(size, MAX_COMMAND_BYTES, pointer)
    return Command(kind, inputs, outputs, parameters, tuple(sorted(set(depends_on)))), size


def _fits(size: int, limit: int, pointer: str) -> None:
    if size > limit:
        raise PlanTooLarge(limit, size, pointer)


def _sequence(values: object, pointer: str) -> tuple[object, ...]:
    if not isinstance(values, (tuple, list)):
        raise PlanInputError(pointer, f"a tuple is needed, not {type(values).__name__}")
    return tuple(values)


def _each(values: object, pointer: str, meter: Meter, read: Callable[[object, str, Meter], T]) -> tuple[T, ...]:
    return tuple(read(value, extend(pointer, index), meter) for index, value in enumerate(_sequence(values, pointer)))


def _string(value: object, pointer: str, meter: Meter) -> str:
    frozen = freeze(value, pointer, meter) if isinstance(value, str) else None
    if not isinstance(frozen, str):
        raise PlanInputError(pointer, f"text is needed, not {type(value).__name__}")
    return frozen


def _position(value: object, pointer: str, meter: Meter) -> int:
    frozen = freeze(value, pointer, meter) if isinstance(value, int) and not isinstance(value, bool) else None
    if not isinstance(frozen, int):
        raise PlanInputError(pointer, f"the number of a command is needed, not {type(value).__name__}")
    return frozen
