"""Breaking every contract in turn: rounds of changes that do not touch each other, each checked as a whole program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from buttress_scanner.config.exemptions import Exempted, all_exemptions
from buttress_scanner.engine import run, scope_of, select_contracts
from buttress_scanner.program import Program
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.reader import read_sources
from buttress_scanner.source.tree import Overlay, WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.contracts.base import Contract
    from buttress_scanner.contracts.breaking import Breaking, Place
    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.program.program import Known
    from buttress_scanner.source.tree import Tree


class Verdict(StrEnum):
    """What became of a contract that was broken."""

    RED = "red"
    """The report showed the violation where it was made."""
    GREEN = "green"
    """It did not: the contract does not guard what it speaks of."""
    UNTRIED = "untried"
    """Nobody knows how to break this contract in this program, so that nobody knows whether it can fail."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way in which a contract was broken, where the report had to show it, and where it did not."""

    how: str
    places: tuple[Place, ...]
    missing: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A contract and the attempts to break it."""

    contract: str
    kind: str
    attempts: tuple[Attempt, ...]

    @property
    def verdict(self) -> Verdict:
        """Red only if every attempt was seen at every place."""
        if not self.attempts:
            return Verdict.UNTRIED
        return Verdict.GREEN if any(attempt.missing for attempt in self.attempts) else Verdict.RED


def sabotage(loaded: Loaded, *, today: date, select: Sequence[str] = (), tree: Tree | None = None) -> list[Outcome]:
    """Break the contracts of a configuration, one way after another, in memory.

    Args:
        loaded: the configuration.
        today: the day that decides whether suppressions have expired.
        select: ids of the contracts; all when empty.
        tree: the files; those on disk when absent.

    Returns:
        An outcome for each contract, in the order of the configuration.

    Raises:
        SelectionError: ``select`` names a contract that the configuration does not have.
    """
    files = tree or WorkTree(loaded.folder)
    contracts = select_contracts(loaded.configuration.contract, select)
    known: Known = {}
    planned = _planned(loaded, contracts, files, known)
    missing: dict[tuple[str, Breaking], tuple[Place, ...]] = {}
    for group in _rounds(planned):
        report = _broken(loaded, files, group, today, known)
        for contract, breaking in group:
            unseen = _unseen(report, contract, breaking)
            if unseen and len(group) > 1:  # what others broke beside it may be in the way
                unseen = _unseen(_broken(loaded, files, [(contract, breaking)], today, known), contract, breaking)
            missing[contract.id, breaking] = unseen
    return [
        Outcome(
            contract.id,
            contract.kind,
            tuple(Attempt(b.how, b.places, missing[c.id, b]) for c, b in planned if c.id == contract.id),
        )
        for contract in contracts
    ]


Planned = tuple["Contract", "Breaking"]


def _planned(loaded: Loaded, contracts: Iterable[Contract], files: Tree, known: Known) -> list[Planned]:
    """The ways to break each contract; what would stand in exempt code breaks nothing."""
    configuration = loaded.configuration
    read = read_sources(files, files.modules(configuration.exclude).files, configuration.roots, configuration.max_file_size)
    program = Program.build(read.sources, loaded.zones, Documents(files, configuration.max_file_size), known)
    for contract in contracts:
        contract.watch(program)
    program.focus(scope_of(contracts, program))
    found: list[Planned] = []
    for contract in contracts:
        exempted = Exempted(all_exemptions(contract, configuration.exempt).exempt)
        found += [
            (contract, breaking)
            for breaking in contract.breakings(program)
            if not any(exempted.covers_place(place.path, place.symbol) for place in breaking.places)
        ]
    return found


def _rounds(planned: Iterable[Planned]) -> Iterator[list[Planned]]:
    """Group the changes so that no two of a group touch one file; one change of a contract in a group."""
    waiting = list(planned)
    while waiting:
        group: list[Planned] = []
        touched: set[str] = set()
        for contract, breaking in waiting:
            if touched.isdisjoint(breaking.changes) and not any(contract is other for other, _ in group):
                group.append((contract, breaking))
                touched.update(breaking.changes)
        taken = set(map(id, (breaking for _, breaking in group)))
        waiting = [each for each in waiting if id(each[1]) not in taken]
        yield group


def _broken(loaded: Loaded, files: Tree, group: Sequence[Planned], today: date, known: Known) -> Report:
    changes = {path: data for _, breaking in group for path, data in breaking.changes.items()}
    return run(loaded, today=today, select=[contract.id for contract, _ in group], tree=Overlay(files, changes), known=known)


def _unseen(report: Report, contract: Contract, breaking: Breaking) -> tuple[Place, ...]:
    """The places at which the contract reports nothing."""
    found = [f for f in report.findings if f.contract == contract.id and f.suppressed is None]
    return tuple(
        place
        for place in breaking.places
        if not any(
            f.position.path == place.path
            and (not place.line or f.position.line == place.line)
            and (not place.symbol or f.symbol == place.symbol)
            for f in found
        )
    )
