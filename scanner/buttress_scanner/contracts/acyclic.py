"""acyclic: no modules import each other in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._cycles import Circles
from buttress_scanner.contracts._imports import Links, Modules, importing_by_name
from buttress_scanner.contracts.base import Contract
from buttress_scanner.contracts.breaking import Breaking, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.imports import Import


_NEW = ("buttress_sabotage", "buttress_sabotage_too")


class Acyclic(Contract):
    """No modules import each other in a circle."""

    kind_name: ClassVar[str] = "acyclic"
    follows: ClassVar[int] = 1

    modules: Modules = Field(min_length=1, description="Patterns or zones: the modules that may be part of no circle.")
    type_checking_counts: bool = Field(False, description="Whether imports that only type checkers see count as well.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where modules are imported by name; nothing where the judged modules lead to no such place."""
        return importing_by_name(program, program.select(self.modules), indirect=True)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """Two new modules beside a judged one import each other."""
        selectors, exempted = program.patterns(self.modules), Exempted(self.exempt)
        for unit in program.select(self.modules):
            folder = unit.path.rpartition("/")[0]
            package = unit.name if unit.is_package else unit.name.rpartition(".")[0]
            one, other = (".".join(filter(None, (package, name))) for name in _NEW)
            if any(s.matches_module(one) for s in selectors) and not exempted.covers_place(unit.path, one):
                paths = ["/".join(filter(None, (folder, f"{name}.py"))) for name in _NEW]
                changes = {paths[0]: f"import {other}\n".encode(), paths[1]: f"import {one}\n".encode()}
                yield Breaking(f"puts two modules that import each other into `{package}`", changes, (Place(paths[0], 1),))
                return

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield findings for circles: without the imports at which they stand, there would be none."""
        for text in self.modules if not self.may_be_empty else ():
            if not program.select([text]):
                ledger.is_vacuous(f"`modules` names {text!r}, which no module fits")
        judged = program.select(self.modules)
        ledger.judge(len(judged))
        links = Links(program, typing=self.type_checking_counts, by_name=bool(self.scope(program)))
        edges, exempted, names = _edges(links, judged), Exempted(self.exempt), {unit.name for unit in judged}

        def may_cut(importer: str, imported: str) -> bool:
            each = edges[importer][imported]
            return importer in names and not exempted.covers_place(each.unit.path, each.symbol)

        for circle in Circles({name: set(found) for name, found in edges.items()}).cut(names, may_cut):
            pairs = zip(circle, [*circle[1:], circle[0]], strict=True)
            yield self._found(links, [edges[importer][imported] for importer, imported in pairs])
        links.note_unknown(ledger, judged)

    def _found(self, links: Links, chain: list[Import]) -> Finding:
        first = chain[0]
        way = " -> ".join([*(each.importer for each in chain), first.importer])
        return self.finding(
            links.program.position(first.unit, first.span),
            first.symbol,
            f"`{first.importer}` imports `{first.imported}`, which leads back to it: {way}",
            sink=f"import {first.imported}, in a circle",
            evidence=links.steps(chain),
        )


def _edges(links: Links, start: list[Unit]) -> dict[str, dict[str, Import]]:
    """Who imports whom, as far as it can be reached: the first import of each pair."""
    modules = links.program.modules
    edges: dict[str, dict[str, Import]] = {}
    todo = list(start)
    while todo:
        unit = todo.pop()
        if unit.name in edges:
            continue
        found = edges[unit.name] = {}
        for each in links.of(unit):
            target = modules.get(each.imported)
            if target is not None and target is not unit:
                found.setdefault(target.name, each)
                todo.append(target)
    return edges
