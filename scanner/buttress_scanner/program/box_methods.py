"""Methods of containers, contexts and namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.attributes_written import set_attribute
from buttress_scanner.program.calls import call, call_back, call_method
from buttress_scanner.program.classes import fields, subclasses
from buttress_scanner.program.containers import (
    box_item,
    get_item,
    is_foreign,
    namespace_item,
    note_inserted,
    note_looked_up,
    set_item,
)
from buttress_scanner.program.contents import (
    box,
    elements,
    fill,
    keys_of,
    known_items,
    put,
    put_keys,
    unknown_items,
    unsettle,
    update,
)
from buttress_scanner.program.enums import enum_members, is_enum
from buttress_scanner.program.iteration import extend_in_place, iterate
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.order import note_order
from buttress_scanner.program.values import (
    Box,
    Class,
    Const,
    Function,
    Instance,
    Maker,
    Method,
    Module,
    Namespace,
    Object,
    Partial,
    Running,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site


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
    for closer in engine.values(engine.slot(value, "closers")):
        call(engine, closer, Args(), site)


def _grows(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "the contents")
    put(engine, owner, None, args.get(0) if len(args.positional) < 2 else args.get(1))
    return []


def _grows_in_front(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    unsettle(engine, owner)
    return _grows(engine, owner, args, site)


def _extends(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    extend_in_place(engine, owner, args.get(0), site)
    for name, values in args.keywords.items():
        put(engine, owner, name, values)
    return []


def _shrinks(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "the contents")
    note_order(engine, [owner], site, "takes any element out of a set")
    unsettle(engine, owner)
    found = (
        box_item(engine, owner, args.get(0), site)
        if args.positional and owner.kind in ("dict", "defaultdict")
        else elements(engine, owner)
    )
    return [*found, *args.get(1)]


def _takes_item(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_inserted(engine, owner, args.get(0), site)
    return box_item(engine, owner, args.get(0), site)


def _takes_pair(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    """``popitem``: a key with its value."""
    values = _shrinks(engine, owner, Args(), site)
    pair = box(engine, "tuple", (*site, owner, "pair"))
    put(engine, pair, 0, keys_of(engine, owner))
    put(engine, pair, 1, values)
    return [pair]


def _looks_up(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    default = args.get(1, "default") if len(args.positional) > 1 or "default" in args.keywords else [engine.const(None)]
    return [*box_item(engine, owner, args.get(0), site), *default]


def _sets_default(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    note_mutation(engine, owner, site, "an item")
    put_keys(engine, owner, args.get(0), args.get(1))
    return box_item(engine, owner, args.get(0), site)


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
    unsettle(engine, owner)
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
    """``stack.callback(f, *args)``: the function runs with these arguments when the stack is left."""
    given = len(args.positional) > 1 or bool(args.keywords)
    kept = [engine.make(Partial, f, *site, 1) if given and not isinstance(f, Partial) else f for f in args.get(0)]
    engine.grow(engine.slot(owner, "callbacks"), kept)
    return args.get(0)


def _leaves(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    """``stack.close()``, and the way out of a context spelled out."""
    if owner.kind in ("stack", "context"):
        left(engine, owner, site)
    return []


def _enters(engine: Engine, owner: Box, args: Args, site: Site) -> list[Value]:
    """``stack.enter_context(x)``: what leaving ``x`` does is put down to the place that entered it."""
    found: list[Value] = []
    none: list[Value] = [engine.const(None)]
    for context in args.get(0):
        if isinstance(context, Instance):
            found += call_method(engine, context, "__enter__", Args(), site)
            call_method(engine, context, "__exit__", Args([none, none, none]), site)
        else:
            found += entered(engine, context, site)
            if isinstance(context, Box):
                left(engine, context, site)
    return found


METHODS: dict[str, Callable[[Engine, Box, Args, Site], list[Value]]] = {
    "append": _grows, "add": _grows, "appendleft": _grows_in_front, "insert": _grows_in_front,
    "put": _grows, "put_nowait": _grows, "push": _registers,
    "extend": _extends, "update": _extends, "extendleft": _extends, "__iadd__": _extends, "__ior__": _extends,
    "pop": _shrinks, "popleft": _shrinks, "popitem": _takes_pair, "__next__": _shrinks,
    "remove": _changes, "discard": _changes, "clear": _changes, "sort": _changes, "reverse": _changes, "rotate": _changes,
    "subtract": _changes, "intersection_update": _changes, "difference_update": _changes,
    "move_to_end": _changes, "__delitem__": _changes, "symmetric_difference_update": _extends,
    "get": _looks_up, "__getitem__": _takes_item, "get_nowait": _awaits, "setdefault": _sets_default,
    "values": _values, "keys": _keys, "items": _items, "copy": _copies, "__copy__": _copies, "__iter__": _values,
    "union": _merges, "intersection": _merges, "difference": _merges, "symmetric_difference": _merges,
    "result": _awaits, "add_done_callback": _on_done, "callback": _registers, "enter_context": _enters,
    "push_async_callback": _registers, "enter_async_context": _enters,
    "close": _leaves, "aclose": _leaves, "__exit__": _leaves, "__aexit__": _leaves,
}  # fmt: skip


_HASHING = ("add", "remove", "discard", "get", "__getitem__", "setdefault", "pop")
"""Methods that look their first argument up in a set or dict."""


def call_box(engine: Engine, owner: Value, name: str, args: Args, site: Site) -> list[Value]:
    """Call a method of a container, a namespace, a generator or a class's own machinery."""
    match owner:
        case Box():
            return _call_container(engine, owner, name, args, site)
        case Namespace():
            return _call_namespace(engine, owner, name, args, site)
        case Running() if name in ("send", "__next__", "throw", "asend", "__anext__", "__iter__"):
            if name in ("send", "asend"):
                engine.grow(engine.slot("sent", owner.frame), args.get(0))
            return iterate(engine, owner, site)
        case Instance() | Class() if name == "__getattribute__":
            return [v for n in args.get(0) if isinstance(n, Const) for v in get_attribute(engine, owner, str(n.value), site)]
        case Instance() | Class() if name in ("__setattr__", "__delattr__"):
            from buttress_scanner.program.library import call_external

            return call_external(engine, f"builtins.object.{name}", None, args.behind([owner]), site)
        case Class() if name == "__getitem__":
            return get_item(engine, owner, args.get(0, "name"), site)
        case Class(info=info) if name == "__subclasses__":
            found = box(engine, "list", site)
            fill(engine, found, [engine.make(Class, s, True) for s in subclasses(engine, info)])
            return [found]
        case Maker() if name == "cache_clear":
            note_mutation(engine, owner, site, "the memory of a function")
            return [engine.const(None)]
        case Function() if name == "__get__":
            return [engine.make(Method, owner, r) for r in args.get(0)]
    return []


def _call_container(engine: Engine, owner: Box, name: str, args: Args, site: Site) -> list[Value]:
    if owner.kind == "variable":
        entry = engine.catalogue.entry(f"contextvars.ContextVar.{name}")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects)
    if owner.kind in ("future", "variable") and name == "get":
        return [*elements(engine, owner), *args.get(0)]
    if owner.kind == "variable" and name == "set":
        fill(engine, owner, args.get(0))
        return []
    if name == "__setitem__":
        set_item(engine, owner, args.get(0), args.get(1), site)
        return []
    if name in _HASHING:
        note_looked_up(engine, owner, args.get(0), site)
    handler = METHODS.get(name)
    if name in _WRITING and site[0].quiet and is_foreign(owner, site):
        args = Args([[] for _ in args.positional], keywords={key: [] for key in args.keywords})
    if name == "setdefault" and site[0].quiet and is_foreign(owner, site):
        return [*_looks_up(engine, owner, Args(args.positional[:1]), site), *args.get(1, "default")]
    return handler(engine, owner, args, site) if handler is not None else []


_WRITING = frozenset(
    {"append", "add", "appendleft", "insert", "put", "put_nowait", "extend", "update", "extendleft", "__iadd__", "__ior__"}
)


_CHANGING = frozenset({"pop", "popitem", "clear", "setdefault", "update", "__setitem__", "__delitem__", "__ior__"})
"""Methods of the dict behind an object that change the object."""


def _call_namespace(engine: Engine, owner: Namespace, name: str, args: Args, site: Site) -> list[Value]:
    if name in _CHANGING and isinstance(owner.owner, Instance):
        note_mutation(engine, owner.owner, site, "an attribute")
    if name in ("get", "__getitem__", "pop", "setdefault"):
        return [*namespace_item(engine, owner, args.get(0), site), *args.get(1)]
    if name == "update":
        for value in args.get(0):
            if isinstance(value, Box):
                for key, values in known_items(engine, value).items():
                    if isinstance(key, str):
                        set_attribute(engine, owner.owner, key, values, site, raw=True)
        for key, values in args.keywords.items():
            set_attribute(engine, owner.owner, key, values, site, raw=True)
        return []
    if name == "__setitem__":
        set_item(engine, owner, args.get(0), args.get(1), site)
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
    holder = owner.owner
    names: list[str] = []
    if isinstance(holder, Class):
        names = enum_members(engine, holder.info) if is_enum(engine, holder.info) else list(holder.info.body.exit)
    elif isinstance(holder, Module):
        names = list(holder.unit.facts.bodies[0].exit)
    elif isinstance(holder, Instance):
        return [v for name, *_ in fields(engine, holder.info) for v in get_attribute(engine, holder, name, site)]
    return [v for name in names for v in get_attribute(engine, holder, name, site)]
