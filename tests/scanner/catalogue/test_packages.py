"""What is decided about packages from outside the standard library exists in them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from buttress_scanner.program import catalogue
from tests.scanner.catalogue import packages

DATA = Path(catalogue.__file__).with_name("effects")
CATALOGUE = catalogue.Catalogue.load()
INDEX = tomllib.loads((DATA / "index.toml").read_text(encoding="utf-8"))
VIRTUAL = {
    path for path, why in tomllib.loads((DATA / "availability.toml").read_text(encoding="utf-8")).items() if why == "virtual"
}
RELEASES = tomllib.loads(Path(__file__).with_name("packages.toml").read_text(encoding="utf-8"))
DECIDED = {name for file, names in INDEX["files"].items() if file.startswith("packages_") for name in names}

INSTALLED = sorted(name for name in DECIDED if importlib.util.find_spec(name) is not None)


def _is_virtual(path: str) -> bool:
    """Say whether a path, or something above it, stands for a result that has no name."""
    parts = path.split(".")
    return any(".".join(parts[:length]) in VIRTUAL for length in range(1, len(parts) + 1))


def named(package: str) -> list[str]:
    """List the paths that the data names in a package: tables, their members, and the left side of aliases."""
    paths = [old for old in INDEX["aliases"] if old.partition(".")[0] == package]
    for table, members in CATALOGUE.tables():
        if table.partition(".")[0] == package:
            is_class = CATALOGUE.entry(table) is not None
            paths.append(table)
            # What instances hold is not to be seen at the class, and what a class may compute neither.
            paths += [
                f"{table}.{name}"
                for name, entry in members.items()
                if not name.endswith("*") and not (is_class and (entry.kind == "value" or name == "__getattr__"))
            ]
    return [path for path in paths if not _is_virtual(path)]


def arguments(package: str) -> list[tuple[str, bool, list[int | str]]]:
    """List the functions of a package with the arguments that the data speaks of, and whether they stand in a class."""
    found = []
    for table, members in CATALOGUE.tables():
        if table.partition(".")[0] == package and not _is_virtual(table):
            is_class = CATALOGUE.entry(table) is not None
            for name, entry in members.items():
                groups = (entry.unless, entry.calls, entry.calls_later, entry.writes, entry.mutates, entry.iterates, entry.opens)
                spoken = [argument for group in groups for argument in group if argument != "self"]
                if spoken:
                    path = table if name == "__init__" else f"{table}.{name}"
                    found.append((path, is_class and name != "__init__", spoken))
    return found


def misfits(paths: list[str], calls: list[tuple[str, bool, list[int | str]]]) -> list[str]:
    """Ask a process of its own what does not exist, or takes other arguments: importing a package changes the process."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", packages.__file__],
        input=json.dumps({"paths": paths, "arguments": calls}).encode(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    found: list[str] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_every_package_has_a_release() -> None:
    """For each package that is decided it is written down against which release, and no other."""
    assert set(RELEASES) == DECIDED
    assert len(DECIDED) >= 30


@pytest.mark.parametrize("package", sorted(DECIDED))
def test_packages_are_decided_to_some_purpose(package: str) -> None:
    """The tables of a package are found under its name, and name something of it."""
    assert CATALOGUE.knows_module(package)
    assert [table for table, _ in CATALOGUE.tables() if table.partition(".")[0] == package] != []


@pytest.mark.parametrize("package", INSTALLED)
def test_what_is_named_exists(package: str) -> None:
    """No name is misspelt and no argument misplaced, in the packages that are installed here."""
    assert misfits(named(package), arguments(package)) == []


def test_some_packages_are_installed() -> None:
    """The check above has something to look at: what the scanner itself needs is always there."""
    assert {"pydantic", "typer", "pytest"} <= set(INSTALLED)


def test_a_misspelt_name_is_found() -> None:
    """The check can fail: names that are nearly right do not exist, and arguments that nobody takes do not fit."""
    names = ["pydantic.BaseModel", "pydantic.BaseModle", "pydantic.BaseModel.model_dumb"]
    calls: list[tuple[str, bool, list[int | str]]] = [
        ("pytest.fixture", False, [0, 1, "fixture_function", "fixture_funktion"]),
        ("pydantic.BaseModel.model_copy", True, [0, "deep", "depe"]),
    ]
    assert misfits(names, calls) == [
        "pydantic.BaseModle",
        "pydantic.BaseModel.model_dumb",
        "pytest.fixture: 1",
        "pytest.fixture: fixture_funktion",
        "pydantic.BaseModel.model_copy: 0",
        "pydantic.BaseModel.model_copy: depe",
    ]
