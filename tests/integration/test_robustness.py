"""A check comes through much downloaded packages: no crash, no file left out in silence, all contracts judged, in good time."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from examples import demo
from examples.packages import fetch, pins
from tests.integration.house import run, tool

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = [name for name in pins() if name not in demo.REAL]
SECONDS = 240  # for one package, on a slow machine that does other things beside it; the largest takes over a minute

FEW = 15  # files of a package all of whose functions are walked along every path; that takes a tenth of a second for each

# One contract of each kind, over everything that the package has. The subjects stand in a module beside it.
CONFIGURATION = """
[[contract]]
id = "calls"
kind = "choke-point"
protect = ["subjects:record"]
only = ["subjects"]
because = "Every call of every function is looked at."

[[contract]]
id = "exits"
kind = "finally-obligation"
function = ["{owing}"]
must-call = ["subjects:settle"]
because = "Every way out of the functions is looked at."

[[contract]]
id = "states"
kind = "enum-zone"
enum = "subjects:State"
zone = ["**"]
forbid = ["OFF"]
because = "Every expression is looked at."

[[contract]]
id = "effects"
kind = "effect-purity"
zone = ["**"]
forbid = ["clock", "random", "io", "thread", "async", "env", "global-state", "log", "unordered"]
because = "Every effect of every function is looked at."

[[contract]]
id = "imports"
kind = "import-layers"
layers = ["subjects", "**"]
because = "Every import is looked at."

[[contract]]
id = "signatures"
kind = "signature"
function = ["**:*"]
params = ["self"]
returns = "None"
because = "Every definition is looked at."

[[contract]]
id = "callers"
kind = "wired"
symbols = ["**:*"]
because = "The callers of every function are looked for."
"""
SUBJECTS = """
from enum import Enum


class State(Enum):
    ON = 1
    OFF = 2


def settle() -> None: ...


def record() -> State:
    try:
        return State.OFF
    finally:
        settle()


STATE = record()
"""


@pytest.mark.parametrize("name", PACKAGES)
def test_package(name: str, tmp_path: Path) -> None:
    """All kinds judge the package, and every file was parsed or is named in the report."""
    package = shutil.copytree(fetch([name])[name], tmp_path / "package", ignore=shutil.ignore_patterns("buttress.toml"))
    few = sum(1 for _ in package.rglob("*.py")) <= FEW
    (package / "buttress.toml").write_text(CONFIGURATION.replace("{owing}", "**:*" if few else "subjects:record"))
    (package / "subjects.py").write_text(SUBJECTS)
    start = time.perf_counter()
    outcome = run([tool("buttress"), "check", "--format", "json"], package)
    took = time.perf_counter() - start
    report = json.loads(outcome.output)
    named = {error["path"] for error in report["errors"]}
    files = sum(1 for file in package.rglob("*.py*") if file.suffix in {".py", ".pyi"})
    assert (report["stats"]["files"], report["stats"]["parsed"]) == (files, files - len(named))
    assert named == {path for path in named if not _parses(package / path)}
    assert outcome.code == (2 if named else 1)
    assert all(contract["judged"] for contract in report["contracts"])
    assert {contract["kind"] for contract in report["contracts"]} == _kinds()
    assert took < SECONDS, f"{took:.0f} s for {files} files"


def test_enough_packages() -> None:
    """At least twenty packages are tried."""
    assert len(PACKAGES) >= 20


def _parses(file: Path) -> bool:
    try:
        compile(file.read_bytes(), file.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _kinds() -> set[str]:
    return {line.split('"')[1] for line in CONFIGURATION.splitlines() if line.startswith("kind")}
