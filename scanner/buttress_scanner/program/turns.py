"""In which order functions are run as if anybody called them: those that nobody names first, as they call the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.values import Instance, is_open

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.values import Function, Value

_NAMING = ("attr", "global", "free", "own", "from", "const")


def in_turns(engine: Engine, functions: list[Function]) -> Iterator[list[Function]]:
    """Yield the functions in groups: entry points, then those that nobody has called until then, then the others."""
    units = {function.unit for function in functions}
    named = {
        node[3] if node[0] == "from" else node[2] if node[0] == "attr" else node[1]
        for unit in units
        for body in unit.facts.bodies
        for node in body.nodes
        if node[0] in _NAMING
    }
    first = [f for f in functions if f.owner is None or f.body.name not in named]
    yield first
    rest = [f for f in functions if f.owner is not None and f.body.name in named]
    uncalled = [f for f in rest if not is_called_on_objects(engine, f)]
    yield uncalled
    done = set(uncalled)
    yield [f for f in rest if f not in done]


def is_called_on_objects(engine: Engine, function: Function) -> bool:
    """Whether the program calls a method on objects of which it knows where they were made."""
    if function.owner is None or not function.body.params:
        return False
    name = function.body.params[0].name
    for key, frame in engine.frames.get(function, {}).items():
        cell = frame.params.get(name) if key != "anybody" and not frame.quiet else None
        if cell is not None and any(isinstance(v, Instance) and not is_open(v.site) for v in cell.values):
            return True
    return False


def follow_caller(engine: Engine, frame: Frame, site: Site, receivers: Sequence[Value] | None, *, is_new: bool) -> None:
    """Let a method that is called on any object of its class be as quiet as its caller."""
    if is_new:
        open_ended = bool(receivers) and all(isinstance(v, Instance) and is_open(v.site) for v in receivers or ())
        frame.quiet = site[0].quiet and open_ended
    elif frame.quiet and not site[0].quiet:
        frame.quiet = False
        for cell in frame.cells:
            if cell is not None:
                engine.queue(cell)
