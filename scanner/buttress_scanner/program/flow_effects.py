"""What one node may do to a state: raise, meet the obligation, start it; calls go through the summaries of what they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.classes import linearise, members, subclasses
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.flow_state import NEXT, Outcome, Promise, State, met, raising
from buttress_scanner.program.generics import agreeing
from buttress_scanner.program.protocols import fitting
from buttress_scanner.program.values import (
    SELF,
    Alias,
    Box,
    BoxMethod,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Object,
    Partial,
    Running,
    Super,
    Unknown,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.flow import Flow
    from buttress_scanner.program.frames import ClassInfo, Frame

Outcomes = set[Outcome]
Edges = Mapping["Frame", str]


def nothing(state: State) -> Outcomes:
    """The outcome of code that has no part in the matter and cannot raise."""
    return {Outcome(NEXT, state)}


def unknown(state: State) -> Outcomes:
    """The outcomes of code of which nothing is known."""
    return {Outcome(NEXT, state), *raising(state)}


class Effects:
    """The effects of nodes, for one analysis."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.engine = flow.engine
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
        if node[0] in tables.QUIET:
            return nothing(state)
        handler = self._handlers.get(node[0])
        if handler is not None:
            return handler(frame, index, node, state)
        return self._implicit(frame, index, state)

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
        return self._implicit(frame, index, state) | raising(state)

    def _sequence(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        return self._implicit(frame, index, state) | (raising(state) if any(starred for starred, _ in node[2]) else set())

    def _unpacked(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = self.engine.read(frame, node[1])
        fixed = bool(values) and all(
            isinstance(v, Box) and v.kind == "tuple" and isinstance(v.site, tuple) and v.site[0] is frame for v in values
        )
        return nothing(state) if fixed else self._implicit(frame, index, state) | raising(state)

    def _iterated(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        if node[3] == "gen" or self.cannot_fail(frame, node[1]):
            return nothing(state)
        edges = frame.edges.get(index)
        return (self._in_turn(edges, state) if edges else nothing(state)) | raising(state)

    def cannot_fail(self, frame: Frame, source: int) -> bool:
        """Whether iterating over a node cannot fail: a display, a text, a range."""
        if frame.body.nodes[source][0] in ("seq", "dict", "const", "comp"):
            return frame.body.nodes[source][1] != "gen"
        values = self.engine.read(frame, source)
        return bool(values) and all(isinstance(v, Object) and v.path == "builtins.range" for v in values)

    def _drained(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        edges = frame.edges.get(index)
        return (self._any_of(edges, state) if edges else nothing(state)) | raising(state)

    def _any_of(self, frames: Iterable[Frame], state: State) -> Outcomes:
        """One of the frames runs; an unknown one where there is none."""
        found: Outcomes | None = None
        for callee in frames:
            found = (found or set()) | self.flow.enter(callee, state)
        return unknown(state) if found is None else found

    def _in_turn(self, frames: Iterable[Frame], state: State) -> Outcomes:
        """All of the frames run, one after the other."""
        going, found = {state}, set()
        for callee in frames:
            following: set[State] = set()
            for before in going:
                for outcome in self.flow.enter(callee, before):
                    if outcome.kind == NEXT:
                        following.add(outcome.state)
                    else:
                        found.add(outcome)
            going = following
        return found | {Outcome(NEXT, s) for s in going}

    # --- await and with

    def _await(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = self.engine.read(frame, node[1])
        found: Outcomes = set() if values else unknown(state)
        for value in values:
            match value:
                case Running(frame=callee):
                    found |= self.flow.enter(callee, state)
                case Box(kind="future", site=(other, int(made), *_)):
                    found |= self._awaited_call(other, made, state)
                case Instance():
                    found |= self._method(value, "__await__", frame.edges.get(index, {}), state)
                case _:
                    found |= unknown(state)
        operand = frame.body.nodes[node[1]]
        if operand[0] == "call" and self._awaits_arguments(frame, operand):
            return self._awaited_call(frame, node[1], state)
        return found

    def _awaits_arguments(self, frame: Frame, node: Node) -> bool:
        return any(isinstance(v, External) and v.path in tables.AWAITED for v in self.engine.read(frame, node[1]))

    def _awaited_call(self, frame: Frame, made: int, state: State) -> Outcomes:
        """The coroutines that were handed to a library call have run when its result has been awaited; on failure they may not have."""
        after = {o for o in self._in_turn(frame.edges.get(made, ()), state) if o.kind == NEXT}
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
                return self._method(value, name, frame.edges.get(index, {}), state, drive=True)
            case Box():
                return nothing(state)
            case Object(path=path):
                entry = self.engine.catalogue.entry(f"{path}.{name}")
                return nothing(state) if entry is not None and entry.no_raise else unknown(state)
        return unknown(state)

    def method_of(self, value: Value, name: str, state: State) -> Outcomes:
        """What a special method of an object of the program does, whoever calls it."""
        held = members(self.engine, value.info, name) if isinstance(value, Instance) else None
        bound = [self.engine.make(Method, function, value) for function in held[1]] if held is not None else []
        return _known(self.one_of(bound, None, state, drive=True), state)

    def _method(self, value: Instance, name: str, edges: Edges, state: State, *, drive: bool = False) -> Outcomes:
        held = members(self.engine, value.info, name)
        if held is None:
            return self._any_of([f for f in edges if f.body.name == name], state)
        bound = [self.engine.make(Method, function, value) for function in held[1]]
        return _known(self.one_of(bound, edges, state, drive=drive), state)

    # --- calls

    def _call(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        values = [v for v in self.engine.read(frame, node[1]) if not tables.of_none(v)]
        if not values:
            found = self._super_call(frame, node[1], state)
            return self._unresolved(frame, node[1], state) if found is None else found
        edges = frame.edges.get(index, {})
        found: Outcomes = set()
        counted = self._counted(values)
        for value in counted:
            if isinstance(value, External) or (isinstance(value, Method) and isinstance(value.function, External)):
                found |= self._library(value, frame, index, state)
            elif isinstance(value, BoxMethod):
                found |= self._box_method(value, frame, index, state)
            elif isinstance(value, Class):
                found |= self._construct(value, edges, state, alone=len(counted) == 1)
            else:
                outcomes = self.calling(value, edges, state)
                found |= self._unresolved(frame, node[1], state) if outcomes is None else outcomes
        return found

    def _counted(self, values: list[Value]) -> list[Value]:
        """The values that count: not those of exempt code, nor what only stands for "nobody has said yet", as long as there are others."""
        known = [v for v in values if not (isinstance(v, Unknown) and v.reason.startswith(tables.NOT_SAID))] or values
        return [v for v in known if not self.flow.ignores(v)] or known

    def _super_call(self, frame: Frame, callee: int, state: State) -> Outcomes | None:
        """``super().m()`` where the class itself has nothing behind it: in a mixin what it is mixed into, else `object`."""
        node = frame.body.nodes[callee]
        values = self.engine.read(frame, node[1]) if node[0] == "attr" else []
        if not values or not all(isinstance(v, Super) for v in values):
            return None
        behind: dict[Value, None] = {}
        for value in values:
            receiver = value.receiver if isinstance(value, Super) else value
            for sub in subclasses(self.engine, receiver.info) if isinstance(receiver, Instance) and receiver.site == SELF else ():
                held = members(self.engine, sub, node[2], value.after) if isinstance(value, Super) else None
                behind.update(dict.fromkeys(held[1] if held is not None else []))
        if behind:
            return self.one_of(behind, None, state)
        return nothing(state) if node[2] in tables.OF_OBJECT else None

    def _unresolved(self, frame: Frame, callee: int, state: State) -> Outcomes:
        node = frame.body.nodes[callee]
        if self.flow.optimistic and node[0] == "attr" and node[2] in self.flow.obligation.names:
            return unknown(met(state))
        return unknown(state)

    def _deco(self, frame: Frame, index: int, node: Node, state: State) -> Outcomes:
        return _known(self.one_of(self.engine.read(frame, node[1]), frame.edges.get(index, {}), state), state)

    def one_of(self, values: Iterable[Value], edges: Edges | None, state: State, *, drive: bool = False) -> Outcomes | None:
        """One of the values is called; None where there is none, or where it is not known of one what runs."""
        found: Outcomes | None = None
        for value in values:
            outcomes = self.calling(value, edges, state, drive=drive)
            if outcomes is None:
                return None
            found = (found or set()) | outcomes
        return found

    def calling(self, value: Value, edges: Edges | None, state: State, *, drive: bool = False) -> Outcomes | None:
        """The outcomes of calling a value; None where it is not known what runs.

        Args:
            value: what is called.
            edges: the frames that the call runs; None for any frame of the functions.
            state: the state before.
            drive: whether a coroutine or generator that is made is run as well.
        """
        match value:
            case Function():
                return self._function(value, edges, state, drive=drive)
            case Method(function=Function() as function, receiver=receiver):
                return self._dispatched(function, receiver, edges, state, drive=drive)
            case (
                Method(function=function)
                | Partial(function=function)
                | Descriptor(kind="staticmethod" | "classmethod", function=function)
            ):
                return self.calling(function, edges, state, drive=drive)
            case Alias(base=base):
                return self.calling(base, edges, state, drive=drive)
            case Class():
                return self._construct(value, edges or {}, state, alone=True)
            case Instance(info=info):
                held = members(self.engine, info, "__call__")
                bound = [self.engine.make(Method, f, value) for f in held[1]] if held is not None else []
                return self.one_of(bound, edges, state, drive=drive)
            case Maker():
                return self._maker(value, edges, state, drive=drive)
            case External(path=path):
                entry = self.engine.catalogue.entry(path)
                return nothing(state) if entry is not None and entry.no_raise else unknown(state)
        return None

    def _function(self, function: Function, edges: Edges | None, state: State, *, drive: bool) -> Outcomes | None:
        if (function.body.is_async or function.body.is_generator) and not drive:
            return nothing(state)
        frames = self.flow.frames_of(function, edges)
        return self._any_of(frames, state) if frames else None

    def _dispatched(
        self, function: Function, receiver: Value, edges: Edges | None, state: State, *, drive: bool
    ) -> Outcomes | None:
        overrides = self._overrides(function, receiver) if isinstance(receiver, Instance) else []
        abstract = self.flow.is_abstract(function)
        if abstract and not overrides:
            return unknown(met(state)) if self.flow.obligation.is_target(function.body, function.closure) else None
        chosen = overrides if abstract else [function, *overrides]
        return self.one_of(self._counted(chosen), edges, state, drive=drive)

    def _overrides(self, function: Function, receiver: Instance) -> list[Value]:
        """What may run instead for a receiver that is only declared, or where the method is."""
        if not (is_declared(receiver.site) or (receiver.site == SELF and function.body.is_abstract)):
            return []
        name = function.body.name
        nodes = [(s, s.body.exit[name]) for s in agreeing(self.engine, receiver) if name in s.body.exit]
        found = [v for sub, node in nodes for v in self.engine.read(sub.frame, node)]
        for fit in fitting(self.engine, receiver.info):
            held = members(self.engine, fit, name)
            found += held[1] if held is not None else []
        return [v for v in dict.fromkeys(found) if v is not function and not isinstance(v, Descriptor)]

    def _maker(self, maker: Maker, edges: Edges | None, state: State, *, drive: bool) -> Outcomes | None:
        if maker.kind in tables.MAKES_ONLY:
            return nothing(state)
        if maker.kind == "methodcaller":
            return self._any_of(edges or (), state)
        if maker.function is None:
            return None
        found = self.calling(maker.function, edges, state, drive=drive)
        return found | nothing(state) if maker.kind == "cache" and found is not None else found

    def _construct(self, value: Class, edges: Edges, state: State, *, alone: bool) -> Outcomes:
        info: ClassInfo = value.info
        if is_enum(self.engine, info):
            return unknown(state)
        owners = linearise(self.engine, info)
        own = sorted((f for f in edges if alone or f.owner in owners), key=lambda f: tables.CONSTRUCTION.get(f.body.name, 0))
        found = self._in_turn(own, state)
        if members(self.engine, info, "__init__") is None and not all(map(self._is_harmless_base, info.externals)):
            found |= raising(state)
        return self.flow.obligation.applied(info.body, None, state, found)

    def _is_harmless_base(self, path: str) -> bool:
        if path in tables.HARMLESS_BASES:
            return True
        entry = self.engine.catalogue.entry(path)
        return entry is not None and entry.no_raise

    # --- libraries

    def _library(self, value: Value, frame: Frame, index: int, state: State) -> Outcomes:
        function = value.function if isinstance(value, Method) else value
        assert isinstance(function, External)
        path = self.engine.catalogue.resolve(function.path)
        edges = frame.edges.get(index, {})
        if path in tables.NEVER_RETURNS:
            return raising(state)
        if path in tables.RUNS_ARGUMENT:
            return (self._any_of(edges, state) if edges else nothing(state)) | raising(state)
        if path in tables.DRAINS and edges:
            return self._in_turn(edges, state)
        if path in tables.AWAITED:
            return nothing(state)
        entry = self.engine.catalogue.entry(path)
        quiet = path in tables.LAZY or (entry is not None and entry.no_raise)
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
        promise = Promise(stack, frame, index)
        promised = state if promise in state.promises else state._replace(promises=(*state.promises, promise))
        if name in ("callback", "push_async_callback", "push", "push_async_exit"):
            return nothing(promised)
        if name in ("enter_context", "enter_async_context"):
            return self.flow.enter_in_stack(frame, index, state, promised)
        if name == "pop_all":
            return nothing(state._replace(promises=tuple(p for p in state.promises if p.stack is not stack)))
        if name in ("close", "aclose"):
            return self.flow.leave_stack(stack, Outcome(NEXT, state))
        return unknown(state)


def has_attribute(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether objects of the class have the attribute: from a class body, an annotation, or an assignment anywhere."""
    if members(engine, info, name) is not None:
        return True
    return any(
        name in owner.body.annotations or engine.values(engine.slot("any", owner, name)) for owner in linearise(engine, info)
    )


def _known(outcomes: Outcomes | None, state: State) -> Outcomes:
    return unknown(state) if outcomes is None else outcomes
