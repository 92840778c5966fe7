"""protected-modules: certain modules are imported by few others only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field

from buttress_scanner.contracts._imports import Entry, Links, Modules, Statement, importing_by_name, modules_only, root_of
from buttress_scanner.contracts.base import Contract, Selectors
from buttress_scanner.contracts.breaking import HERE, Workbench
from buttress_scanner.contracts.claims import Only
from buttress_scanner.contracts.repair import from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.repair import Repair
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.imports import Import


class ProtectedModules(Contract):
    """Certain modules are imported by few others only."""

    kind_name: ClassVar[str] = "protected-modules"
    follows: ClassVar[int] = 1

    modules: Modules = Field(
        min_length=1, description="Modules, packages with all that is in them, third-party packages, or zones."
    )
    only_imported_by: Annotated[Selectors, AfterValidator(modules_only)] = Field(
        description="Patterns or zones: the modules that may import them; an empty list for nobody."
    )
    type_checking_counts: bool = Field(False, description="Whether imports that only type checkers see count as well.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where modules are imported by name; nothing where no judged module does that."""
        return importing_by_name(program, self._judged(program), indirect=False)

    def claims(self, program: Program) -> Iterator[Only]:
        """Nobody but those that may imports the modules."""
        among = frozenset(unit.name for unit in program.select(self.only_imported_by))
        entries = [Entry(program, text) for text in self.modules]
        for module in program.modules:
            if any(entry.rank(module) for entry in entries):
                yield Only(f"imports of {module}", among - {module})

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Take the same names from a module that may be imported."""
        return from_elsewhere(program, finding)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A new module imports a protected one: as a statement, and by its name as text."""
        name = next((name for text in self.modules if (name := Entry(program, text).example())), None)
        if name is None:
            return
        code = f"import {name}  {HERE}\nimport importlib\nimportlib.import_module({name!r})  {HERE}\n"
        breaking = Workbench(program).added(f"imports `{name}` in a new module", code)
        new = next(iter(breaking.changes)).rpartition("/")[2].removesuffix(".py")
        if not any(selector.matches_module(new) for selector in program.patterns(self.only_imported_by)):
            yield breaking

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every statement or call that imports a protected module where that is not permitted."""
        entries = [Entry(program, text) for text in self.modules]
        for why in self._missing(program, entries):
            ledger.is_vacuous(why)
        judged = self._judged(program)
        ledger.judge(len(judged))
        links = Links(program, typing=self.type_checking_counts, by_name=bool(self.scope(program)))
        for unit in judged:
            for statement in links.statements(unit):
                yield from self._judge(links, entries, statement)
        links.note_unknown(ledger, judged)

    def _judged(self, program: Program) -> list[Unit]:
        allowed = {unit.name for unit in program.select(self.only_imported_by)}
        return [unit for unit in program.modules.values() if unit.name not in allowed]

    def _judge(self, links: Links, entries: list[Entry], statement: Statement) -> Iterator[Finding]:
        wrong = {each.reaches: (each, entry) for each in statement.imports for entry in entries if _intrudes(entry, each)}
        if not wrong:
            return
        first = statement.first
        told = " and ".join(f"`{name}`" for name in wrong)
        permitted = ", ".join(f"`{pattern}`" for pattern in self.only_imported_by) or "no other module"
        yield self.finding(
            links.program.position(first.unit, first.span),
            first.symbol,
            f"`{first.importer}` imports {told}, which only {permitted} may import",
            sink=f"import {', '.join(wrong)}",
            evidence=links.steps(next(([each] for each, _ in wrong.values() if each.steps), [])),
        )

    def _missing(self, program: Program, entries: list[Entry]) -> Iterator[str]:
        """Why the contract guards nothing: patterns that fit neither a module nor an import."""
        if self.may_be_empty:
            return
        for entry in entries:
            if entry.is_empty() and not (entry.is_foreign() and _is_imported(program, entry)):
                yield f"`modules` names {entry.text!r}, which no module fits and nobody imports"
        for text in self.only_imported_by:
            if not program.select([text]):
                yield f"`only-imported-by` names {text!r}, which no module fits"


def _intrudes(entry: Entry, each: Import) -> bool:
    """Whether an import comes from outside of the protected package that it names."""
    return entry.covers(each) and root_of(entry.selectors, each.importer) != root_of(entry.selectors, each.reaches)


def _is_imported(program: Program, entry: Entry) -> bool:
    return any(entry.covers(each) for unit in program.modules.values() for each in program.imports.written(unit))
