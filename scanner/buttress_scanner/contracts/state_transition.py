"""`state-transition`: the values written to a field follow one another as listed, for every object on every path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from buttress_scanner.config.selectors import Selector
from buttress_scanner.contracts.base import Contract, Ledger, Strings
from buttress_scanner.contracts.breaking import HERE, Workbench, imported, is_importable
from buttress_scanner.contracts.claims import Only
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.classes import members, subclasses
from buttress_scanner.program.construction import field_default
from buttress_scanner.program.enums import enum_member, enum_members
from buttress_scanner.program.flow_effects import has_attribute
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.states import States
from buttress_scanner.program.states_model import NEW, Deed, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.facts.model import Body
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Frame
    from buttress_scanner.program.states import Moment


def _lists(value: object) -> object:
    """A single successor is a list of one."""
    return {k: (v,) if isinstance(v, str) else v for k, v in value.items()} if isinstance(value, dict) else value


Transitions = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_lists)]


class StateTransition(Contract):
    """Every object's ``attribute`` goes through the members of ``enum`` as ``transitions`` says."""

    kind_name: ClassVar[str] = "state-transition"
    follows: ClassVar[int] = 4

    kind: Literal["state-transition"]
    enum: str = Field(description="The enum of the states, as a symbol.")
    attribute: str = Field(description="The field that holds the state: `module:Class.field`.")
    initial: Strings = Field(min_length=1, description="The states in which an object may begin.")
    transitions: Transitions = Field(description="For each state those that may follow; none for a state that is not listed.")

    @field_validator("attribute")
    @classmethod
    def _is_field(cls, value: str) -> str:
        name = Selector.parse(value).name
        if name is None or "." not in name or name.endswith("*"):
            raise ValueError(f"{value!r} is no field of a class: write module:Class.field")
        return value

    @property
    def _class(self) -> str:
        return self.attribute.rpartition(".")[0]

    @property
    def _field(self) -> str:
        return self.attribute.rpartition(".")[2]

    def watch(self, program: Program) -> None:
        """Keep the states and the objects that have them from being merged away."""
        for text in (self.enum, self._class):
            name = text.rpartition(":")[2].rpartition(".")[2]
            program.keep(name, name)

    def scope(self, program: Program) -> Iterable[str] | None:
        """The modules that mention the class or the enum, and those that mention the functions and classes which do."""
        names = {text.rpartition(":")[2].rpartition(".")[2] for text in (self.enum, self._class)}
        names |= program.descendants(self._class.rpartition(":")[2].rpartition(".")[2])
        return program.around(names)

    def claims(self, program: Program) -> Iterator[Only]:
        """Only these states begin, and only these follow one that has any."""
        enums = program.classes(self.enum)
        begin = {f"first states of {self.attribute}": self.initial}
        follow = {f"states of {self.attribute} behind {name}": after for name, after in self.transitions.items()}
        for about, names in (begin | follow).items() if enums else ():
            yield Only(about, frozenset(enum_member(program.engine, enums[0], name).name for name in names))

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A function of another module writes one state behind another that it may not follow."""
        names = sorted({*self.initial, *self.transitions, *(n for after in self.transitions.values() for n in after)})
        pairs = [(b, a) for b in names for a in names if a not in self.transitions.get(b, ())]
        holders = [s for s in program.subjects(self._class) if is_importable(s)]
        enums = [s for s in program.subjects(self.enum) if is_importable(s)]
        if not pairs or not holders or not enums:
            return
        (first, holder), (second, enum) = imported(holders[0]), imported(enums[0], "_states")
        writes = [f"    subject.{self._field} = {enum}.{name}" for name in pairs[0]]
        head = f"{first}\n{second}\n\n\ndef change(subject: {holder}) -> None:\n"
        how = f"lets {pairs[0][1]} follow {pairs[0][0]}"
        yield Workbench(program).added(how, f"{head}{writes[0]}\n{writes[1]}  {HERE}\n")

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every write that does not follow from what was written before."""
        relation = self._relation(program, ledger)
        if relation is not None:
            yield from _Search(self, program, ledger, relation, States(program, relation)).findings()

    def _relation(self, program: Program, ledger: Ledger) -> Relation | None:
        enums = program.classes(self.enum)
        classes = program.classes(self._class)
        if not enums:
            ledger.is_vacuous(f"the enum {self.enum} does not exist")
        if not classes:
            ledger.is_vacuous(f"the class {self._class} does not exist")
        elif not any(has_attribute(program.engine, info, self._field) for info in classes):
            ledger.is_vacuous(f"objects of {self._class} have no attribute {self._field}")
        if enums:
            names = set(enum_members(program.engine, enums[0]))
            named = dict.fromkeys([*self.initial, *(n for k, after in self.transitions.items() for n in (k, *after))])
            for name in named:
                if name not in names:
                    ledger.is_vacuous(f"the enum {self.enum} has no member {name}")
        if ledger.vacuous:
            return None
        below = {sub for info in classes for sub in (info, *subclasses(program.engine, info))}
        following = {name: frozenset(after) for name, after in self.transitions.items()}
        return Relation(program.engine, enums[0], self._field, frozenset(below), frozenset(self.initial), following)


@dataclass(slots=True)
class _Search:
    """The walks of all frames that touch the states, and what they found."""

    contract: StateTransition
    program: Program
    ledger: Ledger
    relation: Relation
    states: States
    found: dict[Position, Finding] = field(default_factory=dict)
    _own: dict[Body, set[Deed]] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings in order; count what was judged and what could not be."""
        judged = [f for f in self.states.handling if f in self.states.writing and f.active]
        walked = [(frame, self.states.walk(frame)) for frame in judged]
        for frame, key in walked:
            self._own.setdefault(frame.body, set()).update(self.states.all_deeds([key]))
        for frame, key in walked:
            for moment in sorted(self.states.visited.get(key, ()), key=_order):
                self._direct(frame, moment)
                self._behind(frame, moment)
        self._defaults()
        self._count()
        yield from (self.found[position] for position in sorted(self.found))

    def _count(self) -> None:
        self.ledger.judge(len(self.states.judged))
        places = {body: frame for frame in self.program.frames() for body in (frame.body,)}
        open_sites = [(places[body], node) for (body, node), known in self.states.judged.items() if not known]
        for position in sorted({self.program.node_position(frame, node) for frame, node in open_sites}):
            self.ledger.leave_undecided(position, f"the state before this write of {self.relation.field} is not known")

    # --- writes

    def _direct(self, frame: Frame, moment: Moment) -> None:
        """Writes that are unlawful whoever calls the function."""
        where, node, _ = moment
        place = self._place(frame, where, node)
        for deed in sorted(self.states.deeds.get(moment, ()), key=_deed_order):
            self._note(*place, moment, deed, ())

    def _behind(self, frame: Frame, moment: Moment) -> None:
        """Writes of a callee that are unlawful by what is known here."""
        where, node, _ = moment
        keys = self.states.entered.get(moment, set())
        deeds = self.states.all_deeds(keys)
        for deed in sorted(deeds, key=_deed_order):
            if not any(deed in self._own.get(key[0].body, ()) for key in keys):
                self._note(*self._place(frame, where, node), moment, deed, self._site_of(deed))

    def _place(self, frame: Frame, where: Frame, node: int) -> tuple[Frame, int]:
        """Where a deed stands: what a generator does in the place of its call, at that call."""
        outer = self.states.inlined_at.get((frame, where))
        return (frame, outer) if outer is not None else (where, node)

    def _site_of(self, deed: Deed) -> tuple[Step, ...]:
        frame = next((f for f in self.program.frames() if f.body is deed.body), None)
        return (self.program.step(frame, deed.node, f"writes {' or '.join(deed.after)}"),) if frame is not None else ()

    def _note(self, frame: Frame, node: int, moment: Moment, deed: Deed, steps: tuple[Step, ...]) -> None:
        """Note a finding; of several at one place the first by what it says is reported."""
        after, earlier = " or ".join(deed.after), " or ".join(n for n in deed.before if n != NEW)
        what = f"{earlier} -> {after} is no transition" if earlier else f"{after} is no initial state"
        position = self.program.node_position(frame, node)
        finding = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"{self.contract.attribute}: {what} of {self.relation.info.name}",
            sink=f"{earlier or 'new'} -> {after}",
            evidence=(*self._since(moment), self.program.step(frame, node, f"goes on to {after}"), *steps),
            confidence=Confidence.POSSIBLE if deed.unsure else Confidence.PROVEN,
        )
        self.found[position] = min(finding, self.found.get(position, finding), key=_rank)

    def _since(self, moment: Moment) -> list[Step]:
        """The writes that led to the state before."""
        found = {
            (known.since[0], known.since[1], " or ".join(sorted(known.names)))
            for known in self.states.known_at(moment)
            if known.since is not None
        }
        steps = [self.program.step(frame, node, f"has written {names}") for frame, node, names in found]
        return sorted(steps, key=lambda step: (step.position, step.text))

    # --- defaults

    def _defaults(self) -> None:
        """States that a class gives to its objects before anything is written."""
        for info in sorted(self.relation.classes, key=lambda c: (c.unit.name, c.body.index, c.order)):
            node = info.body.exit.get(self.relation.field, -1)
            held = members(self.program.engine, info, self.relation.field)
            if node < 0 or held is None or held[0] is not info:
                continue
            names = {self.relation.name_of(v) for v in field_default(self.program.engine, info, node)}
            known = sorted(n for n in names if n is not None)
            if known:
                self.ledger.judge()
            if None not in names and not self.relation.initial.issuperset(known):
                self._report_default(info, node, known)

    def _report_default(self, info: ClassInfo, node: int, names: list[str]) -> None:
        position = self.program.node_position(info.frame, node)
        self.found[position] = self.contract.finding(
            position,
            info.symbol,
            f"{self.contract.attribute}: {' or '.join(names)} is no initial state of {self.relation.info.name}",
            sink=f"new -> {' or '.join(names)}",
        )


def _rank(finding: Finding) -> tuple[bool, str, str, list[tuple[Position, str]]]:
    steps = [(step.position, step.text) for step in finding.evidence]
    return finding.confidence is Confidence.POSSIBLE, finding.symbol, finding.message, steps


def _order(moment: Moment) -> tuple[str, int, int]:
    return moment[0].unit.name, moment[0].body.index, moment[1]


def _deed_order(deed: Deed) -> tuple[str, int, int, tuple[str, ...], tuple[str, ...]]:
    return deed.body.qualname, deed.body.index, deed.node, deed.before, deed.after
