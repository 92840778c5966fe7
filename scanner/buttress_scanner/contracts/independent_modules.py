"""independent-modules: none of several modules or packages imports another of them, neither directly nor through others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._imports import Chains, Links, Modules, Statement, importing_by_name, root_of
from buttress_scanner.contracts.base import Contract
from buttress_scanner.contracts.breaking import HERE, Workbench
from buttress_scanner.contracts.claims import Never
from buttress_scanner.findings.map_model import Layering, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.contracts._imports import Ways
    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.imports import Import


class IndependentModules(Contract):
    """None of several modules or packages imports another of them, neither directly nor through others."""

    kind_name: ClassVar[str] = "independent-modules"
    follows: ClassVar[int] = 1

    modules: Modules = Field(min_length=1, description="Patterns or zones: what each names is independent of the others.")
    indirect: bool = Field(True, description="Whether importing through other modules counts.")
    type_checking_counts: bool = Field(False, description="Whether imports that only type checkers see count as well.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where modules are imported by name; nothing where the judged modules lead to no such place."""
        units = _Units(self.modules, program)
        return importing_by_name(program, units.members(program), indirect=self.indirect)

    def claims(self, program: Program) -> Iterator[Never]:
        """No module of one unit is imported by one of another."""
        units = _Units(self.modules, program)
        inside = {unit.name: units.of(unit.name) for unit in units.members(program)}
        for own in units.names:
            others = frozenset(name for name, unit in inside.items() if unit != own)
            yield from (Never(f"imports of {module}", others) for module, unit in inside.items() if unit == own)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A module of one unit imports one of another: as a statement, and by its name as text."""
        units, exempted = _Units(self.modules, program), Exempted(self.exempt)
        members = [unit for unit in units.members(program) if not exempted.covers_place(unit.path, unit.name)]
        for one in members[:1]:
            other = next(
                (u for u in units.members(program) if units.of(u.name) != units.of(one.name) and _is_plain(u.name)), None
            )
            if other is not None:
                code = f"import {other.name}  {HERE}\nimport importlib\nimportlib.import_module({other.name!r})  {HERE}\n"
                yield Workbench(program).appended(f"imports `{other.name}` in `{one.name}`", one, code)

    def layering(self, program: Program) -> Layering:
        """The units side by side, for maps of the program."""
        units = _Units(self.modules, program)
        modules: dict[str, list[str]] = {name: [] for name in units.names}
        for module in sorted(program.modules):
            if (own := units.of(module)) is not None:
                modules[own].append(module)
        return Layering(self.id, (tuple(Part(name, tuple(found)) for name, found in modules.items()),))

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every statement or call that imports another unit, or what leads to one."""
        units = _Units(self.modules, program)
        for why in units.missing(program) if not self.may_be_empty else ():
            ledger.is_vacuous(why)
        members = units.members(program)
        ledger.judge(len(members))
        links = Links(program, typing=self.type_checking_counts, by_name=bool(self.scope(program)))
        ways: dict[str, Ways] = {}
        if self.indirect:
            chains = Chains(links, members, lambda name: units.of(name) is not None)
            ways = {unit: chains.leading(partial(units.is_in, unit)) for unit in units.names}
        for member in members:
            for statement in links.statements(member):
                yield from self._judge(links, units, ways, statement)
        links.note_unknown(ledger, members)

    def _judge(self, links: Links, units: _Units, ways: dict[str, Ways], statement: Statement) -> Iterator[Finding]:
        """Judge one statement: the units that it imports, or else those to which that leads."""
        first = statement.first
        own = units.of(first.importer)
        others = {unit: each for each in statement.imports if (unit := units.of(each.imported)) not in (None, own)}
        if others:
            told = " and ".join(f"`{each.imported}`" for each in others.values())
            message = f"`{first.importer}` imports {told}: {_apart([own, *others])} are independent of each other"
            chain = next(([each] for each in others.values() if each.steps), [])
            yield self._found(links, first, message, f"import {', '.join(i.imported for i in others.values())}", chain)
            return
        found = [(ways[unit].after(each), unit) for unit in ways if unit != own for each in statement.imports]
        led = sorted(((chain, unit) for chain, unit in found if chain), key=lambda each: len(each[0]))
        if led:
            chain, unit = led[0]
            message = (
                f"`{first.importer}` imports `{chain[0].imported}`, which leads to `{chain[-1].imported}`:"
                f" {_apart([own, *(unit for _, unit in led)])} are independent of each other"
            )
            yield self._found(links, first, message, f"import {chain[0].imported}, leading to {unit}", chain)

    def _found(self, links: Links, first: Import, message: str, sink: str, chain: list[Import]) -> Finding:
        position = links.program.position(first.unit, first.span)
        return self.finding(position, first.symbol, message, sink=sink, evidence=links.steps(chain))


def _is_plain(module: str) -> bool:
    return all(part.isidentifier() for part in module.split("."))


def _apart(units: Iterable[str | None]) -> str:
    names = [f"`{unit}`" for unit in dict.fromkeys(units)]
    return f"{', '.join(names[:-1])} and {names[-1]}"


class _Units:
    """What is independent of what: packages with all that is in them, single modules, or zones."""

    def __init__(self, entries: tuple[str, ...], program: Program) -> None:
        self._entries = entries
        several = len(entries) > 1
        self._patterns: list[tuple[str | None, list[Selector]]] = [
            (entry if several and entry.startswith("@") else None, program.patterns([entry])) for entry in entries
        ]
        self._known: dict[str, str | None] = {}
        self._above: str | None = None
        self.names = self._all(program)
        if len(self.names) == 1 and not self.names[0].startswith("@"):
            self._above = self.names[0]
            self._known.clear()
            self.names = self._all(program)

    def _all(self, program: Program) -> list[str]:
        return sorted({unit for name in program.modules if (unit := self.of(name)) is not None})

    def of(self, module: str) -> str | None:
        """The unit to which a module belongs; None for a module of none."""
        if module not in self._known:
            self._known[module] = self._child(module) if self._above is not None else self._find(module)
        return self._known[module]

    def _find(self, module: str) -> str | None:
        roots = [(root, zone or root) for zone, selectors in self._patterns if (root := root_of(selectors, module)) is not None]
        return min(roots, key=lambda each: len(each[0]))[1] if roots else None

    def _child(self, module: str) -> str | None:
        """The part of the one package that was named."""
        above = f"{self._above}."
        return above + module.removeprefix(above).partition(".")[0] if module.startswith(above) else None

    def is_in(self, unit: str, each: Import) -> bool:
        """Whether an import is one of a module of the unit."""
        return self.of(each.imported) == unit

    def members(self, program: Program) -> list[Unit]:
        """The modules of all units."""
        return [unit for unit in program.modules.values() if self.of(unit.name) is not None]

    def missing(self, program: Program) -> Iterator[str]:
        """Why the contract guards nothing: patterns that no module fits, or one unit alone."""
        empty = [entry for entry in self._entries if not self._names_any(program, entry)]
        for entry in empty:
            yield f"`modules` names {entry!r}, which no module fits"
        if not empty and len(self.names) < 2:
            yield "`modules` names one unit alone, which is independent of nothing"

    def _names_any(self, program: Program, entry: str) -> bool:
        selectors = program.patterns([entry])
        return any(root_of(selectors, name) is not None for name in program.modules)
