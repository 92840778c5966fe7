"""Circles in a graph, and which edges to cut so that none is left."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

Edge = tuple[str, str]


class Circles:
    """A graph of names, from which edges are cut until it has no circle."""

    def __init__(self, edges: Mapping[str, AbstractSet[str]]) -> None:
        self._next = {name: set(targets) for name, targets in edges.items()}
        self._previous: dict[str, set[str]] = {name: set() for name in edges}
        for name, targets in self._next.items():
            for target in targets:
                self._previous[target].add(name)
        self._trim(self._next)

    def cut(self, starts: Iterable[str], may_cut: Callable[[str, str], bool]) -> Iterator[list[str]]:
        """Cut the circles through one name after the other: the edges that lead from it, or those to it if they are fewer.

        Args:
            starts: names through which circles are sought, in the order of names.
            may_cut: whether the edge between two names may be cut; others stay.

        Yields:
            For each edge that is cut the shortest circle that begins with it; of several the first in the order of names.
        """
        for start in sorted(starts):
            if start not in self._next:
                continue
            edges = self._edges(start, may_cut)
            yield from [self._circle(importer, imported) for importer, imported in edges]
            for importer, imported in edges:
                self._remove(importer, imported)
            self._trim({name for edge in edges for name in edge})

    def _edges(self, start: str, may_cut: Callable[[str, str], bool]) -> list[Edge]:
        """Edges without which no circle leads through a name, as far as they may be cut."""
        after, before = _reached(start, self._next), _reached(start, self._previous)
        leaving = [(start, name) for name in sorted(self._next[start] & before)]
        entering = [(name, start) for name in sorted(self._previous[start] & after)]
        if not leaving:
            self._trim(self._drop(start))
        choices = [([edge for edge in edges if may_cut(*edge)], len(edges)) for edges in (leaving, entering)]
        return min(choices, key=lambda choice: (choice[1] - len(choice[0]), choice[1]))[0]

    def _circle(self, first: str, second: str) -> list[str]:
        """The shortest circle that begins with an edge."""
        before: dict[str, str] = {}
        todo = deque([second])
        while todo:
            name = todo.popleft()
            if name == first:
                break
            for target in sorted(self._next[name]):
                if target not in before and target != second:
                    before[target] = name
                    todo.append(target)
        way = [before[first]]
        while way[-1] != second:
            way.append(before[way[-1]])
        return [first, *reversed(way)]

    def _trim(self, suspects: Iterable[str]) -> None:
        """Drop names that cannot be part of a circle, as nothing leads to them or from them."""
        todo = sorted(suspects)
        while todo:
            name = todo.pop()
            if name in self._next and not (self._next[name] and self._previous[name]):
                todo += self._drop(name)

    def _drop(self, name: str) -> set[str]:
        around = self._next[name] | self._previous[name]
        for target in list(self._next[name]):
            self._remove(name, target)
        for importer in list(self._previous[name]):
            self._remove(importer, name)
        del self._next[name]
        return around

    def _remove(self, name: str, target: str) -> None:
        self._next[name].discard(target)
        self._previous[target].discard(name)


def _reached(start: str, edges: Mapping[str, AbstractSet[str]]) -> set[str]:
    """What can be reached from a name; the name itself only by way of others."""
    found: set[str] = set()
    todo = [start]
    while todo:
        fresh = edges[todo.pop()] - found
        found |= fresh
        todo += fresh
    return found
