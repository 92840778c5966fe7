"""Where a value at a place has come from: back through variables, helpers, fields and containers.

The walk follows one value: at each step only what can be that value, holds it, or is bound to it. Functions are left by the call
through which they were entered.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from buttress_scanner.program.callers import Callers
from buttress_scanner.program.carrying import is_made_at, operands_of, unbound
from buttress_scanner.program.classes import fields, is_record, linearise, members
from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.plausible import fits
from buttress_scanner.program.values import (
    BoxMethod,
    Descriptor,
    External,
    Instance,
    Maker,
    Member,
    Method,
    Module,
    Namespace,
    Object,
    Running,
    Value,
    is_open,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site

LIMIT = 1_500
"""Places that are looked at for one value."""
NESTING = 8
"""Calls within one another whose results are followed."""
_READERS = ("builtins.getattr", "builtins.object.__getattribute__", "inspect.getattr_static")
"""Functions that read an attribute of their first argument."""
_DEEP = ("copy.deepcopy",)
_SHALLOW = ("copy.copy", "copy.replace", "dataclasses.replace", "attr.evolve", "attrs.evolve")
"""Functions whose result is another object, which may share what its original holds."""
_GIVING = ("typing.cast", "builtins.next", "builtins.iter", "builtins.min", "builtins.max", "typing.assert_type")
"""Functions that give an argument, or an element of one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node at which the value, or what holds it, is."""

    frame: Frame
    node: int
    target: Value
    inside: tuple[Value, ...]
    """What the target holds that is looked for: the innermost first."""
    calls: tuple[Site, ...]
    """The calls through whose results the walk has come here."""
    trail: tuple[Site, ...]
    """The places at which it has left a function for a caller, the last one first: each is on the way to the deed."""
    is_stored: bool = False
    """Whether the walk has come here through a store to a field: callers are then on the way to the store, not to the deed."""

    @property
    def base(self) -> Site:
        """The place, in the outermost function that the walk has come to, from which the deed is done."""
        return self.trail[0]


@dataclass(frozen=True, slots=True)
class Read:
    """The value has been taken out of a field of what stands at ``receiver``."""

    place: Place
    receiver: int
    name: str


@dataclass(slots=True)
class Origins(Callers):
    """The walk over the frames of a program."""

    _records: dict[tuple[object, str, Value], list[Site]] = field(default_factory=dict)
    """By class or object, and value: the arguments of its constructor that can be the value."""

    def walk(
        self,
        site: Site,
        starts: Iterable[int],
        target: Value,
        ends: Callable[[Read], bool],
        visit: Callable[[Place], None] | None = None,
        beyond: Callable[[Read], tuple[bool, list[Value]]] | None = None,
    ) -> None:
        """Follow a value back from operands of a place.

        Args:
            site: where the deed is done.
            starts: the operands from which to go back.
            target: the value.
            ends: is told of every read of a field; whether the walk is at an end there.
            visit: is told of every place.
            beyond: for a read at which the walk goes on, whether what was stored to the field is followed, and which objects
                are followed out of whose field the value was read; the stores only if absent.
        """
        self.callers(site[0])
        first = Place(site[0], site[1], target, (), (), (site,))
        queue = deque(self._at_operands(first, starts))
        seen: set[object] = set()
        while queue and len(seen) < LIMIT:
            place = queue.popleft()
            key = (place.frame, place.node, place.target, place.inside, place.calls)
            if key in seen:
                continue
            seen.add(key)
            if visit is not None:
                visit(place)
            for step in self._before(place):
                if isinstance(step, Place):
                    queue.append(step)
                elif not ends(step):
                    stores, owners = beyond(step) if beyond is not None else (True, [])
                    queue.extend(self._stored(step) if stores else ())
                    inside = (place.target, *place.inside)
                    queue.extend(replace(place, node=step.receiver, target=owner, inside=inside) for owner in owners)

    def objects(self, read: Read) -> list[Value]:
        """The objects out of whose field something was read."""
        frame = read.place.frame
        found = [v for v in self.values(frame, read.receiver) if isinstance(v, (Instance, Member))]
        return [v for v in found if fits(self.engine, frame, read.receiver, v)]

    def _before(self, place: Place) -> Iterator[Place | Read]:
        """The places from which the value comes to this one."""
        node = place.frame.body.nodes[place.node]
        match node[0]:
            case "param":
                yield from self._from_callers(place, node[1])
            case "phi":
                yield from self._at_operands(place, node[1])
                if len(node) > 2 and node[2] == "attr":
                    yield Read(place, node[3], node[4])
            case "attr":
                yield from self._from_attribute(place, node)
            case "call" | "await" | "enter" | "iter" | "item" | "unpack" | "deco":
                results = list(self._from_results(place))
                yield from results or self._from_operands(place, node)
            case "matchpos":
                yield Read(place, node[1], "")
            case "global" | "own" | "free" | "from":
                yield from self._from_variable(place, node)
            case _:
                yield from self._from_operands(place, node)

    def _at_operands(self, place: Place, operands: Iterable[int]) -> Iterator[Place]:
        """The operands that can be the target itself, else those that hold it."""
        carrying = [o for o in operands if self.carries(place.frame, o, place.target)]
        if carrying:
            yield from (replace(place, node=o) for o in carrying)
            return
        for operand in operands:
            for holder in self.holders(place.frame, operand, place.target):
                yield replace(place, node=operand, target=unbound(holder), inside=(place.target, *place.inside))

    def _from_operands(self, place: Place, node: Node) -> Iterator[Place | Read]:
        if is_made_at(place.target, place.frame, place.node):
            if place.inside:
                yield from self._from_making(place, node)
            return
        found = [] if self._is_fresh(place, node) else list(self._at_operands(place, operands_of(node)))
        yield from found
        if not found:
            yield from self._reads(place, node)
        if not found and place.inside:
            yield from self._from_making(place, node)

    def _is_fresh(self, place: Place, node: Node) -> bool:
        """Whether a library function makes another object of which no more is known than of its argument."""
        if node[0] != "call":
            return False
        callees = self.values(place.frame, node[1])
        copies = [v.path for v in callees if isinstance(v, External)]
        if any(path in _DEEP or (path in _SHALLOW and not place.inside) for path in copies):
            return True
        if not isinstance(place.target, Object) or isinstance(place.target.site, tuple):
            return False
        return any(
            (isinstance(v, External) and v.path not in _GIVING)
            or (isinstance(v, Method) and isinstance(v.function, External))
            or isinstance(v, BoxMethod)
            for v in callees
        )

    def _from_making(self, place: Place, node: Node) -> Iterator[Place | Read]:
        """A container that is made here holds the value because an operand does, or because it was put there later."""
        inner = replace(place, target=place.inside[0], inside=place.inside[1:])
        found = [*self._from_results(inner), *self._at_operands(inner, operands_of(node))]
        yield from found
        if not found:
            yield from self._reads(inner, node)
        if not found and inner.inside:  # a pair of a view that is made at once: what is in the pair is in the operand
            yield from self._from_making(inner, node)
        for frame, index in self._fillings.get(place.target, ()):
            stored = operands_of(frame.body.nodes[index])
            for operand in stored:
                if self.carries(frame, operand, inner.target):
                    yield replace(inner, frame=frame, node=operand, calls=(), is_stored=True)
        if isinstance(place.target, Instance):
            yield from self._from_constructor(place, inner)

    def _from_constructor(self, place: Place, inner: Place) -> Iterator[Place]:
        """What the constructor that runs here stores to the object that is made."""
        pending = [(callee, ((place.frame, place.node), *place.calls)) for callee in self._called(place)]
        seen: set[Frame] = set()
        while pending:
            frame, calls = pending.pop()
            if frame in seen or len(calls) > NESTING:
                continue
            seen.add(frame)
            for index, node in enumerate(frame.body.nodes):
                if node[0] == "setattr" and self.carries(frame, node[1], place.target):
                    yield from self._at_operands(replace(inner, frame=frame, node=index, calls=calls), [node[3]])
            for index, callees in sorted(frame.edges.items()):
                pending += [(c, ((frame, index), *calls)) for c in callees if c.body.name == frame.body.name]

    def _reads(self, place: Place, node: Node) -> Iterator[Read]:
        """Fields that are read by other means than a dot: ``getattr(x, name)``, ``vars(x)[name]``, unpacking of a record."""
        frame = place.frame
        if node[0] == "call" and node[2]:
            for value in self.values(frame, node[1]):
                if (isinstance(value, External) and value.path in _READERS) or (
                    isinstance(value, Maker) and value.kind in ("attrgetter", "itemgetter")
                ):
                    yield Read(place, node[2][0][1], "")
                    return
        if node[0] == "call" and frame.body.nodes[node[1]][0] == "attr":
            receiver = frame.body.nodes[node[1]][1]
            if any(isinstance(v, (Instance, Namespace)) for v in self.values(frame, receiver)) and not frame.edges.get(
                place.node
            ):
                yield Read(place, receiver, "")
        elif node[0] in ("item", "iter", "unpack") and any(
            isinstance(v, (Namespace, Instance)) for v in self.values(frame, node[1])
        ):
            yield Read(place, node[1], "")

    def _from_attribute(self, place: Place, node: Node) -> Iterator[Place | Read]:
        frame = place.frame
        if self.carries(frame, node[1], place.target):
            yield replace(place, node=node[1])
            return
        results = list(self._from_results(place))
        yield from results
        if results:
            if self._is_cached(frame, node):
                yield Read(place, node[1], node[2])
            return
        modules = [v for v in self.values(frame, node[1]) if isinstance(v, Module)]
        for module in modules:
            yield from self._of_module(place, module.unit.frame, node[2])
        if not modules:
            yield Read(place, node[1], node[2])

    def _is_cached(self, frame: Frame, node: Node) -> bool:
        """Whether the object keeps what the property gives."""
        for value in self.values(frame, node[1]):
            found = members(self.engine, value.info, node[2]) if isinstance(value, Instance) else None
            if found is not None and any(isinstance(v, Descriptor) and v.kind == "cached_property" for v in found[1]):
                return True
        return False

    def _from_results(self, place: Place) -> Iterator[Place]:
        """What functions of the program give or yield that run here."""
        if len(place.calls) >= NESTING:
            return
        site = (place.frame, place.node)
        operands = operands_of(place.frame.body.nodes[place.node])
        running = [v.frame for o in operands for v in self.values(place.frame, o) if isinstance(v, Running)]
        callees = [c for c in self._called(place) if c.body.kind != "class"]
        for callee in dict.fromkeys([*callees, *running]):
            body = callee.body
            for node in dict.fromkeys([*body.returns, *body.yields]):
                if self.carries(callee, node, place.target):
                    yield replace(place, frame=callee, node=node, calls=(site, *place.calls))

    def _called(self, place: Place) -> list[Frame]:
        return list(place.frame.edges.get(place.node, ()))

    # --- callers, variables, fields

    def _from_callers(self, place: Place, name: str) -> Iterator[Place]:
        param = next((p for p in place.frame.body.params if p.name == name), None)
        if param is not None and param.kind in ("vararg", "kwarg"):
            if not place.inside:
                return
            place = replace(place, target=place.inside[0], inside=place.inside[1:])
        if param is not None and param.default >= 0:
            scope = defining_frame(self.engine, place.frame)
            if scope is not None and self.carries(scope, param.default, place.target):
                yield replace(place, frame=scope, node=param.default, calls=())
        if place.calls:
            (frame, node), rest = place.calls[0], place.calls[1:]
            for site in self.call_nodes(place.frame, frame, node):
                yield from self._given(replace(place, calls=rest), site, name)
            return
        for frame, node in self.callers(place.frame):
            for site in self.call_nodes(place.frame, frame, node):
                extended = not place.is_stored and len(place.trail) < NESTING
                outer = replace(place, trail=((frame, node), *place.trail)) if extended else place
                yield from self._given(outer, site, name)

    def _given(self, place: Place, site: Site, name: str) -> Iterator[Place]:
        """The operands of a call that the parameter takes."""
        frame, node = site
        yield from self._at_operands(replace(place, frame=frame, node=node), self.given(place.frame, site, name))

    def _from_variable(self, place: Place, node: Node) -> Iterator[Place]:
        frame, name = place.frame, str(node[-1] if node[0] == "from" else node[1])
        scope: Frame | None = frame
        if node[0] == "from":
            for other in dict.fromkeys(unit.frame for unit in self.engine.modules.units.values()):
                if name in other.body.versions:
                    yield from self._of_module(place, other, name)
            return
        if node[0] == "global":
            scope = frame.unit.frame
        elif node[0] == "free":
            scope = frame.closure
            for _ in range(node[2]):
                scope = scope.closure if scope is not None else None
        if scope is not None:
            yield from self._of_module(place, scope, name)

    def _of_module(self, place: Place, scope: Frame, name: str) -> Iterator[Place]:
        """The versions of a variable, and what functions assign to it."""
        sites = [(scope, version) for version in scope.body.versions.get(name, ())]
        sites += [(f, f.body.nodes[n][2]) for f, n in self._globals.get(name, ()) if f.unit is scope.unit]
        for frame, node in sites:
            if self.carries(frame, node, place.target):
                yield replace(place, frame=frame, node=node, calls=())

    def _stored(self, read: Read) -> Iterator[Place]:
        """What was stored to the field that was read: by assignments, and by the constructors of records."""
        place = read.place
        owners = [v for v in self.objects(read) if isinstance(v, Instance)]
        infos = {v.info for v in owners}
        for frame, node in self._stores.get(read.name, ()):
            operands = frame.body.nodes[node]
            written = self.values(frame, operands[1])
            alike = any(w in owners or (isinstance(w, Instance) and _may_be(self.engine, w, owners, infos)) for w in written)
            if alike and self.carries(frame, operands[3], place.target):
                yield replace(place, frame=frame, node=operands[3], calls=(), is_stored=True)
        for owner in owners:
            yield from self._given_to_record(place, owner, read.name)

    def _given_to_record(self, place: Place, owner: Instance, name: str) -> Iterator[Place]:
        site = owner.site
        key = (owner.info if is_open(site) else owner, name, place.target)
        known = self._records.get(key)
        if known is None:
            sites = (
                self.made(owner.info)
                if is_open(site)
                else [site[:2]]
                if isinstance(site, tuple) and not isinstance(site[0], str)
                else []
            )
            found = sites if sites and is_record(self.engine, owner.info) else []
            operands = (operand for each in found for operand in self._operands_with(each, owner, name, place.target))
            known = self._records[key] = list(operands)
        for frame, node in known:
            yield replace(place, frame=frame, node=node, calls=(), is_stored=True)

    def _operands_with(self, site: Site, owner: Instance, name: str, target: Value) -> list[Site]:
        """The arguments of a call that give a field of a record, as far as can be told, and can be a value."""
        frame, index = site
        node = frame.body.nodes[index]
        if node[0] != "call":
            return []
        names = [field_name for field_name, *_ in fields(self.engine, owner.info)]
        plain = not any(starred for starred, _ in node[2]) and all(keyword for keyword, _ in node[3])
        given = operands_of(node)[1:]
        if plain and name in names:
            place = names.index(name)
            positional = [node[2][place][1]] if place < len(node[2]) else []
            given = [operand for keyword, operand in node[3] if keyword == name] or positional
        return [(frame, o) for o in given if self.carries(frame, o, target)]


def _may_be(engine: Engine, written: Instance, owners: list[Instance], infos: set[object]) -> bool:
    """Whether a store to the one may be a store to another: one of them stands for any object of its class."""
    if not is_open(written.site) and not any(is_open(owner.site) for owner in owners):
        return False
    return any(written.info in linearise(engine, o.info) or o.info in linearise(engine, written.info) for o in owners)
