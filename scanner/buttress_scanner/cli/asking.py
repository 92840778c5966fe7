"""What the commands that ask the engine share: the program they ask about, failures, and how an answer is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, misconfigured, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from buttress_scanner.findings.report_model import Problem
    from buttress_scanner.program import Program
    from buttress_scanner.program.query_names import QuestionError


class Form(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


Config = Annotated[
    Path | None,
    typer.Option(
        help="The configuration file, for roots, zones and excluded files. Default: the nearest one, else this folder as it is.",
        show_default=False,
    ),
]
Format = Annotated[Form, typer.Option("--format", help="text: for people; json: for programs.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """The program that a question is about, and the files that could not become part of it."""

    program: Program
    folder: Path
    errors: tuple[Problem, ...]

    def read_source(self, path: str) -> bytes:
        """Return the bytes of a file by its path in answers."""
        return (self.folder / path).read_bytes()


def load(config: Path | None) -> Asked:
    """Build the program that a configuration speaks of; without one, of everything below the working directory."""
    from buttress_scanner.findings.report_model import Problem
    from buttress_scanner.program import Program
    from buttress_scanner.source.documents import Documents
    from buttress_scanner.source.reader import read_sources
    from buttress_scanner.source.tree import WorkTree

    folder, exclude, roots, size, zones = _settings(config)
    tree = WorkTree(folder)
    discovered = tree.modules(exclude)
    read = read_sources(tree, discovered.files, roots, size)
    program = Program.build(read.sources, zones, Documents(tree, size))
    problems = (*discovered.problems, *read.problems, *program.problems)
    errors = sorted({Problem(each.path, each.line, each.column, each.message, each.hint) for each in problems})
    return Asked(program, folder, tuple(errors))


_Settings = tuple[Path, tuple[str, ...], tuple[str, ...] | None, int, "Mapping[str, tuple[str, ...]]"]


def _settings(config: Path | None) -> _Settings:
    """Folder, excluded patterns, roots, largest file and zones."""
    from buttress_scanner.api import load_config
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.config.find import NoConfigurationError
    from buttress_scanner.source.reader import DEFAULT_MAX_SIZE

    try:
        loaded = load_config(config or ".")
    except NoConfigurationError:
        return Path().absolute(), (), None, DEFAULT_MAX_SIZE, {}
    except ConfigurationError as error:
        raise misconfigured(error) from None
    found = loaded.configuration
    return loaded.folder, found.exclude, found.roots, found.max_file_size, loaded.zones


def refuse(error: QuestionError) -> typer.Exit:
    """Say why a question has no answer; raise the result."""
    return fail(str(error), error.hint)


def hand_over(text: str, errors: Sequence[Problem]) -> None:
    """Write an answer, and to standard error which files it knows nothing of."""
    write(text)
    for problem in errors:
        hint = f"\n  {problem.hint}" if problem.hint else ""
        typer.echo(f"buttress: {problem.path}:{problem.line}: {problem.message}; the answer leaves it out{hint}", err=True)


# --- completion


def complete_effect(incomplete: str) -> list[str]:
    """Offer effects to the shell."""
    from buttress_scanner.program.query_effects import known_effects

    return [effect for effect in known_effects() if effect.startswith(incomplete)]


def complete_symbol(incomplete: str) -> list[str]:
    """Offer modules to the shell, and behind a colon what the module defines; where there is no program, nothing, silently."""
    import contextlib
    import io

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return sorted(_completions(incomplete))
    except (typer.Exit, OSError):
        return []


def _completions(incomplete: str) -> Iterator[str]:
    from buttress_scanner.facts import build_facts
    from buttress_scanner.source.model import SourceProblem
    from buttress_scanner.source.reader import read_sources
    from buttress_scanner.source.tree import WorkTree

    folder, exclude, roots, size, _ = _settings(None)
    module, colon, name = incomplete.partition(":")
    tree = WorkTree(folder)
    for source in read_sources(tree, tree.modules(exclude).files, roots, size).sources:
        if not colon:
            if source.module.startswith(module):
                yield source.module
        elif source.module == module:
            facts = build_facts(source)
            bodies = [] if isinstance(facts, SourceProblem) else facts.bodies
            names = {body.qualname for body in bodies if body.kind in ("function", "class")}
            yield from (f"{module}:{each}" for each in names if each.startswith(name))
