"""Functions that give back what they are given: identity helpers, decorators that register and return the same function.

What such a call yields are its own arguments, whatever other calls hand in, and however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.declared import declared_result
from buttress_scanner.program.values import informative

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value


def passed_on(body: Body) -> frozenset[str]:
    """The parameters that a function returns as they came; empty where it returns anything else, or tests them before."""
    if body.is_async or body.is_generator or any(map(body.guards.get, body.returns)):
        return frozenset()
    found = {
        body.nodes[source][1] if body.nodes[source][0] == "param" else ""
        for node in body.returns
        for source in _sources(body, node)
    }
    return frozenset(found) if "" not in found else frozenset()


def _sources(body: Body, node: int) -> set[int]:
    """The nodes of which a node is one, whichever way was taken."""
    seen, pending = set(), [node]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            pending += body.nodes[current][1] if _is_variable(body, current) else ()
    return {n for n in seen if not _is_variable(body, n)}


def _is_variable(body: Body, node: int) -> bool:
    """Whether the node is a version of a variable; what was stored to an object may be read by code of the object's own."""
    return body.nodes[node][0] == "phi" and len(body.nodes[node]) == 2


def given_back(engine: Engine, body: Body, bound: Mapping[str, list[Value]]) -> list[Value] | None:
    """The arguments that a call with these yields if the function gives only arguments back; None for other functions."""
    names = engine.passing.get(body)
    if names is None:
        names = engine.passing[body] = passed_on(body)
    if not names or not names <= bound.keys():
        return None
    return [value for param in body.params if param.name in names for value in bound[param.name]]


def result_of(engine: Engine, frame: Frame, passed: list[Value]) -> list[Value]:
    """What a call yields that gives these arguments back: they, and the declared result where nothing is known of them."""
    return passed if informative(passed) else [*passed, *declared_result(engine, frame)]


def passes_on(callees: Iterable[Frame]) -> bool:
    """Whether one of the frames gives back an argument."""
    return any(passed_on(frame.body) for frame in callees)
