"""Which kinds of command there are and what each may be given: the only configuration of the engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from buttress_runtime.planning.errors import PlanInputError
from buttress_runtime.planning.frozen import JsonValue, canonical_bytes, freeze, thaw

__all__ = ("CommandCatalog", "CommandRule", "JsonScalar", "ParameterRule", "ParameterType")

ParameterType: TypeAlias = Literal["string", "integer", "number", "boolean", "array", "object", "any"]
"""What a parameter may hold."""

JsonScalar: TypeAlias = bool | int | float | str | None
"""A JSON value without members."""

_TYPES: tuple[ParameterType, ...] = get_args(ParameterType)
_RANGED: tuple[ParameterType, ...] = ("integer", "number", "any")


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """What one parameter must look like.

    Attributes:
        name: The parameter's key.
        type: Its JSON type; a float without a fraction is an integer, `null` fits only `any`.
        required: Whether it must be present.
        allowed: The values it may have, or None for all of its type. 1 and true are different values, 1 and 1.0 are the same.
        minimum: Smallest number, inclusive; values that are no numbers are not compared.
        maximum: Largest number, inclusive.
    """

    name: str
    type: ParameterType
    required: bool = False
    allowed: tuple[JsonScalar, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _string(self.name, "/name"))
        if self.type not in _TYPES:
            raise PlanInputError("/type", f"not a parameter type; the types are {', '.join(_TYPES)}")
        if not isinstance(self.required, bool):
            raise PlanInputError("/required", "neither true nor false")
        object.__setattr__(self, "allowed", _scalars(self.allowed))
        for bound in ("minimum", "maximum"):
            object.__setattr__(self, bound, _bound(getattr(self, bound), f"/{bound}", self.type))
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise PlanInputError("/minimum", "greater than the maximum, so that nothing fits")

    def to_json(self) -> dict[str, JsonValue]:
        """Give the rule as a JSON object."""
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "allowed": thaw(self.allowed),
            "minimum": self.minimum,
            "maximum": self.maximum,
        }


@dataclass(frozen=True, slots=True)
class CommandRule:
    """What one kind of command may be given; parameters are kept in the order of their names.

    Attributes:
        kind: The kind's name.
        parameters: One rule for each parameter the kind knows.
        min_inputs: Fewest input paths.
        max_inputs: Most input paths, or None for no limit.
        min_outputs: Fewest output paths.
        max_outputs: Most output paths, or None for no limit.
    """

    kind: str
    parameters: tuple[ParameterRule, ...] = ()
    min_inputs: int = 0
    max_inputs: int | None = None
    min_outputs: int = 0
    max_outputs: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _string(self.kind, "/kind"))
        parameters = tuple(self.parameters)
        for index, rule in enumerate(parameters):
            if not isinstance(rule, ParameterRule):
                raise PlanInputError(f"/parameters/{index}", f"a ParameterRule is needed, not {type(rule).__name__}")
        object.__setattr__(self, "parameters", tuple(sorted((replace(rule) for rule in parameters), key=lambda rule: rule.name)))
        _unique(tuple(rule.name for rule in self.parameters), "/parameters")
        _limits(self.min_inputs, self.max_inputs, "inputs")
        _limits(self.min_outputs, self.max_outputs, "outputs")

    def to_json(self) -> dict[str, JsonValue]:
        """Give the rule as a JSON object."""
        return {
            "kind": self.kind,
            "parameters": [rule.to_json() for rule in self.parameters],
            "min_inputs": self.min_inputs,
            "max_inputs": self.max_inputs,
            "min_outputs": self.min_outputs,
            "max_outputs": self.max_outputs,
        }


@dataclass(frozen=True, slots=True)
class CommandCatalog:
    """The rules of all kinds, sorted by kind, each kind once. The rules are copied, so that nobody else holds them."""

    rules: tuple[CommandRule, ...]

    def __post_init__(self) -> None:
        rules = tuple(self.rules)
        for index, rule in enumerate(rules):
            if not isinstance(rule, CommandRule):
                raise PlanInputError(f"/rules/{index}", f"a CommandRule is needed, not {type(rule).__name__}")
        object.__setattr__(self, "rules", tuple(sorted((replace(rule) for rule in rules), key=lambda rule: rule.kind)))
        _unique(tuple(rule.kind for rule in self.rules), "/rules")

    @property
    def digest(self) -> str:
        """Digest the canonical JSON of the sorted rules: two catalogs with the same rules have the same digest."""
        return hashlib.sha256(canonical_bytes([rule.to_json() for rule in self.rules])).hexdigest()


def _string(value: object, pointer: str) -> str:
    frozen = freeze(value, pointer)
    if not isinstance(frozen, str) or not frozen:
        raise PlanInputError(pointer, "a text of at least one character is needed")
    return frozen


def _scalars(values: object) -> tuple[JsonScalar, ...] | None:
    if values is None:
        return None
    if not isinstance(values, (tuple, list)):
        raise PlanInputError("/allowed", "a tuple of values is needed, or None for all values")
    return tuple(_scalar(value, f"/allowed/{index}") for index, value in enumerate(values))


def _scalar(value: object, pointer: str) -> JsonScalar:
    if value is None or isinstance(value, (bool, int, float, str)):
        frozen = freeze(value, pointer)
        if frozen is None or isinstance(frozen, (bool, int, float, str)):
            return frozen
    raise PlanInputError(pointer, f"text, a number, true, false or null is needed, not {type(value).__name__}")


def _bound(value: object, pointer: str, parameter: ParameterType) -> int | float | None:
    frozen = _scalar(value, pointer)
    if frozen is None:
        return None
    if isinstance(frozen, (bool, str)):
        raise PlanInputError(pointer, "a number is needed, or None for no bound")
    if parameter not in _RANGED:
        raise PlanInputError(pointer, f"a parameter of type {parameter} has no range", "Use type number, integer or any.")
    return frozen


def _limits(least: object, most: object, noun: str) -> None:
    for name, count in ((f"/min_{noun}", least), (f"/max_{noun}", 0 if most is None else most)):
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise PlanInputError(name, "a whole number of 0 or more is needed")
        freeze(count, name)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        raise PlanInputError(f"/min_{noun}", f"greater than max_{noun}, so that no number fits")


def _unique(names: tuple[str, ...], pointer: str) -> None:
    for index in range(1, len(names)):  # the names are sorted
        if names[index] == names[index - 1]:
            raise PlanInputError(pointer, f"{names[index][:60]!r} is given twice")
