"""Circles: what is cut is enough, each circle is one, and the answer does not depend on the order of edges."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.contracts._cycles import Circles

Edges = dict[str, set[str]]
NAMES = "abcdefg"


def is_acyclic(edges: Edges) -> bool:
    """Ask the standard library."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        return False
    return True


def cut(edges: Edges, starts: str = NAMES) -> list[list[str]]:
    """All circles that are cut, where every edge may be."""
    return list(Circles(edges).cut(starts, lambda _importer, _imported: True))


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Graphs of a few names, without edges from a name to itself."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20))
    return {name: {other for each, other in pairs if each == name and other != name} for name in NAMES}


@given(graphs())
def test_without_the_reported_edges_no_circle_is_left(edges: Edges) -> None:
    """The first edges of the circles are all that has to go, and a graph without circles loses none."""
    found = cut(edges)
    left = {name: targets - {circle[1] for circle in found if circle[0] == name} for name, targets in edges.items()}
    assert is_acyclic(left)
    assert bool(found) != is_acyclic(edges)


@given(graphs())
def test_a_reported_circle_is_one(edges: Edges) -> None:
    """Each step of a circle is an edge, no name comes twice, and no edge is reported twice."""
    found = cut(edges)
    for circle in found:
        assert len(set(circle)) == len(circle)
        assert all(b in edges[a] for a, b in zip(circle, [*circle[1:], circle[0]], strict=True))
    assert len({(circle[0], circle[1]) for circle in found}) == len(found)


@given(graphs())
def test_the_order_of_edges_does_not_show(edges: Edges) -> None:
    """The same graph in another order is cut in the same way."""
    turned = {name: {*sorted(edges[name], reverse=True)} for name in reversed(edges)}
    assert cut(edges) == cut(turned)


@pytest.mark.parametrize(
    ("edges", "circles"),
    [
        pytest.param({"a": {"b"}, "b": {"a"}}, [["a", "b"]], id="two"),
        pytest.param({"a": {"b"}, "b": {"c"}, "c": {"a"}}, [["a", "b", "c"]], id="three"),
        pytest.param({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"a"}}, [["d", "a", "b"]], id="one edge closes two"),
        pytest.param({"a": {"b"}, "b": {"c"}, "c": set()}, [], id="none"),
    ],
)
def test_circles(edges: Edges, circles: list[list[str]]) -> None:
    """Few edges are cut, beginning with the first name."""
    assert cut(edges) == circles


def test_an_edge_that_may_not_be_cut_stays() -> None:
    """A circle is then reported at another of its edges."""
    found = list(Circles({"a": {"b"}, "b": {"a"}}).cut("ab", lambda importer, _imported: importer != "a"))
    assert found == [["b", "a"]]
