"""A package with kinds and packs of its own, for all tests of the configuration."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.config import packs
from buttress_scanner.contracts import loader

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPEC = importlib.util.spec_from_file_location("guard_plugins", Path(__file__).with_name("plugins.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_PLUGINS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_PLUGINS)


def _forget() -> None:
    loader.load_kind.cache_clear()
    loader._foreign.cache_clear()
    packs._foreign.cache_clear()


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with a package that offers kinds and packs."""
    folder: Path = _PLUGINS.install(tmp_path_factory.mktemp("site"))
    monkeypatch.syspath_prepend(str(folder))
    _forget()
    yield folder
    _forget()
