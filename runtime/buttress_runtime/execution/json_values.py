"""Strict JSON: what may cross the border to a plugin, a record or a client (execution section 5).

The walk never runs code of the values it looks at: it asks for real types, not for what an object claims to be, and reads
containers through the methods of the built-in types.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = (
    "INPUT_LIMITS",
    "OUTPUT_LIMITS",
    "EncodedImage",
    "JsonFault",
    "JsonLimits",
    "JsonObject",
    "JsonValue",
    "copy_json",
    "digest",
    "json_bytes",
    "parse_json",
)

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_LARGEST_INTEGER = 2**53 - 1
_Path: TypeAlias = "tuple[_Path, str | int] | None"


class JsonFault(Exception):  # noqa: N818 - a fault of the value, carried to a ValidationFault
    """A value that is no acceptable JSON.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the place.
        detail: What is wrong there and what to do.
        too_large: The value is JSON, but more of it than is accepted.
    """

    def __init__(self, pointer: str, detail: str, *, too_large: bool = False) -> None:
        super().__init__(pointer, detail)
        self.pointer = pointer
        self.detail = detail
        self.too_large = too_large

    def __str__(self) -> str:
        return f"{self.pointer or '(root)'}: {self.detail}"


class EncodedImage(str):
    """Base64 text of an image that was given as bytes, which only plugins for images accept."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How much is accepted: bytes of compact JSON, depth (the root counts as 1), keys of all objects together."""

    max_bytes: int
    max_depth: int = 64
    max_keys: int = 100_000


INPUT_LIMITS = JsonLimits(max_bytes=4 * 1024 * 1024)
OUTPUT_LIMITS = JsonLimits(max_bytes=1024 * 1024)


def copy_json(value: object, limits: JsonLimits, *, raw_image: bool = False) -> JsonValue:
    """Return a private copy of a JSON value, made of the plain built-in types.

    Subclasses of the built-in types become those types and tuples become lists; everything else is refused.

    Args:
        value: Anything.
        limits: How much of it is accepted.
        raw_image: Take bytes at `/image` as an `EncodedImage`.

    Raises:
        JsonFault: The value is no JSON or too large.
    """
    result = _Copy(limits, raw_image=raw_image).of(value)
    size = len(json_bytes(result))
    if size > limits.max_bytes:
        raise _too_large(None, limits)
    return result


def json_bytes(value: JsonValue) -> bytes:
    """Return compact JSON as UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def digest(value: JsonValue) -> str:
    """Return the SHA-256 of the canonical bytes (RFC 8785) in lower-case hex."""
    import rfc8785  # the extra `runtime`; importing this module must work without

    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def parse_json(data: bytes, limits: JsonLimits) -> JsonValue:
    """Parse JSON text, strictly.

    Raises:
        JsonFault: Not UTF-8, not JSON, a key twice in one object, NaN or infinity, or beyond the limits.
    """
    if len(data) > limits.max_bytes:
        raise _too_large(None, limits)
    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise JsonFault("", f"the text is not UTF-8 (byte {exc.start}); encode it as UTF-8") from exc
    except RecursionError as exc:
        raise JsonFault("", f"nested deeper than {limits.max_depth} levels; flatten it") from exc
    except json.JSONDecodeError as exc:
        raise JsonFault("", f"no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}") from exc
    except ValueError as exc:  # an integer of more digits than Python converts
        raise JsonFault("", "an integer has too many digits; send it as a string") from exc
    return copy_json(value, limits)


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise JsonFault("", f"the key {_short(key)} stands twice in one object; leave one")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise JsonFault("", f"{name} is no JSON; leave it out or send null")


class _Copy:
    """One copying walk, without recursion: a value may be nested as deeply as its maker likes."""

    def __init__(self, limits: JsonLimits, *, raw_image: bool) -> None:
        self._limits = limits
        self._raw_image = raw_image
        self._keys = 0
        self._bytes = 0

    def of(self, value: object) -> JsonValue:
        top: list[JsonValue] = []
        todo: list[tuple[object, _Path, int, list[JsonValue] | dict[str, JsonValue]]] = [(value, None, 1, top)]
        while todo:
            source, path, depth, target = todo.pop()
            copied = self._one(source, path)
            if isinstance(target, list):
                target.append(copied)
            elif path is not None:
                target[str(path[1])] = copied
            if isinstance(copied, dict | list):
                if depth > self._limits.max_depth:
                    raise JsonFault(_pointer(path), f"nested deeper than {self._limits.max_depth} levels; flatten it")
                children = [(child, (path, name), depth + 1, copied) for name, child in self._children(source, path)]
                todo.extend(reversed(children))
        return top[0]

    def _one(self, value: object, path: _Path) -> JsonValue:
        """Return a scalar's copy, or an empty container to be filled."""
        kind = type(value)
        if value is None or kind is bool:
            self._count(4, path)
            return value  # type: ignore[return-value]  # None or bool, as just tested
        if self._raw_image and path == (None, "image") and kind in {bytes, EncodedImage}:
            return EncodedImage(self._text(base64.b64encode(value).decode() if isinstance(value, bytes) else str(value), path))
        if issubclass(kind, str):
            return self._text(str.__str__(value), path)
        if issubclass(kind, int):
            return self._integer(int.__int__(value), path)  # type: ignore[arg-type]
        if issubclass(kind, float):
            return self._float(float.__float__(value), path)  # type: ignore[arg-type]
        self._count(2, path)
        if issubclass(kind, dict):
            return {}
        if issubclass(kind, list | tuple):
            return []
        raise JsonFault(
            _pointer(path), f"{_type_name(kind)} is no JSON; send an object, array, text, number, true, false or null"
        )

    def _children(self, value: object, path: _Path) -> Iterator[tuple[str | int, object]]:
        # The lists are taken in one step, so that another thread changing the value cannot break the walk.
        if issubclass(type(value), dict):
            members: list[tuple[object, object]] = list(dict.items(value))  # type: ignore[arg-type]  # a dict by its real type
            for key, child in members:
                yield self._key(key, path), child
        elif issubclass(type(value), list):
            yield from enumerate(self._items(list.copy(value), path))  # type: ignore[arg-type]  # a list by its real type
        else:
            yield from enumerate(self._items(list(tuple.__iter__(value)), path))  # type: ignore[arg-type]  # a tuple by its real type

    def _items(self, items: list[object], path: _Path) -> list[object]:
        self._count(len(items), path)
        return items

    def _key(self, key: object, path: _Path) -> str:
        if not issubclass(type(key), str):
            raise JsonFault(_pointer(path), f"a key is {_type_name(type(key))}; keys are text")
        self._keys += 1
        if self._keys > self._limits.max_keys:
            raise JsonFault(_pointer(path), f"more than {self._limits.max_keys} keys; split it", too_large=True)
        return self._text(str.__str__(key), path)

    def _text(self, text: str, path: _Path) -> str:
        if len(text) > self._limits.max_bytes:
            raise _too_large(path, self._limits)
        try:
            size = len(text.encode())
        except UnicodeEncodeError as exc:
            raise JsonFault(_pointer(path), f"a lone surrogate at position {exc.start}; send well-formed text") from exc
        if "\0" in text:
            raise JsonFault(_pointer(path), f"a NUL at position {text.index(chr(0))}; leave it out or encode the data as base64")
        self._count(size + 2, path)
        return text

    def _integer(self, number: int, path: _Path) -> int:
        if abs(number) > _LARGEST_INTEGER:
            raise JsonFault(_pointer(path), "an integer beyond 2^53-1, which JSON readers round; send it as a string")
        self._count(1, path)
        return number

    def _float(self, number: float, path: _Path) -> float:
        if not math.isfinite(number):
            raise JsonFault(_pointer(path), f"{number} is no JSON; leave it out or send null")
        self._count(1, path)
        return number

    def _count(self, size: int, path: _Path) -> None:
        """Add a lower bound of the bytes, so that a small value that unfolds to a huge one ends early."""
        self._bytes += size
        if self._bytes > self._limits.max_bytes:
            raise _too_large(path, self._limits)


def _too_large(path: _Path, limits: JsonLimits) -> JsonFault:
    return JsonFault(_pointer(path), f"more than {limits.max_bytes} bytes of JSON; send less, or a reference", too_large=True)


def _pointer(path: _Path) -> str:
    tokens: list[str] = []
    while path is not None:
        path, name = path
        tokens.append(str(name).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{token}" for token in reversed(tokens))


def _type_name(kind: type) -> str:
    return f"a value of type {_short(kind.__name__)}"


def _short(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "...")
