"""Options that several commands take, and what becomes of them: the configuration, the contracts that are meant, the day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.engine import SelectionError

Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file. Default: the nearest one in this folder or above.", show_default=False),
]
Select = Annotated[
    list[str] | None,
    typer.Option(help="Only this contract; may be repeated, or hold several ids with commas.", show_default=False),
]
Today = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day on which suppressions are judged. Default: today."),
]


def load(config: Path | None) -> Loaded:
    """Load the configuration; one that is missing or broken ends the command with exit code 2."""
    from buttress_scanner.api import load_config
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.config.find import NoConfigurationError

    try:
        return load_config(config or ".")
    except NoConfigurationError as error:
        raise fail(error.problems[0].message, error.problems[0].hint) from None
    except ConfigurationError as error:
        raise misconfigured(error) from None


def chosen(select: Sequence[str] | None) -> tuple[str, ...]:
    """The ids of contracts that were named."""
    return tuple(name.strip() for entry in select or () for name in entry.split(",") if name.strip())


def day(today: datetime | None) -> date:
    """The day that was named, else the one on which the command runs."""
    from buttress_scanner.api import current_date

    return today.date() if today else current_date()


def unknown_contract(error: SelectionError) -> typer.Exit:
    """Say that a contract was named that the configuration does not have; raise the result."""
    return fail(str(error), "`buttress explain` lists the contracts of the configuration.")
