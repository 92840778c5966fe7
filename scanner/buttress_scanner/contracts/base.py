"""What every contract kind shares: the configuration model and the ledger in which a check records what it judged.

A kind is one module with a subclass of `Contract` and one Markdown page beside it (same stem), which is documentation and test suite at once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step

if TYPE_CHECKING:
    from buttress_scanner.program import Program


def _as_tuple(value: Any) -> Any:
    if isinstance(value, (str, int, bool, dict)):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Strings = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""A field that takes a list of strings or a single one (contracts: "a field that takes a list takes a single value as well")."""


class Exemption(BaseModel):
    """Code that is analysed but not judged: files by glob, or a symbol, each with a reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = None
    symbol: str | None = None
    reason: str = Field(min_length=1)


class Contract(BaseModel):
    """A rule of the configuration file. Subclasses add the fields of their kind and implement `check`."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True)

    kind_name: ClassVar[str]
    """The value of ``kind`` in the configuration."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    kind: str
    because: str = Field(min_length=1)
    source: str | None = None
    severity: Severity = Severity.ERROR
    exempt: Annotated[tuple[Exemption, ...], BeforeValidator(_as_tuple)] = ()
    may_be_empty: bool = False

    @abstractmethod
    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every place that breaks the contract; record in the ledger what was judged."""

    def finding(
        self,
        position: Position,
        symbol: str,
        message: str,
        *,
        sink: str,
        evidence: Sequence[Step] = (),
        confidence: Confidence = Confidence.PROVEN,
        fixable: bool = False,
    ) -> Finding:
        """Build a finding of this contract."""
        return Finding(
            contract=self.id,
            kind=self.kind,
            position=position,
            symbol=symbol,
            message=message,
            sink=sink,
            severity=self.severity,
            confidence=confidence,
            because=self.because,
            evidence=tuple(evidence),
            fixable=fixable,
        )


@dataclass(slots=True)
class Ledger:
    """What one contract's check judged, what it could not decide, and why it may be vacuous."""

    judged: int = 0
    undecided: list[tuple[Position, str]] = field(default_factory=list)
    vacuous: list[str] = field(default_factory=list)

    def judge(self, count: int = 1) -> None:
        """Record that ``count`` places (calls, functions, modules, ...) were judged."""
        self.judged += count

    def leave_undecided(self, position: Position, reason: str) -> None:
        """Record a site that could not be decided, with the reason."""
        self.undecided.append((position, reason))

    def is_vacuous(self, why: str) -> None:
        """Record that the contract guards nothing: a subject, zone or module that does not exist."""
        self.vacuous.append(why)
