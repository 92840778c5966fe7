"""The contents of objects whose class derives from a container of the library: ``class Registry(dict)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.types import instances_of
from buttress_scanner.program.values import SELF, Alias, Box, Instance, Value, informative, is_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.arguments import Args
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site

_KINDS = {
    "builtins.dict": "dict", "collections.OrderedDict": "dict", "collections.UserDict": "dict", "collections.Counter": "dict",
    "weakref.WeakValueDictionary": "dict", "weakref.WeakKeyDictionary": "dict", "typing.Dict": "dict",
    "collections.defaultdict": "defaultdict", "builtins.list": "list", "collections.UserList": "list", "typing.List": "list",
    "collections.deque": "list", "builtins.set": "set", "builtins.frozenset": "frozenset", "weakref.WeakSet": "set",
    "builtins.tuple": "tuple",
}  # fmt: skip
_WRITES = {
    "append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault", "__setitem__", "__iadd__", "__ior__",
    "sort", "reverse", "rotate", "remove", "discard", "clear",
}  # fmt: skip


def base_of(info: ClassInfo) -> str:
    """The container of the library that a class derives from, empty for other classes."""
    return next((path for path in info.externals if path in _KINDS), "")


def own_box(engine: Engine, value: Instance) -> Box | None:
    """What the object itself was given; None for objects that are no containers."""
    order = linearise(engine, value.info)
    base = base_of(value.info)
    if not base:
        return None
    if is_open(value.site):
        value = engine.instance(value.info, SELF)
    box = contents.box(engine, _KINDS[base], ("inside", value))
    if value.site is not SELF:
        for owner in order:
            engine.grow(engine.slot("insides", owner), (box,), limited=False)
    return box


def boxes_of(engine: Engine, value: Instance) -> list[Box]:
    """Where to look for what the object may hold: what it was given, what methods gave to any, what its class declares."""
    own = own_box(engine, value)
    if own is None:
        return []
    order = [owner for owner in linearise(engine, value.info) if base_of(owner)]
    found = {own: None, **{contents.box(engine, own.kind, ("inside", engine.instance(o, SELF))): None for o in order}}
    if is_open(value.site):
        found.update((v, None) for v in engine.values(engine.slot("insides", value.info)) if isinstance(v, Box))
    if not any(informative(contents.elements(engine, box)) for box in found):
        found.update((v, None) for owner in order for v in _declared(engine, owner))
    return list(found)


def _declared(engine: Engine, owner: ClassInfo) -> list[Box]:
    bases = [v for node in owner.body.bases for v in engine.read(owner.outer, node) if isinstance(v, Alias)]
    return [v for base in bases for v in instances_of(engine, base) if isinstance(v, Box)]


def construct_inside(engine: Engine, value: Instance, args: Args, site: Site) -> None:
    """Put into the object what its constructor is given."""
    from buttress_scanner.program.library import call_external

    box = own_box(engine, value)
    if box is None or not (args.positional or args.keywords or args.star or args.double_star):
        return
    kind = "builtins.dict" if box.kind in ("dict", "defaultdict") else "builtins.list"
    for made in call_external(engine, kind, None, args, site):
        if isinstance(made, Box) and kind == "builtins.dict":
            contents.update(engine, box, made)
        elif isinstance(made, Box):
            contents.put_all(engine, box, [(key, v) for key, v in contents.known_items(engine, made).items()])
            contents.fill(engine, box, contents.unknown_items(engine, made))


def call_inside(engine: Engine, value: Instance, name: str, args: Args, site: Site) -> list[Value] | None:
    """A method of the container, called on the object; None where it is no container or has no such method."""
    from buttress_scanner.program.box_methods import METHODS, call_box

    box = own_box(engine, value)
    if box is None or (name not in METHODS and name not in ("__setitem__", "__init__")):
        return None
    if name == "__init__":
        construct_inside(engine, value, args, site)
        return []
    if name in _WRITES and name != "setdefault":
        return call_box(engine, box, name, args, site)
    return list(dict.fromkeys(v for each in boxes_of(engine, value) for v in call_box(engine, each, name, args, site)))


def read_inside(engine: Engine, value: Instance, reading: Callable[[Box], list[Value]]) -> list[Value]:
    """What reading from each place yields where the contents may be."""
    return list(dict.fromkeys(v for box in boxes_of(engine, value) for v in reading(box)))
