"""import-layers: modules import only downwards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from buttress_scanner.config.selectors import Selector
from buttress_scanner.contracts.base import Contract, Selectors, as_tuple
from buttress_scanner.contracts.breaking import HERE, Workbench
from buttress_scanner.contracts.claims import Above, Claim, Never, exempted
from buttress_scanner.contracts.repair import from_elsewhere
from buttress_scanner.findings.map_model import Layering, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.repair import Repair
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.imports import Import, ImportGraph


def _modules_only(layers: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    for pattern in (p for layer in layers for p in layer):
        if not pattern.startswith("@") and Selector.parse(pattern).name is not None:
            msg = f"{pattern!r} names an element of a module; a layer consists of modules"
            raise ValueError(msg)
    return layers


Layers = Annotated[tuple[Selectors, ...], BeforeValidator(as_tuple), AfterValidator(_modules_only)]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a module stands: its layer, counted from the top, which of the siblings there, and the pattern that says so."""

    layer: int
    sibling: int
    pattern: str

    @property
    def key(self) -> tuple[int, int]:
        """From top to bottom, siblings in the order in which they are named."""
        return (self.layer, self.sibling)


class ImportLayers(Contract):
    """Modules import only downwards: a module of a lower layer never imports one of a higher."""

    kind_name: ClassVar[str] = "import-layers"
    follows: ClassVar[int] = 1

    layers: Layers = Field(description="Module patterns or zones, top first; an entry may be a list of siblings.")
    skip_allowed: bool = Field(True, description="Whether a layer may import layers other than the one directly below it.")
    independent_siblings: bool = Field(False, description="Whether siblings of one layer may not import each other.")
    type_checking_counts: bool = Field(False, description="Whether imports that only type checkers see count as well.")

    @model_validator(mode="after")
    def _can_be_broken(self) -> ImportLayers:
        if len(self.layers) < 2 and not (self.independent_siblings and any(len(layer) > 1 for layer in self.layers)):
            raise ValueError("one layer alone forbids nothing: give two, or siblings with `independent-siblings = true`")
        return self

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where modules are imported by name; nothing where no layer does that."""
        order, found = _Order(self.layers, program), program.imports.concerned()
        return found if any(order.place(module) is not None for module in found) else ()

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Take the same names from a module that may be imported."""
        return from_elsewhere(program, finding)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A module of the lowest layer imports one of the highest, as a statement and by its name as text."""
        order = _Order(self.layers, program)
        placed = [(place, unit) for unit in program.modules.values() if (place := order.place(unit.name)) is not None]
        if not placed:
            return
        (_, high), (_, low) = min(placed, key=lambda p: p[0].key), max(placed, key=lambda p: p[0].key)
        if high is not low and all(part.isidentifier() for part in high.name.split(".")):
            code = f"import {high.name}  {HERE}\nimport importlib\nimportlib.import_module({high.name!r})  {HERE}\n"
            yield Workbench(program).appended(f"imports `{high.name}` in `{low.name}`", low, code)

    def claims(self, program: Program) -> Iterator[Claim]:
        """Layers stand above one another, and no module is imported from a layer below its own."""
        order = _Order(self.layers, program)
        ranks = {module: place.layer for module in program.modules if (place := order.place(module)) is not None}
        yield Above("the order of modules", ranks)
        for layer in sorted(set(ranks.values())):
            below = frozenset(module for module, rank in ranks.items() if rank > layer) - exempted(program, self)
            yield from (Never(f"imports of {module}", below) for module, rank in ranks.items() if rank == layer)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every statement or call that imports a module which its layer may not import."""
        order = _Order(self.layers, program)
        if not self.may_be_empty:
            for pattern in order.empty(program):
                ledger.is_vacuous(f"the layer {pattern!r} has no modules")
        graph = program.imports
        layered = [unit for unit in program.modules.values() if order.place(unit.name) is not None]
        ledger.judge(len(layered))
        by_name = bool(self.scope(program))
        for unit in layered:
            found = graph.of(unit) if by_name else graph.written(unit)
            for _, imports in groupby(found, key=lambda each: each.span):
                yield from self._judge(order, graph, list(imports))
        for unit, span in graph.unknown() if by_name else ():
            if order.place(unit.name) is not None:
                ledger.leave_undecided(program.position(unit, span), "the name of the imported module is not known")

    def layering(self, program: Program) -> Layering:
        """The modules of each layer, for maps of the program."""
        order = _Order(self.layers, program)
        placed: dict[str, list[str]] = {}
        for module in sorted(program.modules):
            if (place := order.place(module)) is not None:
                placed.setdefault(place.pattern, []).append(module)
        return Layering(self.id, tuple(tuple(Part(p, tuple(placed.get(p, ()))) for p in layer) for layer in self.layers))

    def _judge(self, order: _Order, graph: ImportGraph, imports: list[Import]) -> Iterator[Finding]:
        """Judge what one statement or call imports; what is wrong with it is one finding."""
        wrong = {each.imported: (each, why) for each in imports if (why := self._fault(order, each))}
        if not wrong or not (self.type_checking_counts or graph.runs(imports[0])):
            return
        first = imports[0]
        because = "; ".join(f"`{module}`, {why}" for module, (_, why) in wrong.items())
        yield self.finding(
            graph.position(first),
            first.symbol,
            f"`{first.importer}` imports {because}",
            sink=f"import {', '.join(wrong)}",
            evidence=next((each.steps for each, _ in wrong.values() if each.steps), ()),
        )

    def _fault(self, order: _Order, each: Import) -> str:
        """What is wrong with an import; "" when nothing is."""
        own, other = order.place(each.importer), order.place(each.imported)
        if own is None or other is None or (own.layer, own.sibling) == (other.layer, other.sibling):
            return ""
        if other.layer < own.layer:
            return f"which stands above: layer `{other.pattern}` over `{own.pattern}`"
        if other.layer == own.layer:
            return f"a sibling: `{other.pattern}` beside `{own.pattern}`" if self.independent_siblings else ""
        if other.layer > own.layer + 1 and not self.skip_allowed:
            return f"which skips a layer: `{other.pattern}` is {other.layer - own.layer} below `{own.pattern}`"
        return ""


class _Order:
    """The place of each module; where several patterns match, the most exact one decides."""

    def __init__(self, layers: tuple[tuple[str, ...], ...], program: Program) -> None:
        self._places: dict[str, _Place | None] = {}
        self._patterns: list[tuple[_Place, list[Selector]]] = [
            (_Place(number, position, pattern), program.patterns([pattern]))
            for number, layer in enumerate(layers)
            for position, pattern in enumerate(layer)
        ]

    def place(self, module: str) -> _Place | None:
        """Where a module stands; None for a module of no layer."""
        if module not in self._places:
            matching = [(s, place) for place, selectors in self._patterns for s in selectors if s.matches_module(module)]
            best = max(matching, key=lambda match: (_exactness(match[0]), -match[1].layer, -match[1].sibling), default=None)
            self._places[module] = best[1] if best is not None else None
        return self._places[module]

    def empty(self, program: Program) -> Iterator[str]:
        """The patterns that no module matches."""
        for place, selectors in self._patterns:
            if not any(s.matches_module(module) for s in selectors for module in program.modules):
                yield place.pattern


def _exactness(selector: Selector) -> tuple[int, int]:
    """How exact a pattern is: segments that are spelled out, then those that match exactly one."""
    segments = selector.module.split(".")
    return sum("*" not in s for s in segments), segments.count("*")
