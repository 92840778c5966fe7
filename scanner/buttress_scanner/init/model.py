"""A proposed contract, and the project as the proposals see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from buttress_scanner.program.imports import ImportGraph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit

_APART = frozenset(
    (
        "bench",
        "benchmarks",
        "conftest",
        "doc",
        "docs",
        "example",
        "examples",
        "script",
        "scripts",
        "setup",
        "test",
        "testing",
        "tests",
    )
)
"""Top-level names of what is not the product itself."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A contract: its fields in the order in which they are written, and what was seen that speaks for it."""

    id: str
    kind: str
    fields: Mapping[str, object]
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A module or package directly inside of another package."""

    name: str
    modules: tuple[Unit, ...]
    is_package: bool

    @property
    def pattern(self) -> str:
        """The selector of its modules."""
        return f"{self.name}.**" if self.is_package else self.name

    @property
    def last(self) -> str:
        """The last segment of its name."""
        return self.name.rpartition(".")[2]


class Project:
    """The program, its main packages, and who imports whom among their parts."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.graph = ImportGraph(program)

    @cached_property
    def packages(self) -> list[str]:
        """The packages of the product, the largest first: where one holds but one package, that one stands for it."""
        tops = Counter(unit.name.partition(".")[0] for unit in self.program.modules.values())
        found = [name for name, count in tops.most_common() if count > 1 and not is_apart(name)]
        return [self._inner(name) for name in sorted(found, key=lambda name: (-tops[name], name))]

    def _inner(self, name: str) -> str:
        parts = [part for part in self.parts(name) if part.last not in ("__main__", "_version", "version")]
        return self._inner(parts[0].name) if len(parts) == 1 and parts[0].is_package else name

    @cached_property
    def tests(self) -> list[str]:
        """Folders with code that is not the product: tests, examples, scripts."""
        folders = {unit.path.split("/")[0] for unit in self.program.modules.values() if "/" in unit.path}
        return sorted(folder for folder in folders if is_apart(folder))

    def parts(self, package: str) -> list[Part]:
        """What stands directly inside of a package, by name."""
        found: dict[str, list[Unit]] = {}
        prefix = f"{package}."
        for unit in self.program.modules.values():
            if unit.name.startswith(prefix):
                found.setdefault(prefix + unit.name[len(prefix) :].partition(".")[0], []).append(unit)
        return [
            Part(name, tuple(units), len(units) > 1 or units[0].is_package or units[0].name != name)
            for name, units in sorted(found.items())
        ]

    def imports(self, parts: list[Part]) -> dict[tuple[str, str], int]:
        """How many imports lead from one part to another; those that only type checkers see do not count."""
        owner = {unit.name: part.name for part in parts for unit in part.modules}
        counted: Counter[tuple[str, str]] = Counter()
        for part in parts:
            for unit in part.modules:
                for each in self.graph.written(unit):
                    other = owner.get(each.imported)
                    if other is not None and other != part.name and self.graph.runs(each):
                        counted[part.name, other] += 1
        return dict(counted)


def is_apart(name: str) -> bool:
    """Whether a top-level name says that it is no part of the product."""
    return name.lower() in _APART or name.lower().startswith("test_")


def some(names: list[str], most: int = 4) -> str:
    """List names for a sentence, a few of them."""
    shown = [f"`{name}`" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
