"""`enum-zone`: code of a zone mentions only the permitted members of an enum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from buttress_scanner.contracts.base import Contract, Ledger, Selectors, Strings
from buttress_scanner.contracts.breaking import HERE, Breaking, Workbench, imported, is_importable, with_member
from buttress_scanner.contracts.claims import Claim, May, Never
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.compared import Comparisons
from buttress_scanner.program.contents import elements, keys_of
from buttress_scanner.program.enums import enum_member, enum_members, enum_value, enum_value_kind
from buttress_scanner.program.expected import Expectations
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.reflection import source_of
from buttress_scanner.program.values import Box, Class, Const, Instance, Maybe, Member, Module, Object, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame

_MENTIONS = ("attr", "item", "call", "global", "free", "own", "iter", "fstr", "phi", "from", "late", "await", "yieldfrom")
_HANDS_ON = ("param", "narrow", "declare", "seq", "dict", "comp", "dcomp", "unpack", "slice", "aug", "caught")
_NAMING = ("attr", "global", "from", "item", "call")
_HOLDING = ("dict", "seq", "global", "from")
"""Displays and constants, out of which a function takes a member that it names."""
_NESTING = 2
_FAR = 200
"""So many values are looked at for whether a container holds a member at any depth."""
_NO_MEMBER = ("func", "class", "deco")


class EnumZone(Contract):
    """The zone mentions no member of ``enum`` beyond those permitted."""

    kind_name: ClassVar[str] = "enum-zone"

    kind: Literal["enum-zone"]
    enum: str = Field(description="The enum, as a symbol.")
    zone: Selectors = Field(min_length=1, description="The modules in which members are restricted.")
    allow: Strings = Field((), description="The only members that may be mentioned.")
    forbid: Strings = Field((), description="The members that must not be mentioned.")

    @model_validator(mode="after")
    def _one_of_both(self) -> EnumZone:
        if bool(self.allow) == bool(self.forbid):
            msg = "an enum-zone has either `allow` or `forbid`"
            raise ValueError(msg)
        return self

    def watch(self, program: Program) -> None:
        """Keep the enum's members from being merged away."""
        name = self.enum.partition(":")[2].rpartition(".")[2]
        program.keep(name, name)

    def scope(self, program: Program) -> Iterable[str] | None:
        """What of the zone mentions the enum, a member or a text it is equal to, or something that does."""
        names = {self.enum.partition(":")[2].rpartition(".")[2]}
        for subject in program.subjects(self.enum):
            body = subject.body
            if body is None:
                continue
            names.update(body.exit)
            if {"str", "StrEnum"} & program.base_names(subject):
                held = (body.nodes[node] for node in body.exit.values())
                names.update(node[1] for node in held if node[0] == "const" and isinstance(node[1], str))
        around = program.around({name for name in names if name.isidentifier()})
        return [u.name for u in program.select(self.zone) if u.name in around]

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A module of the zone mentions a member that is not permitted, as an attribute and by its name as text."""
        subject = next((s for s in program.subjects(self.enum) if s.body is not None and is_importable(s)), None)
        units = program.select(self.zone)
        if subject is None or subject.body is None or not units:
            return
        nodes = subject.body.nodes
        written = [n for n, node in subject.body.exit.items() if not n.startswith("_") and nodes[node][0] not in _NO_MEMBER]
        wanted = next((n for n in self.forbid or written if n not in self.allow), None)
        # where all members are permitted, the contract speaks of those that come
        grown = {} if wanted else with_member(subject, 'SABOTAGED = "sabotaged"')
        member = wanted or "SABOTAGED"
        statement, name = imported(subject)
        code = f"{statement}\n\nSABOTAGED = {name}.{member}  {HERE}\nBY_NAME = {name}[{member!r}]  {HERE}\n"
        how = f"mentions `{member}`{' (a new member)' if grown else ''} in `{units[0].name}`"
        yield Workbench(program).appended(how, units[0], code, grown)

    def claims(self, program: Program) -> Iterator[Claim]:
        """The zone may mention what is permitted, and never anything else."""
        for info in program.classes(self.enum)[:1]:
            real = {name: enum_member(program.engine, info, name).name for name in enum_members(program.engine, info)}
            listed = {real[name] for name in self.allow or self.forbid if name in real}
            forbidden = set(real.values()) - listed if self.allow else listed
            for kind, members in ((May, listed if self.allow else set()), (Never, forbidden)):
                among = frozenset(f"{member} in {unit.name}" for unit in program.select(self.zone) for member in members)
                yield kind(f"members of {info.symbol}", among)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every mention of a member that is not permitted."""
        infos = program.classes(self.enum)
        if not infos:
            ledger.is_vacuous(f"the enum {self.enum} does not exist")
            return
        names = enum_members(program.engine, infos[0])
        missing = [n for n in (*self.allow, *self.forbid) if n not in names]
        for name in missing:
            ledger.is_vacuous(f"the enum {self.enum} has no member {name}")
        units = {u.name for u in program.select(self.zone)}
        if not units and not self.may_be_empty:
            ledger.is_vacuous(f"the zone {', '.join(self.zone)} has no module")
        if ledger.vacuous:
            return
        real = {n: enum_member(program.engine, infos[0], n).name for n in names}
        forbidden = {real[n] for n in self.forbid} if self.forbid else set(real.values()) - {real[n] for n in self.allow}
        if not forbidden:
            ledger.judge(len(names))
            return
        yield from _Mentions(self, program, ledger, infos[0], forbidden, units).findings()


@dataclass(slots=True)
class _Mentions:
    contract: EnumZone
    program: Program
    ledger: Ledger
    info: ClassInfo
    forbidden: set[str]
    zone: set[str]
    found: dict[Position, Finding] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return self.program.engine

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for every mention of a forbidden member in the zone."""
        frames = [f for f in self.program.frames() if f.unit.name in self.zone and not self._is_definition(f)]
        self.ledger.judge(len({(f.unit.name, f.body.index) for f in frames}))
        kind = enum_value_kind(self.engine, self.info)
        plain = self._plain_values() if kind else {}
        for frame in frames:
            for index, node in enumerate(frame.body.nodes):
                names = self._mentioned(frame, index)
                if names and self._is_mention(frame, index, node):
                    self._report(frame, index, names)
            if plain:
                self._stored(frame, plain)
            self._compared(frame)
        yield from (self.found[p] for p in sorted(self.found))

    def _is_definition(self, frame: Frame) -> bool:
        return frame.body is self.info.body or (frame.owner is self.info)

    # --- mentions

    def _mentioned(self, frame: Frame, index: int) -> set[str]:
        cell = frame.cells[index]
        found: set[str] = set()
        for value in cell.values if cell is not None else ():
            found |= self._members_in(value, 0)
        return found

    def _members_in(self, value: Value, depth: int) -> set[str]:
        match value:
            case Member(info=info, name=name):
                return {name} & self.forbidden if info is self.info else set()
            case Maybe(owner=Class(info=info)) if info is self.info:
                return {"?"}
            case Box() if depth < _NESTING:
                found: set[str] = set()
                for element in [*elements(self.engine, value), *(keys_of(self.engine, value) if value.kind == "dict" else ())]:
                    found |= self._members_in(element, depth + 1)
                return found
        return set()

    def _is_mention(self, frame: Frame, index: int, node: tuple[object, ...]) -> bool:
        """Whether the member comes into the zone's code at this node, and not from one of its operands or from a caller."""
        kind = node[0]
        if kind not in _MENTIONS or self._in_annotation(frame, index):
            return False
        if kind == "from":
            return False
        if kind == "phi":
            return any(frame.body.nodes[part][0] == "from" for part in node[1])  # type: ignore[attr-defined]
        if kind in ("global", "free", "own", "late"):
            return not self._bound_in_zone(frame, str(node[1]), str(kind))
        if kind == "call":
            return self._call_is_mention(frame, index, node)
        if kind == "attr":
            return self._attribute_is_mention(frame, node)
        return not self._holds(frame, int(str(node[1]))) and not self._by_zone(frame, index)

    def _holds(self, frame: Frame, index: int) -> bool:
        """Whether what something is taken out of is, or holds at any depth, a forbidden member."""
        cell = frame.cells[index]
        pending = list(cell.values if cell is not None else ())
        seen: set[Value] = set()
        while pending and len(seen) < _FAR:
            value = pending.pop()
            if value in seen:
                continue
            seen.add(value)
            if self._members_in(value, 0):
                return True
            if isinstance(value, Box):
                pending += [*elements(self.engine, value), *(keys_of(self.engine, value) if value.kind == "dict" else ())]
        return False

    def _by_zone(self, frame: Frame, index: int) -> bool:
        """Whether all that the node runs is code of the zone, where the mention stands."""
        callees = frame.edges.get(index, {})
        return bool(callees) and all(c.unit.name in self.zone for c in callees)

    def _in_annotation(self, frame: Frame, index: int) -> bool:
        return any(a <= index < b for a, b in frame.body.typing)

    def _bound_in_zone(self, frame: Frame, name: str, kind: str) -> bool:
        """A variable of the zone: what it holds was mentioned where it was bound; an outer parameter is handed in."""
        scope: Frame | None = frame.unit.frame if kind == "global" else frame
        while scope is not None:
            versions = scope.body.versions.get(name, ())
            if versions:
                return all(scope.body.nodes[v][0] != "from" for v in versions)
            scope = scope.closure if kind != "global" else None
        return False

    def _call_is_mention(self, frame: Frame, index: int, node: tuple[object, ...]) -> bool:
        operands = [o for _, o in node[2]] + [o for _, o in node[3]]  # type: ignore[attr-defined]
        if self._by_zone(frame, index) or self._mentioned(frame, int(str(node[1]))):
            return False
        if not operands and self._is_made_empty(frame, index):
            return False
        if any(self._mentioned(frame, o) for o in operands):  # what was given may be what comes back
            return any(self._yields_own(callee, 0) for callee in frame.edges.get(index, ()))
        receiver = frame.body.nodes[int(str(node[1]))]
        if receiver[0] == "attr" and self._mentioned(frame, receiver[1]):
            return any(self._yields_own(callee, 0) for callee in frame.edges.get(index, ()))
        return True

    def _is_made_empty(self, frame: Frame, index: int) -> bool:
        """``Counter()``: a container that is made here, whatever is put into it later."""
        cell = frame.cells[index]
        made = [v.site for v in (cell.values if cell is not None else ()) if isinstance(v, Box)]
        return bool(made) and not frame.edges.get(index) and all(isinstance(s, tuple) and s[:2] == (frame, index) for s in made)

    def _yields_own(self, callee: Frame, depth: int) -> bool:
        """Whether a function's result may be a forbidden member that the function itself names."""
        pending, seen = list(callee.body.returns), set()
        while pending:
            index = pending.pop()
            if index < 0 or index in seen:
                continue
            seen.add(index)
            node = callee.body.nodes[index]
            if node[0] == "phi":
                pending += node[1]
            elif node[0] in ("narrow", "declare"):
                pending.append(node[3] if node[0] == "narrow" else node[1])
            elif node[0] in _NAMING and self._names_it(callee, index, node):
                return True
            called = callee.edges.get(index, ()) if node[0] == "call" and depth < _NESTING else ()
            if any(self._yields_own(each, depth + 1) for each in called):
                return True
        return False

    def _names_it(self, callee: Frame, index: int, node: tuple[object, ...]) -> bool:
        """Whether a node is a member by itself: named, or taken out of what names it."""
        if not self._mentioned(callee, index):
            return False
        if node[0] not in ("attr", "item", "call"):
            return True
        base = source_of(callee.body, int(str(node[1])))
        operation = callee.body.nodes[base]
        if node[0] == "call":
            base = source_of(callee.body, operation[1]) if operation[0] == "attr" else base
            return callee.body.nodes[base][0] in _HOLDING and bool(self._mentioned(callee, base))
        cell = callee.cells[base]
        owners = list(cell.values) if cell is not None else []
        return operation[0] in _HOLDING or any(isinstance(v, (Class, Module)) for v in owners)

    def _attribute_is_mention(self, frame: Frame, node: tuple[object, ...]) -> bool:
        """An attribute of the enum, of a module, or a class constant; a field of an object is only read."""
        cell = frame.cells[int(str(node[1]))]
        owners = list(cell.values) if cell is not None else []
        if self._mentioned(frame, int(str(node[1]))):
            return False
        for owner in owners:
            if isinstance(owner, Instance):
                holder = self._class_constant(owner, str(node[2]))
                if holder is not None:
                    return holder.unit.name not in self.zone
                continue
            if isinstance(owner, Class) and owner.info is not self.info and self._holder(owner.info, str(node[2])) in self.zone:
                continue
            if isinstance(owner, (Class, Member, Module)):
                return True
        return False

    def _class_constant(self, owner: Instance, name: str) -> ClassInfo | None:
        """The class that binds the name to a constant or a getter, unless it makes a field of that name."""
        for info in linearise(self.engine, owner.info):
            if name in info.body.exit or name in info.body.annotations:
                return info if name not in info.body.annotations and not self._is_field(info, name) else None
        return None

    def _is_field(self, info: ClassInfo, name: str) -> bool:
        """Whether the class binds the name to what a library describes a field with, or to nothing yet."""
        values = self.engine.read(info.frame, info.body.exit[name])
        empty = (Const, Object, Unknown)
        return bool(values) and all(isinstance(v, empty) and not (isinstance(v, Const) and v.value is not None) for v in values)

    def _holder(self, info: ClassInfo, name: str) -> str:
        """The module of the class that binds a name, its own where nobody knows."""
        return next((i.unit.name for i in linearise(self.engine, info) if name in i.body.exit), info.unit.name)

    # --- plain values of str and int enums

    def _plain_values(self) -> dict[Value, str]:
        found: dict[Value, str] = {}
        for name in sorted(self.forbidden):
            for value in enum_value(self.engine, self.info, name):
                if isinstance(value, Const):
                    found[value] = name
        return found

    def _stored(self, frame: Frame, plain: dict[Value, str]) -> None:
        expected = Expectations(self.engine, self.info)
        for node in expected.given(frame):
            cell = frame.cells[node]
            names = {plain[v] for v in (cell.values if cell is not None else ()) if v in plain}
            if names and not expected.is_passed_on(frame, node):
                self._report(frame, node, names, how="stores the plain value of")

    def _compared(self, frame: Frame) -> None:
        """``state == "failed"`` and ``state.name == "FAILED"`` mean the member."""
        for node, members in Comparisons(self.engine, self.info).plain(frame):
            names = {enum_member(self.engine, self.info, n).name for n in members} & self.forbidden
            if names:
                self._report(frame, node, names, how="compares with the plain value of")

    # --- reporting

    def _report(self, frame: Frame, index: int, names: set[str], *, how: str = "") -> None:
        position = self.program.node_position(frame, index)
        if position in self.found:
            return
        proven = bool(names - {"?"})
        shown = sorted(names - {"?"}) or sorted(self.forbidden)
        listed = ", ".join(f"{self.info.name}.{n}" for n in shown)
        how = how or ("mentions" if proven else "may mention")
        definition = self.program.position(self.info.unit, self.info.body.header)
        self.found[position] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"{how} {listed}",
            sink=f"{how} {listed}",
            confidence=Confidence.PROVEN if proven else Confidence.POSSIBLE,
            evidence=[self.program.step(frame, index, f"{how} {listed}"), Step(definition, self.info.symbol, "the enum")],
        )
