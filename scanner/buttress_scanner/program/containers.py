"""Containers and iterators: contents by constant key where it is known, else in one cell for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.calls import Args, call_back, call_method
from buttress_scanner.program.classes import fields, is_record, subclasses
from buttress_scanner.program.enums import enum_member, enum_members, is_enum
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.order import UNORDERED, note_order
from buttress_scanner.program.values import (
    DECLARED,
    Alias,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maybe,
    Member,
    Method,
    Module,
    Namespace,
    Object,
    Running,
    Unknown,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

Site = tuple["Frame", int]
KEY_LIMIT = 6_000
EXACT_LIMIT = 64
"""Positions are told apart this far when sequences are joined: a loop that joins must come to an end."""
_NESTING = 3


def box(engine: Engine, kind: str, site: Any) -> Box:
    """The container made at a site; a container inside itself more than three deep is one with the outer."""
    result: Box = engine.make(Box, kind, site)
    return result


def _cell(engine: Engine, owner: Box, key: Any) -> Any:
    return engine.slot(owner, "item", type(key).__name__, key)


def put(engine: Engine, owner: Box, key: int | str | None, values: list[Value]) -> None:
    """Store at a constant key, or at an unknown place."""
    engine.grow(engine.slot(owner, "all"), values)
    if key is None or len(engine.slot(owner, "known").values) >= KEY_LIMIT:
        engine.grow(engine.slot(owner, "rest"), values)
        return
    engine.grow(engine.slot(owner, "known"), (engine.const(key),), limited=False)
    engine.grow(_cell(engine, owner, key), values)


def put_all(engine: Engine, owner: Box, items: list[tuple[int | str, list[Value]]]) -> None:
    """Store many constant keys at once: readers of the keys are woken once."""
    engine.grow(engine.slot(owner, "known"), [engine.const(key) for key, _ in items[:KEY_LIMIT]], limited=False)
    for key, values in items:
        put(engine, owner, key, values)


def put_keys(engine: Engine, owner: Box, keys: list[Value], values: list[Value]) -> None:
    """Store under keys that are values themselves."""
    constants = [k for k in keys if isinstance(k, Const)]
    for key in constants:
        put(engine, owner, key.value, values)
    others = [k for k in keys if not isinstance(k, Const)]
    members = [k for k in others if isinstance(k, (Member, Class, Function)) and len(others) == 1 and not constants]
    for key in members:
        engine.grow(engine.slot(owner, "keys"), [key])
        engine.grow(engine.slot(owner, "value of", key), values)
        engine.grow(engine.slot(owner, "all"), values)
        engine.grow(engine.slot(owner, "known values"), [key])
    if (others and not members) or not keys:
        engine.grow(engine.slot(owner, "keys"), others)
        put(engine, owner, None, values)


def fill(engine: Engine, owner: Box, values: list[Value]) -> None:
    """Store values at unknown places."""
    put(engine, owner, None, values)


def known_items(engine: Engine, owner: Box) -> dict[Any, list[Value]]:
    """Contents by constant key, in order of first storing."""
    keys = engine.values(engine.slot(owner, "known"))
    return {k.value: engine.values(_cell(engine, owner, k.value)) for k in keys if isinstance(k, Const)}


def unknown_items(engine: Engine, owner: Box) -> list[Value]:
    """Contents whose place is not known."""
    found = dict.fromkeys(engine.values(engine.slot(owner, "rest")))
    for key in engine.values(engine.slot(owner, "known values")):
        found.update(dict.fromkeys(engine.values(engine.slot(owner, "value of", key))))
    return list(found)


def elements(engine: Engine, owner: Box) -> list[Value]:
    """Everything the container may hold (the values of a dict)."""
    found: dict[Value, None] = dict.fromkeys(engine.values(engine.slot(owner, "rest")))
    found.update(dict.fromkeys(engine.values(engine.slot(owner, "all"))))
    return list(found)


def keys_of(engine: Engine, owner: Box) -> list[Value]:
    """The keys of a dict."""
    return [*engine.values(engine.slot(owner, "known")), *engine.values(engine.slot(owner, "keys"))]


def get_item(engine: Engine, value: Value, keys: list[Value], site: Site) -> list[Value]:
    """``value[key]``."""
    match value:
        case Box():
            return _box_item(engine, value, keys, site)
        case Namespace():
            return namespace_item(engine, value, keys, site)
        case Instance(info=info):
            found = call_method(engine, value, "__getitem__", Args([keys]), site)
            return found or _record_item(engine, value, keys, site)
        case Class(info=info) if is_enum(engine, info):
            names = [k.value for k in keys if isinstance(k, Const) and isinstance(k.value, str)]
            found = [enum_member(engine, info, n) for n in names if n in enum_members(engine, info)]
            return found if names and len(names) == len(keys) else [*found, engine.make(Maybe, value, ".*")]
        case Object(path=path):
            return _object_item(engine, path, site)
        case Unknown():
            return [value]
    return []


def _object_item(engine: Engine, path: str, site: Site) -> list[Value]:
    entry = engine.catalogue.entry(f"{path}.__getitem__")
    if entry is not None and entry.effects:
        engine.deed(site, entry.path, entry.effects, f"reads an item of {path}")
    if entry is not None and entry.returns:
        return [engine.make(Object, entry.returns)]
    return [engine.make(Object, "builtins.str")] if path == "builtins.str" else [engine.unknown("external item")]


def _record_item(engine: Engine, value: Instance, keys: list[Value], site: Site) -> list[Value]:
    from buttress_scanner.program.attributes import get_attribute

    names = [name for name, *_ in fields(engine, value.info)]
    found: list[Value] = []
    for key in keys:
        if isinstance(key, Const) and isinstance(key.value, int) and -len(names) <= key.value < len(names):
            found += get_attribute(engine, value, names[key.value], site)
        elif isinstance(key, Const) and key.value in names:
            found += get_attribute(engine, value, key.value, site)
    return found


def _box_item(engine: Engine, value: Box, keys: list[Value], site: Site) -> list[Value]:
    constants = [k for k in keys if isinstance(k, Const)]
    singles = [k for k in keys if isinstance(k, (Member, Class, Function))]
    if keys and len(constants) + len(singles) == len(keys):
        found: dict[Value, None] = dict.fromkeys(engine.values(engine.slot(value, "rest")))
        for key in constants:
            wanted = key.value
            if isinstance(wanted, int) and wanted < 0 and value.kind in ("tuple", "list"):
                wanted += len(engine.values(engine.slot(value, "known")))
            found.update(dict.fromkeys(engine.values(_cell(engine, value, wanted))))
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
    from buttress_scanner.program.attributes import get_attribute, maybe_members
    from buttress_scanner.program.classes import members

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
        put_keys(engine, target, keys, values)
        note_mutation(engine, target, site, "an item")
    elif isinstance(target, Instance):
        call_method(engine, target, "__setitem__", Args([keys, values]), site)
    elif isinstance(target, Namespace):
        from buttress_scanner.program.attributes import set_attribute, store_dynamic

        names = [k.value for k in keys if isinstance(k, Const) and isinstance(k.value, str)]
        for name in names:
            set_attribute(engine, target.owner, name, values, site)
        if not names and isinstance(target.owner, Instance):
            store_dynamic(engine, target.owner, values)
    elif isinstance(target, Object):
        entry = engine.catalogue.entry(f"{target.path}.__setitem__")
        if entry is not None and "self" in entry.mutates:
            note_mutation(engine, target, site, "an item")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects, f"writes an item of {target.path}")


# --- iteration


def iterate(engine: Engine, value: Value, site: Site) -> list[Value]:
    """What iterating over the value yields; generators and ``__iter__`` run at the site."""
    match value:
        case Box(kind="dict" | "defaultdict"):
            return keys_of(engine, value)
        case Box():
            if value.kind in ("iterator", "set-iterator"):
                note_mutation(engine, value, site, "the position of an iterator")
            return elements(engine, value)
        case Running(frame=frame):
            note_mutation(engine, value, site, "the position of a generator")
            engine.edge(site, frame)
            return yielded(engine, frame)
        case Instance():
            return _iterate_instance(engine, value, site)
        case Class(info=info) if is_enum(engine, info):
            return [enum_member(engine, info, n) for n in enum_members(engine, info)]
        case Const(value=text) if isinstance(text, str):
            return [engine.make(Object, "builtins.str")]
        case Object(path=path):
            entry = engine.catalogue.entry(f"{path}.__iter__")
            if entry is not None and entry.effects:
                engine.deed(site, entry.path, entry.effects, f"iterates over {path}")
            return [engine.unknown("external element")]
        case Unknown():
            return [value]
    return []


def yielded(engine: Engine, frame: Frame) -> list[Value]:
    """What a generator's frame yields."""
    found: dict[Value, None] = {}
    for node in frame.body.yields:
        found.update(dict.fromkeys(engine.read(frame, node)))
    return list(found)


def _iterate_instance(engine: Engine, value: Instance, site: Site) -> list[Value]:
    found: dict[Value, None] = {}
    for name in ("__iter__", "__aiter__"):
        for iterator in call_method(engine, value, name, Args(), site):
            if isinstance(iterator, Instance):
                for step in ("__next__", "__anext__"):
                    for item in call_method(engine, iterator, step, Args(), site):
                        found.update(dict.fromkeys(drive(engine, item, site)))
            else:
                found.update(dict.fromkeys(iterate(engine, iterator, site)))
    if not found and is_record(engine, value.info):
        from buttress_scanner.program.attributes import get_attribute

        for name, *_ in fields(engine, value.info):
            found.update(dict.fromkeys(get_attribute(engine, value, name, site)))
    return list(found)


def drive(engine: Engine, value: Value, site: Site) -> list[Value]:
    """Await a coroutine; other values stay."""
    if isinstance(value, Running) and value.kind == "coroutine":
        engine.edge(site, value.frame)
        return engine.result(value.frame)
    return [value]


def unpack(engine: Engine, value: Value, index: int, starred: bool, site: Site) -> list[Value]:
    """The part of an assignment target: by position where it is known, the rest as a list for a starred one."""
    if isinstance(value, Box) and value.kind in ("tuple", "list"):
        known = known_items(engine, value)
        rest = unknown_items(engine, value)
        if starred:
            part = box(engine, "list", site)
            stop = len(known) if index >= 0 else len(known)
            for position in range(max(index, 0), stop):
                put(engine, part, position - max(index, 0), known.get(position, []))
            fill(engine, part, rest)
            return [part]
        position = index if index >= 0 else len(known) + index
        return [*known.get(position, []), *rest]
    if isinstance(value, Instance) and is_record(engine, value.info) and not starred:
        names = [name for name, *_ in fields(engine, value.info)]
        if -len(names) <= index < len(names):
            from buttress_scanner.program.attributes import get_attribute

            return get_attribute(engine, value, names[index], site)
    found = iterate(engine, value, site)
    if starred:
        part = box(engine, "list", site)
        fill(engine, part, found)
        return [part]
    return found


def match_position(engine: Engine, value: Value, position: int, site: Site) -> list[Value]:
    """A positional sub-pattern of a class pattern: ``__match_args__`` or the record's fields."""
    if not isinstance(value, Instance):
        return [value] if isinstance(value, (Const, Object)) else []
    from buttress_scanner.program.attributes import get_attribute
    from buttress_scanner.program.classes import constant_text, members

    held = members(engine, value.info, "__match_args__")
    names = [name for name, *_ in fields(engine, value.info)]
    if held is not None:
        names = [t for b in held[1] if isinstance(b, Box) for v in known_items(engine, b).values() for t in constant_text(v)]
    return get_attribute(engine, value, names[position], site) if position < len(names) else []


def caught(engine: Engine, value: Value, depth: int = 0) -> list[Value]:
    """The exception bound by ``except type as name``."""
    if isinstance(value, Class):
        return [engine.instance(value.info, DECLARED)]
    if isinstance(value, External):
        return [engine.make(Object, value.path)]
    if isinstance(value, Box) and depth < _NESTING:
        return [v for e in elements(engine, value) for v in caught(engine, e, depth + 1)]
    return []


# --- combination


def update(engine: Engine, target: Box, value: Value) -> None:
    """Merge a mapping into a dict."""
    if isinstance(value, Box):
        for key, values in known_items(engine, value).items():
            put(engine, target, key, values)
        for single in engine.values(engine.slot(value, "known values")):
            put_keys(engine, target, [single], engine.values(engine.slot(value, "value of", single)))
        rest = engine.values(engine.slot(value, "rest"))
        if rest:
            engine.grow(engine.slot(target, "keys"), engine.values(engine.slot(value, "keys")))
            put(engine, target, None, rest)


def combine(engine: Engine, left: Box, right: list[Value], site: Site) -> list[Value]:
    """``left + right``, ``left | right`` and the like: a new container with the contents of both."""
    result = box(engine, "set" if left.kind == "view" else left.kind, site)
    if left.kind in ("dict", "defaultdict"):
        for value in [left, *right]:
            update(engine, result, value)
        return [result]
    offset = 0
    for value in [left, *(v for v in right if isinstance(v, Box))]:
        assert isinstance(value, Box)
        known = known_items(engine, value)
        rest = unknown_items(engine, value)
        exact = left.kind in ("tuple", "list") and len(right) == 1 and not rest and result not in (left, *right) and offset < EXACT_LIMIT
        for key, values in known.items():
            place = offset + key if exact and isinstance(key, int) and key < EXACT_LIMIT else None
            put(engine, result, place, values)
        offset += len(known)
        if rest:
            fill(engine, result, rest)
    return [result]


def extend_in_place(engine: Engine, target: Box, right: list[Value], site: Site) -> None:
    """``target += right``."""
    note_mutation(engine, target, site, "the contents")
    if target.kind not in UNORDERED:
        note_order(engine, right, site, "takes the elements of a set in its order")
    for value in right:
        if target.kind in ("dict", "defaultdict"):
            update(engine, target, value)
        else:
            fill(engine, target, iterate(engine, value, site))


def with_declared_elements(engine: Engine, found: list[Value], declared: list[Value]) -> list[Value]:
    """``x: dict[str, T] = {}``: an empty container holds what its annotation says, as long as nothing else is known of it."""
    for value in found:
        for promise in declared:
            if isinstance(value, Box) and isinstance(promise, Box):
                engine.grow(engine.slot(value, "promise"), (promise,))
                if not elements(engine, value):
                    fill(engine, value, elements(engine, promise))
                    engine.grow(engine.slot(value, "keys"), engine.values(engine.slot(promise, "keys")))
    return found


# --- with


def entered(engine: Engine, value: Value, site: Site) -> list[Value]:
    """What ``with value as x`` binds, for values of the library."""
    if isinstance(value, Box):
        if value.kind == "context":
            return elements(engine, value)
        return [value]
    if isinstance(value, Object):
        entry = engine.catalogue.entry(f"{value.path}.__enter__")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects, f"enters {value.path}")
        if entry is not None and entry.returns:
            return [engine.make(Object, entry.returns)]
        return [value]
    return [value]


def callbacks_of(engine: Engine, value: Value) -> list[Value]:
    """What was registered to run when the context is left."""
    return engine.values(engine.slot(value, "callbacks")) if isinstance(value, Box) else []


def left(engine: Engine, value: Box, site: Site) -> None:
    """Leaving a context of the library runs what was registered with it."""
    for callback in engine.values(engine.slot(value, "callbacks")):
        call_back(engine, callback, site)
    for context in engine.values(engine.slot(value, "entered")):
        if isinstance(context, Instance):
            none = [engine.const(None)]
            call_method(engine, context, "__exit__", Args([none, none, none]), site)
        elif isinstance(context, Box):
            left(engine, context, site)


# --- methods


def _grows(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "the contents")
    put(engine, owner, None, args.get(0) if len(args.positional) < 2 else args.get(1))
    return []


def _extends(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    extend_in_place(engine, owner, args.get(0), site)
    for name, values in args.keywords.items():
        put(engine, owner, name, values)
    return []


def _shrinks(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "the contents")
    note_order(engine, [owner], site, "takes any element out of a set")
    found = _box_item(engine, owner, args.get(0), site) if args.positional and owner.kind in ("dict", "defaultdict") else elements(engine, owner)
    return [*found, *args.get(1)]


def _looks_up(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    default = args.get(1, "default") if len(args.positional) > 1 or "default" in args.keywords else [engine.const(None)]
    return [*_box_item(engine, owner, args.get(0), site), *default]


def _sets_default(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "an item")
    put_keys(engine, owner, args.get(0), args.get(1))
    return _box_item(engine, owner, args.get(0), site)


def _values(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    view = box(engine, "view", (*site, owner, "values"))
    fill(engine, view, elements(engine, owner))
    return [view]


def _keys(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    view = box(engine, "view", (*site, owner, "keys"))
    fill(engine, view, keys_of(engine, owner))
    return [view]


def _items(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    view = box(engine, "view", (*site, owner, "items"))
    for key, values in known_items(engine, owner).items():
        pair = box(engine, "tuple", (*site, owner, key))
        put(engine, pair, 0, [engine.const(key)])
        put(engine, pair, 1, values)
        fill(engine, view, [pair])
    rest = unknown_items(engine, owner)
    if rest:
        pair = box(engine, "tuple", (*site, owner, "rest"))
        put(engine, pair, 0, engine.values(engine.slot(owner, "keys")))
        put(engine, pair, 1, rest)
        fill(engine, view, [pair])
    return [view]


def _copies(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    result = box(engine, owner.kind, site)
    update(engine, result, owner)
    return [result]


def _merges(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    result = box(engine, owner.kind, site)
    fill(engine, result, [*elements(engine, owner), *(e for v in args.all() for e in iterate(engine, v, site))])
    return [result]


def _changes(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "the order or contents")
    for key in args.keywords.get("key", []):
        call_back(engine, key, site, Args([elements(engine, owner)]))
    return []


def _awaits(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    return elements(engine, owner)


def _on_done(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    for callback in args.get(0):
        call_back(engine, callback, site, Args([[owner]]))
    return []


def _registers(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    engine.grow(engine.slot(owner, "callbacks"), args.get(0))
    return args.get(0)


def _enters(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    engine.grow(engine.slot(owner, "entered"), args.get(0))
    for context in args.get(0):
        if isinstance(context, Instance):
            found += call_method(engine, context, "__enter__", Args(), site)
        else:
            found += entered(engine, context, site)
    return found


METHODS: dict[str, Callable[[Engine, Box, Args, Site], list[Value]]] = {
    "append": _grows, "add": _grows, "appendleft": _grows, "insert": _grows, "put": _grows, "put_nowait": _grows, "push": _registers,
    "extend": _extends, "update": _extends, "extendleft": _extends, "__iadd__": _extends, "__ior__": _extends,
    "pop": _shrinks, "popleft": _shrinks, "popitem": _shrinks, "__next__": _shrinks,
    "subtract": _changes, "remove": _changes, "discard": _changes, "clear": _changes, "sort": _changes, "reverse": _changes, "rotate": _changes,
    "get": _looks_up, "__getitem__": _looks_up, "get_nowait": _awaits, "setdefault": _sets_default,
    "values": _values, "keys": _keys, "items": _items, "copy": _copies, "__copy__": _copies, "__iter__": _values,
    "union": _merges, "intersection": _merges, "difference": _merges, "symmetric_difference": _merges,
    "result": _awaits, "add_done_callback": _on_done, "callback": _registers, "enter_context": _enters, "push_async_callback": _registers,
    "enter_async_context": _enters,
}  # fmt: skip


def call_box(engine: Engine, owner: Value, name: str, args: Args, site: Site) -> list[Value]:
    """Call a method of a container, a namespace, a generator or a class's own machinery."""
    if isinstance(owner, Box):
        if owner.kind in ("future", "variable") and name == "get":
            return [*elements(engine, owner), *args.get(0)]
        if owner.kind == "variable" and name == "set":
            fill(engine, owner, args.get(0))
            return []
        if name == "__setitem__":
            set_item(engine, owner, args.get(0), args.get(1), site)
            return []
        handler = METHODS.get(name)
        return handler(engine, owner, args, site) if handler is not None else []
    if isinstance(owner, Namespace):
        return _call_namespace(engine, owner, name, args, site)
    if isinstance(owner, Running):
        if name in ("send", "__next__", "throw", "asend", "__anext__", "__iter__"):
            return iterate(engine, owner, site)
        return []
    if isinstance(owner, Class):
        if name == "__subclasses__":
            found = box(engine, "list", site)
            fill(engine, found, [engine.make(Class, s, True) for s in subclasses(engine, owner.info)])
            return [found]
        return []
    if name == "__get__" and isinstance(owner, Function):
        return [engine.make(Method, owner, r) for r in args.get(0)]
    return []


def _call_namespace(engine: Engine, owner: Namespace, name: str, args: Args, site: Site) -> list[Value]:
    from buttress_scanner.program.attributes import set_attribute

    if name in ("get", "__getitem__", "pop", "setdefault"):
        return [*namespace_item(engine, owner, args.get(0), site), *args.get(1)]
    if name == "update":
        for value in args.get(0):
            if isinstance(value, Box):
                for key, values in known_items(engine, value).items():
                    if isinstance(key, str):
                        set_attribute(engine, owner.owner, key, values, site)
        for key, values in args.keywords.items():
            set_attribute(engine, owner.owner, key, values, site)
        return []
    if name in ("values", "items"):
        found = _namespace_values(engine, owner, site)
        view = box(engine, "view", (*site, owner, name))
        if name == "values":
            fill(engine, view, found)
            return [view]
        pair = box(engine, "tuple", (*site, owner, "pair"))
        put(engine, pair, 1, found)
        put(engine, pair, 0, [engine.make(Object, "builtins.str")])
        fill(engine, view, [pair])
        return [view]
    return []


def _namespace_values(engine: Engine, owner: Namespace, site: Site) -> list[Value]:
    from buttress_scanner.program.attributes import get_attribute

    holder = owner.owner
    names: list[str] = []
    if isinstance(holder, Class):
        names = enum_members(engine, holder.info) if is_enum(engine, holder.info) else list(holder.info.body.exit)
    elif isinstance(holder, Module):
        names = list(holder.unit.facts.bodies[0].exit)
    elif isinstance(holder, Instance):
        return [v for name, *_ in fields(engine, holder.info) for v in get_attribute(engine, holder, name, site)]
    return [v for name in names for v in get_attribute(engine, holder, name, site)]


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


def alias_arguments(engine: Engine, alias: Alias) -> list[Value]:
    """The type arguments of a subscripted type, as written."""
    node = alias.frame.body.nodes[alias.node]
    values = engine.read(alias.frame, node[2])
    tuples = [v for v in values if isinstance(v, Box) and v.kind == "tuple"]
    if tuples:
        return [w for b in tuples for w in elements(engine, b)]
    return values
