"""Functions that give back what they are given: identity helpers, decorators that register and return the same function.

What such a call yields are its own arguments, whatever other calls hand in, and however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.values import informative

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value


def passed_on(body: Body) -> set[str]:
    """The parameters that a function returns as they came; empty where it returns anything else, or tests them before."""
    if body.is_async or body.is_generator or any(body.nodes[n][0] != "param" or body.guards.get(n) for n in body.returns):
        return set()
    return {body.nodes[node][1] for node in body.returns}


def result_of(engine: Engine, frame: Frame, bound: Mapping[str, list[Value]]) -> list[Value]:
    """What a call with these arguments yields: some of them if the function gives only those back, else the frame's result."""
    from buttress_scanner.program.types import declared_result

    names = passed_on(frame.body)
    if not names or not names <= bound.keys():
        return engine.result(frame)
    values = [value for param in frame.body.params if param.name in names for value in bound[param.name]]
    return values if informative(values) else [*values, *declared_result(engine, frame)]


def passes_on(callees: Iterable[Frame]) -> bool:
    """Whether one of the frames gives back an argument."""
    return any(passed_on(frame.body) for frame in callees)
