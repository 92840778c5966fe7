"""Packs: shared contracts with parameters."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from buttress_scanner.config import packs
from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.config.load import load_configuration

SHIPPED = sorted((Path(packs.__file__).parent / "packs").glob("*.toml"))


@pytest.mark.usefixtures("site")
def test_a_pack_of_another_package_is_filled_in(tmp_path: Path) -> None:
    """Lists are spliced, text is interpolated, what mentions an absent optional parameter is left out."""
    (tmp_path / "buttress.toml").write_text('\nextends = ["guard:house"]\n[packs."guard:house"]\nunwanted = ["a", "b"]\n')
    loaded = load_configuration(tmp_path)
    (contract,) = loaded.configuration.contract
    assert contract.model_dump(include={"id", "forbid", "zone", "because"}) == {
        "id": "house-rule",
        "forbid": ("fixed", "a", "b"),
        "zone": ("@house",),
        "because": "Not in this house: a, b.",
    }
    assert loaded.lines == {"house-rule": 2}
    assert loaded.zones == {"house": ("app.**",)}


@pytest.mark.usefixtures("site")
def test_an_optional_parameter_adds_its_contracts(tmp_path: Path) -> None:
    """What was left out comes in with a value."""
    (tmp_path / "buttress.toml").write_text(
        'extends = "guard:house"\n[packs."guard:house"]\nunwanted = "a"\nextra = "tools.**"\n'
    )
    loaded = load_configuration(tmp_path)
    assert [contract.id for contract in loaded.configuration.contract] == ["house-rule", "house-extra"]
    assert loaded.zones["more"] == ("tools.**",)


@pytest.mark.usefixtures("site")
def test_a_project_may_keep_packs_in_files_of_its_own(tmp_path: Path) -> None:
    """A path to a TOML file is a pack as well."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/house.toml").write_text('[[contract]]\nid = "x"\nkind = "no-module"\nforbid = "y"\nbecause = "z"\n')
    (tmp_path / "buttress.toml").write_text('extends = ["rules/house.toml"]\n')
    assert load_configuration(tmp_path).lines == {"x": 1}


WRONG = {
    "an unknown shipped pack": (
        'extends = ["buttress:determinsm"]',
        [(1, "there is no pack 'buttress:determinsm'; did you mean 'buttress:determinism'?")],
    ),
    "an unknown pack": ('extends = ["guard:hose"]', [(1, "there is no pack 'guard:hose'; did you mean 'guard:house'?")]),
    "a parameter without a value": (
        'roots=[]\nextends = ["guard:house"]',
        [(2, "the pack 'guard:house' needs a value for its parameter 'unwanted'")],
    ),
    "an unknown parameter": (
        'extends = ["guard:house"]\n[packs."guard:house"]\nunwanted = "a"\nextr = "b"',
        [(4, "the pack 'guard:house' has no parameter 'extr'; did you mean 'extra'?")],
    ),
    "parameters for a pack that is not extended": (
        'extends = []\n[packs."guard:house"]\nunwanted = "a"',
        [(2, "the pack 'guard:house' has parameters here but is not extended")],
    ),
    "a contract that the values make wrong": (
        'extends = ["guard:house"]\n[packs."guard:house"]\nunwanted = 3',
        [(1, "in the pack 'guard:house': `forbid` must be a string")],
    ),
    "an id that the project has itself": (
        (
            '[[contract]]\nid = "house-rule"\nkind = "no-module"\nforbid = "x"\nbecause = "y"\n'
            '[packs."guard:house"]\nunwanted = "a"\n'
        ),
        [(1, "in the pack 'guard:house': a second contract has the id 'house-rule'; the first is at line 2")],
    ),
    "a file that is missing": (
        'extends = ["rules.toml"]',
        [(1, "the pack 'rules.toml' cannot be read: No such file or directory")],
    ),
    "a file with an unknown key": (
        'extends = ["odd.toml"]',
        [(1, "the pack 'odd.toml' has an unknown key 'zone'; did you mean 'zones'?")],
    ),
    "a file that is no TOML": (
        'extends = ["bad.toml"]',
        [(1, "the pack 'bad.toml' is broken at line 2: the file is not valid TOML: Invalid value")],
    ),
}


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_says_what_is_wrong_with_the_use_of_a_pack(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    """Problems of packs stand where the project names the pack or its parameter."""
    if "house-rule" in text:
        text = 'extends = ["guard:house"]\n' + text
    (tmp_path / "odd.toml").write_text("zone = 1\n")
    (tmp_path / "bad.toml").write_text("\na = \n")
    (tmp_path / "buttress.toml").write_text(text + "\n")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == expected


@pytest.mark.usefixtures("site")
def test_a_pack_that_its_package_does_not_hold(tmp_path: Path) -> None:
    """The package is named."""
    (tmp_path / "buttress.toml").write_text('extends = "guard:gone"\n')
    with pytest.raises(ConfigurationError, match="the package guard-kinds offers the pack 'guard:gone'"):
        load_configuration(tmp_path)


@pytest.mark.parametrize("file", SHIPPED, ids=[file.stem for file in SHIPPED])
def test_shipped_packs_use_what_they_declare(file: Path) -> None:
    """Every placeholder has a parameter, every parameter is used and described, every contract says why."""
    data = tomllib.loads(file.read_text("utf-8"))
    used = packs._mentions(data.get("zones")) | packs._mentions(data["contract"])
    assert used == set(data["parameters"])
    assert all(parameter["description"] for parameter in data["parameters"].values())
    assert all(contract["because"].endswith(".") for contract in data["contract"])
