"""What a class holds as an object or the class shows it: functions bound, getters run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call, call_method
from buttress_scanner.program.classes import members
from buttress_scanner.program.values import (
    Class,
    Descriptor,
    Function,
    Instance,
    Maker,
    Method,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site


def bind_members(engine: Engine, found: Iterable[Value], receiver: Value, cls: Value, site: Site) -> list[Value]:
    """Apply the descriptor protocol to what a class holds; getters run at ``site``."""
    result: list[Value] = []
    for value in found:
        if not runs_getter(engine, value):
            result.append(as_shown(engine, value, receiver, cls))
        elif isinstance(value, Descriptor):
            result += call(engine, value.function, Args([[receiver]]), site)
        else:
            result += call_method(engine, value, "__get__", Args([[receiver], [cls]]), site)
    return result


def runs_getter(engine: Engine, value: Value) -> bool:
    """Whether reading what a class holds calls a function of the program."""
    if isinstance(value, Descriptor):
        return value.kind in ("property", "cached_property")
    return isinstance(value, Instance) and members(engine, value.info, "__get__") is not None


def as_shown(engine: Engine, value: Value, receiver: Value, cls: Value) -> Value:
    """What a class holds as its object shows it, where no getter runs."""
    bound: Value = value
    match value:
        case Descriptor(kind="staticmethod", function=function):
            bound = function
        case Descriptor(kind="classmethod", function=function):
            bound = engine.make(Method, function, cls)
        case Descriptor(function=function):
            bound = engine.make(Method, function, receiver)
        case Function() | Maker(kind="contextmanager" | "cache" | "wrapper" | "singledispatch" | "partialmethod"):
            bound = engine.make(Method, value, receiver)
    return bound


def bind_on_class(engine: Engine, value: Class, found: list[Value], site: Site) -> list[Value]:
    """What a class shows of its own members: functions as they are, class methods bound."""
    result: list[Value] = []
    for member in found:
        match member:
            case Descriptor(kind="staticmethod", function=function):
                result.append(function)
            case Descriptor(kind="classmethod", function=function):
                result.append(engine.make(Method, function, value))
            case Descriptor():
                result.append(member)
            case Instance(info=info) if members(engine, info, "__get__"):
                result += call_method(engine, member, "__get__", Args([[engine.const(None)], [value]]), site)
            case _:
                result.append(member)
    return result


def is_data_descriptor(engine: Engine, value: Value) -> bool:
    """Whether it comes before what the object itself holds."""
    return (isinstance(value, Descriptor) and value.kind == "property") or (
        isinstance(value, Instance) and members(engine, value.info, "__set__") is not None
    )
