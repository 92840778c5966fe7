"""What a contract kind's Markdown page says of it, for formats that explain their rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_OWN = Path(__file__).parent.parent / "contracts"


@dataclass(frozen=True, slots=True)
class KindPage:
    """A kind's page: its prose as Markdown, without the sections of examples, and the first sentence of it."""

    markdown: str
    summary: str


def kind_page(kind: str) -> KindPage | None:
    """Return the page of a kind, or None when the kind has none."""
    page = _markdown(kind)
    if page is None:
        return None
    markdown = _prose(page)
    return KindPage(markdown, _summary(markdown) or kind)


def _markdown(kind: str) -> str | None:
    """Read the page of a kind that comes with the scanner, or ask the loader for that of another package."""
    own = _OWN / f"{kind.replace('-', '_')}.md"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    from buttress_scanner.contracts.loader import KindError, page

    try:
        return page(kind)
    except KindError:
        return None


def _prose(markdown: str) -> str:
    """Return the page up to its first section of examples, which are the kind's tests and too long for a tool's help."""
    kept: list[str] = []
    section = 0
    fenced = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("## "):
            section = len(kept)
        if not fenced and line.startswith("### "):
            return "\n".join(kept[:section]).rstrip() + "\n"
        kept.append(line)
    return markdown


def _summary(markdown: str) -> str:
    """Return the first sentence of the first paragraph that is prose."""
    for paragraph in markdown.split("\n\n"):
        text = " ".join(line.strip() for line in paragraph.strip().splitlines())
        if text and not text.startswith(("#", "```", "|", "-", ">")):
            return text.split(". ", 1)[0].rstrip(".") + "."
    return ""
