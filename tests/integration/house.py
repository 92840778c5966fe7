"""What the tests of packaging, hooks and workflows share: processes, trees of files, and the repository itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

# A program that keeps its contract, and the one line that breaks it: a bound method that is taken here and called there.
CLEAN_PROJECT: Mapping[str, str] = {
    "buttress.toml": """\
[[contract]]
id = "single-execution-path"
kind = "choke-point"
protect = ["app.plugins:Plugin.run"]
only = ["app.runner"]
because = "Only the runner validates and measures a plugin call."
""",
    "app/plugins.py": '''\
class Plugin:
    """Something that customers write."""

    def run(self, row: str) -> str:
        return row


class Upper(Plugin):
    def run(self, row: str) -> str:
        return row.upper()


def find(name: str) -> Plugin:
    return {"upper": Upper(), "same": Plugin()}[name]
''',
    "app/runner.py": """\
from app.plugins import find


def run(name: str, row: str) -> str:
    return find(name).run(row)
""",
    "app/api.py": """\
from app import runner


def preview(name: str, row: str) -> str:
    return runner.run(name, row)
""",
}
VIOLATION = """\
from app.plugins import find


def preview(name: str, row: str) -> str:
    step = find(name).run
    return step(row)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended, and all that it said."""

    code: int
    output: str


def run(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 600, *, text_input: str = ""
) -> Outcome:
    """Run a command and return how it ended; standard output and error come in one piece.

    Args:
        command: The program and its arguments.
        cwd: Where it runs.
        env: Variables that are added to the environment.
        timeout: Seconds after which the test fails.
        text_input: What the program reads.

    Returns:
        The exit code and the output.
    """
    completed = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=_environment(env or {}),
        input=text_input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return Outcome(completed.returncode, completed.stdout)


def must(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that is not under test, and return its output; it has to succeed."""
    outcome = run(command, cwd, env)
    assert outcome.code == 0, f"{' '.join(map(str, command))}\n{outcome.output}"
    return outcome.output


def tool(name: str) -> Path:
    """Return a command of the environment that runs the tests."""
    return BIN / name


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder and return the folder."""
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


def commit_all(repository: Path, message: str = "start", *options: str) -> Outcome:
    """Stage everything in a Git repository and try to commit it."""
    must(["git", "add", "--all"], repository)
    return run(["git", "commit", "--quiet", "--message", message, *options], repository)


def init_repository(root: Path) -> Path:
    """Make a folder a Git repository with an author of its own."""
    must(["git", "init", "--quiet", "--initial-branch=main"], root)
    must(["git", "config", "user.name", "A Developer"], root)
    must(["git", "config", "user.email", "developer@example.com"], root)
    must(["git", "config", "commit.gpgsign", "false"], root)
    return root


def tracked_files() -> list[str]:
    """Return the files of the repository, those included that are not committed yet, without those that Git ignores."""
    listed = must(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def copy_tree(names: Iterable[str], target: Path) -> Path:
    """Copy files of the repository, with their modes, below another folder."""
    for name in names:
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination)
    return target


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what a surrounding Git hook or test run would leak into the child."""
    leaking = ("GIT_", "PRE_COMMIT", "COVERAGE_", "FORCE_COLOR", "VIRTUAL_ENV", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(leaking)}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "120", **extra}
