"""`immutability`: after their construction, nothing writes to objects of some classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from buttress_scanner.contracts._changes import Change, Changes
from buttress_scanner.contracts._declared_frozen import is_declared_frozen
from buttress_scanner.contracts._family import Family, classes_named, keep_objects, symbol
from buttress_scanner.contracts._handed_out import HandedOut
from buttress_scanner.contracts._kept_inputs import KeptInputs
from buttress_scanner.contracts._making import Making
from buttress_scanner.contracts.base import Contract, Ledger, Selectors, Strings
from buttress_scanner.contracts.breaking import HERE, Breaking, Workbench, imported, is_importable
from buttress_scanner.contracts.repair import Repair, subject_of
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.origins import Origins
from buttress_scanner.program.program import symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame


_RECORDS = ("dataclass", "define", "attrs", "s", "mutable")
"""Decorators that take ``frozen``."""


class Immutability(Contract):
    """Objects of ``types`` do not change once they are made."""

    kind_name: ClassVar[str] = "immutability"

    kind: Literal["immutability"]
    types: Selectors = Field(min_length=1, description="The classes; those derived from them are included.")
    writers: Strings = Field((), description="Methods that may write besides the constructor, `__new__` and `__post_init__`.")
    frozen: bool = Field(False, description="Whether the classes must be declared frozen.")
    own_inputs: bool = Field(False, description="Whether a mutable argument must be copied before it is kept.")
    no_leaks: bool = Field(False, description="Whether a mutable field must be copied before it is handed out.")

    def watch(self, program: Program) -> None:
        """Keep objects of the classes from being merged away, and note what changes."""
        program.note_changes()
        keep_objects(program, self.types)

    def scope(self, program: Program) -> Iterable[str] | None:
        """Modules that mention one of the classes, and those that mention what such modules offer around it."""
        names: set[str] = set()
        for text in self.types:
            name = text.partition(":")[2].rpartition(".")[2]
            if name in ("", "*"):
                units = program.select([text.partition(":")[0]])
                names |= {b.name for u in units for b in u.facts.bodies if b.kind == "class"}
            else:
                names |= program.descendants(name)
        return program.around(names)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A function of another module writes to an object of each class."""
        for text in self.types:
            for subject in filter(is_importable, classes_named(program, text)[:1]):
                statement, name = imported(subject)
                deed = f"object.__setattr__(subject, 'sabotaged', 1)  {HERE}"
                code = f"{statement}\n\n\ndef change(subject: {name}) -> None:\n    {deed}\n"
                yield Workbench(program).added(f"writes to an object of `{subject.symbol}`", code)

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Declare a record frozen; safe where no method of it assigns to an attribute."""
        from buttress_scanner.contracts._rewriting import changed, frozen

        subject = subject_of(program, finding)
        if subject is None or subject.body is None or subject.body.kind != "class":
            return
        qualname, index, bodies = subject.qualname, subject.body.index, subject.unit.facts.bodies
        assigns = any(body.parent == index and any(node[0] == "setattr" for node in body.nodes) for body in bodies)
        change = frozen(_RECORDS)
        title = f"Declare `{qualname}` frozen"
        yield Repair(title, finding.position.path, lambda data: changed(data, qualname, change), not assigns)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every write after construction, and for every class and method that does not keep its own."""
        program.solve()
        for text in self.types:
            if not Family.of(program, [text]).roots:
                ledger.is_vacuous(f"the class {text} does not exist")
        if ledger.vacuous:
            return
        family = Family.of(program, self.types)
        ledger.judge(len({(i.unit.name, i.body.index) for i in family.infos}))
        yield from _Search(self, program, family, ledger).findings()


@dataclass(slots=True)
class _Search:
    """One pass over what changes."""

    contract: Immutability
    program: Program
    family: Family
    ledger: Ledger
    found: dict[tuple[str, int, int], Finding] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield findings by place; one for each."""
        origins = Origins(self.program.engine, self.program.frames())
        making = Making(origins, frozenset(self.contract.writers))
        changes = Changes(self.program, self.family, origins, making)
        for change in changes.after_construction():
            self._write(change)
        self.ledger.judge(changes.judged)
        for frame, node, reason in changes.undecided():
            self.ledger.leave_undecided(self.program.node_position(frame, node), reason)
        if self.contract.frozen:
            self._declarations()
        if self.contract.own_inputs:
            for frame, node, name, proven in KeptInputs(self.program, self.family, origins, making).places():
                self._owned(frame, node, f"keeps the mutable argument {name} without a copy", proven=proven)
        if self.contract.no_leaks:
            for frame, node, name in HandedOut(self.program, self.family, origins, making).places():
                self._owned(frame, node, f"hands out the mutable field {name} without a copy", proven=True)
        yield from (self.found[key] for key in sorted(self.found))

    def _add(self, position: Position, frame_symbol: str, message: str, evidence: list[Step], *, proven: bool) -> None:
        key = (position.path, position.line, position.column)
        before = self.found.get(key)
        if before is not None and len(before.evidence) <= len(evidence):
            return
        confidence = Confidence.PROVEN if proven else Confidence.POSSIBLE
        self.found[key] = self.contract.finding(
            position, frame_symbol, message, sink=message, evidence=evidence, confidence=confidence
        )

    def _write(self, change: Change) -> None:
        frame, node = change.site
        target = symbol(change.owner)
        if change.is_whole:
            message = f"changes {change.what} of {target} after its construction"
        else:
            message = f"changes {change.what} of a container that {target} holds, after its construction"
        steps = [self.program.step(f, n, text) for f, n, text in change.steps]
        self._add(self.program.node_position(frame, node), symbol_of(frame.unit, frame.body), message, steps, proven=True)

    def _owned(self, frame: Frame, node: int, message: str, *, proven: bool) -> None:
        step = self.program.step(frame, node, message)
        self._add(self.program.node_position(frame, node), symbol_of(frame.unit, frame.body), message, [step], proven=proven)

    def _declarations(self) -> None:
        for info in sorted(self.family.infos, key=lambda i: (i.unit.name, i.body.index, i.order)):
            if is_declared_frozen(self.program.engine, info):
                continue
            position = self.program.position(info.unit, info.body.header)
            name = symbol_of(info.unit, info.body)
            self._add(position, name, f"{name} is not declared frozen", [Step(position, name, "is defined")], proven=True)
