"""Containers: contents by constant key where it is known, else in one cell for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute, maybe_members
from buttress_scanner.program.attributes_written import set_attribute, store_dynamic
from buttress_scanner.program.calls import call_back, call_method
from buttress_scanner.program.classes import fields, members, patch_member
from buttress_scanner.program.contents import content, elements, put, put_keys, unsettle
from buttress_scanner.program.enums import enum_member, enum_members, is_enum, members_of_value
from buttress_scanner.program.hashing import HASHED, note_hashed
from buttress_scanner.program.inside import own_box, read_inside
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.values import (
    Box,
    BoxMethod,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maybe,
    Member,
    Namespace,
    Object,
    Unknown,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
NESTING = 3
LOOKED_UP = "an item that is looked up"
"""What of a ``defaultdict`` changes when it is asked for a key."""


def get_item(engine: Engine, value: Value, keys: list[Value], site: Site) -> list[Value]:
    """``value[key]``."""
    match value:
        case Box():
            note_inserted(engine, value, keys, site)
            note_looked_up(engine, value, keys, site)
            return box_item(engine, value, keys, site)
        case Namespace():
            return namespace_item(engine, value, keys, site)
        case Instance(info=info):
            found = call_method(engine, value, "__getitem__", Args([keys]), site) or _record_item(engine, value, keys, site)
            return found if found or members(engine, info, "__getitem__") else _inside_item(engine, value, keys, site)
        case Class(info=info) if is_enum(engine, info):
            names = [k.value for k in keys if isinstance(k, Const) and isinstance(k.value, str)]
            found = [enum_member(engine, info, n) for n in names if n in enum_members(engine, info)]
            # what has not been assigned yet says nothing of the name: the cell would keep it
            known = [k for k in keys if not (isinstance(k, Unknown) and k.reason.endswith("is never assigned"))]
            return found if len(names) == len(known) else [*found, engine.make(Maybe, value, ".*")]
        case BoxMethod(box=Class(info=info), name="_value2member_map_"):
            return [enum_member(engine, info, n) for k in keys for n in members_of_value(engine, info, k)]
        case Object(path=path):
            return _object_item(engine, path, site)
        case Unknown():
            return [value]
    return []


def _inside_item(engine: Engine, value: Instance, keys: list[Value], site: Site) -> list[Value]:
    """``value[key]`` of an object that is a container itself; ``__missing__`` may make what it does not hold."""
    found = dict.fromkeys(read_inside(engine, value, lambda box: box_item(engine, box, keys, site)))
    if members(engine, value.info, "__missing__") is not None:
        found.update(dict.fromkeys(call_method(engine, value, "__missing__", Args([keys]), site)))
    return list(found)


def _object_item(engine: Engine, path: str, site: Site) -> list[Value]:
    entry = engine.catalogue.entry(f"{path}.__getitem__")
    if entry is not None and entry.effects:
        engine.deed(site, entry.path, entry.effects, f"reads an item of {path}")
    if entry is not None and entry.returns:
        return [engine.make(Object, entry.returns)]
    return [engine.make(Object, "builtins.str")] if path == "builtins.str" else [engine.unknown("external item")]


def _record_item(engine: Engine, value: Instance, keys: list[Value], site: Site) -> list[Value]:
    names = [name for name, *_ in fields(engine, value.info)]
    found: list[Value] = []
    for key in keys:
        if isinstance(key, Const) and isinstance(key.value, int) and -len(names) <= key.value < len(names):
            found += get_attribute(engine, value, names[key.value], site)
        elif isinstance(key, Const) and key.value in names:
            found += get_attribute(engine, value, key.value, site)
    return found


def note_looked_up(engine: Engine, value: Box, keys: list[Value], site: Site) -> None:
    """Run the hash methods of keys, or of what a set is asked for."""
    if value.kind in HASHED:
        note_hashed(engine, keys, site)


def note_inserted(engine: Engine, value: Box, keys: list[Value], site: Site) -> None:
    """Note that looking a key up in a ``defaultdict`` puts it there, unless the key is known to be in it."""
    if value.kind == "defaultdict":
        known = {k.value for k in engine.values(engine.slot(value, "known")) if isinstance(k, Const)}
        if not all(isinstance(key, Const) and key.value in known for key in keys):
            note_mutation(engine, value, site, LOOKED_UP)


def box_item(engine: Engine, value: Box, keys: list[Value], site: Site) -> list[Value]:
    """``container[key]``: exact for keys that are known, everything for others."""
    constants = [k for k in keys if isinstance(k, Const)]
    singles = [k for k in keys if isinstance(k, (Member, Class, Function))]
    if keys and len(constants) + len(singles) == len(keys):
        found: dict[Value, None] = dict.fromkeys(engine.values(engine.slot(value, "rest")))
        for key in constants:
            wanted = key.value
            if isinstance(wanted, int) and wanted < 0 and value.kind in ("tuple", "list"):
                wanted += len(engine.values(engine.slot(value, "known")))
            found.update(dict.fromkeys(engine.values(content(engine, value, wanted))))
        for single in singles:
            found.update(dict.fromkeys(engine.values(engine.slot(value, "value of", single))))
    else:
        found = dict.fromkeys(elements(engine, value))
    if not found and value.kind == "defaultdict":
        for factory in engine.values(engine.slot(value, "factory")):
            made = call_back(engine, factory, site, Args())
            put(engine, value, None, made)
            found.update(dict.fromkeys(made))
    return list(found)


def namespace_item(engine: Engine, value: Namespace, keys: list[Value], site: Site) -> list[Value]:
    """``vars(x)[name]``: a class or instance dict gives what is stored, unbound."""
    owner = value.owner
    found: list[Value] = []
    names = [k.value for k in keys if isinstance(k, Const) and isinstance(k.value, str)]
    for name in names:
        if isinstance(owner, Class) and not is_enum(engine, owner.info):
            held = members(engine, owner.info, name)
            found += held[1] if held else []
        else:
            found += get_attribute(engine, owner, name, site)
    if len(names) < len(keys):
        found += maybe_members(engine, owner, ".*", site)
    return found


def set_item(engine: Engine, target: Value, keys: list[Value], values: list[Value], site: Site) -> None:
    """``target[key] = values``."""
    if isinstance(target, Box):
        note_looked_up(engine, target, keys, site)
        put_keys(engine, target, keys, values)
        note_mutation(engine, target, site, "an item")
    elif isinstance(target, Instance):
        call_method(engine, target, "__setitem__", Args([keys, values]), site)
        inside = own_box(engine, target)
        if inside is not None and members(engine, target.info, "__setitem__") is None:
            put_keys(engine, inside, keys, values)
            note_mutation(engine, target, site, "an item")
    elif isinstance(target, Namespace):
        names = [k.value for k in keys if isinstance(k, Const) and isinstance(k.value, str)]
        for name in names:
            if isinstance(target.owner, Class):
                patch_member(
                    engine, target.owner.info, name, values
                )  # of a class that is being made: another's cannot be written
            else:
                set_attribute(engine, target.owner, name, values, site, raw=True)
        unknown = any(not isinstance(k, Const) for k in keys) or (not keys and site[0].key == "anybody")
        if unknown and isinstance(target.owner, Instance):
            store_dynamic(engine, target.owner, values)
            note_mutation(engine, target.owner, site, "an attribute")
    elif isinstance(target, Object):
        entry = engine.catalogue.entry(f"{target.path}.__setitem__")
        if entry is not None and "self" in entry.mutates:
            note_mutation(engine, target, site, "an item")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects, f"writes an item of {target.path}")


def is_foreign(box: Box, site: Site) -> bool:
    """Whether a container was not made by the function that uses it."""
    return not isinstance(box.site, tuple) or box.site[0] is not site[0]


def delete_item(engine: Engine, target: Value, keys: list[Value], site: Site) -> None:
    """``del target[key]``."""
    if isinstance(target, Instance):
        call_method(engine, target, "__delitem__", Args([keys]), site)
        if own_box(engine, target) is not None and members(engine, target.info, "__delitem__") is None:
            note_mutation(engine, target, site, "an item")
        return
    note_mutation(engine, target, site, "an item")
    if isinstance(target, Box):
        unsettle(engine, target)
    elif isinstance(target, Namespace):
        for key in keys:
            name = key.value if isinstance(key, Const) and isinstance(key.value, str) else "?"
            set_attribute(engine, target.owner, name, [], site)
    elif isinstance(target, Object):
        entry = engine.catalogue.entry(f"{target.path}.__delitem__")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects, f"deletes an item of {target.path}")


def type_of(engine: Engine, value: Value) -> list[Value]:
    """``type(value)``."""
    if isinstance(value, (Instance, Member)):
        exact = not (isinstance(value, Instance) and is_open(value.site))
        return [engine.make(Class, value.info, exact)]
    if isinstance(value, (Const, Object)):
        return [engine.make(External, value.path if isinstance(value, Object) else f"builtins.{value.type_name}")]
    if isinstance(value, Box):
        return [engine.make(External, f"builtins.{value.kind}")]
    return []
