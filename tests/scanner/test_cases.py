"""Unusual but real programs for each kind of contract: what must be found in them, and what must be left alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from buttress_scanner.testing import Example, parse_page, run_example

FOLDER = Path(__file__).parent / "cases"
PAGES = {path.stem: parse_page(path.read_text(encoding="utf-8"), path.name) for path in sorted(FOLDER.glob("*.md"))}
EXAMPLES = {f"{name}: {example.name}": example for name, page in PAGES.items() for example in page.examples}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_case(example: Example) -> None:
    """The check reports of a program exactly what its marks say."""
    assert run_example(example) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_of_cases(name: str) -> None:
    """A page of cases is well formed; it has failing examples, and lawful ones or lawful functions beside the failing ones."""
    page, text = PAGES[name], (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert page.problems == ()
    lawful = sum(example.is_lawful for example in page.examples)
    assert lawful < len(page.examples)
    functions, marked = re.findall(r"^ *(?:async )?def ", text, re.MULTILINE), re.findall(r"# (?:error|possible): \[", text)
    assert lawful or 2 * len(functions) > 3 * len(marked)


def test_there_are_cases() -> None:
    """A folder that lost its pages would test nothing."""
    assert EXAMPLES
