"""`read-only-observer`: a zone only looks at objects of some classes, by the members that it may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from buttress_scanner.contracts._family import Family, classes_named, keep_objects
from buttress_scanner.contracts._observing import Breach, Breaches
from buttress_scanner.contracts.base import Contract, Ledger, Selectors, Strings
from buttress_scanner.contracts.breaking import HERE, Breaking, Workbench, imported, is_importable
from buttress_scanner.contracts.claims import Never, called
from buttress_scanner.findings.model import Confidence
from buttress_scanner.program.frames import Deed
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.reach import Hop, Reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.findings.model import Finding, Position, Step
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame

_LOADING = ("import", "from", "star")


class ReadOnlyObserver(Contract):
    """The zone uses only ``members`` of the subjects, makes none and changes nothing that is reached from them."""

    kind_name: ClassVar[str] = "read-only-observer"
    follows: ClassVar[int] = 1_000_000_000

    kind: Literal["read-only-observer"]
    zone: Selectors = Field(min_length=1, description="The modules that only observe.")
    subjects: Selectors = Field(min_length=1, description="The classes that are observed; those derived from them are included.")
    members: Strings = Field(description="The only members of the subjects that the zone may use.")
    may_construct: bool = Field(False, description="Whether the zone may make objects of the subjects.")

    def watch(self, program: Program) -> None:
        """Keep objects of the subjects from being merged away, and note what changes."""
        program.note_changes()
        keep_objects(program, self.subjects)

    def scope(self, program: Program) -> Iterable[str] | None:
        """The zone; what it calls is evaluated with it."""
        return [u.name for u in program.select(self.zone)]

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A function of the zone uses a member of each subject that it may not use."""
        units = program.select(self.zone)
        for text in self.subjects if units else ():
            for subject in filter(is_importable, classes_named(program, text)[:1]):
                statement, name = imported(subject)
                code = f"{statement}\n\n\ndef use(subject: {name}) -> object:\n    return subject.sabotaged  {HERE}\n"
                yield Workbench(program).appended(f"uses another member of `{subject.symbol}`", units[0], code)

    def claims(self, program: Program) -> Iterator[Never]:
        """The zone makes no objects of the subjects."""
        zone = frozenset(unit.name for unit in program.select(self.zone))
        for text in () if self.may_construct else self.subjects:
            yield from (Never(f"calls of {symbol}", zone) for symbol in called(program, text))

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every place of the zone that does more than look."""
        zone = {u.name for u in program.select(self.zone)}
        if not zone and not self.may_be_empty:
            ledger.is_vacuous(f"the zone {', '.join(self.zone)} has no module")
        program.solve()
        for text in self.subjects:
            if not Family.of(program, [text]).roots:
                ledger.is_vacuous(f"the class {text} does not exist")
        if ledger.vacuous or not zone:
            return
        family = Family.of(program, self.subjects)
        yield from _Search(self, program, family, ledger, zone).findings()


@dataclass(slots=True)
class _Search:
    """One pass over the live frames."""

    contract: ReadOnlyObserver
    program: Program
    family: Family
    ledger: Ledger
    zone: set[str]
    found: dict[tuple[str, int, int], Finding] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield findings by place; one for each."""
        contract = self.contract
        breaches = Breaches(self.program, self.family, frozenset(contract.members), contract.may_construct, frozenset(self.zone))
        by_frame: dict[Frame, dict[int, Breach]] = {}
        for breach in breaches.all():
            frame, node = breach.site
            before = by_frame.setdefault(frame, {}).get(node)
            if before is None or (breach.proven, -len(breach.steps)) > (before.proven, -len(before.steps)):
                by_frame[frame][node] = breach
        frames = self.program.frames()
        reach = _Through(frames, by_frame, partial(self._passes, breaches))
        for frame in frames:
            if frame.unit.name not in self.zone or breaches.is_own(frame):
                continue
            for node, breach in sorted(by_frame.get(frame, {}).items()):
                self._report(frame, node, breach, [])
            hops = list(reach.calls(frame))
            for node in range(len(frame.body.nodes)):
                hops += [Hop(frame, node, wrapper, None) for wrapper in breaches.wrappers(frame, node) if wrapper in reach.next]
            for hop in hops:
                if hop.node not in by_frame.get(frame, {}):
                    self._report_through(frame, hop, reach, by_frame)
        self._count(breaches)
        yield from (self.found[key] for key in sorted(self.found))

    def _count(self, breaches: Breaches) -> None:
        self.ledger.judge(len(breaches.judged))
        if not breaches.judged:
            self.ledger.judge(len(self.zone))
        for (frame, node), reason in breaches.undecided.items():
            self.ledger.leave_undecided(self.program.node_position(frame, node), reason)

    def _passes(self, breaches: Breaches, frame: Frame, node: int, callee: Frame) -> bool:
        """Whether what a callee does is its caller's: not in the zone, not subjects' own code, not while a module loads."""
        loads = frame.body.nodes[node][0] in _LOADING or frame.edges[node].get(callee) == "class body"
        return not loads and callee.unit.name not in self.zone and not breaches.is_own(callee)

    def _report_through(self, frame: Frame, hop: Hop, reach: _Through, by_frame: dict[Frame, dict[int, Breach]]) -> None:
        path = [hop, *reach.path(hop.callee)] if hop.callee is not None else [hop]
        last = path[-1]
        breach = by_frame.get(last.frame, {}).get(last.node)
        if breach is not None:
            steps = [self.program.step(h.frame, h.node, f"calls {h.callee.symbol}") for h in path if h.callee is not None]
            self._report(frame, hop.node, breach, steps)

    def _report(self, frame: Frame, node: int, breach: Breach, way: list[Step]) -> None:
        position = self.program.node_position(frame, node)
        steps = [*way, *(self.program.step(f, n, text) for f, n, text in breach.steps)]
        key = _key(position)
        before = self.found.get(key)
        if before is not None and len(before.evidence) <= len(steps):
            return
        message = breach.message if not way else f"lets {way[-1].text.removeprefix('calls ')} do this: {breach.message}"
        self.found[key] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            message,
            sink=breach.message,
            evidence=steps,
            confidence=Confidence.PROVEN if breach.proven else Confidence.POSSIBLE,
        )


def _key(position: Position) -> tuple[str, int, int]:
    return (position.path, position.line, position.column)


class _Through(Reach):
    """Which frames lead to a breach, and how."""

    def __init__(self, frames: list[Frame], breaches: dict[Frame, dict[int, Breach]], passes: object) -> None:
        self._breaches = breaches
        super().__init__(frames, lambda _: True, passes)  # type: ignore[arg-type]

    def deeds(self, frame: Frame) -> Iterator[Hop]:
        """The breaches of a frame in order."""
        for node, breach in sorted(self._breaches.get(frame, {}).items()):
            if self._runs(frame, node):
                yield Hop(frame, node, None, Deed(breach.message, (), breach.message))
