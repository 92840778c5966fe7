"""Where a value of interest comes into being in a body, and by which expressions it leaves.

A contract about references blames the place that takes a reference, not the helper that was handed one:
this module tells the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from buttress_scanner.program.reflection import Reflection
from buttress_scanner.program.values import (
    Box,
    BoxMethod,
    Class,
    External,
    Function,
    Instance,
    Maker,
    Maybe,
    Method,
    Module,
    Namespace,
    Partial,
    Super,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site

Wanted = Callable[[Value], bool]
Allowed = Callable[["Frame"], bool]
_DEPTH = 12


class References:
    """Answers for one set of wanted values; ``allowed`` frames may hand them on, and who takes them from there is asked."""

    def __init__(self, engine: Engine, wanted: Wanted, allowed: Allowed) -> None:
        self.engine = engine
        self.wanted = wanted
        self.allowed = allowed
        self.reflection = Reflection(engine, wanted)
        self._stored: dict[tuple[Frame | None, str], list[Site]] | None = None

    def has(self, frame: Frame, node: int) -> bool:
        """Whether the node can be a wanted value."""
        cell = frame.cells[node]
        return cell is not None and any(self.wanted(v) for v in cell.values)

    def arises(self, frame: Frame, node: int, depth: int = 0) -> bool:
        """Whether a wanted value comes into being at the node in this body, rather than being handed in."""
        if depth > _DEPTH or not self.has(frame, node):
            return False
        operands = frame.body.nodes[node]
        match operands[0]:
            case "attr":
                return self._from_receiver(frame, node, operands[1], depth)
            case "phi":
                return any(self.arises(frame, part, depth + 1) for part in operands[1] if part < node or depth < 3)
            case "narrow":
                return self.arises(frame, operands[3], depth + 1)
            case "declare" | "await" | "yieldfrom":
                return operands[1] >= 0 and (self.arises(frame, operands[1], depth + 1) or self._given_by_allowed(frame, node))
            case "global" | "own" | "free":
                return self._from_variable(frame, operands, depth)
            case "import" | "from" | "func" | "class":
                return True
            case "call":
                return self._from_call(frame, node, operands[1])
            case "deco":
                return True
            case "item" | "iter" | "unpack" | "slice":
                return self._from_container(frame, operands[1])
        return False

    def _values(self, frame: Frame, node: int) -> list[Value]:
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []

    def _from_receiver(self, frame: Frame, node: int, receiver: int, depth: int) -> bool:
        owners = self._values(frame, receiver)
        for value in self._values(frame, node):
            if not self.wanted(value):
                continue
            bound = value.receiver if isinstance(value, Method) else value.owner if isinstance(value, Maybe) else None
            if bound is not None and any(o is bound or (isinstance(o, Super) and o.receiver is bound) for o in owners):
                return True
            if isinstance(value, (Function, Class, Method)) and any(isinstance(o, (Class, Module, Super)) for o in owners):
                return True
            if isinstance(value, Method) and any(isinstance(o, Instance) and _same_object(o, bound) for o in owners):
                return True
            if any(isinstance(o, Instance) and self._class_allowed(o) for o in owners):
                return True
        if self._taken_through(frame, node):
            return True
        return self.arises(frame, receiver, depth + 1) and any(self.wanted(o) for o in owners)

    def _class_allowed(self, owner: Instance) -> bool:
        return self.allowed(owner.info.frame)

    def _from_variable(self, frame: Frame, operands: tuple[object, ...], depth: int) -> bool:
        name = str(operands[1])
        scope: Frame | None = frame
        if operands[0] == "global":
            scope = frame.unit.frame
        elif operands[0] == "free":
            scope = frame.closure
            for _ in range(int(str(operands[2]))):
                scope = scope.closure if scope is not None else None
        if scope is None:
            return False
        versions = scope.body.versions.get(name, ())
        if not versions:
            return operands[0] == "global"
        if any(self.arises(scope, version, depth + 1) for version in versions):
            return True
        by_star = bool(frame.unit.facts.stars) and operands[0] == "global" and not any(self.has(scope, v) for v in versions)
        return by_star or any(self.arises(f, node, depth + 1) for f, node in self._stores_from_within(scope, name))

    def _stores_from_within(self, scope: Frame, name: str) -> list[Site]:
        """Where functions assign a variable of the module or function around them: that only names the value."""
        if self._stored is None:
            self._stored = {}
            for frame in self.engine.order:
                for node in frame.body.nodes:
                    if node[0] in ("gstore", "nlstore"):
                        around = frame.unit.frame if node[0] == "gstore" else _scope_of(frame, node[1])
                        self._stored.setdefault((around, node[1]), []).append((frame, node[2]))
        return self._stored.get((scope, name), [])

    def _from_call(self, frame: Frame, node: int, callee: int) -> bool:
        if self.reflection.is_chosen_elsewhere(frame, node):
            return False
        for value in self._values(frame, callee):
            if isinstance(value, External) and not value.path.startswith("functools.partial"):
                return True
            if isinstance(value, (Maker, BoxMethod)) and not (isinstance(value, BoxMethod) and isinstance(value.box, Box)):
                return True
        return self._given_by_allowed(frame, node) or self._taken_through(frame, node)

    def _taken_through(self, frame: Frame, node: int) -> bool:
        """A proxy or helper gives the member of which this place chose object and name."""
        return any(self.reflection.is_taken_through(callee) for callee in frame.edges.get(node, ()))

    def _given_by_allowed(self, frame: Frame, node: int) -> bool:
        return any(self.allowed(callee) and self._returns_wanted(callee) for callee in frame.edges.get(node, ()))

    def _returns_wanted(self, callee: Frame) -> bool:
        return callee.result is not None and any(self.wanted(v) for v in callee.result.values)

    def _from_container(self, frame: Frame, container: int) -> bool:
        for value in self._values(frame, container):
            if isinstance(value, Namespace):
                return True
            if (
                isinstance(value, Box)
                and isinstance(value.site, tuple)
                and not isinstance(value.site[0], str)
                and self.allowed(value.site[0])
            ):
                return True
        return False


def _scope_of(frame: Frame, name: str) -> Frame | None:
    """The function around this one whose variable it is."""
    scope = frame.closure
    while scope is not None and name not in scope.body.versions:
        scope = scope.closure
    return scope


def _same_object(owner: Instance, bound: Value | None) -> bool:
    """A receiver and one of its subclasses: a declared receiver stands for both."""
    return isinstance(bound, Instance) and bound.info is owner.info


# --- where values leave


def consumers(body: Body) -> Iterator[tuple[int, int, str]]:
    """Yield (value node, consuming node, how) for every place where a body lets a value out of its local names."""
    for index, node in enumerate(body.nodes):
        match node[0]:
            case "call":
                for _, operand in node[2]:
                    yield operand, index, "argument"
                for _, operand in node[3]:
                    yield operand, index, "argument"
            case "seq":
                for _, operand in node[2]:
                    yield operand, index, "container"
            case "dict":
                for _, operand in node[1]:
                    yield operand, index, "container"
            case "comp":
                yield node[2], index, "container"
            case "dcomp":
                yield node[2], index, "container"
            case "setattr":
                yield node[3], index, "attribute"
            case "setitem":
                yield node[3], index, "container"
            case "yield":
                yield node[1], index, "yield"
    for value in body.returns:
        yield value, value, "return"
    if body.kind == "class":
        for name, versions in sorted(body.versions.items()):
            for value in versions:
                yield value, value, f"class attribute {name}"


def defaults_of(frame: Frame) -> Iterator[tuple[int, str]]:
    """Yield (value node, parameter) for the defaults of functions that a body defines."""
    for node in frame.body.nodes:
        if node[0] == "func":
            for param in frame.unit.facts.bodies[node[1]].params:
                if param.default >= 0:
                    yield param.default, param.name


def unwrapped(value: Value) -> Value:
    """The callable inside partials."""
    while isinstance(value, Partial):
        value = value.function
    return value
