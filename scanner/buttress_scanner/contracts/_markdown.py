"""Markdown as contracts read it: headings, tables, and the front matter before it all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_FRONT = re.compile(r"(?:\ufeff)?(?P<fence>---|\+\+\+)[ \t]*\n(?P<text>.*?)(?:^|\n)(?P=fence)[ \t]*(?:\n|\Z)", re.DOTALL)
_LEAD = re.compile(r"(?:\d+(?:\.\d+)+\.?|\d+[.)]|[A-Za-z][.)]|[IVXLC]+[.)]|\d\ufe0f?\u20e3|§\s*\d+(?:\.\d+)*)\s*(?=\S)")
_ANCHOR = re.compile(r"\s*\{[#.:][^}]*\}\s*$")
_EDGES = re.compile(r"^[^\w(]+|[^\w)?!+#]+$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before a document: YAML between ``---`` or TOML between ``+++``. ``line`` is the line of its first line."""

    text: str
    language: str
    line: int = 2


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document itself, not one in a quotation or a list."""

    level: int
    text: str
    line: int


def decoded(data: bytes) -> str:
    """A document's text with plain line ends; what is not UTF-8 is replaced."""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def front_matter(text: str) -> FrontMatter | None:
    """The front matter of a document; None when it has none."""
    found = _FRONT.match(text)
    return FrontMatter(found["text"], "yaml" if found["fence"] == "---" else "toml") if found else None


def headings(text: str) -> list[Heading]:
    """The headings of a document in their order, by the rules of CommonMark."""
    return list(_headings(_tokens(text)))


def normal(heading: str) -> str:
    """A heading as it is compared: without case, numbering, decoration and punctuation around it."""
    text = _EDGES.sub("", _ANCHOR.sub("", heading).strip())
    return " ".join(_EDGES.sub("", _LEAD.sub("", text, count=1)).casefold().split()) or heading.casefold().strip()


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a document's tables, and the items of its lists as rows of one cell, with their lines."""
    kept, line = _tokens(text), 0
    cells: list[str] | None = None
    in_item = 0
    for token in kept:
        line = token.map[0] + 1 if token.map else line
        match token.type:
            case "tr_open":
                cells = []
            case "tr_close" if cells is not None:
                yield line, cells
                cells = None
            case "list_item_open":
                in_item += 1
            case "list_item_close":
                in_item -= 1
            case "inline" if cells is not None:
                cells.append(_source(token))
            case "inline" if in_item:
                yield line, [_source(token)]
            case _:
                pass


def _tokens(text: str) -> Sequence[Token]:
    """Parse a document; the front matter is blanked, so that lines keep their numbers."""
    from markdown_it import MarkdownIt

    found = _FRONT.match(text)
    body = "\n" * found[0].count("\n") + text[found.end() :] if found else text
    return MarkdownIt("commonmark").enable("table").parse(body)


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            yield Heading(int(token.tag[1:]), _words(tokens[number + 1]), (token.map or [0])[0] + 1)


def _words(inline: Token) -> str:
    """What a reader sees of an inline text."""
    shown = {"softbreak": " ", "hardbreak": " "}
    parts = (shown.get(t.type, t.content if t.type in ("text", "code_inline", "image") else "") for t in inline.children or ())
    return "".join(parts).strip()


def _source(inline: Token) -> str:
    """An inline text with the targets of its links, which may be what a table is about."""
    links = [str(t.attrs["href"]) for t in inline.children or () if t.type == "link_open" and t.attrs.get("href")]
    return " ".join([_words(inline), *links])
