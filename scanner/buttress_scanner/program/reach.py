"""Effects over the call graph: what a frame brings about through others, with a shortest path to the deed.

One backward breadth-first search from the deeds; frames of the zone are not passed through, they are judged themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.frames import Deed, Frame

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body

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


def is_unrun(body: Body, node: int) -> bool:
    """Whether a node of a module body does not run on import."""
    return any(a <= node < b for a, b in body.unrun)


class Reach:
    """Which frames bring about a forbidden effect, and how."""

    def __init__(self, frames: Iterable[Frame], forbidden: Callable[[Deed], bool], passes: Callable[[Frame, int, Frame], bool]) -> None:
        """Search backwards from every deed that is forbidden.

        Args:
            frames: all live frames.
            forbidden: whether a deed counts.
            passes: whether an edge (frame, node, callee) carries effects to the caller.
        """
        self.next: dict[Frame, Hop] = {}
        self._forbidden = forbidden
        self._passes = passes
        callers: dict[Frame, list[Place]] = {}
        queue: deque[Frame] = deque()
        for frame in sorted(frames, key=order_of):
            for node in sorted(frame.edges):
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

    def own(self, frame: Frame) -> Hop | None:
        """The frame's first own forbidden deed."""
        return next(self.deeds(frame), None)

    def deeds(self, frame: Frame) -> Iterator[Hop]:
        """The frame's own forbidden deeds in order."""
        importing = frame.body.kind == "module"
        for node in sorted(frame.deeds):
            if importing and is_unrun(frame.body, node):
                continue
            for deed in sorted(frame.deeds[node], key=lambda d: (d.path, d.text)):
                if self._forbidden(deed):
                    yield Hop(frame, node, None, deed)
                    break

    def calls(self, frame: Frame) -> Iterator[Hop]:
        """The frame's calls that lead to a forbidden deed: one a node, the nearest deed first."""
        importing = frame.body.kind == "module"
        for node in sorted(frame.edges):
            if importing and is_unrun(frame.body, node):
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
