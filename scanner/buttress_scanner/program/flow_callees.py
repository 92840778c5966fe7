"""What runs when a value is called, and how that may end: dispatch to overrides, wrappers, constructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import flow_tables as tables
from buttress_scanner.program.classes import linearise, members, subclasses
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.flow_state import NEXT, Outcome, State, met, nothing, raising, unknown
from buttress_scanner.program.generics import agreeing
from buttress_scanner.program.protocols import fitting
from buttress_scanner.program.values import (
    SELF,
    Alias,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Partial,
    Super,
    Unknown,
    Value,
    is_declared,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from buttress_scanner.program.flow import Flow
    from buttress_scanner.program.frames import ClassInfo, Frame

    Edges = Mapping[Frame, str]

Outcomes = set[Outcome]


class Callees:
    """Calls of values, for one analysis."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.engine = flow.engine

    # --- frames

    def any_of(self, frames: Iterable[Frame], state: State) -> Outcomes:
        """One of the frames runs; an unknown one where there is none."""
        found: Outcomes | None = None
        for callee in frames:
            found = (found or set()) | self.flow.enter(callee, state)
        return unknown(state) if found is None else found

    def in_turn(self, frames: Iterable[Frame], state: State) -> Outcomes:
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

    # --- values

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
                return self.construct(value, edges or {}, state, alone=True)
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
        if not frames and self.flow.obligation.is_target(function.body, function.closure):
            return unknown(met(state))
        return self.any_of(frames, state) if frames else None

    def _dispatched(
        self, function: Function, receiver: Value, edges: Edges | None, state: State, *, drive: bool
    ) -> Outcomes | None:
        overrides = self._overrides(function, receiver) if isinstance(receiver, Instance) else []
        abstract = self.flow.is_abstract(function)
        if abstract and not overrides:
            return unknown(met(state)) if self.flow.obligation.is_target(function.body, function.closure) else None
        chosen = overrides if abstract else [function, *overrides]
        return self.one_of(self.counted(chosen), edges, state, drive=drive)

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
            return self.any_of(edges or (), state)
        if maker.function is None:
            return None
        found = self.calling(maker.function, edges, state, drive=drive)
        return found | nothing(state) if maker.kind == "cache" and found is not None else found

    def construct(self, value: Class, edges: Edges, state: State, *, alone: bool) -> Outcomes:
        """What calling a class does; ``alone`` says that nothing else is called by these edges."""
        info: ClassInfo = value.info
        if is_enum(self.engine, info):
            return unknown(state)
        owners = linearise(self.engine, info)
        own = sorted((f for f in edges if alone or f.owner in owners), key=lambda f: tables.CONSTRUCTION.get(f.body.name, 0))
        found = self.in_turn(own, state)
        if members(self.engine, info, "__init__") is None and not all(map(self._is_harmless_base, info.externals)):
            found |= raising(state)
        return self.flow.obligation.applied(info.body, None, state, found)

    def _is_harmless_base(self, path: str) -> bool:
        if path in tables.HARMLESS_BASES:
            return True
        entry = self.engine.catalogue.entry(path)
        return entry is not None and entry.no_raise

    def method_of(self, value: Value, name: str, state: State) -> Outcomes:
        """What a special method of an object of the program does, whoever calls it."""
        held = members(self.engine, value.info, name) if isinstance(value, Instance) else None
        bound = [self.engine.make(Method, function, value) for function in held[1]] if held is not None else []
        return _known(self.one_of(bound, None, state, drive=True), state)

    def method_at(self, value: Instance, name: str, edges: Edges, state: State, *, drive: bool = False) -> Outcomes:
        """What a special method of an object does, when it runs the frames of ``edges``."""
        held = members(self.engine, value.info, name)
        if held is None:
            entries = [self.engine.catalogue.entry(f"{path}.{name}") for path in value.info.externals]
            if any(entry is not None and entry.no_raise for entry in entries):
                return nothing(state)
            return self.any_of([f for f in edges if f.body.name == name], state)
        bound = [self.engine.make(Method, function, value) for function in held[1]]
        return _known(self.one_of(bound, edges, state, drive=drive), state)

    def counted(self, values: list[Value]) -> list[Value]:
        """The values that count: not those of exempt code, nor what only stands for silence, as long as there are others."""
        known = [v for v in values if not (isinstance(v, Unknown) and v.reason.startswith(tables.NOT_SAID))] or values
        known = [v for v in known if not self.flow.scope.is_guess(v)] or known
        return [v for v in known if not self.flow.ignores(v)] or known

    def behind_super(self, frame: Frame, callee: int, state: State) -> Outcomes | None:
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


def _known(outcomes: Outcomes | None, state: State) -> Outcomes:
    return unknown(state) if outcomes is None else outcomes
