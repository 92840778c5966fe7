"""What an observer must not do with the objects that it observes: use other members, make any, change what they lead to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.contracts._changes import is_incidental, subjects_of
from buttress_scanner.contracts._family import symbol
from buttress_scanner.program.carrying import is_made_at
from buttress_scanner.program.classes import fields, is_record, linearise
from buttress_scanner.program.contents import elements
from buttress_scanner.program.makers import made_with
from buttress_scanner.program.origins import Origins, Place, Read
from buttress_scanner.program.plausible import fits
from buttress_scanner.program.reach import order_of
from buttress_scanner.program.values import (
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maker,
    Member,
    Method,
    Partial,
    Super,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.contracts._family import Family
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame, Site

_LOOKS = frozenset({
    "__class__", "__name__", "__qualname__", "__module__", "__doc__", "__repr__", "__str__", "__format__", "__hash__",
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__annotations__", "__mro__", "__bases__",
})  # fmt: skip
"""What every object has, and what comparing and showing one runs."""
_MAKING = ("__init__", "__new__", "__post_init__")
_READERS = ("builtins.getattr", "builtins.object.__getattribute__", "inspect.getattr_static")
_WHOLE = (
    "builtins.vars", "dataclasses.asdict", "dataclasses.astuple", "attr.asdict", "attr.astuple", "attrs.asdict", "attrs.astuple",
)  # fmt: skip
"""Functions that read every field."""
_TAKEN = ("attrgetter", "methodcaller")


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that an observer must not do, at the place that does it."""

    site: Site
    message: str
    proven: bool
    steps: tuple[tuple[Frame, int, str], ...]


@dataclass(slots=True)
class Breaches:
    """Answers for one contract."""

    program: Program
    family: Family
    members: frozenset[str]
    may_construct: bool
    zone: frozenset[str]
    judged: set[Site] = field(default_factory=set)
    undecided: dict[Site, str] = field(default_factory=dict)
    _origins: Origins = field(init=False)
    _near: dict[Frame, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._origins = Origins(self._engine, self.program.frames())

    @property
    def _engine(self) -> Engine:
        return self.program.engine

    def all(self) -> Iterator[Breach]:
        """Yield every breach in the zone and in what it calls, the subjects' own code apart."""
        self._near = self._reached()
        for frame in self._near:
            for index, node in enumerate(frame.body.nodes):
                yield from self._of_node(frame, index, node)
                yield from self._implicit(frame, index, node)
            self._count_unknown(frame)
        for site, changed in (self._engine.changes or {}).items():
            if site[0] in self._near:
                for target, what in changed.items():
                    if not is_incidental(what):
                        yield from self._changes(site, target, what)

    def is_own(self, frame: Frame) -> bool:
        """Whether the code is that of a subject itself."""
        owner = self._owner(frame)
        return owner in self.family.infos and (owner in self.family.roots or frame.unit.name not in self.zone)

    def _owner(self, frame: Frame) -> ClassInfo | None:
        scope: Frame | None = frame
        while scope is not None and scope.owner is None:
            scope = scope.closure
        owner: ClassInfo | None = scope.owner if scope is not None else None
        return owner

    def _reached(self) -> dict[Frame, None]:
        """The frames of the zone and those that they call, the subjects' own apart."""
        found = {f: None for f in self.program.frames() if f.unit.name in self.zone and not self.is_own(f)}
        queue = deque(found)
        while queue:
            frame = queue.popleft()
            for node, callees in sorted(frame.edges.items()):
                if frame.body.nodes[node][0] in ("import", "from", "star"):
                    continue
                for callee in callees:
                    if callee not in found and not self.is_own(callee):
                        found[callee] = None
                        queue.append(callee)
            for wrapper in (w for node in range(len(frame.body.nodes)) for w in self.wrappers(frame, node)):
                if wrapper not in found:
                    found[wrapper] = None
                    queue.append(wrapper)
        return found

    def wrappers(self, frame: Frame, node: int) -> list[Frame]:
        """The frames of functions of others that a decorator puts around a function of the zone: they run whenever it does."""
        if frame.unit.name not in self.zone or frame.body.nodes[node][0] != "deco":
            return []
        found: list[Frame] = []
        for value in self._values(frame, node):
            inner: object = value
            while isinstance(inner, (Maker, Method, Partial)):
                inner = inner.function
            if isinstance(inner, Function) and inner.closure is not None and inner.unit.name not in self.zone:
                found += self._engine.frames.get(inner, {}).values()
        return sorted(found, key=order_of)

    def _values(self, frame: Frame, node: int) -> list[Value]:
        cell = frame.cells[node]
        return list(cell.values) if cell is not None else []

    def _subjects(self, frame: Frame, node: int) -> list[Value]:
        return [v for v in self._values(frame, node) if self.family.guards(v)]

    # --- members

    def _of_node(self, frame: Frame, index: int, node: Node) -> Iterator[Breach]:
        match node[0]:
            case "attr":
                yield from self._named(frame, index, node[1], node[2])
            case "phi" if len(node) > 2 and node[2] == "attr":
                yield from self._named(frame, index, node[3], node[4])
            case "matchpos":
                for value in self._subjects(frame, node[1]):
                    names = [name for name, *_ in fields(self._engine, value.info)]  # type: ignore[attr-defined]
                    if node[2] < len(names):
                        yield from self._used(frame, index, value, names[node[2]])
            case "call":
                yield from self._called(frame, index, node)
                yield from self._made(frame, index, node)

    def _named(self, frame: Frame, index: int, receiver: int, name: str) -> Iterator[Breach]:
        """A member after a dot: of an object, of its class, of ``super()``."""
        for each in self._values(frame, receiver):
            value = each.receiver if isinstance(each, Super) else each
            guarded = self.family.guards(value) and fits(self._engine, frame, receiver, value)
            if guarded or (isinstance(value, Class) and value.info in self.family.infos):
                yield from self._used(frame, index, value, name)

    def _used(self, frame: Frame, index: int, value: Value, name: str, *, how: str = "uses") -> Iterator[Breach]:
        self.judged.add((frame, index))
        if name in self.members or name in _LOOKS or self._is_of_zone(value, name):
            return
        message = f"{how} {_name(value)}.{name}, which an observer may not use"
        yield Breach((frame, index), message, True, ((frame, index, f"{how} {_name(value)}.{name}"),))

    def _is_of_zone(self, value: Value, name: str) -> bool:
        """Whether only a class of the zone itself, derived from a subject, has the member."""
        info = value.info if isinstance(value, (Instance, Member, Class)) else None
        if info is None or info.unit.name not in self.zone or info in self.family.roots:
            return False
        above = [i for i in linearise(self._engine, info) if i in self.family.infos and i.unit.name not in self.zone]
        return not any(name in i.body.exit or name in i.body.annotations or ("any", i, name) in self._engine.heap for i in above)

    def _called(self, frame: Frame, index: int, node: Node) -> Iterator[Breach]:
        """Members that are named by a value: ``getattr(x, name)``, ``attrgetter``, ``methodcaller``, ``vars(x)``."""
        given = [o for _, o in (*node[2], *node[3])]
        for callee in self._values(frame, node[1]):
            if isinstance(callee, External) and callee.path in _READERS and len(given) > 1:
                for value in self._subjects(frame, given[0]):
                    yield from self._by_text(frame, index, value, self._values(frame, given[1]))
            elif isinstance(callee, External) and callee.path in _WHOLE and given:
                for value in self._subjects(frame, given[0]):
                    yield from self._all_fields(frame, index, value, callee.path)
        takers = [v for o in (node[1], *given) for v in self._values(frame, o) if isinstance(v, Maker) and v.kind in _TAKEN]
        for taker in takers:
            made = made_with(self._engine, taker)
            names = made.positional if taker.kind == "attrgetter" else made.positional[:1]
            for value in self._near_subjects(frame, given):
                for texts in names:
                    yield from self._by_text(frame, index, value, texts)

    def _near_subjects(self, frame: Frame, operands: list[int]) -> list[Value]:
        """The subjects among arguments and the elements of arguments."""
        found: dict[Value, None] = {}
        for operand in operands:
            for value in self._values(frame, operand):
                inner = elements(self._engine, value) if isinstance(value, Box) else [value]
                found.update(dict.fromkeys(v for v in inner if self.family.guards(v)))
        return list(found)

    def _by_text(self, frame: Frame, index: int, value: Value, texts: list[Value]) -> Iterator[Breach]:
        known = [v.value for v in texts if isinstance(v, Const) and isinstance(v.value, str)]
        for text in known:
            yield from self._used(frame, index, value, text.partition(".")[0])
        if len(known) < len(texts) or not texts:
            self.judged.add((frame, index))
            message = f"uses a member of {_name(value)} whose name is not known"
            yield Breach((frame, index), message, False, ((frame, index, message),))

    def _all_fields(self, frame: Frame, index: int, value: Value, path: str) -> Iterator[Breach]:
        info = value.info if isinstance(value, (Instance, Member)) else None
        names = [name for name, *_ in fields(self._engine, info)] if info is not None and is_record(self._engine, info) else []
        if path == "builtins.vars" or any(name not in self.members for name in names):
            yield from self._used(frame, index, value, "__dict__")

    def _implicit(self, frame: Frame, index: int, node: Node) -> Iterator[Breach]:
        """Special methods of a subject that a statement or operator runs."""
        if node[0] in ("attr", "class", "import", "from", "star") or node[:2] in (("un", "repr"), ("un", "format")):
            return
        for callee in frame.edges.get(index, ()):
            name = callee.body.name
            special = name.startswith("__") and name.endswith("__") and name not in _MAKING and name not in _LOOKS
            if special and callee.owner in self.family.infos and callee.body.kind == "function" and name not in self.members:
                message = f"runs {callee.symbol}, which an observer may not use"
                if name not in ("__set_name__", "__init_subclass__", "__setattr__", "__getattr__", "__getattribute__"):
                    yield Breach((frame, index), message, True, ((frame, index, f"runs {callee.symbol}"),))

    # --- construction

    def _made(self, frame: Frame, index: int, node: Node) -> Iterator[Breach]:
        if self.may_construct:
            return
        made = [v for v in self._values(frame, index) if self.family.guards(v) and is_made_at(v, frame, index)]
        for callee in self._values(frame, node[1]):
            if isinstance(callee, Class) and callee.info in self.family.infos:
                made += self._subjects(frame, index)
        for value in made[:1]:
            self.judged.add((frame, index))
            message = f"makes an object of {_name(value)}, which an observer may not do"
            yield Breach((frame, index), message, True, ((frame, index, f"makes {_name(value)}"),))

    # --- changes

    def _changes(self, site: Site, target: Value, what: str) -> Iterator[Breach]:
        frame, node = site
        if self.family.guards(target):
            named = [o for o in subjects_of(frame, node) if target in self._values(frame, o)]
            if self._owner(frame) in self.family.infos or (
                named and not any(fits(self._engine, frame, o, target) for o in named)
            ):
                return
            self.judged.add(site)
            yield Breach(site, f"changes {what} of {_name(target)}", True, ((frame, node, f"changes {what}"),))
            return
        if isinstance(target, Instance) and target.info.unit.name in self.zone:
            return
        yield from self._reachable(site, target, what)

    def _reachable(self, site: Site, target: Value, what: str) -> Iterator[Breach]:
        found: dict[Site, tuple[Value, Place]] = {}

        def ends(read: Read) -> bool:
            place = read.place
            owners = [o for v in self._values(place.frame, read.receiver) if (o := self.family.owner(v)) is not None]
            at = self._place_of(place) if owners else None
            if at is not None and (at not in found or len(found[at][1].trail) > len(place.trail)):
                found[at] = (owners[0], place)
            return bool(owners)

        self._origins.walk(site, subjects_of(*site), target, ends, beyond=self._beyond)
        for base, (owner, place) in found.items():
            self.judged.add(base)
            steps = [(place.frame, place.node, f"takes it from {_name(owner)}")]
            steps += [(frame, node, "passes it on") for frame, node in place.trail[:-1]]
            steps.append((*place.trail[-1], f"changes {what}"))
            yield Breach(base, f"changes {what} of something that {_name(owner)} holds", True, tuple(steps))

    def _beyond(self, read: Read) -> tuple[bool, list[Value]]:
        """Objects of the zone are its own, whoever holds them; what they keep may be a subject's.

        What a helper keeps is followed from where it was made, to tell its objects apart.
        """
        objects = self._origins.objects(read)
        others = [v for v in objects if not (isinstance(v, Instance) and v.info.unit.name in self.zone)]
        stores = len(others) < len(objects) or read.place.base[0].unit.name in self.zone
        return stores, others

    def _place_of(self, place: Place) -> Site | None:
        """The last step in the zone on the way to the deed; else where the value leaves a subject, if the zone leads there."""
        inside = [site for site in place.trail if site[0].unit.name in self.zone and not self.is_own(site[0])]
        if inside:
            return inside[-1]
        return place.base if place.base[0] in self._near else None

    # --- what is not known

    def _count_unknown(self, frame: Frame) -> None:
        """A member that only subjects have, on a receiver of which nothing is known."""
        if frame.unit.name not in self.zone or (frame.key != "anybody" and frame.body.kind == "function"):
            return
        for index, node in enumerate(frame.body.nodes):
            if node[0] != "attr" or node[2] in self.members or not self._is_known(node[2]):
                continue
            values = self._values(frame, node[1])
            if not values or any(isinstance(v, Unknown) for v in values):
                reasons = sorted(v.reason for v in values if isinstance(v, Unknown))
                self.undecided.setdefault((frame, index), reasons[0] if reasons else "nothing is known of the receiver")

    def _is_known(self, name: str) -> bool:
        return any(name in info.body.exit or name in info.body.annotations for info in self.family.infos)


def _name(value: Value) -> str:
    return symbol(value) or (str(value.info.symbol) if isinstance(value, Class) else "")
