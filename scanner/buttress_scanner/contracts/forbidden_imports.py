"""forbidden-imports: some modules never import certain others, neither directly nor through others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._imports import Chains, Entry, Links, Modules, Statement, exactness, importing_by_name
from buttress_scanner.contracts.base import Contract
from buttress_scanner.contracts.breaking import HERE, Workbench
from buttress_scanner.contracts.claims import Never, exempted
from buttress_scanner.contracts.repair import from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts._imports import Ways
    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.repair import Repair
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.imports import Import


class ForbiddenImports(Contract):
    """Some modules never import certain others, neither directly nor through others."""

    kind_name: ClassVar[str] = "forbidden-imports"
    follows: ClassVar[int] = 1

    modules: Modules = Field(min_length=1, description="Patterns or zones: the modules that may not import.")
    forbidden: Modules = Field(
        min_length=1, description="Modules, packages with all that is in them, third-party packages, or zones."
    )
    indirect: bool = Field(True, description="Whether importing through other modules counts.")
    type_checking_counts: bool = Field(False, description="Whether imports that only type checkers see count as well.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where modules are imported by name; nothing where the judged modules lead to no such place."""
        return importing_by_name(program, program.select(self.modules), indirect=self.indirect)

    def claims(self, program: Program) -> Iterator[Never]:
        """The modules never import what is forbidden."""
        sides = _Sides(self, program)
        judged = frozenset(unit.name for unit in sides.judged) - exempted(program, self)
        for module in program.modules:
            if module not in judged and any(entry.rank(module) for entry in sides.entries):
                yield Never(f"imports of {module}", judged)

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Take the same names from a module that may be imported."""
        return from_elsewhere(program, finding)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A judged module imports what is forbidden: as a statement, by its name as text, and through a new module."""
        sides, exempted, bench = _Sides(self, program), Exempted(self.exempt), Workbench(program)
        units = [u for u in sides.judged if not exempted.covers_place(u.path, u.name)]
        judged = {unit.name for unit in sides.judged}
        name = next((name for entry in sides.entries if (name := entry.example()) and name not in judged), None)
        if not units or name is None:
            return
        unit = units[0]
        code = f"import {name}  {HERE}\nimport importlib\nimportlib.import_module({name!r})  {HERE}\n"
        yield bench.appended(f"imports `{name}` in `{unit.name}`", unit, code)
        helper = bench.added("", f"import {name}\n").changes
        through = next(iter(helper)).rpartition("/")[2].removesuffix(".py")
        if self.indirect and through not in sides.names:
            others = {path: data for path, data in helper.items() if data is not None}
            how = f"imports `{name}` through `{through}` in `{unit.name}`"
            yield bench.appended(how, unit, f"import {through}  {HERE}\n", others)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every statement or call that imports what is forbidden, or what leads to it."""
        sides = _Sides(self, program)
        for why in sides.missing():
            ledger.is_vacuous(why)
        ledger.judge(len(sides.judged))
        links = Links(program, typing=self.type_checking_counts, by_name=bool(self.scope(program)))
        ways: dict[str, Ways] = {}
        if self.indirect:
            chains = Chains(links, sides.judged, lambda name: name in sides.names)
            ways = {entry.text: chains.leading(partial(sides.hits, entry)) for entry in sides.entries}
        for unit in sides.judged:
            for statement in links.statements(unit):
                yield from self._judge(links, sides, ways, statement)
        links.note_unknown(ledger, sides.judged)

    def _judge(self, links: Links, sides: _Sides, ways: dict[str, Ways], statement: Statement) -> Iterator[Finding]:
        """Judge one statement: what it imports itself, or else where that leads."""
        direct = {each.reaches: (each, entry) for each in statement.imports for entry in sides.entries if sides.hits(entry, each)}
        if direct:
            told = " and ".join(f"`{name}`" for name in dict.fromkeys(each.reaches for each, _ in direct.values()))
            entries = ", ".join(dict.fromkeys(f"`{entry.text}`" for _, entry in direct.values()))
            yield self._found(
                links,
                statement,
                f"`{statement.first.importer}` imports {told}, which is forbidden here: {entries}",
                f"import {', '.join(direct)}",
                next(([each] for each, _ in direct.values() if each.steps), []),
            )
            return
        found = [(ways[e.text].after(i), e) for e in sides.entries if e.text in ways for i in statement.imports]
        led = sorted(((chain, entry) for chain, entry in found if chain), key=lambda each: len(each[0]))
        if led:
            chain = led[0][0]
            entries = ", ".join(dict.fromkeys(f"`{entry.text}`" for _, entry in led))
            yield self._found(
                links,
                statement,
                f"`{statement.first.importer}` imports `{chain[0].imported}`, which leads to `{chain[-1].reaches}`;"
                f" forbidden here: {entries}",
                f"import {chain[0].imported}, leading to {', '.join(dict.fromkeys(entry.text for _, entry in led))}",
                chain,
            )

    def _found(self, links: Links, statement: Statement, message: str, sink: str, chain: list[Import]) -> Finding:
        first = statement.first
        position = links.program.position(first.unit, first.span)
        return self.finding(position, first.symbol, message, sink=sink, evidence=links.steps(chain))


class _Sides:
    """Which modules are judged, and what is forbidden; a module that both name belongs to the more exact pattern."""

    def __init__(self, contract: ForbiddenImports, program: Program) -> None:
        self._contract = contract
        self._program = program
        self._selectors = program.patterns(contract.modules)
        self.entries = [Entry(program, text) for text in contract.forbidden]
        selected = program.select(contract.modules)
        self.judged: list[Unit] = [unit for unit in selected if not any(self._forbids(e, unit.name) for e in self.entries)]
        self.names = {unit.name for unit in self.judged}

    def hits(self, entry: Entry, each: Import) -> bool:
        """Whether an import is one of what an entry forbids."""
        return self._forbids(entry, each.reaches)

    def _forbids(self, entry: Entry, module: str) -> bool:
        rank = entry.rank(module)
        if rank is None:
            return False
        own = max((exactness(s) for s in self._selectors if s.matches_module(module)), default=None)
        return own is None or rank >= own

    def missing(self) -> Iterator[str]:
        """Why the contract guards nothing: patterns of the program that no module fits."""
        if not self._contract.may_be_empty:
            for text in self._contract.modules:
                if not self._program.select([text]):
                    yield f"`modules` names {text!r}, which no module fits"
        for entry in self.entries:
            if not entry.is_foreign() and entry.is_empty():
                yield f"`forbidden` names {entry.text!r}, which no module of the program fits"
