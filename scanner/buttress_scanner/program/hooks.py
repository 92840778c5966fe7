"""Methods of a class of the program that a library calls, because the class derives from one of the library's."""

from __future__ import annotations

import sys
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.values import Function, Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site
    from buttress_scanner.program.values import Instance

_DATA: Final = Path(__file__).with_name("hooks.toml")
_ANY: Final = "*"


@cache
def _table() -> Mapping[str, Mapping[str, Sequence[str]]]:
    table: dict[str, dict[str, list[str]]] = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return table


def run_hooks(engine: Engine, receiver: Instance, path: str, site: Site) -> None:
    """Call what a library's method, called on an object of the program, calls of it: ``thread.start()`` runs ``run``.

    Args:
        engine: the solver.
        receiver: the object.
        path: the method of the library.
        site: where it is called.
    """
    owner, _, called = path.rpartition(".")
    hooks = _table().get(owner)
    if hooks is None:
        return
    from buttress_scanner.program.attributes import get_attribute
    from buttress_scanner.program.calls import call_back

    for name in _named(engine, receiver.info, [*hooks.get(called, ()), *hooks.get(_ANY, ())]):
        if name != called:
            for method in get_attribute(engine, receiver, name, site):
                if isinstance(method, (Function, Method)):
                    call_back(engine, method, site)


def _named(engine: Engine, info: ClassInfo, patterns: Sequence[str]) -> Iterator[str]:
    """The members that the class, or one of the program that it derives from, defines under one of these names."""
    if patterns:
        names = dict.fromkeys(name for owner in linearise(engine, info) for name in owner.body.exit)
        yield from (name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


def may_be_called_by_library(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether a library from which the class derives may call a method of that name by itself."""
    linearise(engine, info)
    for path in info.externals:
        hooks = _table().get(path)
        if hooks is not None:
            if any(fnmatchcase(name, pattern) for pattern in hooks.get(_ANY, ())):
                return True
        elif path.partition(".")[0] not in sys.stdlib_module_names and path != "?":
            return True
    return False
