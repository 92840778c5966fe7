"""From a folder to a configuration that is green at once: look, propose, check, and drop what does not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from buttress_scanner.config.find import FILE
from buttress_scanner.config.load import load_configuration
from buttress_scanner.engine import run
from buttress_scanner.findings.report_model import Status
from buttress_scanner.init.behaviour import behaviour
from buttress_scanner.init.model import Project
from buttress_scanner.init.roots import roots_of
from buttress_scanner.init.structure import structure
from buttress_scanner.init.writing import written
from buttress_scanner.program import Program
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.names import found_roots
from buttress_scanner.source.reader import DEFAULT_MAX_SIZE, read_sources
from buttress_scanner.source.tree import Overlay, WorkTree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from buttress_scanner.findings.report_model import Problem, Report
    from buttress_scanner.init.model import Proposal

LARGE = 1500
"""Modules beyond which proposals that need the whole program evaluated are made on demand only."""


class NothingToProposeError(ValueError):
    """The folder has no Python code."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The text of a configuration, its contracts, those that were dropped because they do not hold, and what was in the way.

    ``shallow`` says that calls, states and effects were not looked at, since the program is large.
    """

    text: str
    proposals: tuple[Proposal, ...]
    dropped: tuple[Proposal, ...]
    packages: tuple[str, ...]
    modules: int
    problems: tuple[Problem, ...]
    shallow: bool


def propose(folder: Path, *, today: date, deep: bool = False, told: Callable[[str], None] = lambda _: None) -> Proposed:
    """Look at the program below a folder and propose contracts that it keeps.

    Args:
        folder: where the configuration will be.
        today: the day that decides whether suppressions have expired.
        deep: whether large programs are evaluated as well.
        told: gets a word about each step, as it begins.

    Raises:
        NothingToProposeError: there is no Python file.
    """
    tree = WorkTree(folder)
    found = tree.modules()
    if not found.files:
        raise NothingToProposeError(f"there is no Python file in {folder}")
    told(f"reading {len(found.files)} files")
    roots = roots_of(tree, found.files)
    read = read_sources(tree, found.files, roots, DEFAULT_MAX_SIZE)
    project = Project(Program.build(read.sources, {}, Documents(tree)))
    proposals = list(structure(project))
    shallow = len(project.program.modules) > LARGE and not deep
    if not shallow:
        told("evaluating the program")
        proposals += behaviour(project)
    proposals = _named(proposals)
    shown = roots if roots != found_roots(found.files) else ()
    kept = list(proposals)
    dropped: list[Proposal] = []
    report: Report | None = None
    while kept:
        told(f"checking {len(kept)} contracts")
        report = _check(tree, written(kept, shown), today)
        wrong = {each.id for each in report.contracts if each.status is not Status.KEPT}
        wrong |= {finding.contract for finding in report.open_findings}
        if not wrong:
            break
        dropped += [each for each in kept if each.id in wrong]
        kept = [each for each in kept if each.id not in wrong]
    return Proposed(
        written(kept, shown),
        tuple(kept),
        tuple(dropped),
        tuple(project.packages),
        len(project.program.modules),
        report.errors if report is not None else (),
        shallow,
    )


def _named(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Give every proposal an id of its own."""
    seen: Counter[str] = Counter()
    named = []
    for proposal in proposals:
        seen[proposal.id] += 1
        number = seen[proposal.id]
        named.append(replace(proposal, id=f"{proposal.id}-{number}") if number > 1 else proposal)
    return named


def _check(tree: WorkTree, text: str, today: date) -> Report:
    overlay = Overlay(tree, {FILE: text.encode()})
    return run(load_configuration(tree.folder / FILE, overlay), today=today, tree=overlay)
