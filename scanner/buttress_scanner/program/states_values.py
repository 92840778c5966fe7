"""What expressions are in a status: the values that they can have, and what the outcome of a test says of the objects in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from buttress_scanner.program.states_concrete import MISSING, Case, Concretes
from buttress_scanner.program.states_model import NEW, Held, Known, Spot, Status, ended_early, entry, put
from buttress_scanner.program.states_places import read_by
from buttress_scanner.program.values import Box, Const, Member, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states_model import Relation
    from buttress_scanner.program.states_places import Places

_CASES = 200
"""Combinations of states that a test is tried with."""
_NESTING = 6
_COMPARED = ("is", "isnot", "eq", "ne", "contains", "notcontains")
_POSITIVE = ("is", "eq", "contains")


@dataclass(frozen=True, slots=True)
class Subject:
    """An object by its state, or a variable by its values, of which an expression says something."""

    spot: Spot
    values: tuple[Value, ...]
    is_state: bool
    sure: bool


class Values:
    """Evaluates expressions in a status."""

    def __init__(self, engine: Engine, relation: Relation, places: Places, name_at: Callable[[Frame, int], str]) -> None:
        """Answer for one relation.

        Args:
            engine: the solved engine.
            relation: the states.
            places: knows which object a node means.
            name_at: the text of a node.
        """
        self.name_at = name_at
        self.engine = engine
        self.relation = relation
        self.places = places
        self.concretes = Concretes(engine, places)

    # --- values

    def held(self, frame: Frame, node: int, status: Status) -> Held | None:
        """The values that a node without alternatives can have; None where they are not known."""
        subject = self.subject(frame, node, status)
        if subject is not None:
            plain = subject.values and all(isinstance(v, (Member, Const, Box)) for v in subject.values)
            return Held(frozenset(subject.values), subject.sure) if plain else None
        nodes, subjects = self._subjects(frame, (node,), status)
        if subjects and _count(subjects) <= _CASES:
            found = {
                self.concretes.of(frame, node, Case(nodes, choice, self._rest(frame, status))) for choice in _choices(subjects)
            }
            if found and all(isinstance(v, (Member, Const)) for v in found):
                return Held(frozenset(v for v in found if isinstance(v, Value)), all(s.sure for s in subjects))
        leaves = self.places.leaves(frame, node)
        if not leaves or any(frame.body.nodes[leaf][0] == "param" for leaf in leaves):
            return None
        values = self.engine.read(frame, node)
        if not values or not all(isinstance(v, (Member, Const)) for v in values):
            return None
        return Held(frozenset(values), sure=len(values) == 1)

    def written(self, frame: Frame, node: int, status: Status) -> list[tuple[Status, Held | None]]:
        """The values that are written, each with the status in which it is chosen."""
        chosen = self._chosen(frame, node, status)
        if chosen is not None:
            return [(status, chosen)]
        if self.subject(frame, node, status) is not None:
            return [(status, self.held(frame, node, status))]
        leaves = self.places.leaves(frame, node)
        arms = {leaf: tests for arm in frame.body.arms.values() for leaf, tests in arm.items()}
        found: list[tuple[Status, Held | None]] = []
        for leaf in leaves:
            before = {status}
            for test in arms.get(leaf, ()) if len(leaves) > 1 else ():
                before = {s for b in before for s in self.narrowed(frame, test, b)}
            found += [pair for b in before for pair in self._looked_up(frame, leaf, b)]
        return found

    def _chosen(self, frame: Frame, node: int, status: Status) -> Held | None:
        """What a variable holds on this path, where the node reads one that holds one state or another."""
        operands = frame.body.nodes[node]
        if operands[0] != "phi" or len(operands[1]) != 1 or not self.places.choices(frame):
            return None
        found = entry(status, Spot((frame, self.name_at(frame, node))))
        return found if isinstance(found, Held) else None

    def _looked_up(self, frame: Frame, leaf: int, status: Status) -> list[tuple[Status, Held | None]]:
        """The values of an expression over some subjects, each with what these are then; what is in no table is not written."""
        nodes, subjects = self._subjects(frame, (leaf,), status)
        if not subjects or leaf in nodes or not all(s.values for s in subjects) or _count(subjects) > _CASES:
            return [(status, self.held(frame, leaf, status))]
        chosen: dict[Value, list[dict[Spot, Value]]] = {}
        for choice in _choices(subjects):
            value = self.concretes.of(frame, leaf, Case(nodes, choice, self._rest(frame, status)))
            if isinstance(value, (Member, Const)):
                chosen.setdefault(value, []).append(choice)
            elif value is not None or frame.body.nodes[leaf][0] != "item":
                return [(status, self.held(frame, leaf, status))]
        return [
            (after, Held(frozenset((value,)), sure=True))
            for value, kept in chosen.items()
            for after in self._kept(status, subjects, kept, positive=False)
        ]

    # --- what an expression is about

    def subject(self, frame: Frame, node: int, status: Status) -> Subject | None:
        """The state of an object, or a variable with known values."""
        state = self.places.state_of(frame, node, status)
        if state is not None:
            known = self.places.known(status, state)
            return Subject(state, _sorted(self.relation.members(known.names)), is_state=True, sure=known.sure)
        spot = self.places.found(frame, node, status)
        found = entry(status, spot)
        return Subject(spot, _sorted(found.values), is_state=False, sure=found.sure) if isinstance(found, Held) else None

    def _subjects(self, frame: Frame, nodes: tuple[int, ...], status: Status) -> tuple[dict[int, Spot], list[Subject]]:
        """The subjects of some expressions, with the nodes at which they stand."""
        standing: dict[int, Spot] = {}
        found: dict[Spot, Subject] = {}
        pending = [(node, 0) for node in nodes]
        while pending:
            node, depth = pending.pop()
            leaves = self.places.leaves(frame, node) if node >= 0 and depth <= _NESTING else ()
            subject = self.subject(frame, node, status) if leaves else None
            if subject is not None:
                found.setdefault(subject.spot, subject)
                standing.update((leaf, subject.spot) for leaf in leaves)
                continue
            pending += [(part, depth + 1) for leaf in leaves for part in _operands(frame, leaf)]
        return standing, list(found.values())

    def _rest(self, frame: Frame, status: Status) -> dict[int, object]:
        """What ``*states`` was given, as far as that is known."""
        for number, param in enumerate(frame.body.params):
            if param.kind == "vararg":
                parts: list[Value] = []
                while isinstance(held := entry(status, Spot((frame, number), (f"[{len(parts)}]",))), Held):
                    if len(held.values) != 1:
                        return {number: MISSING}
                    parts += held.values
                return {number: tuple(parts) if parts else MISSING}
        return {}

    def container(self, frame: Frame, node: int) -> Held | None:
        """The one container that a node is, where it is known which."""
        values = self.engine.read(frame, node)
        leaves = self.places.leaves(frame, node)
        if len(values) != 1 or not isinstance(values[0], Box) or any(frame.body.nodes[leaf][0] == "param" for leaf in leaves):
            return None
        return Held(frozenset(values), sure=True)

    # --- tests

    def assume(self, frame: Frame, node: int, status: Status, *, truth: bool, depth: int = 0) -> set[Status]:
        """The statuses in which a test has come out so; none where it cannot."""
        if node < 0 or depth > _NESTING:
            return {status}
        operands = frame.body.nodes[node]
        match operands[0]:
            case "truth":
                return self.assume(frame, operands[1], status, truth=truth, depth=depth)
            case "un" if operands[1] == "not":
                return self.assume(frame, operands[2], status, truth=not truth, depth=depth + 1)
            case "cmp" if operands[1] in _COMPARED:
                return self._compared(frame, operands[1], (operands[2], operands[3]), status, truth=truth)
            case "phi" if self._is_chain(frame, operands):
                return self._chained(frame, operands[1], status, truth, depth)
        subject = self.subject(frame, node, status)
        if subject is not None and not subject.is_state:
            kept = [v for v in subject.values if not isinstance(v, Const) or bool(v.value) is truth]
            return {self._narrow(status, subject, kept, positive=True)} if kept else set()
        if operands[0] == "phi" and len(operands) == 2 and not self._is_loop(operands[1], node):
            return {
                s for part in dict.fromkeys(operands[1]) for s in self.assume(frame, part, status, truth=truth, depth=depth + 1)
            }
        return {status}

    def is_test(self, frame: Frame, node: int) -> bool:
        """Whether a node is the outcome of a test about which something may be known."""
        operands = frame.body.nodes[node]
        match operands[0]:
            case "cmp":
                return operands[1] in _COMPARED
            case "un":
                return bool(operands[1] == "not")
            case "phi" if self._is_chain(frame, operands):
                nodes = frame.body.nodes
                return any(self.is_test(frame, p) for p in (*(nodes[part][3] for part in operands[1][:-1]), operands[1][-1]))
        return False

    def _is_loop(self, inputs: tuple[int, ...], node: int) -> bool:
        return any(part >= node for part in inputs)

    def _is_chain(self, frame: Frame, operands: Any) -> bool:
        """Whether a phi is ``a and b`` or ``a or b``: all but its last input stand for what ended it early."""
        first = [frame.body.nodes[part] for part in operands[1][:-1]]
        return bool(first) and len(operands) == 2 and all(n[0] == "narrow" and n[1] == "truth" and n[4] < 0 for n in first)

    def _chained(self, frame: Frame, inputs: tuple[int, ...], status: Status, truth: bool, depth: int) -> set[Status]:
        nodes = frame.body.nodes
        stop = bool(nodes[inputs[0]][2])
        parts = [*(nodes[part][3] for part in inputs[:-1]), inputs[-1]]
        going, ended = {status}, set()
        for part in parts:
            ended |= {s for g in going for s in self._part(frame, part, g, truth=stop, depth=depth + 1)}
            going = {s for g in going for s in self._part(frame, part, g, truth=not stop, depth=depth + 1)}
        return ended if truth == stop else going

    def _part(self, frame: Frame, part: int, status: Status, *, truth: bool, depth: int) -> set[Status]:
        noted = entry(status, ended_early(frame, part))
        if isinstance(noted, Held) and not any(isinstance(v, Const) and v.value is truth for v in noted.values):
            return set()
        return self.assume(frame, part, status, truth=truth, depth=depth)

    def narrowed(self, frame: Frame, node: int, status: Status) -> set[Status]:
        """The statuses in which the test behind a narrowed version has come out as it says."""
        operands = frame.body.nodes[node]
        if operands[0] != "narrow":
            return {status}
        _, kind, truth, subject, operand = operands
        if kind == "truth":
            return self.assume(frame, subject, status, truth=truth)
        return self._compared(frame, kind, (subject, operand), status, truth=True) if kind in _COMPARED else {status}

    def among(self, frame: Frame, node: int, wanted: list[int], status: Status, *, truth: bool) -> set[Status]:
        """The statuses in which the value of a node is, or is not, one of some others: the patterns of a case."""
        if truth:
            return {s for other in wanted for s in self._compared(frame, "eq", (node, other), status, truth=True)}
        left = {status}
        for other in wanted:
            left = {s for each in left for s in self._compared(frame, "eq", (node, other), each, truth=False)}
        return left

    def _compared(self, frame: Frame, kind: str, sides: tuple[int, int], status: Status, *, truth: bool) -> set[Status]:
        nodes, subjects = self._subjects(frame, sides, status)
        if any(not s.values for s in subjects) or _count(subjects) > _CASES:
            return {status}
        kept = []
        for choice in _choices(subjects):
            case = Case(nodes, choice, self._rest(frame, status))
            verdict = self.concretes.verdict(kind, *(self.concretes.of(frame, side, case) for side in sides))
            if verdict is None or verdict is truth:
                kept.append(choice)
        if len(kept) == _count(subjects):
            return {status}
        return self._kept(status, subjects, kept, positive=(kind in _POSITIVE) is truth)

    def _kept(self, status: Status, subjects: list[Subject], kept: list[dict[Spot, Value]], *, positive: bool) -> set[Status]:
        """The statuses in which one of the choices holds; of two subjects each goes with what it was chosen with."""
        if not kept:
            return set()
        if len(subjects) != 2:
            for subject in subjects:
                status = self._narrow(status, subject, [choice[subject.spot] for choice in kept], positive=positive)
            return {status}
        first, second = subjects
        partners: dict[Value, set[Value]] = {}
        for choice in kept:
            partners.setdefault(choice[first.spot], set()).add(choice[second.spot])
        groups: dict[frozenset[Value], list[Value]] = {}
        for value, others in partners.items():
            groups.setdefault(frozenset(others), []).append(value)
        return {
            self._narrow(self._narrow(status, first, values, positive=positive), second, list(others), positive=positive)
            for others, values in groups.items()
        }

    def _narrow(self, status: Status, subject: Subject, kept: list[Value], *, positive: bool) -> Status:
        """The status in which a subject has one of these values only."""
        if not subject.is_state:
            return put(status, subject.spot, Held(frozenset(kept), subject.sure or positive))
        before = self.places.known(status, subject.spot)
        names = frozenset(v.name for v in kept if isinstance(v, Member))
        if names == before.names - {NEW}:
            return status
        return put(status, subject.spot, Known(names, before.sure or positive or len(names) == 1, before.since))


def _operands(frame: Frame, leaf: int) -> tuple[int, ...]:
    """What the value of an expression is made of."""
    node = read_by(frame.body.nodes[leaf])
    match node[0]:
        case "attr":
            return (node[1],)
        case "item":
            return (node[1], node[2])
        case "seq":
            return tuple(part for _, part in node[2])
        case "call":
            return (node[1], *(part for _, part in node[2]))
    return ()


def _sorted(values: frozenset[Value]) -> tuple[Value, ...]:
    return tuple(sorted(values, key=lambda v: v.name if isinstance(v, Member) else repr(getattr(v, "value", ""))))


def _count(subjects: list[Subject]) -> int:
    count = 1
    for subject in subjects:
        count *= len(subject.values)
    return count


def _choices(subjects: list[Subject]) -> list[dict[Spot, Value]]:
    spots = [s.spot for s in subjects]
    return [dict(zip(spots, values, strict=True)) for values in product(*(s.values for s in subjects))]
