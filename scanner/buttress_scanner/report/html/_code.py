"""Code with line numbers, colours for the eye, and the range in question marked."""

from __future__ import annotations

import io
import keyword
import tokenize
from itertools import pairwise
from typing import TYPE_CHECKING

from buttress_scanner.report._frames import Sources
from buttress_scanner.report._text import visible
from buttress_scanner.report.html._build import tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    from buttress_scanner.findings.model import Position

_AROUND = 3
_HEAD, _TAIL = 6, 2
_LONGEST = 200
_LEAD = 80

_Spans = dict[int, list[tuple[int, int, str]]]
"""For each line, where something of a class starts and ends."""


class Code:
    """The files that a report speaks of, each read and taken apart once."""

    def __init__(self, read_source: Callable[[str], bytes]) -> None:
        self._sources = Sources(read_source)
        self._colours: dict[str, _Spans] = {}

    def frame(self, position: Position) -> Element | None:
        """Draw the lines around a range; nothing where there is no such line, or the file cannot be read."""
        lines = self._sources.lines(position.path)
        if lines is None or not 0 < position.line <= len(lines):
            return None
        last = min(max(position.end_line, position.line), len(lines))
        spans = self._spans(position.path)
        drawn: list[Element] = []
        for number in _shown(position.line, last, lines):
            if number:
                drawn.append(
                    _line(number, lines[number - 1], spans.get(number, []), _marked(position, number, last, lines[number - 1]))
                )
            else:
                drawn.append(tag("span", tag("span", "⋮", class_="gutter"), "\n", class_="line"))
        return tag(
            "pre",
            tag("code", drawn),
            class_="code",
            tabindex="0",
            role="group",
            aria_label=f"{position.path}, line {position.line}",
        )

    def _spans(self, path: str) -> _Spans:
        if path not in self._colours:
            text = "\n".join(self._sources.lines(path) or ())
            self._colours[path] = _colours(text) if path.endswith((".py", ".pyi")) else {}
        return self._colours[path]


def _shown(first: int, last: int, lines: tuple[str, ...]) -> list[int]:
    """Return the numbers of the lines that are shown; 0 stands for some that are left out of a long range."""
    start = max(first - _AROUND, 1)
    end = min(last + _AROUND, len(lines))
    inside = list(range(first, last + 1))
    if len(inside) > _HEAD + _TAIL + 1:
        inside = [*inside[:_HEAD], 0, *inside[-_TAIL:]]
    numbers = [*range(start, first), *inside, *range(last + 1, end + 1)]
    while numbers and numbers[0] < first and not lines[numbers[0] - 1].strip():
        numbers.pop(0)
    while numbers and numbers[-1] > last and not lines[numbers[-1] - 1].strip():
        numbers.pop()
    return numbers


def _marked(position: Position, number: int, last: int, line: str) -> tuple[int, int]:
    """Return which characters of a line belong to the range; none of a line beside it."""
    if not position.line <= number <= last:
        return 0, 0
    start = max(position.column - 1, 0) if number == position.line else len(line) - len(line.lstrip())
    known = position.end_line >= position.line and position.end_column > 0
    end = position.end_column - 1 if known and number == position.end_line else len(line)
    if not known and number == position.line:
        end = start + 1
    return min(start, len(line)), max(min(end, len(line)), min(start, len(line)))


def _line(number: int, line: str, spans: list[tuple[int, int, str]], mark: tuple[int, int]) -> Element:
    """Draw one line; an overlong one as far as it is of interest."""
    cut = max(0, mark[0] - _LEAD) if len(line) > _LONGEST else 0
    end = min(len(line), cut + _LONGEST)
    marked = mark[1] > mark[0]
    children: list[Element | str] = [tag("span", str(number), class_="gutter"), "…" if cut else ""]
    for start, stop, kind, inside in _pieces(cut, end, spans, mark):
        text = visible(line[start:stop])
        piece = tag("span", text, class_=kind) if kind else text
        children.append(tag("mark", piece) if inside else piece)
    children.append("…\n" if end < len(line) else "\n")
    return tag("span", children, class_="line hit" if marked else "line")


def _pieces(
    start: int, end: int, spans: list[tuple[int, int, str]], mark: tuple[int, int]
) -> Iterator[tuple[int, int, str, bool]]:
    """Yield the pieces of a line that have one class and are inside of the range, or outside, as a whole."""
    edges = {start, end, *mark} | {edge for low, high, _ in spans for edge in (low, high)}
    ordered = sorted(edge for edge in edges if start <= edge <= end)
    for low, high in pairwise(ordered):
        kind = next((kind for first, last, kind in spans if first <= low < last), "")
        yield low, high, kind, mark[0] <= low < mark[1]


def _colours(text: str) -> _Spans:
    """Find keywords, texts, comments and numbers; as far as the file can be read."""
    found: _Spans = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = _kind(token)
            if not kind:
                continue
            for number in range(token.start[0], token.end[0] + 1):
                low = token.start[1] if number == token.start[0] else 0
                high = token.end[1] if number == token.end[0] else 1 << 30
                found.setdefault(number, []).append((low, high, kind))
    except (tokenize.TokenError, SyntaxError):
        return found
    return found


_KINDS = {tokenize.COMMENT: "c", tokenize.NUMBER: "n", tokenize.STRING: "s"}
_TEXT_PARTS = ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END", "TSTRING_START", "TSTRING_MIDDLE", "TSTRING_END")


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return "k" if keyword.iskeyword(token.string) else ""
    return "s" if tokenize.tok_name[token.type] in _TEXT_PARTS else _KINDS.get(token.type, "")
