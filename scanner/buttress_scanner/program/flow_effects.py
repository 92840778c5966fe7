"""What one node may do to a state: raise, meet the obligation, start it; calls go through the summaries of what they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.classes import linearise, members
from buttress_scanner.program.contents import known_items, unknown_items
from buttress_scanner.program.flow_callees import Callees
from buttress_scanner.program.flow_state import MET, NEXT, RAISE, Exc, Outcome, Promise, State, met, nothing, raising, unknown
from buttress_scanner.program.values import (
    Box,
    BoxMethod,
    Class,
    External,
    Function,
    Instance,
    Method,
    Object,
    Running,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow import Flow, Log
    from buttress_scanner.program.frames import ClassInfo, Frame

Outcomes = set[Outcome]


class Effects:
    """The effects of nodes, for one analysis."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.engine = flow.engine
        self.callees = Callees(flow)
        self._known: dict[tuple[Frame, int, State], tuple[Outcomes, Log]] = {}
        self._is_final = not flow.obligation.starts
        """Whether nothing that comes after the obligation has been met can matter."""
        self._handlers: dict[str, Callable[[Frame, int, Node, State], Outcomes]] = {
            "call": self._call, "deco": self._deco, "await": self._await, "yield": self._suspended, "yieldfrom": self._drained,
            "item": self._subscript, "slice": self._subscript, "setitem": self._subscript, "delitem": self._subscript,
            "iter": self._iterated, "unpack": self._unpacked, "seq": self._sequence, "enter": self._entered,
        }  # fmt: skip

    def may_act(self, node: Node) -> bool:
        """Whether a node may raise or call by itself; others only where they run something of the program."""
        return node[0] in self._handlers and (node[0] != "seq" or any(starred for starred, _ in node[2]))

    def of(self, frame: Frame, index: int, state: State) -> Outcomes:
        """How the node may end when it is reached in this state."""
        node = frame.body.nodes[index]
        is_quiet = node[0] in tables.QUIET and (len(node) < 3 or node[0] != "phi" or index not in frame.edges)
        if is_quiet or (state.status == MET and self._is_final):
            return nothing(state)
        found = self._remembered(frame, index, node, State(state.status, (), state.promises))
        flags, origin, outer = state.flags, state.origin, state.outer
        if not flags and not outer and origin is None:
            return found
        return {
            Outcome(kind, State(after.status, flags, after.promises, after.origin or origin, outer), place, exc, explicit)
            for kind, after, place, exc, explicit in found
        }

    def _remembered(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        """The outcomes in a state of which nothing else matters; computed anew when a summary that they came from has grown."""
        key = (frame, index, state)
        if (known := self._known.get(key)) is not None and self.flow.is_current(known[1]):
            return known[0]
        outer = self.flow.log_anew()
        handler = self._handlers.get(node[0])
        found = handler(frame, index, node, state) if handler is not None else self._implicit(frame, index, state)
        found = self.flow.exceptions.refined(found)
        self._known[key] = (found, self.flow.log_again(outer))
        return found

    def _implicit(self, frame: Frame, index: int, state: State) -> Outcomes:
        """Getters, operators, truth tests, class bodies: what of the program they run, else nothing."""
        found = nothing(state)
        for callee in frame.edges.get(index, ()):
            if callee.body.name != "__getattr__" or not self._has_attribute(frame, index):
                found |= self.flow.enter(callee, state)
        return found

    def _has_attribute(self, frame: Frame, index: int) -> bool:
        """Whether every object that an access reads from has the attribute, so that no fallback runs."""
        _, owner, name = frame.body.nodes[index][:3]
        infos = [v.info for v in self.engine.read(frame, owner) if isinstance(v, Instance)]
        return bool(infos) and all(has_attribute(self.engine, info, name) for info in infos)

    # --- what may raise by itself

    def _suspended(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        return unknown(state)

    def _subscript(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        if any(a <= index < b for a, b in frame.body.typing):
            return nothing(state)
        failing = self.flow.scope.subscripted(node[0], self.engine.read(frame, node[1]))
        return self._implicit(frame, index, state) | {Outcome(RAISE, state, None, exc) for exc in failing}

    def _sequence(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        return self._implicit(frame, index, state) | (raising(state) if any(starred for starred, _ in node[2]) else set())

    def _unpacked(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = self.engine.read(frame, node[1])
        fixed = bool(values) and not node[4] and all(self._has_parts(v, node[2] + node[3] + 1) for v in values)
        return nothing(state) if fixed else self._implicit(frame, index, state) | raising(state)

    def _has_parts(self, value: Value, count: int) -> bool:
        """Whether the value is a tuple of exactly so many parts."""
        if not isinstance(value, Box) or value.kind != "tuple":
            return False
        return len(known_items(self.engine, value)) == count and not unknown_items(self.engine, value)

    def _iterated(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        if node[3] == "gen" or self.cannot_fail(frame, node[1]):
            return nothing(state)
        edges = frame.edges.get(index)
        return (self.callees.in_turn(edges, state) if edges else nothing(state)) | raising(state)

    def cannot_fail(self, frame: Frame, source: int) -> bool:
        """Whether iterating over a node cannot fail: a display, a text, a range."""
        if frame.body.nodes[source][0] in ("seq", "dict", "const", "comp"):
            return bool(frame.body.nodes[source][1] != "gen")
        values = self.engine.read(frame, source)
        known = [v for v in values if not (isinstance(v, Unknown) and v.reason.startswith(tables.NOT_SAID))]
        return bool(known) and all(self.flow.scope.can_be_looped(v) for v in known)

    def _drained(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        edges = frame.edges.get(index)
        return (self.callees.any_of(edges, state) if edges else nothing(state)) | raising(state)

    # --- await and with

    def _await(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = self.callees.counted(self.engine.read(frame, node[1]))
        found: Outcomes = set() if values else unknown(state)
        for value in values:
            match value:
                case Running(frame=callee):
                    found |= self.flow.enter(callee, state)
                case Box(kind="future", site=(other, int(made), *_)):
                    found |= self._awaited_call(other, made, state)
                case Instance():
                    found |= self.callees.method_at(value, "__await__", frame.edges.get(index, {}), state)
                case _:
                    found |= unknown(state)
        operand = frame.body.nodes[node[1]]
        if operand[0] == "call" and self._awaits_arguments(frame, operand):
            return self._awaited_call(frame, node[1], state)
        return found

    def _awaits_arguments(self, frame: Frame, node: Node) -> bool:
        return any(isinstance(v, External) and v.path in tables.AWAITED for v in self.engine.read(frame, node[1]))

    def _awaited_call(self, frame: Frame, made: int, state: State) -> Outcomes:
        """What was handed to a library call has run when its result has been awaited; on failure it may not have."""
        after = {o for o in self.callees.in_turn(frame.edges.get(made, ()), state) if o.kind == NEXT}
        return after | raising(state)

    def _entered(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        """Entering a context manager, other than a generator, which is walked in its place."""
        values = self.engine.read(frame, node[1])
        found: Outcomes = set() if values else unknown(state)
        for value in values:
            found |= self.entering(value, frame, index, state, is_async=node[2])
        return found

    def entering(self, value: Value, frame: Frame, index: int, state: State, *, is_async: bool) -> Outcomes:
        """What ``__enter__`` of the value does."""
        name = "__aenter__" if is_async else "__enter__"
        match value:
            case Instance():
                return self.callees.method_at(value, name, frame.edges.get(index, {}), state, drive=True)
            case Box():
                return nothing(state)
            case Object(path=path):
                entry = self.engine.catalogue.entry(f"{path}.{name}")
                return nothing(state) if entry is not None and entry.no_raise else unknown(state)
        return unknown(state)

    # --- calls

    def _call(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = [v for v in self.engine.read(frame, node[1]) if not tables.of_none(v)]
        if not values:
            behind = self.callees.behind_super(frame, node[1], state)
            return self._unresolved(frame, node[1], state) if behind is None else behind
        edges = frame.edges.get(index, {})
        found: Outcomes = set()
        counted = self.callees.counted(values)
        for value in counted:
            match value:
                case External(path=path) | Method(function=External(path=path)):
                    found |= self._library(path, frame, index, state)
                case BoxMethod():
                    found |= self._box_method(value, frame, index, state)
                case Class(info=info) if self.flow.scope.takes(frame, node, info):
                    found |= nothing(state)
                case Class():
                    found |= self.callees.construct(value, edges, state, alone=len(counted) == 1)
                case _:
                    outcomes = self.callees.calling(value, edges, state)
                    found |= self._unresolved(frame, node[1], state) if outcomes is None else outcomes
        return found

    def _unresolved(self, frame: Frame, callee: int, state: State) -> Outcomes:
        node = frame.body.nodes[callee]
        if self.flow.optimistic and (self._is_namesake(node) or self._may_be_member(frame, node)):
            return unknown(met(state))
        return unknown(state)

    def _is_namesake(self, node: Node) -> bool:
        return node[0] == "attr" and node[2] in self.flow.obligation.names

    def _may_be_member(self, frame: Frame, node: Node) -> bool:
        """``getattr(x, name)`` with an unknown name, of an object that has a member which meets the obligation."""
        if (
            node[0] != "call"
            or len(node[2]) < 2
            or self.engine.make(External, "builtins.getattr") not in self.engine.read(frame, node[1])
        ):
            return False
        infos = [v.info for v in self.engine.read(frame, node[2][0][1]) if isinstance(v, Instance)]
        held = [members(self.engine, info, name) for info in infos for name in self.flow.obligation.names]
        functions = [v for found in held if found is not None for v in found[1]]
        return any(isinstance(v, Function) and self.flow.obligation.is_target(v.body, v.closure) for v in functions)

    def _deco(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        found = self.callees.one_of(self.engine.read(frame, node[1]), frame.edges.get(index, {}), state)
        return unknown(state) if found is None else found

    # --- libraries

    def _library(self, path: str, frame: Frame, index: int, state: State) -> Outcomes:
        path = self.engine.catalogue.resolve(path)
        edges = frame.edges.get(index, {})
        if path in tables.NEVER_RETURNS:
            known = tables.EXITS.get(path)
            return raising(state) if known is None else {Outcome(RAISE, state, None, Exc(known, exact=True))}
        if path in tables.RUNS_ARGUMENT:
            return (self.callees.any_of(edges, state) if edges else nothing(state)) | raising(state)
        if path in tables.DRAINS and edges:
            drained = self.callees.in_turn(edges, state)
            return drained if path in tables.COLLECTS else drained | raising(state)
        if path in tables.AWAITED:
            return nothing(state)
        entry = self.engine.catalogue.entry(path)
        owner, _, name = path.rpartition(".")
        if self.flow.optimistic and entry is None and owner.endswith(")") and name in self.flow.obligation.names:
            return unknown(met(state))  # a result of some library, which may be anything
        quiet = path in tables.LAZY or (entry is not None and entry.no_raise) or self.flow.scope.is_quiet(path, frame, index)
        found = self._implicit(frame, index, state)
        return found if quiet else found | raising(state)

    def _box_method(self, value: BoxMethod, frame: Frame, index: int, state: State) -> Outcomes:
        box = value.box
        if isinstance(box, Box) and box.kind == "stack":
            return self._stack_method(box, value.name, frame, index, state)
        kind = tables.BOX_CLASSES.get(box.kind) if isinstance(box, Box) else None
        entry = self.engine.catalogue.entry(f"{kind}.{value.name}") if kind else None
        found = self._implicit(frame, index, state)
        return found if entry is not None and entry.no_raise else found | raising(state)

    def _stack_method(self, stack: Box, name: str, frame: Frame, index: int, state: State) -> Outcomes:
        promised = state._replace(promises=self._promising(Promise(stack, frame, index), state.promises))
        if name in ("callback", "push_async_callback", "push", "push_async_exit"):
            return nothing(promised)
        if name in ("enter_context", "enter_async_context"):
            return self.flow.enter_in_stack(frame, index, state, promised)
        if name == "pop_all":
            return nothing(state._replace(promises=tuple(p for p in state.promises if p.stack is not stack)))
        if name in tables.CLOSING:
            return self.flow.leave_stack(stack, Outcome(NEXT, state))
        return unknown(state)

    def _promising(self, promise: Promise, promises: tuple[Promise, ...]) -> tuple[Promise, ...]:
        """The promises with one more. Of those that can only fail, one for each stack says it all."""
        if promise in promises:
            return promises
        if not self.flow.matters(promise):
            alike = [p for p in promises if p.stack is promise.stack and not self.flow.matters(p)]
            if alike:
                return promises
        return (*promises, promise)


def has_attribute(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether objects of the class have the attribute: from a class body, an annotation, or an assignment anywhere."""
    if members(engine, info, name) is not None:
        return True
    return any(
        name in owner.body.annotations or engine.values(engine.slot("any", owner, name)) for owner in linearise(engine, info)
    )
