"""The recipes of the guides, run as they are written."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from buttress_scanner.findings.baseline import parse
from tests.scanner.adoption.support import FILES, Repository, environment

if TYPE_CHECKING:
    import subprocess

DOCS = Path(__file__).parents[3] / "docs/how-to"
MORE = "\n\ndef more(plugin: Plugin) -> str:\n    return plugin.run('b')\n"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


@pytest.fixture
def clone(tmp_path: Path) -> Repository:
    """A clone of a project with old findings, on a branch of its own; `buttress` is on the path."""
    origin = Repository(tmp_path / "origin")
    origin.write(FILES)
    origin.commit("old sins")
    origin.git("clone", "-q", ".", str(tmp_path / "clone"))
    project = Repository(tmp_path / "clone")
    project.git("checkout", "-q", "-b", "work")
    command = tmp_path / "bin/buttress"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -c "from buttress_scanner.cli.main import main; main()" "$@"\n')
    command.chmod(0o755)
    return project


def shell(project: Repository, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a project."""
    import subprocess

    path = f"{project.folder.parent / 'bin'}:{environment()['PATH']}"
    return subprocess.run(
        ["sh", "-eu"],
        cwd=project.folder,
        env={**environment(), **variables, "PATH": path},
        input=script,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(("more", "code"), [("", 0), (MORE, 1)], ids=["nothing new", "something new"])
def test_the_shell_recipe(clone: Repository, more: str, code: int) -> None:
    """The gate on what is new: its exit code, its words, its reports."""
    (script,) = (block for block in blocks("ci.md", "sh") if block.startswith("#!/bin/sh"))
    (clone.folder / "reports").mkdir()
    clone.write({"app/old.py": clone.read("app/old.py") + more})
    done = shell(clone, script.replace("set -u", "set +e -u"))
    assert done.returncode == code, done.stderr
    assert ("contracts kept", "contracts broken")[code] in done.stdout
    (report,) = (clone.folder / "reports").iterdir()
    assert json.loads(report.read_text())["diff"]["old"] == 4
    assert (clone.folder / "buttress.html").read_text().startswith("<!")


@pytest.mark.parametrize(("since", "code"), [("", 1), ("HEAD", 0)], ids=["a branch", "a merge request"])
def test_the_gitlab_recipe(clone: Repository, since: str, code: int) -> None:
    """Everything counts on a branch, what is new in a merge request; both reports are written."""
    (job,) = (yaml.safe_load(block) for block in blocks("ci.md", "yaml") if "GIT_DEPTH" in block)
    script = "\n".join(line for line in job["contracts"]["script"] if not line.startswith("pip "))
    revision = clone.git("rev-parse", since).strip() if since else ""
    done = shell(clone, script, GITLAB_CI="true", CI="true", CI_MERGE_REQUEST_DIFF_BASE_SHA=revision)
    assert done.returncode == code, done.stdout + done.stderr
    reports = job["contracts"]["artifacts"]["reports"]
    assert len(json.loads((clone.folder / reports["codequality"]).read_text())) == (0 if since else 4)
    assert "<testsuite" in (clone.folder / reports["junit"]).read_text()


def test_the_guide_of_adoption(clone: Repository) -> None:
    """The commands of the guide, one after another, do what stands beside them."""
    first, gate, prune, diff = blocks("adopt.md", "sh")
    assert shell(clone, first.replace("buttress check ", "buttress check || true ", 1)).returncode == 0
    assert len(parse(clone.read("buttress.baseline").encode())) == 4
    assert shell(clone, gate).returncode == 0
    clone.change("app/old.py", 'plugin.run("a")', '"a"')
    assert shell(clone, gate).returncode == 1
    assert shell(clone, prune).stdout == "buttress.baseline: 1 gone, 3 entries left\n"
    assert shell(clone, gate).returncode == 0
    clone.write(
        {
            "app/old.py": clone.read("app/old.py") + MORE,
            ".gitattributes": next(block for block in blocks("adopt.md", "") if "merge=" in block),
        }
    )
    assert shell(clone, gate).returncode == shell(clone, diff).returncode == 1
    assert "buttress.baseline: merge: union" in clone.git("check-attr", "merge", "buttress.baseline")


def test_the_hook_of_the_guide(clone: Repository) -> None:
    """The three lines are a hook that refuses a staged violation."""
    (hook,) = blocks("pre-commit.md", "sh")
    clone.write({"app/old.py": clone.read("app/old.py") + MORE})
    assert shell(clone, hook).returncode == 0
    clone.git("add", "app/old.py")
    assert shell(clone, hook).returncode == 1
