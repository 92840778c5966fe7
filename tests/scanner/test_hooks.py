"""The table of methods that library classes call names classes that exist, and says what it means."""

from __future__ import annotations

import importlib
import sys
import tomllib
from importlib.resources import files

import pytest

_TABLE: dict[str, dict[str, list[str]]] = tomllib.loads(
    files("buttress_scanner.program").joinpath("hooks.toml").read_text(encoding="utf-8")
)
_STANDARD = [path for path in _TABLE if path.partition(".")[0] in sys.stdlib_module_names]


def _class(path: str) -> type:
    module, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, type)
    return found


@pytest.mark.parametrize("path", _STANDARD)
def test_a_listed_class_of_the_standard_library_exists(path: str) -> None:
    """What the table lists can be imported, and is a class."""
    assert _class(path).__module__.partition(".")[0].lstrip("_") in sys.stdlib_module_names | {"collections_abc"}


@pytest.mark.parametrize("path", _STANDARD)
def test_a_trigger_is_a_method_of_its_class(path: str) -> None:
    """A method that calls others is one that the class has."""
    triggers = [name for name in _TABLE[path] if name != "*"]
    assert [name for name in triggers if not callable(getattr(_class(path), name, None))] == []


@pytest.mark.parametrize("path", [p for p in _TABLE if _TABLE[p].get("*") is None])
def test_a_class_without_a_trigger_for_all_has_hooks(path: str) -> None:
    """A class that is listed for certain methods only says what they call."""
    assert all(_TABLE[path].values())
