"""A project with old findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scanner.adoption.support import FILES, Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The project, without Git."""
    project = Repository(tmp_path / "project")
    project.write(FILES)
    return project
