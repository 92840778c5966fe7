"""What the commands that write reports share: formats, files, earlier reports, and what a report says of its project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, wants_color, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.report.reading import SavedReport


class Format(StrEnum):
    """The output formats that the option takes; `buttress_scanner.report` renders them."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    HTML = "html"


FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        help="full: for people; concise: a line each; json: for programs; html: a page; sarif, github, gitlab, junit: for CI.",
    ),
]
FileOption = Annotated[Path | None, typer.Option(help="Write the report into this file instead.", show_default=False)]
OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FORMAT=FILE", help="Write the report into a file in this format too; may be repeated.", show_default=False
    ),
]
HistoryOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH",
        help="Earlier JSON reports, or folders of them, for the trend in html; may be repeated.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a report goes: to standard output or a file in one format, and to files in others."""

    format: Format
    file: Path | None
    further: tuple[tuple[Format, Path], ...] = ()

    @classmethod
    def of(cls, output_format: Format, file: Path | None, outputs: Sequence[str] | None) -> Delivery:
        """Read ``FORMAT=FILE``; whatever is wrong with it is said before anything is checked."""
        further = []
        known = [each.value for each in Format]
        for given in outputs or ():
            name, equals, path = given.partition("=")
            if name not in known or not equals or not path:
                hint = f"FORMAT is one of {', '.join(known)}, as in sarif=buttress.sarif."
                raise fail(f"--output takes FORMAT=FILE, not {given!r}", hint)
            further.append((Format(name), Path(path)))
        files = [path for path in (file, *(path for _, path in further)) if path is not None]
        for target in files:
            if files.count(target) > 1:
                raise fail(f"two reports would be written to {target}", "Give each format a file of its own.")
            if not target.absolute().parent.is_dir():
                raise fail(
                    f"the report cannot be written to {target}: there is no such folder", "Name a file in an existing folder."
                )
        return cls(output_format, file, tuple(further))

    def holds(self, wanted: Format) -> bool:
        """Whether the report is wanted in a format."""
        return wanted is self.format or any(wanted is each for each, _ in self.further)

    def deliver(self, report: Report, read_source: Callable[[str], bytes]) -> None:
        """Render the report and write it where it belongs, files first."""
        from buttress_scanner.report import render

        for each, path in self.further:
            _save(render(report, each.value, read_source=read_source, color=False), path)
        color = self.file is None and wants_color()
        text = render(report, self.format.value, read_source=read_source, color=color)
        if self.file is None:
            write(text)
        else:
            _save(text, self.file)


def _save(text: str, path: Path) -> None:
    try:
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise fail(
            f"the report cannot be written to {path}: {error.strerror or error}", "Name a file in an existing folder."
        ) from None


def read_saved(path: Path) -> SavedReport:
    """Read a JSON report from a file."""
    from buttress_scanner.report.reading import SavedReportError, read_report

    try:
        return read_report(path.read_bytes())
    except OSError as error:
        raise fail(
            f"{path} cannot be read: {error.strerror or error}", "Name a file that `buttress check --format json` wrote."
        ) from None
    except SavedReportError as error:
        raise fail(f"{path}: {error}", error.hint) from None


def saved_files(paths: Sequence[Path]) -> list[Path]:
    """Return files in the order in which they are given, those of a folder by their names."""
    return [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]


def read_history(paths: Sequence[Path]) -> tuple[tuple[str, Report], ...]:
    """Read earlier reports from files and folders, oldest first."""
    return tuple((file.stem, read_saved(file).report) for file in saved_files(paths))


def situated(report: Report, folder: Path) -> Report:
    """Add what the surroundings of the configuration say: its place in the repository, the name of the project."""
    from buttress_scanner.source.git import repository_of

    absolute = folder.resolve()
    top = repository_of(absolute)
    below = absolute.relative_to(top).as_posix() if top is not None and top != absolute else ""
    return replace(report, folder=below, project=_project(absolute))


def _project(folder: Path) -> str:
    """Return the name in the project's own metadata; empty where it has none."""
    import tomllib

    try:
        document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else ""
