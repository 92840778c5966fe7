"""Code frames: the lines around a range, with the range underlined, as Ruff and rustc draw them."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from buttress_scanner.report._text import Paint, visible, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from buttress_scanner.findings.model import Position

_CONTEXT = 2
_HEAD, _TAIL = 4, 2
_LONGEST = 160
_LEAD = 60
_LINE_END = re.compile(r"\r\n|\r|\n")


class Sources:
    """The lines of the files that a report speaks of, each file read once."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._lines: dict[str, tuple[str, ...] | None] = {}

    def text(self, path: str) -> str | None:
        """Return a file's text, or None when it cannot be read any more."""
        try:
            return _decode(path, self._read(path))
        except (OSError, ValueError, LookupError):
            return None

    def lines(self, path: str) -> tuple[str, ...] | None:
        """Return a file's lines as Python counts them, or None when it cannot be read any more."""
        if path not in self._lines:
            self._lines[path] = self._load(path)
        return self._lines[path]

    def line(self, path: str, number: int) -> str:
        """Return one line without indentation; empty when there is none."""
        lines = self.lines(path) or ()
        return _clip(visible(lines[number - 1].strip()), 0)[0] if 0 < number <= len(lines) else ""

    def _load(self, path: str) -> tuple[str, ...] | None:
        text = self.text(path)
        if text is None:
            return None
        lines = _LINE_END.split(text)
        return tuple(lines if lines[-1] else lines[:-1])


def _decode(path: str, data: bytes) -> str:
    """Decode as Python would; what is not text in that encoding is replaced, since a report must not fail on it."""
    encoding = "utf-8-sig"
    if path.endswith((".py", ".pyi")):
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        except SyntaxError:
            encoding = "utf-8-sig"
    return data.decode(encoding, errors="replace")


def code_frame(lines: Sequence[str], position: Position, paint: Paint) -> list[str]:
    """Draw the lines around a range with the range underlined; nothing when the file has no such line.

    A range without an end is one character. A range of several lines is bracketed at its side, and shortened when it is long.
    """
    if not 0 < position.line <= len(lines):
        return []
    last = min(max(position.end_line, position.line), len(lines))
    body = _bracketed(lines, position, last) if last > position.line else _underlined(lines, position)
    return _framed(_trim(body), paint)


_Row = tuple[int, str, str]
"""Line number (0: none), text, style of the text ("" for code)."""


def _underlined(lines: Sequence[str], position: Position) -> list[_Row]:
    """Draw a range within one line."""
    line = lines[position.line - 1]
    start = min(max(position.column, 1) - 1, len(line))
    ends_here = position.end_line in {0, position.line} and position.end_column > position.column
    end = min(position.end_column - 1, len(line)) if ends_here else start + 1
    text, cut = _clip(line, start)
    before = width(visible(text[: start - cut]))
    carets = max(1, width(visible(text[max(start - cut, 0) : max(end - cut, 0)])))
    rows: list[_Row] = [*_context(lines, position.line - _CONTEXT, position.line - 1)]
    rows += [(position.line, visible(text), ""), (0, " " * before + "^" * carets, "error")]
    return rows + _context(lines, position.line + 1, position.line + _CONTEXT)


def _bracketed(lines: Sequence[str], position: Position, last: int) -> list[_Row]:
    """Draw a range of several lines."""
    numbers = list(range(position.line, last + 1))
    long = len(numbers) > _HEAD + _TAIL + 1
    rows = [(number, "  " + text, style) for number, text, style in _context(lines, position.line - _CONTEXT, position.line - 1)]
    for index, number in enumerate(numbers):
        if long and index == _HEAD:
            rows.append((0, "| ...", "error"))
        if not long or index < _HEAD or index >= len(numbers) - _TAIL:
            rows.append((number, ("/ " if index == 0 else "| ") + visible(_clip(lines[number - 1], 0)[0]), ""))
    end = _clip(lines[last - 1], 0)[0][: max(position.end_column - 1, 1)]
    rows.append((0, "|" + "_" * max(width(visible(end)), 1) + "^", "error"))
    return rows + [(number, "  " + text, style) for number, text, style in _context(lines, last + 1, last + _CONTEXT)]


def _context(lines: Sequence[str], first: int, last: int) -> list[_Row]:
    return [(number, visible(_clip(lines[number - 1], 0)[0]), "") for number in range(max(first, 1), min(last, len(lines)) + 1)]


def _clip(line: str, start: int) -> tuple[str, int]:
    """Cut an overlong line to a window that shows ``start``; return it with the number of characters dropped before it."""
    if len(line) <= _LONGEST:
        return line, 0
    cut = max(0, start - _LEAD)
    text = line[cut : cut + _LONGEST]
    tail = "…" if cut + _LONGEST < len(line) else ""
    return ("…" + text[1:] if cut else text) + tail, cut


def _trim(rows: list[_Row]) -> list[_Row]:
    """Drop empty lines at both ends."""
    first = next(index for index, row in enumerate(rows) if row[1].strip())
    last = next(index for index in range(len(rows) - 1, -1, -1) if rows[index][1].strip())
    return rows[first : last + 1]


def _framed(rows: list[_Row], paint: Paint) -> list[str]:
    """Put line numbers and the gutter before the rows."""
    digits = len(str(max(number for number, _, _ in rows)))
    edge = paint("frame", " " * digits + " |")
    drawn = [edge]
    for number, text, style in rows:
        gutter = paint("frame", f"{number:>{digits}} |") if number else edge
        drawn.append(f"{gutter} {paint(style, text) if style else text}".rstrip())
    return [*drawn, edge]
