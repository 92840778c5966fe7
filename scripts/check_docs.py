#!/usr/bin/env python3
"""Validate the documentation: links and anchors resolve, every page is reachable, the reference names every contract kind.

Usage: check_docs.py [ROOT]. Prints one line a problem, `path:line: what is wrong`, and exits 1 if there is any.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)")
IMAGE = re.compile(r"!\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
TOP_LEVEL = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
KINDS = "scanner/buttress_scanner/contracts"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at a line of a page."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def pages(root: Path) -> list[Path]:
    """Return the pages that people read: those at the top, those in docs, and those of the contract kinds."""
    below = [page for folder in ("docs", KINDS) for page in (root / folder).rglob("*.md")]
    return sorted([root / name for name in TOP_LEVEL if (root / name).is_file()] + below)


@cache
def prose(page: Path) -> tuple[tuple[int, str], ...]:
    """Return the lines of a page that are not in fenced blocks, each with its number."""
    lines: list[tuple[int, str]] = []
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            lines.append((number, line))
    return tuple(lines)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors that a forge derives from the headings of a page."""
    found: dict[str, int] = {}
    names: set[str] = set()
    for _, line in prose(page):
        heading = HEADING.match(line)
        if heading is None:
            continue
        text = LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading[1])
        slug = re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        names.add(f"{slug}-{count}" if count else slug)
    return frozenset(names)


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the target of every link and picture of a page; inline code does not count."""
    for number, line in prose(page):
        text = re.sub(r"`+[^`]*`+", lambda code: "x" * len(code[0]), line)
        for pattern in (LINK, IMAGE):
            yield from ((number, match[1]) for match in pattern.finditer(text))


def target_of(page: Path, link: str) -> Path | None:
    """Return the file that a link leads to, or None if it leaves the repository."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    name = link.partition("#")[0]
    return (page.parent / name).resolve() if name else page.resolve()


def broken_links(root: Path, page: Path) -> Iterator[Problem]:
    """Yield links to files or headings that do not exist, and those that lead out of the repository by a path."""
    for line, link in links(page):
        target = target_of(page, link)
        if target is None:
            continue
        where = page.relative_to(root).as_posix()
        anchor = link.partition("#")[2]
        if not target.is_relative_to(root):
            yield Problem(where, line, f"{link} leads out of the repository")
        elif not target.exists():
            yield Problem(where, line, f"{link} does not exist")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield Problem(where, line, f"{link}: the page has no heading of that name")


def orphans(root: Path) -> Iterator[Problem]:
    """Yield pages of the documentation that no link leads to, starting from the README."""
    reached: set[Path] = set()
    waiting = [root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        waiting.extend(target for _, link in links(page) if (target := target_of(page, link)) is not None)
    for page in pages(root):
        if page not in reached:
            yield Problem(
                page.relative_to(root).as_posix(),
                1,
                "no link leads here from README.md: name it on a page that lists its neighbours",
            )


def unlisted_kinds(root: Path) -> Iterator[Problem]:
    """Yield contract kinds of the package's metadata whose page the reference does not link."""
    metadata = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    kinds: dict[str, str] = metadata["project"]["entry-points"]["buttress.contracts"]
    index = root / "docs" / "reference" / "index.md"
    linked = {target_of(index, link) for _, link in links(index)}
    for kind, target in sorted(kinds.items()):
        page = root / KINDS / f"{target.partition(':')[0].rpartition('.')[2]}.md"
        if page not in linked:
            yield Problem(
                "docs/reference/index.md", 1, f"the kind {kind} is not listed: link {page.relative_to(root).as_posix()}"
            )


def problems(root: Path) -> list[Problem]:
    """Return everything that is wrong with the documentation below a root, sorted."""
    found = [problem for page in pages(root) for problem in broken_links(root, page)]
    return sorted([*found, *orphans(root), *unlisted_kinds(root)])


def main(arguments: list[str]) -> int:
    """Check the documentation of a repository and say what is wrong with it.

    Args:
        arguments: The root of the repository; without it, the one that holds this script.

    Returns:
        0 if nothing is wrong, 1 otherwise.
    """
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    found = problems(root)
    for problem in found:
        print(problem)
    print(f"{len(pages(root))} pages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
