"""The public door to the scanner: check a project from Python, load its configuration, write kinds of contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts.base import Contract, Ledger, Selectors, Strings
from buttress_scanner.contracts.breaking import Breaking, Place, Workbench
from buttress_scanner.contracts.tree_rule import TreeFile, TreeRule
from buttress_scanner.findings.model import Confidence, Finding, Position, Step
from buttress_scanner.findings.report_model import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.source.tree import Tree

__all__ = [
    "Breaking",
    "Confidence",
    "Contract",
    "Finding",
    "Ledger",
    "Place",
    "Position",
    "Report",
    "Selectors",
    "Step",
    "Strings",
    "TreeFile",
    "TreeRule",
    "Workbench",
    "check",
    "load_config",
]


def check(
    folder_or_config: Path | str = ".",
    *,
    today: date | None = None,
    select: Sequence[str] = (),
    timed: bool = False,
    since: str = "",
    strict_baseline: bool = False,
    tree: Tree | None = None,
) -> Report:
    """Check the program that a configuration speaks of.

    Args:
        folder_or_config: a configuration file, or a folder from which the nearest one is searched upwards.
        today: decides which suppressions have expired; the current date when absent.
        select: ids of the contracts to check; all when empty.
        timed: whether the statistics tell how long each step took, which makes reports differ from run to run.
        since: a Git revision; findings that its merge base with HEAD has too are left out. ``REV..`` means the revision itself.
        strict_baseline: whether entries of the baseline whose finding is gone count as findings.
        tree: the files, configuration and baseline included; those on disk when absent.

    Returns:
        The report. A configuration that cannot be used is a report with errors, not an exception.

    Raises:
        SelectionError: ``select`` names a contract that the configuration does not have.
        GitError: ``since`` names no revision, or there is no repository.
    """
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.gate import Options
    from buttress_scanner.gate import check as ask

    try:
        loaded = load_config(folder_or_config, tree)
    except ConfigurationError as error:
        return Report(errors=error.problems, configuration=error.problems[0].path)
    return ask(loaded, Options(today or current_date(), select, timed, since, strict_baseline), tree)


def load_config(folder_or_config: Path | str = ".", tree: Tree | None = None) -> Loaded:
    """Load a configuration without checking anything.

    Args:
        folder_or_config: a configuration file, or a folder from which the nearest one is searched upwards.
        tree: where the content comes from; from disk when absent, and where the tree does not have it.

    Raises:
        ConfigurationError: with every problem of the configuration.
    """
    from buttress_scanner.config.load import load_configuration

    return load_configuration(folder_or_config, tree)


def current_date() -> date:
    """Read the clock: the only place of the scanner that does."""
    from datetime import datetime

    return datetime.now().astimezone().date()
