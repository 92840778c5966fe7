"""What kinds about files of any type share: the place of a file as a whole, and patterns for folders."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def whole(path: str) -> Position:
    """The place of a finding that concerns a file as a whole, or one that does not exist."""
    return Position(path, 0)


def folders_matching(pattern: str, folders: Iterable[str]) -> list[str]:
    """The folders that a pattern names, counted from the configuration's folder.

    ``*`` stands for one folder and for parts of a name, ``**`` for any number of folders; neither for hidden ones, as in a shell.
    """
    wanted = _folder_regex(plain(pattern))
    return [folder for folder in folders if wanted.fullmatch(folder)]


def below(folder: str, paths: Sequence[str]) -> dict[str, str]:
    """The files in a folder and deeper, out of sorted paths, by their paths counted from it."""
    prefix = f"{folder}/" if folder else ""
    first = bisect_left(paths, prefix)
    last = bisect_left(paths, prefix + "\U0010ffff") if prefix else len(paths)
    return {path[len(prefix) :]: path for path in paths[first:last]}


def plain(path: str) -> str:
    """A path below the configuration's folder without ``.`` and a slash at its end; the folder itself is ``""``."""
    return "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))


@lru_cache(maxsize=512)
def _folder_regex(pattern: str) -> re.Pattern[str]:
    out = ""
    for part in pattern.split("/") if pattern else ():
        if part == "**":
            out += r"(?:(?:^|/)(?!\.)[^/]+)*"
        else:
            out += r"(?:^|/)" + ("" if part.startswith(".") else r"(?!\.)") + _name_regex(part)
    return re.compile(out)


def _name_regex(part: str) -> str:
    """One name of a path with ``*``, ``?`` and ``[...]``."""
    pieces = re.split(r"(\*|\?|\[!?[^\]/]+\])", part)
    return "".join(_PIECES.get(piece) or _class(piece) for piece in pieces if piece)


_PIECES = {"*": "[^/]*", "?": "[^/]"}


def _class(piece: str) -> str:
    if len(piece) > 2 and piece[0] == "[" and piece[-1] == "]":
        inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return "[" + ("^" + inner[1:] if inner.startswith("!") else inner.replace("^", "\\^", 1)) + "]"
    return re.escape(piece)


def name_matches(pattern: str, name: str) -> bool:
    """Whether the path of a file, counted from some folder, fits a pattern in which ``*`` stands for parts of a name."""
    return re.fullmatch("/".join(_name_regex(part) for part in plain(pattern).split("/")), name) is not None
