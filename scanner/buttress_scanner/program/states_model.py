"""What is known, at one point of a path, of the state of objects: the entries of a status, and the relation that they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from buttress_scanner.program.enums import enum_member, enum_members, members_of_value
from buttress_scanner.program.frames import Frame
from buttress_scanner.program.values import Const, Member, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site

NEW = ""
"""The state of an object to whose field nothing has been written yet."""
_ALIASES = 8
_OUTCOME = "<outcome>"


class Spot(NamedTuple):
    """Where an object is found: at a node of a frame or in a variable, and from there by attributes and constant keys."""

    root: tuple[Any, ...]
    path: tuple[str, ...] = ()

    def below(self, *names: str) -> Spot:
        """What the object here holds under these names."""
        return Spot(self.root, (*self.path, *names))

    def holds(self, other: Spot) -> bool:
        """Whether the other is this one, or is reached from it."""
        return self.root == other.root and other.path[: len(self.path)] == self.path


class Known(NamedTuple):
    """The states in which an object can be."""

    names: frozenset[str]
    sure: bool
    """Whether each of them is reached on some path, or named by a test; else they are merely not ruled out."""
    since: Site | None = None
    """Where it got there."""


class Same(NamedTuple):
    """The object, or the field, that is found elsewhere too."""

    spot: Spot


class Held(NamedTuple):
    """The plain values that a variable or a result can have."""

    values: frozenset[Value]
    sure: bool


Entry = Known | Same | Held
Status = frozenset[tuple[Spot, Entry]]
EMPTY: Status = frozenset()
RESULT = Spot(("result",))
"""What a function gives back."""


class Deed(NamedTuple):
    """A write that the relation does not list."""

    body: Body
    node: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    unsure: bool = False


class Relation:
    """An enum whose members are the states, the field that holds them, and which may follow which."""

    def __init__(
        self,
        engine: Engine,
        info: ClassInfo,
        field: str,
        classes: frozenset[ClassInfo],
        initial: Iterable[str],
        following: Mapping[str, Iterable[str]],
    ) -> None:
        """Give every member its first name.

        Args:
            engine: the solved engine.
            info: the enum.
            field: the name of the field.
            classes: the classes whose objects have it.
            initial: the members with which an object may begin.
            following: for each member those that may follow it.
        """
        self.engine = engine
        self.info = info
        self.field = field
        self.classes = classes
        self.first = {name: enum_member(engine, info, name).name for name in enum_members(engine, info)}
        self.initial = frozenset(self.first[name] for name in initial)
        self.following = {self.first[n]: frozenset(self.first[after] for after in others) for n, others in following.items()}
        self.names = frozenset(self.first.values())
        self.unknown = Known(self.names, sure=False)

    def is_lawful(self, before: str, after: str) -> bool:
        """Whether one state may follow the other."""
        return after in (self.initial if before == NEW else self.following.get(before, ()))

    def member(self, name: str) -> Member:
        """The member of a name."""
        found: Member = enum_member(self.engine, self.info, name)
        return found

    def members(self, names: Iterable[str]) -> frozenset[Value]:
        """The members of some names."""
        return frozenset(self.member(name) for name in names if name != NEW)

    def name_of(self, value: Value) -> str | None:
        """The state that a value stands for: a member, or the plain value of one."""
        if isinstance(value, Member):
            return self.first.get(value.name) if value.info is self.info else None
        if isinstance(value, Const) and isinstance(value.value, (str, int)) and not isinstance(value.value, bool):
            found = {self.first[name] for name in members_of_value(self.engine, self.info, value)}
            return found.pop() if len(found) == 1 else None
        return None


# --- reading and writing a status


def entry(status: Status, spot: Spot) -> Entry | None:
    """The entry of just this spot."""
    return next((e for s, e in status if s == spot), None)


def in_order(status: Status) -> list[tuple[Spot, Entry]]:
    """The entries, objects before what they hold, always in the same order."""
    return sorted(status, key=lambda each: (len(each[0].path), each[0].path, _root_order(each[0].root)))


def _root_order(root: tuple[Any, ...]) -> tuple[str, ...]:
    parts = ((p.unit.name, f"{p.body.index:09}") if isinstance(p, Frame) else (getattr(p, "qualname", p),) for p in root)
    return tuple(f"{text:09}" if isinstance(text, int) else str(text) for part in parts for text in part)


def resolved(status: Status, spot: Spot) -> Spot:
    """The spot itself, reached through whatever stands for it."""
    for _ in range(_ALIASES):
        same = [(s, e) for s, e in status if isinstance(e, Same) and s.holds(spot)]
        if not same:
            break
        outer, found = max(same, key=lambda each: len(each[0].path))
        spot = found.spot.below(*spot.path[len(outer.path) :])
    return spot


def put(status: Status, spot: Spot, new: Entry) -> Status:
    """The status with another entry for a spot."""
    return frozenset((s, e) for s, e in status if s != spot) | {(spot, new)}


def without(status: Status, is_gone: Callable[[Spot], bool]) -> Status:
    """The status without some spots; what others know through them, they keep."""
    if not any(is_gone(s) or (isinstance(e, Same) and is_gone(e.spot)) for s, e in status):
        return status
    kept: dict[Spot, Entry] = {}
    for spot, found in status:
        if is_gone(spot):
            continue
        if isinstance(found, Same) and is_gone(found.spot):
            target = resolved(status, found.spot)
            for other, inner in status:
                if target.holds(other) and not isinstance(inner, Same):
                    kept.setdefault(spot.below(*other.path[len(target.path) :]), inner)
        else:
            kept[spot] = found
    return frozenset(kept.items())


def ended_early(frame: Frame, part: int) -> Spot:
    """Where it is noted how a part of ``and`` or ``or`` has come out."""
    return Spot((frame, _OUTCOME, part))


def is_note(spot: Spot) -> bool:
    """Whether a spot is such a note."""
    return spot.root[1:2] == (_OUTCOME,)


def merged(statuses: Iterable[Status]) -> Status:
    """What all of the statuses say, each object with all states that it has in any of them."""
    every = [dict(status) for status in statuses]
    found: dict[Spot, Entry] = {}
    for spot, first in every[0].items():
        entries = [each.get(spot) for each in every]
        if all(e == first for e in entries):
            found[spot] = first
        elif all(isinstance(e, Known) for e in entries):
            known = [e for e in entries if isinstance(e, Known)]
            found[spot] = Known(frozenset().union(*(e.names for e in known)), all(e.sure for e in known))
    return frozenset(found.items())
