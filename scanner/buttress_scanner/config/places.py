"""The line of every key and value in a TOML document.

The standard library parses TOML without positions. This walk runs over text that it has accepted already, so it only has
to follow the structure.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str | int, ...]
"""The way to a value: keys, and indexes into arrays."""

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def places(text: str) -> Mapping[Path, int]:
    """Map the path of each table, key and array element of a valid document to its line, counted from 1."""
    walk = _Walk(text)
    walk.document()
    return walk.found


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}
        self._counted = (0, 1)

    def document(self) -> None:
        table: Path = ()
        while self._skip(_SPACE) < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line, is_array = self._line(), self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path = self._resolve(self._key(), is_array=is_array)
        self.at = self.text.index("]]" if is_array else "]", self.at) + (2 if is_array else 1)
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], line)
        return path

    def _resolve(self, key: tuple[str, ...], *, is_array: bool) -> Path:
        """Follow a header's key; a name of an array of tables means its last element."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if is_array and number == len(key) - 1:
                self.tables[path] = self.tables.get(path, -1) + 1
            if path in self.tables:
                path = (*path, self.tables[path])
        return path

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            quoted = _STRING.match(self.text, self.at)
            match = quoted or _BARE_KEY.match(self.text, self.at)
            if match is None:
                return tuple(parts)
            self.at = match.end()
            parts.append(tomllib.loads(f"v = {match[0]}")["v"] if quoted else match[0])
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for part in self._key():
            path = (*path, part)
            self.found.setdefault(path, line)
        self.at = self.text.index("=", self.at) + 1
        self._skip(_BLANK)
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self.text[self.at : self.at + 1]
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline(path)
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self.text.startswith("]", self._skip(_SPACE)):
            self.found[(*path, index)] = self._line()
            self._value((*path, index))
            self._comma()
            index += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while not self.text.startswith("}", self._skip(_SPACE)):
            self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        self._skip(_SPACE)
        if self.text.startswith(",", self.at):
            self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _line(self) -> int:
        before, line = self._counted
        self._counted = (self.at, line + self.text.count("\n", before, self.at))
        return self._counted[1]
