"""The solver: demand-driven cells over frames, a worklist, and a heap by allocation site.

Reading a cell computes it and notes the reader; a cell that grows queues its readers. A call binds arguments to a frame of the
callee and reads its result. Frames are told apart by projected argument values; what a limit merges goes to one wide frame and is
never lost.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from buttress_scanner.program.bodies import Bodies
from buttress_scanner.program.contexts import Contexts
from buttress_scanner.program.frames import Cell, ClassInfo, Deed, Frame, Unit
from buttress_scanner.program.values import (
    Box,
    Const,
    External,
    Function,
    Instance,
    Module,
    Object,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.catalogue import Catalogue
    from buttress_scanner.program.modules import Modules

    Handler = Callable[["Engine", Frame, int, Node], Iterable[Value]]
    """Computes what one operation yields."""

SET_LIMIT = 16
"""Values a cell keeps; beyond it, precious ones only and a mark that the cell is full."""
CALLABLE_LIMIT = 48
"""A dispatch table of this many functions is still followed to each of them."""
_DROPPED_FIRST = (Const, Unknown, Box, Object, External)
EVERYTHING = 1_000_000_000
IMPORT_REACH = 3
"""Calls that are followed from the import of a module that no contract is about: enough for registries and decorators."""
DEPTH = 40


class Engine:
    """All state of one analysis."""

    def __init__(self, modules: Modules, catalogue: Catalogue) -> None:
        from buttress_scanner.program.evaluate import HANDLERS

        self.modules = modules
        self.catalogue = catalogue
        self.handlers = HANDLERS
        self.table: dict[tuple[Any, ...], Value] = {}
        self.heap: dict[Any, Cell] = {}
        self.frames: dict[Function, dict[Any, Frame]] = {}
        self.functions: dict[Function, None] = {}
        self.classes: dict[tuple[Frame, int], ClassInfo] = {}
        self.work: deque[Cell] = deque()
        self.pending: deque[Frame] = deque()
        self.order: list[Frame] = []
        self.reader: Cell | None = None
        self.depth = 0
        self.nesting = 0
        self.how = ""
        """Why calls are made just now, for their edges: ``fits`` for what merely has the shape of a protocol."""
        self.instances = 0
        self.precious: Callable[[Value], bool] = lambda _: False
        self._kept: dict[Value, int] = {}
        """Up to which size a full cell takes a value."""
        self.busy = False
        self.scope: Mapping[str, int] | None = None
        self.demanded: set[tuple[ClassInfo, str]] = set()
        self.contexts = Contexts(self)
        self.members: dict[tuple[ClassInfo, str, ClassInfo | None], Cell] = {}
        """The members of classes, with who has them."""
        self.attributes: dict[tuple[Instance, str], Cell] = {}
        """What objects show under a name."""
        self.bindings: dict[Any, tuple[Frame, list[Value] | None]] = {}
        """Calls that were bound before: place, function and arguments, with the frame and the arguments that it gives back."""
        self.bodies = Bodies()
        self.handed: dict[tuple[Frame, int], set[Value]] = {}
        self.functions_in: dict[tuple[Unit, int], list[Function]] = {}
        self.changes: dict[tuple[Frame, int], dict[Value, str]] | None = None
        """By place what it changes, and what of it, if a contract asks for that."""

    # --- values

    def make(self, kind: type[Value], *parts: Any) -> Any:
        """Return the one value of this kind with these parts."""
        key = (kind, *parts)
        value = self.table.get(key)
        if value is None:
            value = self.table[key] = kind(*parts)
            if kind is Function:
                self._register(value)  # type: ignore[arg-type]
        return value

    def _register(self, function: Function) -> None:
        self.functions[function] = None
        self.functions_in.setdefault((function.unit, function.body.parent), []).append(function)

    def const(self, value: Any) -> Const:
        """Return the constant; 1, 1.0 and True are different constants."""
        result: Const = self.make(Const, value, type(value).__name__)
        return result

    def unknown(self, reason: str) -> Unknown:
        """Return "not known" with its reason."""
        result: Unknown = self.make(Unknown, reason)
        return result

    # --- cells

    def read(self, frame: Frame, node: int) -> list[Value]:
        """The values of a node, computed on first demand; the cell being computed becomes a reader."""
        cell = frame.cells[node]
        if cell is None:
            cell = frame.cells[node] = Cell(frame, node)
        return self.values(cell)

    def values(self, cell: Cell) -> list[Value]:
        """The values of any cell, in a list that nobody changes."""
        if cell.state == 0:
            self.compute(cell)
        if self.reader is not None:
            cell.readers[self.reader] = None
        seen = cell.seen
        if len(seen) != len(cell.values):
            seen = cell.seen = list(cell.values)
        return seen

    def compute(self, cell: Cell) -> None:
        """Evaluate a cell once; beyond the depth limit it is queued and its readers are woken later."""
        if self.depth >= DEPTH:
            self.queue(cell)
            return
        outer, self.reader = self.reader, cell
        nesting, instances, how = self.nesting, self.instances, self.how
        self.nesting, self.instances, self.how = 0, 0, ""
        self.depth += 1
        cell.state = 1
        try:
            frame = cell.frame
            if frame is not None:
                node = frame.body.nodes[cell.node]
                found = self.handlers[node[0]](self, frame, cell.node, node)
            else:
                found = cell.source() if cell.source is not None else ()
            if cell.is_view:
                self._replace(cell, found)
            else:
                self.grow(cell, found)
        finally:
            self.depth -= 1
            self.nesting, self.instances, self.how = nesting, instances, how
            self.reader = outer

    def grow(self, cell: Cell, values: Iterable[Value], *, limited: bool = True) -> None:
        """Add values to a cell and wake its readers if it grew."""
        have = cell.values
        grown = False
        for value in values:
            if value in have:
                continue
            if limited and len(have) >= SET_LIMIT and self._is_over(len(have), value):
                if not cell.full:
                    cell.full = grown = True
                    have[self.unknown("too many values")] = None
                continue
            have[value] = None
            grown = True
        if grown:
            for reader in cell.readers:
                self.queue(reader)

    def _replace(self, cell: Cell, values: Iterable[Value]) -> None:
        """Let a view show other values: fallbacks leave it when something better is known."""
        before, cell.values = cell.values, dict.fromkeys(values)
        cell.seen = list(cell.values)
        if not before.keys() >= cell.values.keys():
            for reader in cell.readers:
                self.queue(reader)

    def _is_over(self, size: int, value: Value) -> bool:
        """Whether a full cell drops the value: functions have a higher limit, what a contract asks about has none."""
        kept = self._kept.get(value)
        if kept is None:
            dropped = type(value) in _DROPPED_FIRST or not self.precious(value)
            kept = self._kept[value] = 0 if dropped and type(value) is not Function else CALLABLE_LIMIT if dropped else EVERYTHING
        return size >= kept

    def queue(self, cell: Cell) -> None:
        """Have a cell evaluated (again)."""
        if not cell.queued:
            cell.queued = True
            self.work.append(cell)

    def slot(self, *key: Any) -> Cell:
        """The heap cell of this key."""
        cell = self.heap.get(key)
        if cell is None:
            cell = self.heap[key] = Cell(None, -1)
            cell.state = 2
        return cell

    def lazy(self, source: Callable[[], Iterable[Value]], *key: Any) -> Cell:
        """The heap cell of this key, filled by ``source`` when it is first read."""
        cell = self.heap.get(key)
        if cell is None:
            cell = self.heap[key] = Cell(None, -1, source)
        return cell

    def view(self, source: Callable[[], Iterable[Value]]) -> Cell:
        """A new cell that always shows what ``source`` gives for what is known now."""
        cell = Cell(None, -1, source)
        cell.is_view = True
        return cell

    # --- running

    def activate(self, frame: Frame) -> None:
        """Have every node of a frame evaluated: that performs its stores."""
        if not frame.active:
            frame.active = True
            self.order.append(frame)
            self.pending.append(frame)

    def run(self) -> None:
        """Work until nothing changes. Nested calls return at once: the outer one goes on."""
        if self.busy:
            return
        self.busy = True
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, 20_000))
        try:
            while self.work or self.pending:
                if self.work:
                    cell = self.work.popleft()
                    cell.queued = False
                    self.compute(cell)
                    continue
                frame = self.pending.popleft()
                for node in range(len(frame.body.nodes)):
                    self.read(frame, node)
        finally:
            self.busy = False
            sys.setrecursionlimit(limit)

    def solve(self, units: Iterable[Unit], scope: Mapping[str, int] | None = None) -> None:
        """Evaluate all module bodies, a frame called by anybody for each function, and the closures that escape.

        With a scope (module to the number of calls to follow from there) only functions of those modules get such a frame; of the
        others runs what is called, and what stores an attribute or a global that somebody reads.
        """
        from buttress_scanner.program.classes import is_record
        from buttress_scanner.program.construction import run_default_factories
        from buttress_scanner.program.turns import in_turns, is_called_on_objects

        self.scope = scope
        self._kept.clear()
        for unit in units:
            self.reach(unit.frame, EVERYTHING if scope is None else max(scope.get(unit.name, 0), IMPORT_REACH))
        self.run()
        for info in list(self.classes.values()):
            if is_record(self, info):
                run_default_factories(self, info)
        self.run()
        seen = 0
        while len(self.functions) > seen:
            batch = list(self.functions)[seen:]
            seen += len(batch)
            for group in in_turns(self, batch):
                for function in group:
                    inside = scope is None or function.unit.name in scope
                    if (inside or self.bodies[function.body].stores_globals) and (
                        function.closure is None or not self.frames.get(function)
                    ):
                        frame = self.generic_frame(function)
                        frame.quiet = frame.reach < 0 and is_called_on_objects(self, function)
                        self.reach(frame, EVERYTHING if scope is None else scope.get(function.unit.name, 0))
                self.run()

    def demand(self, info: ClassInfo, name: str) -> None:
        """Somebody reads the attribute: with a scope, evaluate the methods of the class that store it."""
        if self.scope is None or info.unit.name in self.scope or (info, name) in self.demanded:
            return
        self.demanded.add((info, name))
        for function in self.functions_in.get((info.unit, info.body.index), ()):
            if name in self.bodies[function.body].stored_attributes:
                self.reach(self.generic_frame(function), 0)

    # --- frames

    def generic_frame(self, function: Function) -> Frame:
        """The frame in which anybody calls the function: parameters from annotations and defaults only."""
        frames = self.frames.setdefault(function, {})
        frame = frames.get("anybody")
        if frame is None:
            frame = frames["anybody"] = Frame(function.unit, function.body, function.closure, "anybody", function.owner)
        return frame

    def call_frame(self, function: Function, bound: dict[str, list[Value]], site: tuple[Frame, int]) -> Frame:
        """The frame for a call with these arguments; parameters grow by them."""
        frame = self.contexts.frame(function, bound, site)
        for name, values in bound.items():
            cell = frame.params.get(name)
            if cell is None:
                cell = frame.params[name] = Cell(None, -1)
                cell.state = 2
            self.grow(cell, values)
        return frame

    # --- what nodes do

    def edge(self, site: tuple[Frame, int], callee: Frame, how: str = "") -> None:
        """Note that a node calls a frame, which is thereby live as far as the caller's reach goes."""
        frame, node = site
        edges = frame.edges.setdefault(node, {})
        if callee not in edges:
            edges[callee] = how or self.how
            self.reach(callee, frame.reach - 1 if frame.reach <= 0 else max(frame.reach - 1, self._own_reach(callee)))

    def reach(self, frame: Frame, steps: int) -> None:
        """Let a frame run, and what it calls up to so many calls further on."""
        waiting = [(frame, steps)]
        while waiting:
            current, left = waiting.pop()
            if left <= current.reach:
                continue
            current.reach = left
            if left >= 0:
                self.activate(current)
                for callees in current.edges.values():
                    waiting += [(callee, max(left - 1, self._own_reach(callee)) if left else -1) for callee in callees]

    def _own_reach(self, frame: Frame) -> int:
        """How far calls are followed from functions of a module that a contract is about."""
        return EVERYTHING if self.scope is None else self.scope.get(frame.unit.name, -1)

    def deed(self, site: tuple[Frame, int], path: str, effects: tuple[str, ...], text: str = "") -> None:
        """Note what a node does by itself."""
        frame, node = site
        frame.deeds.setdefault(node, {})[Deed(path, effects, text or path)] = None

    def result(self, frame: Frame) -> list[Value]:
        """What the frame returns: inferred, or declared where nothing is inferred."""
        if frame.result is None:
            frame.result = Cell(None, -1, lambda: self._returned(frame))
        return self.values(frame.result)

    def _returned(self, frame: Frame) -> Iterable[Value]:
        from buttress_scanner.program.declared import declared_beside, declared_result
        from buttress_scanner.program.values import informative

        found = [v for node in frame.body.returns if self._may_return(frame, node) for v in self.read(frame, node)]
        if not informative(found):
            return found + declared_result(self, frame)
        return found + declared_beside(self, found, lambda: declared_result(self, frame))

    def _may_return(self, frame: Frame, node: int) -> bool:
        """Whether the tests on the way to a return can come out so for what the frame was called with."""
        nodes = frame.body.nodes
        return all(self.read(frame, test) or not self.read(frame, nodes[test][3]) for test in frame.body.guards.get(node, ()))

    def instance(self, info: ClassInfo, site: Any) -> Instance:
        """Return an instance of a project class."""
        result: Instance = self.make(Instance, info, site)
        return result

    def module_value(self, unit: Unit) -> Module:
        """Return a module of the program, whose body runs when it is imported."""
        self.reach(unit.frame, 0)
        result: Module = self.make(Module, unit)
        return result
