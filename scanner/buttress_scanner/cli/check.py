"""``buttress check``: the gate."""

from __future__ import annotations

import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, wants_color, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report


class Format(StrEnum):
    """The output formats that the option takes; `buttress_scanner.report` renders them."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


_Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Report only what touches these files and folders. The whole program is analysed anyway.", show_default=False
    ),
]
_Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file. Default: the nearest one in this folder or above.", show_default=False),
]
_Format = Annotated[
    Format,
    typer.Option("--format", help="full: for people; concise: a line each; json, sarif: for programs; github: annotations."),
]
_Output = Annotated[Path | None, typer.Option(help="Write the report into this file instead.", show_default=False)]
_Select = Annotated[
    list[str] | None,
    typer.Option(help="Check only this contract; may be repeated, or hold several ids with commas.", show_default=False),
]
_Today = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day on which suppressions are judged. Default: today."),
]
_Stats = Annotated[bool, typer.Option("--stats", help="Tell how long each step took.")]
_Changed = Annotated[bool, typer.Option("--changed", help="Report only what touches files that are staged in Git.")]


def check(  # noqa: PLR0917 - the command line passes by name
    paths: _Paths = None,
    config: _Config = None,
    output_format: _Format = Format.FULL,
    output_file: _Output = None,
    select: _Select = None,
    today: _Today = None,
    stats: _Stats = False,
    changed: _Changed = False,
) -> None:
    """Check the contracts over the whole program.

    Exit code 0: every contract is kept. 1: there are findings. 2: the answer cannot be trusted, because of wrong usage, a
    broken configuration, a contract that guards nothing, a file that cannot be read or parsed, or an internal failure.
    """
    from buttress_scanner import api
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.config.find import NoConfigurationError, find_configuration
    from buttress_scanner.engine import SelectionError, narrow

    given = paths or []
    try:
        file = config or find_configuration(_start(given))
    except NoConfigurationError as error:
        raise fail(error.problems[0].message, error.problems[0].hint) from None
    except ConfigurationError as error:
        _deliver(_unusable(error), Path(), output_format, output_file)
        raise typer.Exit(2) from None
    keep = _keeper(file, given, changed=changed)
    chosen = [name.strip() for entry in select or [] for name in entry.split(",") if name.strip()]
    try:
        report = api.check(file, today=today.date() if today else None, select=chosen, timed=stats)
    except SelectionError as error:
        raise fail(str(error), "`buttress explain` lists the contracts of the configuration.") from None
    if keep is not None:
        report = narrow(report, keep)
    _deliver(report, file.absolute().parent, output_format, output_file)
    raise typer.Exit(report.exit_code)


def _unusable(error: Exception) -> Report:
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.findings.report_model import Report

    problems = error.problems if isinstance(error, ConfigurationError) else ()
    return Report(errors=problems, configuration=problems[0].path if problems else "")


def _start(paths: Sequence[Path]) -> Path:
    """Return the folder from which the configuration is searched: the deepest that holds all paths."""
    for path in paths:
        if not path.exists():
            raise fail(f"there is no file or folder {path}", "Paths are relative to the working directory.")
    if not paths:
        return Path()
    common = Path(os.path.commonpath([path.resolve() for path in paths]))
    return common if common.is_dir() else common.parent


def _keeper(file: Path, paths: Sequence[Path], *, changed: bool) -> Callable[[Finding], bool] | None:
    """Return what decides whether a finding is reported; None when all are."""
    folder = file.absolute().parent.resolve()
    touched = _staged(folder) if changed else None
    if touched is not None and file.name in touched:
        touched = None  # a changed contract concerns all code
    below = tuple(_relative(path, folder) for path in paths)
    if touched is None and not below:
        return None

    def keep(finding: Finding) -> bool:
        inside = not below or any(
            root in ("", finding.position.path) or finding.position.path.startswith(f"{root}/") for root in below
        )
        if touched is None or not inside:
            return inside
        return finding.position.path in touched or any(step.position.path in touched for step in finding.evidence)

    return keep


def _relative(path: Path, folder: Path) -> str:
    """Write a path as reports do; the folder itself is an empty string."""
    if not path.exists():
        raise fail(f"there is no file or folder {path}", "Paths are relative to the working directory.")
    resolved = path.resolve()
    if folder.is_relative_to(resolved):
        return ""
    if not resolved.is_relative_to(folder):
        raise fail(f"{path} lies outside {folder}, the folder of the configuration", "Name another configuration with --config.")
    return resolved.relative_to(folder).as_posix()


def _staged(folder: Path) -> frozenset[str]:
    from buttress_scanner.source.git import staged_files

    staged = staged_files(folder)
    if staged is None:
        raise fail(f"--changed needs a Git repository, and {folder} is in none that Git can read", "Leave --changed out.")
    return frozenset(staged)


def _deliver(report: Report, folder: Path, output_format: Format, output_file: Path | None) -> None:
    """Render the report and write it where it belongs."""
    from buttress_scanner.report import render

    color = output_file is None and wants_color()
    text = render(report, output_format.value, read_source=lambda path: (folder / path).read_bytes(), color=color)
    if output_file is None:
        write(text)
        return
    try:
        output_file.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise fail(
            f"the report cannot be written to {output_file}: {error.strerror or error}", "Name a file in an existing folder."
        ) from None
