"""What one node does to the states of objects: it writes the field, constructs or copies an object, or runs what does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import fields, is_record, linearise, members
from buttress_scanner.program.construction import field_default
from buttress_scanner.program.flow_callees import Callees
from buttress_scanner.program.flow_effects import Effects
from buttress_scanner.program.flow_state import NEXT, Outcome, State
from buttress_scanner.program.flow_tables import HARMLESS_BASES
from buttress_scanner.program.states_model import NEW, Known, Same, Spot, Status, entry, put, resolved, without
from buttress_scanner.program.states_places import MADE
from buttress_scanner.program.states_writes import Write, write_at
from buttress_scanner.program.values import Instance, Super

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program.flow_callees import Edges
    from buttress_scanner.program.frames import ClassInfo, Frame
    from buttress_scanner.program.states import States
    from buttress_scanner.program.values import Class, Value

Outcomes = set[Outcome]


class StateEffects(Effects):
    """The effects of nodes on states, on top of how they may end."""

    def __init__(self, flow: States) -> None:
        super().__init__(flow)
        self.states = flow
        self.callees: StateCallees = StateCallees(flow)

    def may_act(self, node: Node) -> bool:
        """Whether a node may do something: what assigns counts as well, and what reads the field."""
        if node[0] in ("setattr", "gstore", "nlstore"):
            return True
        return super().may_act(node) or (node[0] == "attr" and node[2] == self.states.relation.field)

    def of(self, frame: Frame, index: int, state: State) -> Outcomes:
        """How the node may end, with the states of objects then."""
        if isinstance(state.status, str):
            return super().of(frame, index, state)
        outer, found = self.states.current, set()
        for status in self._prepared(frame, index, state.status):
            self.states.current = (frame, index, status)
            found |= self._acting(frame, index, state._replace(status=status))
            self.states.visit()
        self.states.current = outer
        return found

    def _prepared(self, frame: Frame, index: int, status: Status) -> set[Status]:
        """The statuses before a node: what it made the last time is gone, and of its operands it is known which they are."""
        node, root = frame.body.nodes[index], (frame, index)
        status = without(status, lambda spot: spot.root == root)
        if node[0] == "iter":
            status = self.states.places.next_round(frame, node[1], status)
        operands: list[int] = []
        if node[0] in ("setattr", "setitem"):
            operands = [node[1]]
        elif node[0] == "call":
            operands = [node[1], *(p for _, p in node[2]), *(p for _, p in node[3])]
        found = {status}
        for operand in operands:
            found = {s for each in found for s in self.states.places.settled(frame, operand, each)}
        return found

    def _acting(self, frame: Frame, index: int, state: State) -> Outcomes:
        node = frame.body.nodes[index]
        write = write_at(self.states, frame, index)
        if write is not None and write.makes is None:
            return {Outcome(NEXT, state._replace(status=s)) for s in self.states.write(write, state.status)}
        if node[0] == "call" and (record := self._record_behind(frame, node)) is not None:
            return {_with(o, s) for o in super().of(frame, index, state) for s in self._filled(frame, index, record, o)}
        if node[0] in ("gstore", "nlstore"):
            return {Outcome(NEXT, state._replace(status=self._shared(frame, node, state.status)))}
        found = super().of(frame, index, state)
        if write is not None:
            return {o for outcome in found for o in self._made(write, outcome)}
        if node[0] in ("setattr", "setitem"):
            return {_with(o, self._kept(frame, node, o.state.status)) for o in found}
        if node[0] in MADE:
            return {_with(o, self._marked(frame, index, o.state.status)) if o.kind == NEXT else o for o in found}
        return found

    def entering(self, value: Value, frame: Frame, index: int, state: State, *, is_async: bool) -> Outcomes:
        """What ``__enter__`` of the value does."""
        if isinstance(state.status, str):
            return super().entering(value, frame, index, state, is_async=is_async)
        outer, self.states.current = self.states.current, (frame, index, state.status)
        found = super().entering(value, frame, index, state, is_async=is_async)
        self.states.visit()
        self.states.current = outer
        return found

    def _implicit(self, frame: Frame, index: int, state: State) -> Outcomes:
        """Getters and setters surely run, as far as an attribute has one."""
        edges = [f for f in frame.edges.get(index, ()) if f.body.name not in ("__getattr__", "__getattribute__", "__setattr__")]
        if edges and frame.body.nodes[index][0] in ("attr", "setattr") and not isinstance(state.status, str):
            return self.callees.any_of(edges, state)
        return super()._implicit(frame, index, state)

    def _record_behind(self, frame: Frame, node: Node) -> ClassInfo | None:
        """The record whose generated constructor is called as ``super().__init__(...)``, for the object under construction."""
        callee = frame.body.nodes[node[1]]
        if callee[0] != "attr" or callee[2] != "__init__" or not frame.body.params:
            return None
        for value in self.engine.read(frame, callee[1]):
            if isinstance(value, Super) and isinstance(value.receiver, Instance):
                order = linearise(self.engine, value.receiver.info)
                behind = order[order.index(value.after) + 1 :] if value.after in order else ()
                if behind and members(self.engine, behind[0], "__init__") is None and is_record(self.engine, behind[0]):
                    return behind[0] if behind[0] in self.states.relation.classes else None
        return None

    def _filled(self, frame: Frame, index: int, record: ClassInfo, outcome: Outcome) -> set[Status]:
        """The statuses in which the generated constructor of a record has filled the field."""
        if outcome.kind != NEXT:
            return {outcome.state.status}
        return self.callees.filled(frame, index, record, Spot((frame, 0)), outcome.state.status)

    def _made(self, write: Write, outcome: Outcome) -> Outcomes:
        """A copy of an object, with another value in the field if one is given."""
        if outcome.kind != NEXT or write.makes is None:
            return {outcome}
        status: Status = outcome.state.status
        copied = self.states.places.known(status, self.states.places.found(write.frame, write.target, status))
        status = put(status, write.makes, copied)
        return {_with(outcome, s) for s in (self.states.write(write, status) if write.value >= 0 else {status})}

    def _marked(self, frame: Frame, index: int, status: Status) -> Status:
        """An object that came out of a node is noted, so that it is known that the node has been executed."""
        spot = Spot((frame, index))
        if self.states.places.is_tracked(frame, index) and not any(s.root == spot.root for s, _ in status):
            status = put(status, spot, self.states.relation.unknown)
        if frame.body.nodes[index][0] in ("iter", "unpack", "enter"):
            for name, leaves in self.states.places.variables(frame).items():
                if index in leaves:
                    status = self.states.places.assigned(frame, name, status, index)
        return status

    # --- what holds objects

    def _kept(self, frame: Frame, node: Node, status: Status) -> Status:
        """An attribute, or an item under a constant key, is the object that was stored there."""
        base = self.states.places.found(frame, node[1], status)
        if node[0] == "setattr":
            spot = base.below(node[2])
        else:
            key = frame.body.nodes[node[2]]
            if key[0] != "const":
                return status
            spot = base.below(f"[{key[1]!r}]")
        return self._bound(frame, spot, node[3], status)

    def _shared(self, frame: Frame, node: Node, status: Status) -> Status:
        if node[0] == "gstore":
            return self._bound(frame, Spot(("global", frame.unit.name, node[1])), node[2], status)
        outer = frame.closure
        while outer is not None and node[1] not in outer.body.versions:
            outer = outer.closure
        return self._bound(frame, Spot(("variable", (outer or frame).body, node[1])), node[2], status)

    def _bound(self, frame: Frame, spot: Spot, value: int, status: Status) -> Status:
        target = self.states.places.found(frame, value, status)
        status = without(status, lambda other: spot.holds(other) and not target.holds(other))
        if target == spot or not self.states.places.is_tracked(frame, value):
            return status
        return put(status, spot, Same(target))


class StateCallees(Callees):
    """Calls of values; constructions begin the history of an object."""

    def __init__(self, flow: States) -> None:
        super().__init__(flow)
        self.states = flow

    def in_turn(self, frames: Iterable[Frame], state: State) -> Outcomes:
        """All of the functions run, one after the other; of several frames of one function one does."""
        alike: dict[Body, list[Frame]] = {}
        for callee in frames:
            alike.setdefault(callee.body, []).append(callee)
        going, found = {state}, set()
        for same in alike.values():
            ended = {outcome for before in going for outcome in self.any_of(same, before)}
            going = {outcome.state for outcome in ended if outcome.kind == NEXT}
            found |= {outcome for outcome in ended if outcome.kind != NEXT}
        return found | {Outcome(NEXT, s) for s in going}

    def construct(self, value: Class, edges: Edges, state: State, *, alone: bool) -> Outcomes:
        """What calling a class does, and in which state the object is then."""
        current = self.states.current
        if current is None or isinstance(state.status, str) or value.info not in self.states.relation.classes:
            return super().construct(value, edges, state, alone=alone)
        spot = Spot((current[0], current[1]))
        found: Outcomes = set()
        for status in self._begun(current[0], current[1], value.info, state.status):
            for outcome in super().construct(value, edges, state._replace(status=status), alone=alone):
                found.add(_with(outcome, self._ended(spot, value.info, outcome.state.status)))
        return found

    def _begun(self, frame: Frame, index: int, info: ClassInfo, status: Status) -> set[Status]:
        """The object before its constructor runs, with the fields that a record gets."""
        spot = Spot((frame, index))
        status = put(status, spot, Known(frozenset({NEW}), sure=True))
        if frame.body.nodes[index][0] != "call" or members(self.engine, info, "__init__") is not None:
            return {status}
        return self.filled(frame, index, info, spot, status)

    def filled(self, frame: Frame, index: int, info: ClassInfo, spot: Spot, status: Status) -> set[Status]:
        """The statuses in which a generated constructor has filled the field from the arguments of a call."""
        value = self._argument(info, frame.body.nodes[index])
        if value >= 0:
            return self.states.write(Write(frame, index, index, value, spot), status)
        if value == _SPREAD:
            return {put(status, spot, self.states.relation.unknown)}
        names = self.default(info) if is_record(self.engine, info) else frozenset()
        return {put(status, spot, Known(names, sure=True)) if names else status}

    def _argument(self, info: ClassInfo, node: Node) -> int:
        """The argument that becomes the field, -1 for none."""
        relation = self.states.relation
        names = (relation.field, relation.field.lstrip("_"))
        for name, part in node[3]:
            if name in names:
                return int(part)
        if any(starred for starred, _ in node[2]) or any(not name for name, _ in node[3]):
            return _SPREAD
        if not is_record(self.engine, info):
            return -1
        order = [name for name, *_ in fields(self.engine, info)]
        position = order.index(relation.field) if relation.field in order else -1
        return int(node[2][position][1]) if 0 <= position < len(node[2]) else -1

    def default(self, info: ClassInfo) -> frozenset[str]:
        """The states that a class gives to its objects."""
        relation = self.states.relation
        held = members(self.engine, info, relation.field)
        if held is None:
            return frozenset()
        owner = held[0]
        node = owner.body.exit.get(relation.field, -1)
        values: list[Value] = field_default(self.engine, owner, node) if node >= 0 else held[1]
        names = {relation.name_of(v) for v in values}
        return frozenset(n for n in names if n is not None) if None not in names else frozenset()

    def _ended(self, spot: Spot, info: ClassInfo, status: Status) -> Status:
        """The object when it has been constructed."""
        target = resolved(status, spot)
        known = entry(status, target)
        if not isinstance(known, Known) or known.names != {NEW}:
            return status
        names = self.default(info)
        if names:
            return put(status, target, Known(names, sure=True))
        if not set(info.externals) <= HARMLESS_BASES or is_record(self.engine, info):
            return put(status, target, self.states.relation.unknown)
        return status


_SPREAD = -2
"""The field may come out of ``**``."""


def _with(outcome: Outcome, status: Status) -> Outcome:
    return outcome._replace(state=outcome.state._replace(status=status))
