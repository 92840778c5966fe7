"""Which files make up the program: what Git knows, or a walk that honours ``.gitignore`` where there is no Git."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from buttress_scanner.source import git
from buttress_scanner.source.model import SourceProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".pyi")
_OR_EXCLUDE = ", or leave it out with `exclude`."
NEVER_OURS = frozenset(
    (
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pixi",
        ".pyenv",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "__pypackages__",
        "node_modules",
        "site-packages",
        "venv",
    )
)
"""Folders of tools and of other people's code; their files count only when they are tracked."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """The files of a program, sorted; those left out by configuration or lying elsewhere; those that cannot be looked at."""

    files: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    problems: tuple[SourceProblem, ...] = ()


def discover(folder: Path, exclude: Sequence[str] = (), suffixes: tuple[str, ...] = SUFFIXES) -> Discovered:
    """Find the files below a folder that belong to the project.

    Args:
        folder: the folder of the configuration.
        exclude: patterns in the form of ``.gitignore``; files that fit one are skipped, and counted.
        suffixes: how the names of the wanted files end: those of Python by default, ``("",)`` for all.
    """
    listed = _from_git(folder, suffixes) if git.repository_of(folder) else None
    candidates = sorted(set(listed or _walk(folder, suffixes)))
    files: list[str] = []
    skipped: list[str] = []
    problems: list[SourceProblem] = []
    excluded = _spec(exclude) if exclude else None
    top = os.path.realpath(folder)
    for path in candidates:
        if excluded is not None and excluded.match_file(path):
            skipped.append(path)
            continue
        verdict = _look_at(folder, path, top)
        if isinstance(verdict, SourceProblem):
            problems.append(verdict)
        elif verdict is _Verdict.FILE:
            files.append(path)
        elif verdict is _Verdict.SKIPPED:
            skipped.append(path)
    return Discovered(tuple(files), tuple(skipped), tuple(problems))


def excluding(paths: Iterable[str], exclude: Sequence[str]) -> Discovered:
    """Sort paths into those that belong to the program and those that fit a pattern in the form of ``.gitignore``."""
    excluded = _spec(exclude) if exclude else None
    skipped = {path for path in paths if excluded is not None and excluded.match_file(path)}
    return Discovered(tuple(sorted(set(paths) - skipped)), tuple(sorted(skipped)))


class _Verdict(Enum):
    """What becomes of a path: part of the program, skipped, or no code at all (deleted, a folder, an editor's lock)."""

    FILE = auto()
    SKIPPED = auto()
    NOTHING = auto()


def _look_at(folder: Path, path: str, top: str) -> _Verdict | SourceProblem:
    """Decide on one path, without opening it."""
    full = f"{folder}/{path}"
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            return _look_at_link(Path(full), path, top)
    except (FileNotFoundError, NotADirectoryError):
        return _Verdict.NOTHING
    except OSError as error:
        return unreadable(path, error)
    return _of_mode(mode, path)


def _of_mode(mode: int, path: str) -> _Verdict | SourceProblem:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return _Verdict.FILE if stat.S_ISREG(mode) else _Verdict.NOTHING
    return SourceProblem(path, 0, 1, "it is named like a module, but is no regular file", f"Remove it{_OR_EXCLUDE}")


def _look_at_link(link: Path, path: str, top: str) -> _Verdict | SourceProblem:
    """Follow a link to a file inside the folder; links out of it are skipped, those to nothing are problems."""
    if link.name.startswith(".#"):
        return _Verdict.NOTHING
    try:
        mode = link.stat().st_mode
    except FileNotFoundError:
        return SourceProblem(path, 0, 1, "the symbolic link leads to nothing", f"Repair the link{_OR_EXCLUDE}")
    outside = not os.path.realpath(link).startswith(top.rstrip(os.sep) + os.sep)
    return _Verdict.SKIPPED if outside and stat.S_ISREG(mode) else _of_mode(mode, path)


def unreadable(path: str, error: OSError) -> SourceProblem:
    """Say that a file cannot be read, and why."""
    reason = error.strerror or type(error).__name__
    return SourceProblem(path, 0, 1, f"the file cannot be read: {reason}", "Make it readable, or leave it out with `exclude`.")


def _from_git(folder: Path, suffixes: tuple[str, ...]) -> set[str] | None:
    """Return what Git lists, repositories inside the repository included; None where it cannot answer."""
    entries = git.list_files(folder)
    if entries is None:
        return None
    tracked: set[str] = set()
    untracked: set[str] = set()
    inner: list[str] = []
    modules = (folder / ".gitmodules").exists()
    for path, is_tracked in entries:
        if path.endswith("/"):
            inner.append(path)
        elif path.endswith(suffixes) or path.endswith("/pyvenv.cfg"):
            (tracked if is_tracked else untracked).add(path)
        elif modules and (folder / path).is_dir():
            inner.append(path + "/")
    for path in inner:
        if not NEVER_OURS.intersection(path.split("/")):
            tracked.update(path + below for below in _from_git(folder / path, suffixes) or ())
    return {path for path in tracked if path.endswith(suffixes)} | set(_ours(untracked, suffixes))


def _ours(untracked: Iterable[str], suffixes: tuple[str, ...]) -> Iterator[str]:
    """Leave out files of tools and of virtual environments, whatever these are called."""
    paths = sorted(untracked)
    environments = tuple(path.removesuffix("pyvenv.cfg") for path in paths if path.endswith("/pyvenv.cfg"))
    for path in paths:
        if path.endswith(suffixes) and not path.startswith(environments) and not NEVER_OURS.intersection(path.split("/")):
            yield path


def _walk(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Walk the folder without following links to folders, leaving out what ``.gitignore`` files name."""
    pending: list[tuple[str, tuple[tuple[str, GitIgnoreSpec], ...]]] = [("", ())]
    while pending:
        prefix, specs = pending.pop()
        try:
            entries = sorted(os.scandir(folder / prefix), key=lambda entry: entry.name)
        except OSError:
            continue
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and prefix:
            continue
        if ".gitignore" in names:
            specs = (*specs, (prefix, _spec((folder / prefix / ".gitignore").read_text("utf-8", "replace").splitlines())))
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER_OURS and not _ignored(path + "/", specs):
                    pending.append((path + "/", specs))
            elif path.endswith(suffixes) and not _ignored(path, specs):
                yield path


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)


def _ignored(path: str, specs: Sequence[tuple[str, GitIgnoreSpec]]) -> bool:
    """Whether the innermost ``.gitignore`` that has a say ignores the path."""
    for prefix, spec in reversed(specs):
        said = spec.check_file(path[len(prefix) :]).include
        if said is not None:
            return said
    return False
