"""Mutable fields that methods hand out without a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._family import is_mutable
from buttress_scanner.contracts._owning import DEEPEST, VALIDATING, Owning
from buttress_scanner.program.carrying import operands_of
from buttress_scanner.program.classes import is_record, members
from buttress_scanner.program.values import Box, Class, Const, External, Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.frames import ClassInfo, Frame

_FILLING = ("append", "add", "appendleft", "insert", "put", "put_nowait", "setdefault", "extendleft")
_READING = ("builtins.getattr", "builtins.object.__getattribute__")
"""Methods that put an argument into a container."""


@dataclass(slots=True)
class HandedOut(Owning):
    """Answers for the classes of one contract."""

    def places(self) -> Iterator[tuple[Frame, int, str]]:
        """Yield every place at which a method lets a mutable field out: where, and which."""
        found: dict[tuple[str, int, int], tuple[Frame, int, str]] = {}
        for frame in self.program.frames():
            if frame.owner is None or frame.owner not in self.related or frame.body.kind == "class" or self._is_internal(frame):
                continue
            for node in self._outgoing(frame):
                name = self._leaked(frame, node, 0)
                if name:
                    found.setdefault((frame.unit.name, frame.body.index, node), (frame, node, name))
        yield from found.values()

    def _owner(self, frame: Frame) -> ClassInfo | None:
        """The class in whose method the code stands."""
        scope: Frame | None = frame
        while scope is not None and (scope.owner is None or scope.body.kind == "class"):
            scope = scope.closure
        owner: ClassInfo | None = scope.owner if scope is not None else None
        return owner

    def _is_internal(self, frame: Frame) -> bool:
        """Whether a private method is called by the class itself only: what its callers hand out is asked."""
        name = frame.body.name
        if not name.startswith("_") or (name.startswith("__") and name.endswith("__")):
            return False
        callers = [caller for each in self.frames_of.get(frame.body, ()) for caller, _ in self.origins.callers(each)]
        return bool(callers) and all(self._owner(caller) in self.related for caller in callers)

    def _outgoing(self, frame: Frame) -> Iterator[int]:
        """The nodes of what leaves the method."""
        body = frame.body
        if body.kind == "function":
            yield from (n for n in body.returns if body.nodes[n][0] != "const")
        for node in body.nodes:
            match node[0]:
                case "yield":
                    yield node[1]
                case "setattr" if not self._guarded(frame, node[1]):
                    yield node[3]
                case "setitem" if not self._namespace(frame, node[1]) and not self._leaked(frame, node[1], 0):
                    if self._is_shared(frame, node[1]):
                        yield node[3]
                case "gstore":
                    yield node[2]
        for index, node in enumerate(body.nodes):
            if node[0] == "call":
                yield from (o for o in operands_of(node)[1:] if self._keeps(frame, index, o))

    def _keeps(self, frame: Frame, node: int, operand: int) -> bool:
        """Whether a call puts an argument where others find it: into an object, a container or a variable."""
        operation = frame.body.nodes[node]
        callees = self._values(frame, operation[1])
        if frame.body.nodes[operation[1]][0] == "attr" and frame.body.nodes[operation[1]][2] in _FILLING:
            receiver = frame.body.nodes[operation[1]][1]
            boxes = [v for v in self._values(frame, receiver) if isinstance(v, Box)]
            if boxes and not self._leaked(frame, receiver, 0):
                return self._is_shared(frame, receiver)
        for value in callees:
            if isinstance(value, Class) and value.info in self.family.infos:
                return False
            if isinstance(value, Class) and is_record(self._engine, value.info):
                return members(self._engine, value.info, "__init__") is None and not any(
                    path.startswith(VALIDATING) for path in value.info.externals
                )
        return any(self._keeps_parameter(frame, node, operand, callee) for callee in frame.edges.get(node, ()))

    def _is_shared(self, frame: Frame, node: int) -> bool:
        """Whether others find what is put into a container: it was not made here, or it is handed out itself."""
        boxes = [v for v in self._values(frame, node) if isinstance(v, Box)]
        if not all(isinstance(b.site, tuple) and b.site[0] is frame for b in boxes):
            return True
        leaving = (*frame.body.returns, *frame.body.yields)
        return any(b in self._values(frame, n) for b in boxes for n in leaving)

    def _keeps_parameter(self, frame: Frame, node: int, operand: int, callee: Frame) -> bool:
        names = [p.name for p in callee.body.params if operand in self.origins.given(callee, (frame, node), p.name)]
        if callee.owner in self.related or not names:
            return False
        body = callee.body
        stored = [n[3] for n in body.nodes if n[0] in ("setattr", "setitem")] + [n[2] for n in body.nodes if n[0] == "gstore"]
        for inner in body.nodes:
            if inner[0] == "call" and body.nodes[inner[1]][0] == "attr" and body.nodes[inner[1]][2] in _FILLING:
                stored += [o for _, o in inner[2]]
        return any(_is_parameter(callee, n, names, 0) for n in stored)

    def _leaked(self, frame: Frame, node: int, depth: int) -> str:
        """The mutable field of a guarded object that a value is, or contains; empty where it is none."""
        operation = frame.body.nodes[node]
        if depth > DEEPEST:
            return ""
        match operation[0]:
            case "attr":
                return self._of_field(frame, node, operation, depth)
            case "phi" if len(operation) > 2 and operation[2] == "attr":
                mutable = self._guarded(frame, operation[3]) and any(
                    is_mutable(self._engine, v) for v in self._values(frame, node)
                )
                return str(operation[4]) if mutable else ""
            case "phi" | "narrow" | "declare" | "seq" | "dict":
                parts = [o for o in operands_of(operation) if o < node or depth < 2]
                if operation[0] == "seq":
                    parts = [o for starred, o in operation[2] if not starred]
                return next((name for o in parts if (name := self._leaked(frame, o, depth + 1))), "")
            case "item":
                mutable = any(is_mutable(self._engine, v) for v in self._values(frame, node))
                return self._leaked(frame, operation[1], depth + 1) if mutable else ""
            case "free" | "own":
                return self._enclosing(frame, operation, depth)
            case "func":
                return self._of_function(frame, node, depth)
            case "call":
                return self._of_call(frame, node, operation, depth)
        return ""

    def _of_field(self, frame: Frame, node: int, operation: Node, depth: int) -> str:
        receiver, name = operation[1], str(operation[2])
        if not self._guarded(frame, receiver):
            return ""
        if name == "__dict__":
            return name
        getters = [c for c in frame.edges.get(node, ()) if c.body.kind == "function"]
        if getters:
            return self._of_internal(getters, depth)
        return name if any(is_mutable(self._engine, v) for v in self._values(frame, node)) else ""

    def _of_function(self, frame: Frame, node: int, depth: int) -> str:
        """What a function gives that is handed out itself."""
        for value in self._values(frame, node):
            if isinstance(value, Function):
                for inner in self._engine.frames.get(value, {}).values():
                    for result in inner.body.returns:
                        name = self._leaked(inner, result, depth + 1)
                        if name:
                            return name
        return ""

    def _of_internal(self, callees: list[Frame], depth: int) -> str:
        """What private helpers of the class give; public ones are told of themselves."""
        for callee in callees:
            if self._is_internal(callee):
                for node in callee.body.returns:
                    name = self._leaked(callee, node, depth + 1)
                    if name:
                        return name
        return ""

    def _of_call(self, frame: Frame, node: int, operation: Node, depth: int) -> str:
        callees = [c for c in frame.edges.get(node, ()) if self._owner(c) in self.related]
        found = self._of_internal(callees, depth)
        if found:
            return found
        operands = operands_of(operation)
        callee = frame.body.nodes[operands[0]]
        if (
            callee[0] == "attr"
            and callee[2] in ("get", "setdefault", "pop")
            and any(is_mutable(self._engine, v) for v in self._values(frame, node))
        ):
            return self._leaked(frame, callee[1], depth + 1)
        paths = [v.path for v in self._values(frame, operands[0]) if isinstance(v, External)]
        if "builtins.vars" in paths and operands[1:] and self._guarded(frame, operands[1]):
            return "__dict__"
        reads = any(path in _READING for path in paths) and len(operands) > 2 and self._guarded(frame, operands[1])
        if reads and any(is_mutable(self._engine, v) for v in self._values(frame, node)):
            return next((str(v.value) for v in self._values(frame, operands[2]) if isinstance(v, Const)), "?")
        passing = [o for o in self._given_back(frame, node) if "types.MappingProxyType" not in paths]
        if "builtins.memoryview" in paths:
            passing = operands[1:]
        return next((name for o in passing if (name := self._leaked(frame, o, depth + 1))), "")

    def _enclosing(self, frame: Frame, operation: Node, depth: int) -> str:
        scope: Frame | None = frame
        if operation[0] == "free":
            scope = frame.closure
            for _ in range(operation[2]):
                scope = scope.closure if scope is not None else None
        versions = scope.body.versions.get(operation[1], ()) if scope is not None else ()
        return next((name for n in versions if scope is not None and (name := self._leaked(scope, n, depth + 1))), "")


def _is_parameter(frame: Frame, node: int, names: list[str], depth: int) -> bool:
    operation = frame.body.nodes[node]
    if operation[0] == "param":
        return operation[1] in names
    if operation[0] in ("phi", "narrow", "declare", "seq", "dict") and depth < DEEPEST:
        return any(_is_parameter(frame, o, names, depth + 1) for o in operands_of(operation) if o < node)
    return False
