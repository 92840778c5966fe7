"""Changes of guarded objects after their construction: attributes, and the containers that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.contracts._family import held
from buttress_scanner.program.carrying import operands_of
from buttress_scanner.program.containers import LOOKED_UP
from buttress_scanner.program.plausible import fits
from buttress_scanner.program.precedence import can_follow, is_followed_by, loops_around
from buttress_scanner.program.values import Box, Function, Instance, Method, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.contracts._family import Family
    from buttress_scanner.contracts._making import Making
    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Frame, Site
    from buttress_scanner.program.origins import Origins, Place, Read

_SUBJECT = {"setattr": 1, "delattr": 1, "setitem": 1, "delitem": 1, "aug": 2}
"""Where a node names what it changes."""
_COPYING = ("pydantic.",)
"""Libraries whose constructors copy the containers that they are given."""


@dataclass(frozen=True, slots=True)
class Change:
    """A write to an object of a guarded class, or to a container that it holds."""

    site: Site
    owner: Value
    what: str
    is_whole: bool
    """Whether the object itself is written to, not what it holds."""
    steps: tuple[tuple[Frame, int, str], ...]


def subjects_of(frame: Frame, node: int) -> list[int]:
    """The operands of a node that name what it changes."""
    operation = frame.body.nodes[node]
    place = _SUBJECT.get(operation[0])
    return [operation[place]] if place is not None else operands_of(operation)


def is_incidental(what: str) -> bool:
    """Whether only an iterator has moved on, or a look-up has put the default into a container."""
    return what.startswith("the position") or what == LOOKED_UP


@dataclass(slots=True)
class Changes:
    """What changes guarded objects, place by place."""

    program: Program
    family: Family
    origins: Origins
    making: Making
    judged: int = 0
    _held: dict[Value, list[Value]] = field(default_factory=dict)

    def after_construction(self) -> Iterator[Change]:
        """Yield every change of an object that is complete.

        A function is judged as its callers call it; as anybody may call it only where no caller gives it a guarded object.
        """
        self._held = held(self.program.engine, self.family)
        places: dict[tuple[str, int, int], list[tuple[bool, Change | None]]] = {}
        for site, changed in (self.program.engine.changes or {}).items():
            frame, node = site
            if not frame.active:
                continue
            for target, what in changed.items():
                if is_incidental(what):
                    continue
                for verdict in self._judge(site, target, what):
                    key = (frame.unit.name, frame.body.index, node)
                    places.setdefault(key, []).append((frame.key == "anybody", verdict))
        self.judged = len(places)
        for key in sorted(places):
            called = [verdict for anybody, verdict in places[key] if not anybody]
            yield from (v for v in called or [v for _, v in places[key]] if v is not None)
        yield from self._made_again()

    def undecided(self) -> Iterator[tuple[Frame, int, str]]:
        """Yield stores to attributes that guarded objects have, on receivers of which nothing is known."""
        engine = self.program.engine
        names = {name for info in self.family.infos for name in info.body.annotations}
        names |= {n for i in self.family.infos for b in _methods(i) for n in engine.bodies[b].stored_attributes}
        for frame in self.program.frames():
            if frame.key != "anybody" and frame.body.kind == "function":
                continue
            for node, operation in enumerate(frame.body.nodes):
                if operation[0] in ("setattr", "delattr") and operation[2] in names:
                    values = self.origins.values(frame, operation[1])
                    if not values or any(isinstance(v, Unknown) for v in values):
                        reasons = sorted(v.reason for v in values if isinstance(v, Unknown))
                        yield frame, node, reasons[0] if reasons else "nothing is known of the receiver"

    def _judge(self, site: Site, target: Value, what: str) -> Iterator[Change | None]:
        """Yield a change, or None where a guarded object is still being made."""
        whole = _whole(target)
        if self.family.guards(whole):
            if self._fits(site, whole):
                yield self._of_object(site, whole, what)
        elif target in self._held:
            yield from self._of_container(site, target, what)

    def _fits(self, site: Site, target: Value) -> bool:
        frame, node = site
        subjects = [o for o in subjects_of(frame, node) if target in self.origins.values(frame, o)]
        return not subjects or any(fits(self.program.engine, frame, o, target) for o in subjects)

    def _of_object(self, site: Site, target: Value, what: str) -> Change | None:
        frame, node = site
        subjects = [o for o in subjects_of(frame, node) if self.origins.carries(frame, o, target)]
        if subjects and all(self.making.at(frame, o, target) for o in subjects):
            return None
        if not subjects and self.making.is_writer(frame):
            return None
        return Change(site, target, what, True, ((frame, node, f"changes {what}"),))

    def _of_container(self, site: Site, target: Value, what: str) -> Iterator[Change | None]:
        found: list[tuple[Value, tuple[tuple[Frame, int, str], ...]]] = []
        lawful: list[Read] = []

        def ends(read: Read) -> bool:
            place = read.place
            values = self.origins.values(place.frame, read.receiver)
            owners = [o for v in values if (o := self.family.owner(v)) is not None]
            owners = [o for o in owners if o not in values or fits(self.program.engine, place.frame, read.receiver, o)]
            guilty = [o for o in owners if not self.making.at(place.frame, read.receiver, o, place.calls, site[0])]
            copied = self.making.copied_in(place.frame, read.receiver, place.calls) if owners and not guilty else None
            if copied is not None and not _is_of(place.target, copied):
                guilty = owners
            if guilty:
                taken = (place.frame, place.node, "takes the container out of the object")
                found.append((guilty[0], (taken, *self._way(place, what))))
            elif owners:
                lawful.append(read)
            return bool(owners)

        def visit(place: Place) -> None:
            if not place.calls:
                kept = self._kept_before(place, place.target)
                if kept is not None:
                    frame, node, owner = kept
                    found.append((owner, ((frame, node, "the object keeps the container"), *self._way(place, what))))

        self.origins.walk(site, subjects_of(*site), target, ends, visit)
        if found:
            owner, steps = min(found, key=lambda each: len(each[1]))
            yield Change(site, owner, what, False, steps)
        elif lawful:
            yield None

    def _way(self, place: Place, what: str) -> list[tuple[Frame, int, str]]:
        """The steps from where the container is taken to the deed."""
        passed = [(frame, node, "passes it on") for frame, node in place.trail[:-1]]
        return [*passed, (*place.trail[-1], f"changes {what}")]

    # --- containers that were given to an object before they are changed

    def _kept_before(self, place: Place, target: Value) -> tuple[Frame, int, Value] | None:
        """The place in the same function at which a guarded object got the container, if that runs before the change."""
        frame, deed = place.base
        owners = self._held.get(target, ())
        if not owners or place.frame is not frame:
            return None
        for node, operation in enumerate(frame.body.nodes):
            if operation[0] == "call" and self._gives(frame, operation, target):
                owner = self._made_here(frame, node, owners)
            elif operation[0] == "setattr" and self.origins.carries(frame, operation[3], target):
                owner = self._stored_here(frame, operation[1], owners)
            else:
                continue
            if owner is not None and node != deed and self._precedes(frame, node, deed, target):
                return frame, node, owner
        return None

    def _gives(self, frame: Frame, operation: Node, target: Value) -> bool:
        """Whether a call is given the container, or something that holds it."""
        operands = operands_of(operation)[1:]
        return any(self.origins.carries(frame, o, target) or self.origins.holders(frame, o, target) for o in operands)

    def _made_here(self, frame: Frame, node: int, owners: list[Value]) -> Value | None:
        for value in self.origins.values(frame, node):
            copies = isinstance(value, Instance) and any(path.startswith(_COPYING) for path in value.info.externals)
            if value in owners and not copies:
                return value
        return None

    def _stored_here(self, frame: Frame, receiver: int, owners: list[Value]) -> Value | None:
        for value in self.origins.values(frame, receiver):
            if value in owners and not self.making.at(frame, receiver, value):
                return value
        return None

    def _precedes(self, frame: Frame, node: int, deed: int, target: Value) -> bool:
        """Whether the deed can run after the node; in a loop also one that stands before it, if the container is older."""
        body = frame.body
        if can_follow(body, node, deed):
            return True
        made = target.site[1] if isinstance(target, Box) and isinstance(target.site, tuple) and target.site[0] is frame else -1
        shared = [r for r in loops_around(body, node) if r in loops_around(body, deed) and not _within(made, r)]
        return bool(shared) and not _is_left(body, node) and not self._is_replaced(frame, node, shared[0], target)

    def _is_replaced(self, frame: Frame, node: int, loop: tuple[int, int], target: Value) -> bool:
        """Whether the variable gets another container in the same round, behind the node."""
        for _, name, version in frame.body.stores:
            if _within(version, loop) and is_followed_by(frame.body, node, version):
                others = frame.body.versions.get(name, ())
                before = any(self.origins.carries(frame, v, target) for v in others)
                if before and not self.origins.carries(frame, version, target):
                    return True
        return False

    def _made_again(self) -> Iterator[Change]:
        """Yield explicit calls of the constructor on an object that is complete: ``order.__init__(...)``."""
        for frame in self.program.frames():
            for node, operation in enumerate(frame.body.nodes):
                if operation[0] != "call" or frame.body.nodes[operation[1]][0] != "attr":
                    continue
                if frame.body.nodes[operation[1]][2] != "__init__":
                    continue
                target = self._constructed(frame, node)
                if target is not None:
                    steps = ((frame, node, "runs the constructor again"),)
                    yield Change((frame, node), target, "the attributes", True, steps)

    def _constructed(self, frame: Frame, node: int) -> Value | None:
        """The complete object on which a call runs a constructor of its class."""
        operation = frame.body.nodes[node]
        for value in self.origins.values(frame, operation[1]):
            target: Value | None
            if isinstance(value, Method) and self.family.guards(value.receiver):
                operand, target = operation[1], value.receiver
            elif isinstance(value, Function) and operation[2]:
                operand = operation[2][0][1]
                target = next((v for v in self.origins.values(frame, operand) if self.family.guards(v)), None)
            else:
                continue
            if target is not None and not self.making.at(frame, operand, target):
                return target
        return None


def _methods(info: ClassInfo) -> list[Body]:
    return [b for b in info.unit.facts.bodies if b.parent == info.body.index and b.kind == "function"]


def _is_of(target: Value, frame: Frame) -> bool:
    """Whether a container was made by the function itself."""
    return isinstance(target, Box) and isinstance(target.site, tuple) and target.site[0] is frame


def _whole(target: Value) -> Value:
    """The object that a container is the inside of, for objects that are containers themselves."""
    if isinstance(target, Box) and isinstance(target.site, tuple) and target.site[0] == "inside":
        inner: Value = target.site[1]
        return inner
    return target


def _within(node: object, places: tuple[int, int]) -> bool:
    return isinstance(node, int) and places[0] <= node <= places[1]


def _is_left(body: Body, node: int) -> bool:
    """Whether the node is part of what the function returns."""
    return any(entry[0] == "return" and entry[2] <= node < entry[3] for entry in body.tree)
