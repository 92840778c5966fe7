"""`exception-containment`: no exception leaves entry functions, no response has a forbidden status, none is dropped silently."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._entry_points import Decorators, entry_points, evaluate_managers
from buttress_scanner.contracts._escapes import Escapes, EscapeScope
from buttress_scanner.contracts._statuses import Statuses
from buttress_scanner.contracts._swallows import Swallows
from buttress_scanner.contracts.base import Contract, Ledger, Selectors, as_tuple
from buttress_scanner.contracts.breaking import Workbench
from buttress_scanner.findings.model import Step
from buttress_scanner.program.flow_state import END, EXPLICIT_RAISE, STATEMENT
from buttress_scanner.program.flow_subjects import FOLLOWED, Runner, runs_under
from buttress_scanner.program.program import Subject, symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.flow_exceptions import Key

_LEAVES = {
    EXPLICIT_RAISE: "this exception leaves the entry function",
    STATEMENT: "what this raises leaves the entry function",
    END: "what runs around it lets an exception out",
}

_ANSWERING = """\
from starlette.responses import Response


def answer() -> Response:
    return Response(status_code={status})  # here
"""
_DROPPING = """\
def buttress_sabotage(function):
    try:
        return function()
    except Exception:  # here
        return None
"""

Statuses_ = Annotated[tuple[int, ...], BeforeValidator(as_tuple)]


class ExceptionContainment(Contract):
    """Faults stay inside: caught at the entry, answered with a lawful status, never dropped."""

    kind_name: ClassVar[str] = "exception-containment"
    follows: ClassVar[int] = FOLLOWED

    kind: Literal["exception-containment"]
    functions: Selectors = Field((), description="Entry functions: no exception escapes them.")
    entry_decorators: Selectors = Field(
        (), description="Decorators that make functions entry functions: of the program, or of a library by their dotted path."
    )
    must_catch: Selectors = Field(("Exception",), description="The exceptions that must not escape.")
    forbid_status: Statuses_ = Field((), description="Statuses that no response may have.")
    no_silent_swallow_in: Selectors = Field((), description="Modules in which no handler drops what it catches.")

    @model_validator(mode="after")
    def _has_part(self) -> ExceptionContainment:
        if not (self.functions or self.entry_decorators or self.forbid_status or self.no_silent_swallow_in):
            raise ValueError(
                "nothing is asked for: give `functions`, `entry-decorators`, `forbid-status` or `no-silent-swallow-in`"
            )
        return self

    def scope(self, program: Program) -> Iterable[str] | None:
        """Where entry functions are, the zone, and the modules that mention a forbidden status."""
        texts = self._functions(program)
        found = {u.name for u in program.select([*(t.partition(":")[0] for t in texts), *self.no_silent_swallow_in])}
        owners = {t.partition(":")[2].rpartition(".")[0].rpartition(".")[2] for t in texts}
        names = {name for owner in owners if owner for name in program.descendants(owner)}
        decorators = {t.rpartition(".")[2].rpartition(":")[2] for t in self.entry_decorators}
        found |= {u.name for u in program.mentioning(names | decorators)}
        if self.forbid_status:
            found |= {
                u.name for u in program.mentioning({"status", "status_code", "HTTPStatus", "abort", "http", "Response", "web"})
            }
            found |= {u.name for u in program.mentioning({str(s) for s in self.forbid_status})}
        return found

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """An entry function raises, a module answers with a forbidden status, a module of the zone drops exceptions."""
        from buttress_scanner.contracts._rewriting import with_first

        bench, kind = Workbench(program), self.must_catch[0]
        program.solve()
        homes = [r for r in self._runners(program, Ledger()) if not r.is_wrapped] if hasattr(builtins, kind) else []
        for subject in [Subject(r.unit, r.home.qualname, r.home) for r in homes[:1]]:
            raising = with_first(f'raise {kind}("sabotage")')
            breaking = bench.rewritten(f"lets an exception out of `{subject.symbol}`", subject, raising)
            if breaking is not None:
                yield breaking
        for status in self.forbid_status[:1]:
            yield bench.added(f"answers with status {status}", _ANSWERING.format(status=status))
        for unit in program.select(self.no_silent_swallow_in)[:1]:
            yield bench.appended(f"drops exceptions in `{unit.name}`", unit, _DROPPING)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield the findings of the parts that are asked for."""
        program.solve()
        found: dict[Position, Finding] = {}
        for finding in (*self._escapes(program, ledger), *self._statuses(program, ledger), *self._swallows(program, ledger)):
            found.setdefault(finding.position, finding)
        yield from (found[p] for p in sorted(found))

    # --- part a: escapes

    def _escapes(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        if not (self.functions or self.entry_decorators):
            return
        runners = self._runners(program, ledger)
        kinds = [k for text in self.must_catch for k in _kinds(program, ledger, text)]
        if ledger.vacuous:
            return
        exempted = Exempted(tuple(e for e in self.exempt if e.path is not None))
        escapes = Escapes(EscapeScope(program, kinds, lambda path: exempted.covers_place(path, "")))
        what = " or ".join(self.must_catch)
        for runner in runners:
            ledger.judge()
            symbol = symbol_of(runner.unit, runner.home)
            for place in escapes.of(runner):
                position = program.position(runner.unit, place.span)
                text = _LEAVES.get(place.rank, _LEAVES[STATEMENT])
                yield self.finding(
                    position,
                    symbol,
                    f"{runner.home.name} lets {what} escape: {text}",
                    sink=f"lets {what} escape",
                    evidence=[Step(program.position(runner.unit, runner.home.header), symbol, "the entry function")],
                )

    def _functions(self, program: Program) -> list[str]:
        """The selectors of the entry functions; a zone or a module stands for all of its functions."""
        found = [str(s) for text in self.functions for s in program.patterns([text])]
        return [text if ":" in text else f"{text}:*" for text in found]

    def _runners(self, program: Program, ledger: Ledger) -> list[Runner]:
        functions = self._functions(program)
        for text in functions:
            if not any(s.body is None or s.body.kind == "function" for s in program.subjects(text)) and not self.may_be_empty:
                ledger.is_vacuous(f"the function {text} does not exist")
        runners = runs_under(program, functions, overrides=True)
        decorators = Decorators(program, self.entry_decorators)
        for text in decorators.missing:
            ledger.is_vacuous(f"the decorator {text} does not exist")
        if self.entry_decorators and not ledger.vacuous:
            decorated = entry_points(program, decorators)
            if not decorated and not self.may_be_empty:
                ledger.is_vacuous(f"nothing is decorated with {', '.join(self.entry_decorators)}")
            known = {r.home for r in runners}
            runners += [r for r in decorated if r.home not in known]
        evaluate_managers(program, runners)
        return runners

    # --- part b: statuses

    def _statuses(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        if not self.forbid_status:
            return
        statuses = Statuses(program, self.forbid_status)
        for answer in sorted(statuses.answers(), key=lambda a: (program.node_position(*a.chosen), a.status)):
            frame, node = answer.chosen
            evidence = [program.step(frame, node, f"chooses the status {answer.status}")]
            if answer.made != answer.chosen:
                evidence.append(program.step(*answer.made, "makes the response"))
            yield self.finding(
                program.node_position(frame, node),
                symbol_of(frame.unit, frame.body),
                f"answers with status {answer.status}",
                sink=f"status {answer.status}",
                evidence=evidence,
            )
        ledger.judge(len(statuses.seen) or len(program.modules))
        for frame, node in sorted(statuses.unknown, key=lambda s: program.node_position(*s)):
            ledger.leave_undecided(program.node_position(frame, node), "the status of this response is not known")

    # --- part c: dropped exceptions

    def _swallows(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        if not self.no_silent_swallow_in:
            return
        zone = program.select(self.no_silent_swallow_in)
        if not zone and not self.may_be_empty:
            ledger.is_vacuous(f"the zone {', '.join(self.no_silent_swallow_in)} has no module")
        swallows = Swallows(program, (u.name for u in zone))
        for swallow in swallows.found():
            position = program.position(swallow.frame.unit, swallow.span)
            symbol = symbol_of(swallow.frame.unit, swallow.frame.body)
            evidence = [Step(position, symbol, swallow.what)]
            if swallow.deed is not None:
                unit, span, text = swallow.deed
                evidence.append(Step(program.position(unit, span), unit.name, text))
            yield self.finding(
                position, symbol, f"an exception vanishes: {swallow.what}", sink="drops exceptions", evidence=evidence
            )
        ledger.judge(len(swallows.judged) + len(zone))
        for unit, span in sorted(swallows.undecided.values(), key=lambda p: (p[0].path, p[1])):
            ledger.leave_undecided(program.position(unit, span), "it is not known what this handler catches")


def _kinds(program: Program, ledger: Ledger, text: str) -> Iterator[Key]:
    """The exception classes that an entry of ``must-catch`` names."""
    catalogue = program.engine.catalogue
    if "." not in text and ":" not in text:
        path = f"builtins.{text}"
        if not catalogue.bases(path):
            ledger.is_vacuous(f"there is no exception {text}: write module:Class for one of the program")
        yield path
        return
    named = text if ":" in text else ":".join(text.rsplit(".", 1))
    infos = program.classes(named)
    if infos:
        yield from infos
    elif any(s.matches_module(unit) for s in program.patterns([named.partition(":")[0]]) for unit in program.modules):
        ledger.is_vacuous(f"the exception {text} does not exist")
    else:
        yield catalogue.resolve(named.replace(":", "."))
