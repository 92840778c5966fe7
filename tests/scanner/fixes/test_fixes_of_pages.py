"""Laws of repairs, over every example of the pages of kinds that offer some: a repair helps, harms nothing, and is done once."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.config.load import load_configuration
from buttress_scanner.fixes.run import fix
from buttress_scanner.source.tree import Overlay, WorkTree
from buttress_scanner.testing import CONFIGURATION, TODAY, Example, parse_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.fixes.run import Fixed

PAGES = Path(__file__).parents[3] / "scanner/buttress_scanner/contracts"
KINDS = ("signature", "finally_obligation", "immutability", "import_layers", "forbidden_imports", "protected_modules")


def _examples() -> Iterator[Example]:
    for kind in KINDS:
        path = PAGES / f"{kind}.md"
        yield from parse_page(path.read_text(encoding="utf-8"), kind).examples


EXAMPLES = [example for example in _examples() if not example.is_lawful]


@pytest.fixture(scope="module")
def repaired() -> set[str]:
    """The kinds of which something was repaired."""
    return set()


def _fixed(folder: Path, *, unsafe: bool, changes: dict[str, bytes] | None = None) -> Fixed:
    tree = Overlay(WorkTree(folder), dict(changes or {}))
    return fix(load_configuration(folder / CONFIGURATION), today=TODAY, unsafe=unsafe, tree=tree)


def _open(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter((f.contract, f.symbol, f.sink) for f in report.open_findings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_repairs_help_and_harm_nothing(example: Example, tmp_path: Path, repaired: set[str]) -> None:
    """What is repaired is gone with nothing in its place, the files are Python, and a second run has nothing to do."""
    assert example.config is not None
    for path, text in {CONFIGURATION: example.config.text, **{file.path: file.text for file in example.files}}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = _fixed(tmp_path, unsafe=True)
    done = Counter((each.finding.contract, each.finding.symbol, each.finding.sink) for each in found.applied)
    before, after = _open(found.before), _open(found.after)
    assert not after - before
    assert before - after == done
    for path, data in found.changes.items():
        ast.parse(data)
        assert (tmp_path / path).read_bytes() != data
    again = _fixed(tmp_path, unsafe=True, changes=dict(found.changes))
    assert not again.applied
    assert not again.changes
    repaired.update(each.finding.kind for each in found.applied)


def test_something_was_repaired(repaired: set[str]) -> None:
    """The laws above hold for something: examples of several kinds can be repaired."""
    assert len(repaired) >= 3, repaired
