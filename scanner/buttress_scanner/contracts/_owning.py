"""What the two questions about ownership share: guarded objects among values, and calls that give back what they are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program.carrying import operands_of
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.values import External, Namespace, Value

if TYPE_CHECKING:
    from buttress_scanner.contracts._family import Family
    from buttress_scanner.contracts._making import Making
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame
    from buttress_scanner.program.origins import Origins

_GIVING_BACK = ("typing.cast", "types.MappingProxyType", "typing.assert_type", "weakref.proxy")
"""Functions whose result is, or shows, the very container that they are given."""
VALIDATING = ("pydantic.", "sqlmodel.", "pydantic_settings.")
"""Libraries whose constructors make containers of their own."""
DEEPEST = 8


@dataclass(slots=True)
class Owning:
    """Answers for the classes of one contract."""

    program: Program
    family: Family
    origins: Origins
    making: Making

    related: frozenset[ClassInfo] = frozenset()
    """The guarded classes and all from which they derive."""
    frames_of: dict[Body, list[Frame]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.related = frozenset(base for info in self.family.infos for base in linearise(self._engine, info))
        for frame in self.program.frames():
            self.frames_of.setdefault(frame.body, []).append(frame)

    @property
    def _engine(self) -> Engine:
        return self.program.engine

    def _values(self, frame: Frame, node: int) -> list[Value]:
        return self.origins.values(frame, node)

    def _guarded(self, frame: Frame, node: int) -> bool:
        return any(self.family.guards(v) for v in self._values(frame, node))

    def _namespace(self, frame: Frame, node: int) -> bool:
        return any(isinstance(v, Namespace) and self.family.guards(v.owner) for v in self._values(frame, node))

    def _given_back(self, frame: Frame, node: int) -> list[int]:
        """The arguments of a call that gives back what it is given."""
        operation = frame.body.nodes[node]
        if any(isinstance(v, External) and v.path in _GIVING_BACK for v in self._values(frame, operation[1])):
            return [o for _, o in operation[2]]
        found = [o for callee in frame.edges.get(node, ()) for o in self._returned(callee, frame, node)]
        return list(dict.fromkeys(found))

    def _returned(self, callee: Frame, frame: Frame, node: int) -> list[int]:
        """The arguments of a call that its callee returns as they came."""
        found: list[int] = []
        pending, seen = list(callee.body.returns), set()
        while pending:
            current = pending.pop()
            operation = callee.body.nodes[current]
            if current in seen:
                continue
            seen.add(current)
            if operation[0] in ("phi", "narrow", "declare"):
                pending += operands_of(operation)
            elif operation[0] == "param":
                found += [o for o in self.origins.given(callee, (frame, node), operation[1]) if o != node]
        return found
