"""Helpers that take a member whose name and object their caller chooses: who is at fault is the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.values import External, Instance, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

_PASSED_ON = {"phi": 1, "declare": 1, "narrow": 3}
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Reflection:
    """Answers for one set of wanted members."""

    engine: Engine
    wanted: Callable[[Value], bool]

    def is_chosen_elsewhere(self, frame: Frame, node: int) -> bool:
        """Whether the node is ``getattr(x, name)`` with both from outside of the function."""
        operation = frame.body.nodes[node]
        if operation[0] != "call" or len(operation[2]) < 2:
            return False
        if not any(isinstance(v, External) and v.path == "builtins.getattr" for v in self._values(frame, operation[1])):
            return False
        subject, name = operation[2][0][1], operation[2][1][1]
        return bool(self._parameter(frame, name)) and self._is_handed_in(frame, subject)

    def is_taken_through(self, callee: Frame) -> bool:
        """Whether the function gives back a wanted member that its caller chose."""
        if callee.result is None or not any(self.wanted(v) for v in callee.result.values):
            return False
        return any(self._has(callee, n) and self.is_chosen_elsewhere(callee, n) for n in range(len(callee.body.nodes)))

    def is_run_through(self, callee: Frame) -> bool:
        """Whether the function calls a wanted member that its caller chose."""
        for node in callee.body.nodes:
            if node[0] == "call":
                taken = source_of(callee.body, node[1])
                if self._has(callee, taken) and self.is_chosen_elsewhere(callee, taken):
                    return True
        return False

    # --- where operands come from

    def _values(self, frame: Frame, node: int) -> list[Value]:
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []

    def _has(self, frame: Frame, node: int) -> bool:
        return any(self.wanted(v) for v in self._values(frame, node))

    def _parameter(self, frame: Frame, node: int) -> str:
        operation = frame.body.nodes[source_of(frame.body, node)]
        return str(operation[1]) if operation[0] == "param" else ""

    def _is_handed_in(self, frame: Frame, subject: int) -> bool:
        """Whether the object comes from outside: an argument, or what an object was made with; not what the code declares."""
        source = source_of(frame.body, subject)
        operation = frame.body.nodes[source]
        unbound = frame.key == "anybody"
        if operation[0] == "param":
            params = frame.body.params
            own = frame.owner is not None and params[0].name == operation[1]
            declared = any(p.name == operation[1] and p.annotation >= 0 for p in params)
            return not own and not (unbound and declared)
        if operation[0] == "attr" and self._parameter(frame, operation[1]):
            return not (unbound and self._is_declared_here(frame, operation[1], str(operation[2])))
        return False

    def _is_declared_here(self, frame: Frame, owner: int, name: str) -> bool:
        """Whether the class says what the attribute holds: by an annotation, or by storing more than a bare parameter."""
        infos = {i: None for v in self._values(frame, owner) if isinstance(v, Instance) for i in linearise(self.engine, v.info)}
        return any(
            name in i.body.annotations or not _stores_bare_parameters(i.unit.facts.bodies, i.body.index, name) for i in infos
        )


def _stores_bare_parameters(bodies: list[Body], owner: int, name: str) -> bool:
    """Whether the methods of a class store nothing to the attribute but parameters of which they say nothing."""
    for body in bodies:
        if body.parent == owner and body.kind == "function":
            silent = {p.name for p in body.params[1:] if p.annotation < 0}
            for node in body.nodes:
                if node[0] == "setattr" and node[2] == name:
                    stored = body.nodes[source_of(body, node[3])]
                    if stored[0] != "param" or stored[1] not in silent:
                        return False
    return True


def source_of(body: Body, node: int) -> int:
    """The node behind variables and tests."""
    for _ in range(_DEEPEST):
        operation = body.nodes[node]
        place = _PASSED_ON.get(operation[0])
        if place is None:
            break
        inner = operation[place]
        if isinstance(inner, tuple):
            if len(inner) != 1:
                break
            inner = inner[0]
        if inner < 0:
            break
        node = inner
    return node
