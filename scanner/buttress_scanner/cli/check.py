"""``buttress check``: the gate."""

from __future__ import annotations

import os
import posixpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.delivering import (
    Delivery,
    FileOption,
    Format,
    FormatOption,
    HistoryOption,
    OutputOption,
    read_history,
    situated,
)
from buttress_scanner.cli.options import Config, Select, Today, chosen, day, unknown_contract
from buttress_scanner.cli.terminal import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.gate import Options
    from buttress_scanner.source.tree import GitTree, Tree


_Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Report only what touches these files and folders. The whole program is analysed anyway.", show_default=False
    ),
]
_Stats = Annotated[bool, typer.Option("--stats", help="Tell how long each step took.")]
_Changed = Annotated[
    bool,
    typer.Option(
        "--changed",
        help="Judge what is staged in Git, not the files on disk, and report only what touches staged files.",
    ),
]
_Diff = Annotated[
    str | None,
    typer.Option(
        "--diff",
        metavar="REV",
        help="Report only what is new since the merge base of REV and HEAD. REV.. compares with REV itself.",
        show_default=False,
    ),
]
_Strict = Annotated[
    bool, typer.Option("--strict-baseline", help="Fail if the baseline has entries whose finding is gone; for CI.")
]


def check(  # noqa: PLR0917 - the command line passes by name
    paths: _Paths = None,
    config: Config = None,
    output_format: FormatOption = Format.FULL,
    output_file: FileOption = None,
    output: OutputOption = None,
    history: HistoryOption = None,
    select: Select = None,
    today: Today = None,
    stats: _Stats = False,
    changed: _Changed = False,
    diff: _Diff = None,
    strict_baseline: _Strict = False,
) -> None:
    """Check the contracts over the whole program.

    Exit code 0: every contract is kept. 1: there are findings. 2: the answer cannot be trusted, because of wrong usage, a
    broken configuration, a contract that guards nothing, a file that cannot be read or parsed, or an internal failure.
    """
    from buttress_scanner import api
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.config.find import NoConfigurationError, find_configuration
    from buttress_scanner.engine import narrow
    from buttress_scanner.gate import Options, source_of
    from buttress_scanner.module_map import draw
    from buttress_scanner.source.tree import WorkTree

    given = paths or []
    delivery = Delivery.of(output_format, output_file, output)
    if history and not delivery.holds(Format.HTML):
        raise fail("--history is shown by html only", "Add --output html=FILE, or leave --history out.")
    earlier = read_history(history or ())
    try:
        file = config or find_configuration(_start(given))
    except NoConfigurationError as error:
        raise fail(error.problems[0].message, error.problems[0].hint) from None
    except ConfigurationError as error:
        delivery.deliver(_unusable(error), source_of(WorkTree(Path())))
        raise typer.Exit(2) from None
    folder = file.absolute().parent
    tree = _index(folder) if changed else WorkTree(folder)
    keep = _keeper(file, given, changed=changed)
    try:
        loaded = api.load_config(file, tree)
    except ConfigurationError as error:
        report, modules = _unusable(error), None
    else:
        options = Options(day(today), chosen(select), stats, diff or "", strict_baseline)
        report = _checked(loaded, options, tree)
        modules = draw(loaded, tree) if delivery.holds(Format.HTML) else None
        keep = keep and _keeper(file, given, changed=changed, rules=_rules(loaded))
    if keep is not None:
        report = narrow(report, keep)
    delivery.deliver(replace(situated(report, folder), map=modules, history=earlier), source_of(tree))
    raise typer.Exit(report.exit_code)


def _checked(loaded: Loaded, options: Options, tree: Tree) -> Report:
    from buttress_scanner import gate
    from buttress_scanner.engine import SelectionError
    from buttress_scanner.source.git import GitError

    try:
        return gate.check(loaded, options, tree)
    except SelectionError as error:
        raise unknown_contract(error) from None
    except GitError as error:
        raise fail(f"--diff: {error}" if options.since else str(error), error.hint) from None


def _rules(loaded: Loaded) -> frozenset[str]:
    """The files besides the configuration that say what is reported."""
    found = loaded.configuration
    return frozenset({found.baseline, *(posixpath.normpath(name) for name in found.extends if name.endswith(".toml"))})


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


def _keeper(file: Path, paths: Sequence[Path], *, changed: bool, rules: Collection[str] = ()) -> Callable[[Finding], bool] | None:
    """Return what decides whether a finding is reported; None when all are.

    ``rules`` are files besides the configuration that concern all code, such as local packs and the baseline.
    """
    folder = file.absolute().parent.resolve()
    touched = _staged(folder) if changed else None
    if touched is not None and not touched.isdisjoint({file.name, *rules}):
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


def _index(folder: Path) -> GitTree:
    """Return the files as they are staged."""
    from buttress_scanner.source.git import GitError
    from buttress_scanner.source.tree import GitTree

    try:
        return GitTree.of_index(folder)
    except GitError:
        raise _needs_git(folder) from None


def _needs_git(folder: Path) -> typer.Exit:
    return fail(f"--changed needs a Git repository, and {folder} is in none that Git can read", "Leave --changed out.")


def _staged(folder: Path) -> frozenset[str]:
    from buttress_scanner.source.git import staged_files

    staged = staged_files(folder)
    if staged is None:
        raise _needs_git(folder)
    return frozenset(staged)
