"""What becomes of exceptions that library functions are told of. The data is `handling.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).with_name("handling.toml")


@dataclass(frozen=True, slots=True)
class Handling:
    """The tables: dotted paths, and last parts of them."""

    traceback: frozenset[str]
    raising: frozenset[str]
    traceback_methods: frozenset[str]
    traceback_keywords: frozenset[str]
    traceback_text: frozenset[str]
    current: frozenset[str]
    looks: frozenset[str]
    keeps: frozenset[str]
    quiet: frozenset[str]


@cache
def handling() -> Handling:
    """The tables that are shipped."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return Handling(**{key.replace("-", "_"): frozenset(names) for key, names in data.items()})
