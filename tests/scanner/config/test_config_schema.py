"""The JSON Schema agrees with what the loader accepts."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest

from buttress_scanner.config.schema import json_schema
from buttress_scanner.contracts import loader

GOOD = """
roots = "src"
extends = ["buttress:determinism"]
max-file-size = 5
exempt = [{ path = "x", reason = "y" }]
[packs."buttress:determinism"]
zone = ["a"]
[zones]
a = "app.**"
[[contract]]
id = "a"
kind = "no-module"
because = "x"
forbid = ["m"]
severity = "note"
"""


@pytest.fixture
def validator(
    site: object, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> jsonschema.Draft202012Validator:
    """The schema over the kinds that load."""
    from pathlib import Path

    assert isinstance(site, Path)
    entry_points = site / "guard_kinds-1.0.dist-info/entry_points.txt"
    entry_points.write_text("[buttress.contracts]\nno-module = guard_kinds:NoModule\n")
    loader._foreign.cache_clear()
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_accepts_a_rich_configuration(validator: jsonschema.Draft202012Validator) -> None:
    """Single values stand for lists, as in the loader."""
    assert [error.message for error in validator.iter_errors(tomllib.loads(GOOD))] == []


@pytest.mark.parametrize(
    "change",
    [
        ('"src"', "3"),
        ("roots", "rots"),
        ('"no-module"', '"no-modul"'),
        ("forbid", "forbids"),
        ('because = "x"', ""),
        ('"note"', '"notes"'),
        ("reason", "why"),
    ],
    ids=["type", "key", "kind", "field", "required", "member", "nested"],
)
def test_refuses_what_the_loader_refuses(validator: jsonschema.Draft202012Validator, change: tuple[str, str]) -> None:
    """An editor shows the mistakes that a check would."""
    assert list(validator.iter_errors(tomllib.loads(GOOD.replace(*change))))


@pytest.mark.usefixtures("site")
def test_a_broken_package_is_named() -> None:
    """The schema is not silently incomplete."""
    with pytest.raises(loader.KindError, match="the package guard-kinds offers the contract kind"):
        json_schema()


@pytest.mark.usefixtures("site")
def test_two_packages_with_one_kind_are_both_named(site: object) -> None:
    """Which of them a project gets must not depend on the order of installation."""
    from pathlib import Path

    assert isinstance(site, Path)
    other = site / "other_kinds-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-kinds\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[buttress.contracts]\nno-module = guard_kinds:NoModule\n")
    loader._foreign.cache_clear()
    with pytest.raises(loader.KindError, match="offered by the packages guard-kinds and other-kinds"):
        loader.load_kind("no-module")
