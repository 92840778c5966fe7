"""What makes a check blind or slow: unusable files, wrong roots, contracts that reach too far, sites that nobody decides."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from buttress_scanner.contracts.effect_purity import EffectPurity
from buttress_scanner.engine import examine
from buttress_scanner.findings.report_model import Status
from buttress_scanner.init.roots import roots_of
from buttress_scanner.program.imports import ImportGraph
from buttress_scanner.program.program import SMALL_PROGRAM
from buttress_scanner.source import git
from buttress_scanner.source.names import found_roots
from buttress_scanner.source.tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.engine import Examined
    from buttress_scanner.source.tree import Tree

_HOT_SPOTS = 5
_LIBRARIES = 5
_SLOW = 0.4
"""The share of the time of all contracts from which one is named."""
_NOTICEABLE = 1.0
"""Seconds of a contract from which its share of the time matters."""
_STEPS = ("read", "program", "suppressions")


class Weight(StrEnum):
    """What an observation does to a check."""

    BLIND = "blind"
    """Something is not seen that people will believe to be judged."""
    SLOW = "slow"
    """The check takes longer than it has to."""
    NOTE = "note"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that makes a check blind or slow: what it is, where (a path, with a line if there is one), and what to do."""

    weight: Weight
    what: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All observations, the worst first, and the figures of the check that was made for them."""

    observations: tuple[Observation, ...]
    files: int
    modules: int
    contracts: int
    undecided: int


def diagnose(loaded: Loaded, *, today: date, tree: Tree | None = None) -> Diagnosis:
    """Check the program once and say what made that blind or slow.

    Args:
        loaded: the configuration.
        today: the day that decides whether suppressions have expired.
        tree: the files; those on disk when absent.
    """
    files = tree or WorkTree(loaded.folder)
    examined = examine(loaded, today=today, timed=True, tree=files)
    found = [
        *_unusable(examined),
        *_roots(loaded, files),
        *_vacuous(examined),
        *_partial(examined),
        *_hot_spots(examined),
        *_unknown_libraries(examined),
        *_without_git(loaded),
        *_slow_contracts(examined),
    ]
    order = list(Weight)
    return Diagnosis(
        tuple(sorted(found, key=lambda each: order.index(each.weight))),
        examined.report.stats.files,
        len(examined.program.modules),
        len(examined.contracts),
        examined.report.stats.undecided,
    )


def _unusable(examined: Examined) -> Iterator[Observation]:
    """Files that nobody could read or parse, exemptions without effect, selectors that are wrong: what `check` calls errors."""
    for error in examined.report.errors:
        place = f"{error.path}:{error.line}" if error.line else error.path
        yield Observation(Weight.BLIND, error.message, place, error.hint)
    if examined.report.stats.skipped:
        what = f"{examined.report.stats.skipped} files are left out by `exclude` or lie elsewhere; nothing in them is seen"
        yield Observation(Weight.NOTE, what, examined.report.configuration)


def _roots(loaded: Loaded, files: Tree) -> Iterator[Observation]:
    configuration = loaded.configuration
    paths = files.modules(configuration.exclude).files
    given = configuration.roots
    for root in given or ():
        if root not in ("", ".") and not any(path.startswith(f"{root}/") for path in paths):
            what = f"the root {root!r} holds no Python file"
            yield Observation(Weight.BLIND, what, loaded.name, "Correct `roots`, or remove the entry.")
    present = set(given if given is not None else found_roots(paths))
    missing = [root for root in roots_of(files, paths) if root not in present and root]
    for root in missing:
        what = f"packages in {root!r} are imported by names that start there, and it is no root: such imports lead nowhere"
        hint = f"Set roots = {sorted({*present, root} - {''})}.".replace("'", '"')
        yield Observation(Weight.BLIND, what, root, hint)


def _vacuous(examined: Examined) -> Iterator[Observation]:
    for result in examined.report.contracts:
        if result.status is Status.VACUOUS:
            place = f"{result.path}:{result.line}"
            yield Observation(Weight.BLIND, f"the contract {result.id!r} guards nothing: {'; '.join(result.why)}", place)


def _partial(examined: Examined) -> Iterator[Observation]:
    """How far a large program was evaluated, and which contract had all of it evaluated."""
    program = examined.program
    if len(program.modules) <= SMALL_PROGRAM:
        return
    if program.evaluated is not None:
        what = f"{program.evaluated} of {len(program.modules)} modules were evaluated in full, as far as the contracts reach"
        hint = "What is missed because of it: docs/explanation/architecture.md."
        yield Observation(Weight.NOTE, what, "", hint)
        return
    for contract in examined.contracts:
        if contract.scope(program) is None:
            what = f"the contract {contract.id!r} ({contract.kind}) has all {len(program.modules)} modules evaluated"
            hint = f"`buttress check --select` with the others is quicker, or narrow `roots` or `exclude` for {contract.id!r}."
            yield Observation(Weight.SLOW, what, "", hint)


def _hot_spots(examined: Examined) -> Iterator[Observation]:
    """Files with the most sites that a contract looked at and could not decide."""
    counted: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for result in examined.report.contracts:
        for site in result.sites:
            key = (site.position.path, result.id)
            counted[key] += 1
            reasons.setdefault(key, Counter())[site.reason] += 1
    for (path, contract), count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_HOT_SPOTS]:
        reason = min(reasons[path, contract].items(), key=lambda item: (-item[1], item[0]))[0]
        what = f"{count} {'site' if count == 1 else 'sites'} undecided for {contract!r}, mostly: {reason}"
        yield Observation(Weight.BLIND, what, path, "Annotate what comes in there, or exempt it with a reason.")


def _unknown_libraries(examined: Examined) -> Iterator[Observation]:
    """Third-party packages about whose effects nothing is known, in zones without effects and what these import."""
    program, graph = examined.program, ImportGraph(examined.program)
    todo = [u for each in examined.contracts if isinstance(each, EffectPurity) for u in program.select(each.zone)]
    seen: set[str] = set()
    used: dict[str, set[str]] = {}
    while todo:
        unit = todo.pop()
        if unit.name in seen:
            continue
        seen.add(unit.name)
        for each in graph.written(unit):
            top = each.imported.partition(".")[0]
            if each.imported in program.modules:
                todo.append(program.modules[each.imported])
                continue
            if top in sys.stdlib_module_names or not graph.runs(each):
                continue
            if not program.engine.catalogue.knows_module(each.imported) and not program.engine.catalogue.knows_module(top):
                used.setdefault(top, set()).add(unit.name)
    own = {name.partition(".")[0] for name in program.modules}
    found = sorted(((name, units) for name, units in used.items() if name not in own), key=lambda item: (-len(item[1]), item[0]))
    for name, units in found[:_LIBRARIES]:
        what = f"the catalogue of effects does not know {name!r}, which {len(units)} modules import: its calls count as pure"
        yield Observation(Weight.BLIND, what, "", 'Set unknown-calls = "report" to have them reported.')


def _without_git(loaded: Loaded) -> Iterator[Observation]:
    if git.repository_of(loaded.folder) is not None and git.list_files(loaded.folder) is None:
        what = "there is a repository, and Git cannot list its files: they are found by a walk instead"
        yield Observation(Weight.BLIND, what, "", "Install Git, or see what `git status` says.")


def _slow_contracts(examined: Examined) -> Iterator[Observation]:
    """Contracts that take much of the time. The first that needs values pays for evaluating the program."""
    seconds = [(name, each) for name, each in examined.report.stats.seconds if name not in _STEPS]
    total = sum(each for _, each in seconds)
    for name, each in seconds:
        if each >= _NOTICEABLE and each >= _SLOW * total:
            what = f"{name!r} takes {each:.1f} of {total:.1f} seconds, the evaluation that others share included"
            yield Observation(Weight.SLOW, what, "", f"`buttress check --select {name} --stats` shows what it takes alone.")
