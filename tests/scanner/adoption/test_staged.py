"""``--changed``: what is judged is the index, not what lies on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.scanner.adoption.support import CONFIGURATION, FILES, Repository, environment

if TYPE_CHECKING:
    from pathlib import Path

WEB = """\
from app.plugins import Plugin


def first(plugin: Plugin) -> str:
    return "a"


LINES = [
    "these",
    "lines",
    "keep",
    "two",
    "hunks",
    "apart",
]


def second(plugin: Plugin) -> str:
    return "b"
"""
IN_FIRST = WEB.replace('return "a"', 'return plugin.run("a")')
IN_SECOND = WEB.replace('return "b"', 'return plugin.run("b")')
IN_BOTH = IN_FIRST.replace('return "b"', 'return plugin.run("b")')
COMMAND = f'"{sys.executable}" -P -c "from buttress_scanner.cli.main import main; main()"'
HOOK = f"#!/bin/sh\nexec {COMMAND} check --changed --format concise\n"


@pytest.fixture
def clean(tmp_path: Path) -> Repository:
    """A committed project that keeps its contracts."""
    project = Repository(tmp_path / "project")
    project.write({path: text for path, text in FILES.items() if path not in {"app/old.py", "app/plan.py"}})
    project.write({"app/web.py": WEB, "app/plan.py": "LIMIT = 1\n\n\ndef make() -> int:\n    return LIMIT\n"})
    project.commit()
    return project


def changed(project: Repository, *options: str) -> tuple[int, list[tuple[str, int]]]:
    """Exit code, and place of each finding."""
    done = project.run("check", "--changed", "--format", "json", *options)
    document = json.loads(done.stdout)
    return done.returncode, [(finding["path"], finding["line"]) for finding in document["findings"] if not finding["suppressed"]]


def stage_hunk(project: Repository, path: str, hunk: str) -> None:
    """Stage one hunk of a file, as ``git add --patch`` does for who answers ``y`` to it and ``n`` to the others."""
    answers = "".join("y\n" if each == hunk else "n\n" for each in ("first", "second"))
    project.git("-c", "interactive.singleKey=false", "add", "--patch", path, given=answers)
    assert project.git("diff", "--name-only") == f"{path}\n"


@pytest.mark.parametrize(("hunk", "line"), [("first", 5), ("second", 19)])
def test_only_the_staged_hunk_is_judged(clean: Repository, hunk: str, line: int) -> None:
    """Of two violations in a file the staged one is found, at its line in the index."""
    clean.write({"app/web.py": IN_BOTH})
    stage_hunk(clean, "app/web.py", hunk)
    assert changed(clean) == (1, [("app/web.py", line)])


STATES = {
    "staged clean, broken on disk": (WEB + "\n", IN_BOTH, []),
    "staged broken, clean on disk": (IN_FIRST, WEB, [("app/web.py", 5)]),
    "staged broken, repaired in part on disk": (IN_BOTH, IN_SECOND, [("app/web.py", 5), ("app/web.py", 19)]),
    "staged broken, gone from disk": (IN_FIRST, None, [("app/web.py", 5)]),
    "staged broken, no Python on disk": (IN_FIRST, "x = (\n", [("app/web.py", 5)]),
    "lines above on disk only": (IN_FIRST, "import os\n\n" + IN_FIRST, [("app/web.py", 5)]),
}


@pytest.mark.parametrize(("staged", "on_disk", "expected"), STATES.values(), ids=STATES)
def test_what_is_staged_counts(clean: Repository, staged: str, on_disk: str | None, expected: list[tuple[str, int]]) -> None:
    """Whatever lies on disk, the verdict is that of the commit to be."""
    clean.write({"app/web.py": staged})
    clean.git("add", "app/web.py")
    clean.write({"app/web.py": on_disk})
    assert changed(clean) == (int(bool(expected)), expected)


def test_other_files_are_read_from_the_index_too(clean: Repository) -> None:
    """A helper that is changed on disk and not staged is as it was."""
    clean.write({"app/plan.py": "from app import times\n\n\ndef make() -> float:\n    return times.now()\n"})
    clean.git("add", "app/plan.py")
    clean.write({"app/times.py": "def now() -> float:\n    return 1.0\n"})
    assert changed(clean) == (1, [("app/plan.py", 5)])
    clean.git("add", "app/times.py")
    assert changed(clean) == (0, [])


def test_files_that_are_not_staged_are_no_part_of_it(clean: Repository) -> None:
    """An untracked file neither breaks a contract nor keeps one."""
    clean.write({"app/new.py": IN_FIRST, "app/web.py": WEB + "\nMORE = 1\n"})
    clean.git("add", "app/web.py")
    assert changed(clean) == (0, [])
    clean.git("add", "app/new.py")
    clean.write({"app/new.py": None})
    assert changed(clean) == (1, [("app/new.py", 5)])


def test_a_subject_that_is_staged_for_removal_is_missed(clean: Repository) -> None:
    """Nothing of it need be staged with content."""
    clean.git("rm", "-q", "--cached", "app/plugins.py")
    done = clean.run("check", "--changed")
    assert done.returncode == 2
    assert "vacuous" in done.stdout


def test_the_staged_configuration_holds(clean: Repository) -> None:
    """Contracts are taken from the index as well, and concern all code when they change."""
    clean.write({"app/web.py": IN_FIRST})
    clean.commit("old sin")
    wider = CONFIGURATION.replace('only = ["app.runner"]', 'only = ["app.runner", "app.web"]')
    clean.write({"buttress.toml": wider})
    assert changed(clean) == (0, [])  # nothing is staged, so nothing is touched
    clean.git("add", "buttress.toml")
    clean.write({"buttress.toml": CONFIGURATION})
    assert changed(clean) == (0, [])
    clean.git("add", "buttress.toml")
    clean.write({"buttress.toml": CONFIGURATION + "\n# told otherwise\n"})
    clean.git("add", "buttress.toml")
    clean.write({"buttress.toml": wider})
    assert changed(clean) == (1, [("app/web.py", 5)])


def test_the_staged_baseline_holds(clean: Repository) -> None:
    """An entry that is taken out in the index is missing there, and the baseline concerns all code."""
    clean.write({"app/web.py": IN_FIRST})
    assert clean.run("baseline", "write").returncode == 0
    clean.commit("old sin")
    known = clean.read("buttress.baseline")
    clean.write({"buttress.baseline": "# buttress baseline, version 1\n"})
    assert changed(clean) == (0, [])
    clean.git("add", "buttress.baseline")
    clean.write({"buttress.baseline": known})
    assert changed(clean) == (1, [("app/web.py", 5)])


def test_code_is_shown_as_it_is_staged(clean: Repository) -> None:
    """The frame holds the line that is found, not the one on disk."""
    clean.write({"app/web.py": IN_FIRST})
    clean.git("add", "app/web.py")
    clean.write({"app/web.py": "# something\n# else\n# here\n# now\n# instead\n"})
    shown = clean.run("check", "--changed").stdout
    assert '5 |     return plugin.run("a")' in shown
    assert "instead" not in shown


def test_with_a_revision(clean: Repository) -> None:
    """What is staged can be compared, too: the old finding in a file that is staged as renamed is not new."""
    clean.write({"app/web.py": IN_FIRST})
    clean.commit("old sin")
    clean.git("mv", "app/web.py", "app/page.py")
    assert changed(clean) == (1, [("app/page.py", 5)])
    assert changed(clean, "--diff", "HEAD") == (0, [])


# --- hooks


def commit(project: Repository, *options: str) -> tuple[int, str]:
    """Commit with whatever hook there is."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(project.folder), *identity, "commit", "-m", "change", *options]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=environment())
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def hooked(clean: Repository) -> Repository:
    """The project with a plain Git hook."""
    hook = clean.folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    return clean


def test_a_plain_hook_judges_the_staged_part(hooked: Repository) -> None:
    """Nothing is put aside, and still the other hunk neither blocks nor saves the commit."""
    hooked.write({"app/web.py": IN_SECOND.replace('return "a"', 'return "A"')})
    stage_hunk(hooked, "app/web.py", "first")
    assert commit(hooked)[0] == 0
    hooked.write({"app/web.py": hooked.read("app/web.py").replace('return "A"', 'return "AA"')})
    stage_hunk(hooked, "app/web.py", "second")
    code, said = commit(hooked)
    assert (code, "app/web.py:19:12: [one-path]" in said) == (1, True)


@pytest.mark.parametrize("options", [["--all"], ["--", "app/web.py"]], ids=["all", "named"])
def test_a_commit_that_stages_by_itself(hooked: Repository, options: list[str]) -> None:
    """Git makes an index for such a commit, and that one is judged."""
    hooked.write({"app/web.py": IN_FIRST})
    code, said = commit(hooked, *options)
    assert (code, "app/web.py:5:12: [one-path]" in said) == (1, True)
    hooked.write({"app/web.py": WEB + "\nMORE = 1\n"})
    assert commit(hooked, *options)[0] == 0


def test_a_linked_work_tree(hooked: Repository) -> None:
    """Its index lies elsewhere, and so does the one of a commit that stages by itself."""
    linked = Repository(hooked.folder.parent / "linked")
    hooked.git("worktree", "add", "-q", "-b", "side", str(linked.folder))
    linked.write({"app/web.py": IN_FIRST})
    code, said = commit(linked, "--all")
    assert (code, "app/web.py:5:12: [one-path]" in said) == (1, True)
    linked.git("add", "app/web.py")
    linked.write({"app/web.py": WEB})
    assert commit(linked)[0] == 1
