"""All files of a project, for contracts that speak of more than code: paths by pattern, and what is in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from buttress_scanner.source.model import SourceProblem
from buttress_scanner.source.reader import DEFAULT_MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.source.tree import Tree


class Documents:
    """The files of a tree. Nothing is listed or read before somebody asks."""

    def __init__(self, tree: Tree | None = None, max_size: int = DEFAULT_MAX_SIZE) -> None:
        self._tree = tree
        self._max_size = max_size

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every file, relative to the configuration's folder, sorted."""
        return self._tree.documents() if self._tree is not None else ()

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """Every folder that holds a file, however deep, sorted; the folder of the configuration is ``""``."""
        found = {""}
        for path in self.paths:
            parts = path.split("/")[:-1]
            found.update("/".join(parts[: length + 1]) for length in range(len(parts)))
        return tuple(sorted(found))

    def matching(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """The files that fit one of the patterns, which are in the form of ``.gitignore``."""
        from pathspec import GitIgnoreSpec

        return tuple(sorted(GitIgnoreSpec.from_lines(patterns).match_files(self.paths)))

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it cannot be read, or is too large; the message says why.
        """
        data = self._tree.read(path, self._max_size) if self._tree is not None else None
        if data is None:
            raise FileNotFoundError(path)
        if isinstance(data, SourceProblem):
            raise OSError(data.message)
        return data
