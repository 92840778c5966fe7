"""Reports that were saved as JSON, read back: the other direction of `json_v1`.

What a later version of the scanner adds is passed over; what an earlier one did not write is empty.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import BaselineUse, Comparison, ContractResult, Problem, Report, Site, Stats, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_SURROGATE = re.compile("[\ud800-\udfff]")


class SavedReportError(ValueError):
    """A file that holds no report; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report, and the lines of code that were saved with it, by path and number."""

    report: Report
    code: dict[str, dict[int, str]] = field(default_factory=dict)

    def sources(self, read: Callable[[str], bytes]) -> Callable[[str], bytes]:
        """Return a reader of files as they were: as they are now if the saved lines still stand there, else only those lines."""

        def read_as_it_was(path: str) -> bytes:
            known = self.code.get(path, {})
            try:
                data = read(path)
            except (OSError, ValueError):
                data = b""
            lines = re.split("\r\n|\r|\n", data.decode("utf-8-sig", "replace"))
            if data and all(number <= len(lines) and lines[number - 1] == text for number, text in known.items()):
                return data
            if not known:
                raise FileNotFoundError(path)
            return "\n".join(known.get(number, "") for number in range(1, max(known) + 1)).encode("utf-8", "replace")

        return read_as_it_was


def read_report(data: bytes | str) -> SavedReport:
    """Read a report from JSON.

    Raises:
        SavedReportError: this is no report, or one of a version that this scanner does not know.
    """
    try:
        document = _Document.model_validate(_readable(json.loads(data)))
    except (ValueError, RecursionError) as error:  # pydantic's errors are values' errors, too
        message = f"this is no report of version 1: {_first(error)}"
        raise SavedReportError(message, "Reports are written by `buttress check --format json`.") from None
    code: dict[str, dict[int, str]] = {}
    for path, line, text in document.code_lines():
        code.setdefault(path, {})[line] = text
    return SavedReport(document.report(), code)


def _first(error: Exception) -> str:
    """Return the first thing that is wrong, in one line."""
    if not isinstance(error, ValidationError):
        return str(error) if isinstance(error, ValueError) else "it is nested too deeply"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the document'}: {first['msg']}"


def _readable(value: object) -> object:
    """Write what is no text, such as a byte of a file name that is not UTF-8, as Python does: nothing else takes it."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if isinstance(value, list):
        return [_readable(each) for each in value]
    if isinstance(value, dict):
        return {key: _readable(each) for key, each in value.items()}
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Place(_Part):
    path: str
    line: int = Field(ge=0)
    column: int = Field(ge=0)
    end_line: int = 0
    end_column: int = 0

    def position(self) -> Position:
        """An end that equals the start is no end."""
        if (self.end_line, self.end_column) == (self.line, self.column):
            return Position(self.path, self.line, self.column)
        return Position(self.path, self.line, self.column, self.end_line, self.end_column)


class _Step(_Place):
    symbol: str
    text: str
    code: str = ""

    def step(self) -> Step:
        return Step(self.position(), self.symbol, self.text)


class _Suppression(_Part):
    reason: str
    line: int


class _Finding(_Place):
    contract: str
    kind: str
    severity: Severity
    confidence: Confidence
    symbol: str
    message: str
    sink: str = ""
    ordinal: int = 0
    because: str = ""
    code: str = ""
    evidence: tuple[_Step, ...] = ()
    fixable: bool = False
    suppressed: bool = False
    suppression: _Suppression | None = None
    baselined: bool = False

    def finding(self) -> Finding:
        given = self.suppression
        suppressed = Suppressed(given.reason, given.line) if given else Suppressed("", self.line) if self.suppressed else None
        return Finding(
            contract=self.contract,
            kind=self.kind,
            position=self.position(),
            symbol=self.symbol,
            message=self.message,
            sink=self.sink,
            severity=self.severity,
            confidence=self.confidence,
            because=self.because,
            evidence=tuple(step.step() for step in self.evidence),
            fixable=self.fixable,
            ordinal=self.ordinal,
            suppressed=suppressed,
            baselined=self.baselined,
        )


class _Site(_Place):
    reason: str


class _Contract(_Part):
    id: str
    kind: str
    status: Status
    judged: int
    undecided: int
    why: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    because: str = ""
    source: str = ""
    undecided_sites: tuple[_Site, ...] = ()

    def result(self) -> ContractResult:
        return ContractResult(
            self.id,
            self.kind,
            self.status,
            self.judged,
            self.undecided,
            self.why,
            self.path,
            self.line,
            because=self.because,
            source=self.source,
            sites=tuple(Site(site.position(), site.reason) for site in self.undecided_sites),
        )


class _Problem(_Part):
    path: str
    line: int
    column: int
    message: str
    hint: str


class _Stats(_Part):
    files: int
    skipped: int
    parsed: int
    undecided: int
    evaluated: int | None = None
    seconds: dict[str, float] = {}


class _Baseline(_Part):
    path: str
    known: int
    new: int
    fixed: tuple[str, ...]
    strict: bool


class _Diff(_Part):
    revision: str
    commit: str
    old: int


class _Document(_Part):
    version: Literal[1]
    project: str = ""
    configuration: str = ""
    folder: str = ""
    findings: tuple[_Finding, ...]
    contracts: tuple[_Contract, ...]
    errors: tuple[_Problem, ...]
    stats: _Stats
    baseline: _Baseline | None = None
    diff: _Diff | None = None

    def report(self) -> Report:
        stats = self.stats.model_dump() | {"seconds": tuple(self.stats.seconds.items())}
        return Report(
            tuple(finding.finding() for finding in self.findings),
            tuple(contract.result() for contract in self.contracts),
            tuple(Problem(**problem.model_dump()) for problem in self.errors),
            Stats(**stats),
            self.configuration,
            baseline=BaselineUse(**self.baseline.model_dump()) if self.baseline else None,
            diff=Comparison(**self.diff.model_dump()) if self.diff else None,
            folder=self.folder,
            project=self.project,
        )

    def code_lines(self) -> Iterator[tuple[str, int, str]]:
        for finding in self.findings:
            coded: tuple[_Finding | _Step, ...] = (finding, *finding.evidence)
            yield from ((place.path, place.line, place.code) for place in coded if place.code)
