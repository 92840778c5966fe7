"""Graphs: components, what closes cycles, levels. The order of the nodes decides wherever the graph does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Node = TypeVar("Node")


def closing_cycles(nodes: Sequence[Node], pairs: Mapping[tuple[Node, Node], int]) -> set[tuple[Node, Node]]:
    """Return few light pairs without which a graph has no cycle (the heuristic of Eades, Lin and Smyth, knot by knot).

    Args:
        nodes: All nodes, in the order that decides where the graph does not.
        pairs: The edges with their weights.
    """
    knots = knots_of(nodes, pairs)
    members: dict[int, list[Node]] = {}
    for node in nodes:
        members.setdefault(knots[node], []).append(node)
    closing: set[tuple[Node, Node]] = set()
    for knot in members.values():
        if len(knot) > 1:
            inside = {pair: weight for pair, weight in pairs.items() if pair[0] in knot and pair[1] in knot}
            rank = {node: number for number, node in enumerate(_unravelled(knot, inside))}
            closing.update(pair for pair in inside if rank[pair[0]] > rank[pair[1]])
    return closing


def _unravelled(nodes: Sequence[Node], pairs: Mapping[tuple[Node, Node], int]) -> list[Node]:
    """Order nodes so that little weight points backwards: from both ends, what points out most first."""
    rest, front, back = list(nodes), [], []
    while rest:
        out = dict.fromkeys(rest, 0)
        into = dict.fromkeys(rest, 0)
        for (source, target), weight in pairs.items():
            if source in out and target in out:
                out[source] += weight
                into[target] += weight
        sink = next((node for node in rest if not out[node]), None)
        if sink is not None:
            back.append(sink)
            rest.remove(sink)
            continue
        best = max(rest, key=lambda node: (not into[node], out[node] - into[node]))
        front.append(best)
        rest.remove(best)
    return front + back[::-1]


def knots_of(names: Sequence[Node], pairs: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """Number the strongly connected components of a graph (Tarjan, without recursion)."""
    following: dict[Node, list[Node]] = {name: [] for name in names}
    for source, target in pairs:
        following[source].append(target)
    found: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    knot: dict[Node, int] = {}
    waiting: list[Node] = []
    number = 0
    for start in names:
        work = [] if start in found else [_entered(start, following, found, lowest, waiting)]
        while work:
            name, rest = work[-1]
            step = next(rest, None)
            if step is not None and step not in found:
                work.append(_entered(step, following, found, lowest, waiting))
            elif step is not None:
                if step not in knot:
                    lowest[name] = min(lowest[name], found[step])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
                if lowest[name] == found[name]:
                    while name not in knot:
                        knot[waiting.pop()] = number
                    number += 1
    return knot


def _entered(
    name: Node, following: Mapping[Node, list[Node]], found: dict[Node, int], lowest: dict[Node, int], waiting: list[Node]
) -> tuple[Node, Iterator[Node]]:
    """Begin with a node: number it and return it with what it points at."""
    found[name] = lowest[name] = len(found)
    waiting.append(name)
    return name, iter(following[name])


def levels_of(names: Sequence[Node], pairs: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """Return how far below the top each node of an acyclic graph stands: below everything that points at it."""
    above: dict[Node, list[Node]] = {name: [] for name in names}
    for source, target in pairs:
        above[target].append(source)
    level: dict[Node, int] = {}
    waiting = list(names)
    while waiting:
        ready = [name for name in waiting if all(each in level for each in above[name])]
        for name in ready:
            level[name] = 1 + max((level[each] for each in above[name]), default=-1)
        waiting = [name for name in waiting if name not in level]
    return level
