"""Nothing in the standard library is left undecided, and nothing is decided that does not exist."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from buttress_scanner.program import catalogue
from tests.scanner.catalogue import stdlib

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DATA = Path(catalogue.__file__).with_name("effects")
CATALOGUE = catalogue.Catalogue.load()
TABLES = {name: dict(members) for name, members in CATALOGUE.tables()}
INDEX = tomllib.loads((DATA / "index.toml").read_text(encoding="utf-8"))
AVAILABILITY = tomllib.loads((DATA / "availability.toml").read_text(encoding="utf-8"))
EXCEPTIONS = list(CATALOGUE.exceptions())
THIRD_PARTY = frozenset(name for file, names in INDEX["files"].items() if file.startswith("packages_") for name in names)

#: Modules that other versions or platforms have: none may be unknown, wherever the scanner runs.
ELSEWHERE = [
    "annotationlib",
    "asynchat",
    "asyncore",
    "asyncio.graph",
    "asyncio.windows_events",
    "compression.zstd",
    "compression.gzip",
    "concurrent.futures.interpreter",
    "concurrent.interpreters",
    "crypt",
    "dbm.sqlite3",
    "distutils.core",
    "imp",
    "importlib.metadata.diagnose",
    "lib2to3.pgen2",
    "msilib",
    "msvcrt",
    "nt",
    "pathlib.types",
    "pydoc_data.module_docs",
    "smtpd",
    "string.templatelib",
    "telnetlib",
    "winreg",
    "winsound",
    "tkinter.ttk",
    "test.support",
    "turtledemo.clock",
    "idlelib.idle",
]


@pytest.fixture(scope="module")
def inventory() -> dict[str, dict[str, list[str]]]:
    """List modules and callables in a process of its own: importing all of the library changes the process."""
    command = [sys.executable, "-W", "ignore", stdlib.__file__]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
    listed: dict[str, dict[str, list[str]]] = json.loads(run.stdout.splitlines()[-1])
    return listed


def test_every_module_of_the_running_library_is_decided(inventory: dict[str, dict[str, list[str]]]) -> None:
    """Each public module has a table, is declared pure, or belongs to a tree that is decided as a whole."""
    tops = set(filter(stdlib.is_public, sys.stdlib_module_names))
    assert len(inventory) > 200
    assert sorted(name for name in tops | set(inventory) if not CATALOGUE.knows_module(name)) == []


@pytest.mark.parametrize("module", ELSEWHERE)
def test_modules_of_other_versions_and_platforms_are_decided(module: str) -> None:
    """A module that was removed, came later, or exists on one platform only is decided all the same."""
    assert CATALOGUE.knows_module(module)


def test_an_unknown_module_is_not_decided() -> None:
    """The walk can fail: a module that nobody wrote is unknown, and so is a name in it."""
    assert not CATALOGUE.knows_module("no_such_module")
    assert CATALOGUE.entry("no_such_module.function") is None


def test_every_public_callable_is_decided(inventory: dict[str, dict[str, list[str]]]) -> None:
    """Each function, class, method and property of the library has an entry, by its name or by the rest of its table."""
    undecided = [
        path
        for module, names in inventory.items()
        for name, members in names.items()
        for path in (f"{module}.{name}", *(f"{module}.{name}.{member}" for member in members))
        if CATALOGUE.entry(path) is None
    ]
    assert undecided == []


def _exists(path: str) -> bool:
    """Say whether a dotted path, or another name of it, can be reached in this interpreter."""
    return _value(path) is not MISSING


def _other_names(path: str) -> list[str]:
    """List what a path is called where aliases lead to it."""
    return [
        old + path[len(new) :]
        for old, new in INDEX["aliases"].items()
        if (path == new or path.startswith(f"{new}.")) and importlib.util.find_spec(old.partition(".")[0])
    ]


MISSING = object()


def _follow(path: str) -> object:
    """Import the longest prefix that is a module and follow the attributes."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            value = getattr(value, part, MISSING)
        return value
    return MISSING


def _is_elsewhere(path: str) -> bool:
    """Say whether the list of what not every interpreter has names a path or something above it."""
    parts = path.split(".")
    return any(".".join(parts[:length]) in AVAILABILITY for length in range(1, len(parts) + 1))


def _checked() -> list[str]:
    """List the paths of the data that must exist here."""
    paths = []
    for table, members in TABLES.items():
        if table.partition(".")[0] in THIRD_PARTY | stdlib.UNSAFE or _is_elsewhere(table):
            continue
        is_class = CATALOGUE.entry(table) is not None
        paths.append(table)
        # What instances hold is not to be seen at the class.
        paths += [f"{table}.{name}" for name, entry in members.items() if not (is_class and entry.kind == "value")]
    paths += [name for name in EXCEPTIONS if name.partition(".")[0] not in THIRD_PARTY | stdlib.UNSAFE]
    return [path for path in paths if not path.endswith("*") and not _is_elsewhere(path)]


def test_everything_decided_exists() -> None:
    """No entry is misspelt or stale: what is not here stands in the list of other versions and platforms."""
    assert len(_checked()) > 1500
    assert [path for path in _checked() if not _exists(path)] == []


def test_a_misspelt_name_is_found() -> None:
    """The check can fail: a name that is nearly right does not exist."""
    assert not _exists("time.tiem")
    assert not _exists("pathlib.Path.read_txt")


@pytest.mark.parametrize(("path", "where"), [item for item in AVAILABILITY.items() if "-" in item[1] and item[0] != "distutils"])
def test_the_versions_stated_are_true_here(path: str, where: str) -> None:
    """A name that came later is missing here, one that was removed earlier too, and any other is there."""
    first, _, last = where.partition("-")
    here = sys.version_info[:2]
    expected = (not first or here >= _version(first)) and (not last or here <= _version(last))
    assert _exists(path) == expected


def _version(text: str) -> tuple[int, int]:
    """Turn `3.12` into a tuple."""
    major, minor = text.split(".")
    return int(major), int(minor)


def _value(path: str) -> object:
    """Fetch what a path, or another name of it, leads to."""
    found = (_follow(candidate) for candidate in (path, *_other_names(path)))
    return next((value for value in found if value is not MISSING), MISSING)


def test_bases_are_bases() -> None:
    """Each base class that the data states is one in the interpreter, or an alias of one."""
    wrong = []
    for path in [*TABLES, *EXCEPTIONS]:
        if path.partition(".")[0] in THIRD_PARTY | stdlib.UNSAFE or _is_elsewhere(path):
            continue
        cls = _value(path)
        bases = [_value(base) for base in CATALOGUE.bases(path)]
        if isinstance(cls, type):
            wrong += [path for base in bases if not (isinstance(base, type) and issubclass(cls, base))]
    assert wrong == []


@pytest.mark.parametrize("path", INDEX["always-true"])
def test_what_is_always_true_has_no_truth_of_its_own(path: str) -> None:
    """Objects of these classes are true in every test: nothing in the class says otherwise."""
    cls = _value(path)
    assert isinstance(cls, type)
    assert not hasattr(cls, "__bool__")
    assert not hasattr(cls, "__len__")


def test_exception_classes_are_complete(inventory: dict[str, dict[str, list[str]]]) -> None:
    """Each exception class of the library is known under a name of its own package, with bases that it has."""
    names: dict[type[BaseException], list[str]] = {}
    public = [f"{module}.{name}" for module, found in inventory.items() for name in found]
    for path in [*public, *(f"builtins.{name}" for name in vars(builtins))]:
        value = _value(path)
        if isinstance(value, type) and issubclass(value, BaseException) and path.partition(".")[0] not in UNLISTED:
            names.setdefault(value, []).append(path)
    assert len(names) > 250
    assert [paths for value, paths in names.items() if not any(_bases_hold(value, path) for path in paths)] == []


def _bases_hold(value: type[BaseException], path: str) -> bool:
    """Say whether the data has bases for an exception class, all of them right."""
    stated = [_value(base) for base in CATALOGUE.bases(path)]
    return bool(stated) and all(any(base is step for step in value.__mro__[1:]) for base in stated)


#: Packages whose exceptions nobody handles by name.
UNLISTED = frozenset({"distutils", "lib2to3"})


@pytest.mark.parametrize("path", ["builtins.KeyError", "json.decoder.JSONDecodeError", "asyncio.exceptions.CancelledError"])
def test_exceptions_lead_to_the_root(path: str) -> None:
    """Walking the bases of an exception ends at BaseException."""
    seen = set()
    pending = [path]
    while pending:
        name = pending.pop()
        seen.add(name)
        pending.extend(CATALOGUE.bases(name))
    assert "builtins.BaseException" in seen
