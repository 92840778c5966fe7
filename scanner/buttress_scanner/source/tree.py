"""The files of a project at one moment: as they lie on disk, as Git has them, or either with changes laid over them.

Everything that is checked comes through a `Tree`, so that a check of a revision, of the index or of an editor's unsaved text is
the same check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from buttress_scanner.source import git
from buttress_scanner.source.discovery import SUFFIXES, Discovered, discover, excluding
from buttress_scanner.source.reader import read_file, too_large

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from buttress_scanner.source.model import SourceProblem


class Tree(Protocol):
    """Files by path relative to the configuration's folder, with forward slashes."""

    def modules(self, exclude: Sequence[str] = ()) -> Discovered:
        """The Python files, without those that fit a pattern in the form of ``.gitignore``."""
        ...

    def documents(self) -> tuple[str, ...]:
        """Every file that belongs to the project, whatever it holds, sorted; ``exclude`` does not count here."""
        ...

    def read(self, path: str, max_size: int) -> bytes | SourceProblem | None:
        """The content of a file; None when there is none of that name."""
        ...


@dataclass(frozen=True)
class WorkTree:
    """The files as they lie on disk."""

    folder: Path

    def modules(self, exclude: Sequence[str] = ()) -> Discovered:
        """What Git knows and does not ignore, or a walk where there is no Git."""
        return discover(self.folder, exclude)

    def documents(self) -> tuple[str, ...]:
        """The same for every kind of file."""
        return self._documents

    @cached_property
    def _documents(self) -> tuple[str, ...]:
        return discover(self.folder, suffixes=("",)).files

    def read(self, path: str, max_size: int) -> bytes | SourceProblem | None:
        """Read a file from disk."""
        return read_file(self.folder, path, max_size)


@dataclass(frozen=True)
class GitTree:
    """The files of a revision or of the index: paths below the folder, with the names of their contents."""

    folder: Path
    blobs: Mapping[str, str]
    """Object name by path."""
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_revision(cls, folder: Path, revision: str) -> GitTree:
        """The files that a commit has below a folder.

        Raises:
            git.GitError: the folder is in no repository, or there is no such revision.
        """
        return cls(folder, git.files_of_revision(folder, revision))

    @classmethod
    def of_index(cls, folder: Path) -> GitTree:
        """The files below a folder as they are staged.

        Raises:
            git.GitError: the folder is in no repository.
        """
        return cls(folder, git.files_of_index(folder))

    def modules(self, exclude: Sequence[str] = ()) -> Discovered:
        """The Python files among them."""
        return excluding([path for path in self.blobs if path.endswith(SUFFIXES)], exclude)

    def documents(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted(self.blobs))

    def read(self, path: str, max_size: int) -> bytes | SourceProblem | None:
        """Fetch the content from the repository; the first reading of a module fetches those of all modules."""
        name = self.blobs.get(path)
        if name is None:
            return None
        if name not in self._contents:
            wanted = (path, *(other for other in self.blobs if path.endswith(SUFFIXES) and other.endswith(SUFFIXES)))
            self._contents.update(git.contents(self.folder, [self.blobs[each] for each in wanted]))
        data = self._contents[name]
        return too_large(path, len(data), max_size) or data


@dataclass(frozen=True)
class Overlay:
    """Another tree with some files replaced, added, or (None) gone."""

    below: Tree
    changes: Mapping[str, bytes | None]

    def modules(self, exclude: Sequence[str] = ()) -> Discovered:
        """The Python files of the tree below, and what the changes make of them."""
        found = self.below.modules(exclude)
        added = excluding([path for path, data in self.changes.items() if data is not None and path.endswith(SUFFIXES)], exclude)
        files = {path for path in found.files if path not in self.changes} | set(added.files)
        skipped = {path for path in found.skipped if path not in self.changes} | set(added.skipped)
        problems = tuple(problem for problem in found.problems if problem.path not in self.changes)
        return Discovered(tuple(sorted(files)), tuple(sorted(skipped)), problems)

    def documents(self) -> tuple[str, ...]:
        """Every file that is left, and those that came."""
        kept = {path for path in self.below.documents() if path not in self.changes}
        return tuple(sorted(kept | {path for path, data in self.changes.items() if data is not None}))

    def read(self, path: str, max_size: int) -> bytes | SourceProblem | None:
        """What the changes say, or what the tree below has."""
        if path not in self.changes:
            return self.below.read(path, max_size)
        data = self.changes[path]
        return data if data is None else too_large(path, len(data), max_size) or data
