"""Where code gives a value to something declared with a certain class: variables, fields, parameters, results, contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import fields, is_record, linearise, members
from buttress_scanner.program.contents import elements, keys_of
from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.handed_on import COPIES, SETTERS, Given, is_bound, stores_by_name
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import Box, BoxMethod, Class, Const, External, Function, Instance, Method, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Node, Param
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame

_PARTIALS = ("functools.partial", "functools.partialmethod")
_GROWS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1, "put": 0, "__setitem__": 1}
_DEEPEST = 4
_PASSED_ON = {"phi": 1, "declare": 1, "narrow": 3}
"""Operations that hand a value on, and where their operands are."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Answers for one class: which nodes of a frame are given to something declared with it."""

    engine: Engine
    info: ClassInfo

    def given(self, frame: Frame) -> Iterator[int]:
        """Yield the nodes whose values are stored where the class is expected."""
        for index, node in enumerate(frame.body.nodes):
            match node[0]:
                case "declare" if node[1] >= 0:
                    yield from self._declared(frame, node[1], instantiate(self.engine, frame, node[2]))
                case "setattr":
                    yield from self._field(frame, self._values(frame, node[1]), str(node[2]), node[3])
                case "setitem":
                    yield from self._contents(frame, node[1], self._values(frame, node[1]), node[3])
                case "call":
                    yield from self._call(frame, index, node)
                case "func":
                    for param in frame.unit.facts.bodies[node[1]].params:
                        if param.default >= 0 and param.annotation >= 0:
                            yield from self._declared(frame, param.default, instantiate(self.engine, frame, param.annotation))
        outer = defining_frame(self.engine, frame)
        if frame.body.returns_annotation >= 0 and outer is not None:
            declared = instantiate(self.engine, outer, frame.body.returns_annotation)
            for value in [*frame.body.returns, *(frame.body.yields if frame.body.is_generator else ())]:
                yield from self._declared(frame, value, declared)

    def is_passed_on(self, frame: Frame, node: int, depth: int = 0) -> bool:
        """Whether what the node holds was handed in as a parameter, or by an outer scope: who handed it in is asked."""
        operation = frame.body.nodes[node]
        if operation[0] == "param":
            return True
        place = _PASSED_ON.get(operation[0])
        if place is None or depth > _DEEPEST:
            return False
        operands = operation[place] if operation[0] == "phi" else (operation[place],)
        return bool(operands) and all(o >= 0 and self.is_passed_on(frame, o, depth + 1) for o in operands)

    # --- what is expected

    def _values(self, frame: Frame, node: int) -> list[Value]:
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []

    def _wanted(self, values: list[Value]) -> bool:
        return any(isinstance(v, Instance) and v.info is self.info for v in values)

    def _is_expected(self, frame: Frame, annotation: int) -> bool:
        return self._wanted(instantiate(self.engine, frame, annotation))

    def _declared(self, frame: Frame, value: int, declared: list[Value]) -> Iterator[int]:
        """The value itself, or the elements, keys and fields of a display."""
        if self._wanted(declared):
            yield value
        node = frame.body.nodes[value]
        while node[0] == "phi" and len(node[1]) == 1:
            node = frame.body.nodes[node[1][0]]
        if node[0] == "dict":
            for key, element in node[1]:
                for name in self._values(frame, key) if key >= 0 else ():
                    if isinstance(name, Const):
                        yield from self._field(frame, declared, str(name.value), element)
        for promise in declared:
            if isinstance(promise, Box):
                yield from self._display(frame, node, promise)

    def _display(self, frame: Frame, node: Node, promise: Box) -> Iterator[int]:
        inner = elements(self.engine, promise)
        if node[0] == "dict":
            keyed = self._wanted(keys_of(self.engine, promise))
            for key, element in node[1]:
                if keyed and key >= 0:
                    yield key
                yield from self._declared(frame, element, inner)
        elif node[0] == "seq":
            for _, element in node[2]:
                yield from self._declared(frame, element, inner)
        elif node[0] == "dcomp":
            if self._wanted(keys_of(self.engine, promise)):
                yield node[1]
            yield from self._declared(frame, node[2], inner)
        elif node[0] == "comp":
            yield from self._declared(frame, node[2], inner)

    def _field(self, frame: Frame, owners: list[Value], name: str, operand: int) -> Iterator[int]:
        """A field that is declared with the class, or with a container of it."""
        for owner in owners:
            annotated = self._annotated(owner, name)
            if annotated is not None:
                yield from self._declared(frame, operand, instantiate(self.engine, *annotated))

    def _field_expects(self, owner: Value, name: str) -> bool:
        annotated = self._annotated(owner, name)
        return annotated is not None and self._is_expected(*annotated)

    def _annotated(self, owner: Value, name: str) -> tuple[Frame, int] | None:
        """Where a field is declared."""
        for info in linearise(self.engine, owner.info) if isinstance(owner, (Instance, Class)) else ():
            if name in info.body.annotations:
                return info.frame, info.body.annotations[name]
        return None

    def _contents(self, frame: Frame, container: int, boxes: list[Value], operand: int) -> Iterator[int]:
        """What is put into a container that was declared where it was made, or as a field of an object."""
        promised = [p for box in boxes if isinstance(box, Box) for p in self.engine.values(self.engine.slot(box, "promise"))]
        node = frame.body.nodes[container]
        for owner in self._values(frame, node[1]) if node[0] == "attr" else ():
            annotated = self._annotated(owner, str(node[2]))
            promised += instantiate(self.engine, *annotated) if annotated is not None else []
        if any(self._wanted(elements(self.engine, p)) for p in promised if isinstance(p, Box)):
            yield operand

    # --- calls

    def _call(self, frame: Frame, index: int, node: Node) -> Iterator[int]:
        for callee in frame.edges.get(index, ()):
            if callee.body.kind in ("function", "lambda"):
                yield from self._parameters(frame, callee, node, 0)
        for value in self._values(frame, node[1]):
            made = value.function if isinstance(value, Method) else value
            if isinstance(made, Function) and (made.body.is_generator or made.body.is_async):  # runs when somebody awaits it
                for callee in self.engine.frames.get(made, {}).values():
                    yield from self._parameters(frame, callee, node, 0)
            if isinstance(value, Class):
                yield from self._construction(frame, value, node, 0)
            elif isinstance(value, BoxMethod) and value.name in _GROWS and len(node[2]) > _GROWS[value.name]:
                method = frame.body.nodes[node[1]]
                container = method[1] if method[0] == "attr" else node[1]
                yield from self._contents(frame, container, [value.box], node[2][_GROWS[value.name]][1])
            elif isinstance(value, External):
                yield from self._library(frame, value.path, node)
            elif isinstance(value, Method) and isinstance(value.function, External):
                yield from self._copy(frame, [value.receiver], value.function.path.rpartition(".")[2], node)

    def _library(self, frame: Frame, path: str, node: Node) -> Iterator[int]:
        operands = [o for _, o in node[2]]
        if path in SETTERS and len(operands) > 2:
            for name in self._values(frame, operands[1]):
                if isinstance(name, Const):
                    yield from self._field(frame, self._values(frame, operands[0]), str(name.value), operands[2])
        elif path in COPIES and operands:
            yield from self._copy(frame, self._values(frame, operands[0]), "_replace", node)
        elif path in _PARTIALS and operands:
            for target in self._values(frame, operands[0]):
                if isinstance(target, Class):
                    yield from self._construction(frame, target, node, 1)
                for callee in self.engine.frames.get(target, {}).values():  # type: ignore[call-overload]
                    yield from self._parameters(frame, callee, node, 1)

    def _copy(self, frame: Frame, owners: list[Value], name: str, node: Node) -> Iterator[int]:
        """``replace(job, state=...)``, ``job._replace(state=...)``."""
        for keyword, operand in node[3] if name == "_replace" else ():
            yield from self._field(frame, owners, keyword, operand)

    def _construction(self, frame: Frame, value: Class, node: Node, skipped: int) -> Iterator[int]:
        if (
            value.info is self.info
            or not is_record(self.engine, value.info)
            or members(self.engine, value.info, "__init__") is not None
        ):
            return
        for number, (name, owner, annotation, _) in enumerate(fields(self.engine, value.info)):
            operand = _operand(node, number + skipped, name)
            if operand is not None:
                yield from self._declared(frame, operand, instantiate(self.engine, owner.frame, annotation))

    def _parameters(self, frame: Frame, callee: Frame, node: Node, skipped: int) -> Iterator[int]:
        given = Given.of(callee, node, skipped)
        outer = defining_frame(self.engine, callee)
        for param, operand in given.pairs():
            if param.annotation >= 0 and outer is not None:
                yield from self._declared(frame, operand, instantiate(self.engine, outer, param.annotation))
            if param.kind not in ("vararg", "kwarg") and self._parameter_expects(callee, param, 0):
                yield operand
        for owners, name, operand in stores_by_name(self.engine, frame, callee, given):
            yield from self._field(frame, owners, name, operand)

    def _parameter_expects(self, callee: Frame, param: Param, depth: int) -> bool:
        """Declared so, or given on to something that is."""
        outer = defining_frame(self.engine, callee)
        if param.annotation >= 0 and outer is not None and self._is_expected(outer, param.annotation):
            return True
        if depth >= _DEEPEST or callee.owner is self.info:
            return False
        for index, node in enumerate(callee.body.nodes):
            if node[0] == "setattr" and self._is_parameter(callee, node[3], param.name):
                if any(self._field_expects(o, str(node[2])) for o in self._values(callee, node[1])):
                    return True
            elif node[0] == "call":
                for inner in callee.edges.get(index, ()):
                    if inner is callee or inner.body.kind != "function":
                        continue
                    params = inner.body.params[1:] if is_bound(inner) else inner.body.params
                    for number, other in enumerate(params):
                        operand = _operand(node, number, other.name)
                        if (
                            operand is not None
                            and self._is_parameter(callee, operand, param.name)
                            and self._parameter_expects(inner, other, depth + 1)
                        ):
                            return True
        return False

    def _is_parameter(self, frame: Frame, node: int, name: str, depth: int = 0) -> bool:
        operation = frame.body.nodes[node]
        if operation[0] == "param":
            return bool(operation[1] == name)
        place = _PASSED_ON.get(operation[0])
        if place is None or depth > _DEEPEST:
            return False
        operands = operation[place] if operation[0] == "phi" else (operation[place],)
        return any(o >= 0 and self._is_parameter(frame, o, name, depth + 1) for o in operands)


def _operand(node: Node, number: int, name: str) -> int | None:
    """The argument that a call node gives to a parameter."""
    keywords = dict(node[3])
    if name in keywords:
        return int(keywords[name])
    if number < len(node[2]) and not any(starred for starred, _ in node[2][: number + 1]):
        return int(node[2][number][1])
    return None
