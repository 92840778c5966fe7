"""JSON values that cannot change, and their canonical bytes (planning section 2, RFC 8785).

Numbers have one form: a float without a fraction inside the exact range is stored as an integer, because the canonical bytes of
the two are the same. Larger floats stay floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import rfc8785

from buttress_runtime.planning.errors import PlanInputError, PlanTooLarge

__all__ = (
    "FrozenJson",
    "FrozenObject",
    "JsonValue",
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


def freeze(value: object, pointer: str, limit: int) -> FrozenJson:
    """Copy a JSON value into one that cannot change.

    Args:
        value: None, bool, int, float, str, list, tuple or mapping; subclasses become the plain type.
        pointer: Where the value lies, for errors.
        limit: The largest number of values in the tree. Shared references are counted each time they occur.

    Raises:
        PlanInputError: Some value has no canonical form; the error points at it.
        PlanTooLarge: The tree has more values than `limit`.
    """
    return _Freezer(pointer, limit).value(value, pointer, 1)


def freeze_object(value: object, pointer: str, limit: int) -> FrozenObject:
    """Copy a JSON object into one that cannot change; see `freeze`."""
    frozen = freeze(value, pointer, limit)
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


class _Freezer:
    """One walk over one value; it counts, so that a small value of shared references cannot grow into a huge tree."""

    __slots__ = ("_count", "_limit", "_root")

    def __init__(self, root: str, limit: int) -> None:
        self._root = root
        self._limit = limit
        self._count = 0

    def value(self, value: object, pointer: str, depth: int) -> FrozenJson:
        self._count += 1
        if self._count > self._limit:
            raise PlanTooLarge(self._limit, self._count, self._root)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return _text(value, pointer)
        if isinstance(value, (int, float)):
            return _number(value, pointer)
        if isinstance(value, (list, tuple, dict, MappingProxyType)) and depth > _DEEPEST:
            raise PlanInputError(pointer, f"nested deeper than {_DEEPEST} levels")
        if isinstance(value, (list, tuple)):
            return self._array(value, pointer, depth)
        if isinstance(value, (dict, MappingProxyType)):
            return self._object(value, pointer, depth)
        raise PlanInputError(pointer, f"{type(value).__name__} is no JSON value")

    def _array(self, value: Sequence[object], pointer: str, depth: int) -> FrozenJson:
        return tuple(self.value(item, extend(pointer, index), depth + 1) for index, item in enumerate(tuple(value)))

    def _object(self, value: Mapping[object, object], pointer: str, depth: int) -> FrozenJson:
        members: dict[str, object] = {}
        for key, item in tuple(value.items()):
            if not isinstance(key, str):
                raise PlanInputError(pointer, f"keys are strings, not {type(key).__name__}")
            name = _text(key, pointer)
            if name in members:
                raise PlanInputError(extend(pointer, name), "the key occurs twice")
            members[name] = item
        return MappingProxyType({name: self.value(members[name], extend(pointer, name), depth + 1) for name in sorted(members)})


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
