"""Run the command line as users do: as a process, in a folder of its own, with a package that offers kinds of contracts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("guard_plugins", Path(__file__).parents[1] / "config/plugins.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_PLUGINS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_PLUGINS)

CONFIGURATION = """
[[contract]]
id = "no-old"
kind = "no-module"
forbid = "app.old"
because = "It was replaced."
source = "docs/rules.md"

[[contract]]
id = "no-older"
kind = "no-module"
forbid = ["app.older"]
because = "Likewise."
"""


@dataclass(frozen=True)
class Project:
    """A scratch project and the command in it."""

    folder: Path
    site: Path

    def write(self, path: str, text: str = "x = 1\n") -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def run(self, *arguments: str, cwd: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command; standard output and error are kept apart."""
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join(filter(None, [str(self.site), inherited]))
        environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", **variables}
        code = "import sys; from buttress_scanner.cli.main import main; sys.argv[0] = 'buttress'; main()"
        command = [sys.executable, "-P", "-c", code, *arguments]  # -P: as for an installed script, the folder is not on the path
        return subprocess.run(
            command, cwd=self.folder / cwd, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=60
        )

    def git(self, *arguments: str) -> None:
        command = ["git", "-C", str(self.folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with kinds of another distribution."""
    folder: Path = _PLUGINS.install(tmp_path_factory.mktemp("site"))
    return folder


@pytest.fixture
def project(tmp_path: Path, site: Path) -> Project:
    """A project with two contracts that keeps both."""
    project = Project(tmp_path / "project", site)
    project.write("buttress.toml", CONFIGURATION)
    project.write("app/__init__.py", "")
    project.write("app/new.py")
    return project
