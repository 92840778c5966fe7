"""The import graph against that of grimp over real packages, and what grimp has no notion of."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.program import Program
from buttress_scanner.program.imports import ImportGraph
from buttress_scanner.program.loading import concerned
from buttress_scanner.program.program import SMALL_PROGRAM
from buttress_scanner.source.model import SourceFile
from buttress_scanner.testing import check_files

if TYPE_CHECKING:
    from collections.abc import Mapping

Edges = set[tuple[str, str]]


def program_of(sources: Mapping[str, str | bytes]) -> Program:
    """Build a program from texts by path."""
    files = []
    for path, text in sources.items():
        parts = path.removesuffix(".py").split("/")
        package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if package else parts)
        files.append(
            SourceFile(path, module, package, is_stub=False, data=text if isinstance(text, bytes) else text.encode(), digest="")
        )
    return Program.build(files, {})


def installed(name: str) -> Program:
    """Build a program from the files of an installed package."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    return program_of({path.relative_to(root.parent).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.py"))})


def statements(program: Program) -> Edges:
    """Every module and what its import statements name, type checking apart."""
    graph = ImportGraph(program)
    return {(unit.name, each.imported) for unit in program.modules.values() for each in graph.written(unit) if graph.runs(each)}


def explained(edge: tuple[str, str], ours: Edges) -> bool:
    """Whether a difference is one of the two that are meant.

    A module that imports a name from itself depends on nothing. A submodule without a Python file, such as an extension, is what
    a statement names; grimp counts its package instead.
    """
    importer, imported = edge
    return importer == imported or any(who == importer and what.startswith(imported + ".") for who, what in ours)


@pytest.mark.parametrize("name", ["coverage", "rich"])
def test_agrees_with_grimp(name: str) -> None:
    """Over a real package the graph has the edges that grimp has, but for two kinds of difference."""
    grimp = pytest.importorskip("grimp", reason="grimp is a peer to compare with, no part of the tests' needs")
    program = installed(name)
    theirs = grimp.build_graph(name, exclude_type_checking_imports=True, cache_dir=None)
    expected: Edges = {(m, i) for m in theirs.modules for i in theirs.find_modules_directly_imported_by(m)}
    ours = statements(program)
    internal = {(importer, imported) for importer, imported in ours if imported in program.modules and importer != imported}
    assert set(program.modules) == theirs.modules
    assert len(internal) > len(program.modules)
    assert internal - expected == set()
    assert [edge for edge in sorted(expected - internal) if not explained(edge, ours - internal)] == []


CHAIN = {
    "app/__init__.py": "",
    "app/top.py": "import app.middle\nimport app.side\n",
    "app/side.py": "import app.longer\n",
    "app/longer.py": "import app.middle\n",
    "app/middle.py": "def late():\n    from app import bottom\n",
    "app/bottom.py": "import json\n",
}


def test_chain_is_shortest() -> None:
    """The chain between two modules is the shortest, in the order in which it is followed."""
    program = program_of(CHAIN)
    chain = ImportGraph(program).chain(program.modules["app.top"], lambda name: name == "json", lambda _: True)
    assert [(each.importer, each.imported, each.span[0]) for each in chain] == [
        ("app.top", "app.middle", 1),
        ("app.middle", "app.bottom", 2),
        ("app.bottom", "json", 1),
    ]


def test_chain_respects_what_may_pass() -> None:
    """An import that may not be followed is no part of a chain, and without it there may be none."""
    program = program_of(CHAIN)
    graph, top = ImportGraph(program), program.modules["app.top"]
    around = graph.chain(
        top, lambda name: name == "json", lambda each: each.importer != "app.top" or each.imported != "app.middle"
    )
    assert [each.imported for each in around] == ["app.side", "app.longer", "app.middle", "app.bottom", "json"]
    assert graph.chain(top, lambda name: name == "json", lambda each: each.importer != "app.bottom") == []


def test_names_alone_solve_nothing() -> None:
    """A program that mentions no import function is not evaluated to find its imports."""
    program = program_of(CHAIN)
    graph = ImportGraph(program)
    assert [each.imported for unit in program.modules.values() for each in graph.of(unit)]
    assert program.engine.order == []


def test_unknown_names_are_told() -> None:
    """A call of an import function whose module nobody can tell is neither an import nor forgotten."""
    text = "from importlib import import_module\n\n\ndef load(name: str) -> object:\n    return import_module(name)\n"
    program = program_of({"load.py": text})
    graph = ImportGraph(program)
    assert graph.called() == {}
    assert [(unit.name, span[0]) for unit, span in graph.unknown()] == [("load", 5)]


def test_the_way_of_a_name_is_evidence() -> None:
    """A name that is handed through a helper is followed from the call that names it to the call that imports it."""
    load = "from importlib import import_module\n\n\ndef load(name: str) -> object:\n    return import_module(name)\n"
    program = program_of({"tools.py": load, "use.py": "from tools import load\n\nload('json')\n"})
    (found,) = ImportGraph(program).called()["use"]
    assert (found.imported, found.span[0]) == ("json", 3)
    assert [(step.position.path, step.position.line) for step in found.steps] == [("use.py", 3), ("tools.py", 5)]


FILLER = {f"pad/m{number}.py": f"def f{number}(x: int) -> int:\n    return x + {number}\n" for number in range(SMALL_PROGRAM)}
LAYERS = """[[contract]]
id = "layers"
kind = "import-layers"
layers = ["shop.api.**", "shop.store.**"]
because = "The store knows nothing of the interface."
"""
SHOP = {
    "shop/api/routes.py": "",
    "shop/tools.py": "from importlib import import_module\n\n\ndef load(name):\n    return import_module(name)\n",
    "shop/more.py": "from shop import tools\n\n\ndef part(name):\n    return tools.load('shop.' + name)\n",
    "shop/store/rows.py": "from shop.more import part\n\n\ndef late():\n    return part('api.routes')\n",
}


def test_a_large_program_is_sieved() -> None:
    """In a large program only the modules are evaluated that can have to do with imports by name, helpers of helpers included."""
    program = program_of(FILLER | SHOP)
    assert concerned(program) == {"shop.tools", "shop.more", "shop.store.rows"}
    assert concerned(program_of(FILLER)) == set()


def test_the_sieve_loses_nothing() -> None:
    """What is found in a small program is found in a large one."""
    small, large = check_files(LAYERS, SHOP), check_files(LAYERS, FILLER | SHOP)
    assert [(f.position.path, f.position.line) for f in small.findings] == [("shop/store/rows.py", 5)]
    assert small.findings == large.findings
