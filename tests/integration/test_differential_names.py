"""What names are bound to, against importing generated packages for real: re-exports, star imports, submodules, getattr."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from buttress_scanner.program.modules import import_from
from buttress_scanner.program.values import Class, Const, Function, Module, Value
from tests.integration.test_differential_imports import program_of

MODULES = ("a", "b", "sub.c", "sub.d")
"""Modules of a generated package ``pkg``, each of which imports only from those before it; ``pkg.sub`` and ``pkg`` come last."""
NAMES = ("one", "two", "three", "_four")

IMPORTER = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
found = {}

def tell(value):
    if isinstance(value, (int, str)):
        return repr(value)
    if hasattr(value, "__path__") or type(value).__name__ == "module":
        return f"module {value.__name__}"
    return f"{value.__module__}:{value.__qualname__}"

for module in json.loads(sys.argv[2]):
    names = vars(importlib.import_module(module))
    for name, value in list(names.items()):
        if not (name.startswith("__") or name in ("annotations", "T")):
            found[f"{module}:{name}"] = (module, name)
print(json.dumps({key: tell(vars(sys.modules[module])[name]) for key, (module, name) in found.items()}))
"""


@st.composite
def lines(draw: st.DrawFn, module: str, before: list[str]) -> str:
    """One statement that binds a name."""
    name, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    forms = [f"def {name}(): ...", f"class {name}: ...", f"{name} = {draw(st.integers(0, 9))}", f"{name} = {other}"]
    if before:
        source = f"pkg.{draw(st.sampled_from(before))}"
        package, _, last = source.rpartition(".")
        forms += [
            f"from {source} import {other} as {name}",
            f"from {source} import *",
            f"import {source} as {name}",
            f"from {package} import {last} as {name}",
            f"from {package} import {last}",
            f"import {source}\n{name} = {source}.{other}",
            f"import {source} as _source\n{name} = getattr(_source, {other!r})",
            f"import pkg.a\n{name} = getattr(pkg.a, {other!r}, 70)",
            f"try:\n    from {source} import {other} as {name}\nexcept ImportError:\n    {name} = 71",
            f"from typing import TYPE_CHECKING as T\nif T:\n    {name} = 72\nelse:\n    from {source} import {other} as {name}",
        ]
    return draw(st.sampled_from(forms))


@st.composite
def packages(draw: st.DrawFn) -> dict[str, str]:
    """The texts of a package by path. A module says what it exports, or does not."""
    files: dict[str, str] = {}
    before: list[str] = []
    for module in MODULES:
        body = draw(st.lists(lines(module, list(before)), min_size=1, max_size=5))
        listed = draw(st.one_of(st.none(), st.sets(st.sampled_from(NAMES), min_size=1)))
        exports = [f"__all__ = {sorted(listed)!r}"] if listed is not None else []
        files[f"pkg/{module.replace('.', '/')}.py"] = "\n".join([*body, *exports]) + "\n"
        before.append(module)
    relative = draw(
        st.lists(
            st.sampled_from(["from .c import *", "from . import d", "from .d import one", "from ..a import two"]), max_size=3
        )
    )
    files["pkg/sub/__init__.py"] = "\n".join(relative) + "\n"
    files["pkg/__init__.py"] = "\n"
    return files


def imported(files: dict[str, str], modules: list[str]) -> dict[str, str] | None:
    """What every name is bound to once all modules are imported; None where a module cannot be."""
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            target = Path(name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        command = [sys.executable, "-I", "-B", "-c", IMPORTER, name, json.dumps(modules)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else None


def tell(value: Value) -> str:
    """A value of the engine in the words of the importer."""
    match value:
        case Const(value=plain):
            return repr(plain)
        case Module(unit=unit):
            return f"module {unit.name}"
        case Class(info=info):
            return str(info.symbol)
        case Function(unit=unit, body=body):
            return f"{unit.name}:{body.qualname}"
    return type(value).__name__


def resolved(files: dict[str, str], names: list[str]) -> dict[str, list[str]]:
    """What the engine says that names are bound to."""
    program = program_of({path: text.encode() for path, text in files.items()})
    engine, unit = program.solve(), program.modules["pkg"]
    places = {name: name.partition(":") for name in names}
    found = {name: import_from(engine, unit, 0, module, last, (unit.frame, 0)) for name, (module, _, last) in places.items()}
    return {name: sorted({tell(v) for v in values}) for name, values in found.items()}


def modules_of(files: dict[str, str]) -> list[str]:
    """The modules of a package in the order in which they are imported."""
    return ["pkg", "pkg.a", "pkg.b", "pkg.sub", "pkg.sub.c", "pkg.sub.d"]


EITHER = {"70", "71", "72", "Unknown"}
"""Values of defaults, of handlers, of branches for type checkers, which annotations use, and of what a default stands for."""


def differences(truth: dict[str, str], ours: dict[str, list[str]]) -> dict[str, tuple[str, list[str]]]:
    """The names whose true value the engine does not know, or beside which it takes others for possible."""
    return {name: (value, ours[name]) for name, value in truth.items() if {value} != set(ours[name]) - (EITHER - {value})}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(packages())
def test_names_are_bound_to_what_importing_binds(files: dict[str, str]) -> None:
    """What a name is bound to after importing is what the engine says."""
    truth = imported(files, modules_of(files))
    assume(truth is not None)
    assert truth is not None
    ours = resolved(files, list(truth))
    assert not differences(truth, ours)


STARRED = {
    "pkg/__init__.py": "",
    "pkg/a.py": "def one(): ...\ndef two(): ...\n__all__ = ['one']\n",
    "pkg/b.py": "from pkg.a import *\nimport pkg.a as three\ntwo = getattr(three, 'two')\n",
}


def test_wrong_answers_are_noticed() -> None:
    """The comparison turns red when a name is resolved to something else, to nothing, or to more than it is."""
    truth = imported(STARRED, ["pkg.a", "pkg.b"])
    assert truth == {"pkg.a:one": "pkg.a:one", "pkg.a:two": "pkg.a:two"} | {
        "pkg.b:one": "pkg.a:one", "pkg.b:three": "module pkg.a", "pkg.b:two": "pkg.a:two",
    }  # fmt: skip
    ours = resolved(STARRED, list(truth))
    assert not differences(truth, ours)
    for wrong in (["pkg.a:two"], [], ["pkg.a:one", "pkg.a:two"]):
        assert differences(truth, {**ours, "pkg.b:one": wrong}) == {"pkg.b:one": ("pkg.a:one", wrong)}
