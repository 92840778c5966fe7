"""`choke-point`: only named places may cause a callable to run, or hand out references to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from buttress_scanner.contracts._protected import Guard, function_of, name_of
from buttress_scanner.contracts.base import Contract, Ledger, Selectors
from buttress_scanner.contracts.breaking import HERE, Breaking, Workbench, imported, is_importable
from buttress_scanner.contracts.claims import Only, called, exempted, named
from buttress_scanner.findings.model import Confidence, Position, Step
from buttress_scanner.program.classes import members, metaclasses
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.references import References, consumers, defaults_of
from buttress_scanner.program.reflection import source_of
from buttress_scanner.program.values import (
    Class,
    External,
    Instance,
    Maker,
    Member,
    Super,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame

_LOOKS_ONLY = (
    "builtins.hasattr",
    "builtins.callable",
    "builtins.isinstance",
    "builtins.issubclass",
    "builtins.id",
    "builtins.type",
    "builtins.repr",
    "inspect.",
    "functools.wraps",
    "functools.update_wrapper",
    "typing.",
)


class ChokePoint(Contract):
    """Only ``only`` may run ``protect``."""

    kind_name: ClassVar[str] = "choke-point"

    kind: Literal["choke-point"]
    protect: Selectors = Field(min_length=1, description="The guarded callables.")
    only: Selectors = Field(min_length=1, description="Modules or symbols that may run them and hold references to them.")
    overrides: bool = Field(True, description="Whether overrides in subclasses are guarded too.")
    references: Literal["forbid", "allow"] = Field("forbid", description="Whether handing out a reference is a violation.")

    def watch(self, program: Program) -> None:
        """Keep values of the guarded classes and members from being merged away."""
        for text in self.protect:
            owner, _, member = text.partition(":")[2].rpartition(".")
            program.keep(member, owner.rpartition(".")[2] or member)

    def scope(self, program: Program) -> Iterable[str] | None:
        """Modules that mention a guarded member or class, and those that mention what such modules offer around it."""
        names: set[str] = set()
        for text in self.protect:
            owner, _, member = text.partition(":")[2].rpartition(".")
            names |= {member, owner.rpartition(".")[2]}
            names |= program.descendants(owner.rpartition(".")[2] or member)
        return program.around(names)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A module of its own calls what is protected, by its name and through a bound method."""
        subjects = [s for text in self.protect for s in program.subjects(text) if s.body is not None and is_importable(s)]
        for subject in subjects[:1]:
            owner, _, member = subject.qualname.rpartition(".")
            if not owner:
                statement, name = imported(subject)
                code = f"{statement}\n\n\ndef sabotaged():\n    {name}()  {HERE}\n"
            else:
                statement, name = imported(replace(subject, qualname=owner))
                start = f"{statement}\n\n\ndef sabotaged(guarded: {name}):\n"
                code = f"{start}    guarded.{member}()  {HERE}\n    alias = guarded.{member}\n    alias()  {HERE}\n"
            yield Workbench(program).added(f"calls `{subject.symbol}` in a module of its own", code)

    def claims(self, program: Program) -> Iterator[Only]:
        """Nobody but ``only`` calls what is protected."""
        among, besides = named(program, self.only), exempted(program, self)
        for text in self.protect:
            yield from (Only(f"calls of {symbol}", among, besides) for symbol in called(program, text, overrides=self.overrides))

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every call and every hand-out outside ``only``."""
        guard = self._guard(program, ledger)
        if ledger.vacuous:
            return
        selectors = program.patterns(self.only)
        for text in self.only:
            if not program.select([text.partition(":")[0]] if not text.startswith("@") else [text]):
                ledger.is_vacuous(f"`only` names {text}, and there is no such module")
            elif ":" in text and not program.subjects(text):
                ledger.is_vacuous(f"`only` names {text}, and there is no such symbol")
        if ledger.vacuous:
            return

        def allowed(frame: Frame) -> bool:
            return any(
                s.matches_symbol(frame.unit.name, frame.body.qualname) if s.name else s.matches_module(frame.unit.name)
                for s in selectors
            )

        yield from _Search(self, program, guard, ledger, allowed).findings()

    def _guard(self, program: Program, ledger: Ledger) -> Guard:
        guard = Guard(overrides=self.overrides, program=program)
        program.solve()
        for text in self.protect:
            subjects = program.subjects(text)
            if not subjects:
                ledger.is_vacuous(f"the protected {text} does not exist")
            for subject in subjects:
                if subject.body is None:
                    ledger.is_vacuous(f"the protected {text} is no function, method or class")
                elif subject.body.kind == "class":
                    guard.classes.add(subject.body)
                else:
                    guard.bodies.add(subject.body)
            owner, _, member = text.partition(":")[2].rpartition(".")
            if owner:
                guard.methods.setdefault(member, []).extend(program.classes(f"{text.partition(':')[0]}:{owner}"))
        return guard


@dataclass(slots=True)
class _Search:
    """One pass over the live frames."""

    contract: ChokePoint
    program: Program
    guard: Guard
    ledger: Ledger
    allowed: object
    found: dict[Position, Finding] = field(default_factory=dict)
    judged: set[Position] = field(default_factory=set)
    open: dict[Position, str] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield findings by place; one for each."""
        references = References(self.program.engine, self.guard.is_protected, self.allowed)  # type: ignore[arg-type]
        for frame in self.program.frames():
            inside = self.allowed(frame)  # type: ignore[operator]
            self._calls(frame, references, inside)
            if not inside and self.contract.references == "forbid":
                self._hand_outs(frame, references)
            if not inside:
                self._undecided(frame)
        self.ledger.judge(len(self.judged))
        for position, reason in sorted(self.open.items()):
            if position not in self.judged:
                self.ledger.leave_undecided(position, reason)
        yield from self.found.values()

    # --- calls

    def _calls(self, frame: Frame, references: References, inside: bool) -> None:
        for index, node in enumerate(frame.body.nodes):
            if node[0] == "call":
                self._call(frame, index, node, references, inside)
            elif node[0] == "deco":
                if not frame.cells[node[2]] or self._protects_target(frame, node[2]):
                    continue
                if references.has(frame, node[1]) and references.arises(frame, node[1]):
                    self._report(frame, index, node[1], inside, "calls")
            elif index in frame.edges and node[0] not in ("class", "import", "from", "star") and self._implicit(frame, index):
                if node[0] == "exit" and self._was_handed_in(frame, index, int(str(node[1]))):
                    continue
                self._report(frame, index, -1, inside, "runs")

    def _was_handed_in(self, frame: Frame, index: int, stack: int) -> bool:
        """Leaving a stack runs the callbacks that were handed to it: the place that did so is reported."""
        from buttress_scanner.program.box_methods import callbacks_of

        if self.contract.references == "allow":
            return False
        cell = frame.cells[stack]
        kept = {function_of(c) for v in (cell.values if cell is not None else ()) for c in callbacks_of(self.program.engine, v)}
        run = [c.body for c in frame.edges.get(index, ()) if self.guard.runs(c)]
        return bool(kept) and all(any(f is not None and f.body is body for f in kept) for body in run)

    def _closes(self, frame: Frame, index: int, callee: int) -> bool:
        """``stack.close()``, which runs what was handed to the stack."""
        operands = frame.body.nodes[callee]
        return operands[0] == "attr" and self._was_handed_in(frame, index, int(str(operands[1])))

    def _protects_target(self, frame: Frame, target: int) -> bool:
        cell = frame.cells[target]
        return cell is not None and any(self.guard.is_protected(v) for v in cell.values)

    def _call(self, frame: Frame, index: int, node: tuple[object, ...], references: References, inside: bool) -> None:
        callee = int(str(node[1]))
        if references.has(frame, callee):
            if references.arises(frame, callee) and not self._cooperative(frame, callee):
                self._report(frame, index, callee, inside, "calls")
            return
        reflected = any(references.reflection.is_run_through(c) for c in frame.edges.get(index, ()))
        if reflected or self._has_made(frame, callee):
            self._report(frame, index, -1, inside, "runs")
        elif self._makes_for_its_caller(frame, callee, node) or self._closes(frame, index, callee):
            return
        elif self._implicit(frame, index) and not self._hands_in(frame, node) and not self._cooperative(frame, callee):
            self._report(frame, index, -1, inside, "runs")

    def _has_made(self, frame: Frame, callee: int) -> bool:
        """Whether a class is called whose constructor is guarded and which a metaclass of the program makes objects of."""
        engine = self.program.engine
        for value in frame.cells[callee].values if frame.cells[callee] else ():  # type: ignore[union-attr]
            if isinstance(value, Class) and any(members(engine, m, "__call__") for m in metaclasses(engine, value.info)):
                made_by = [members(engine, value.info, name) for name in ("__new__", "__init__")]
                if any(self.guard.is_protected(v) for found in made_by if found is not None for v in found[1]):
                    return True
        return False

    def _makes_for_its_caller(self, frame: Frame, callee: int, node: tuple[object, ...]) -> bool:
        """Whether a metaclass makes an object of the class that was called: who called the class is asked."""
        values = frame.cells[callee].values if frame.cells[callee] else ()  # type: ignore[union-attr]
        if any(isinstance(v, Maker) and v.kind == "construct" for v in values):
            return True
        if any(isinstance(v, External) and v.path == "builtins.type.__call__" for v in values) and node[2]:
            return bool(frame.body.nodes[source_of(frame.body, node[2][0][1])][0] == "param")  # type: ignore[index]
        return False

    def _implicit(self, frame: Frame, index: int) -> bool:
        """An edge to a protected callable that no operand shows: a constructor, ``methodcaller``, a property."""
        return any(
            how != "fits" and self.guard.runs(c) and not (c.body.is_async or c.body.is_generator)
            for c, how in frame.edges.get(index, {}).items()
        )

    def _hands_in(self, frame: Frame, node: tuple[object, ...]) -> bool:
        operands = [o for _, o in node[2]] + [o for _, o in node[3]]  # type: ignore[attr-defined]
        for operand in operands:
            cell = frame.cells[operand]
            if cell is not None and any(self.guard.is_protected(v) for v in cell.values):
                return True
        return False

    def _cooperative(self, frame: Frame, callee: int) -> bool:
        """``super().m()`` for its own receiver inside a method of the same name.

        Of an override, or of a mixin before the guarded class.
        """
        node = frame.body.nodes[callee]
        if node[0] != "attr" or frame.body.name != node[2] or not frame.body.params:
            return False
        cell, own = frame.cells[node[1]], frame.cells[0]
        if frame.owner is None or cell is None or own is None:
            return False
        parents = [v for v in cell.values if isinstance(v, Super)]
        return any(p.receiver in own.values and self._is_guarded(p.receiver, frame.body.name) for p in parents)

    def _is_guarded(self, receiver: Value, name: str) -> bool:
        return isinstance(receiver, (Instance, Class, Member)) and self.guard.covers_class(receiver.info, name)

    # --- references

    def _hand_outs(self, frame: Frame, references: References) -> None:
        for value, consumer, how in consumers(frame.body):
            if references.has(frame, value) and references.arises(frame, value) and not self._lawful(frame, value, consumer, how):
                self._report(frame, value, value, False, f"hands out ({how})")
        for value, name in defaults_of(frame):
            if references.has(frame, value) and references.arises(frame, value):
                self._report(frame, value, value, False, f"hands out (default of {name})")

    def _lawful(self, frame: Frame, value: int, consumer: int, how: str) -> bool:
        node = frame.body.nodes[consumer]
        if how.startswith("class attribute"):
            return self._is_definition(frame, value)
        if frame.body.nodes[value][0] in ("func", "deco", "class"):
            return True
        if how == "argument" and node[0] == "call":
            cell = frame.cells[node[1]]
            callees = list(cell.values) if cell is not None else []
            if callees and all(isinstance(c, External) and c.path.startswith(_LOOKS_ONLY) for c in callees):
                return True
            return any(isinstance(v, Class) for v in frame.cells[value].values) and _is_type_test(callees)  # type: ignore[union-attr]
        return False

    def _is_definition(self, frame: Frame, value: int) -> bool:
        return frame.body.nodes[value][0] in ("func", "deco", "class", "phi") or self.guard.covers_class(
            frame.owner, _name_of(frame, value)
        )

    # --- reporting

    def _report(self, frame: Frame, index: int, reference: int, inside: bool, verb: str) -> None:
        position = self.program.node_position(frame, index)
        self.judged.add(position)
        if inside or position in self.found:
            return
        values = list(frame.cells[reference].values) if reference >= 0 and frame.cells[reference] else []  # type: ignore[union-attr]
        proven = reference < 0 or any(self.guard.is_protected(v) and not self.guard.is_possible(v) for v in values)
        target = self._target(frame, index, values)
        what = f"{verb} {target}" if proven else f"{verb} a member of a guarded object whose name is not known ({target})"
        confidence = Confidence.PROVEN if proven else Confidence.POSSIBLE
        self.found[position] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"{what}; only {', '.join(self.contract.only)} may",
            sink=f"{verb} {target}",
            evidence=self._evidence(frame, index, reference, values, verb),
            confidence=confidence,
        )

    def _target(self, frame: Frame, index: int, values: list[Value]) -> str:
        names = sorted({name_of(v) for v in values if self.guard.is_protected(v)} - {""})
        if not names:
            names = sorted({c.symbol for c in frame.edges.get(index, ()) if self.guard.runs(c)})
        return names[0] if names else self.contract.protect[0]

    def _evidence(self, frame: Frame, index: int, reference: int, values: list[Value], verb: str) -> list[Step]:
        steps = []
        origin = self._first_reference(frame, reference) if reference >= 0 else -1
        if origin >= 0 and frame.body.spans[origin] != frame.body.spans[index]:
            steps.append(self.program.step(frame, origin, "takes the reference"))
        steps.append(self.program.step(frame, index, verb))
        for value in values:
            function = function_of(value)
            if function is not None and self.guard.is_protected(value):
                position = self.program.position(function.unit, function.body.header)
                steps.append(Step(position, symbol_of(function.unit, function.body), "is protected"))
                break
        return steps

    def _first_reference(self, frame: Frame, node: int) -> int:
        seen = 0
        while seen < 20:
            seen += 1
            operands = frame.body.nodes[node]
            if operands[0] == "phi" and operands[1]:
                node = operands[1][0]
            elif operands[0] == "narrow":
                node = operands[3]
            else:
                return node
        return node

    def _undecided(self, frame: Frame) -> None:
        """A member of a guarded name on a receiver of which nothing is known."""
        if frame.key != "anybody" and frame.body.kind == "function":
            return
        for index, node in enumerate(frame.body.nodes):
            if node[0] != "attr" or node[2] not in self.guard.methods:
                continue
            cell = frame.cells[node[1]]
            if cell is None or not cell.values or any(isinstance(v, Unknown) for v in cell.values):
                reasons = sorted(v.reason for v in (cell.values if cell else ()) if isinstance(v, Unknown))
                self.open.setdefault(
                    self.program.node_position(frame, index), reasons[0] if reasons else "nothing is known of the receiver"
                )


def _name_of(frame: Frame, value: int) -> str:
    return next((name for name, versions in frame.body.versions.items() if value in versions), "")


def _is_type_test(callees: list[Value]) -> bool:
    return bool(callees) and all(
        isinstance(c, External) and c.path in ("builtins.isinstance", "builtins.issubclass", "typing.cast") for c in callees
    )
