"""What another tool holds to be non-deterministic has an effect here, or a reason why not."""

from __future__ import annotations

import importlib
import inspect
import tomllib
from pathlib import Path

import pytest

from buttress_scanner.program.catalogue import Catalogue

CATALOGUE = Catalogue.load()
LISTED = tomllib.loads(Path(__file__).with_name("sandbox.toml").read_text(encoding="utf-8"))
REASONS = {path: reason for reason, paths in LISTED["pure"].items() for path in paths}
MEMBERS = [f"{owner}.{name}" for owner, names in LISTED["members"].items() for name in names]
MODULES: list[str] = LISTED["modules"]["names"]
#: Packages under whose name a module of the library shows what others define.
HOMES = {"os": ("os", "posix", "nt"), "os.path": ("os", "posixpath", "ntpath", "genericpath", "posix", "nt")}


def has_effect(path: str) -> bool:
    """Say whether a function, a construction, or some method of a class has an effect."""
    entry = CATALOGUE.entry(path)
    return entry is not None and (bool(entry.effects) or CATALOGUE.has_deeds(path))


def callables(module: str) -> list[str]:
    """List the public functions and classes of a module, exceptions and what it borrows from elsewhere apart."""
    try:
        loaded = importlib.import_module(module)
    except ImportError:  # of another platform or build
        return []
    homes = HOMES.get(module, (module.partition(".")[0],))
    return [
        f"{module}.{name}"
        for name, value in sorted(vars(loaded).items())
        if not name.startswith("_")
        and callable(value)
        and not (inspect.isclass(value) and issubclass(value, BaseException))
        and (getattr(value, "__module__", None) or module).lstrip("_").partition(".")[0] in homes
    ]


@pytest.mark.parametrize("path", MEMBERS)
def test_each_member_has_an_effect_or_a_reason(path: str) -> None:
    """A member that is listed by its name is decided to be a deed, or stands among the reasons, not both."""
    assert CATALOGUE.entry(path) is not None
    assert has_effect(path) != (path in REASONS)


@pytest.mark.parametrize("module", MODULES)
def test_each_module_has_effects_or_reasons(module: str) -> None:
    """Of a module that is listed as a whole every function and class is decided to be a deed, or stands among the reasons."""
    assert [path for path in callables(module) if not has_effect(path) and path not in REASONS] == []


def test_no_reason_is_idle() -> None:
    """A reason is given only for what is listed, and only where the catalogue says that there is no effect."""
    listed = {*MEMBERS, *(path for path in REASONS if path.rpartition(".")[0] in MODULES)}
    assert sorted(REASONS.keys() - listed) == []
    assert [path for path in REASONS if has_effect(path)] == []


def test_the_modules_are_there() -> None:
    """The check has something to look at."""
    assert len(MEMBERS) > 80
    assert sum(len(callables(module)) for module in MODULES) > 800


def test_a_missing_effect_is_found() -> None:
    """The check can fail: a harmless function of the library is neither a deed nor among the reasons."""
    assert not has_effect("textwrap.dedent")
    assert "textwrap.dedent" not in REASONS
