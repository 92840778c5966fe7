"""The map of a program: its modules, who imports whom, and the layers of the contracts that speak of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from buttress_scanner.config.selectors import SelectorError
from buttress_scanner.findings.map_model import Layering, Link, ModuleMap
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.reader import read_sources
from buttress_scanner.source.tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.program import Program
    from buttress_scanner.source.tree import Tree


@runtime_checkable
class Layered(Protocol):
    """A contract that puts modules into layers; a kind that offers this is drawn."""

    def layering(self, program: Program) -> Layering:
        """Return the layers, top first, with their modules."""


def draw(loaded: Loaded, tree: Tree | None = None) -> ModuleMap:
    """Read the program below a configuration's folder as far as imports need it; files that cannot be read are left out."""
    from buttress_scanner.program import Program
    from buttress_scanner.program.loading import concerned

    configuration = loaded.configuration
    files = tree or WorkTree(loaded.folder)
    discovered = files.modules(configuration.exclude)
    read = read_sources(files, discovered.files, configuration.roots, configuration.max_file_size)
    program = Program.build(read.sources, loaded.zones, Documents(files, configuration.max_file_size))
    program.focus(dict.fromkeys(concerned(program), 1))
    return ModuleMap(tuple(sorted(program.modules)), tuple(sorted(_links(program))), tuple(_layerings(loaded, program)))


def _links(program: Program) -> Iterator[Link]:
    """Yield one link for each pair of modules; an import that happens at run time outweighs those for type checkers."""
    from buttress_scanner.program.imports import ImportGraph

    graph = ImportGraph(program)
    for unit in program.modules.values():
        found: dict[str, Link] = {}
        for each in graph.of(unit):
            if each.imported not in program.modules or each.imported == unit.name:
                continue
            link = Link(unit.name, each.imported, graph.position(each), typing=not graph.runs(each))
            known = found.get(each.imported)
            if known is None or (known.typing and not link.typing):
                found[each.imported] = link
        yield from found.values()


def _layerings(loaded: Loaded, program: Program) -> Iterator[Layering]:
    """Yield the layers of the contracts, in the order of the configuration; what the check calls an error is left out here."""
    for contract in loaded.configuration.contract:
        if isinstance(contract, Layered):
            try:
                yield contract.layering(program)
            except SelectorError:
                continue
