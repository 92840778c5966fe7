"""Attributes of library modules, of what library functions make, and of callables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.modules import module_named
from buttress_scanner.program.values import (
    BoxMethod,
    External,
    Function,
    Maker,
    Method,
    Namespace,
    Object,
    Partial,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site

_TEXT = ("__name__", "__qualname__", "__module__", "__doc__")
_FILLED = ("argparse.Namespace",)
"""Classes whose objects have the attributes that somebody else says: `parser.set_defaults(run=run)`."""
_LONGEST = 8
"""Parts of an external path; what is longer is not known any more."""


def of_external(engine: Engine, path: str, name: str, site: Site) -> list[Value]:
    """What a name of a library module or class can be."""
    child = f"{path}.{name}"
    if engine.modules.is_ours(child):
        return [module_named(engine, child)]
    if child.count(".") > _LONGEST:
        return [engine.unknown(f"external {path.split('.', maxsplit=1)[0]}")]
    if name in _TEXT:
        return [engine.const(path.rpartition(".")[2])] if name != "__doc__" else []
    if name == "__dict__":
        return [engine.make(Namespace, engine.make(External, path))]
    if name == "__call__":
        return [engine.make(External, path)]
    written = engine.values(engine.slot("external", path, name)) if ("external", path, name) in engine.heap else []
    return [*written, *_external_value(engine, child, site)]


def _external_value(engine: Engine, path: str, site: Site) -> list[Value]:
    entry = engine.catalogue.entry(path)
    if entry is not None and entry.kind == "value" and entry.path.rpartition(".")[2] == path.rpartition(".")[2]:
        if entry.effects:
            engine.deed(site, entry.path, entry.effects, f"reads {path}")
        if entry.returns:
            kept = engine.catalogue.keeps_state(entry.returns)  # `sys.path`: everybody's
            return [engine.make(Object, entry.returns, path) if kept else engine.make(Object, entry.returns)]
    return [engine.make(External, path)]


def of_object(engine: Engine, value: Object, path: str, name: str, site: Site) -> list[Value]:
    """What an attribute of what a library function made can be."""
    child = f"{path}.{name}"
    if child.count(".") > _LONGEST:
        return [engine.unknown(f"external {path.split('.', maxsplit=1)[0]}")]
    if isinstance(value.site, tuple) or path in _FILLED or ("held", value, name) in engine.heap:
        held = engine.values(engine.slot("held", value, name))
        if held:
            return held
    if name == "__dict__" and isinstance(value.site, tuple):
        return [engine.make(Namespace, value)]
    entry = engine.catalogue.entry(child)
    if entry is not None and entry.kind == "value":
        if entry.effects:
            engine.deed(site, entry.path, entry.effects, f"reads {path}.{name}")
        if entry.returns:
            shared = isinstance(value.site, str) and engine.catalogue.keeps_state(entry.returns)
            return [engine.make(Object, entry.returns, f"{value.site}.{name}") if shared else engine.make(Object, entry.returns)]
    return [engine.make(Method, engine.make(External, child), value)]


def of_callable(engine: Engine, value: Value, name: str) -> list[Value]:
    """What an attribute of a function, bound method or partial can be."""
    if name in _TEXT:
        return [engine.const(value.body.name)] if isinstance(value, Function) and name == "__name__" else []
    if isinstance(value, Method):
        if name == "__func__":
            return [value.function]
        if name == "__self__":
            return [value.receiver]
        if isinstance(value.function, External):
            return []
        return of_callable(engine, value.function, name)
    found = engine.values(engine.slot("attribute", value, name))
    if isinstance(value, (Partial, Maker)):
        if name in ("func", "__wrapped__", "__func__") and value.function is not None:
            return [*found, value.function]
        if isinstance(value, Maker) and not found:
            if name == "register":
                return [engine.make(Maker, "keep", value.function, value.frame, value.node)]
            if name in ("cache_clear", "cache_info", "cache_parameters"):
                return [engine.make(BoxMethod, value, name)]
            if value.function is not None:
                return of_callable(engine, value.function, name)
    if name == "__call__":
        return [value]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name == "__get__":
        return [engine.make(BoxMethod, value, name)]
    return found
