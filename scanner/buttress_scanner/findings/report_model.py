"""The result of one check: what every output format renders and what decides the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Finding, Position, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.findings.map_model import ModuleMap

REPORT_VERSION = 1
"""The version of the report's content; the JSON format writes it as ``version``."""


class Status(StrEnum):
    """What became of a contract: nothing breaks it, something does, or it guards nothing."""

    KEPT = "kept"
    BROKEN = "broken"
    VACUOUS = "vacuous"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What kept the check from judging: a file that cannot be parsed, a wrong configuration, an exemption that matches nothing.

    ``path`` is relative to the configuration's folder; lines and columns count from 1, and line 0 means the file as a whole.
    """

    path: str
    line: int
    column: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A place that a contract looked at and could not decide, with the reason."""

    position: Position
    reason: str


@dataclass(frozen=True, slots=True)
class ContractResult:
    """One contract and what it judged.

    ``why`` names what is missing when the status is vacuous; ``path`` and ``line`` locate it in the configuration, from which
    ``because`` and ``source`` come. ``sites`` are those that are counted as ``undecided``.
    """

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
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of the run.

    ``skipped`` files are excluded by configuration. ``evaluated`` is the number of modules whose functions were all evaluated,
    None where that is all of them: a large program is evaluated as far as its contracts reach. ``seconds`` is filled only on
    demand, so that reports stay identical.
    """

    files: int = 0
    skipped: int = 0
    parsed: int = 0
    undecided: int = 0
    evaluated: int | None = None
    seconds: tuple[tuple[str, float], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What came of the baseline: entries that found their finding, open findings without an entry, entries without a finding.

    ``path`` is relative to the configuration's folder; ``fixed`` holds entries as they stand in the file. With ``strict`` they
    make the check fail. The figures speak of the whole program, however few findings are reported.
    """

    path: str
    known: int = 0
    new: int = 0
    fixed: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The commit with which the program was compared (``revision`` as it was asked for), and how many findings are as old."""

    revision: str
    commit: str
    old: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a check found. ``configuration`` is the configuration file's path relative to its folder.

    ``baseline`` is there when there is a baseline; ``diff`` when findings of another revision were left out of ``findings``.
    ``folder`` is the configuration's folder below the top of the repository, for forges, which count paths from there;
    ``project`` what people call the whole.
    ``map`` and ``history``, earlier reports by their names, are there where somebody asked for them.
    """

    findings: tuple[Finding, ...] = ()
    contracts: tuple[ContractResult, ...] = ()
    errors: tuple[Problem, ...] = ()
    stats: Stats = Stats()
    configuration: str = ""
    version: int = REPORT_VERSION
    baseline: BaselineUse | None = None
    diff: Comparison | None = None
    folder: str = ""
    project: str = ""
    map: ModuleMap | None = None
    history: tuple[tuple[str, Report], ...] = ()

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that neither a comment in the code nor the baseline accepts."""
        return tuple(finding for finding in self.findings if finding.is_open)

    @property
    def suppressed_findings(self) -> tuple[Finding, ...]:
        """The findings that a comment in the code accepts."""
        return tuple(finding for finding in self.findings if finding.suppressed is not None)

    @property
    def known_findings(self) -> tuple[Finding, ...]:
        """The findings that only the baseline accepts."""
        return tuple(finding for finding in self.findings if finding.baselined and finding.suppressed is None)

    def with_findings(self, findings: Iterable[Finding]) -> Report:
        """The same report of other findings: a contract is broken if one of them is open."""
        listed = tuple(findings)
        broken = {finding.contract for finding in listed if finding.is_open}
        contracts = tuple(
            result
            if result.status is Status.VACUOUS
            else replace(result, status=Status.BROKEN if result.id in broken else Status.KEPT)
            for result in self.contracts
        )
        return replace(self, findings=listed, contracts=contracts)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings of severity error or warning, 2 when something could not be judged (errors, vacuous contracts).

        Entries of the baseline whose finding is gone count as findings if the baseline is strict.
        """
        if self.errors or any(result.status is Status.VACUOUS for result in self.contracts):
            return 2
        if self.baseline is not None and self.baseline.strict and self.baseline.fixed:
            return 1
        return int(any(finding.severity is not Severity.NOTE for finding in self.open_findings))
