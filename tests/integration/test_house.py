"""The repository keeps its own rules: nothing of one machine in it, pinned tools, honest documentation."""

from __future__ import annotations

import re
import stat
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import CLEAN_PROJECT, ROOT, VIOLATION, copy_tree, run, tracked_files, write_tree

if TYPE_CHECKING:
    from pathlib import Path

# Written in pieces, so that this file does not name what it looks for.
FOREIGN = re.compile(
    "|".join(
        [
            r"pypi\." + r"org|pythonhosted\." + r"org|index-" + r"url\s*=|find-" + r"links\s*=",
            r"(?<![\w.])/(?:work|opt" + r"/pypi|opt" + r"/wheels)(?:/|\b)",
            r"(?<![\w.$}])/(?:root|home/\w+|Users/\w+)/",
            r"/\.pyenv" + r"/",
        ]
    )
)
PINNED = re.compile(r"[\w.-]+==\S+.*?--hash=sha256:[0-9a-f]{64}", re.DOTALL)
LOCK = "requirements/dev.txt"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def text_of(name: str) -> str:
    """Return the text of a file of the repository; what is no text cannot name anything."""
    return (ROOT / name).read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("name", tracked_files())
def test_no_file_names_a_machine_or_an_index(name: str) -> None:
    """What is in the repository holds everywhere: no host of a package index, no path of one machine."""
    found = [f"{number}: {line}" for number, line in enumerate(text_of(name).splitlines(), 1) if FOREIGN.search(line)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "https://pypi." + "org/simple",
        "--index-" + "url = x",
        "see /" + "work/notes.md",
        'open("/' + 'root/.cache")',
        "cd /home/" + "somebody/src",
        "/" + "opt/pypi/simple",
    ],
)
def test_guard_against_machines_can_fail(line: str) -> None:
    """Each sort of foreign name is recognised."""
    assert FOREIGN.search(line)


@pytest.mark.parametrize(
    "line", ["PurePosixPath('/')", "docs/work/index.md", "${HOME}/cache", "a homework/path", "https://example.org/work"]
)
def test_guard_against_machines_spares_the_harmless(line: str) -> None:
    """Words that merely look alike are no machine's paths."""
    assert not FOREIGN.search(line)


def unhashed(lock: str) -> list[str]:
    """Return the requirements of a lock file that are not pinned exactly, with at least one hash."""
    lines = [line for line in lock.splitlines() if line and not line.lstrip().startswith("#")]
    blocks = re.split(r"\n(?=\w)", "\n".join(lines))
    return [block.splitlines()[0] for block in blocks if not PINNED.match(block)]


def test_lock_pins_everything_with_hashes() -> None:
    """Every tool is pinned with hashes, and no line says where to get it."""
    lock = text_of(LOCK)
    assert unhashed(lock) == []
    assert [line for line in lock.splitlines() if line.startswith("-")] == []


@pytest.mark.parametrize(
    "line", ["left-pad>=1", "left-pad==1", "left-pad==1 \\\n    --hash=md5:00"], ids=["open", "bare", "weak"]
)
def test_lock_guard_can_fail(line: str) -> None:
    """A requirement without an exact pin and a strong hash is named."""
    assert unhashed(f"{text_of(LOCK)}\n{line}\n") == [line.splitlines()[0]]


def test_lock_covers_what_is_asked_for() -> None:
    """Dependencies, extras and tools are all in the lock: a new one without `make lock` is noticed."""
    project = PYPROJECT["project"]
    asked = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    asked += [line for line in text_of("requirements/dev.in").splitlines() if line and not line.startswith("#")]
    wanted = {re.split(r"[\s<>=!~\[;]", name)[0].lower().replace("_", "-") for name in asked}
    pinned = set(re.findall(r"^([\w.-]+)==", text_of(LOCK), re.MULTILINE))
    assert wanted <= pinned


def test_readme_sets_up_with_two_commands() -> None:
    """A newcomer types `make demo` and `make test`, and no other make command."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text_of("README.md"), re.MULTILINE | re.DOTALL)
    typed = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert [line for line in typed if line.startswith("make")] == ["make demo", "make test"]


def test_changelog_knows_the_version() -> None:
    """The version of the package has an entry in the changelog."""
    assert re.search(rf"^## \[{re.escape(PYPROJECT['project']['version'])}\]", text_of("CHANGELOG.md"), re.MULTILINE)


def test_every_ignored_lint_rule_has_a_reason() -> None:
    """All rules are on; whoever switches one off says why beside it."""
    section = text_of("pyproject.toml").partition("[tool.ruff.lint]\n")[2]
    entries = re.findall(r"^    \"[A-Z]+\d*\",(.*)$", section, re.MULTILINE)
    assert 'select = ["ALL"]' in section
    assert len(entries) > 10
    assert [entry for entry in entries if not re.match(r"\s+# \w.{10,}", entry)] == []


@pytest.mark.parametrize("name", [".ci/run", "scripts/scan_execution_violations.py", "scripts/check_docs.py"])
def test_scripts_can_be_run(name: str) -> None:
    """What is meant to be started is executable."""
    assert (ROOT / name).stat().st_mode & stat.S_IXUSR


def test_documentation_is_whole() -> None:
    """Links resolve, every page is reachable, and the reference names every kind."""
    outcome = run([sys.executable, ROOT / "scripts/check_docs.py"], ROOT)
    assert outcome.code == 0, outcome.output


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("docs/index.md", "\n[gone](gone.md)\n", "gone.md does not exist"),
        ("docs/index.md", "\n[nowhere](../README.md#no-such-heading)\n", "no heading of that name"),
        ("docs/index.md", "\n[out](../../outside.md)\n", "leads out of the repository"),
        ("docs/how-to/lonely.md", "# Lonely\n", "no link leads here"),
        ("pyproject.toml", "", "the kind new-kind is not listed"),
    ],
    ids=["missing-page", "missing-heading", "outside", "orphan", "unlisted-kind"],
)
def test_documentation_check_can_fail(name: str, text: str, complaint: str, tmp_path: Path) -> None:
    """Each sort of damage to the documentation is named with its page."""
    copy = copy_tree(tracked_files(), tmp_path)
    before = (copy / name).read_text() if (copy / name).exists() else ""
    if name == "pyproject.toml":
        table = '[project.entry-points."buttress.contracts"]\n'
        before = before.replace(table, f'{table}new-kind = "buttress_scanner.contracts.new_kind:NewKind"\n')
    write_tree(copy, {name: before + text})
    outcome = run([sys.executable, ROOT / "scripts/check_docs.py", copy], tmp_path)
    assert outcome.code == 1
    assert complaint in outcome.output


def test_make_says_what_is_missing(tmp_path: Path) -> None:
    """Where there is no suitable Python, the message says which is needed and how to name one."""
    copy = copy_tree(["Makefile", "pyproject.toml", "requirements/dev.txt"], tmp_path)
    outcome = run(["make", "PYTHON=", "lint"], copy)
    assert outcome.code != 0
    assert "needs Python 3.11 or newer" in outcome.output
    assert "make PYTHON=" in outcome.output


def test_scan_script_works_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    """The script checks the repository that holds it, not the folder it is called from (TR-31)."""
    outcome = run([sys.executable, checkout / "scripts/scan_execution_violations.py"], tmp_path)
    assert outcome.code == 0, outcome.output


def test_scan_script_turns_red(tmp_path: Path) -> None:
    """The exit code and the report of the scanner pass through it, with the arguments that it was given."""
    files = {**CLEAN_PROJECT, "app/api.py": VIOLATION}
    copy = write_tree(copy_tree(["scripts/scan_execution_violations.py"], tmp_path), files)
    outcome = run([sys.executable, copy / "scripts/scan_execution_violations.py", "--format", "concise"], ROOT)
    assert outcome.code == 1, outcome.output
    assert "app/api.py:6" in outcome.output
