"""What tests use that makes them less than honest, and what makes them assert something. The data is `hygiene.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DATA = Path(__file__).with_name("hygiene.toml")


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a call takes something: by position (-1 for nowhere) or under one of some keywords."""

    position: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertions:
    """What asserts."""

    functions: frozenset[str]
    packages: tuple[str, ...]
    methods: frozenset[str]
    fixtures: frozenset[str]
    decorators: frozenset[str]
    static: frozenset[str]
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hygiene:
    """The tables."""

    mocks: tuple[str, ...]
    incidental: frozenset[str]
    sleeps: Mapping[str, Argument]
    commands: frozenset[str]
    readers: tuple[str, ...]
    sources: frozenset[str]
    clock_packages: tuple[str, ...]
    clock_marks: frozenset[str]
    clock_setters: tuple[str, ...]
    patchers: frozenset[str]
    several: frozenset[str]
    skips: Mapping[str, Argument]
    assertions: Assertions
    support: frozenset[str]

    def is_mock(self, path: str) -> bool:
        """Whether a path is a mock library, or something of one."""
        return within(path, self.mocks)

    def reads_clock(self, path: str, effects: Iterable[str]) -> bool:
        """Whether a library function with these effects reads the clock rather than waits."""
        return "clock" in effects and path not in self.sleeps and path.startswith(self.readers)


def within(path: str, packages: Iterable[str]) -> bool:
    """Whether a path is one of some packages, or something in one of them."""
    return any(path == package or path.startswith(package + ".") for package in packages)


@cache
def hygiene() -> Hygiene:
    """The tables that are shipped."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    asserting, patched = data["assertion"], data["patched-clock"]
    return Hygiene(
        mocks=tuple(data["mock"]["packages"]),
        incidental=frozenset(data["mock"]["incidental"]),
        sleeps=_arguments(data["sleep"]),
        commands=frozenset(data["command"]["functions"]),
        readers=tuple(data["clock"]["readers"]),
        sources=frozenset(data["clock"]["sources"]),
        clock_packages=tuple(patched["packages"]),
        clock_marks=frozenset(patched["marks"]),
        clock_setters=tuple(patched["setters"]),
        patchers=frozenset(patched["patchers"]),
        several=frozenset(patched["several"]),
        skips=_arguments(data["skip"]),
        assertions=Assertions(
            functions=frozenset(asserting["functions"]),
            packages=tuple(asserting["packages"]),
            methods=frozenset(asserting["methods"]),
            fixtures=frozenset(asserting["fixtures"]),
            decorators=frozenset(asserting["decorators"]),
            static=frozenset(asserting["static"]),
            prefixes=tuple(asserting["prefixes"]),
        ),
        support=frozenset(data["support"]["parts"]),
    )


def _arguments(table: Mapping[str, list[int | str]]) -> dict[str, Argument]:
    return {
        path: Argument(next(v for v in where if isinstance(v, int)), tuple(v for v in where if isinstance(v, str)))
        for path, where in table.items()
    }
