"""The Markdown page of a contract kind, found beside its module without importing it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

_OWN = Path(__file__).parent.parent / "contracts"
_GROUP = "buttress.contracts"


@dataclass(frozen=True, slots=True)
class KindPage:
    """A kind's page: its prose as Markdown, without the sections of examples, and the first sentence of it."""

    markdown: str
    summary: str


def kind_page(kind: str) -> KindPage | None:
    """Return the page of a kind, or None when the kind has none."""
    path = _page_path(kind)
    if path is None:
        return None
    markdown = _prose(path.read_text(encoding="utf-8"))
    return KindPage(markdown, _summary(markdown) or kind)


def _page_path(kind: str) -> Path | None:
    """Look beside the kinds that come with the scanner, then beside the installed one of that name."""
    own = _OWN / f"{kind.replace('-', '_')}.md"
    if own.is_file():
        return own
    for point in entry_points(group=_GROUP, name=kind):
        page = _installed(point.module)
        if page is not None:
            return page
    return None


def _installed(module: str) -> Path | None:
    """Find the page beside an installed module; its package is not imported for that."""
    from importlib.machinery import PathFinder

    search: list[str] | None = None
    origin = None
    for number in range(len(parts := module.split("."))):
        spec = PathFinder.find_spec(".".join(parts[: number + 1]), search)
        if spec is None:
            return None
        search, origin = list(spec.submodule_search_locations or ()), spec.origin
    page = Path(origin).with_suffix(".md") if origin else None
    return page if page is not None and page.is_file() else None


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
