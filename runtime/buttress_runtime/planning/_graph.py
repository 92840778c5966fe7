"""Dependencies as a graph: which jobs lie on a common cycle, and an order of the others."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def components(edges: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Number the strongly connected components (Tarjan 1972, without recursion).

    Args:
        edges: For each node, the nodes it points at.

    Returns:
        The component of each node. A component that can be reached from another has the smaller number.
    """
    entered = [-1] * len(edges)
    lowest = [0] * len(edges)
    component = [-1] * len(edges)
    open_nodes: list[int] = []
    path: list[tuple[int, Iterator[int]]] = []
    entries = found = 0
    for root in range(len(edges)):
        pending = [root] if entered[root] < 0 else []
        while pending or path:
            if pending:
                node = pending.pop()
                entered[node] = lowest[node] = entries
                entries += 1
                open_nodes.append(node)
                path.append((node, iter(edges[node])))
            node, targets = path[-1]
            for target in targets:
                if entered[target] < 0:
                    pending.append(target)
                    break
                if component[target] < 0:
                    lowest[node] = min(lowest[node], entered[target])
            else:
                path.pop()
                if path:
                    parent = path[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == entered[node]:
                    while component[node] < 0:
                        component[open_nodes.pop()] = found
                    found += 1
    return tuple(component)


def ordered(dependencies: Mapping[int, tuple[int, ...]]) -> tuple[int, ...]:
    """Order numbers so that each comes after what it depends on; of those that could come next, the smallest does.

    Args:
        dependencies: For each number, the numbers it depends on; free of cycles, and naming only keys.
    """
    sorter = TopologicalSorter(dependencies)
    sorter.prepare()
    ready: list[int] = []
    order: list[int] = []
    while sorter.is_active():
        if fresh := sorter.get_ready():
            ready = sorted((*ready, *fresh), reverse=True)
        order.append(ready.pop())
        sorter.done(order[-1])
    return tuple(order)
