"""Who can have to do with an obligation: what meets it, what starts it, and all from which calls lead there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.flow_exceptions import Exceptions
from buttress_scanner.program.flow_regions import regions_of
from buttress_scanner.program.flow_state import ANYTHING, NEXT, OWED, Exc, Outcome, State, met
from buttress_scanner.program.values import Box, Object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from buttress_scanner.facts.model import Body, Node, Span
    from buttress_scanner.program.flow_regions import Region
    from buttress_scanner.program.frames import ClassInfo, Frame, Unit
    from buttress_scanner.program.program import Program
    from buttress_scanner.program.values import Value

Outcomes = set[Outcome]


@dataclass(slots=True)
class Obligation:
    """What has to be executed, and what starts that duty."""

    targets: set[Body] = field(default_factory=set)
    wrapped: set[tuple[Body, Frame | None]] = field(default_factory=set)
    """Functions around a target that run under its name, with the frame that they close over."""
    starts: set[Body] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    around: set[tuple[Body, Frame | None]] = field(default_factory=set)
    """Functions around what starts the duty, which run under its name: a call that raises has not started it."""

    def is_target(self, body: Body, closure: Frame | None) -> bool:
        """Whether running the body executes the obligation."""
        return body in self.targets or (body, closure) in self.wrapped

    def applied(self, body: Body, closure: Frame | None, state: State, outcomes: Outcomes) -> Outcomes:
        """The outcomes of running a body from a state, with what the body is to the obligation."""
        if self.is_target(body, closure):
            return {o._replace(state=met(o.state)) for o in outcomes}
        if (body, closure) in self.around:
            return {o if o.kind == NEXT else o._replace(state=o.state._replace(status=state.status)) for o in outcomes}
        if body not in self.starts:
            return outcomes
        return {o._replace(state=o.state._replace(status=OWED if o.kind == NEXT else state.status)) for o in outcomes}


class Scope:
    """What all analyses of one obligation share: who can have to do with it."""

    by_node: bool = False
    """Whether a way out stands at the very operation that raises, rather than at its statement."""

    def __init__(self, program: Program, obligation: Obligation, is_exempt: Callable[[str], bool]) -> None:
        """Search backwards over the calls from everything that meets or starts.

        Args:
            program: the program, solved.
            obligation: what has to be executed.
            is_exempt: whether the file of this path is exempt code, whose callables count for nothing beside others.
        """
        self.program = program
        self.obligation = obligation
        self.is_exempt = is_exempt
        self.exceptions = Exceptions(program.engine)
        self._lines: dict[str, list[bytes]] = {}
        self._rebound: dict[str, set[str]] = {}
        self._regions: dict[Body, list[Region]] = {}
        bodies = {*obligation.targets, *obligation.starts, *(b for b, _ in obligation.wrapped)}
        names = obligation.names | tables.STACK_METHODS
        classes = any(b.kind == "class" for b in bodies)
        self._callers: dict[Frame, list[Frame]] = {}
        found: list[Frame] = []
        mentions: dict[Body, bool] = {}
        for frame in program.frames():
            for edges in frame.edges.values():
                for callee in edges:
                    self._callers.setdefault(callee, []).append(frame)
            body = frame.body
            if body not in mentions:
                mentions[body] = classes or body in bodies or any(n[0] == "attr" and n[2] in names for n in body.nodes)
            if mentions[body]:
                found.append(frame)
        self._relevant = self._calling(found)
        named = {body for body in mentions if any(_may_name(n, obligation.names) for n in body.nodes)}
        self.hopeful = self._calling([frame for frame in program.frames() if frame.body in named])
        """Frames from which calls lead to what may be the obligation, though it is not known to be."""
        self.closing = self._calling([frame for frame in program.frames() if self._closes_stack(frame)])
        """Frames from which calls lead to what may close an exit stack."""
        self._around: dict[Body, set[Frame]] = {}

    def relevant(self, subject: Body | None) -> set[Frame]:
        """The frames from which calls lead to anything that counts, a judged body inside of its wrappers included."""
        return self._relevant if subject is None else self._relevant | self.around(subject)

    def around(self, subject: Body) -> set[Frame]:
        """The frames of a body, and all from which calls lead to them."""
        if subject not in self._around:
            self._around[subject] = self._calling([f for f in self.program.frames() if f.body is subject])
        return self._around[subject]

    def subscripted(self, operation: str, values: Iterable[Value]) -> tuple[Exc, ...]:
        """What a subscript (``item``, ``slice``, ``setitem`` or ``delitem``) of one of these values may raise."""
        return ANYTHING

    def can_be_looped(self, value: Value) -> bool:
        """Whether a loop over the value cannot fail."""
        return isinstance(value, Object) and value.path == "builtins.range"

    def is_guess(self, value: Value) -> bool:
        """Whether a callee stands for what some library may have given, and counts only where nothing else is known."""
        return False

    def takes(self, frame: Frame, call: Node, info: ClassInfo) -> bool:
        """Whether a class that checks what it is given surely takes what this call gives."""
        return False

    def is_quiet(self, path: str, frame: Frame, node: int) -> bool:
        """Whether a call of a library function counts as one that cannot fail, beside those of the catalogue."""
        return False

    def _closes_stack(self, frame: Frame) -> bool:
        """Whether a frame closes an exit stack by a method, or gives away what is registered with it."""
        owners = [n[1] for n in frame.body.nodes if n[0] == "attr" and n[2] in tables.CLOSING]
        return any(isinstance(v, Box) and v.kind == "stack" for node in owners for v in self.program.engine.read(frame, node))

    def _calling(self, frames: list[Frame]) -> set[Frame]:
        """The frames, and all from which calls lead to them."""
        found = set(frames)
        pending = list(found)
        while pending:
            for caller in self._callers.get(pending.pop(), ()):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return found

    def regions(self, body: Body) -> list[Region]:
        """The parts of a body that may be skipped."""
        if body not in self._regions:
            self._regions[body] = regions_of(body)
        return self._regions[body]

    def rebound(self, unit: Unit) -> set[str]:
        """Names that inner functions of a module assign in the functions around them."""
        if unit.path not in self._rebound:
            self._rebound[unit.path] = {n[1] for body in unit.facts.bodies for n in body.nodes if n[0] == "nlstore"}
        return self._rebound[unit.path]

    def line(self, unit: Unit, number: int) -> bytes:
        """A line of a module's source."""
        if unit.path not in self._lines:
            self._lines[unit.path] = unit.data.splitlines()
        lines = self._lines[unit.path]
        return lines[number - 1] if 0 < number <= len(lines) else b""

    def text(self, unit: Unit, span: Span) -> str:
        """The text of a range of a module's source."""
        line, column, end_line, end_column = span
        lines = [self.line(unit, number) for number in range(line, end_line + 1)]
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        return b"\n".join(lines).decode("utf-8", "replace")


def _may_name(node: Node, names: set[str]) -> bool:
    """Whether a node reads a member of such a name, or the function that reads members of any name."""
    return (node[0] == "attr" and node[2] in names) or (node[0] in ("global", "late") and node[1] == "getattr")
