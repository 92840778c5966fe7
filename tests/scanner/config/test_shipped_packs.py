"""Shipped packs: each is green on a project that keeps it, and red for each of its contracts when that is broken."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from buttress_scanner.config import packs
from buttress_scanner.testing import CONFIGURATION, Example, check_files, parse_page

CASES = Path(__file__).parents[1] / "cases"
PAGES = {
    "execution-governance": "packs_execution.md",
    "planning-session": "packs_planning.md",
    "pipeline-documents": "packs_pipeline.md",
}
REFERENCE = Path(__file__).parents[3] / "docs/reference/packs.md"
SHIPPED = Path(packs.__file__).parent / "packs"


def examples(pack: str) -> tuple[Example, ...]:
    """The projects that extend a pack."""
    return parse_page((CASES / PAGES[pack]).read_text("utf-8"), PAGES[pack]).examples


def data(pack: str) -> dict[str, object]:
    """What a pack holds."""
    return tomllib.loads((SHIPPED / f"{pack}.toml").read_text("utf-8"))


@pytest.mark.parametrize("pack", PAGES)
def test_every_contract_of_a_pack_is_seen_to_break(pack: str) -> None:
    """For each contract there is a project that breaks it; a contract that nothing breaks would be decoration."""
    contracts = data(pack)["contract"]
    assert isinstance(contracts, list)
    broken = {mark.contract for example in examples(pack) for mark in example.marks}
    assert broken == {contract["id"] for contract in contracts}


@pytest.mark.parametrize("pack", PAGES)
def test_a_kept_pack_judges_something_with_every_contract(pack: str) -> None:
    """In a project that keeps them, contracts of a pack are green because they looked, not because there was nothing to see."""
    for example in examples(pack):
        if example.is_lawful:
            assert example.config is not None
            report = check_files(example.config.text, {file.path: file.text for file in example.files})
            assert report.errors == ()
            assert [result.id for result in report.contracts if not result.judged] == []


def test_four_names_make_execution_checkable() -> None:
    """The governance of execution asks for four names, and for nothing else."""
    parameters = data("execution-governance")["parameters"]
    assert isinstance(parameters, dict)
    asked = [name for name, said in parameters.items() if "default" not in said and not said.get("optional")]
    assert asked == ["plugin-run", "runner", "runner-run", "record-metrics"]
    (first, *_) = examples("execution-governance")
    assert first.config is not None
    assert first.config.path == CONFIGURATION
    given = tomllib.loads(first.config.text)["packs"]["buttress:execution-governance"]
    assert list(given) == asked


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_reference_names_parameters_and_contracts(file: Path) -> None:
    """The reference of packs has a section for each, in which every parameter and every contract is named."""
    sections = dict(
        re.findall(r"^## `buttress:([a-z-]+)`\n(.*?)(?=^## |\Z)", REFERENCE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    )
    said = tomllib.loads(file.read_text("utf-8"))
    named = {*said["parameters"], *(contract["id"] for contract in said["contract"])}
    assert {name for name in named if f"`{name}`" not in sections[file.stem]} == set()
