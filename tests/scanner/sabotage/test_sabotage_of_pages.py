"""Every kind can fail: in each lawful example of its page its contracts are broken in memory, and none stays green."""

from __future__ import annotations

from pathlib import Path

import pytest

from buttress_scanner.config.load import load_configuration
from buttress_scanner.sabotage.run import Verdict, sabotage
from buttress_scanner.testing import CONFIGURATION, TODAY, Example, parse_page

PAGES = sorted((Path(__file__).parents[3] / "scanner/buttress_scanner/contracts").glob("*.md"))


def _lawful(page: Path) -> list[Example]:
    examples = parse_page(page.read_text(encoding="utf-8"), page.stem).examples
    return [example for example in examples if example.is_lawful and example.config is not None]


def _verdicts(example: Example, folder: Path) -> list[Verdict]:
    assert example.config is not None
    for path, text in {CONFIGURATION: example.config.text, **{file.path: file.text for file in example.files}}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [outcome.verdict for outcome in sabotage(load_configuration(folder / CONFIGURATION), today=TODAY)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_lawful_example_stays_green(page: Path, tmp_path: Path) -> None:
    """Whatever a kind knows to break is seen, and each kind knows to break something."""
    found = {e.name: _verdicts(e, tmp_path / str(number)) for number, e in enumerate(_lawful(page))}
    assert [name for name, verdicts in found.items() if Verdict.GREEN in verdicts] == []
    tried = [verdict is Verdict.RED for verdicts in found.values() for verdict in verdicts]
    assert sum(tried) > len(tried) / 2
