"""Every page beside a contract kind is true, and shows enough of what the kind refuses and permits."""

from __future__ import annotations

from pathlib import Path

import pytest

from buttress_scanner import contracts
from buttress_scanner.contracts import loader
from buttress_scanner.testing import Example, parse_page, run_example

FOLDER = Path(contracts.__file__).parent
PAGES = {
    path.stem.replace("_", "-"): parse_page(path.read_text(encoding="utf-8"), path.name) for path in sorted(FOLDER.glob("*.md"))
}
EXAMPLES = {f"{kind}: {example.name}": example for kind, page in PAGES.items() for example in page.examples}
ENOUGH = 6


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_example(example: Example) -> None:
    """The check reports of an example exactly what its page says."""
    assert run_example(example) == []


@pytest.mark.parametrize("kind", PAGES)
def test_page(kind: str) -> None:
    """A page is named after its kind, is well formed, and has at least six failing and six lawful examples."""
    page = PAGES[kind]
    assert page.kind == kind
    assert page.problems == ()
    lawful = sum(example.is_lawful for example in page.examples)
    assert lawful >= ENOUGH
    assert len(page.examples) - lawful >= ENOUGH


def test_every_kind_has_a_page() -> None:
    """A kind without a page would be neither documented nor tested, and a page without a kind tests nothing."""
    assert set(loader.names()) == set(PAGES)
    assert PAGES
