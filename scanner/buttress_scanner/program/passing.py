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


def given_back(engine: Engine, body: Body, bound: Mapping[str, list[Value]]) -> list[Value] | None:
    """The arguments that a call with these yields if the function gives only arguments back; None for other functions."""
    names = engine.bodies[body].passed_on
    if not names or not names <= bound.keys():
        return None
    return [value for param in body.params if param.name in names for value in bound[param.name]]


def result_of(engine: Engine, frame: Frame, passed: list[Value]) -> list[Value]:
    """What a call yields that gives these arguments back: they, and the declared result where nothing is known of them."""
    return passed if informative(passed) else [*passed, *declared_result(engine, frame)]


def passes_on(engine: Engine, callees: Iterable[Frame]) -> bool:
    """Whether one of the frames gives back an argument."""
    return any(engine.bodies[frame.body].passed_on for frame in callees)
