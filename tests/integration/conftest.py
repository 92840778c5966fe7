"""Fixtures that cost something, made once a run: a committed copy of the work tree and the distributions built from it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import ROOT, commit_all, copy_tree, init_repository, must, tracked_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user would clone: the work tree as it is now, committed."""
    copy = init_repository(copy_tree(tracked_files(), tmp_path_factory.mktemp("checkout")))
    assert commit_all(copy).code == 0
    return copy


@pytest.fixture(scope="session")
def distributions(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source distribution; the wheel is built from the latter, as an installer would."""
    target = tmp_path_factory.mktemp("dist")
    must([sys.executable, "-m", "build", "--no-isolation", "--outdir", target], checkout)
    return target


@pytest.fixture(scope="session")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pins of development without their hashes, for installers that resolve by themselves."""
    pinned = [line for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines() if line[:1].isalnum()]
    target = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    target.write_text("".join(line.removesuffix("\\").strip() + "\n" for line in pinned))
    return target
