"""What holds the texts that are followed: objects, module variables, enclosing functions, views of mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.values import SELF, Instance, Module

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame, Site, Unit
    from buttress_scanner.program.text_arguments import TextArguments


class TextObjects:
    """Looks up objects and variables in the solved program."""

    def __init__(self, engine: Engine, arguments: TextArguments) -> None:
        self._engine = engine
        self._arguments = arguments
        self._instances: dict[ClassInfo, list[Instance]] = {}

    def are_elsewhere(self, frame: Frame, node: int) -> bool:
        """Whether this is the receiver of nobody's call, of a method that is called on objects which are known."""
        values = self._engine.read(frame, node)
        unnamed = bool(values) and all(isinstance(v, Instance) and v.site is SELF for v in values)
        return unnamed and not self._arguments.is_open(frame)

    def at(self, frame: Frame, node: int) -> list[Instance]:
        """The objects that a node can be; all that are made of the class where a method has been called by nobody."""
        found: dict[Instance, None] = {}
        for value in self._engine.read(frame, node):
            if isinstance(value, Instance) and isinstance(value.site, tuple):
                found[value] = None
            elif isinstance(value, Instance) and value.site is SELF and self._arguments.is_open(frame):
                found.update(dict.fromkeys(self._made(value.info)))
        return list(found)

    def _made(self, info: ClassInfo) -> list[Instance]:
        """Where the program constructs a class."""
        known = self._instances.get(info)
        if known is None:
            made = (v for v in self._engine.table.values() if isinstance(v, Instance) and isinstance(v.site, tuple))
            known = self._instances[info] = [v for v in made if info in linearise(self._engine, v.info)]
        return known

    def assigned(self, frame: Frame, operation: Node) -> list[Site]:
        """The instructions that give a module variable its values."""
        modules = self._engine.modules
        match operation:
            case ("global", name):
                units: list[Unit | None] = [frame.unit]
            case ("from", level, module, name):
                units = [modules.get(modules.absolute(frame.unit, level, module) or "")]
            case ("attr", base, name):
                units = [v.unit for v in self._engine.read(frame, base) if isinstance(v, Module)]
            case _:
                return []
        return [(u.frame, version) for u in units if u is not None for version in u.facts.bodies[0].versions.get(name, ())]


def enclosing(frame: Frame, depth: int) -> Frame | None:
    """The frame of an enclosing function."""
    scope = frame.closure
    for _ in range(depth):
        scope = scope.closure if scope is not None else None
    return scope


def viewed(frame: Frame, node: int, method: str) -> int | None:
    """The mapping of which ``mapping.items()`` and the like is a view."""
    operation = frame.body.nodes[node]
    callee = frame.body.nodes[operation[1]] if operation[0] == "call" and not operation[2] else ("",)
    return int(callee[1]) if callee[0] == "attr" and callee[2] == method else None
