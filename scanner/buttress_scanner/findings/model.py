"""The finding model: one primary position, an evidence chain, severity and confidence apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a broken contract weighs; every finding of severity ``error`` or ``warning`` makes the check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """Whether the engine proved the violation, or proved only that it cannot be excluded."""

    PROVEN = "proven"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A range in a file. ``path`` is relative to the configuration's folder with forward slashes; lines and columns count from 1.

    ``line`` 0 means that the finding concerns the file as a whole (a file that is missing).
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One step of evidence: at this place, in this symbol, ``text`` happens."""

    position: Position
    symbol: str
    text: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment in the code accepts, with the reason given there."""

    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a contract.

    ``symbol`` is ``package.module:Qualified.name`` of the enclosing definition (``package.module`` at module level). ``sink``
    names what is done there, without line numbers; with contract and symbol it makes the fingerprint. ``ordinal`` tells equal
    deeds in one symbol apart; the engine numbers them in source order. ``baselined`` says that an entry of the baseline knows
    the finding.
    """

    contract: str
    kind: str
    position: Position
    symbol: str
    message: str
    sink: str
    severity: Severity = Severity.ERROR
    confidence: Confidence = Confidence.PROVEN
    because: str = ""
    evidence: tuple[Step, ...] = ()
    fixable: bool = False
    ordinal: int = 0
    suppressed: Suppressed | None = field(default=None)
    baselined: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nothing accepts the finding: neither a comment in the code nor the baseline."""
        return self.suppressed is None and not self.baselined

    @property
    def fingerprint(self) -> str:
        """Hex digest (32 digits) of contract, symbol, sink and ordinal: stable when code moves or is reformatted."""
        text = "\0".join((self.contract, self.kind, self.symbol, self.sink, str(self.ordinal)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def sort_key(self) -> tuple[object, ...]:
        """The total order in which every report lists findings."""
        return (self.position, self.contract, self.symbol, self.sink, self.ordinal, self.message)
