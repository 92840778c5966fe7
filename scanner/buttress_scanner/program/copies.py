"""Copies: shallow ones are new objects with the same contents, deep ones are new all the way down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.values import Box, Instance, Value, is_open

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site

_SHALLOW = "copy"
_DEEP = "deep copy"


def shallow(engine: Engine, value: Value, site: Site) -> list[Value]:
    """``copy.copy(value)``."""
    own = _by_method(engine, value, "__copy__", site)
    if own:
        return own
    if isinstance(value, Box):
        copied = contents.box(engine, value.kind, (*site, _SHALLOW, _original(value)))
        if copied is not value:
            contents.update(engine, copied, value)
        return [copied]
    if isinstance(value, Instance) and not is_open(value.site):
        return [engine.instance(value.info, (*site, _SHALLOW, _original(value)))]
    return [value]


def deep(engine: Engine, value: Value, site: Site) -> list[Value]:
    """``copy.deepcopy(value)``."""
    return _by_method(engine, value, "__deepcopy__", site) or [_deep(engine, value, site, set())]


def is_copy(value: Instance) -> bool:
    """Whether the object was made as a copy of another."""
    return isinstance(value.site, tuple) and len(value.site) == 4 and value.site[2] in (_SHALLOW, _DEEP)


def inherited(engine: Engine, value: Instance, name: str) -> list[Value]:
    """What a copy has in an attribute because its original had it."""
    from buttress_scanner.program.attributes_instances import held_by

    frame, node, kind, original = value.site
    held = held_by(engine, original, name)
    return held if kind == _SHALLOW else [_deep(engine, v, (frame, node), set()) for v in held]


def _deep(engine: Engine, value: Value, site: Site, seen: set[Value]) -> Value:
    if isinstance(value, Instance) and not is_open(value.site):
        return engine.instance(value.info, (*site, _DEEP, _original(value)))
    if not isinstance(value, Box):
        return value
    copied = contents.box(engine, value.kind, (*site, _DEEP, _original(value)))
    if copied is value or value in seen:
        return copied
    seen.add(value)
    for key, values in contents.known_items(engine, value).items():
        contents.put(engine, copied, key, [_deep(engine, v, site, seen) for v in values])
    for single in engine.values(engine.slot(value, "known values")):
        held = engine.values(engine.slot(value, "value of", single))
        contents.put_keys(engine, copied, [single], [_deep(engine, v, site, seen) for v in held])
    rest = engine.values(engine.slot(value, "rest"))
    if rest:
        engine.grow(engine.slot(copied, "keys"), engine.values(engine.slot(value, "keys")))
        contents.fill(engine, copied, [_deep(engine, v, site, seen) for v in rest])
    return copied


def _original(value: Box | Instance) -> Box | Instance:
    """The first of a line of copies: copies of copies must come to an end."""
    site = value.site
    if isinstance(site, tuple) and len(site) == 4 and site[2] in (_SHALLOW, _DEEP):
        first: Box | Instance = site[3]
        return first
    return value


def _by_method(engine: Engine, value: Value, name: str, site: Site) -> list[Value]:
    return call_method(engine, value, name, Args(star=[]), site)
