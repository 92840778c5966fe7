"""Method resolution orders against the interpreter's, over the classes of the standard library."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.program.classes import linearise
from tests.integration.test_differential_imports import program_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from buttress_scanner.program.frames import ClassInfo

STANDARD = Path(sysconfig.get_paths()["stdlib"])
WITH_EFFECTS = {
    "antigravity", "this", "idlelib", "turtle", "turtledemo", "tkinter", "lib2to3", "test", "site-packages", "__pycache__",
    "ensurepip", "pydoc_data", "msilib", "curses", "dbm", "distutils", "__phello__",
}  # fmt: skip
"""Top-level names that are left out: what prints or opens something when imported, needs what few machines have, or is a test."""
FEWEST = 1000

RENAMED = {"_collections_abc": "collections.abc"}
"""Modules that give their classes the name of another."""

ORACLE = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")

def named(symbol):
    module, _, name = symbol.partition(":")
    found = importlib.import_module({"collections.abc": "_collections_abc"}.get(module, module))
    for part in name.split("."):
        found = vars(found)[part]
    return found

def has_statement(cls):  # a class that namedtuple made has the name of another, or that of the class below it
    try:
        written = str(getattr(sys.modules[cls.__module__], "__file__", "")).endswith(".py")
        return written and named(f"{cls.__module__}:{cls.__qualname__}") is cls
    except Exception:
        return False

answers = {}
for line in sys.stdin:
    symbol = line.strip()
    try:
        found = named(symbol)
        if isinstance(found, type) and f"{found.__module__}:{found.__qualname__}" == symbol:
            order = [(has_statement(c), f"{c.__module__}:{c.__qualname__}") for c in found.__mro__]
            answers[symbol] = [name if written else f"in C {name}" for written, name in order]
    except Exception:
        pass
sys.stdout.write("\\n" + json.dumps(answers))
"""


def sources() -> dict[str, bytes]:
    """The standard library's files by path, without those with effects and those that start a program."""
    files = sorted(p for p in STANDARD.rglob("*.py") if p.relative_to(STANDARD).parts[0].removesuffix(".py") not in WITH_EFFECTS)
    kept = [p for p in files if not {"test", "tests", "__main__.py"} & set(p.parts)]
    return {path.relative_to(STANDARD).as_posix(): path.read_bytes() for path in kept}


@dataclass(frozen=True, slots=True)
class Standard:
    """What the engine says of the standard library's classes, and what the interpreter does, by symbol."""

    ours: Mapping[str, tuple[str, ...]]
    theirs: Mapping[str, tuple[str, ...]]
    decorated: frozenset[str]
    """Classes with the decorator `_simple_enum`, which makes another class of them: an enum."""

    @property
    def expected(self) -> dict[str, tuple[str, ...]]:
        """The interpreter's orders, as far as they consist of classes that have a statement in the program."""
        return {symbol: tuple(c for c in order if c in self.ours) for symbol, order in self.theirs.items()}


def symbol_of(info: ClassInfo) -> str:
    """The class under the name that it has when the program runs."""
    return f"{RENAMED.get(info.unit.name, info.unit.name)}:{info.body.qualname}"


@pytest.fixture(scope="module")
def standard() -> Standard:
    """The classes at the top of modules and in classes; one that is defined twice, as under a condition, is left out."""
    program = program_of(sources())
    program.focus({})
    engine = program.solve()
    found: dict[str, list[ClassInfo]] = {}
    for info in engine.classes.values():
        if info.outer.body.kind in ("module", "class"):
            found.setdefault(symbol_of(info), []).append(info)
    single = {symbol: infos[0] for symbol, infos in sorted(found.items()) if len(infos) == 1}
    ours = {symbol: tuple(symbol_of(c) for c in linearise(engine, info)) for symbol, info in single.items()}
    decorated = frozenset(symbol for symbol, info in single.items() if b"_simple_enum" in lines_above(info))
    return Standard(ours, interpreted(ours), decorated)


def lines_above(info: ClassInfo) -> bytes:
    """The lines of the decorators of a class."""
    first = min((info.outer.body.spans[d][0] for d in info.body.decorators), default=info.body.header[0])
    return b"\n".join(info.unit.data.splitlines()[first - 1 : info.body.header[0] - 1])


def interpreted(symbols: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What the interpreter says of classes, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ORACLE], input="\n".join(symbols), text=True, capture_output=True, timeout=120, check=True
    )
    return {symbol: tuple(order) for symbol, order in json.loads(done.stdout.rpartition("\n")[2]).items()}


def is_decorated(symbol: str, ours: tuple[str, ...], theirs: tuple[str, ...], standard: Standard) -> bool:
    """A decorator makes an enum of the class, or of a base of it."""
    return any(c in standard.decorated for c in ours)


def has_alternatives(symbol: str, ours: tuple[str, ...], theirs: tuple[str, ...], standard: Standard) -> bool:
    """A base is imported under a condition: we know that it is one of several of that name, the interpreter which."""
    more = [c for c in ours if c not in theirs]
    names = {c.rpartition(":")[2] for c in theirs}
    return tuple(c for c in ours if c in theirs) == theirs and bool(more) and all(c.rpartition(":")[2] in names for c in more)


def is_replaced(symbol: str, ours: tuple[str, ...], theirs: tuple[str, ...], standard: Standard) -> bool:
    """A base has another implementation, in C, which the interpreter takes."""
    known = tuple(c for c in ours if c in standard.theirs)
    has_other = any(c.startswith("in C ") and not c.startswith("in C builtins:") for c in standard.theirs[symbol])
    return theirs in (known, tuple(c for c in known if not has_other or c in theirs))


CATEGORIES = (is_decorated, has_alternatives, is_replaced)


def unexplained(standard: Standard) -> list[str]:
    """The classes whose orders differ for no reason of those above."""
    return [
        f"{symbol}: {standard.ours[symbol]} for {order}"
        for symbol, order in standard.expected.items()
        if standard.ours[symbol] != order
        and not any(category(symbol, standard.ours[symbol], order, standard) for category in CATEGORIES)
    ]


def test_orders_are_those_of_the_interpreter(standard: Standard) -> None:
    """Of more than a thousand classes of the standard library the method resolution order is the true one."""
    assert len(standard.theirs) > FEWEST
    assert sum(len(order) > 2 for order in standard.expected.values()) > FEWEST // 4
    assert unexplained(standard) == []


def test_few_differences_are_explained(standard: Standard) -> None:
    """The categories explain something, and not much."""
    different = [s for s, order in standard.expected.items() if standard.ours[s] != order]
    assert 0 < len(different) < len(standard.expected) // 100


def test_a_wrong_order_is_noticed(standard: Standard) -> None:
    """Depth first instead of C3 turns the comparison red, and so does a base that is forgotten."""
    symbol = "collections:ChainMap"
    order = standard.ours[symbol]
    for wrong in ((*order[:2], *reversed(order[2:])), order[:-1]):
        assert unexplained(replace(standard, ours={**standard.ours, symbol: wrong})) == [
            f"{symbol}: {wrong} for {standard.expected[symbol]}"
        ]
