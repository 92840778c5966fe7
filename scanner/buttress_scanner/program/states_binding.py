"""What a call hands over: the entries of the caller's status as the callee sees them, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program.bindings import sources_of
from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.flow_tables import CONSTRUCTION
from buttress_scanner.program.states_model import RESULT, Entry, Held, Known, Same, Spot, Status, entry, in_order, put, resolved
from buttress_scanner.program.values import Box, Class, Const, Function, Member, Partial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.bindings import Sources
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.states_places import Places
    from buttress_scanner.program.states_values import Values

_MANY = 8
_NESTING = 4
_CALLS = ("await", "iter", "yieldfrom", "enter", "exit")
"""Operations that run what a call has made."""
Given = tuple[Spot, int]
"""Where the callee finds an argument, and the caller's node for it."""


@dataclass(slots=True)
class Link:
    """How the spots of a caller and a callee belong together during one call."""

    spots: dict[Spot, Spot] = field(default_factory=dict)
    """The callee's spot for one of the caller's."""
    reads: dict[Spot, Spot] = field(default_factory=dict)
    """For a parameter that was given the state of an object: that object of the caller."""
    lost: list[Spot] = field(default_factory=list)
    """Objects that the call takes along in a way that is not known."""
    concerns: bool = False
    """Whether the call hands over anything of which states are followed."""
    body: Body | None = None
    """The callee's body, whose variables nobody sees afterwards."""


class Binding:
    """Hands over statuses between frames."""

    def __init__(self, engine: Engine, places: Places, values: Values) -> None:
        self.engine = engine
        self.places = places
        self.values = values

    # --- arguments

    def call_of(self, frame: Frame, index: int, callee: Frame) -> int:
        """The call behind a node that runs what was called before: an ``await``, a loop, a ``with``."""
        if frame.body.nodes[index][0] in _CALLS and not callee.body.name.startswith("__"):
            leaves = self.places.leaves(frame, frame.body.nodes[index][1])
            if len(leaves) == 1 and frame.body.nodes[leaves[0]][0] == "call":
                return leaves[0]
        return index

    def given(self, frame: Frame, index: int, callee: Frame, status: Status) -> list[Given]:
        """What a node gives to the parameters of a frame that it runs."""
        call = self.call_of(frame, index, callee)
        node = frame.body.nodes[call]
        if node[0] != "call":
            return [(Spot((callee, n)), part) for n, part in enumerate(_operands(node)) if n < len(callee.body.params)]
        if callee.owner is not None and callee.body.name in CONSTRUCTION and callee.body.name not in ("__init__", "__call__"):
            return [(Spot((callee, 0)), call)] if callee.body.name != "__new__" and callee.body.params else []
        found = [(v, s) for v, s in sources_of(self.engine, (frame, call)) if isinstance(v, Function)]
        exact = [s for v, s in found if v.body is callee.body] or [s for v, s in found if v.body.name == callee.body.name]
        return list(self._bound(frame, call, callee, exact[0], status)) if exact else []

    def _bound(self, frame: Frame, call: int, callee: Frame, sources: Sources, status: Status) -> Iterator[Given]:
        params = callee.body.params
        plain = [n for n, p in enumerate(params) if p.kind in ("pos", "posonly")]
        rest = next((n for n, p in enumerate(params) if p.kind == "vararg"), -1)
        extra = next((n for n, p in enumerate(params) if p.kind == "kwarg"), -1)
        nodes = [self._receiver(frame, call) if s is None else s[1] if s[0] is frame else -1 for s in sources.positional]
        for number, part in enumerate(nodes):
            if part >= 0 and number < len(plain):
                yield Spot((callee, plain[number])), part
            elif part >= 0 and rest >= 0:
                yield Spot((callee, rest), (f"[{number - len(plain)!r}]",)), part
        names = {p.name: n for n, p in enumerate(params) if p.kind in ("pos", "kwonly")}
        for name, (other, part) in sources.keywords.items():
            if other is frame and name in names:
                yield Spot((callee, names[name])), part
            elif other is frame and extra >= 0:
                yield Spot((callee, extra), (f"[{name!r}]",)), part

    def _receiver(self, frame: Frame, call: int) -> int:
        """The object whose method a call calls; for a construction what is constructed."""
        callee = frame.body.nodes[call][1]
        if any(isinstance(v, Class) for v in self.engine.read(frame, callee)):
            return call
        for _ in range(_NESTING):
            leaves = self.places.leaves(frame, callee)
            node = frame.body.nodes[leaves[0]] if len(leaves) == 1 else ("",)
            if node[0] == "attr":
                return int(node[1])
            if node[0] != "call" or not node[2] or not any(isinstance(v, Partial) for v in self.engine.read(frame, leaves[0])):
                return callee if leaves else -1
            callee = node[2][0][1]
        return -1

    def spread(self, frame: Frame, call: int, callee: Frame, status: Status, taken: int) -> Iterator[tuple[Spot, Spot]]:
        """What ``*args`` and ``**kwargs`` of the caller hand on to the parameters of the callee, as spots of both."""
        params = callee.body.params
        plain = [n for n, p in enumerate(params) if p.kind in ("pos", "posonly")]
        rest = next((n for n, p in enumerate(params) if p.kind == "vararg"), -1)
        node = frame.body.nodes[call]
        for starred, part in node[2]:
            base = self.places.found(frame, part, status)
            number = 0
            while starred and any(base.below(f"[{number}]").holds(s) for s, _ in status):
                position = taken + number
                if position < len(plain):
                    yield Spot((callee, plain[position])), base.below(f"[{number}]")
                elif rest >= 0:
                    yield Spot((callee, rest), (f"[{position - len(plain)}]",)), base.below(f"[{number}]")
                number += 1
        names = {p.name: n for n, p in enumerate(params) if p.kind in ("pos", "kwonly")}
        for name, part in node[3]:
            base = self.places.found(frame, part, status)
            for key, number in sorted(names.items()) if not name else ():
                if any(base.below(f"[{key!r}]").holds(s) for s, _ in status):
                    yield Spot((callee, number)), base.below(f"[{key!r}]")

    # --- handing over

    def enter(self, frame: Frame, index: int, callee: Frame, status: Status, mode: str = "") -> tuple[Status, Link]:
        """The status in which a frame is entered from a node; ``mode`` says how the ``with`` ended that an exit leaves."""
        link = Link()
        inner: Status = frozenset((s, _plain(e)) for s, e in status if _is_shared(s) and not isinstance(e, Same))
        for spot, found in in_order(status):
            if _is_shared(spot) and isinstance(found, Same):
                inner = self._aliasing(callee, resolved(status, found.spot), spot, status, inner, link)
        call = self.call_of(frame, index, callee)
        given = self.given(frame, index, callee, status)
        for target, part in given:
            inner = self._handed(frame, part, target, status, inner, link)
        if frame.body.nodes[call][0] == "call":
            for target, source in self.spread(frame, call, callee, status, len([1 for t, _ in given if not t.path])):
                inner = self._carried(resolved(status, source), target, status, inner, link)
            if not given:
                link.lost = list(self._taken_along(frame, call, status, link))
        inner = self._defaults(callee, inner, {target.root[1] for target, _ in given}) if given else inner
        for number, param in enumerate(callee.body.params) if mode else ():
            if number and param.kind in ("pos", "posonly"):
                outcome = self.engine.const(None if mode == "ok" else True)  # an exception is at any rate true
                inner = put(inner, Spot((callee, number)), Held(frozenset((outcome,)), sure=True))
        link.body = callee.body
        link.concerns |= any(isinstance(e, Known) for _, e in inner)
        return self.captured(callee, inner), link

    def captured(self, callee: Frame, inner: Status) -> Status:
        """The parameters that functions inside of the callee see as variables."""
        for name in sorted(self.places.captured(callee)):
            number = next((n for n, p in enumerate(callee.body.params) if p.name == name), -1)
            if number >= 0:
                inner = put(inner, Spot(("variable", callee.body, name)), Same(Spot((callee, number))))
        return inner

    def _handed(self, frame: Frame, part: int, target: Spot, status: Status, inner: Status, link: Link) -> Status:
        subject = self.values.subject(frame, part, status)
        if subject is not None and subject.is_state:
            link.concerns = True
            link.reads[target] = subject.spot
            return put(inner, target, Held(frozenset(subject.values), subject.sure)) if subject.values else inner
        source = self.places.found(frame, part, status)
        inner = self._carried(source, target, status, inner, link)
        if self.places.is_tracked(frame, part):
            link.concerns = True
            if target.path and entry(inner, target) is None:
                inner = put(inner, target, self.places.relation.unknown)
            return inner
        held = self.values.held(frame, part, status) or self.values.container(frame, part)
        if held is not None and len(held.values) <= _MANY and all(map(self._is_plain, held.values)):
            inner = put(inner, target, held)
            link.concerns |= any(isinstance(v, Member) and v.info is self.places.relation.info for v in held.values)
        return inner

    def _is_plain(self, value: object) -> bool:
        return isinstance(value, (Box, Member)) or (isinstance(value, Const) and isinstance(value.value, (bool, str, type(None))))

    def _carried(self, source: Spot, target: Spot, status: Status, inner: Status, link: Link) -> Status:
        """The callee's entries for an object and what is reached from it."""
        if source in link.spots:
            return put(inner, target, Same(link.spots[source])) if link.spots[source] != target else inner
        link.spots[source] = target
        for spot, found in in_order(status):
            if not source.holds(spot):
                continue
            new = target.below(*spot.path[len(source.path) :])
            if isinstance(found, Same):
                inner = self._aliasing(target.root[0], resolved(status, found.spot), new, status, inner, link)
            else:
                inner = put(inner, new, _plain(found))
        return inner

    def _aliasing(self, callee: Frame, source: Spot, new: Spot, status: Status, inner: Status, link: Link) -> Status:
        """An object that the callee finds under a name of something else: it has a spot of its own there."""
        if source not in link.spots:
            inner = self._carried(source, Spot((callee, "object", len(link.spots))), status, inner, link)
        return put(inner, new, Same(link.spots[source]))

    def _taken_along(self, frame: Frame, call: int, status: Status, link: Link) -> Iterator[Spot]:
        node = frame.body.nodes[call]
        for part in (self._receiver(frame, call), *(p for _, p in node[2]), *(p for _, p in node[3])):
            if part >= 0 and part != call and self.places.is_tracked(frame, part):
                spot = self.places.found(frame, part, status)
                if spot not in link.spots and entry(status, spot) is not None:
                    yield spot

    def _defaults(self, callee: Frame, inner: Status, given: set[object]) -> Status:
        """The defaults of parameters that the call leaves out, where they are plain values."""
        outer = defining_frame(self.engine, callee)
        for number, param in enumerate(callee.body.params):
            if number in given or param.default < 0 or outer is None:
                continue
            values = self.engine.read(outer, param.default)
            if len(values) == 1 and self._is_plain(values[0]):
                inner = put(inner, Spot((callee, number)), Held(frozenset(values), sure=True))
        return inner

    # --- handing back

    def leave(self, frame: Frame, index: int, link: Link, before: Status, after: Status) -> Status:
        """The caller's status when a callee has ended with a status of its own."""
        back = {inner: outer for outer, inner in link.spots.items()}
        kept = {s: e for s, e in before if not _is_shared(s) and not any(outer.holds(s) for outer in link.spots)}
        aliases = {s: e for s, e in before if _is_shared(s) and isinstance(e, Same)}
        found: dict[Spot, Entry] = {**kept, **aliases}
        given = dict(before)
        for spot, inner in after:
            outer = self._outer(spot, back, frame, index)
            if spot.root[:2] == ("variable", link.body) and link.body is not frame.body:
                continue
            if outer is None or (isinstance(inner, Held) and spot in back):
                continue
            if isinstance(inner, Same):
                self._aliased(outer, resolved(after, inner.spot), after, back, (frame, index), found)
            elif isinstance(inner, Known) and inner.since is None and isinstance(old := given.get(outer), Known):
                found[outer] = inner._replace(since=old.since)
            else:
                found[outer] = inner
        status = frozenset(found.items())
        for inner_spot, state in link.reads.items():
            status = self._read_back(status, state, entry(after, inner_spot))
        for spot in link.lost:
            status = put(status, spot, self.places.relation.unknown)
        return status

    def _outer(self, spot: Spot, back: dict[Spot, Spot], frame: Frame, index: int) -> Spot | None:
        if spot.root == RESULT.root:
            return Spot((frame, index), spot.path)
        holders = [inner for inner in back if inner.holds(spot)]
        if not holders:
            return spot if _is_shared(spot) else None
        inner = max(holders, key=lambda each: len(each.path))
        return back[inner].below(*spot.path[len(inner.path) :])

    def _aliased(
        self, outer: Spot, target: Spot, after: Status, back: dict[Spot, Spot], site: tuple[Frame, int], found: dict[Spot, Entry]
    ) -> None:
        """An alias inside of the callee: of something that the caller has too, or of an object that only this name leads to."""
        known = self._outer(target, back, *site)
        if known is not None:
            if known != outer:
                found[outer] = Same(known)
            return
        for spot, inner in after:
            if target.holds(spot) and not isinstance(inner, Same):
                found.setdefault(outer.below(*spot.path[len(target.path) :]), inner)

    def _read_back(self, status: Status, state: Spot, held: Entry | None) -> Status:
        """What the callee has found out of the state that it was given."""
        if not isinstance(held, Held):
            return status
        known = self.places.known(status, state)
        names = known.names & {v.name for v in held.values if isinstance(v, Member)}
        if not names or names == known.names:
            return status
        return put(status, resolved(status, state), Known(frozenset(names), known.sure or held.sure, known.since))


def _is_shared(spot: Spot) -> bool:
    """Whether a spot is a variable that more than one function sees."""
    return isinstance(spot.root[0], str) and spot.root != RESULT.root


def _plain(found: Entry) -> Entry:
    """An entry without its history, so that calls from different places are alike."""
    return found._replace(since=None) if isinstance(found, Known) else found


def _operands(node: tuple[object, ...]) -> tuple[int, ...]:
    """What operations other than calls give to what they run."""
    match node[0]:
        case "attr" | "await" | "iter" | "enter" | "exit" | "truth" | "delattr":
            return (int(str(node[1])),)
        case "setattr":
            return (int(str(node[1])), int(str(node[3])))
        case "item" | "delitem":
            return (int(str(node[1])), int(str(node[2])))
        case "setitem":
            return (int(str(node[1])), int(str(node[2])), int(str(node[3])))
        case "cmp" if node[1] in ("contains", "notcontains"):
            return (int(str(node[3])), int(str(node[2])))
        case "cmp" | "bin" | "aug":
            return (int(str(node[2])), int(str(node[3])))
    return ()
