"""Which object a node means: through versions of variables, attributes, constant keys, and what stands for it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.states_model import Known, Same, Spot, Status, entry, put, resolved, without
from buttress_scanner.program.values import External, Instance, Member, Super

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states_model import Relation

MADE = ("call", "await", "iter", "item", "unpack", "enter", "caught", "yield")
"""Operations whose node has been executed before its object is known."""

COPIES = ("copy.copy", "copy.deepcopy")
REPLACES = ("dataclasses.replace", "copy.replace", "attrs.evolve", "attr.evolve", "msgspec.structs.replace")
"""Library functions that give a copy of their first argument, as it is or with other values in some fields."""


class Places:
    """Answers for one relation."""

    def __init__(self, engine: Engine, relation: Relation) -> None:
        self.engine = engine
        self.relation = relation
        self._asked: set[tuple[Frame, int]] = set()
        self._leaves: dict[tuple[Frame, int], tuple[int, ...]] = {}
        self._variables: dict[Frame, dict[str, frozenset[int]]] = {}
        self._valued: dict[Frame, frozenset[str]] = {}
        self._captured: dict[Body, frozenset[str]] = {}

    def leaves(self, frame: Frame, node: int) -> tuple[int, ...]:
        """The nodes of which a node is one, whichever way was taken."""
        key = (frame, node)
        if key not in self._leaves:
            self._leaves[key] = self._unfolded(frame, node)
        return self._leaves[key]

    def _unfolded(self, frame: Frame, node: int) -> tuple[int, ...]:
        nodes = frame.body.nodes
        found: dict[int, None] = {}
        seen: set[int] = set()
        pending = [node]
        while pending:
            current = pending.pop()
            if current < 0 or current in seen:
                continue
            seen.add(current)
            operands = nodes[current]
            if operands[0] == "phi" and len(operands) == 2:
                pending += reversed(operands[1])
            elif operands[0] == "narrow":
                pending.append(operands[3])
            elif operands[0] == "declare":
                pending.append(operands[1])
            elif operands[0] == "unpack" and (part := self._part(frame, operands)) >= 0:
                pending.append(part)
            else:
                found[current] = None
        return tuple(found)

    def _part(self, frame: Frame, operands: tuple[int, ...]) -> int:
        """The element of a display that is unpacked, -1 where it is no display."""
        source = operands[1]
        while len(inputs := _only_input(frame.body.nodes[source])) == 1 and inputs[0] < source:
            source = inputs[0]
        display = frame.body.nodes[source]
        if display[0] != "seq" or any(starred for starred, _ in display[2]) or operands[4]:
            return -1
        position = operands[2]
        return int(display[2][position][1]) if -len(display[2]) <= position < len(display[2]) else -1

    # --- spots

    def spot(self, frame: Frame, node: int, status: Status) -> Spot:
        """Where the object of a node is found, unless something else stands for that."""
        leaves = self.leaves(frame, node)
        if len(leaves) != 1:
            read = self._reads(frame, node, leaves, status)
            return read.pop() if len(read) == 1 else self._assigned(frame, node, status)
        leaf = leaves[0]
        operands = read_by(frame.body.nodes[leaf])
        if operands[0] == "attr" and entry(status, Spot((frame, leaf))) is not None:
            return Spot((frame, leaf))  # what was read before the last write
        match operands[0]:
            case "attr" if not frame.edges.get(leaf) or operands[2] == self.relation.field:
                return self.spot(frame, operands[1], status).below(operands[2])
            case "item":
                key = frame.body.nodes[operands[2]]
                if key[0] == "const":
                    return self.spot(frame, operands[1], status).below(f"[{key[1]!r}]")
            case "own":
                return Spot(("variable", frame.body, operands[1]))
            case "free":
                return self._free(frame, operands[1], operands[2])
            case "global":
                return Spot(("global", frame.unit.name, operands[1]))
            case "call" if frame.body.params and any(isinstance(v, Super) for v in self.engine.read(frame, leaf)):
                return Spot((frame, 0))
        return Spot((frame, leaf))

    def _reads(self, frame: Frame, node: int, leaves: tuple[int, ...], status: Status) -> set[Spot]:
        """What some nodes read that all read an attribute of one name; nothing while that is being asked."""
        if (frame, node) in self._asked or not self._are_reads(frame, leaves):
            return set()
        self._asked.add((frame, node))
        found = {self.spot(frame, leaf, status) for leaf in leaves}
        self._asked.discard((frame, node))
        return found

    def _are_reads(self, frame: Frame, leaves: tuple[int, ...]) -> bool:
        """Whether all nodes read an attribute of one name."""
        nodes = [read_by(frame.body.nodes[leaf]) for leaf in leaves]
        return bool(nodes) and all(n[0] == "attr" and n[2] == nodes[0][-1] for n in nodes)

    def _free(self, frame: Frame, name: str, depth: int) -> Spot:
        outer = frame.closure
        while outer is not None and depth:
            outer, depth = outer.closure, depth - 1
        return Spot(("variable", outer.body if outer is not None else frame.unit.name, name))

    # --- variables that are assigned more than once

    def variables(self, frame: Frame) -> dict[str, frozenset[int]]:
        """The local variables that can be one of several objects, with the nodes that these come from."""
        if frame not in self._variables:
            found = {
                name: frozenset(leaf for version in versions for leaf in self.leaves(frame, version))
                for name, versions in frame.body.versions.items()
            }
            self._variables[frame] = {
                name: leaves
                for name, leaves in found.items()
                if len(leaves) > 1 and any(self.is_tracked(frame, leaf) for leaf in leaves)
            }
        return self._variables[frame]

    def choices(self, frame: Frame) -> frozenset[str]:
        """The local variables that hold one state or another."""
        if frame not in self._valued:
            versions = frame.body.versions.items()
            held = (name for name, nodes in versions if len(nodes) > 1 and self._holds_states(frame, nodes))
            self._valued[frame] = frozenset(held)
        return self._valued[frame]

    def _holds_states(self, frame: Frame, nodes: list[int]) -> bool:
        values = [v for node in nodes if node >= 0 for v in self.engine.read(frame, node)]
        return any(isinstance(v, Member) and v.info is self.relation.info for v in values)

    def captured(self, frame: Frame) -> frozenset[str]:
        """The variables of a function that functions inside of it see."""
        body, bodies = frame.body, frame.unit.facts.bodies
        if body not in self._captured:
            inner, names = {body.index}, {n[1] for n in body.nodes if n[0] == "own"}
            for other in bodies[body.index + 1 :] if body.index >= 0 else ():
                if other.parent in inner:
                    inner.add(other.index)
                    names |= {n[1] for n in other.nodes if n[0] == "free"}
            self._captured[body] = frozenset(names)
        return self._captured[body]

    def assigned(self, frame: Frame, name: str, status: Status, node: int) -> Status:
        """The status when a variable has got the object of a node."""
        spot = Spot((frame, name))
        target = self.found(frame, node, status)
        return put(without(status, spot.holds), spot, Same(target)) if target != spot else status

    def _assigned(self, frame: Frame, node: int, status: Status) -> Spot:
        """What a variable is on this path: what it was assigned last."""
        own = Spot((frame, node))
        if entry(status, own) is not None:
            return own
        wanted = set(self.leaves(frame, node))
        names = [n for n, leaves in self.variables(frame).items() if wanted <= leaves]
        held = {resolved(status, Spot((frame, n))) for n in names if any(s.root == (frame, n) for s, _ in status)}
        return held.pop() if len(held) == 1 else own

    def is_tracked(self, frame: Frame, node: int) -> bool:
        """Whether a node can be an object with the field."""
        values = self.engine.read(frame, node)
        if any(isinstance(v, Instance) and v.info in self.relation.classes for v in values):
            return True
        leaves = self.leaves(frame, node)
        operands = frame.body.nodes[leaves[0]] if len(leaves) == 1 else ("",)
        if operands[0] != "call" or not operands[2] or operands[2][0][1] >= leaves[0]:
            return False
        callees = self.engine.read(frame, operands[1])
        copies = any(isinstance(v, External) and v.path in (*COPIES, *REPLACES) for v in callees)
        return copies and self.is_tracked(frame, operands[2][0][1])

    def found(self, frame: Frame, node: int, status: Status) -> Spot:
        """Where the object of a node is found now."""
        return resolved(status, self.spot(frame, node, status))

    def known(self, status: Status, spot: Spot) -> Known:
        """What is known of the object's state."""
        found = entry(status, resolved(status, spot))
        return found if isinstance(found, Known) else self.relation.unknown

    def state_of(self, frame: Frame, node: int, status: Status) -> Spot | None:
        """The object whose field a node reads, if it does."""
        leaves = self.leaves(frame, node)
        if not leaves or (len(leaves) > 1 and not self._are_reads(frame, leaves)):
            return None
        spot = self.found(frame, node, status)
        if not spot.path or spot.path[-1] != self.relation.field:
            return None
        operands = read_by(frame.body.nodes[leaves[0]])
        if operands[0] == "attr" and operands[2] == self.relation.field and not self.is_tracked(frame, operands[1]):
            return None
        return Spot(spot.root, spot.path[:-1])

    # --- expressions that are one of several objects

    def chosen(self, frame: Frame, node: int, name: str, status: Status) -> set[Status]:
        """The statuses in which what a variable is assigned is one of the objects that it can be."""
        former = [Spot((frame, name)), *([Spot((frame, node))] if len(self.leaves(frame, node)) > 1 else [])]
        return self.settled(frame, node, without(status, lambda spot: any(old.holds(spot) for old in former)))

    def settled(self, frame: Frame, node: int, status: Status) -> set[Status]:
        """The statuses in which an expression that can be one of several objects is one of them."""
        for part in self._bases(frame, node):
            if len(self.leaves(frame, part)) > 1 and self._assigned(frame, part, status) == Spot((frame, part)):
                return self._choices(frame, part, status)
        return {status}

    def _bases(self, frame: Frame, node: int) -> list[int]:
        """The node, and those by which its object is reached."""
        found = [node]
        while len(leaves := self.leaves(frame, found[-1])) == 1 and read_by(frame.body.nodes[leaves[0]])[0] == "attr":
            found.append(read_by(frame.body.nodes[leaves[0]])[1])
        return found

    def _choices(self, frame: Frame, node: int, status: Status) -> set[Status]:
        spot = Spot((frame, node))
        if entry(status, spot) is not None:
            return {status}
        inputs = [leaf for leaf in self.leaves(frame, node) if frame.body.nodes[leaf][0] not in ("const", "literal", "func")]
        spots = dict.fromkeys(self.found(frame, leaf, status) for leaf in inputs if self._has_run(frame, leaf, status))
        if len(spots) == 1:
            return {put(status, spot, Same(next(iter(spots))))}
        opened = status
        for other in spots:
            if entry(status, other) is not None:
                opened = put(opened, other, self.relation.unknown)
        return {put(opened, spot, self.known(status, other)) for other in spots} or {status}

    def _has_run(self, frame: Frame, leaf: int, status: Status) -> bool:
        """Whether a node that makes its object has been executed on this path; others may always have been."""
        if frame.body.nodes[leaf][0] not in MADE or not self.is_tracked(frame, leaf):
            return True
        return any(s.root == (frame, leaf) for s, _ in status)

    def next_round(self, frame: Frame, start: int, status: Status) -> Status:
        """A new round of a loop: what its nodes made in the last one is known by the variables that hold it, if at all."""

        def is_old(spot: Spot) -> bool:
            return len(spot.root) == 2 and spot.root[0] is frame and isinstance(spot.root[1], int) and spot.root[1] > start

        return without(status, is_old)


def read_by(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a node reads, also where it reads what has just been stored."""
    return tuple(operands[2:]) if operands[0] == "phi" and len(operands) > 2 else operands


def _only_input(operands: tuple[Any, ...]) -> tuple[int, ...]:
    """What a version of a variable is a copy of."""
    if operands[0] == "phi" and len(operands) == 2:
        return tuple(operands[1])
    return (operands[3],) if operands[0] == "narrow" else (operands[1],) if operands[0] == "declare" and operands[1] >= 0 else ()
