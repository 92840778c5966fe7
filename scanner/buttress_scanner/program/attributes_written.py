"""Writing attributes of every kind of value: setters run, state that outlives the call is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call, call_method
from buttress_scanner.program.classes import linearise, members, metaclasses, patch_member
from buttress_scanner.program.lifetime import keeper, loading, note_change, note_mutation
from buttress_scanner.program.values import (
    DECLARED,
    SELF,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Member,
    Method,
    Module,
    Object,
    Partial,
    Super,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame, Site


def _is_being_made(engine: Engine, info: ClassInfo, frame: Frame) -> bool:
    """Whether a metaclass, or a base that is told of its subclasses, sets up the class: nobody has seen it yet."""
    if frame.owner is None or info is frame.owner:
        return False
    if frame.body.name in ("__new__", "__init__"):
        return frame.owner in metaclasses(engine, info)
    return frame.body.name == "__init_subclass__" and frame.owner in linearise(engine, info)


def store_dynamic(engine: Engine, target: Instance, values: list[Value]) -> None:
    """Store under a name that is not known: any attribute of the object can be meant."""
    engine.grow(engine.slot("dynamic", target.info if is_open(target.site) else target), values)


def set_attribute(engine: Engine, target: Value, name: str, values: list[Value], site: Site, *, raw: bool = False) -> None:
    """Perform ``target.name = values`` at a site, or ``target.__dict__[name] = values`` (raw: runs no code of the class).

    State that outlives the call is noted.
    """
    match target:
        case Instance(info=info, site=where):
            if not raw and _set_descriptor(engine, target, name, values, site):
                return
            note_mutation(engine, target, site, f"the attribute {name}")
            kind = ("declared", info, name) if where in (DECLARED, SELF) else ("of", target, name)
            if site[0].quiet and is_open(where):
                engine.grow(engine.slot("any", info, name), values)
                return
            if where != SELF or site[0].body.name != "__init__":  # the constructor has run for every object that is known better
                engine.grow(engine.slot(*kind), values)
            engine.grow(engine.slot("any", info, name), values)
        case Class(info=info):
            patch_member(engine, info, name, values)
            owner = loading(engine, info.frame)
            if owner is not None and not _is_being_made(engine, info, site[0]):
                note_change(engine, owner, site, f"{info.symbol}.{name}", f"assigns the class attribute {info.name}.{name}")
        case Module(unit=unit):
            engine.grow(engine.slot(unit, name), values)
            note_change(engine, unit, site, f"{unit.name}.{name}", f"assigns {unit.name}.{name}")
        case Function() | Maker() | Partial():
            engine.grow(engine.slot("attribute", target, name), values)
            holder = keeper(engine, target)
            if holder is not None:
                note_change(engine, holder, site, f"function attribute {name}", f"assigns the function attribute {name}")
        case Method(function=function) if not isinstance(
            function, External
        ):  # an attribute of a library object: nobody knows what it is
            set_attribute(engine, function, name, values, site)
        case External(path=path):
            engine.grow(engine.slot("external", path, name), values)
            engine.deed(site, f"{path}.{name}", ("global-state",), f"assigns {path}.{name}")
        case Member(info=info):
            engine.grow(engine.slot("any", info, name), values)
            if name not in ("_value_", "__doc__"):
                note_mutation(engine, target, site, f"the attribute {name}")
        case Object(path=path):
            engine.grow(engine.slot("held", target, name), values)
            entry = engine.catalogue.entry(f"{path}.__setattr__")
            if entry is not None and "self" in entry.mutates:
                note_mutation(engine, target, site, f"the attribute {name}")
        case Super(receiver=receiver):
            set_attribute(engine, receiver, name, values, site)


def _set_descriptor(engine: Engine, target: Instance, name: str, values: list[Value], site: Site) -> bool:
    """Run a property's setter, ``__set__`` or ``__setattr__``; True when the store is done by it."""
    found = members(engine, target.info, name)
    if found is not None:
        setter = engine.heap.get(("setter", found[0], name))
        for value in found[1]:
            if isinstance(value, Descriptor) and value.kind == "property":
                for function in engine.values(setter) if setter is not None else _setters(engine, found[0], name):
                    call(engine, function, Args([[target], values]), site)
                return True
            if isinstance(value, Instance) and members(engine, value.info, "__set__"):
                call_method(engine, value, "__set__", Args([[target], values]), site)
                return True
    custom = members(engine, target.info, "__setattr__")
    if custom is not None and not (site[0].owner is not None and site[0].body.name == "__setattr__"):
        call_method(engine, target, "__setattr__", Args([[engine.const(name)], values]), site)
    return False


def _setters(engine: Engine, owner: ClassInfo, name: str) -> list[Value]:
    """The functions decorated as ``@name.setter`` in the class body."""
    result: list[Value] = []
    for version in owner.body.versions.get(name, ()):
        node = owner.body.nodes[version]
        if node[0] == "deco" and owner.body.nodes[node[1]][0] == "attr" and owner.body.nodes[node[1]][2] == "setter":
            result += [v for v in engine.read(owner.frame, node[2]) if isinstance(v, Function)]
    return result
