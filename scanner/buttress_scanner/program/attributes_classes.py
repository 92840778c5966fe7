"""Attributes of classes, enum members and ``super()``, and what bases outside of the program have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise, members, metaclasses
from buttress_scanner.program.descriptors import bind_members, bind_on_class
from buttress_scanner.program.enums import enum_member, enum_members, enum_value, is_enum
from buttress_scanner.program.values import (
    BoxMethod,
    Class,
    External,
    Function,
    Instance,
    Maker,
    Member,
    Method,
    Namespace,
    Super,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site


def of_class(engine: Engine, value: Class, name: str, site: Site) -> list[Value]:
    """What ``cls.name`` can be."""
    info: ClassInfo = value.info
    if is_enum(engine, info):
        special = _of_enum(engine, info, name)
        if special is not None:
            return special
        if name == "__getitem__":
            return [engine.make(BoxMethod, value, name)]
    found = members(engine, info, name)
    if found is not None:
        return bind_on_class(engine, value, found[1], site)
    if name == "__name__":
        return [engine.const(info.name)]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name in ("__mro__", "__bases__"):
        return []
    if name in ("__getattribute__", "__setattr__", "__delattr__"):
        return [engine.make(External, f"builtins.object.{name}")]
    if name in ("mro", "__subclasses__"):
        return [engine.make(BoxMethod, value, name)]
    if name == "__new__":
        return [engine.make(Maker, "new", value, *site)]
    meta = _metaclass_member(engine, value, name, site)
    if meta:
        return meta
    return from_externals(engine, info, name, value)


def _metaclass_member(engine: Engine, value: Class, name: str, site: Site) -> list[Value]:
    for owner in linearise(engine, value.info):
        for keyword, node in owner.body.keywords:
            if keyword == "metaclass":
                for meta in engine.read(owner.outer, node):
                    if isinstance(meta, Class):
                        found = members(engine, meta.info, name)
                        if found is not None:
                            return bind_members(engine, found[1], value, meta, site)
    return []


def from_externals(engine: Engine, info: ClassInfo, name: str, receiver: Value) -> list[Value]:
    """A member that only a base outside of the program can have."""
    for path in info.externals:
        if path == "?":
            return [engine.unknown(f"base of {info.name} is not known")]
        if path in ("builtins.object", "typing.Protocol", "typing.Generic", "abc.ABC", "enum.Enum"):
            continue
        child = engine.make(External, f"{path}.{name}")
        return [engine.make(Method, child, receiver)] if isinstance(receiver, Instance) else [child]
    return []


def _of_enum(engine: Engine, info: ClassInfo, name: str) -> list[Value] | None:
    if name in ("__members__", "_member_map_"):
        return [engine.make(Namespace, engine.make(Class, info, True))]
    if name == "_value2member_map_":
        return [engine.make(BoxMethod, engine.make(Class, info, True), name)]
    if name in enum_members(engine, info):
        return [enum_member(engine, info, name)]
    return None


def of_member(engine: Engine, value: Member, name: str, site: Site) -> list[Value]:
    """What an attribute of an enum member can be."""
    if name in ("value", "_value_"):
        return enum_value(engine, value.info, value.name)
    if name in ("name", "_name_"):
        return [engine.const(value.name)]
    if name == "__class__":
        return [engine.make(Class, value.info, True)]
    special = _of_enum(engine, value.info, name)
    if special is not None:
        return special
    found = members(engine, value.info, name)
    if found is not None:
        return bind_members(engine, found[1], value, engine.make(Class, value.info, True), site)
    stored = engine.values(engine.slot("any", value.info, name))
    return stored or from_externals(engine, value.info, name, value)


def of_super(engine: Engine, value: Super, name: str, site: Site) -> list[Value]:
    """What ``super().name`` can be: from the classes behind the one it stands in."""
    receiver = value.receiver
    info = receiver.info if isinstance(receiver, (Instance, Class, Member)) else None
    if info is None:
        return []
    if isinstance(receiver, Class) and value.after not in linearise(engine, info):
        return _behind_metaclass(engine, receiver, value.after, name, site)
    found = members(engine, info, name, value.after)
    cls = receiver if isinstance(receiver, Class) else engine.make(Class, info, True)
    if found is not None:
        if isinstance(receiver, Class):
            bound = [engine.make(Method, v, receiver) if isinstance(v, Function) and name != "__new__" else v for v in found[1]]
            return bind_on_class(engine, receiver, bound, site)
        return bind_members(engine, found[1], receiver, cls, site)
    if name == "__new__":
        return [engine.make(Maker, "new", cls, *site)]
    if name in ("__getattribute__", "__setattr__", "__delattr__"):
        return [engine.make(BoxMethod, receiver, name)]
    return from_externals(engine, info, name, receiver)


def _behind_metaclass(engine: Engine, cls: Class, after: ClassInfo, name: str, site: Site) -> list[Value]:
    """What ``super().name`` is in a method of a metaclass: of its bases, of which ``type`` makes what is called."""
    for meta in metaclasses(engine, cls.info):
        found = members(engine, meta, name, after) if after in linearise(engine, meta) else None
        if found is not None:
            return bind_members(engine, found[1], cls, engine.make(Class, meta, True), site)
    if name in ("__call__", "__new__"):
        return [engine.make(Maker, "construct" if name == "__call__" else "new", cls, *site)]
    return []
