"""Iteration: what a value yields one after the other, in loops, assignments and patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.classes import constant_text, fields, is_record, members
from buttress_scanner.program.containers import NESTING
from buttress_scanner.program.contents import box, elements, fill, keys_of, known_items, put, unknown_items, update
from buttress_scanner.program.enums import enum_member, enum_members, is_enum
from buttress_scanner.program.inside import read_inside
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.order import UNORDERED, note_order
from buttress_scanner.program.values import (
    DECLARED,
    Box,
    Class,
    Const,
    External,
    Instance,
    Object,
    Running,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site


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
            step = engine.catalogue.entry(f"{path}.__next__")
            if step is not None and "self" in step.mutates:
                note_mutation(engine, value, site, "the position of an iterator")
            return [engine.unknown("external element")]
        case Unknown():
            return [value]
    return []


def search(engine: Engine, value: Value, site: Site) -> None:
    """``x in value``: iterators are used up, library objects do what the catalogue says of their ``__contains__``."""
    if isinstance(value, Running) or (isinstance(value, Box) and value.kind in ("iterator", "set-iterator")):
        iterate(engine, value, site)
    elif isinstance(value, (Object, External)):
        entry = engine.catalogue.entry(f"{value.path}.__contains__")
        if entry is not None and entry.effects and entry.path.endswith("__contains__"):
            engine.deed(site, entry.path, entry.effects, f"looks into {value.path}")


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
    if not found and not any(members(engine, value.info, name) for name in ("__iter__", "__aiter__", "__next__")):
        number: Value = engine.make(Object, "builtins.int")
        found.update(dict.fromkeys(call_method(engine, value, "__getitem__", Args([[number]]), site)))
    if not found and is_record(engine, value.info):
        for name, *_ in fields(engine, value.info):
            found.update(dict.fromkeys(get_attribute(engine, value, name, site)))
    if not found and members(engine, value.info, "__iter__") is None:
        found.update(dict.fromkeys(read_inside(engine, value, lambda box: iterate(engine, box, site))))
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
            for position in range(max(index, 0), len(known)):
                put(engine, part, position - max(index, 0), known.get(position, []))
            fill(engine, part, rest)
            return [part]
        position = index if index >= 0 else len(known) + index
        return [*known.get(position, []), *rest]
    if isinstance(value, Class) and is_enum(engine, value.info) and not starred:
        members_in_order = iterate(engine, value, site)
        if -len(members_in_order) <= index < len(members_in_order):
            return [members_in_order[index]]
    if isinstance(value, Instance) and is_record(engine, value.info) and not starred:
        names = [name for name, *_ in fields(engine, value.info)]
        if -len(names) <= index < len(names):
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
    if isinstance(value, Box) and depth < NESTING:
        return [v for e in elements(engine, value) for v in caught(engine, e, depth + 1)]
    return []


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
