"""How long values live: state that was made on import outlives the calls that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.values import (
    Box,
    Function,
    Instance,
    Maker,
    Member,
    Module,
    Object,
    Partial,
    Running,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site, Unit

_DEPTH = 3
_NEAR = 500
"""Frames that are looked at for whether one leads to another."""


def root(frame: Frame) -> Frame:
    """The frame on whose behalf this one runs: contexts that belong to one call site, and local classes, lead to the caller."""
    while True:
        key = frame.key
        if isinstance(key, tuple) and key and key[0] in ("site", "factories"):
            frame = key[1]
        elif frame.body.kind == "class" and key == "class" and frame.closure is not None:
            frame = frame.closure
        else:
            return frame


def is_kept(site: object) -> bool:
    """Whether what was made at this site was made by the body of a module or class."""
    return isinstance(site, tuple) and not isinstance(site[0], str) and root(site[0]).body.kind in ("module", "class")


def loading(engine: Engine, frame: Frame, depth: int = 0) -> Unit | None:
    """The module in whose import this frame takes part, None for what runs when somebody calls it."""
    top = root(frame)
    if top.body.kind in ("module", "class"):
        return None if top.key == "factories" else top.unit
    if top.loads is not None:
        return top.loads
    if top.body.name != "__init__" or not top.body.params or depth > _DEPTH:
        return None
    cell = top.params.get(top.body.params[0].name)
    receivers = engine.values(cell) if cell is not None else []
    units = [keeper(engine, r, depth + 1) for r in receivers]
    return units[0] if units and all(units) else None


def keeper(engine: Engine, value: Value, depth: int = 0) -> Unit | None:
    """The module that made the value when it was imported; None for what lives no longer than a call."""
    match value:
        case Box(site=site) | Instance(site=site) | Object(site=site) | Running(site=site):
            return loading(engine, site[0], depth) if isinstance(site, tuple) and not isinstance(site[0], str) else None
        case Member(info=info):
            unit: Unit = info.unit
            return unit
        case Function(unit=unit, closure=closure):
            return unit if closure is None else loading(engine, closure, depth)
        case Maker(frame=frame) | Partial(frame=frame):
            return loading(engine, frame, depth)
    return None


def remember(engine: Engine, value: Value, unit: Unit, depth: int = 0) -> None:
    """Note that a function with a memory has given the value away, and what it holds with it: the module keeps it from now on."""
    if isinstance(value, (Box, Instance)) and depth < _DEPTH:
        engine.grow(engine.slot("remembered", value), (engine.make(Module, unit),))
        if isinstance(value, Box):
            for held in engine.values(engine.slot(value, "all")):
                remember(engine, held, unit, depth + 1)


def _rememberer(engine: Engine, value: Value, site: Site) -> Unit | None:
    """The module whose function remembers the value, if the change is not part of making it."""
    made = value.site if isinstance(value, (Box, Instance)) else None
    if not isinstance(made, tuple) or isinstance(made[0], str):
        return None
    units = [v.unit for v in engine.values(engine.slot("remembered", value)) if isinstance(v, Module)]
    return units[0] if units and not _is_within(site[0], made[0]) else None


def _is_within(frame: Frame, outer: Frame) -> bool:
    """Whether a frame runs, perhaps among others, on behalf of another: constructors and helpers that it calls do."""
    seen, pending = {outer}, [outer]
    while pending and frame not in seen and len(seen) < _NEAR:
        for callees in pending.pop().edges.values():
            fresh = [callee for callee in callees if callee not in seen]
            seen.update(fresh)
            pending += fresh
    return frame in seen


def note_mutation(engine: Engine, target: Value, site: Site, what: str) -> None:
    """Note a change of an object, and of state that outlives the call."""
    if engine.changes is not None:
        engine.changes.setdefault(site, {}).setdefault(target, what)
    if isinstance(target, Object) and isinstance(target.site, str):
        engine.deed(site, target.site, ("global-state",), f"changes {what} of {target.site}")
        return
    unit = keeper(engine, target) or _rememberer(engine, target, site)
    if unit is not None and not _is_own(engine, target, site):
        note_change(engine, unit, site, f"state of {unit.name}", f"changes {what} of an object that {unit.name} holds")


def _is_own(engine: Engine, target: Value, site: Site) -> bool:
    """Whether a constructor changes its object, or a method what its object holds, of which it is not known which object it is.

    That a module keeps some object of the class does not make this one the module's. What a class body holds is everybody's.
    """
    frame = site[0]
    if frame.body.name in _CONSTRUCTORS and target in _receivers(engine, frame):
        return True
    if frame.owner is None or not frame.body.params or not isinstance(target, (Box, Instance)) or is_kept(target.site):
        return False
    if not all(isinstance(v, Instance) and is_open(v.site) for v in _receivers(engine, frame)):
        return False
    return _comes_from(frame.body, site[1], ("param", frame.body.params[0].name))


_CONSTRUCTORS = ("__init__", "__post_init__", "__attrs_post_init__")
"""Methods whose object is being made."""


def _receivers(engine: Engine, frame: Frame) -> list[Value]:
    cell = frame.params.get(frame.body.params[0].name) if frame.body.params else None
    return engine.values(cell) if cell is not None else []


_CHAIN = {
    "call": 1,
    "attr": 1,
    "item": 1,
    "iter": 1,
    "unpack": 1,
    "setitem": 1,
    "setattr": 1,
    "delitem": 1,
    "delattr": 1,
    "aug": 2,
}
"""Where a node names what it reads, calls or changes."""


def _comes_from(body: Body, node: int, origin: tuple[str, str]) -> bool:
    """Whether what a node works on is reached from a parameter, whichever way is taken."""
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        operands = body.nodes[current] if current >= 0 else ()
        if current in seen or operands == origin:
            continue
        seen.add(current)
        if operands and operands[0] == "phi":
            pending += operands[1]
        elif operands and operands[0] == "narrow":
            pending.append(operands[3])
        elif operands and operands[0] in _CHAIN:
            pending.append(operands[_CHAIN[operands[0]]])
        else:
            return False
    return True


def note_change(engine: Engine, unit: Unit, site: Site, path: str, text: str) -> None:
    """Note a change of something that belongs to a module.

    A module that sets up what it has made itself, while it is imported, changes nothing that anybody has seen.
    """
    if loading(engine, site[0]) is not unit:
        engine.deed(site, path, ("global-state",), text)
