"""The public door to the scanner: check a project from Python, load its configuration, write kinds of contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts.base import Contract
from buttress_scanner.findings.model import Finding
from buttress_scanner.findings.report_model import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from buttress_scanner.config.load import Loaded

__all__ = ["Contract", "Finding", "Report", "check", "load_config"]


def check(
    folder_or_config: Path | str = ".", *, today: date | None = None, select: Sequence[str] = (), timed: bool = False
) -> Report:
    """Check the program that a configuration speaks of.

    Args:
        folder_or_config: a configuration file, or a folder from which the nearest one is searched upwards.
        today: decides which suppressions have expired; the current date when absent.
        select: ids of the contracts to check; all when empty.
        timed: whether the statistics tell how long each step took, which makes reports differ from run to run.

    Returns:
        The report. A configuration that cannot be used is a report with errors, not an exception.

    Raises:
        SelectionError: ``select`` names a contract that the configuration does not have.
    """
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.engine import run

    try:
        loaded = load_config(folder_or_config)
    except ConfigurationError as error:
        return Report(errors=error.problems, configuration=error.problems[0].path)
    return run(loaded, today=today or _current_date(), select=select, timed=timed)


def load_config(folder_or_config: Path | str = ".") -> Loaded:
    """Load a configuration without checking anything.

    Raises:
        ConfigurationError: with every problem of the configuration.
    """
    from buttress_scanner.config.load import load_configuration

    return load_configuration(folder_or_config)


def _current_date() -> date:
    """Read the clock: the only place of the scanner that does."""
    from datetime import datetime

    return datetime.now().astimezone().date()
