"""`test-hygiene`: tests that use real parts, real time only where they say so, and assert something."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from buttress_scanner.contracts._assertions import Assertions, Tests, is_test_file
from buttress_scanner.contracts._test_clocks import gives_back
from buttress_scanner.contracts._test_deeds import Deeds
from buttress_scanner.contracts.base import Contract, Ledger, Strings, as_tuple
from buttress_scanner.contracts.breaking import Workbench
from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.hygiene import hygiene
from buttress_scanner.program.program import symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts._test_deed import Deed
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame, Unit

What = Literal["mock", "sleep", "clock", "patched-clock", "skip-without-reason", "no-assertion"]

_EXAMPLES = {
    "mock": """\
from unittest.mock import MagicMock as ButtressMock


def buttress_mock():
    return ButtressMock()  # here
""",
    "sleep": """\
import time as buttress_time


def buttress_sleep():
    buttress_time.sleep(1)  # here
""",
    "clock": """\
import datetime as buttress_datetime


def buttress_clock():
    return buttress_datetime.datetime.now()  # here
""",
    "patched-clock": """\
import time as buttress_clocks


def buttress_patch():
    buttress_clocks.time = None  # here
""",
    "skip-without-reason": """\
import pytest as buttress_pytest


def buttress_skip():
    buttress_pytest.skip()  # here
""",
    "no-assertion": """\
def test_buttress_sabotage():  # here
    print("nothing")
""",
}
"""What breaks the contract, for each thing that it may forbid."""
_IMPORTS = ("import", "from", "star")
_NAMES = {
    "mock": "a mock library",
    "sleep": "a sleep",
    "clock": "the clock",
    "patched-clock": "a patched clock",
    "skip-without-reason": "a skip without a reason",
}


class TestHygiene(Contract):
    """The files in ``paths`` have none of the faults in ``forbid``."""

    __test__: ClassVar[bool] = False

    kind_name: ClassVar[str] = "test-hygiene"
    follows: ClassVar[int] = 4

    kind: Literal["test-hygiene"]
    paths: Strings = Field(min_length=1, description="The files that are judged, as patterns like those of `.gitignore`.")
    forbid: Annotated[tuple[What, ...], BeforeValidator(as_tuple)] = Field(min_length=1, description="What they must not do.")

    def scope(self, program: Program) -> Iterable[str] | None:
        """The judged modules; what they call is evaluated with them."""
        return [u.name for u in self._zone(program)]

    def _zone(self, program: Program) -> list[Unit]:
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(self.paths)
        return [u for u in program.modules.values() if spec.match_file(u.path)]

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A judged file does each of the things that are forbidden; a judged test file gets a test that asserts nothing."""
        zone = self._zone(program)
        tests = [u for u in zone if is_test_file(u.path)]
        for units, forbidden in ((zone, set(self.forbid) - {"no-assertion"}), (tests, {"no-assertion"} & set(self.forbid))):
            told = [what for what in self.forbid if what in forbidden]
            if units and told:
                code = "".join(f"\n\n{_EXAMPLES[what]}" for what in told)
                yield Workbench(program).appended(f"has {', '.join(told)} in `{units[0].path}`", units[0], code)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every place of the judged files that does what is forbidden."""
        zone = self._zone(program)
        if not zone:
            if not self.may_be_empty:
                ledger.is_vacuous(f"no file of the program matches {', '.join(self.paths)}; `exclude` may keep it out")
            return
        program.solve()
        yield from _Hygiene(self, program, ledger, {u.name: u for u in zone}).findings()


@dataclass(slots=True)
class _Hygiene:
    contract: TestHygiene
    program: Program
    ledger: Ledger
    zone: dict[str, Unit]
    found: dict[Position, Finding] = field(default_factory=dict)
    _support: dict[str, bool] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings in order."""
        self._deeds()
        if "mock" in self.contract.forbid:
            self._imported_mocks()
        self.ledger.judge(sum(1 for u in self.zone.values() for b in u.facts.bodies if b.kind == "function") or len(self.zone))
        if "no-assertion" in self.contract.forbid:
            self._assertions()
        lines: dict[tuple[str, int], Finding] = {}
        for position in sorted(self.found):  # two readings of the clock in one line are one measurement
            lines.setdefault((position.path, position.line), self.found[position])
        yield from lines.values()

    # --- deeds

    def _deeds(self) -> None:
        deeds = Deeds(self.program, self.contract.forbid)
        outside: dict[tuple[Frame, str], Deed] = {}
        inside: list[Deed] = []
        for frame in self.program.frames():
            for deed in deeds.of(frame) if frame.active else ():
                if deed.frame.unit.name in self.zone:
                    inside.append(deed)
                elif self._passes(deed.frame, deed.node, deed.what):
                    outside.setdefault((deed.frame, deed.what), deed)
        for deed in inside:
            self._report(deed.frame, deed.node, deed, [])
        self._through_helpers(outside)

    def _through_helpers(self, outside: dict[tuple[Frame, str], Deed]) -> None:
        """Report the calls of the judged files that lead to a deed elsewhere, each by a shortest way."""
        callers = self._callers()
        ways: dict[tuple[Frame, str], tuple[Deed, list[Step]]] = {key: (deed, []) for key, deed in outside.items()}
        queue = deque(sorted(ways, key=lambda k: (k[0].unit.name, k[0].body.index, k[1])))
        while queue:
            frame, what = queue.popleft()
            deed, way = ways[frame, what]
            for caller, node in callers.get(frame, ()):
                step = self.program.step(caller, node, f"calls {frame.symbol}")
                if caller.unit.name in self.zone:
                    self._report(caller, node, deed, [step, *way])
                elif (caller, what) not in ways and self._passes(caller, node, what):
                    ways[caller, what] = (deed, [step, *way])
                    queue.append((caller, what))

    def _callers(self) -> dict[Frame, list[tuple[Frame, int]]]:
        found: dict[Frame, list[tuple[Frame, int]]] = {}
        for frame in self.program.frames():
            for node, callees in sorted(frame.edges.items()):
                if frame.body.nodes[node][0] in _IMPORTS:
                    continue
                for callee in callees:
                    found.setdefault(callee, []).append((frame, node))
        return found

    def _passes(self, frame: Frame, node: int, what: str) -> bool:
        """Whether what a function outside of the judged files does is done by its callers too.

        Code under test may read the clock for itself; a helper of tests does it for the test, and so does a function that
        gives the time back.
        """
        if frame.body.kind == "module":
            return False
        return what != "clock" or self.is_support(frame.unit) or gives_back(self.program.engine, frame, node)

    def is_support(self, unit: Unit) -> bool:
        """Whether a module serves tests: it is judged itself, lies beside judged files, or has a name that says so."""
        if unit.name not in self._support:
            self._support[unit.name] = self._serves_tests(unit)
        return self._support[unit.name]

    def _serves_tests(self, unit: Unit) -> bool:
        if unit.name in self.zone or not hygiene().support.isdisjoint(unit.name.split(".")):
            return True
        folders = {u.path.rpartition("/")[0] for u in self.zone.values()} - {""}
        return any(unit.path.startswith(f"{folder}/") for folder in folders)

    def _report(self, frame: Frame, node: int, deed: Deed, way: list[Step]) -> None:
        position = self.program.node_position(frame, node)
        if position in self.found:
            return
        end = self.program.step(deed.frame, deed.node, deed.text)
        self.found[position] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"{_NAMES[deed.what]}: {deed.text}",
            sink=deed.what,
            evidence=[*way, end],
            confidence=Confidence.PROVEN if deed.certain else Confidence.POSSIBLE,
        )

    # --- imports of mock libraries that nothing else tells of

    def _imported_mocks(self) -> None:
        told = {p.path for p, f in self.found.items() if f.sink == "mock"}
        wanted = {i.module for u in self.zone.values() for i in u.facts.imports}
        for unit in self.zone.values():
            if unit.path in told or any(unit.name == m or m.endswith(f".{unit.name.rpartition('.')[2]}") for m in wanted):
                continue
            typing_only = {i.span for i in unit.facts.imports if i.typing_only}
            for fact in unit.facts.imports:
                path = ".".join(part for part in (fact.module, fact.name.strip("*")) if part)
                if (
                    fact.level
                    or fact.span in typing_only
                    or not hygiene().is_mock(path)
                    or self.program.table.is_ours(fact.module)
                ):
                    continue
                position = self.program.position(unit, fact.span)
                self.found.setdefault(
                    position,
                    self.contract.finding(
                        position,
                        symbol_of(unit, unit.facts.bodies[fact.body]),
                        f"{_NAMES['mock']}: imports {path}",
                        sink="mock",
                        evidence=[Step(position, unit.name, f"imports {path}")],
                    ),
                )

    # --- tests without assertions

    def _assertions(self) -> None:
        tests = Tests(self.program, self.zone)
        assertions = Assertions(self.program, self.is_support)
        for unit, body, functions in tests.found():
            adds = not tests.decorated_with(unit, body).isdisjoint(hygiene().assertions.decorators)
            if adds or assertions.any_in(functions):
                continue
            position = self.program.position(unit, body.header)
            self.found.setdefault(
                position,
                self.contract.finding(
                    position,
                    symbol_of(unit, body),
                    f"{body.name} asserts nothing",
                    sink="no-assertion",
                    evidence=[Step(position, symbol_of(unit, body), "neither the test nor a helper that it calls asserts")],
                ),
            )
