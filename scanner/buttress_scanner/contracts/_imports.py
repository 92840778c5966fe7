"""What the kinds about imports share: names of modules, the imports that count, and shortest chains of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from buttress_scanner.config.selectors import Selector
from buttress_scanner.contracts.base import Selectors
from buttress_scanner.findings.model import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.imports import Import


def modules_only(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse selectors that name an element of a module."""
    for pattern in patterns:
        if not pattern.startswith("@") and Selector.parse(pattern).name is not None:
            msg = f"{pattern!r} names an element of a module; this field takes modules"
            raise ValueError(msg)
    return patterns


def exactness(selector: Selector) -> tuple[int, int]:
    """How exact a pattern is: segments that are spelled out, then those that match exactly one."""
    segments = selector.module.split(".")
    return sum("*" not in s for s in segments), segments.count("*")


Modules = Annotated[Selectors, AfterValidator(modules_only)]
"""A field that takes patterns of modules, or zones."""


class Entry:
    """An entry that says what may not be imported: modules of the program or of others, each with all that is in it."""

    def __init__(self, program: Program, text: str) -> None:
        self.text = text
        self.selectors = program.patterns([text])
        self._modules = program.modules
        self._tops = {name.partition(".")[0] for name in program.modules}
        self._ranks: dict[str, tuple[int, int] | None] = {}

    def rank(self, module: str) -> tuple[int, int] | None:
        """How exactly the entry names a module, or a package around it; None where it does not."""
        if module not in self._ranks:
            found = [exactness(s) for s in self.selectors if any(s.matches_module(name) for name in _around(module))]
            self._ranks[module] = max(found, default=None)
        return self._ranks[module]

    def covers(self, each: Import) -> bool:
        """Whether an import is one of what the entry names."""
        return self.rank(each.reaches) is not None

    def example(self) -> str | None:
        """A module that the entry names and a statement can import; None where its patterns leave open which."""
        ours = (name for name in self._modules if self.rank(name))
        patterns = (s.module.removesuffix(".**") for s in self.selectors)
        return next((name for name in (*ours, *patterns) if all(part.isidentifier() for part in name.split("."))), None)

    def is_foreign(self) -> bool:
        """Whether the entry speaks of packages outside of the program, as far as its first segments tell."""
        return not any(s.module.partition(".")[0] in (*self._tops, "*", "**") for s in self.selectors)

    def is_empty(self) -> bool:
        """Whether the program has nothing of that name."""
        return not any(self.rank(name) for name in self._modules)


def root_of(selectors: Iterable[Selector], module: str) -> str | None:
    """The outermost package around a module, or the module, that a pattern names."""
    names = list(_around(module))
    matched = [next((n for n in names if s.matches_module(n)), None) for s in selectors]
    return min((name for name in matched if name is not None), key=len, default=None)


def _around(module: str) -> Iterator[str]:
    """The packages around a module, outermost first, and the module."""
    parts = module.split(".")
    return (".".join(parts[:number]) for number in range(1, len(parts) + 1))


# --- the imports that count


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement, or one call, imports."""

    imports: tuple[Import, ...]

    @property
    def first(self) -> Import:
        """Where it stands."""
        return self.imports[0]


class Links:
    """The imports of a program that count for a contract."""

    def __init__(self, program: Program, *, typing: bool, by_name: bool) -> None:
        """Note what counts.

        Args:
            program: the program.
            typing: whether imports count that only type checkers see.
            by_name: whether calls of import functions have to be looked at, for which the program is solved.
        """
        self.program = program
        self._graph = program.imports
        self._typing, self._by_name = typing, by_name
        self._known: dict[str, list[Import]] = {}

    def of(self, unit: Unit) -> list[Import]:
        """What a module imports, in source order."""
        found = self._known.get(unit.name)
        if found is None:
            all_of_them = self._graph.of(unit) if self._by_name else self._graph.written(unit)
            found = self._known[unit.name] = [i for i in all_of_them if self._typing or self._graph.runs(i)]
        return found

    def statements(self, unit: Unit) -> Iterator[Statement]:
        """What a module imports, by statement."""
        for _, imports in groupby(self.of(unit), key=lambda each: each.span):
            yield Statement(tuple(imports))

    def note_unknown(self, ledger: Ledger, judged: Iterable[Unit]) -> None:
        """Record the calls in judged modules that import what nobody can tell."""
        names = {unit.name for unit in judged}
        for unit, span in self._graph.unknown() if self._by_name else ():
            if unit.name in names:
                ledger.leave_undecided(self.program.position(unit, span), "the name of the imported module is not known")

    def steps(self, chain: Sequence[Import]) -> tuple[Step, ...]:
        """A chain of imports as evidence."""
        return tuple(step for each in chain for step in (each.steps or (self._step(each),)))

    def _step(self, each: Import) -> Step:
        return Step(self._graph.position(each), each.symbol, f"imports {each.reaches}")


def importing_by_name(program: Program, start: Iterable[Unit], *, indirect: bool) -> set[str]:
    """The modules to evaluate for what is imported by name; none where the given modules lead to no such import."""
    concerned = program.imports.concerned()
    if not concerned:
        return set()
    todo = deque(start)
    seen = {unit.name for unit in todo}
    while todo:
        unit = todo.popleft()
        if unit.name in concerned:
            return concerned
        for each in program.imports.written(unit) if indirect else ():
            target = program.modules.get(each.imported)
            if target is not None and target.name not in seen:
                seen.add(target.name)
                todo.append(target)
    return set()


# --- chains


class Chains:
    """Shortest chains of imports that leave some modules and come back to none of them on the way."""

    def __init__(self, links: Links, start: Iterable[Unit], inside: Callable[[str], bool]) -> None:
        """Explore what the modules import, directly or not.

        Args:
            links: the imports that count.
            start: where chains begin.
            inside: whether a module is one through which no chain goes on.
        """
        self._outside: dict[str, list[Import]] = {}
        self._importers: dict[str, list[str]] = {}
        modules = links.program.modules
        todo = deque(each for unit in start for each in links.of(unit))
        while todo:
            target = modules.get(todo.popleft().imported)
            if target is None or target.name in self._outside or inside(target.name):
                continue
            found = self._outside[target.name] = links.of(target)
            todo.extend(found)
            for each in found:
                self._importers.setdefault(each.imported, []).append(target.name)

    def leading(self, arrives: Callable[[Import], bool]) -> Ways:
        """The ways on which an import that ``arrives`` accepts is the last one."""
        distances: dict[str, int] = {}
        todo: deque[str] = deque()
        for module in sorted(self._outside):
            if any(arrives(each) for each in self._outside[module]):
                distances[module] = 1
                todo.append(module)
        while todo:
            module = todo.popleft()
            for importer in self._importers.get(module, ()):
                if importer not in distances:
                    distances[importer] = distances[module] + 1
                    todo.append(importer)
        return Ways(self._outside, distances, arrives)


@dataclass(frozen=True, slots=True)
class Ways:
    """From each module outside, how many imports away the end is."""

    outside: dict[str, list[Import]]
    distances: dict[str, int]
    arrives: Callable[[Import], bool]

    def after(self, first: Import) -> list[Import]:
        """The shortest chain that begins with an import, this one included; of several the one that stands first."""
        chain, module = [first], first.imported
        if module not in self.distances:
            return []
        while self.distances[module] > 1:
            further = self.distances[module] - 1
            each = next(i for i in self.outside[module] if self.distances.get(i.imported) == further)
            chain.append(each)
            module = each.imported
        return [*chain, next(each for each in self.outside[module] if self.arrives(each))]
