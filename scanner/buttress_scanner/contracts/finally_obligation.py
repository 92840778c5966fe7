"""`finally-obligation`: a function meets an obligation before it is left, on every way out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.config.selectors import Selector
from buttress_scanner.contracts.base import Contract, Ledger, Selectors
from buttress_scanner.contracts.breaking import Breaking, Workbench, imported, is_importable
from buttress_scanner.contracts.claims import Needs, called
from buttress_scanner.contracts.repair import Repair, subject_of
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.flow import Flow
from buttress_scanner.program.flow_scope import Obligation, Scope
from buttress_scanner.program.flow_state import END, EXPLICIT_RAISE, EXPLICIT_RETURN, IDLE, OWED, STATEMENT, Place
from buttress_scanner.program.flow_subjects import FOLLOWED, Runner, bodies_of, runs_under
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.values import Instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame

_LEAVES = {
    EXPLICIT_RETURN: "this return leaves the function",
    EXPLICIT_RAISE: "this exception leaves the function",
    STATEMENT: "an exception of this statement leaves the function",
    END: "the function can end",
}
_EVIDENCE = 12


class FinallyObligation(Contract):
    """Every way out of ``function`` leads through ``must_call``."""

    kind_name: ClassVar[str] = "finally-obligation"
    follows: ClassVar[int] = FOLLOWED

    kind: Literal["finally-obligation"]
    function: Selectors = Field(min_length=1, description="The functions that owe.")
    must_call: Selectors = Field(min_length=1, description="What has to be executed; of several, any one.")
    from_: str = Field(
        "entry", alias="from", description="Where the obligation starts: `entry`, or the symbol whose call starts it."
    )
    overrides: bool = Field(True, description="Whether overrides of the functions in subclasses owe as well.")

    @field_validator("from_")
    @classmethod
    def _is_symbol(cls, value: str) -> str:
        if value != "entry":
            Selector.parse(value)
        return value

    def watch(self, program: Program) -> None:
        """Keep values of the members in question from being merged away."""
        for text in (*self.function, *self.must_call, self.from_):
            owner, _, member = text.partition(":")[2].rpartition(".")
            if member:
                program.keep(member, owner.rpartition(".")[2] or member)

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where the functions that owe are defined or overridden; what they call is evaluated with them."""
        owners = {text.partition(":")[2].rpartition(".")[0].rpartition(".")[2] for text in self.function if self.overrides}
        names = {name for owner in owners if owner for name in program.descendants(owner)}
        named = program.select(text.partition(":")[0] for text in self.function if not text.startswith("@"))
        return {unit.name for unit in [*named, *program.mentioning(names)]}

    def repairs(self, program: Program, finding: Finding) -> Iterator[Repair]:
        """Move the call that meets the obligation into a finally, if it stands at the end of what it has to follow."""
        from buttress_scanner.contracts._rewriting import changed, with_finally

        subject = subject_of(program, finding)
        if subject is None or subject.body is None:
            return
        qualname = subject.qualname
        kept = {param.name for param in subject.body.params} | subject.unit.facts.bodies[0].exit.keys()
        start = "" if self.from_ == "entry" else _last(self.from_)
        for name in dict.fromkeys(map(_last, self.must_call)):
            title = f"Put the call of `{name}` into a finally"
            for is_safe in (True, False):  # a name that the try assigns may be missing in the finally
                change = with_finally(name, start, frozenset(kept) if is_safe else None)
                yield Repair(title, finding.position.path, partial(changed, qualname=qualname, change=change), is_safe)

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """The function raises before it has met the obligation."""
        from buttress_scanner.contracts._rewriting import undecorated, with_first

        statements = ['raise RuntimeError("sabotage")']
        if self.from_ != "entry":
            starts = [s for s in program.subjects(self.from_) if is_importable(s)]
            if not starts:
                return
            statement, name = imported(starts[0])
            statements = [statement, f"{name}()", *statements]
        subjects = [s for text in self.function for s in program.subjects(text) if s.body is not None]
        for subject in subjects[:1]:
            breaking = Workbench(program).rewritten(
                f"leaves `{subject.symbol}` by an exception", subject, undecorated(with_first(*statements))
            )
            if breaking is not None:
                yield breaking

    def claims(self, program: Program) -> Iterator[Needs]:
        """Each function calls what it must; where it may choose, nothing can be said."""
        for text in self.must_call if len(self.must_call) == 1 else ():
            for function in self.function:
                owing = frozenset(subject.symbol for subject in program.subjects(function))
                yield from (Needs(f"calls of {symbol}", owing) for symbol in called(program, text))

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every function that can be left while it owes."""
        for text in self.function:
            if not any(s.body is None or s.body.kind == "function" for s in program.subjects(text)):
                ledger.is_vacuous(f"the function {text} does not exist")
        for text in (*self.must_call, *(() if self.from_ == "entry" else (self.from_,))):
            if not program.subjects(text):
                ledger.is_vacuous(
                    f"{text}, which {'starts the obligation' if text == self.from_ else 'has to be called'}, does not exist"
                )
        if ledger.vacuous:
            return
        program.solve()
        targets, wrapped = bodies_of(program, self.must_call)
        starts, around = (set(), set()) if self.from_ == "entry" else bodies_of(program, (self.from_,))
        names = {text.rpartition(":")[2].rpartition(".")[2] for text in self.must_call}
        obligation = Obligation(targets, wrapped, starts, names, around)
        judged = [r for r in runs_under(program, self.function, overrides=self.overrides) if r.home not in targets]
        exempted = Exempted(tuple(e for e in self.exempt if e.path is not None))
        scope = Scope(program, obligation, lambda path: exempted.covers_place(path, ""))
        judge = _Judge(self, program, scope)
        for runner in judged:
            ledger.judge()
            yield from judge.judged(runner)


class _Judge:
    """Judges what runs under the names of functions."""

    def __init__(self, contract: FinallyObligation, program: Program, scope: Scope) -> None:
        self.contract = contract
        self.program = program
        self.scope = scope
        self.status = OWED if contract.from_ == "entry" else IDLE
        self._plain = Flow(scope)
        self._optimist = Flow(scope, base=self._plain, optimistic=True)
        self._wanted = " or ".join(contract.must_call)

    def judged(self, runner: Runner) -> Iterator[Finding]:
        """Yield the finding of one function, if it can be left while it owes."""
        places = self._uncovered(runner, optimistic=False)
        if not places:
            return
        first, *others = sorted(places)
        is_hopeful = not self.scope.hopeful.isdisjoint((*runner.generic, *runner.calls))
        proven = not is_hopeful or bool(self._uncovered(runner, optimistic=True))
        symbol = symbol_of(runner.unit, runner.home)
        evidence = [Step(self._position(runner, place), symbol, _LEAVES[place.rank]) for place in others[:_EVIDENCE]]
        yield self.contract.finding(
            self._position(runner, first),
            symbol,
            f"{runner.home.name} can be left without {self._wanted}: {_LEAVES[first.rank]}",
            sink=f"leaves without {self._wanted}",
            evidence=evidence,
            confidence=Confidence.PROVEN if proven else Confidence.POSSIBLE,
        )

    def _uncovered(self, runner: Runner, *, optimistic: bool) -> set[Place]:
        """The exits through which the function can be left while it owes.

        The frame in which anybody calls it decides; where bare parameters leave that in the dark, the calls in the program do.
        """
        flow = self._flow(runner, optimistic=optimistic)
        open_to_anybody = self._exits(flow, runner, runner.generic)
        if not open_to_anybody and runner.generic:
            return self._exits(flow, runner, [f for f in runner.calls if self._is_for_subclass(f)])
        if runner.calls and (not runner.generic or _has_bare_parameters(runner.home)):
            return self._exits(flow, runner, runner.calls)
        return open_to_anybody

    def _flow(self, runner: Runner, *, optimistic: bool) -> Flow:
        if runner.is_wrapped:
            return Flow(self.scope, base=self._plain, subject=runner.home, optimistic=optimistic)
        return self._optimist if optimistic else self._plain

    def _exits(self, flow: Flow, runner: Runner, frames: Iterable[Frame]) -> set[Place]:
        end = Place(END, runner.home.header)
        found: set[Place] = set()
        for frame in frames:
            for outcome in flow.exits(frame, self.status):
                if outcome.state.status == OWED:
                    found.add((outcome.state.origin if runner.is_wrapped else outcome.place) or end)
        return found

    def _is_for_subclass(self, frame: Frame) -> bool:
        """Whether a method runs for an object of another class than its own."""
        if frame.owner is None or not frame.body.params:
            return False
        cell = frame.params.get(frame.body.params[0].name)
        values = self.program.engine.values(cell) if cell is not None else []
        return bool(values) and all(isinstance(v, Instance) and v.info is not frame.owner for v in values)

    def _position(self, runner: Runner, place: Place) -> Position:
        """The place of an exit; of a statement of several lines, its first."""
        line, column, end_line, end_column = place.span
        if end_line > line:
            end_line, end_column = line, len(self.scope.line(runner.unit, line))
        return self.program.position(runner.unit, (line, column, end_line, end_column))


def _has_bare_parameters(body: Body) -> bool:
    """Whether a parameter beside the receiver has no annotation."""
    return any(p.annotation < 0 and p.name not in ("self", "cls") and p.kind not in ("vararg", "kwarg") for p in body.params)


def _last(symbol: str) -> str:
    return symbol.rpartition(":")[2].rpartition(".")[2]
