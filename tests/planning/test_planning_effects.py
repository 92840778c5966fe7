"""Planning performs nothing: what it may import, what it may call, and what really happens in a call (PLAN-7, P7-45, P7-46)."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys

import pytest

from tests.planning.support import PACKAGE, ROOT, RUNTIME

ALLOWED = {"__future__", "dataclasses", "enum", "types", "typing", "collections.abc", "hashlib", "re", "graphlib", "rfc8785"}
OWN = "buttress_runtime.planning"
FORBIDDEN_CALLS = {"open", "print", "input", "id", "hash", "eval", "exec", "compile", "__import__", "globals", "breakpoint"}
SOURCES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.glob("*.py"))}


def imported(tree: ast.Module) -> set[str]:
    """Name the modules a source imports; a relative import shows with its dots and is therefore never allowed."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_the_package_has_its_modules() -> None:
    """The tests below look at real modules, the specified ones among them, and at no folder that they would miss."""
    assert {"ids", "states", "session", "engine", "monitor"} <= set(SOURCES)
    assert [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE] == []


@pytest.mark.parametrize("module", SOURCES)
def test_only_allowed_modules_are_imported(module: str) -> None:
    """The import boundary holds for every import statement, wherever it stands in the file."""
    names = imported(SOURCES[module])
    assert {name for name in names if name not in ALLOWED and not (name + ".").startswith(OWN + ".")} == set()


@pytest.mark.parametrize("module", SOURCES)
def test_no_forbidden_construct_is_used(module: str) -> None:
    """No built-in that reads, writes or depends on the process is called; nothing is asynchronous, global or asserted."""
    nodes = list(ast.walk(SOURCES[module]))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called & FORBIDDEN_CALLS == set()
    assert not [
        node for node in nodes if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.Global, ast.Nonlocal, ast.Assert))
    ]


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_holds_a_mutable_value(module: str) -> None:
    """What a module keeps between calls cannot change (P7-35)."""
    loaded = importlib.import_module(OWN if module == "__init__" else f"{OWN}.{module}")
    held = {name: value for name, value in vars(loaded).items() if not (name.startswith("__") and name != "__all__")}
    assert {name for name, value in held.items() if isinstance(value, (list, dict, set, bytearray))} == set()


def test_a_call_performs_nothing() -> None:
    """While a plan is made, no file, socket, process or thread is opened and no clock, random source, id or variable is read."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.planning.watch"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(RUNTIME), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["planned 3"]
