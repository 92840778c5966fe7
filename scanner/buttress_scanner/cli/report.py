"""``buttress report``: saved reports in another form, and how they developed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.delivering import (
    Delivery,
    FileOption,
    Format,
    FormatOption,
    OutputOption,
    read_history,
    read_saved,
    saved_files,
)
from buttress_scanner.cli.terminal import fail

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.config.load import Loaded

_Reports = Annotated[
    list[Path],
    typer.Argument(metavar="REPORTS...", help="JSON reports, or folders of them, oldest first. The last one is shown."),
]
_Config = Annotated[
    Path | None,
    typer.Option(
        help="The configuration of the project, for its code and its map. Default: the nearest one, if any.", show_default=False
    ),
]


def report(
    reports: _Reports,
    config: _Config = None,
    output_format: FormatOption = Format.FULL,
    output_file: FileOption = None,
    output: OutputOption = None,
) -> None:
    """Render a saved report, with the trend of several in html.

    Reports are what `buttress check --format json` wrote. Nothing is checked. Code is shown as it stands in the project, where
    the lines in question are the same as they were; else only these lines. The map is that of the project as it is now.
    """
    delivery = Delivery.of(output_format, output_file, output)
    files = saved_files(reports)
    if not files:
        raise fail(
            f"there is no JSON report in {', '.join(map(str, reports))}", "`buttress check --output json=FILE` writes one."
        )
    saved = read_saved(files[-1])
    shown, folder = replace(saved.report, history=read_history(files[:-1])), Path()
    loaded = _project(config)
    if loaded is not None:
        folder = loaded.folder
        if delivery.holds(Format.HTML):
            from buttress_scanner.module_map import draw

            shown = replace(shown, map=draw(loaded))
    delivery.deliver(shown, saved.sources(_reader(folder)) if loaded is not None else saved.sources(_nothing))


def _project(config: Path | None) -> Loaded | None:
    """Load the configuration of the project at hand; None where there is none that can be used, unless it was asked for."""
    from buttress_scanner.api import load_config
    from buttress_scanner.cli.terminal import misconfigured
    from buttress_scanner.config.document import ConfigurationError

    try:
        return load_config(config or ".")
    except ConfigurationError as error:
        if config is not None:
            raise misconfigured(error) from None
        return None


def _reader(folder: Path) -> Callable[[str], bytes]:
    return lambda path: (folder / path).read_bytes()


def _nothing(path: str) -> bytes:
    raise FileNotFoundError(path)
