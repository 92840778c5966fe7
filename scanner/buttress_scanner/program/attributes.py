"""Reading and writing attributes of every kind of value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.attributes_classes import of_class, of_member, of_super
from buttress_scanner.program.attributes_instances import of_instance
from buttress_scanner.program.attributes_library import of_callable, of_external, of_object
from buttress_scanner.program.modules import by_fallback, module_member, module_named
from buttress_scanner.program.values import (
    Alias,
    Box,
    BoxMethod,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Maybe,
    Member,
    Method,
    Module,
    Namespace,
    Object,
    Partial,
    Running,
    Super,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site


def get_attribute(engine: Engine, value: Value, name: str, site: Site) -> list[Value]:
    """What ``value.name`` can be; getters run at ``site``."""
    match value:
        case Instance():
            return of_instance(engine, value, name, site)
        case Class():
            return of_class(engine, value, name, site)
        case Module():
            return _of_module(engine, value, name, site)
        case External(path=path):
            return of_external(engine, path, name, site)
        case Object(path=path):
            return of_object(engine, value, path, name, site)
        case Member():
            return of_member(engine, value, name, site)
        case Super():
            return of_super(engine, value, name, site)
        case Box():
            return _of_box(engine, value, name)
        case Function() | Method() | Partial() | Maker():
            return of_callable(engine, value, name)
        case Alias(base=base):
            return get_attribute(engine, base, name, site)
        case Namespace() | Running():
            return [engine.make(BoxMethod, value, name)]
        case Descriptor(function=function):
            if name in ("setter", "getter", "deleter", "register"):
                return [engine.make(Maker, "keep", value, *site)]
            return [function] if name in ("fget", "func", "__func__", "__wrapped__") else []
        case Const(type_name=kind):
            return [engine.make(Method, engine.make(External, f"builtins.{kind}.{name}"), value)]
        case Unknown():
            return [value]
    return []


def _of_module(engine: Engine, value: Module, name: str, site: Site) -> list[Value]:
    unit = value.unit
    found = module_member(engine, unit, name)
    if found:
        return found
    child = f"{unit.name}.{name}"
    if engine.modules.is_ours(child):
        return [module_named(engine, child)]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name == "__name__":
        return [engine.const(unit.name)]
    return by_fallback(engine, unit, name, site) or [engine.unknown(f"no {name} in {unit.name}")]


def _of_box(engine: Engine, value: Box, name: str) -> list[Value]:
    """A method; a field of a named tuple."""
    if value.kind == "tuple" and engine.const(name) in engine.values(engine.slot(value, "known")):
        return engine.values(engine.slot(value, "item", "str", name))
    return [engine.make(BoxMethod, value, name)]


def maybe_members(engine: Engine, value: Value, pattern: str, site: Site) -> list[Value]:
    """``getattr(value, name)`` with a name of which only a pattern is known."""
    if isinstance(value, (Instance, Class, Maybe, Member)):
        return [engine.make(Maybe, value, pattern)]
    if isinstance(value, Module):
        return [engine.make(Maybe, value, pattern)]
    return [engine.unknown("member name is not known")]
