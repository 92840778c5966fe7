"""Where code compares a member of an enum with plain text or a number: the member's value, or its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.contents import elements, keys_of
from buttress_scanner.program.enums import enum_members, enum_value, enum_value_kind
from buttress_scanner.program.values import Box, Class, Const, Instance, Member, Module, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame

_EQUALITY = ("eq", "ne", "is", "isnot")
_MEMBERSHIP = ("contains", "notcontains")
_VALUE = ("value", "_value_")
_NAME = ("name", "_name_")
_WRITTEN = ("const", "global", "from", "free", "own", "bin", "fstr")
_DISPLAYS = ("seq",)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Answers for one enum: which plain operands of comparisons stand for which of its members."""

    engine: Engine
    info: ClassInfo

    def plain(self, frame: Frame) -> Iterator[tuple[int, list[str]]]:
        """Yield the plain operands of a frame, each with the names of the members that it stands for."""
        for index, node in enumerate(frame.body.nodes):
            match node:
                case ("cmp", str(test), int(left), int(right)) if test in _EQUALITY:
                    yield from self._operand(frame, left, right)
                    yield from self._operand(frame, right, left)
                case ("cmp", str(test), int(left), int(right)) if test in _MEMBERSHIP:
                    yield from self._collection(frame, left, right)
                case ("narrow", "eq", True, int(subject), int(operand)) if frame.body.spans[index] != frame.body.spans[subject]:
                    yield from self._operand(frame, subject, operand)

    def _operand(self, frame: Frame, subject: int, operand: int) -> Iterator[tuple[int, list[str]]]:
        table = self._table(frame, subject)
        if table and self._is_written(frame, operand):
            yield operand, _named(table, self._values(frame, operand))

    def _collection(self, frame: Frame, subject: int, operand: int) -> Iterator[tuple[int, list[str]]]:
        """``state in ("running", "failed")``: the elements of a display, or a constant that holds them."""
        table = self._table(frame, subject)
        if not table:
            return
        node = frame.body.nodes[operand]
        if node[0] in _DISPLAYS:
            for _, element in node[2]:
                yield element, _named(table, self._values(frame, element))
            return
        for value in self._values(frame, operand):
            if isinstance(value, Box):
                held = keys_of(self.engine, value) if value.kind == "dict" else elements(self.engine, value)
                yield operand, _named(table, held)

    def _is_written(self, frame: Frame, node: int) -> bool:
        """Whether the code names the text itself or by a constant; a parameter or field may hold any text."""
        operation = frame.body.nodes[node]
        if operation[0] == "phi":
            return any(part < node and self._is_written(frame, part) for part in operation[1])
        if operation[0] == "attr":
            return any(isinstance(v, (Module, Class)) for v in self._values(frame, operation[1]))
        return operation[0] in _WRITTEN

    def _table(self, frame: Frame, subject: int) -> dict[Value, list[str]]:
        """What plain values mean when they are compared with the subject; empty when it is no member and no part of one."""
        if enum_value_kind(self.engine, self.info) and self._is_member(frame, subject):
            return self._by_value()
        node = frame.body.nodes[subject]
        if node[0] != "attr" or not self._is_member(frame, node[1]):
            return {}
        if node[2] in _VALUE:
            return self._by_value()
        names = enum_members(self.engine, self.info) if node[2] in _NAME else []
        return {self.engine.const(name): [name] for name in names}

    def _by_value(self) -> dict[Value, list[str]]:
        found: dict[Value, list[str]] = {}
        for name in enum_members(self.engine, self.info):
            for value in enum_value(self.engine, self.info, name):
                if isinstance(value, Const):
                    found.setdefault(value, []).append(name)
        return found

    def _is_member(self, frame: Frame, node: int) -> bool:
        return any(isinstance(v, (Instance, Member)) and v.info is self.info for v in self._values(frame, node))

    def _values(self, frame: Frame, node: int) -> list[Value]:
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []


def _named(table: dict[Value, list[str]], values: list[Value]) -> list[str]:
    return list(dict.fromkeys(name for value in values for name in table.get(value, ())))
