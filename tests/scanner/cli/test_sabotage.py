"""``buttress sabotage``: contracts that can fail turn red, contracts that guard nothing are named, and no file changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project

ROOT = Path(__file__).parents[3]
COMMAND = "from buttress_scanner.cli.main import main; main()"
GOVERNED = ROOT / "examples/governed_app"

FILES = {
    "app/base.py": "class Plugin:\n    def run(self) -> None:\n        pass\n",
    "app/runner.py": "from app.base import Plugin\n\n\ndef go(plugin: Plugin) -> None:\n    plugin.run()\n",
    "app/states.py": "from enum import Enum\n\n\nclass State(Enum):\n    NEW = 1\n    DONE = 2\n",
    "app/one_line.py": "def size(text: str) -> int: return len(text)\n",
}
CHOKE = 'kind = "choke-point"\nprotect = "app.base:Plugin.run"\n'
EFFECTS = ["clock", "random", "thread", "async", "env", "log", "unordered", "global-state"]
EFFECTS += ["io", "io.file", "io.network", "io.process", "io.console", "io.database"]
CASES = {
    "one place runs it": (f'{CHOKE}only = "app.runner"', "red"),
    "everybody may run it": (f'{CHOKE}only = "**"', "green"),
    "nobody is judged": (f'{CHOKE}only = "app.runner"\nexempt = {{ path = "*.py", reason = "all" }}', "untried"),
    "only other members": ('kind = "enum-zone"\nenum = "app.states:State"\nzone = "app.runner"\nforbid = "NEW"', "red"),
    "all members that there are": (
        'kind = "enum-zone"\nenum = "app.states:State"\nzone = "app.runner"\nallow = ["NEW", "DONE"]',
        "red",
    ),
    "a function in one line": (
        'kind = "signature"\nfunction = "app.one_line:size"\nparams = ["text: str"]\nreturns = "int"',
        "red",
    ),
    "all effects": (
        f'kind = "effect-purity"\nzone = "app.states"\nforbid = {json.dumps(EFFECTS)}',
        "red",
    ),
    "layers": ('kind = "import-layers"\nlayers = ["app.runner", "app.base"]', "red"),
    "in use": ('kind = "wired"\nsymbols = ["app.runner:go", "app.base:Plugin.run"]', "red"),
}


def _outcomes(project: Project, contract: str) -> dict[str, object]:
    project.write("buttress.toml", f'[[contract]]\nid = "law"\nbecause = "So."\n{contract}\n')
    for path, text in FILES.items():
        project.write(path, text)
    run = project.run("sabotage", "--format", "json")
    assert run.stderr == ""
    content: dict[str, object] = json.loads(run.stdout)["contracts"][0]
    assert run.returncode == (content["verdict"] != "red")
    return content


@pytest.mark.parametrize(("contract", "verdict"), CASES.values(), ids=CASES)
def test_verdict(project: Project, contract: str, verdict: str) -> None:
    """A contract that can fail turns red; one that permits or exempts everything does not."""
    assert _outcomes(project, contract)["verdict"] == verdict


def test_nothing_is_written(project: Project) -> None:
    """Contracts are broken in memory."""
    _outcomes(project, CASES["in use"][0])
    assert {path: (project.folder / path).read_text() for path in FILES} == FILES
    assert not list(project.folder.rglob("*sabotage*"))


def test_a_green_contract_is_named(project: Project) -> None:
    """The report names what was done and where nothing was seen."""
    _outcomes(project, CASES["everybody may run it"][0])
    run = project.run("sabotage")
    assert run.returncode == 1
    assert "law  STAYED GREEN" in run.stdout
    assert "not seen: buttress_sabotage.py:7" in run.stdout
    assert "0 of 1 contracts turned red" in run.stdout


def test_every_contract_of_the_example_can_fail() -> None:
    """The governed application's contracts all turn red, and Git sees no change."""
    before = _status()
    run = subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, "sabotage"], cwd=GOVERNED, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "STAYED GREEN" not in run.stdout
    assert _status() == before


def _status() -> str:
    command = ["git", "status", "--porcelain", "--", "."]
    return subprocess.run(command, cwd=GOVERNED, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--select", "lay"), "no contract 'lay'; did you mean 'law'?"), (("--config", "none.toml"), "none.toml")],
    ids=["an unknown contract", "no configuration"],
)
def test_wrong_usage(project: Project, arguments: tuple[str, ...], message: str) -> None:
    """What is wrong with the call is said, with exit code 2."""
    _outcomes(project, CASES["in use"][0])
    run = project.run("sabotage", *arguments)
    assert run.returncode == 2
    assert message in run.stderr
