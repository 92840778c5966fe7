"""Constant text: concatenation, formatting and the few methods by which names are made."""

from __future__ import annotations

from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.enums import enum_value, enum_value_kind
from buttress_scanner.program.values import Box, Const, Member, Object, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site

RESULTS = 12
_FOLDED = (
    "lower",
    "upper",
    "strip",
    "lstrip",
    "rstrip",
    "title",
    "capitalize",
    "removeprefix",
    "removesuffix",
    "replace",
    "casefold",
)


def _texts(engine: Engine, values: list[Value]) -> list[str] | None:
    found: list[str] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, (str, int)):
            found.append(str(value.value))
        elif isinstance(value, Member) and enum_value_kind(engine, value.info) == "str":
            found += [str(v.value) for v in enum_value(engine, value.info, value.name) if isinstance(v, Const)]
        else:
            return None
    return found or None


def format_parts(engine: Engine, parts: list[list[Value]]) -> list[Value]:
    """The texts that a formatted string can be; a str where that is not known."""
    texts = [_texts(engine, p) for p in parts]
    if all(t is not None for t in texts):
        choices = [t for t in texts if t is not None]
        combined = list(product(*choices))
        if len(combined) <= RESULTS:
            return [engine.const("".join(c)) for c in combined]
    return [engine.make(Object, "builtins.str")]


def binary_constant(engine: Engine, op: str, left: Value, right: list[Value]) -> list[Value]:
    """``left op right`` for constants: text is folded, numbers keep their type only."""
    if isinstance(left, Const) and isinstance(left.value, str):
        if op == "add":
            return format_parts(engine, [[left], right])
        if op == "mod":
            choices = [parts for value in right for parts in _filling(engine, value)]
            made = [text for parts in choices if (text := filled(left.value, parts))]
            if made and len(made) == len(choices) <= RESULTS:
                return [engine.const(text) for text in made]
        return [engine.make(Object, "builtins.str")]
    if isinstance(left, Const) and isinstance(left.value, int):
        rights = [r.value for r in right if isinstance(r, Const) and isinstance(r.value, int)]
        if op in ("add", "sub") and len(rights) == len(right) == 1:
            return [engine.const(left.value + rights[0] if op == "add" else left.value - rights[0])]
        return [engine.make(Object, "builtins.int")]
    if isinstance(left, Object):
        return [left]
    return []


def filled(template: str, parts: Sequence[str]) -> str:
    """``template % parts``; "" where that does not work."""
    try:
        return template % tuple(parts)
    except (TypeError, ValueError):
        return ""


def _filling(engine: Engine, value: Value) -> list[list[str]]:
    """What stands behind ``%``, a text or a tuple of texts, in each form; one empty form if that is not known."""
    if not (isinstance(value, Box) and value.kind == "tuple"):
        return [[text] for text in _texts(engine, [value]) or ()] or [[]]
    items = contents.known_items(engine, value)
    texts = [_texts(engine, items.get(place, [])) or [] for place in range(len(items))]
    choices = list(product(*texts)) if not contents.unknown_items(engine, value) else []
    return [list(choice) for choice in choices] or [[]]


def text_method(
    engine: Engine,
    name: str,
    receiver: Const,
    positional: list[list[Value]],
    keywords: Mapping[str, list[Value]] = MappingProxyType({}),
) -> list[Value] | None:
    """Fold a method of a constant string; None where it is not one that makes names."""
    if not isinstance(receiver.value, str):
        return None
    if keywords:
        return _formatted(engine, receiver.value, positional, keywords) if name == "format" else None
    texts = [_texts(engine, values) for values in positional]
    if any(t is None for t in texts):
        return None
    choices = list(product(*[t for t in texts if t is not None]))
    if len(choices) > RESULTS:
        return None
    if name in _FOLDED:
        try:
            return [engine.const(getattr(receiver.value, name)(*c)) for c in choices]
        except TypeError:
            return None
    if name == "format":
        try:
            return [engine.const(receiver.value.format(*c)) for c in choices]
        except (IndexError, KeyError, ValueError, AttributeError):
            return None
    return None


def _formatted(
    engine: Engine, template: str, positional: list[list[Value]], keywords: Mapping[str, list[Value]]
) -> list[Value] | None:
    """``template.format`` with keywords."""
    texts = [_texts(engine, values) or [] for values in (*positional, *keywords.values())]
    choices = list(product(*texts))
    if not 0 < len(choices) <= RESULTS:
        return None
    count = len(positional)
    try:
        return [engine.const(template.format(*c[:count], **dict(zip(keywords, c[count:], strict=True)))) for c in choices]
    except (IndexError, KeyError, ValueError, AttributeError):
        return None


_PARTED = {"partition": "tuple", "rpartition": "tuple", "split": "list", "rsplit": "list", "splitlines": "list"}


def text_parts(engine: Engine, name: str, receiver: Const, positional: list[list[Value]], site: Site) -> list[Value] | None:
    """The parts of a constant text, each at its place, or a text that joins constant parts; None for other methods."""
    if not isinstance(receiver.value, str):
        return None
    if name == "join" and len(positional) == 1:
        return _joined(engine, receiver.value, positional[0])
    arguments = [[v.value for v in values if isinstance(v, Const)] for values in positional]
    if name not in _PARTED or any(len(a) != 1 or len(v) != 1 for a, v in zip(arguments, positional, strict=True)):
        return None
    try:
        parts = getattr(receiver.value, name)(*(a[0] for a in arguments))
    except (TypeError, ValueError):
        return None
    box = contents.box(engine, _PARTED[name], (*site, name, receiver))
    contents.put_all(engine, box, [(place, [engine.const(part)]) for place, part in enumerate(parts[:RESULTS])])
    return [box]


def _joined(engine: Engine, glue: str, values: list[Value]) -> list[Value] | None:
    if len(values) != 1 or not isinstance(values[0], Box) or values[0].kind not in ("list", "tuple"):
        return None
    if contents.unknown_items(engine, values[0]):
        return None
    items = contents.known_items(engine, values[0])
    if not items or sorted(items, key=str) != sorted(range(len(items)), key=str):
        return None
    pieces: list[list[Value]] = []
    for place in range(len(items)):
        pieces += [[engine.const(glue)], items[place]] if place else [items[place]]
    return format_parts(engine, pieces)
