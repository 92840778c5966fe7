"""What contexts, coroutines and generators yield when they are entered, awaited or driven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import box_methods, contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_method
from buttress_scanner.program.classes import members
from buttress_scanner.program.order import note_order
from buttress_scanner.program.values import (
    Box,
    Instance,
    Running,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine, Handler
    from buttress_scanner.program.frames import Frame


def _enter(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    name = "__aenter__" if node[2] else "__enter__"
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance):
            results = _entered(engine, value, name, (frame, index))
            found.update(dict.fromkeys(_awaited(engine, results, (frame, index)) if node[2] else results))
        elif isinstance(value, Running):
            found.update(dict.fromkeys(_awaited(engine, [value], (frame, index))))
        else:
            found.update(dict.fromkeys(box_methods.entered(engine, value, (frame, index))))
    return found


def _exit(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    none: list[Value] = [engine.const(None)]
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance):
            name = "__aexit__" if node[2] else "__exit__"
            results = call_method(engine, value, name, Args([none, none, none]), (frame, index))
            if node[2]:
                _awaited(engine, results, (frame, index))
        elif isinstance(value, Box):
            box_methods.left(engine, value, (frame, index))
    return ()


def _entered(engine: Engine, value: Instance, name: str, site: tuple[Frame, int]) -> list[Value]:
    """Call the method of the class that enters it, or do what the catalogue knows of the one that it inherits from a library."""
    if members(engine, value.info, name) is not None or is_open(value.site):
        return call_method(engine, value, name, Args([]), site)
    for path in value.info.externals:
        entry = engine.catalogue.entry(f"{path}.{name}")
        if entry is not None and entry.effects:
            engine.deed(site, entry.path, entry.effects, f"enters {path}")
            break
    return [value]


def _awaited(engine: Engine, values: list[Value], site: tuple[Frame, int]) -> list[Value]:
    found: dict[Value, None] = {}
    for value in values:
        if isinstance(value, Running):
            engine.edge(site, value.frame)
            found.update(dict.fromkeys(engine.result(value.frame)))
        elif isinstance(value, Box) and value.kind in ("future", "awaitable"):
            found.update(dict.fromkeys(contents.elements(engine, value)))
        elif isinstance(value, Instance) and members(engine, value.info, "__await__") is not None:
            for result in call_method(engine, value, "__await__", Args([]), site):
                found.update(dict.fromkeys(iteration.iterate(engine, result, site)))
        else:
            found[value] = None
    return list(found)


def _await(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return _awaited(engine, engine.read(frame, node[1]), (frame, index))


def _yieldfrom(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[1])
    note_order(engine, values, (frame, index), "yields the elements of a set")
    return [e for v in values for e in iteration.iterate(engine, v, (frame, index))]


WAITING: dict[str, Handler] = {
    "enter": _enter,
    "exit": _exit,
    "await": _await,
    "yieldfrom": _yieldfrom,
}
