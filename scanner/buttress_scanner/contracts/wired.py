"""wired: functions that nobody calls and classes that nobody constructs are dead."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts.base import Contract, Selectors
from buttress_scanner.contracts.breaking import Workbench, is_importable
from buttress_scanner.contracts.claims import Needs, called, named
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.classes import linearise, subclasses
from buttress_scanner.program.hooks import may_be_called_by_library
from buttress_scanner.program.values import (
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Method,
    Partial,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame, Unit
    from buttress_scanner.program.program import Subject

_MAKERS = (
    "_make",
    "model_validate",
    "model_validate_json",
    "model_validate_strings",
    "model_construct",
    "parse_obj",
    "parse_raw",
)
"""Class methods that libraries give to records, and that construct one."""

_TAKING = ("attr", "item", "iter", "unpack", "slice")
_NESTING = 12
_ANYBODY = "anybody"
"""The frame of a function as if anybody called it."""

Key = tuple[str, int]
"""Module and index of a body."""


class Wired(Contract):
    """Functions have a caller in production code, classes are constructed there."""

    kind_name: ClassVar[str] = "wired"

    symbols: Selectors = Field(description="Functions, methods and classes that must be in use.")
    callers_in: Selectors | None = Field(
        None, description="Modules in which a caller must be; all that are not exempt when absent."
    )

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """Nothing is left of the program but the function or class itself, which then nobody uses."""
        subjects = [s for text in self.symbols for s in program.subjects(text) if s.body is not None and is_importable(s)]
        # a class that constructs itself is in use as long as it is there
        alone = [s for s in subjects if s.body is not None and not _names_itself(s.unit, s.body)]
        for subject in alone[:1]:
            yield Workbench(program).alone(f"removes whatever could use `{subject.symbol}`", subject)

    def claims(self, program: Program) -> Iterator[Needs]:
        """Somebody in the modules that count calls each symbol."""
        exempt = Exempted(self.exempt)
        among = named(program, ["**"] if self.callers_in is None else self.callers_in)
        counted = frozenset(each for each in among if not exempt.covers_place(program.modules[each].path, each))
        for text in self.symbols:
            yield from (Needs(f"calls of {symbol}", counted) for symbol in called(program, text))
            for subject in program.subjects(text):
                if "." not in subject.qualname and subject.unit.name not in counted:  # who calls it has to import it
                    yield Needs(f"imports of {subject.unit.name}", counted)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every symbol that nothing in production code calls or constructs."""
        program.solve()
        subjects: dict[Key, tuple[Subject, Body]] = {}
        for text in self.symbols:
            found = [(s, s.body) for s in program.subjects(text) if s.body is not None]
            if not found:
                ledger.is_vacuous(f"{text} is neither a function nor a class of the program")
            subjects.update({_key(s.unit, body): (s, body) for s, body in found if "*" not in text or not _is_special(body)})
        usage = _Usage(self, program)
        if not usage.frames and not self.may_be_empty:
            ledger.is_vacuous(f"no module counts as a caller: {', '.join(self.callers_in or ('every module is exempt',))}")
        ledger.judge(len(subjects))
        usage.collect()
        for key, (subject, body) in sorted(subjects.items()):
            if not usage.uses(key, subject.unit, body):
                yield self._unused(program, ledger, usage, subject, body)

    def _unused(self, program: Program, ledger: Ledger, usage: _Usage, subject: Subject, body: Body) -> Finding:
        missing = "constructs" if body.kind == "class" else "calls"
        where = f"in {', '.join(self.callers_in)}" if self.callers_in else "in production code"
        elsewhere = usage.elsewhere(_key(subject.unit, body))
        doubtful = usage.doubtful_constructions(subject) if body.kind == "class" else usage.doubtful_calls(body)
        for position in doubtful:
            ledger.leave_undecided(position, f"may be what {missing} `{subject.symbol}`: on what it acts is not known")
        return self.finding(
            program.position(subject.unit, body.header),
            subject.symbol,
            f"nothing {where} {missing} `{subject.symbol}`",
            sink=missing,
            evidence=elsewhere,
            confidence=Confidence.POSSIBLE if doubtful else Confidence.PROVEN,
        )


@dataclass(slots=True)
class _Usage:
    """Who calls and constructs what: in the code that counts, and elsewhere."""

    contract: Wired
    program: Program
    frames: list[Frame] = field(default_factory=list)
    """The frames of production code."""
    others: list[Frame] = field(default_factory=list)
    used: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        chosen = self.program.patterns(self.contract.callers_in or ("**",))
        exempted = Exempted(self.contract.exempt)
        for frame in self.program.frames():
            inside = any(s.matches_symbol(frame.unit.name, frame.body.qualname) for s in chosen)
            inside = inside and not exempted.covers_place(frame.unit.path, frame.symbol)
            (self.frames if inside else self.others).append(frame)

    def collect(self) -> None:
        """Note everything that production code uses."""
        called = {frame.body for frame in self.frames if frame.key != _ANYBODY}
        for frame in self.frames:
            # what an object holds, a method uses for the objects on which it is called, not for all that there are
            known = frame.key == _ANYBODY and frame.owner is not None and frame.body in called
            for node in range(len(frame.body.nodes)):
                if not (known and self._is_held(frame, node)):
                    self.used.update(self._used_at(frame, node))
        inside = set(self.frames)
        for value in self.program.engine.table.values():
            if isinstance(value, Instance) and isinstance(value.site, tuple) and value.site[0] in inside:
                self.used.add(_key(value.info.unit, value.info.body))

    def _is_held(self, frame: Frame, node: int) -> bool:
        """Whether what is used comes out of an attribute of the receiver, and is no method or property of the receiver itself."""
        nodes, steps = frame.body.nodes, 0
        called = nodes[node][0] == "call"
        current = nodes[node][1] if called else node
        for _ in range(_NESTING):
            operation = nodes[current]
            if operation[0] == "param":
                if not frame.body.params or operation[1] != frame.body.params[0].name or steps == 0:
                    return False
                values = self.program.node_values(frame, nodes[node][1]) if called else []
                return steps > 1 or (called and not any(isinstance(v, Method) for v in values))
            if operation[0] in _TAKING:
                steps += 1
                current = operation[1]
            elif operation[0] == "narrow":
                current = operation[3]
            elif operation[0] == "phi" and operation[1]:
                current = operation[1][-1]
            else:
                return False
        return False

    def _used_at(self, frame: Frame, node: int) -> Iterator[Key]:
        """The bodies that a node calls, those of coroutines and generators that it makes, and the classes that it constructs."""
        for callee, how in frame.edges.get(node, {}).items():
            if callee.body.kind != "class" and how != "fits" and not _is_within(frame, callee.unit, callee.body):
                yield _key(callee.unit, callee.body)
        operation = frame.body.nodes[node]
        if operation[0] in ("call", "deco"):
            for value in _unfolded(self.program.node_values(frame, operation[1])):
                if isinstance(value, Class):
                    yield _key(value.info.unit, value.info.body)
                elif not _is_within(frame, value.unit, value.body):
                    yield _key(value.unit, value.body)
            if operation[0] == "call":
                yield from self._handed_out(frame, operation)

    def _handed_out(self, frame: Frame, operation: Node) -> Iterator[Key]:
        """What is handed to a third-party library, which may call and construct it; and what a class's own maker constructs."""
        for callee in self.program.node_values(frame, operation[1]):
            made = callee.function if isinstance(callee, Method) else callee
            if isinstance(made, External) and made.path.rpartition(".")[2] in _MAKERS and isinstance(callee, External):
                receiver = frame.body.nodes[operation[1]]
                values = self.program.node_values(frame, receiver[1]) if receiver[0] == "attr" else []
                yield from (_key(v.info.unit, v.info.body) for v in values if isinstance(v, Class))
            if not isinstance(made, External) or made.path.partition(".")[0] in sys.stdlib_module_names:
                continue
            for _, argument in (*operation[2], *operation[3]):
                for value in _unfolded(self.program.node_values(frame, argument)):
                    yield _key(value.info.unit, value.info.body) if isinstance(value, Class) else _key(value.unit, value.body)

    def uses(self, key: Key, unit: Unit, body: Body) -> bool:
        """Whether production code uses a function or class, a subclass of it, or an override of it."""
        if key in self.used or any(variant in self.used for variant in self._variants(unit, body)):
            return True
        engine = self.program.engine
        owners = [i for i in engine.classes.values() if body.kind != "class" and i.unit is unit and i.body.index == body.parent]
        return any(may_be_called_by_library(engine, owner, body.name) for owner in owners)

    def _variants(self, unit: Unit, body: Body) -> Iterator[Key]:
        """Subclasses of a class, overrides of a method."""
        engine = self.program.engine
        wanted = body.index if body.kind == "class" else body.parent
        infos = [i for i in engine.classes.values() if i.unit is unit and i.body.index == wanted]
        for sub in (s for info in infos for s in subclasses(engine, info)):
            if body.kind == "class":
                yield _key(sub.unit, sub.body)
            else:
                yield from (
                    _key(sub.unit, other)
                    for other in sub.unit.facts.bodies
                    if other.parent == sub.body.index and other.kind == "function" and other.name == body.name
                )

    # --- what to say of the unused

    def elsewhere(self, key: Key) -> list[Step]:
        """The first use in code that does not count, as evidence."""
        for frame in self.others:
            for node in range(len(frame.body.nodes)):
                if key in self._used_at(frame, node):
                    return [self.program.step(frame, node, "used here, in code that does not count")]
        return []

    def doubtful_calls(self, body: Body) -> list[Position]:
        """Calls of a member of that name on something that is not known: each may be the caller."""
        found: dict[Position, None] = {}
        for frame, node, callee in self._calls():
            operation = frame.body.nodes[callee]
            if operation[0] == "attr" and operation[2] == body.name:
                values = self.program.node_values(frame, operation[1])
                if all(isinstance(v, Unknown) for v in values):
                    found[self.program.node_position(frame, node)] = None
        return list(found)

    def doubtful_constructions(self, subject: Subject) -> list[Position]:
        """Calls of "this class or one of its subclasses" for a class above: each may construct the class."""
        engine = self.program.engine
        infos = [i for i in engine.classes.values() if i.unit is subject.unit and i.body is subject.body]
        above = {base for info in infos for base in linearise(engine, info)}
        return list(
            dict.fromkeys(
                self.program.node_position(frame, node)
                for frame, node, callee in self._calls()
                for value in self.program.node_values(frame, callee)
                if isinstance(value, Class) and not value.exact and value.info in above
            )
        )

    def _calls(self) -> Iterator[tuple[Frame, int, int]]:
        """Every call in production code: frame, node, and the node of what is called."""
        for frame in self.frames:
            for node, operation in enumerate(frame.body.nodes):
                if operation[0] == "call":
                    yield frame, node, operation[1]


def _is_within(frame: Frame, unit: Unit, body: Body) -> bool:
    """Whether a frame is of the body itself, or of a function in it: a call from there is one by itself."""
    current, bodies = frame.body, frame.unit.facts.bodies
    while frame.unit is unit and body.kind != "class":
        if current is body:
            return True
        if current.parent < 0:
            return False
        current = bodies[current.parent]
    return False


def _is_special(body: Body) -> bool:
    """Whether the language calls the function by its name, wherever its object is shown, compared or tested."""
    return body.kind == "function" and body.name.startswith("__") and body.name.endswith("__")


def _key(unit: Unit, body: Body) -> Key:
    return unit.name, body.index


def _unfolded(values: list[Value]) -> Iterator[Class | Function]:
    """The functions and classes behind partials and bound methods."""
    for value in values:
        if isinstance(value, (Class, Function)):
            yield value
        elif isinstance(value, (Partial, Method, Descriptor)):
            yield from _unfolded([value.function])


def _names_itself(unit: Unit, body: Body) -> bool:
    """Whether the code of a class mentions the class."""
    inside = {body.index}
    for each in unit.facts.bodies:
        if each.parent in inside:
            inside.add(each.index)
    named = {body.name, "cls", "__class__"}
    nodes = (node for index in inside for node in unit.facts.bodies[index].nodes)
    return body.kind == "class" and any(n[0] in ("global", "late", "param", "attr") and n[-1] in named for n in nodes)
