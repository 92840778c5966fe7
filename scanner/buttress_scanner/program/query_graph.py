"""The call graph as plain data: elements of the program and library functions, and how they run each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Position
from buttress_scanner.program.engine import EVERYTHING
from buttress_scanner.program.queries import Coverage, coverage
from buttress_scanner.program.query_effects import place_of
from buttress_scanner.program.query_links import (
    Link,
    call_sites,
    called_values,
    is_commonplace,
    library_names,
    link,
    open_calls,
    runs,
)
from buttress_scanner.program.query_names import select
from buttress_scanner.program.reach import runs_factories
from buttress_scanner.program.values import BoxMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.program import Program
    from buttress_scanner.program.query_names import Target


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """An element of the program, or a function of a library.

    ``effects`` are its own: deeds in its body, or what the catalogue says. None stands for a library function that no catalogue
    knows. ``kind`` is ``module``, ``class``, ``function``, ``lambda`` or ``library``.
    """

    name: str
    kind: str
    position: Position | None
    effects: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One node runs another, at ``sites`` places of which ``position`` is the first."""

    source: str
    target: str
    how: tuple[str, ...]
    confidence: Confidence
    position: Position
    sites: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges in alphabetical order."""

    asked: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the graph is wanted.

    Attributes:
        within: only edges whose two ends are selected, instead of those that touch the selection.
        libraries: functions outside of the program too.
        modules: modules in place of their elements.
    """

    within: bool = False
    libraries: bool = True
    modules: bool = False


def graph(program: Program, names: Sequence[str], choice: Choice) -> Graph:
    """Draw the call graph, of the whole program or around some modules, zones or elements.

    Raises:
        QuestionError: a name stands for nothing.
    """
    targets = select(program, names)
    partly = bool(names) and choice.within
    program.focus(dict.fromkeys((m for t in targets for m in t.modules), EVERYTHING) if partly else None)
    frames = [f for f in program.frames() if not runs_factories(f)]
    chosen = _chooser(targets)
    drawing = _Drawing(program, choice, chosen)
    for frame in program.frames():
        drawing.add(frame)
    inside = [f for f in frames if chosen(f)]
    undecided, calls = open_calls(program, dict.fromkeys(inside, 0))
    return Graph(tuple(names), drawing.nodes(inside), drawing.edges(), coverage(program, inside, undecided, calls))


def _chooser(targets: Sequence[Target]) -> Callable[[Frame], bool]:
    """Whether a frame belongs to the selection: to a module, an element, or what an element contains."""
    modules = {u.name for t in targets for u in t.units}
    elements = [(s.unit.name, s.qualname) for t in targets for s in t.subjects]

    def chosen(frame: Frame) -> bool:
        module, name = frame.unit.name, frame.body.qualname
        return (
            not targets
            or module in modules
            or any(module == unit and (name == own or name.startswith(f"{own}.")) for unit, own in elements)
        )

    return chosen


class _Drawing:
    """Collects edges by their ends."""

    def __init__(self, program: Program, choice: Choice, chosen: Callable[[Frame], bool]) -> None:
        self._program = program
        self._choice = choice
        self._chosen = chosen
        self._sites: dict[tuple[str, str], dict[tuple[Position, Link], None]] = {}
        self._nodes: dict[str, Node] = {}

    def add(self, frame: Frame) -> None:
        """Add what a frame runs."""
        for node in sorted(frame.edges):
            if runs(frame, node):
                for callee in frame.edges[node]:
                    if self._wanted(frame, callee):
                        self._connect(frame, node, self._of(callee), link(self._program.engine, frame, node, callee))
        if self._choice.libraries and self._chosen(frame):
            for path, node in self._library(frame):
                self._connect(frame, node, self._outside(path), Link("library", path))

    def _wanted(self, frame: Frame, callee: Frame) -> bool:
        if self._choice.modules and frame.unit is callee.unit:
            return False
        ends = (self._chosen(frame), self._chosen(callee))
        return all(ends) if self._choice.within else any(ends)

    def _library(self, frame: Frame) -> Iterator[tuple[str, int]]:
        """The library functions that a frame calls, and what else it does by libraries."""
        for site, node in call_sites([frame]):
            for value in called_values(site, node):
                for path in () if isinstance(value, BoxMethod) else library_names(value):
                    if not is_commonplace(self._program.engine, path):
                        yield self._program.engine.catalogue.resolve(path), node
        for node in sorted(frame.deeds):
            for deed in frame.deeds[node]:
                if runs(frame, node) and self._program.engine.catalogue.file_of(deed.path):
                    yield deed.path, node

    def _connect(self, frame: Frame, node: int, target: Node, how: Link) -> None:
        source = self._of(frame)
        place = self._program.node_position(frame, node)
        self._sites.setdefault((source.name, target.name), {})[place, how] = None

    def _of(self, frame: Frame) -> Node:
        """The node of a frame: its module where modules are wanted; else its element."""
        if self._choice.modules:
            frame = frame.unit.frame
        known = self._nodes.get(frame.symbol)
        if known is None:
            known = self._nodes[frame.symbol] = Node(frame.symbol, frame.body.kind, place_of(self._program, frame), ())
        return known

    def _outside(self, path: str) -> Node:
        """The node of a library function: its module where modules are wanted."""
        catalogue = self._program.engine.catalogue
        entry = catalogue.entry(path)
        name = path.partition(".")[0] if self._choice.modules else path
        if name not in self._nodes:
            self._nodes[name] = Node(name, "library", None, entry.effects if entry is not None else None)
        elif self._choice.modules and entry is not None:
            have = self._nodes[name]
            self._nodes[name] = replace(have, effects=tuple(sorted({*(have.effects or ()), *entry.effects})))
        return self._nodes[name]

    def nodes(self, inside: Iterable[Frame]) -> tuple[Node, ...]:
        """All nodes with their own effects: the selection, and what is connected with it."""
        for frame in inside:
            self._of(frame)
        own: dict[str, set[str]] = {}
        for frame in self._program.frames():
            name = frame.unit.name if self._choice.modules else frame.symbol
            if name in self._nodes:
                deeds = (d for node, found in frame.deeds.items() if runs(frame, node) for d in found)
                own.setdefault(name, set()).update(e for d in deeds for e in d.effects)
        merged = (replace(n, effects=tuple(sorted(own[n.name]))) if n.name in own else n for n in self._nodes.values())
        return tuple(sorted(merged, key=lambda n: n.name))

    def edges(self) -> tuple[Edge, ...]:
        """All edges."""
        return tuple(_edge(ends, list(sites)) for ends, sites in sorted(self._sites.items(), key=lambda item: item[0]))


def _edge(ends: tuple[str, str], sites: list[tuple[Position, Link]]) -> Edge:
    hows = tuple(sorted({how.how for _, how in sites}))
    certain = any(how.confidence is Confidence.PROVEN for _, how in sites)
    places = sorted({place for place, _ in sites})
    return Edge(*ends, hows, Confidence.PROVEN if certain else Confidence.POSSIBLE, places[0], len(places))
