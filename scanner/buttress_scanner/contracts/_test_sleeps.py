"""Sleeping with a delay that is not zero, and who chose the delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import leaves, path_of
from buttress_scanner.contracts._test_deed import Deed
from buttress_scanner.program.arguments import Args, with_partial
from buttress_scanner.program.contents import known_items
from buttress_scanner.program.hygiene import hygiene
from buttress_scanner.program.values import Box, Class, Const, Module, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.contracts._library import Callers
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.hygiene import Argument

_DEPTH = 8
_TIMED = ("threading.Event.wait", "threading.Condition.wait", "asyncio.Event.wait")


class Sleeps:
    """Finds sleeps."""

    def __init__(self, program: Program, callers: Callers) -> None:
        self.engine = program.engine
        self.tables = hygiene()
        self.callers = callers

    def of(self, frame: Frame) -> Iterator[Deed]:
        """Yield what sleeps in a frame, at the places that choose the delays."""
        for index, node in enumerate(frame.body.nodes):
            if node[0] != "call":
                continue
            direct = False
            for value in self.engine.read(frame, node[1]):
                path = path_of(self.engine, value)
                taking = self.tables.sleeps.get(path)
                if taking is not None:
                    direct = True
                    yield from self._delays(frame, index, node, value, taking, path)
                elif path in self.tables.commands and self._runs_sleep(frame, node):
                    yield Deed("sleep", frame, index, f"runs the command sleep by {path}")
                elif path in _TIMED and self._is_fresh(frame, node[1]) and (node[2] or node[3]):
                    yield Deed("sleep", frame, index, f"waits for what nobody sets: {path}")
            if not direct:
                yield from self._called_back(frame, index, node)

    def _runs_sleep(self, frame: Frame, node: Node) -> bool:
        """Whether a command is ``sleep``, with something else than zero."""
        words: list[str] = []
        for value in Args.of(self.engine, frame, node).get(0, "args"):
            parts = known_items(self.engine, value) if isinstance(value, Box) else {0: [value]}
            for place in sorted(k for k in parts if isinstance(k, int)):
                words += [w for v in parts[place] if isinstance(v, Const) for w in str(v.value).split()]
        if len(words) == 1:
            words += [str(v.value) for v in Args.of(self.engine, frame, node).get(1) if isinstance(v, Const)]
        return len(words) > 1 and words[0].rpartition("/")[2] == "sleep" and words[1] != "0"

    def _is_fresh(self, frame: Frame, callee: int) -> bool:
        """Whether a method is called on an object that was made for it, so that nobody else can have it."""
        operation = frame.body.nodes[callee]
        if operation[0] != "attr" or frame.body.nodes[operation[1]][0] != "call":
            return False
        spans = frame.body.spans
        return spans[callee][:2] == spans[operation[1]][:2]

    def _called_back(self, frame: Frame, index: int, node: Node) -> Iterator[Deed]:
        """A sleep that the library is handed, and calls."""
        paths = {d.path for d in frame.deeds.get(index, ()) if d.path in self.tables.sleeps}
        given = [v for _, operand in node[2] for v in self.engine.read(frame, operand)]
        named = {path_of(self.engine, v) for v in given} & paths
        if not named:
            return
        others = [v for v in given if path_of(self.engine, v) not in named]
        if not others or not all(isinstance(v, Const) and not v.value for v in others):
            yield Deed("sleep", frame, index, f"has {min(named)} called")

    def _delays(self, frame: Frame, index: int, node: Node, callee: Value, taking: Argument, path: str) -> Iterator[Deed]:
        operand = _operand(node, taking)
        if operand is not None:
            yield from self._chosen(frame, operand, (frame, index), path, 0)
            return
        args = Args.of(self.engine, frame, node)
        if isinstance(callee, Partial):
            args = with_partial(self.engine, callee, args)
        values = [v for k in taking.keywords for v in args.keywords.get(k, [])] or args.get(taking.position)
        if not values or any(not isinstance(v, Const) or v.value for v in values):
            yield Deed("sleep", frame, index, f"sleeps: {path}")

    def _chosen(self, frame: Frame, operand: int, place: Site, path: str, depth: int) -> Iterator[Deed]:
        """Who chose a delay that is not zero: the place itself, or those who hand it over."""
        for leaf in leaves(frame.body, operand):
            operation = frame.body.nodes[leaf]
            if operation[0] != "param" or depth > _DEPTH:
                if not self._is_zero(frame, leaf, 0):
                    yield Deed("sleep", place[0], place[1], f"sleeps: {path}")
                continue
            is_default = not self.callers.is_called(frame)
            for (caller, call), given in self.callers.given(frame, operation[1]):
                if given is None:
                    is_default = True
                elif given >= 0:
                    yield from self._chosen(caller, given, (caller, call), path, depth + 1)
                else:
                    cell = frame.params.get(operation[1])
                    values = self.engine.values(cell) if cell is not None else []
                    if not values or any(not isinstance(v, Const) or v.value for v in values):
                        chooses = (caller, call) if caller.body.nodes[call][0] == "call" else place
                        yield Deed("sleep", *chooses, f"sleeps: {path}", certain=bool(values))
            default = self.callers.default(frame, operation[1]) if is_default else None
            if default is not None and not self._is_zero(*default, 0):
                yield Deed("sleep", place[0], place[1], f"sleeps: {path}")
            elif default is None and not self.callers.is_called(frame) and frame.body.name.startswith("test"):
                yield Deed("sleep", place[0], place[1], f"sleeps: {path}", certain=False)

    def _is_zero(self, frame: Frame, node: int, depth: int) -> bool:
        """Whether a node is surely zero."""
        operation = frame.body.nodes[node]
        if operation[0] == "literal":
            return len(operation) > 2 and operation[2] == 0
        if operation[0] == "const":
            return not operation[1]
        if operation[0] == "un" and depth < _DEPTH:
            return self._is_zero(frame, operation[2], depth + 1)
        if depth < _DEPTH and operation[0] in ("global", "from"):
            unit = frame.unit
            if operation[0] == "from":
                absolute = self.engine.modules.absolute(frame.unit, operation[1], operation[2])
                found = self.engine.modules.get(absolute) if absolute is not None else None
                if found is None:
                    return False
                unit = found
            at = unit.frame.body.exit.get(operation[-1])
            if at is not None:
                return all(self._is_zero(unit.frame, leaf, depth + 1) for leaf in leaves(unit.frame.body, at))
        if depth < _DEPTH and operation[0] == "attr":
            held = self._attribute_nodes(frame, operation)
            if held:
                return all(self._is_zero(f, leaf, depth + 1) for f, at in held for leaf in leaves(f.body, at))
        values = self.engine.read(frame, node)
        return bool(values) and all(isinstance(v, Const) and not v.value for v in values)

    def _attribute_nodes(self, frame: Frame, operation: Node) -> list[Site]:
        """Where modules and classes bind an attribute that is read from them."""
        found: list[Site] = []
        for value in self.engine.read(frame, operation[1]):
            holder = value.unit.frame if isinstance(value, Module) else value.info.frame if isinstance(value, Class) else None
            at = holder.body.exit.get(operation[2]) if holder is not None else None
            if holder is not None and at is not None:
                found.append((holder, at))
        return found


def _operand(node: Node, taking: Argument) -> int | None:
    for keyword, operand in node[3]:
        if keyword in taking.keywords:
            return int(operand)
    if not 0 <= taking.position < len(node[2]) or any(starred for starred, _ in node[2][: taking.position + 1]):
        return None
    return int(node[2][taking.position][1])
