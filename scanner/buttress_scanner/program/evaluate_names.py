"""What names yield: constants, parameters, variables of every scope, imports."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from buttress_scanner.program.declared import declared_beside, default_or_declared, defaults
from buttress_scanner.program.lifetime import loading, note_change
from buttress_scanner.program.loading import package_of
from buttress_scanner.program.modules import import_from, module_member, module_named, replaced_by_star, run_import
from buttress_scanner.program.stubs import described
from buttress_scanner.program.values import (
    External,
    Object,
    TypeVariable,
    Unknown,
    Value,
    informative,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame

_BUILTINS = frozenset(dir(builtins)) | {"reveal_type", "WindowsError", "__file__", "__builtins__"}


def _const(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return (engine.const(node[1]),)


def _literal(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return (engine.make(Object, "builtins." + node[1]),)


def _param(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    name = node[1]
    cell = frame.params.get(name)
    if cell is None and frame.key != "anybody":
        cell = engine.slot("param", frame, name)
        frame.params[name] = cell
    found = engine.values(cell) if cell is not None else []
    if informative(found):
        annotated = any(p.name == name and p.annotation >= 0 for p in frame.body.params)
        beside = declared_beside(engine, found, lambda: default_or_declared(engine, frame, name)) if annotated else ()
        return [*found, *beside]
    left_out = cell is not None and cell is engine.heap.get(("param", frame, name))
    default = defaults(engine, frame, name) if left_out else []
    if default and not any(isinstance(v, Unknown) for v in default):
        return default
    return [*found, *default_or_declared(engine, frame, name)]


def _versions(engine: Engine, frame: Frame, name: str) -> list[Value]:
    found: dict[Value, None] = {}
    for version in frame.body.versions.get(name, ()):
        found.update(dict.fromkeys(engine.read(frame, version)))
    found.update(dict.fromkeys(engine.values(engine.slot("nonlocal", frame, name))))
    return list(found)


def _free(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    scope = frame.closure
    for _ in range(node[2]):
        scope = scope.closure if scope is not None else None
    if scope is None:
        return (engine.unknown("closure lost"),)
    return _versions(engine, scope, node[1])


def _own(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return _versions(engine, frame, node[1]) or _global(engine, frame, index, node)


def _global(engine: Engine, frame: Frame, index: int, node: Node) -> list[Value]:
    name = node[1]
    unit = frame.unit
    body = unit.facts.bodies[0]
    if unit.describes is not None and (known := described(engine, unit, name)):
        return known
    found: dict[Value, None] = dict.fromkeys(replaced_by_star(engine, unit, name))
    for version in body.versions.get(name, ()) if not found else ():
        found.update(dict.fromkeys(engine.read(unit.frame, version)))
    found.update(dict.fromkeys(engine.values(engine.slot(unit, name))))
    if not found:
        found.update(dict.fromkeys(module_member(engine, unit, name)))
    if found:
        return list(found)
    if name == "__name__":
        return [engine.const(unit.name)]
    if name == "__package__":
        return [engine.const(package_of(unit))]
    if name in _BUILTINS:
        return [engine.make(External, "builtins." + name)]
    return [engine.unknown(f"unresolved name {name}")]


def _late(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    """A name in an annotation: of the class or function around it, or of the module when it is complete."""
    scope: Frame | None = frame
    name = node[1]
    while scope is not None and scope.body.kind != "module":
        if name in scope.body.versions:
            return _versions(engine, scope, name)
        if scope.owner is not None and any(scope.owner.body.nodes[n][2] == name for n in scope.owner.body.type_params):
            return _versions(engine, scope.owner.frame, name)
        scope = scope.closure
    exit_node = frame.unit.facts.bodies[0].exit.get(name)
    if exit_node is not None and frame.unit.describes is None:
        return engine.read(frame.unit.frame, exit_node)
    return _global(engine, frame, index, node)


def _import(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    run_import(engine, node[1], (frame, index))
    return (module_named(engine, node[1]),)


def _from(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    absolute = engine.modules.absolute(frame.unit, node[1], node[2])
    if absolute is not None:
        run_import(engine, f"{absolute}.{node[3]}", (frame, index))
    return import_from(engine, frame.unit, node[1], node[2], node[3], (frame, index))


def _star(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    absolute = engine.modules.absolute(frame.unit, node[1], node[2])
    if absolute:
        run_import(engine, absolute, (frame, index))
    return ()


def _gstore(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    engine.grow(engine.slot(frame.unit, node[1]), engine.read(frame, node[2]))
    note_change(engine, frame.unit, (frame, index), f"{frame.unit.name}.{node[1]}", f"assigns the global {node[1]}")
    return ()


def _nlstore(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[2])
    scope = frame.closure
    while scope is not None:
        if node[1] in scope.body.versions:
            engine.grow(engine.slot("nonlocal", scope, node[1]), values)
            unit = loading(engine, scope)
            if unit is not None:
                note_change(
                    engine,
                    unit,
                    (frame, index),
                    f"state of {unit.name}",
                    f"assigns {node[1]} of a function that {unit.name} called",
                )
            break
        scope = scope.closure
    return ()


def _typevar(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    variable = engine.make(TypeVariable, frame.unit, node[1], node[2])
    if node[3] >= 0:
        engine.grow(engine.slot("limit", variable), engine.read(frame, node[3]))
    return (variable,)


NAMES: dict[str, Handler] = {
    "const": _const,
    "literal": _literal,
    "param": _param,
    "free": _free,
    "own": _own,
    "global": _global,
    "late": _late,
    "import": _import,
    "from": _from,
    "star": _star,
    "gstore": _gstore,
    "nlstore": _nlstore,
    "typevar": _typevar,
}
