"""The import graph against that of grimp: over real packages, and over forms that the two read differently."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest

from buttress_scanner.program import Program
from buttress_scanner.program.imports import ImportGraph
from buttress_scanner.source.model import SourceFile
from buttress_scanner.source.names import name_modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Edge = tuple[str, str]
Edges = set[Edge]
PACKAGES = ("_pytest", "click", "coverage", "rich", "typer", "virtualenv")


def program_of(files: Mapping[str, bytes]) -> Program:
    """Build a program from contents by path."""
    named = name_modules(list(files), ("",)).modules
    return Program.build(
        [
            SourceFile(path, named[path].module, named[path].is_package, is_stub=False, data=data, digest="")
            for path, data in files.items()
        ],
        {},
    )


def read_package(root: Path) -> dict[str, bytes]:
    """The Python files of a package, by path from the folder around it."""
    return {path.relative_to(root.parent).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.py"))}


def installed(name: str) -> Program:
    """Build a program from an installed package."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    return program_of(read_package(Path(spec.submodule_search_locations[0])))


def theirs(package: str, *, type_checking: bool) -> Edges:
    """The edges that grimp sees."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=not type_checking, cache_dir=None)
    return {(module, other) for module in graph.modules for other in graph.find_modules_directly_imported_by(module)}


def named(program: Program, *, type_checking: bool) -> Edges:
    """Every module with what its import statements name, whether there is a file for it or not."""
    graph = ImportGraph(program)
    return {
        (unit.name, each.imported)
        for unit in program.modules.values()
        for each in graph.written(unit)
        if type_checking or graph.runs(each)
    }


def internal(program: Program, edges: Edges) -> Edges:
    """The edges between modules of the program."""
    return {(importer, imported) for importer, imported in edges if imported in program.modules and importer != imported}


def is_itself(program: Program, edge: Edge, ours: Edges) -> bool:
    """A module that imports a name from itself: we say that it depends on nothing."""
    return edge[0] == edge[1]


def has_no_file(program: Program, edge: Edge, ours: Edges) -> bool:
    """A statement names a submodule without a Python file, such as an extension: we keep its name, grimp counts the package."""
    below = [name for importer, name in ours if importer == edge[0] and name.startswith(f"{edge[1]}.")]
    return any(name not in program.modules for name in below)


CATEGORIES = (is_itself, has_no_file)


def unexplained(program: Program, expected: Edges, ours: Edges) -> Iterator[str]:
    """The differences that no category, or more than one, explains."""
    for edge in sorted(internal(program, ours) - expected):
        yield f"only here: {edge}"
    for edge in sorted(expected - internal(program, ours)):
        if sum(category(program, edge, ours) for category in CATEGORIES) != 1:
            yield f"only grimp: {edge}"


@pytest.mark.parametrize("type_checking", [False, True], ids=["what runs", "all"])
@pytest.mark.parametrize("name", PACKAGES)
def test_edges_are_those_of_grimp(name: str, type_checking: bool) -> None:
    """Over a real package both tools see the same edges, but for differences of two kinds that are meant."""
    program = installed(name)
    expected, ours = theirs(name, type_checking=type_checking), named(program, type_checking=type_checking)
    assert len(internal(program, ours)) > len(program.modules)
    assert list(unexplained(program, expected, ours)) == []


def test_each_category_occurs() -> None:
    """A category that explains nothing would be an excuse in store."""
    found = set()
    for name in ("coverage", "rich"):
        program = installed(name)
        ours = named(program, type_checking=False)
        missing = theirs(name, type_checking=False) - internal(program, ours)
        found |= {category for category in CATEGORIES for edge in missing if category(program, edge, ours)}
    assert found == set(CATEGORIES)


@pytest.mark.parametrize("lost", [True, False], ids=["an edge is lost", "an edge is invented"])
def test_a_wrong_graph_is_noticed(lost: bool) -> None:
    """The comparison turns red when one edge is missing, and when there is one too many."""
    program = installed("click")
    expected, ours = theirs("click", type_checking=False), named(program, type_checking=False)
    wrong = ours - {("click.core", "click.types")} if lost else ours | {("click.types", "click.core")}
    assert wrong != ours
    assert list(unexplained(program, expected, wrong)) == [
        f"only {'grimp' if lost else 'here'}: {('click.core', 'click.types') if lost else ('click.types', 'click.core')}"
    ]


FORMS = {
    "in a function": ("def f():\n    import {package}.target\n", True, True),
    "in a class": ("class A:\n    from . import target\n", True, True),
    "relative, in parentheses": ("from . import (\n    target as other,\n)\n", True, True),
    "star": ("from .target import *\n", True, True),
    "after a semicolon": ("x = 1; from .target import thing\n", True, True),
    "in an except clause": ("try:\n    import nothing_there\nexcept ImportError:\n    from . import target\n", True, True),
    "for type checkers": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import target\n", False, False),
    "under another name": ("from typing import TYPE_CHECKING as T\nif T:\n    from . import target\n", False, True),
    "beside type checking": ("from typing import TYPE_CHECKING as T\nif not T:\n    from . import target\n", True, True),
    "or else": ("from typing import TYPE_CHECKING\nx = 1\nif TYPE_CHECKING or x:\n    from . import target\n", True, True),
    "in the other branch": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    from . import target\n",
        True,
        True,
    ),
    "by name": ("from importlib import import_module\nimport_module('{package}.target')\n", True, False),
    "by a relative name": ("import importlib\nimportlib.import_module('.target', __package__)\n", True, False),
    "by a helper": (
        "import importlib as i\ndef load(n):\n    return i.import_module(n)\nload('{package}.target')\n",
        True,
        False,
    ),
    "by the built-in": ("__import__('{package}.target')\n", True, False),
    "listed submodule": ("from .sub import *\n", True, True),
    "text that is no import": ("x = 'import {package}.target'\n", False, False),
}
"""Source of a module, whether we see that it imports ``target``, and whether grimp does."""


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What each tool makes of a form of import; where they differ, ours is what happens when the program runs."""
    text, ours, grimps = FORMS[form]
    package = f"forms_{list(FORMS).index(form)}"
    folder = tmp_path / package
    (folder / "sub").mkdir(parents=True)
    files = {
        "__init__": "",
        "target": "thing = 1\n",
        "user": text.format(package=package),
        "sub/__init__": "from .. import target\n",
    }
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    program = program_of(read_package(folder))
    graph = ImportGraph(program)
    edge = (f"{package}.user", f"{package}.sub" if form == "listed submodule" else f"{package}.target")
    seen = {(each.importer, each.imported) for each in graph.of(program.modules[edge[0]]) if graph.runs(each)}
    sys.path.insert(0, str(tmp_path))
    try:
        assert (edge in seen, edge in theirs(package, type_checking=False)) == (ours, grimps)
    finally:
        sys.path.remove(str(tmp_path))
