"""What the standard library of the running interpreter holds. Run as a script, prints it as JSON for the tests."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Importing these is a deed, or needs a display; the catalogue decides each with its whole tree.
UNSAFE = frozenset({"antigravity", "idlelib", "test", "this", "tkinter", "turtle", "turtledemo"})


def is_public(name: str) -> bool:
    """Say whether no part of a dotted name is private, or a test of the library itself."""
    parts = name.split(".")
    return not any(part.startswith("_") for part in parts) and not any(part in {"test", "tests"} for part in parts[1:])


def modules() -> Iterator[str]:
    """Yield the public modules and submodules, importing as little as finding them takes."""
    for top in sorted(filter(is_public, sys.stdlib_module_names)):
        yield top
        if top not in UNSAFE:
            yield from (name for name in _submodules(top) if is_public(name))


def _submodules(package: str) -> Iterator[str]:
    """Yield the submodules of a package, those of its packages included."""
    try:
        path = getattr(importlib.import_module(package), "__path__", None)
    except ImportError:
        return
    for info in pkgutil.iter_modules(path or (), f"{package}."):
        yield info.name
        if info.ispkg:
            yield from _submodules(info.name)


def callables(module: str) -> dict[str, list[str]]:
    """List the public callables that a module defines, classes with the public callables of their own body."""
    found: dict[str, list[str]] = {}
    loaded = sys.modules[module]
    for name, value in sorted(vars(loaded).items()):
        home = (getattr(value, "__module__", None) or module).lstrip("_").partition(".")[0]
        if name.startswith("_") or not callable(value) or home != module.partition(".")[0]:
            continue
        body = vars(value) if inspect.isclass(value) else {}
        found[name] = sorted(key for key, member in body.items() if not key.startswith("_") and _is_code(member))
    return found


def _is_code(member: object) -> bool:
    """Say whether a member of a class body is a method or a property."""
    return callable(member) or isinstance(member, (property, classmethod, staticmethod))


def inventory() -> dict[str, dict[str, list[str]]]:
    """Map each public module that can be imported here to its callables."""
    found = {}
    for name in modules():
        if name.partition(".")[0] in UNSAFE:
            continue
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        found[name] = callables(name)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(inventory()))
