"""``buttress doctor``: what makes a check blind or slow is named, with what to do."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project

PURE = '[[contract]]\nid = "pure"\nbecause = "So."\nkind = "effect-purity"\nzone = "app.core"\nforbid = "clock"\n'
HEALTHY = {"app/core.py": "def double(x: int) -> int:\n    return 2 * x\n"}

CASES = {
    "healthy": (PURE, {}, "nothing makes a check blind or slow", 0),
    "a file that does not parse": (PURE, {"app/broken.py": "def (:\n"}, "blind  app/broken.py:1", 1),
    "a root without code": (
        f'roots = ["app", "src"]\n{PURE.replace("app.core", "core")}',
        {"src/notes.txt": ""},
        "the root 'src' holds no Python file",
        1,
    ),
    "a root that is missing": (
        PURE,
        {"libs/base/__init__.py": "", "libs/base/tools.py": "", "app/use.py": "from base import tools\n"},
        'Set roots = ["libs"].',
        1,
    ),
    "a contract that guards nothing": (PURE.replace("app.core", "app.gone"), {}, "the contract 'pure' guards nothing", 1),
    "an exemption without effect": (
        PURE.rstrip("\n") + '\nexempt = { path = "old/**", reason = "old" }\n',
        {},
        "no file matches the path 'old/**'",
        1,
    ),
    "a library that nobody knows": (
        PURE,
        {"app/core.py": "import app.more\n", "app/more.py": "import strange_thing\n"},
        "does not know 'strange_thing', which 1 modules import",
        1,
    ),
    "a library beside the zone": (PURE, {"app/more.py": "import strange_thing\n"}, "nothing makes a check blind or slow", 0),
    "undecided sites": (
        '[[contract]]\nid = "one"\nbecause = "So."\nkind = "choke-point"\nprotect = "app.base:Plugin.run"\nonly = "app.base"\n',
        {
            "app/base.py": "class Plugin:\n    def run(self):\n        pass\n",
            "app/use.py": "def go(thing):\n    thing.run()\n\n\ndef go_on(thing):\n    thing.run()\n",
        },
        "blind  app/use.py: 2 sites undecided for 'one'",
        1,
    ),
    "left out": (f'exclude = ["gen/"]\n{PURE}', {"gen/a.py": ""}, "note   buttress.toml: 1 files are left out", 0),
}


def _set_up(project: Project, configuration: str, files: dict[str, str]) -> None:
    shutil.rmtree(project.folder)
    for path, text in {**HEALTHY, **files, "buttress.toml": configuration}.items():
        project.write(path, text)


@pytest.mark.parametrize(("configuration", "files", "expected", "code"), CASES.values(), ids=CASES)
def test_observation(project: Project, configuration: str, files: dict[str, str], expected: str, code: int) -> None:
    """Each thing that makes a check blind is said, and ends with exit code 1; what is merely good to know does not."""
    _set_up(project, configuration, files)
    run = project.run("doctor")
    assert expected in run.stdout
    assert run.returncode == code


def test_large_programs(project: Project) -> None:
    """In a large program it is said how far it was evaluated, and who has all of it evaluated."""
    many = {f"app/part{number}.py": "x = 1\n" for number in range(160)}
    _set_up(project, PURE, many)
    assert "1 of 161 modules were evaluated in full" in project.run("doctor").stdout
    wired = '[[contract]]\nid = "used"\nbecause = "So."\nkind = "wired"\nsymbols = "app.core:*"\n'
    _set_up(project, wired, many)
    assert "slow   the contract 'used' (wired) has all 161 modules evaluated" in project.run("doctor").stdout


def test_json(project: Project) -> None:
    """The same for programs."""
    _set_up(project, PURE, {"app/broken.py": "def (:\n"})
    content = json.loads(project.run("doctor", "--format", "json").stdout)
    assert content["version"] == 1
    assert content["observations"][0]["weight"] == "blind"
    assert content["observations"][0]["where"] == "app/broken.py:1"
    assert content["modules"] == 1


def test_a_broken_configuration(project: Project) -> None:
    """What is wrong with the configuration is said first."""
    _set_up(project, "[[contract]]\nid = 1\n", {})
    run = project.run("doctor")
    assert run.returncode == 2
    assert "buttress.toml:" in run.stderr
