"""Trying repairs: each is checked over the whole program before it counts, and what does not help is taken back."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.engine import examine
from buttress_scanner.findings.suppressions import SUPPRESSION
from buttress_scanner.fixes.suppressions import unused
from buttress_scanner.source.tree import Overlay, WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.contracts.repair import Repair
    from buttress_scanner.engine import Examined
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.program.program import Known
    from buttress_scanner.source.tree import Tree

_ROUNDS = 10
"""So often is looked again: a repair may make another one possible."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A finding that is gone, and what was done."""

    finding: Finding
    title: str
    is_safe: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """What becomes of the files, what was done, and the reports before and after.

    ``held_back`` are repairs that would help and are not safe, where only safe ones were asked for.
    """

    changes: Mapping[str, bytes]
    applied: tuple[Applied, ...]
    held_back: tuple[Applied, ...]
    before: Report
    after: Report


Candidate = tuple["Finding", "Repair"]


def fix(
    loaded: Loaded,
    *,
    today: date,
    select: Sequence[str] = (),
    unsafe: bool = False,
    keep: Callable[[Finding], bool] = lambda _: True,
    tree: Tree | None = None,
) -> Fixed:
    """Repair what can be repaired, in memory.

    Args:
        loaded: the configuration.
        today: the day that decides whether suppressions have expired.
        select: ids of the contracts; all when empty.
        unsafe: whether repairs that may change what the program does are applied as well.
        keep: which findings are to be repaired.
        tree: the files; those on disk when absent.

    Raises:
        SelectionError: ``select`` names a contract that the configuration does not have.
    """
    return _Fixing(loaded, today, tuple(select), tree or WorkTree(loaded.folder), keep, unsafe=unsafe).run()


class _Fixing:
    def __init__(
        self,
        loaded: Loaded,
        today: date,
        select: tuple[str, ...],
        tree: Tree,
        keep: Callable[[Finding], bool],
        *,
        unsafe: bool,
    ) -> None:
        self._loaded = loaded
        self._today = today
        self._select = select
        self._tree = tree
        self._keep = keep
        self._unsafe = unsafe
        self._changes: dict[str, bytes] = {}
        self._known: Known = {}
        self._applied: list[Applied] = []
        self._failed: set[tuple[str, str]] = set()

    def run(self) -> Fixed:
        """Repair round by round, until nothing helps any more."""
        present = before = self._examine(self._changes)
        for _ in range(_ROUNDS):
            batch = list(self._candidates(present, unsafe=self._unsafe))
            if not batch:
                break
            present = self._accept(present, batch)
        held_back = [] if self._unsafe else list(self._candidates(present, unsafe=True))
        waiting = tuple(Applied(finding, repair.title, is_safe=False) for finding, repair in held_back)
        return Fixed(self._changes, tuple(self._applied), waiting, before.report, present.report)

    def _examine(self, changes: Mapping[str, bytes]) -> Examined:
        return examine(self._loaded, today=self._today, select=self._select, tree=Overlay(self._tree, changes), known=self._known)

    def _candidates(self, present: Examined, *, unsafe: bool) -> Iterator[Candidate]:
        """For each finding the first repair that fits and was not tried in vain."""
        contracts = {contract.id: contract for contract in present.contracts}
        for finding in present.report.findings:
            if finding.suppressed is not None or not self._keep(finding):
                continue
            if finding.contract == SUPPRESSION:
                offered = unused(finding, self._read(finding.position.path))
            elif finding.contract in contracts:
                offered = iter(contracts[finding.contract].repairs(present.program, finding))
            else:
                continue
            fitting = (
                repair
                for repair in offered
                if (repair.is_safe or unsafe) and (finding.fingerprint, repair.title) not in self._failed and self._fits(repair)
            )
            repair = next(fitting, None)
            if repair is not None:
                yield finding, repair

    def _read(self, path: str) -> bytes:
        if path in self._changes:
            return self._changes[path]
        data = self._tree.read(path, self._loaded.configuration.max_file_size)
        return data if isinstance(data, bytes) else b""

    def _fits(self, repair: Repair) -> bool:
        return _changed(repair, self._read(repair.path)) is not None

    def _accept(self, present: Examined, batch: list[Candidate]) -> Examined:
        """Apply the repairs together; where that does not help, one after the other, and forget those that do not."""
        changes, done = self._together(batch)
        after = self._examine(changes)
        if self._helps(present, after, done):
            self._changes = changes
            self._applied += [Applied(finding, repair.title, repair.is_safe) for finding, repair in done]
            self._failed |= {(f.fingerprint, r.title) for f, r in batch if (f, r) not in done}
            return after
        if len(batch) == 1:
            self._failed.add((batch[0][0].fingerprint, batch[0][1].title))
            return present
        for candidate in batch:
            present = self._accept(present, [candidate])
        return present

    def _together(self, batch: list[Candidate]) -> tuple[dict[str, bytes], list[Candidate]]:
        changes, done = dict(self._changes), []
        for finding, repair in batch:
            after = _changed(repair, changes.get(repair.path, self._read(repair.path)))
            if after is not None:
                changes[repair.path] = after
                done.append((finding, repair))
        return changes, done

    def _helps(self, before: Examined, after: Examined, done: list[Candidate]) -> bool:
        """Whether the findings are gone, and no other finding, error or vacuous contract has come."""
        had, has = _open(before.report), _open(after.report)
        gone = Counter(_key(finding) for finding, _ in done)
        worse = set(after.report.errors) - set(before.report.errors)
        vacuous = sum(bool(each.why) for each in after.report.contracts) - sum(bool(each.why) for each in before.report.contracts)
        return bool(done) and not has - had and not gone - (had - has) and not worse and vacuous <= 0


def _open(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter(_key(finding) for finding in report.findings if finding.suppressed is None)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.contract, finding.symbol, finding.sink


def _changed(repair: Repair, data: bytes) -> bytes | None:
    """The file after a repair; None where that changes nothing, does not fit, or makes no Python."""
    import libcst

    try:
        after = repair.change(data)
        if after is None or after == data:
            return None
        ast.parse(after)
    except (libcst.ParserSyntaxError, SyntaxError, ValueError):
        return None
    return after
