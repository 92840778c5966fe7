"""What Git knows of a folder: its files and what is staged. Git only reads, and runs no program that the repository names."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_LITERAL_PATHSPECS")
"""Variables that Git sets for its hooks and that would point a call for another folder at the wrong repository."""


def repository_of(folder: Path) -> Path | None:
    """Return the top folder of the work tree that holds ``folder``, or None."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return None


def list_files(folder: Path) -> Iterator[tuple[str, bool]] | None:
    """List tracked files, and untracked ones that are not ignored, as ``(path below folder, is tracked)``.

    None where Git cannot answer. A path that ends with a slash is a repository of its own inside this one.
    """
    answer = _git(folder, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
    if answer is None:
        return None
    return ((entry[2:], not entry.startswith("?")) for entry in answer)


def staged_files(folder: Path) -> tuple[str, ...] | None:
    """List the files below ``folder`` whose staged content differs from the last commit; None where Git cannot answer."""
    answer = _git(folder, "diff", "--cached", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff")
    return None if answer is None else tuple(sorted(answer))


def _git(folder: Path, *arguments: str) -> Sequence[str] | None:
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=_environment(folder), check=False)
    except OSError:
        return None
    if done.returncode:
        return None
    return [os.fsdecode(entry) for entry in done.stdout.split(b"\0") if entry]


def _environment(folder: Path) -> dict[str, str]:
    """Drop what a hook's Git left in the environment, except the index of a commit in progress in this very repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    index, top = os.environ.get("GIT_INDEX_FILE"), repository_of(folder)
    if index and top is not None:
        located = (top / index).resolve()
        if located.is_relative_to((top / ".git").resolve()):
            kept["GIT_INDEX_FILE"] = str(located)
    return kept
