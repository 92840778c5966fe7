"""Rules about the syntax of single files, written as libcst visitors: the base class for kinds of other packages.

libcst is slow to load and slow to parse, so a rule names words of which a file must have one: no other file is parsed, and a
check in which no file has one loads nothing.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from buttress_scanner.contracts.base import Contract, Selectors
from buttress_scanner.findings.model import Confidence, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from libcst import CSTNode, CSTVisitor
    from libcst.metadata import CodeRange, MetadataWrapper

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.findings.model import Finding, Step
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit


class TreeRule(Contract):
    """A rule about the syntax of single files. Subclasses name their `tokens` and make a visitor."""

    tokens: ClassVar[tuple[str, ...]] = ()
    """Words of which a file must have at least one to be visited, as they stand in it; every file is visited when empty."""

    zone: Selectors = Field(("**",), description="The modules that are judged; all when absent.")

    @abstractmethod
    def visitor(self, file: TreeFile) -> CSTVisitor:
        """Return what walks over a file and calls `TreeFile.report` for each place that breaks the rule."""

    def scope(self, program: Program) -> Iterable[str] | None:
        """Syntax is read off the files; nothing has to be evaluated."""
        return ()

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Visit the files of the zone that have one of the tokens, and yield what their visitors report."""
        units = program.select(self.zone)
        if not units and not self.may_be_empty:
            ledger.is_vacuous(f"the zone {', '.join(self.zone)} has no modules")
        ledger.judge(len(units))
        words = re.compile(b"|".join(re.escape(token.encode()) for token in self.tokens))
        for unit in units:
            if words.search(unit.data):
                yield from self._file(program, ledger, unit)

    def _file(self, program: Program, ledger: Ledger, unit: Unit) -> Iterator[Finding]:
        """Visit one file; what libcst cannot parse, although Python can, is undecided."""
        from libcst import ParserSyntaxError, parse_module
        from libcst.metadata import MetadataWrapper

        try:
            wrapper = MetadataWrapper(parse_module(unit.data.decode("utf-8", "surrogatepass")), unsafe_skip_copy=True)
            file = TreeFile(self, unit, wrapper)
            wrapper.visit(self.visitor(file))
        except (ParserSyntaxError, RecursionError, UnicodeError):
            ledger.leave_undecided(Position(unit.path, 1), "libcst cannot walk over the file")
            return
        yield from file.findings


@dataclass(slots=True)
class TreeFile:
    """A file as a visitor sees it, and where the visitor's reports go."""

    rule: TreeRule
    unit: Unit
    wrapper: MetadataWrapper
    findings: list[Finding] = field(default_factory=list)
    _ranges: Mapping[CSTNode, CodeRange] | None = None

    @property
    def path(self) -> str:
        """The file, relative to the configuration's folder."""
        return self.unit.path

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.unit.name

    def position(self, node: CSTNode) -> Position:
        """Where a node stands, comments included."""
        from libcst.metadata import PositionProvider

        if self._ranges is None:
            self._ranges = self.wrapper.resolve(PositionProvider)
        start, end = self._ranges[node].start, self._ranges[node].end
        return Position(self.path, start.line, start.column + 1, end.line, end.column + 1)

    def symbol(self, line: int) -> str:
        """The innermost definition that a line belongs to, as ``module:Qualified.name``; the module outside of any."""
        around = [
            body for body in self.unit.facts.bodies if body.kind in ("class", "function") and body.span[0] <= line <= body.span[2]
        ]
        inner = max(around, key=lambda body: (body.span[0], -body.span[2]), default=None)
        return f"{self.module}:{inner.qualname}" if inner is not None else self.module

    def report(
        self,
        node: CSTNode,
        message: str,
        *,
        sink: str = "",
        confidence: Confidence = Confidence.PROVEN,
        evidence: Sequence[Step] = (),
    ) -> None:
        """Report that a node breaks the rule.

        Args:
            node: the place.
            message: what is wrong there.
            sink: names the deed without lines and numbers, for fingerprints; the message when absent.
            confidence: whether that is certain.
            evidence: the steps that lead there.
        """
        position = self.position(node)
        self.findings.append(
            self.rule.finding(
                position,
                self.symbol(position.line),
                message,
                sink=sink or message,
                confidence=confidence,
                evidence=evidence,
            )
        )
