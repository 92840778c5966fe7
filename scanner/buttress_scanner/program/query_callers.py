"""Who runs an element: directly, through library code, because it fits a protocol; and who may."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Position
from buttress_scanner.program.classes import is_subclass
from buttress_scanner.program.queries import Coverage, check_runs, coverage
from buttress_scanner.program.query_effects import Start, Starts
from buttress_scanner.program.query_links import Link, OpenCall, call_sites, called_values, link, open_calls, reasons, runs, told
from buttress_scanner.program.query_names import Target, find
from buttress_scanner.program.reach import runs_factories
from buttress_scanner.program.values import Class, Const, External, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.program import Program, Subject


@dataclass(frozen=True, slots=True)
class Caller:
    """A place that runs the element, or at a higher level one that runs such a place."""

    level: int
    position: Position
    symbol: str
    link: Link
    runs: tuple[str, ...]
    """What is run there: several where a receiver can be of several classes."""
    repeated: bool
    """Who runs this one is told elsewhere in the tree."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who runs an element: places in the order of the tree, each before those that run it."""

    asked: str
    symbols: tuple[str, ...]
    callers: tuple[Caller, ...]
    coverage: Coverage
    """Undecided are the places that may run it: a member of its name on something unknown."""
    anything: int
    """Calls anywhere of something of which nothing at all is known."""


def callers(program: Program, name: str, *, depth: int = 1, overrides: bool = False) -> Callers:
    """Find the places that run an element, or import a module; with a depth also who runs those, as a tree.

    Args:
        program: the program.
        name: the element.
        depth: how many calls to go back; 0 for all.
        overrides: whether overrides of the method in subclasses count as the method.

    Raises:
        QuestionError: there is no such element.
    """
    target = find(program, name)
    program.focus(None)
    frames = program.frames()
    wanted = _bodies(program, target, overrides=overrides)
    run = [f for f in frames if (f.unit.name, f.body.index) in wanted and (f.body.kind != "class" or runs_factories(f))]
    check_runs(target, [Start(frame) for frame in run])
    classes = {s.body: s.symbol for s in target.subjects if s.body is not None and s.body.kind == "class"}
    found = _Tree(program, frames, depth).tell(run, _constructions(frames, classes) if classes else {})
    names = {f.body.name for f in run if f.body.kind == "function"}
    undecided, calls, anything = _may_call(program, frames, names - _IMPLICIT)
    return Callers(name, target.symbols, tuple(found), coverage(program, frames, undecided, calls), anything)


_IMPLICIT = frozenset({"__init__", "__new__", "__post_init__", "<lambda>"})
"""Methods that nobody calls by their name."""


def _constructions(frames: Iterable[Frame], classes: Mapping[Body, str]) -> dict[Frame, list[tuple[int, str]]]:
    """The calls of the classes themselves: a class without a constructor runs nothing, and is constructed all the same."""
    found: dict[Frame, list[tuple[int, str]]] = {}
    for frame, node in call_sites(frames):
        for value in called_values(frame, node):
            if isinstance(value, Class) and value.info.body in classes:
                found.setdefault(frame, []).append((node, classes[value.info.body]))
    return found


def _bodies(program: Program, target: Target, *, overrides: bool) -> set[tuple[str, int]]:
    """The bodies that stand for the target: of a class, its constructors; of a variable, the callables in it."""
    found = {(unit.name, 0) for unit in target.units}
    for subject in target.subjects:
        if subject.body is None or subject.body.kind == "class":
            found |= {(s.frame.unit.name, s.frame.body.index) for s in Starts(program).of_subject(subject)}
        else:
            found.add((subject.unit.name, subject.body.index))
        if overrides and subject.body is not None:
            found |= _overrides(program, subject)
    return found


def _overrides(program: Program, subject: Subject) -> set[tuple[str, int]]:
    """Methods of the same name in subclasses."""
    owner, _, member = subject.qualname.rpartition(".")
    classes = program.classes(f"{subject.unit.name}:{owner}") if owner else []
    found = set()
    for info in program.engine.classes.values():
        if any(info is not base and is_subclass(program.engine, info, base) for base in classes):
            qualname = f"{info.body.qualname}.{member}"
            found |= {(info.unit.name, b.index) for b in info.unit.facts.bodies if b.qualname == qualname}
    return found


_Place = tuple[Position, str, Link, tuple[str, ...], list["Frame"]]


@dataclass(slots=True)
class _Branch:
    """A place, and those that run it."""

    place: _Place
    level: int
    repeated: bool = False
    branches: list[_Branch] = field(default_factory=list)


class _Tree:
    """Callers of callers, frame by frame, so that a helper's other callers stay out."""

    def __init__(self, program: Program, frames: Sequence[Frame], depth: int) -> None:
        self._program = program
        self._depth = depth
        self._callers: dict[Frame, list[tuple[Frame, int]]] = {}
        for frame in frames:
            for node in sorted(frame.edges):
                if runs(frame, node):
                    for callee in frame.edges[node]:
                        self._callers.setdefault(callee, []).append((frame, node))

    def tell(self, frames: Iterable[Frame], constructions: Mapping[Frame, list[tuple[int, str]]]) -> Iterator[Caller]:
        """The places that run any of the frames, each before those that run it in turn.

        No body is unfolded twice, and each where it is nearest.
        """
        roots = [_Branch(place, 1) for place in self._places(frames, constructions)]
        self._unfold(roots)
        waiting = roots[::-1]
        while waiting:
            branch = waiting.pop()
            position, symbol, how, run, _ = branch.place
            yield Caller(branch.level, position, symbol, how, run, branch.repeated)
            waiting += branch.branches[::-1]

    def _unfold(self, roots: Iterable[_Branch]) -> None:
        unfolded: set[tuple[str, int]] = set()
        queue = deque(roots)
        while queue:
            branch = queue.popleft()
            into = branch.place[-1]
            body = (into[0].unit.name, into[0].body.index)
            if branch.level == self._depth or into[0].body.kind == "module" or not any(f in self._callers for f in into):
                continue
            branch.repeated = body in unfolded
            if not branch.repeated:
                unfolded.add(body)
                branch.branches = [_Branch(place, branch.level + 1) for place in self._places(into)]
                queue += branch.branches

    def _places(
        self, frames: Iterable[Frame], constructions: Mapping[Frame, list[tuple[int, str]]] = MappingProxyType({})
    ) -> list[_Place]:
        """Where any of the frames is run, by what, how, and in which frames that happens."""
        found: dict[tuple[Position, str], list[tuple[Link, str, Frame]]] = {}
        for frame, made in constructions.items():
            for node, symbol in made:
                key = (self._program.node_position(frame, node), frame.symbol)
                found.setdefault(key, []).append((Link("constructor", symbol), symbol, frame))
        for callee in frames:
            for frame, node in self._callers.get(callee, ()):
                key = (self._program.node_position(frame, node), frame.symbol)
                found.setdefault(key, []).append((link(self._program.engine, frame, node, callee), callee.symbol, frame))
        return [_merged(key, found[key]) for key in sorted(found)]


def _merged(key: tuple[Position, str], edges: list[tuple[Link, str, Frame]]) -> _Place:
    """One place with everything that it runs; the surest way speaks for all."""
    best = min((how for how, _, _ in edges), key=_rank)
    return (*key, best, tuple(sorted({run for _, run, _ in edges})), list(dict.fromkeys(frame for _, _, frame in edges)))


def _rank(found: Link) -> tuple[bool, Link]:
    """Certain ways first."""
    return (found.confidence is Confidence.POSSIBLE, found)


def _may_call(program: Program, frames: Sequence[Frame], names: set[str]) -> tuple[tuple[OpenCall, ...], int, int]:
    """Uses of a member of one of the names on something unknown; how many calls there are; how many of nothing known."""
    asked = as_anybody(frames)
    open_places, calls = open_calls(program, dict.fromkeys(asked, 0))
    mentioned: dict[Position, OpenCall] = {}
    nameless: set[Position] = set()
    for frame in asked:
        for node, operation in enumerate(frame.body.nodes):
            if operation[0] == "attr" and operation[2] in names:
                cell = frame.cells[operation[1]]
                values = list(cell.values) if cell is not None else []
                why = told(reasons(program.engine, values)) if not _is_library(values) else ()
                if why:
                    place = program.node_position(frame, node)
                    mentioned.setdefault(place, OpenCall(0, place, frame.symbol, why))
            elif operation[0] == "call" and _is_bare(frame, node):
                nameless.add(program.node_position(frame, node))
    return tuple(sorted(mentioned.values())), calls, len(nameless & {o.position for o in open_places})


def _is_library(values: list[Value]) -> bool:
    return any(isinstance(v, External) for v in values)


def _is_bare(frame: Frame, node: int) -> bool:
    """Whether a call calls something that no attribute names, and of which nothing is known."""
    operation = frame.body.nodes[node]
    values = called_values(frame, node)
    nothing = all(isinstance(v, Unknown) or (isinstance(v, Const) and v.value is None) for v in values)
    return nothing and frame.body.nodes[operation[1]][0] != "attr"


def as_anybody(frames: Sequence[Frame]) -> list[Frame]:
    """For each body the frame in which anybody calls it; all frames of bodies that have none."""
    open_to_all = {(f.unit.name, f.body.index) for f in frames if f.key == "anybody"}
    return [f for f in frames if f.key == "anybody" or (f.unit.name, f.body.index) not in open_to_all]
