"""The callables that a choke point protects: which values, frames and members they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import is_subclass
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.values import (
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Maybe,
    Member,
    Method,
    Partial,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Frame

_TRANSPARENT = ("cache", "wrapper", "contextmanager", "singledispatch", "partialmethod")


@dataclass(slots=True)
class Guard:
    """The protected callables: methods of classes by name, functions and classes by their body."""

    program: Program
    methods: dict[str, list[ClassInfo]] = field(default_factory=dict)
    bodies: set[object] = field(default_factory=set)
    classes: set[object] = field(default_factory=set)
    overrides: bool = True

    def covers_class(self, info: ClassInfo, name: str) -> bool:
        """Whether the member of the class is guarded."""
        engine = self.program.engine
        return any(info is base or is_subclass(engine, info, base) for base in self.methods.get(name, ()))

    def is_protected(self, value: Value) -> bool:
        """Whether calling the value runs a protected callable."""
        match value:
            case Function(body=body, owner=owner):
                return body in self.bodies or (self.overrides and owner is not None and self.covers_class(owner, body.name))
            case Method(function=Function() as function, receiver=receiver):
                return self.is_protected(function) or self._supplied(function, receiver)
            case Method(function=External(path=path), receiver=Instance(info=info)):
                return self.covers_class(info, path.rpartition(".")[2])
            case Method(function=function) | Partial(function=function) | Descriptor(function=function):
                return self.is_protected(function)
            case Maker(kind=kind, function=Function() as function) if kind in _TRANSPARENT:
                return self.is_protected(function)
            case Class(info=info):
                return info.body in self.classes
        return self.is_possible(value)

    def _supplied(self, function: Function, receiver: Value) -> bool:
        """A mixin's method under the guarded name, on a guarded receiver."""
        return isinstance(receiver, Instance) and self.overrides and self.covers_class(receiver.info, function.body.name)

    def is_possible(self, value: Value) -> bool:
        """Whether the value is a member of a guarded object whose name is not known."""
        if not isinstance(value, Maybe) or not isinstance(value.owner, (Instance, Class, Member)):
            return False
        return any(self.covers_class(value.owner.info, name) for name in self.methods)

    def runs(self, frame: Frame) -> bool:
        """Whether the frame is one of a protected callable."""
        if frame.body in self.bodies:
            return True
        return (
            self.overrides
            and frame.owner is not None
            and frame.body.kind == "function"
            and self.covers_class(frame.owner, frame.body.name)
        )


def function_of(value: Value) -> Function | None:
    """The function inside bound methods, partials and descriptors."""
    """The function inside bound methods, partials and descriptors."""
    while isinstance(value, (Method, Partial, Maker, Descriptor)):
        if value.function is None:
            return None
        value = value.function
    return value if isinstance(value, Function) else None


def name_of(value: Value) -> str:
    """The symbol of a callable for a message; empty for what has none."""
    """The symbol of a callable for a message; empty for what has none."""
    function = function_of(value)
    if function is not None:
        return symbol_of(function.unit, function.body)
    if isinstance(value, Class):
        return str(value.info.symbol)
    if isinstance(value, Maybe) and isinstance(value.owner, (Instance, Class, Member)):
        return str(value.owner.info.symbol)
    return ""
