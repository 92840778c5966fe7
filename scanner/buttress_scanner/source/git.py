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


_REGULAR = ("100644", "100755")


class GitError(ValueError):
    """Git cannot answer; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


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


def renamed_files(folder: Path, commit: str, *, staged: bool = False) -> dict[str, str]:
    """The files below ``folder`` that Git takes for renamed since a commit: new paths by old ones, on disk or as ``staged``.

    Raises:
        GitError: there is no repository, or no such commit.
    """
    what = ("--cached",) if staged else ()
    options = ("--name-status", "-z", "--relative", "--find-renames", "--diff-filter=R", "--no-ext-diff")
    answer = _answer(folder, "diff", *what, *options, commit)
    return dict(zip(answer[1::3], answer[2::3], strict=True))


def files_of_revision(folder: Path, revision: str) -> dict[str, str]:
    """List the files that a commit has below ``folder``, with the names of their contents; without links and submodules.

    Raises:
        GitError: there is no repository, or no such revision in it.
    """
    commit = commit_of(folder, revision)
    return _blobs(_answer(folder, "ls-tree", "-r", "-z", commit))


def files_of_index(folder: Path) -> dict[str, str]:
    """List the files below ``folder`` as they are staged, with the names of their contents; without links and submodules.

    Raises:
        GitError: there is no repository.
    """
    return _blobs(_answer(folder, "ls-files", "-z", "--cached", "--stage"))


def commit_of(folder: Path, revision: str) -> str:
    """The name of the commit that a revision means.

    Raises:
        GitError: there is no repository, or no such revision in it.
    """
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return _answer(folder, *arguments, what=revision)[0].strip()


def merge_base(folder: Path, revision: str) -> str:
    """The newest commit that both ``revision`` and the current commit come from.

    Raises:
        GitError: there is no repository, no such revision, or nothing in common.
    """
    commit = commit_of(folder, revision)
    done = _run(folder, ["merge-base", commit, "HEAD"])
    if done.returncode:
        hint = "Fetch the whole history (`git fetch --unshallow`; `fetch-depth: 0` in a workflow), or name another revision."
        raise GitError(f"Git knows no commit that both {revision!r} and HEAD come from", hint)
    return os.fsdecode(done.stdout).strip()


def contents(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Fetch contents by their names, in one process.

    Raises:
        GitError: a content is missing, as in a partial clone without a network.
    """
    wanted = list(dict.fromkeys(names))
    done = _run(folder, ["cat-file", "--batch"], stdin="\n".join(wanted).encode())
    found: dict[str, bytes] = {}
    rest, position = done.stdout, 0
    for name in wanted:
        end = rest.find(b"\n", position)
        header = rest[position:end].split()
        if len(header) != 3:
            raise GitError(f"Git does not have the content {name}", "Fetch the whole history: `git fetch --unshallow`.")
        size = int(header[2])
        found[name] = rest[end + 1 : end + 1 + size]
        position = end + 2 + size
    return found


def _blobs(entries: Sequence[str]) -> dict[str, str]:
    """Regular files out of the lists of Git: ``mode [type] name [stage]<tab>path``."""
    found: dict[str, str] = {}
    for entry in entries:
        fields, _, path = entry.partition("\t")
        mode, *_ = fields.split()
        if mode in _REGULAR:
            found[path] = next(part for part in fields.split()[1:] if part != "blob")
    return found


def _answer(folder: Path, *arguments: str, what: str = "") -> Sequence[str]:
    done = _run(folder, arguments)
    if done.returncode:
        if repository_of(folder) is None:
            raise GitError(f"{folder} is in no Git repository", "Run `git init`, or leave out what needs Git.")
        said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
        message = f"Git knows no revision {what!r}" if what else f"Git cannot answer: {said}"
        raise GitError(message, "Fetch it first, or name another revision.")
    return [os.fsdecode(entry) for entry in done.stdout.split(b"\0") if entry]


def _git(folder: Path, *arguments: str) -> Sequence[str] | None:
    try:
        return _answer(folder, *arguments)
    except GitError:
        return None


def _run(folder: Path, arguments: Sequence[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    try:
        return subprocess.run(command, capture_output=True, input=stdin, env=_environment(folder), check=False)
    except OSError as error:
        raise GitError(f"Git cannot be run: {error.strerror or error}", "Install Git, or leave out what needs it.") from None


def _environment(folder: Path) -> dict[str, str]:
    """Drop what a hook's Git left in the environment, except the index of a commit in progress in this very repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    index, top = os.environ.get("GIT_INDEX_FILE"), repository_of(folder)
    if index and top is not None:
        located = (top / index).resolve()
        if located.is_relative_to(_git_folder(top)):
            kept["GIT_INDEX_FILE"] = str(located)
    return kept


def _git_folder(top: Path) -> Path:
    """Where a work tree's index is: ``.git``, or what a file of that name leads to in linked work trees and submodules."""
    entry = top / ".git"
    try:
        return (top / entry.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()).resolve()
    except OSError:
        return entry.resolve()
