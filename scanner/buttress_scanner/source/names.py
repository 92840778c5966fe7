"""Module names: which dotted name an import statement would use for each file.

A file belongs to the deepest root above it, and to the folder of the configuration where no root is above it. Names that
are no identifiers stay as they are (``app.migrations.0001_initial``), since importlib can load them; what would make a
name ambiguous is replaced by ``_``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NOT_IN_A_SEGMENT = re.compile(r"[^\w-]")


@dataclass(frozen=True, slots=True)
class ModuleName:
    """The dotted name of a file, and whether it is a package's ``__init__``."""

    module: str
    is_package: bool


@dataclass(frozen=True, slots=True)
class Named:
    """The modules of a program by path, and for each path the stub that only adds annotations to it."""

    modules: Mapping[str, ModuleName]
    stubs: Mapping[str, str]


def found_roots(paths: Iterable[str]) -> tuple[str, ...]:
    """Find the roots of a project that names none: ``src`` if it holds code and is no package itself, else the folder."""
    below = [path for path in paths if path.startswith("src/")]
    return ("src",) if below and "src/__init__.py" not in below else ("",)


def name_modules(paths: Sequence[str], roots: Sequence[str]) -> Named:
    """Name every file; where two files claim one name, the one that Python would import keeps it.

    Args:
        paths: files relative to the configuration's folder.
        roots: folders relative to it, ``""`` for the folder itself; the first root wins as in ``sys.path``.
    """
    claims: dict[str, list[tuple[tuple[object, ...], str, bool]]] = {}
    for path in paths:
        root = _root_of(path, roots)
        module, is_package = _dotted(path[len(root) + 1 :] if root else path)
        order = roots.index(root) if root in roots else len(roots)
        rank = (path.endswith(".pyi"), order, not is_package, path)
        claims.setdefault(module, []).append((rank, path, is_package))
    modules: dict[str, ModuleName] = {}
    stubs: dict[str, str] = {}
    losers: list[tuple[str, bool]] = []
    for module, claim in claims.items():
        (_, winner, is_package), *others = sorted(claim)
        modules[winner] = ModuleName(module, is_package)
        for _, path, package in others:
            if path.endswith(".pyi") and not winner.endswith(".pyi") and winner not in stubs:
                stubs[winner] = path
            else:
                losers.append((path, package))
    _name_losers(losers, modules, set(claims))
    return Named(modules, stubs)


def _root_of(path: str, roots: Sequence[str]) -> str:
    return max((root for root in roots if root and path.startswith(root + "/")), key=len, default="")


def _dotted(path: str) -> tuple[str, bool]:
    """Turn a path below a root into a dotted name; ``__init__`` stands for its folder."""
    *folders, file = path.split("/")
    stem = file.removesuffix(".pyi").removesuffix(".py")
    is_package = stem == "__init__" and bool(folders)
    segments = folders if is_package else [*folders, stem]
    return ".".join(_NOT_IN_A_SEGMENT.sub("_", segment) for segment in segments), is_package


def _name_losers(losers: list[tuple[str, bool]], modules: dict[str, ModuleName], taken: set[str]) -> None:
    """Name files whose name another file has by their whole path, so that they stay part of the program."""
    for path, is_package in sorted(losers):
        for name in (_dotted(path)[0], f"{_dotted(path)[0]}_{path.rpartition('.')[2]}"):
            if name not in taken:
                break
        else:
            name = f"{_dotted(path)[0]}_{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        taken.add(name)
        modules[path] = ModuleName(name, is_package)
