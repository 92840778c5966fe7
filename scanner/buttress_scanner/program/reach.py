"""Effects over the call graph: what a frame brings about through others, with a shortest path to the deed.

One backward breadth-first search from the deeds; frames of the zone are not passed through, they are judged themselves.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.frames import Deed, Frame
from buttress_scanner.program.passing import passes_on
from buttress_scanner.program.values import Const, Placeholder, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.values import Value

Place = tuple[Frame, int]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step towards the deed: the node, and either the frame it calls or the deed it does."""

    frame: Frame
    node: int
    callee: Frame | None
    deed: Deed | None


def order_of(frame: Frame) -> tuple[str, int, str]:
    """A total order of frames for ties."""
    return (frame.unit.name, frame.body.index, str(frame.key) if isinstance(frame.key, str) else "")


def runs_factories(frame: Frame) -> bool:
    """Whether the frame stands for the default factories of a class, which run when an object is constructed."""
    return frame.key == "factories" or (isinstance(frame.key, tuple) and frame.key[:1] == ("factories",))


def is_unrun(body: Body, node: int) -> bool:
    """Whether a node of a module body does not run on import."""
    return any(a <= node < b for a, b in body.unrun)


def guards_of(body: Body) -> dict[int, tuple[int, ...]]:
    """By node the tests that hold there, for nodes under a test."""
    found: dict[int, tuple[int, ...]] = {}
    for start, end, tests in reversed(body.guarded):
        found.update(dict.fromkeys(range(start, end), tests))
    return found


def _is_impossible(frame: Frame, test: int) -> bool:
    """Whether a test of a parameter cannot come out so, for what this frame is called with.

    Only what is known for certain counts: an argument that is left out, or whose values are all known. One that seems to be
    always ``None`` may be an attribute that somebody else sets.
    """
    nodes, subject = frame.body.nodes, test
    while nodes[subject][0] == "narrow":
        subject = nodes[subject][3]
    before, after = frame.cells[subject], frame.cells[test]
    if nodes[subject][0] != "param" or before is None or after is None or after.values:
        return False
    certain = nodes[subject][1] in frame.left_out or any(_is_something(v) for v in before.values)
    return bool(before.values) and certain and not any(isinstance(v, (Unknown, Placeholder)) for v in before.values)


def _is_something(value: Value) -> bool:
    return not (isinstance(value, Const) and value.value is None)


_FIRST = (
    "attr", "item", "slice", "call", "iter", "unpack", "enter", "exit", "await", "yieldfrom", "setitem", "setattr", "delitem",
    "delattr", "truth", "declare",
)  # fmt: skip
_OPERANDS = {**dict.fromkeys(_FIRST, (1,)), "narrow": (3,), "aug": (2,), "cmp": (2, 3), "comp": (2,)}
"""Where a node keeps what it is done to."""


def receivers(engine: Engine, frame: Frame, node: int, deed: Deed) -> set[int]:
    """The nodes from which what a node works on has come: ``open(p)`` for the call ``open(p).read()``.

    Arguments are among them where a library function consumes them, and where a function of the program gives them back.
    """
    body = frame.body
    found: set[int] = set()
    pending = _operands(body, node)
    operands = body.nodes[node]
    if operands[0] == "call" and deed.path.rpartition(".")[2] in _CONSUMING:
        pending += [argument for _, argument in (*operands[2], *operands[3])]
    while pending:
        current = pending.pop()
        if current >= 0 and current not in found:
            found.add(current)
            pending += _operands(body, current)
            if body.nodes[current][0] == "call" and passes_on(engine, frame.edges.get(current, ())):
                pending += [argument for _, argument in (*body.nodes[current][2], *body.nodes[current][3])]
    return found


def given(frame: Frame, node: int) -> set[int]:
    """The nodes of what a call is given, the arguments of calls among its arguments included."""
    body = frame.body
    found: set[int] = set()
    pending = [node]
    while pending:
        operands = body.nodes[pending.pop()]
        fresh = [argument for _, argument in (*operands[2], *operands[3])] + [operands[1]] if operands[0] == "call" else []
        fresh += list(operands[1]) if operands[0] == "phi" else [operands[1]] if operands[0] in ("enter", "attr") else []
        pending += [n for n in fresh if n >= 0 and n not in found]
        found.update(fresh)
    return found


_CONSUMING = ("__iter__", "__next__", "__getitem__", "__contains__", "__len__", "__enter__", "write")


def _operands(body: Body, node: int) -> list[int]:
    operands = body.nodes[node]
    if operands[0] == "phi":
        return list(operands[1])
    if operands[0] == "seq":
        return [element for _, element in operands[2]]
    spread = _spread(operands) + [operands[p] for p in _STORED.get(operands[0], ()) if body.nodes[operands[p]][0] == "aug"]
    return spread + [operands[position] for position in _OPERANDS.get(operands[0], ())]


_STORED = {"setattr": (3,), "setitem": (3,), "gstore": (2,), "nlstore": (2,)}
"""Where a store keeps what it stores: of ``x.y += z`` the change is the deed, not the store behind it."""


def _spread(operands: Node) -> list[int]:
    """What a display or call takes apart: ``[*values]``, ``{**values}``, ``f(*values)``."""
    if operands[0] in ("seq", "call"):
        return [operand for starred, operand in operands[2] if starred]
    if operands[0] == "dict":
        return [element for key, element in operands[1] if key < 0]
    return []


class Reach:
    """Which frames bring about a forbidden effect, and how."""

    def __init__(
        self, frames: Iterable[Frame], forbidden: Callable[[Deed], bool], passes: Callable[[Frame, int, Frame], bool]
    ) -> None:
        """Search backwards from every deed that is forbidden.

        Args:
            frames: all live frames.
            forbidden: whether a deed counts.
            passes: whether an edge (frame, node, callee) carries effects to the caller.
        """
        self.next: dict[Frame, Hop] = {}
        self._guards: dict[Body, dict[int, tuple[int, ...]]] = {}
        self._forbidden = forbidden
        self._passes = passes
        callers: dict[Frame, list[Place]] = {}
        queue: deque[Frame] = deque()
        for frame in sorted(frames, key=order_of):
            for node in sorted(frame.edges):
                if not self._runs(frame, node):
                    continue
                for callee in frame.edges[node]:
                    if passes(frame, node, callee):
                        callers.setdefault(callee, []).append((frame, node))
            first = self.own(frame)
            if first is not None:
                self.next[frame] = first
                queue.append(frame)
        while queue:
            callee = queue.popleft()
            for frame, node in callers.get(callee, ()):
                if frame not in self.next:
                    self.next[frame] = Hop(frame, node, callee, None)
                    queue.append(frame)

    def _runs(self, frame: Frame, node: int) -> bool:
        """Whether the node runs at all: when its module is imported, for what this frame is called with."""
        body = frame.body
        if body.kind == "module" and is_unrun(body, node):
            return False
        if frame.key == "anybody" or not body.guarded:
            return True
        if body not in self._guards:
            self._guards[body] = guards_of(body)
        return not any(_is_impossible(frame, test) for test in self._guards[body].get(node, ()))

    def hops(self, frame: Frame) -> list[Hop]:
        """The frame's own forbidden deeds and its calls that lead to one, in the order in which they run."""
        return sorted([*self.deeds(frame), *self.calls(frame)], key=lambda hop: (hop.node, hop.deed is None))

    def own(self, frame: Frame) -> Hop | None:
        """The frame's first own forbidden deed."""
        return next(self.deeds(frame), None)

    def deeds(self, frame: Frame) -> Iterator[Hop]:
        """The frame's own forbidden deeds in order."""
        for node in sorted(frame.deeds):
            if not self._runs(frame, node):
                continue
            for deed in sorted(frame.deeds[node], key=lambda d: (d.path, d.text)):
                if self._forbidden(deed):
                    yield Hop(frame, node, None, deed)
                    break

    def calls(self, frame: Frame) -> Iterator[Hop]:
        """The frame's calls that lead to a forbidden deed: one a node, the nearest deed first."""
        for node in sorted(frame.edges):
            if not self._runs(frame, node):
                continue
            found = [c for c in frame.edges[node] if c in self.next and self._passes(frame, node, c)]
            if found:
                yield Hop(frame, node, min(found, key=lambda c: (self.length(c), order_of(c))), None)

    def length(self, frame: Frame) -> int:
        """Steps from the frame to the deed."""
        return sum(1 for _ in self.path(frame))

    def path(self, frame: Frame) -> Iterator[Hop]:
        """The hops from a frame to the deed."""
        seen: set[Frame] = set()
        current: Frame | None = frame
        while current is not None and current in self.next and current not in seen:
            seen.add(current)
            hop = self.next[current]
            yield hop
            current = hop.callee
