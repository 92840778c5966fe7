"""Pages that show commands tell the truth: their files are written, their commands run, their output compared."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {
    "README.md": ("$ buttress check\n", "app/api.py:6"),
    "docs/tutorial/first-contract.md": ("$ buttress check\n", "app/api.py:6"),
    "docs/tutorial/adopt-an-old-project.md": (
        "$ buttress init\n",
        "Failed",
        "1. markdown/extensions/ahead.py:9:14",
        "14 known",
        "As it was",
    ),
}
"""Pages, and what each must show: none has become a page without commands."""
FOLLOW = ROOT / "scripts/run_pages.py"


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_what_happens(page: str) -> None:
    """Whoever types what the page says sees what the page shows."""
    outcome = run([sys.executable, FOLLOW, ROOT / page], ROOT)
    assert outcome.code == 0, outcome.output


@pytest.mark.parametrize(("page", "shown"), PAGES.items(), ids=PAGES)
def test_page_is_worth_following(page: str, shown: tuple[str, ...]) -> None:
    """Each of the pages runs a check that finds a violation."""
    text = (ROOT / page).read_text()
    assert [each for each in shown if each not in text] == []


def test_false_page_is_noticed(tmp_path: Path) -> None:
    """A line of the program that no longer fits the report makes the page wrong, and the difference is shown."""
    page = shutil.copy(ROOT / "README.md", tmp_path)
    text = (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").write_text(text.replace("    return step(row)", "    return row"))
    outcome = run([sys.executable, FOLLOW, page], tmp_path)
    assert outcome.code == 1
    assert "-" in outcome.output
    assert "app/api.py:6" in outcome.output
