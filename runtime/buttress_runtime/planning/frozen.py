"""JSON values that cannot change, and their canonical bytes (planning section 2, RFC 8785).

Numbers have one form: a float without a fraction inside the exact range is stored as an integer, because the canonical bytes of
the two are the same. Larger floats stay floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import rfc8785

from buttress_runtime.planning.errors import PlanInputError, PlanTooLarge

__all__ = (
    "FrozenJson",
    "FrozenObject",
    "JsonValue",
    "Meter",
    "canonical_bytes",
    "copied",
    "extend",
    "freeze",
    "freeze_object",
    "sealed",
    "shown",
    "thaw",
)

FrozenJson: TypeAlias = "bool | int | float | str | tuple[FrozenJson, ...] | MappingProxyType[str, FrozenJson] | None"
"""A JSON value that cannot change; objects have their keys sorted."""

FrozenObject: TypeAlias = MappingProxyType[str, FrozenJson]
"""A JSON object that cannot change."""

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A JSON value of plain, changeable containers."""

_LARGEST_EXACT = 2**53 - 1
_DEEPEST = 64
_LONGEST_SHOWN = 60


def extend(pointer: str, part: str | int) -> str:
    """Append a reference token to a JSON pointer (RFC 6901)."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


class Meter:
    """Counts what a value costs at least as canonical JSON, while it is being copied.

    It stops values that are small in memory but refer to the same parts again and again, before they grow.

    Args:
        limit: The largest size that is accepted, in bytes.
        pointer: What is measured, for errors.
    """

    __slots__ = ("_limit", "_pointer", "_size")

    def __init__(self, limit: int, pointer: str) -> None:
        self._limit = limit
        self._pointer = pointer
        self._size = 0

    def add(self, size: int) -> None:
        """Count some bytes more.

        Raises:
            PlanTooLarge: They are too many. Up to twice the limit passes, so that what is only a little too large can be measured
                exactly by whoever encodes it.
        """
        self._size += size
        if self._size > 2 * self._limit:
            raise PlanTooLarge(self._limit, self._size, self._pointer)


def freeze(value: object, pointer: str, meter: Meter | None = None, depth: int = 1) -> FrozenJson:
    """Copy a JSON value into one that cannot change.

    Args:
        value: None, bool, int, float, str, list, tuple, dict or mapping proxy; subclasses become the plain type.
        pointer: Where the value lies, for errors.
        meter: What counts the size, if it has a limit. Shared references are counted each time they occur.
        depth: Level of the value in its tree; the root is 1.

    Raises:
        PlanInputError: Some value has no canonical form; the error points at it.
        PlanTooLarge: The meter refuses the size.
    """
    if meter is not None:
        meter.add(_least_size(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, pointer)
    if isinstance(value, (int, float)):
        return _number(value, pointer)
    if not isinstance(value, (list, tuple, dict, MappingProxyType)):
        raise PlanInputError(pointer, f"{type(value).__name__} is no JSON value")
    if depth > _DEEPEST:
        raise PlanInputError(pointer, f"nested deeper than {_DEEPEST} levels")
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item, extend(pointer, index), meter, depth + 1) for index, item in enumerate(tuple(value)))
    members = _members(value, pointer, meter)
    return MappingProxyType({name: freeze(members[name], extend(pointer, name), meter, depth + 1) for name in sorted(members)})


def freeze_object(value: object, pointer: str, meter: Meter | None = None) -> FrozenObject:
    """Copy a JSON object into one that cannot change; see `freeze`."""
    frozen = freeze(value, pointer, meter)
    if not isinstance(frozen, MappingProxyType):
        raise PlanInputError(pointer, f"a JSON object is needed, not {type(value).__name__}")
    return frozen


def thaw(value: object) -> JsonValue:
    """Copy a frozen tree, or one of plain containers, into plain containers that belong to the caller."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [thaw(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)  # a state becomes its text
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise PlanInputError("", f"{type(value).__name__} is no JSON value")


def copied(value: FrozenJson) -> FrozenJson:
    """Copy a frozen tree, so that nothing done to the copy's containers reaches the original."""
    if isinstance(value, MappingProxyType):
        return MappingProxyType({key: copied(item) for key, item in value.items()})
    if isinstance(value, tuple):
        return tuple(copied(item) for item in value)
    return value


def sealed(value: JsonValue) -> FrozenJson:
    """Freeze a JSON value that planning has made itself and that therefore needs no checks."""
    if isinstance(value, dict):
        return MappingProxyType({key: sealed(value[key]) for key in sorted(value)})
    return tuple(sealed(item) for item in value) if isinstance(value, list) else value


def canonical_bytes(value: object) -> bytes:
    """Encode a JSON value, frozen or plain, as RFC 8785 canonical JSON."""
    return rfc8785.dumps(thaw(value))


def shown(value: FrozenJson) -> str:
    """Show a value in a message, cut where it is long.

    Canonical JSON and not `repr`: messages are part of a plan's contents, and what `repr` escapes depends on the Python version.
    """
    text = canonical_bytes(value).decode()
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _least_size(value: object) -> int:
    # a value and the comma or bracket after it; text in quotes, where a character takes a byte or more
    return len(value) + 3 if isinstance(value, str) else 2


def _members(value: Mapping[object, object], pointer: str, meter: Meter | None) -> dict[str, object]:
    members: dict[str, object] = {}
    for key, item in tuple(value.items()):
        if not isinstance(key, str):
            raise PlanInputError(pointer, f"keys are strings, not {type(key).__name__}")
        name = _text(key, pointer)
        if meter is not None:
            meter.add(_least_size(name))
        if name in members:
            raise PlanInputError(extend(pointer, name), "the key occurs twice")
        members[name] = item
    return members


def _text(value: str, pointer: str) -> str:
    plain = str.__str__(value)
    if "\x00" in plain:
        raise PlanInputError(pointer, "text contains NUL")
    try:
        plain.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise PlanInputError(pointer, f"text contains a lone surrogate at character {fault.start}") from None
    return plain


def _number(value: float, pointer: str) -> int | float:
    if isinstance(value, int):
        if abs(whole := int.__int__(value)) > _LARGEST_EXACT:
            raise PlanInputError(pointer, "an integer beyond 2^53-1 has no exact JSON form", "Send it as a string.")
        return whole
    plain = float.__float__(value)
    if plain != plain or abs(plain) == float("inf"):  # noqa: PLR0124 - NaN, without importing math
        raise PlanInputError(pointer, "NaN and infinity have no JSON form", "Send null or a string.")
    return int(plain) if plain.is_integer() and abs(plain) <= _LARGEST_EXACT else plain
