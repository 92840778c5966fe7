"""A project in a Git repository whose contracts are broken in several ways, checked in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from buttress_scanner import api

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report

TODAY = date(2027, 1, 1)

CONFIGURATION = """\
[[contract]]
id = "one-path"
kind = "choke-point"
protect = ["app.plugins:Plugin.run"]
only = ["app.runner"]
because = "Only the runner measures."

[[contract]]
id = "pure"
kind = "effect-purity"
zone = ["app.plan.**", "app.plan"]
forbid = ["clock"]
because = "Plans are repeatable."
"""
FILES: Mapping[str, str] = {
    "buttress.toml": CONFIGURATION,
    "app/plugins.py": """\
class Plugin:
    def run(self, row: str) -> str:
        return row
""",
    "app/runner.py": """\
from app.plugins import Plugin


def run(plugin: Plugin, row: str) -> str:
    return plugin.run(row)
""",
    "app/old.py": """\
from app.plugins import Plugin


def preview(plugin: Plugin, row: str) -> str:
    first = plugin.run(row)
    return first + plugin.run(
        row,
    )


class Screen:
    def show(self, plugin: Plugin) -> str:
        return plugin.run("a")
""",
    "app/times.py": """\
import time


def now() -> float:
    return time.time()


def later() -> float:
    return now() + 1
""",
    "app/plan.py": """\
from app import times


def make() -> float:
    return times.later()
""",
}
FOUND = [
    ("one-path", "app.old:preview"),
    ("one-path", "app.old:preview"),
    ("one-path", "app.old:Screen.show"),
    ("pure", "app.plan:make"),
]
"""Contract and symbol of what breaks it in `FILES`, in the order of reports."""


@dataclass(frozen=True)
class Repository:
    """A project, which may become a Git repository."""

    folder: Path

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; None removes one."""
        for path, text in files.items():
            target = self.folder / path
            if text is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.folder / path).read_text(encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        """Replace every occurrence of a text in a file that must hold it."""
        text = self.read(path)
        assert old in text
        self.write({path: text.replace(old, new)})

    def git(self, *arguments: str, given: str | None = None) -> str:
        """Run Git, which must succeed."""
        command = ["git", "-C", str(self.folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", input=given, env=environment())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message: str = "change") -> str:
        """Commit everything, in a repository that is made if there is none; return the commit's name."""
        if not (self.folder / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def check(self, *, since: str = "", strict: bool = False) -> Report:
        """Check what lies on disk."""
        return api.check(self.folder, today=TODAY, since=since, strict_baseline=strict)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        command = [sys.executable, "-P", "-c", "from buttress_scanner.cli.main import main; main()", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**environment(), **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )


def environment() -> dict[str, str]:
    """This process's environment without what CI services and Git hooks put there."""
    services = ("GIT_", "CI", "BUILD_NUMBER", "TF_BUILD", "TEAMCITY", "GITHUB_", "GITLAB_", "BUILDKITE", "FORCE_COLOR")
    return {**{key: value for key, value in os.environ.items() if not key.startswith(services)}, "NO_COLOR": "1"}


def places(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Contract and symbol of findings."""
    return [(finding.contract, finding.symbol) for finding in findings]
