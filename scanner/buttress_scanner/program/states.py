"""States of objects along all paths: every write of a field is judged with what the field held before.

The walk is that of obligations, with what is known of objects in the place of the one status. A frame is walked as if nothing
were known of its arguments, and again for what its callers know; a write that is unlawful only with what a caller knows is the
caller's.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from buttress_scanner.program.flow import RECURSION, Flow, Key
from buttress_scanner.program.flow_flags import Variables
from buttress_scanner.program.flow_scope import Obligation, Scope
from buttress_scanner.program.flow_state import IDLE, Outcome, State
from buttress_scanner.program.flow_tables import CONSTRUCTION
from buttress_scanner.program.states_binding import Binding, Link
from buttress_scanner.program.states_conditions import Conditions
from buttress_scanner.program.states_effects import StateEffects
from buttress_scanner.program.states_model import EMPTY, NEW, Deed, Held, Known, Same, Spot, Status, entry, merged, put, resolved
from buttress_scanner.program.states_places import Places
from buttress_scanner.program.states_values import Values
from buttress_scanner.program.states_walk import StateWalker
from buttress_scanner.program.states_writes import Write, write_at
from buttress_scanner.program.values import Class, Const, Instance, Member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program.flow_state import Place
    from buttress_scanner.program.frames import Cell, ClassInfo, Frame
    from buttress_scanner.program.program import Program
    from buttress_scanner.program.states_model import Relation
    from buttress_scanner.program.values import Value

Moment = tuple["Frame", int, Status]
"""A node that is reached with this status."""
_SUMMARY = 40
"""Of more outcomes, those that differ only by the states of objects become one."""


class StateScope(Scope):
    """Who can have to do with the states."""

    def __init__(self, program: Program, relation: Relation) -> None:
        """Search backwards over the calls from everything that touches the field, its objects or the members of the enum."""
        super().__init__(program, Obligation(), lambda _: False)
        self.touching = [f for f in program.frames() if _touches(f, relation)]
        self.handling = [f for f in program.frames() if _handles(f, relation)]
        self._relevant = self._calling(self.touching)

    def calling(self, frames: list[Frame]) -> set[Frame]:
        """The frames, and all from which calls lead to them."""
        return self._calling(frames)


def _touches(frame: Frame, relation: Relation) -> bool:
    """Whether a frame names or is given a state, constructs, reads or keeps an object that has one, or gives one back."""
    for index, node in enumerate(frame.body.nodes):
        if _has(frame.cells[index], relation, (Member, Class)) or (
            node[0] == "param" and _has(frame.cells[index], relation, (Instance,), (relation.info,))
        ):
            return True
        if any(_has(frame.cells[part], relation, (Member, Class, Instance)) for part in _kept_by(node, relation)):
            return True
    return _has(frame.result, relation, (Member, Class, Instance))


def _kept_by(node: Node, relation: Relation) -> tuple[int, ...]:
    """The operands whose objects a node reads the field of, or keeps."""
    match node[0]:
        case "attr":
            return (node[1],) if node[2] == relation.field else ()
        case "setattr" | "setitem":
            return (node[1], node[3])
        case "gstore" | "nlstore":
            return (node[2],)
    return ()


def _has(cell: Cell | None, relation: Relation, kinds: tuple[type, ...], infos: tuple[ClassInfo, ...] = ()) -> bool:
    values = cell.values if cell is not None else ()
    return any(
        isinstance(v, kinds) and (is_concerned(v, relation) if not infos else getattr(v, "info", None) in infos) for v in values
    )


def _handles(frame: Frame, relation: Relation) -> bool:
    """Whether a frame sees any state, or any object or class that has states."""
    return any(_has(cell, relation, (Member, Class, Instance)) for cell in frame.cells)


def is_concerned(value: Value, relation: Relation) -> bool:
    """Whether a value is a state, or an object or a class that has states."""
    if isinstance(value, Member):
        return value.info is relation.info
    return isinstance(value, (Instance, Class)) and value.info in relation.classes


class States(Flow):
    """One analysis."""

    def __init__(self, program: Program, relation: Relation) -> None:
        """Find out who has to do with the relation.

        Args:
            program: the program, solved.
            relation: the field, its enum, and which state may follow which.
        """
        scope = StateScope(program, relation)
        super().__init__(scope)
        self.program = program
        self.relation = relation
        self.places = Places(self.engine, relation)
        self.values = Values(self.engine, relation, self.places, lambda f, n: scope.text(f.unit, f.body.spans[n]))
        self.binding = Binding(self.engine, self.places, self.values)
        self.conditions = Conditions()
        self.effects: StateEffects = StateEffects(self)
        self.current: Moment | None = None
        self.deeds: dict[Moment, set[Deed]] = {}
        self.since: dict[Moment, set[Known]] = {}
        self.entered: dict[Moment, set[Key]] = {}
        self.visited: dict[Key, set[Moment]] = {}
        self.judged: dict[tuple[Body, int], bool] = {}
        """Writes, with whether the state before was known on some path."""
        self._handed: dict[tuple[Frame, int, Frame, Status, str], tuple[Status, Link, dict[Status, Status]]] = {}
        """Calls by the status before them: what they hand over, and the status behind them by that of the callee at its end."""
        self._giving: dict[Frame, bool] = {}
        self._variable_reads: dict[Frame, list[int]] = {}
        self.inlined_at: dict[tuple[Frame, Frame], int] = {}
        """Where a generator is walked in place of its call."""
        self.handling = scope.handling
        self.writing = scope.calling([f for f in scope.handling if self._writes(f)])

    def _writes(self, frame: Frame) -> bool:
        return any(
            write_at(self, frame, index) is not None or (node[0] == "call" and self._constructs(frame, node[1]))
            for index, node in enumerate(frame.body.nodes)
        )

    def _constructs(self, frame: Frame, callee: int) -> bool:
        return any(isinstance(v, Class) and v.info in self.relation.classes for v in self.engine.read(frame, callee))

    # --- walking

    def walk(self, frame: Frame) -> Key:
        """Walk a frame as if nothing were known of its arguments; of an object under construction that it is new."""
        status = self.binding.captured(frame, EMPTY)
        if frame.owner in self.relation.classes and frame.body.name in CONSTRUCTION and frame.body.params:
            names = frozenset({NEW}) if frame.body.name == "__init__" else self.effects.callees.default(frame.owner)
            if names and frame.body.name not in ("__call__", "__new__"):
                status = put(status, Spot((frame, 0)), Known(names, sure=True))
        key: Key = (frame, status, "", ())
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        try:
            self.settled(key)
        finally:
            sys.setrecursionlimit(limit)
        return key

    def walker(self, frame: Frame, mode: str = "", place: Place | None = None) -> StateWalker:
        """A walker of the frame's body."""
        key = (frame, mode)
        if key not in self._variables:
            self._variables[key] = Variables(self.engine, frame, self.scope, mode)
        return StateWalker(self, frame, self._variables[key], place)

    def _compute(self, key: Key) -> None:
        outer, self.current = self.current, None
        super()._compute(key)
        self.current = outer

    def _joined(self, key: Key, outcomes: set[Outcome]) -> set[Outcome]:
        outcomes = super()._joined(key, outcomes)
        if len(outcomes) <= _SUMMARY:
            return outcomes
        alike: dict[Outcome, list[Status]] = {}
        for outcome in outcomes:
            plain = outcome._replace(state=outcome.state._replace(status=isinstance(outcome.state.status, str)))
            alike.setdefault(plain, []).append(outcome.state.status)
        return {o._replace(state=o.state._replace(status=s[0] if o.state.status else merged(s))) for o, s in alike.items()}

    def enter(self, callee: Frame, state: State, mode: str = "") -> set[Outcome]:
        """The outcomes of running a frame from a state: what it is handed, it may change."""
        if isinstance(state.status, str) or not callee.active or callee not in self.relevant:
            return super().enter(callee, state, mode)
        if self.current is None:
            return self._unconcerned(callee, state, mode)
        frame, index, _ = self.current
        before: Status = state.status
        call = (frame, index, callee, before, mode)
        if call not in self._handed:
            self._handed[call] = (*self.binding.enter(frame, index, callee, before, mode), {})
        inner, link, left = self._handed[call]
        if not link.concerns and not link.lost and not self._gives(callee):
            return self._unconcerned(callee, state, mode)
        if callee not in self.writing:
            link.lost = []
        closes = bool(state.promises) and callee in self.scope.closing
        key = (callee, inner, mode, state.promises if closes else ())
        self.entered.setdefault(self.current, set()).add(key)
        found: set[Outcome] = set()
        for kind, ended, _, exc, explicit in self._summary(key):
            promises = ended.promises if closes else tuple(dict.fromkeys((*state.promises, *ended.promises)))
            if ended.status not in left:
                after = self.binding.leave(frame, index, link, before, ended.status)
                left[ended.status] = self._remembered(frame, before, after)
            ended_as = state._replace(status=left[ended.status], promises=promises)
            found.add(Outcome(kind, ended_as, None, exc, explicit))
        return found

    def _unconcerned(self, callee: Frame, state: State, mode: str) -> set[Outcome]:
        """The outcomes of running a frame that has nothing to do with the objects that are followed."""
        found = super().enter(callee, state._replace(status=IDLE), mode)
        return {o._replace(state=state._replace(promises=o.state.promises)) for o in found}

    def _gives(self, callee: Frame) -> bool:
        """Whether a frame gives back an object with a state, or a state."""
        if callee not in self._giving:
            self._giving[callee] = any(is_concerned(v, self.relation) for v in self.engine.result(callee))
        return self._giving[callee]

    def visit(self) -> None:
        """Note that what happens at the current node happens in the frame that is being walked."""
        if self.current is not None and self._stack and (self.current in self.deeds or self.current in self.entered):
            self.visited.setdefault(self._stack[-1], set()).add(self.current)

    # --- writes

    def write(self, write: Write, status: Status) -> set[Status]:
        """The statuses behind a write of the field, which is judged."""
        named = self._is_named(write, status)
        if named is False:
            return {status}
        found: set[Status] = set()
        for chosen, held in self.values.written(write.frame, write.value, status):
            spot = write.makes or self.places.found(write.frame, write.target, chosen)
            names = {self.relation.name_of(v) for v in held.values} if held is not None else {None}
            known = frozenset(n for n in names if n is not None) if None not in names else frozenset()
            if not known or held is None:
                self.judged.setdefault((write.frame.body, write.node), False)
                found.add(self._written(write, chosen, spot, self.relation.unknown))
            elif held.sure:
                for name in known:
                    self._judge(write, chosen, spot, frozenset((name,)), unsure=named is None)
                    found.add(self._written(write, chosen, spot, Known(frozenset((name,)), True, (write.frame, write.node))))
            else:
                self._judge(write, chosen, spot, known, unsure=named is None)
                found.add(self._written(write, chosen, spot, Known(known, False, (write.frame, write.node))))
        return found if named else found | {status}

    def _is_named(self, write: Write, status: Status) -> bool | None:
        """Whether a write by name is one of the field; None where that is not known."""
        if write.name < 0:
            return True
        held = self.values.held(write.frame, write.name, status)
        if held is None:
            return None
        names = {v.value if isinstance(v, Const) else None for v in held.values}
        return None if len(names) > 1 and self.relation.field in names else names == {self.relation.field}

    def _judge(self, write: Write, status: Status, spot: Spot, after: frozenset[str], *, unsure: bool) -> None:
        before = self.places.known(status, spot)
        site = (write.frame.body, write.node)
        if before.names >= self.relation.names and not before.sure:
            self.judged.setdefault(site, False)
            return
        wrong = [b for b in before.names if not any(self.relation.is_lawful(b, a) for a in after)]
        if wrong and (before.sure or len(wrong) == len(before.names)):
            moment = self.current or (write.frame, write.node, status)
            self.deeds.setdefault(moment, set()).add(Deed(*site, tuple(sorted(wrong)), tuple(sorted(after)), unsure))
            self.since.setdefault(moment, set()).add(before)
        self.judged[site] = self.judged.get(site, False) or not wrong or before.sure or len(wrong) == len(before.names)

    def _written(self, write: Write, status: Status, spot: Spot, known: Known) -> Status:
        """The status behind a write."""
        target = resolved(status, spot)
        if write.makes is not None:
            return put(status, target, known)
        return self._kept(write.frame, status, put(status, target, known), target)

    def _remembered(self, frame: Frame, before: Status, after: Status) -> Status:
        """The status behind a call: where it has written the field, variables hold what the field was before."""
        earlier = dict(before)
        for spot, found in after:
            if isinstance(found, Known) and found.since is not None and found.since != getattr(earlier.get(spot), "since", None):
                after = self._kept(frame, before, after, spot)
        return after

    def _kept(self, frame: Frame, before: Status, after: Status, target: Spot) -> Status:
        """Variables that hold what the field of an object was go on holding that."""
        known = self.places.known(before, target)
        old = Held(self.relation.members(known.names), known.sure)
        if not old.values:
            return after
        field = target.below(self.relation.field)
        for spot, found in before:
            if isinstance(found, Same) and found.spot == field and entry(after, spot) == found:
                after = put(after, spot, old)
        for node in self._reads(frame):
            if self.places.state_of(frame, node, before) == target:
                after = put(after, Spot((frame, node)), old)
        return after

    def _reads(self, frame: Frame) -> Iterable[int]:
        """The nodes that read the field into a variable."""
        if frame not in self._variable_reads:
            nodes, name = frame.body.nodes, self.relation.field
            stored = {leaf for _, _, node in frame.body.stores for leaf in self.places.leaves(frame, node)}
            self._variable_reads[frame] = [n for n in sorted(stored) if nodes[n][0] == "attr" and nodes[n][2] == name]
        return self._variable_reads[frame]

    # --- what was found

    def known_at(self, moment: Moment) -> set[Known]:
        """What was known of the state before an unlawful write; at a call, of all objects."""
        held = {e for _, e in moment[2] if isinstance(e, Known)}
        return self.since.get(moment) or held

    def all_deeds(self, keys: Iterable[Key]) -> set[Deed]:
        """The unlawful writes of some walks, with those of what they call."""
        found: set[Deed] = set()
        seen = set(keys)
        pending = list(seen)
        while pending:
            for moment in self.visited.get(pending.pop(), ()):
                found |= self.deeds.get(moment, set())
                fresh = self.entered.get(moment, set()) - seen
                seen |= fresh
                pending += fresh
        return found
