"""One check from end to end: files, program, contracts, exemptions, suppressions, report.

This module decides the order of the steps and nothing else. Files and the date come in from outside; everything after
reading is a function of values.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from buttress_scanner.config.exemptions import Exempted, all_exemptions, without_effect
from buttress_scanner.config.selectors import SelectorError
from buttress_scanner.contracts.base import Ledger
from buttress_scanner.contracts.claims import contradictions
from buttress_scanner.contracts.loader import nearest
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Site, Stats, Status
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.reader import read_sources
from buttress_scanner.source.tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.contracts.base import Contract
    from buttress_scanner.contracts.claims import Claim
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.program import Known
    from buttress_scanner.source.model import SourceFile
    from buttress_scanner.source.tree import Tree


class SelectionError(ValueError):
    """A contract to be checked alone that the configuration does not have."""


@dataclass(slots=True)
class _Judged:
    """What one contract's check came to, before suppressions."""

    contract: Contract
    ledger: Ledger
    findings: list[Finding]
    exempt: frozenset[str] = frozenset()
    """Paths of findings that an exemption took away."""


@dataclass(slots=True)
class _Clock:
    """Seconds of each step; shown only on demand."""

    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds.append((name, perf_counter() - start))


@dataclass(frozen=True, slots=True)
class Examined:
    """A report together with the program and the contracts that it speaks of."""

    report: Report
    program: Program
    contracts: tuple[Contract, ...]


def run(
    loaded: Loaded,
    *,
    today: date,
    select: Sequence[str] = (),
    timed: bool = False,
    tree: Tree | None = None,
    known: Known | None = None,
) -> Report:
    """Check the program below a configuration's folder; as `examine`, for those who need the report only."""
    return examine(loaded, today=today, select=select, timed=timed, tree=tree, known=known).report


def examine(
    loaded: Loaded,
    *,
    today: date,
    select: Sequence[str] = (),
    timed: bool = False,
    tree: Tree | None = None,
    known: Known | None = None,
) -> Examined:
    """Check the program below a configuration's folder.

    Args:
        loaded: the configuration.
        tree: the files; those on disk when absent.
        today: the day that decides whether a suppression has expired.
        select: ids of the contracts to check; all when empty.
        timed: whether the statistics tell how long each step took.
        known: facts of files from earlier checks, for those who check again and again.

    Raises:
        SelectionError: ``select`` names a contract that the configuration does not have.
    """
    from buttress_scanner.program import Program

    configuration, clock = loaded.configuration, _Clock()
    contracts = select_contracts(configuration.contract, select)
    with clock.step("read"):
        files = tree or WorkTree(loaded.folder)
        discovered = files.modules(configuration.exclude)
        read = read_sources(files, discovered.files, configuration.roots, configuration.max_file_size)
    with clock.step("program"):
        program = Program.build(read.sources, loaded.zones, Documents(files, configuration.max_file_size), known)
    errors = [
        Problem(each.path, each.line, each.column, each.message, each.hint) for each in (*discovered.problems, *read.problems)
    ]
    judged: list[_Judged] = []
    for contract in contracts:
        contract.watch(program)
    program.focus(scope_of(contracts, program))
    for contract in contracts:
        with clock.step(contract.id):
            try:
                judged.append(_judge(all_exemptions(contract, configuration.exempt), program))
            except SelectorError as error:
                errors.append(
                    Problem(
                        loaded.name, loaded.lines[contract.id], 1, f"contract {contract.id!r}: {error}", "Correct the selector."
                    )
                )
    with clock.step("suppressions"):
        findings = _suppressed(
            [finding for each in judged for finding in each.findings], read.sources, configuration.contract, contracts, today
        )
    errors.extend(_contradictions(judged, program, loaded))
    errors.extend(Problem(each.path, each.line, each.column, each.message, each.hint) for each in program.problems)
    errors.extend(_exemptions_without_effect(loaded, judged, program, discovered.files, everything=not select))
    if not configuration.contract:
        hint = "Add a [[contract]]; `buttress explain` lists the kinds."
        errors.append(Problem(loaded.name, 1, 1, "the configuration has no contract, so that nothing can be found", hint))
    results = tuple(_result(each, findings, loaded) for each in judged)
    stats = Stats(
        files=len(discovered.files),
        skipped=len(discovered.skipped),
        parsed=sum(1 + (source.stub is not None) for source in read.sources) - len(program.problems),
        undecided=sum(result.undecided for result in results),
        evaluated=program.evaluated,
        seconds=tuple(clock.seconds) if timed else (),
    )
    report = Report(tuple(findings), results, tuple(sorted(set(errors))), stats, loaded.name)
    return Examined(report, program, contracts)


def narrow(report: Report, keep: Callable[[Finding], bool]) -> Report:
    """Leave only some findings in a report. Contracts, errors and statistics still speak of the whole program."""
    return replace(report, findings=tuple(finding for finding in report.findings if keep(finding)))


def select_contracts(contracts: Sequence[Contract], select: Sequence[str]) -> tuple[Contract, ...]:
    """Return the contracts with these ids, all when none is named.

    Raises:
        SelectionError: there is no contract with such an id.
    """
    known = {contract.id for contract in contracts}
    for name in select:
        if name not in known:
            raise SelectionError(f"the configuration has no contract {name!r}{nearest(name, known)}")
    return tuple(contract for contract in contracts if not select or contract.id in select)


def scope_of(contracts: Iterable[Contract], program: Program) -> dict[str, int] | None:
    """The modules that any contract is about, with the calls to follow from there; None when one needs the whole program."""
    found: dict[str, int] = {}
    for contract in contracts:
        try:
            wanted = contract.scope(program)
        except SelectorError:
            continue
        if wanted is None:
            return None
        for module in wanted:
            found[module] = max(found.get(module, 0), contract.follows)
    return found


def _judge(contract: Contract, program: Program) -> _Judged:
    """Run one contract's check and leave out what stands in exempt code."""
    ledger, exempted = Ledger(), Exempted(contract.exempt)
    every = dict.fromkeys(contract.check(program, ledger))
    found = [finding for finding in every if not exempted.covers(finding)]
    spared = frozenset(finding.position.path for finding in every) - {finding.position.path for finding in found}
    return _Judged(contract, ledger, list(_numbered(sorted(found, key=lambda finding: finding.sort_key))), spared)


def _contradictions(judged: Sequence[_Judged], program: Program, loaded: Loaded) -> Iterator[Problem]:
    """Report the contracts of which one forbids what another demands; what guards nothing claims nothing."""
    sound = [each for each in judged if not each.ledger.vacuous]
    claims = [(each.contract.id, _claims(each.contract, program)) for each in sound]
    kept = {each.contract.id for each in sound if not each.findings}
    for found in contradictions(claims, kept):
        first, line = loaded.lines[found.first], loaded.lines[found.second]
        message = f"the contracts {found.first!r} (line {first}) and {found.second!r} contradict each other: {found.why}"
        yield Problem(loaded.name, line, 1, message, "Change one of the two: no program can keep both.")


def _claims(contract: Contract, program: Program) -> tuple[Claim, ...]:
    """What a contract claims; a selector that names nothing it could claim is judged by the check."""
    try:
        return tuple(contract.claims(program))
    except SelectorError:
        return ()


def _numbered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tell equal deeds in one symbol apart, in source order."""
    seen: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        deed = (finding.symbol, finding.sink)
        yield replace(finding, ordinal=seen[deed])
        seen[deed] += 1


def _suppressed(
    findings: Sequence[Finding],
    sources: Sequence[SourceFile],
    configured: Sequence[Contract],
    checked: Sequence[Contract],
    today: date,
) -> list[Finding]:
    from buttress_scanner.findings.suppressions import apply

    files = (file for source in sources for file in (source, source.stub) if file is not None)
    data = {file.path: file.data for file in files}
    marked = apply(
        findings,
        read=lambda path: _of(data, path),
        files=data,
        known_ids={contract.id for contract in configured},
        judged_ids={contract.id for contract in checked},
        today=today,
    )
    return sorted(marked, key=lambda finding: finding.sort_key)


def _of(data: Mapping[str, bytes], path: str) -> bytes:
    if path not in data:
        raise FileNotFoundError(path)
    return data[path]


def _exemptions_without_effect(
    loaded: Loaded,
    judged: Sequence[_Judged],
    program: Program,
    files: Sequence[str],
    *,
    everything: bool,
) -> Iterator[Problem]:
    own = {contract.id: contract.exempt for contract in loaded.configuration.contract}
    lists = [(each.contract.id, own[each.contract.id], [each]) for each in judged]
    if everything:
        lists.append(("", loaded.configuration.exempt, list(judged)))
    for owner, entries, concerned in lists:
        if not entries:
            continue
        known = {*files, *(path for each in concerned for path in each.exempt)}
        if any(each.contract.about_files for each in concerned):
            known.update(program.documents.paths)
        yield from without_effect(
            entries,
            known,
            lambda selector: _names_something(program, selector),
            lambda number, owner=owner: (loaded.name, loaded.exempt_lines[owner, number]),  # type: ignore[misc]
        )


def _names_something(program: Program, selector: Selector) -> bool:
    if selector.name not in (None, "*"):
        return bool(program.subjects(str(selector)))
    return any(selector.matches_module(module) for module in program.modules)


def _result(judged: _Judged, findings: Iterable[Finding], loaded: Loaded) -> ContractResult:
    contract, ledger = judged.contract, judged.ledger
    broken = any(finding.contract == contract.id and finding.is_open for finding in findings)
    why = tuple(dict.fromkeys(ledger.vacuous))
    if not why and not ledger.judged and not judged.findings and not contract.may_be_empty:
        why = ("it judged nothing: no code of the program is of the kind that it speaks of",)
    status = Status.VACUOUS if why else Status.BROKEN if broken else Status.KEPT
    line = loaded.lines[contract.id]
    return ContractResult(
        contract.id,
        contract.kind,
        status,
        ledger.judged,
        len(ledger.undecided),
        why,
        loaded.name,
        line,
        because=contract.because,
        source=contract.source or "",
        sites=tuple(sorted(Site(position, reason) for position, reason in ledger.undecided)),
    )
