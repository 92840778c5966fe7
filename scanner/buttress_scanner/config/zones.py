"""Zones: names for parts of the program, which contracts and other zones refer to as ``@name``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from buttress_scanner.config.places import Path

_REFERENCE = re.compile(r"@[\w.-]+")
_PROSE = frozenset(("id", "kind", "because", "source", "severity", "reason", "schema", "pattern", "forbid-pattern"))
"""Keys whose values are text for people, regular expressions and schemas: an `@` in them names no zone."""


def references(value: object, place: Path) -> Iterator[tuple[Path, str]]:
    """Find every ``@name`` in a table of the configuration, with the way to it."""
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        yield place, value[1:]
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in _PROSE:
                yield from references(part, (*place, key))
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from references(part, (*place, number))


def expand(zones: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Replace references to other zones by their patterns; zones that refer to each other hold each other's patterns."""
    return {name: tuple(dict.fromkeys(_patterns(name, zones, set()))) for name in sorted(zones)}


def _patterns(name: str, zones: Mapping[str, Sequence[str]], entered: set[str]) -> Iterator[str]:
    if name in entered:
        return
    entered.add(name)
    for pattern in zones.get(name, ()):
        if pattern.startswith("@"):
            yield from _patterns(pattern[1:], zones, entered)
        else:
            yield pattern
