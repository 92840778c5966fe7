"""What a call gives to what it calls in the end: nodes by position and by keyword, through partials and bound receivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import members
from buttress_scanner.program.values import Class, Descriptor, External, Function, Instance, Maker, Method, Partial, Value

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame, Site


@dataclass(frozen=True, slots=True)
class Sources:
    """The nodes that a call gives to a callable, by position and by keyword; None where it is the receiver."""

    positional: tuple[Site | None, ...]
    keywords: dict[str, Site]
    spread: bool
    """Arguments beyond those come from ``*`` or ``**``."""


def sources_of(engine: Engine, site: Site) -> list[tuple[Value, Sources]]:
    """The functions that a call calls, of the program and of libraries, each with what it is given."""
    frame, node = site
    operation = frame.body.nodes[node]
    if operation[0] != "call":
        return []
    written = _written(frame, operation)
    return [s for callee in engine.read(frame, operation[1]) for s in _unfold(engine, callee, written)]


def _unfold(engine: Engine, callee: Value, sources: Sources) -> list[tuple[Value, Sources]]:
    match callee:
        case Function() | External():
            return [(callee, sources)]
        case Method(function=function):
            return _unfold(engine, function, _behind((None,), sources))
        case Descriptor(function=function):
            return _unfold(engine, function, sources)
        case Maker(function=function) if function is not None:
            return _unfold(engine, function, sources)
        case Partial(function=function, frame=frame, node=node):
            made = _written(frame, frame.body.nodes[node])
            merged = Sources(sources.positional, {**made.keywords, **sources.keywords}, sources.spread or made.spread)
            return _unfold(engine, function, _behind(made.positional[1:], merged))
        case Class(info=info):
            return _of_class(engine, info, "__init__", sources)
        case Instance(info=info):
            return _of_class(engine, info, "__call__", sources)
    return []


def _of_class(engine: Engine, info: ClassInfo, name: str, sources: Sources) -> list[tuple[Value, Sources]]:
    """A method that is called with the instance in front."""
    found = members(engine, info, name)
    functions = found[1] if found is not None else []
    return [(f, _behind((None,), sources)) for f in functions if isinstance(f, Function)]


def _written(frame: Frame, operation: Node) -> Sources:
    """The arguments of a call node up to the first ``*``."""
    positional: list[Site | None] = []
    for starred, argument in operation[2]:
        if starred:
            break
        positional.append((frame, argument))
    keywords = {name: (frame, argument) for name, argument in operation[3] if name}
    return Sources(tuple(positional), keywords, len(positional) < len(operation[2]) or len(keywords) < len(operation[3]))


def _behind(first: tuple[Site | None, ...], sources: Sources) -> Sources:
    return Sources((*first, *sources.positional), sources.keywords, sources.spread)
