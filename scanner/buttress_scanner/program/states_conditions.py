"""Which test decides whether a part of an expression runs: short circuits, conditional expressions, filters of comprehensions."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.flow_regions import Region

Test = tuple[int, bool]
"""The node of a test, and how it has to come out."""


class Conditions:
    """Answers for all bodies, each read once."""

    def __init__(self) -> None:
        self._stops: dict[Body, dict[int, bool]] = {}
        self._filters: dict[Body, list[int]] = {}

    def tests(self, body: Body, region: Region) -> list[Test | None]:
        """For each part of a region the test that lets it run, where that is one."""
        test = self._before(body, region.start)
        if test < 0:
            return [None] * len(region.arms)
        if len(region.arms) == 2:
            return [(test, True), (test, False)]
        stop = self._stopping(body).get(body.nodes[test][1])
        return [None if stop is None else (test, not stop)]

    def _before(self, body: Body, start: int) -> int:
        """The test that comes just before a node: only what it narrows may stand between."""
        for index in range(start - 1, -1, -1):
            if body.nodes[index][0] == "truth":
                return index
            if body.nodes[index][0] in ("call", "await", "iter", "yield", "setattr", "setitem"):
                break
        return -1

    def _stopping(self, body: Body) -> dict[int, bool]:
        """For the parts of ``and`` and ``or`` but the last: the outcome that ends the expression early."""
        if body not in self._stops:
            self._stops[body] = {
                body.nodes[part][3]: bool(body.nodes[part][2])
                for node in body.nodes
                if node[0] == "phi"
                for part in node[1][:-1]
                if body.nodes[part][0] == "narrow" and body.nodes[part][1] == "truth" and body.nodes[part][4] < 0
            }
        return self._stops[body]

    def filters(self, body: Body, start: int, end: int) -> Iterator[int]:
        """The filters of comprehensions among some nodes: what lies behind one runs only where it holds."""
        found = self._filters.get(body)
        if found is None:
            found = self._filters[body] = sorted(self._all_filters(body))
        yield from found[bisect_left(found, start) : bisect_left(found, end)]

    def _all_filters(self, body: Body) -> Iterator[int]:
        inside = [(a, b) for a, b in body.conditional if b < len(body.nodes) and body.nodes[b][0] in ("comp", "dcomp")]
        if not inside:
            return
        stops = self._stopping(body)
        chosen = {self._before(body, first[0]) for first, _ in body.alternatives}
        for index, node in enumerate(body.nodes):
            if node[0] == "truth" and any(a <= index < b for a, b in inside) and node[1] not in stops and index not in chosen:
                yield index
