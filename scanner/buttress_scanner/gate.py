"""What a check answers to those who live with findings: which of them are known, and which are new since a revision.

`check` runs the contracts over one tree, and over the one of the past where a comparison is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.engine import run
from buttress_scanner.findings import baseline
from buttress_scanner.findings.keys import Keys
from buttress_scanner.findings.report_model import Comparison, Status
from buttress_scanner.source import git
from buttress_scanner.source.names import found_roots, name_modules
from buttress_scanner.source.tree import GitTree, WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.findings.compare import Side
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.source.tree import Tree

_LARGEST = 1 << 30
_SUPPRESSION = "suppression"


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a check.

    ``select`` holds ids of contracts, all when empty. With ``since``, findings that a revision has too are left out; ``strict``
    makes entries of the baseline count whose finding is gone; ``known`` False leaves the baseline aside.
    """

    today: date
    select: Sequence[str] = ()
    timed: bool = False
    since: str = ""
    strict: bool = False
    known: bool = True


def check(loaded: Loaded, options: Options, tree: Tree | None = None) -> Report:
    """Check a tree, mark what the baseline knows, and leave out what the revision has that is compared with.

    Raises:
        SelectionError: ``options.select`` names a contract that the configuration does not have.
        GitError: there is no repository, or no such revision.
    """
    files = tree or WorkTree(loaded.folder)
    commit = commit_of(loaded, options.since) if options.since else ""
    report = run(loaded, today=options.today, select=options.select, timed=options.timed, tree=files)
    if options.known:
        report = with_baseline(report, loaded, files, strict=options.strict)
    return _since(report, loaded, options, files, commit) if commit else report


def read_by(tree: Tree) -> Callable[[str], bytes | None]:
    """Return what reads files of a tree; None stands for a file that is missing or cannot be read."""

    def read(path: str) -> bytes | None:
        found = tree.read(path, _LARGEST)
        return found if isinstance(found, bytes) else None

    return read


def source_of(tree: Tree) -> Callable[[str], bytes]:
    """Return what reads files of a tree for code frames; what is missing is an ``OSError``."""
    read = read_by(tree)

    def source(path: str) -> bytes:
        if (data := read(path)) is None:
            raise FileNotFoundError(path)
        return data

    return source


# --- the baseline


def with_baseline(report: Report, loaded: Loaded, tree: Tree, *, strict: bool) -> Report:
    """Mark what the baseline knows. A baseline that cannot be read is an error of the report."""
    path = loaded.configuration.baseline
    data = read_by(tree)(path)
    if data is None:
        return report
    try:
        entries = baseline.parse(data)
    except baseline.BaselineError as error:
        return replace(report, errors=tuple(sorted((*report.errors, error.problem(path)))))
    findings, fixed = baseline.mark(report.findings, entries, Keys(read_by(tree)).of, _judged(report, loaded, entries))
    return replace(report.with_findings(findings), baseline=baseline.use(path, findings, fixed, strict=strict))


def _judged(report: Report, loaded: Loaded, entries: baseline.Baseline) -> set[str]:
    """The contracts whose findings can be known to be gone: those that judged something, and those that are gone themselves."""
    if report.errors:
        return set()
    configured = {contract.id for contract in loaded.configuration.contract}
    gone = {entry.key.contract for entry in entries} - configured
    return gone | {result.id for result in report.contracts if result.status is not Status.VACUOUS}


# --- comparison with a revision


def commit_of(loaded: Loaded, revision: str) -> str:
    """The commit with which the program is compared.

    ``main`` and ``main...`` mean the newest commit that both it and HEAD come from, as pull requests do; ``main..`` means that
    very commit.

    Raises:
        GitError: there is no repository, or no such revision.
    """
    if revision.endswith("..") and not revision.endswith("..."):
        return git.commit_of(loaded.folder, revision.removesuffix(".."))
    return git.merge_base(loaded.folder, revision.removesuffix("..."))


def _since(report: Report, loaded: Loaded, options: Options, tree: Tree, commit: str) -> Report:
    """Leave out the findings that the commit has too."""
    from buttress_scanner.findings.compare import old_findings

    comparison = Comparison(options.since, commit)
    judged = [finding for finding in report.findings if finding.suppressed is None]
    if not judged:  # nothing can be left out, so that the past need not be analysed
        return replace(report, diff=comparison)
    past = GitTree.of_revision(loaded.folder, commit)
    before = _past_findings(loaded, options, past, {finding.contract for finding in judged})
    renamed = git.renamed_files(loaded.folder, commit, staged=isinstance(tree, GitTree))
    old = old_findings(_side(judged, loaded, tree), _side(before, loaded, past), renamed)
    gone = {id(finding) for finding, is_old in zip(judged, old, strict=True) if is_old}
    kept = [finding for finding in report.findings if id(finding) not in gone]
    return replace(report.with_findings(kept), diff=replace(comparison, old=len(gone)))


def _past_findings(loaded: Loaded, options: Options, past: Tree, contracts: set[str]) -> list[Finding]:
    """What the current contracts find in the past, and what those did that were worded otherwise then.

    A contract may have followed a module that was renamed, and would miss in the past what it found there then. Only the
    contracts are run of which something is to be compared.
    """
    wanted = options.select if _SUPPRESSION in contracts else sorted(contracts)
    report = run(loaded, today=options.today, select=wanted, tree=past)
    found = [*report.findings, *_as_configured_then(loaded, options, past, contracts)]
    return list({(each.contract, each.position, each.sink): each for each in found if each.suppressed is None}.values())


def _as_configured_then(loaded: Loaded, options: Options, past: Tree, contracts: set[str]) -> Iterable[Finding]:
    """The findings of contracts that have changed since, by the configuration of the past."""
    from buttress_scanner.config.load import load_configuration

    try:
        then = load_configuration(loaded.file, past)
    except ConfigurationError:
        return ()
    now = {contract.id: contract for contract in loaded.configuration.contract if contract.id in contracts}
    same = [each for each in then.configuration.contract if each.id in now and each.kind == now[each.id].kind]
    changed = [each.id for each in same if each != now[each.id] or _frame(then) != _frame(loaded)]
    return run(then, today=options.today, select=changed, tree=past).findings if changed else ()


def _frame(loaded: Loaded) -> tuple[object, ...]:
    """What all contracts of a configuration share."""
    found = loaded.configuration
    return loaded.zones, found.roots, found.exclude, found.exempt


def _side(findings: Sequence[Finding], loaded: Loaded, tree: Tree) -> Side:
    from buttress_scanner.findings.compare import Side

    configuration, read = loaded.configuration, read_by(tree)
    paths = tree.modules(configuration.exclude).files
    roots = found_roots(paths) if configuration.roots is None else configuration.roots
    modules = {path: name.module for path, name in name_modules(paths, roots).modules.items()}
    contents = {path: data for path in (*paths, *_others(findings, paths)) if (data := read(path)) is not None}
    return Side(findings, contents, modules)


def _others(findings: Iterable[Finding], modules: Iterable[str]) -> list[str]:
    """Files that are no modules and that findings speak of."""
    places = {place.path for each in findings for place in (each.position, *(step.position for step in each.evidence))}
    return sorted(places - set(modules))
