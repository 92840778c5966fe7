"""Contents of containers: by constant key where it is known, else in one cell for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.values import (
    Alias,
    Box,
    Class,
    Const,
    Function,
    Member,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Cell, Site


KEY_LIMIT = 6_000
EXACT_LIMIT = 64
"""Positions are told apart this far when sequences are joined: a loop that joins must come to an end."""
_POSITIONS = ("list", "tuple", "deque")
"""Kinds whose elements have a place."""


def box(engine: Engine, kind: str, site: object) -> Box:
    """The container made at a site; a container inside itself more than three deep is one with the outer."""
    result: Box = engine.make(Box, kind, site)
    return result


def content(engine: Engine, owner: Box, key: object) -> Cell:
    """The cell of one key."""
    return engine.slot(owner, "item", type(key).__name__, key)


def put(engine: Engine, owner: Box, key: int | str | None, values: list[Value]) -> None:
    """Store at a constant key, or at an unknown place."""
    engine.grow(engine.slot(owner, "all"), values)
    if key is None or len(engine.slot(owner, "known").values) >= KEY_LIMIT:
        engine.grow(engine.slot(owner, "rest"), values)
        return
    engine.grow(engine.slot(owner, "known"), (engine.const(key),), limited=False)
    engine.grow(content(engine, owner, key), values)


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
    for single in members:
        engine.grow(engine.slot(owner, "keys"), [single])
        engine.grow(engine.slot(owner, "value of", single), values)
        engine.grow(engine.slot(owner, "all"), values)
        engine.grow(engine.slot(owner, "known values"), [single])
    if (others and not members) or not keys:
        engine.grow(engine.slot(owner, "keys"), others)
        put(engine, owner, None, values)


def fill(engine: Engine, owner: Box, values: list[Value]) -> None:
    """Store values at unknown places."""
    put(engine, owner, None, values)


def known_items(engine: Engine, owner: Box) -> dict[Any, list[Value]]:
    """Contents by constant key, in order of first storing."""
    keys = engine.values(engine.slot(owner, "known"))
    return {k.value: engine.values(content(engine, owner, k.value)) for k in keys if isinstance(k, Const)}


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


def unsettle(engine: Engine, owner: Box) -> None:
    """Note that a sequence was sorted, or something was put in or taken out in front: anything may be anywhere now."""
    if owner.kind in _POSITIONS:
        fill(engine, owner, elements(engine, owner))


def sliced(engine: Engine, owner: Box, bounds: list[list[Value] | None], site: Site) -> Box:
    """``owner[low:high:step]``, element by element where the bounds are known; None is a bound that is not written."""
    part = box(engine, owner.kind, site)
    rest = unknown_items(engine, owner)
    places = _places(bounds, from_the_end=not rest) if owner.kind in _POSITIONS else None
    if places is None:
        fill(engine, part, elements(engine, owner))
        return part
    items = known_items(engine, owner)
    put_all(engine, part, [(new, items.get(old, [])) for new, old in enumerate(range(len(items))[places])])
    if rest:
        fill(engine, part, rest)
    return part


def _places(bounds: list[list[Value] | None], *, from_the_end: bool) -> slice | None:
    """The slice that the bounds make, None where one of them is not known or cannot be counted from the end."""
    limits: list[int | None] = []
    for values in bounds:
        numbers = [v.value for v in values or () if isinstance(v, Const) and isinstance(v.value, int)]
        if values is not None and (len(values) != 1 or not numbers or (numbers[0] < 0 and not from_the_end)):
            return None
        limits.append(numbers[0] if numbers else None)
    return slice(*limits) if limits[2] != 0 else None


def keys_of(engine: Engine, owner: Box) -> list[Value]:
    """The keys of a dict."""
    return [*engine.values(engine.slot(owner, "known")), *engine.values(engine.slot(owner, "keys"))]


def update(engine: Engine, target: Box, value: Value, replaced: Collection[int | str] = ()) -> None:
    """Merge a mapping into a dict, without the keys that are replaced afterwards."""
    if isinstance(value, Box):
        for key, values in known_items(engine, value).items():
            if key not in replaced:
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
    parts = [left, *(v for v in right if isinstance(v, Box))]
    ordered = left.kind in ("tuple", "list") and len(right) == 1 and result not in (left, *right)
    for value in parts:
        known = known_items(engine, value)
        rest = unknown_items(engine, value)
        exact = ordered and not rest and offset < EXACT_LIMIT
        for key, values in known.items():
            place = offset + key if exact and isinstance(key, int) and key < EXACT_LIMIT else None
            put(engine, result, place, values)
        offset += len(known)
        if rest:
            fill(engine, result, rest)
    return [result]


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


def alias_arguments(engine: Engine, alias: Alias) -> list[Value]:
    """The type arguments of a subscripted type, as written."""
    node = alias.frame.body.nodes[alias.node]
    values = engine.read(alias.frame, node[2])
    tuples = [v for v in values if isinstance(v, Box) and v.kind == "tuple"]
    if tuples:
        return [w for b in tuples for w in elements(engine, b)]
    return values
