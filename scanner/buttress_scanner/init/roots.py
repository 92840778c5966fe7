"""Where dotted names start: read off what the files import, and where a package of that name lies."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from buttress_scanner.source.names import found_roots
from buttress_scanner.source.reader import DEFAULT_MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.source.tree import Tree

_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+|import[ \t]+)([A-Za-z_]\w*)", re.MULTILINE)


def roots_of(tree: Tree, files: Sequence[str]) -> tuple[str, ...]:
    """Return the roots of a project: folders whose packages and modules other files import by their names.

    A package that the usual roots have already needs no other; where a name lies in several folders, the one with the most
    files counts.
    """
    usual = found_roots(files)
    places = _places(files)
    known = {name for name, folders in places.items() if folders.keys() & set(usual)}
    wanted = _imported(tree, files) - known
    found = {max(sorted(places[name]), key=lambda folder: places[name][folder]) for name in sorted(wanted & places.keys())}
    return (*usual, *sorted(found)) if usual != ("",) else tuple(sorted(found)) or usual


def _places(files: Sequence[str]) -> dict[str, Counter[str]]:
    """Where the packages lie that are in no other package: by name the folders above them, with the number of their files."""
    packages = {path.removesuffix("/__init__.py") for path in files if path.endswith("/__init__.py")}
    found: dict[str, Counter[str]] = {}
    for package in packages:
        folder, _, name = package.rpartition("/")
        if folder not in packages:
            count = sum(path.startswith(f"{package}/") for path in files)
            found.setdefault(name, Counter())[folder] = count
    return found


def _imported(tree: Tree, files: Sequence[str]) -> set[str]:
    """The first segments of all absolute imports."""
    found: set[bytes] = set()
    for path in files:
        data = tree.read(path, DEFAULT_MAX_SIZE)
        if isinstance(data, bytes):
            found.update(_IMPORT.findall(data))
    return {name.decode() for name in found}
