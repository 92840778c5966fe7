"""subclasses-live-in: every class that derives from a base stands in certain modules. A rule about the whole program."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.api import Breaking, Contract, Selectors, Workbench

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.api import Finding, Ledger
    from buttress_scanner.program import Program


class SubclassesLiveIn(Contract):
    """Every class that derives from a base, however far and under whatever name, stands in the zone."""

    kind_name: ClassVar[str] = "subclasses-live-in"

    base: str = Field(description="The class, such as `app.plugins.base:Plugin`.")
    zone: Selectors = Field(description="The modules in which its subclasses may stand.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where classes are made by calls, functions have to be evaluated: in modules that mention the class or a descendant."""
        names = {
            name for subject in program.subjects(self.base) if subject.body for name in program.descendants(subject.body.name)
        }
        return [unit.name for unit in program.mentioning(names)]

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Derive a class in a module of its own, for `buttress sabotage`."""
        for subject in program.subjects(self.base)[:1]:
            code = f"from {subject.unit.name} import {subject.qualname} as Base\n\n\nclass Sabotaged(Base):  # here\n    pass\n"
            yield Workbench(program).added("derives a class elsewhere", code)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every subclass outside of the zone."""
        from buttress_scanner.program.classes import subclasses

        bases = program.classes(self.base)
        if not bases:
            ledger.is_vacuous(f"{self.base} is no class of the program")
        home = {unit.name for unit in program.select(self.zone)}
        if not home and not self.may_be_empty:
            ledger.is_vacuous(f"the zone {', '.join(self.zone)} has no modules")
        for info in dict.fromkeys(each for base in bases for each in subclasses(program.engine, base)):
            ledger.judge()
            if info.unit.name not in home:
                symbol = f"{info.unit.name}:{info.body.qualname}"
                message = f"`{symbol}` derives from `{self.base}`, but stands outside of {', '.join(self.zone)}"
                yield self.finding(
                    program.position(info.unit, info.body.header), symbol, message, sink=f"subclass of {self.base}"
                )
