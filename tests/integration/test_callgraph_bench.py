"""The engine against a published benchmark of call graphs, and against what happens when its cases run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bench.callgraph.adapter import call_graph
from bench.callgraph.cases import HERE, Case, Verdict, cases, deviations, score, summary
from bench.callgraph.run import observed_in, ours, row, theirs, unexplained
from tests.integration.house import ROOT, run, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.callgraph.cases import Answer, Edge

RIGHT = 112
"""Of 118; the others are deviations of the benchmark from what its programs do."""


@pytest.fixture(scope="module")
def all_cases() -> list[Case]:
    """The cases of the benchmark, fetched from the package index once."""
    return cases()


@pytest.fixture(scope="module")
def graphs(all_cases: list[Case]) -> dict[str, Answer]:
    """What buttress says about them."""
    return ours(all_cases)


@pytest.fixture(scope="module")
def calls(all_cases: list[Case]) -> dict[str, frozenset[Edge]]:
    """What happens when they run."""
    return observed_in(all_cases)


def verdicts(all_cases: list[Case], graphs: Mapping[str, Answer]) -> list[Verdict]:
    """Score one tool's answers."""
    return [score(case, graphs[case.name]) for case in all_cases]


def test_score(all_cases: list[Case], graphs: dict[str, Answer]) -> None:
    """Every edge and no wrong one in all cases but the listed deviations."""
    found = verdicts(all_cases, graphs)
    assert len(all_cases) == 118
    assert summary(found)[2] >= RIGHT
    assert unexplained(found) == []


def test_calls_that_happen_are_found(all_cases: list[Case], graphs: dict[str, Answer], calls: dict[str, frozenset[Edge]]) -> None:
    """Whatever a case is expected to do: a call that a profiler sees is in the graph."""
    missed = {case.name: calls[case.name] - set(graphs[case.name]) for case in all_cases}
    assert {case: edges for case, edges in missed.items() if edges} == {}
    assert sum(map(len, calls.values())) > 200


@pytest.mark.parametrize("name", deviations())
def test_deviation(name: str, all_cases: list[Case], graphs: dict[str, Answer], calls: dict[str, frozenset[Edge]]) -> None:
    """Where the benchmark is contradicted, what is missing never happens, and what is reported beyond it does."""
    (case,) = (case for case in all_cases if case.name == name)
    verdict = score(case, graphs[name])
    assert verdict.missing | verdict.wrong
    assert not verdict.missing & calls[name]
    assert verdict.wrong <= calls[name]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda edges: frozenset(sorted(edges)[1:]),
        lambda edges: frozenset(edge for edge in edges if edge[0] != "main"),
        lambda edges: edges | {("main", "main.nobody")},
        lambda _: "it crashed",
    ],
    ids=["one edge dropped", "module bodies forgotten", "an edge too many", "no answer"],
)
def test_spoilt_graphs_score_lower(spoil: Callable[[frozenset[Edge]], Answer], all_cases: list[Case]) -> None:
    """A tool that drops edges, makes them up or fails is not right about the cases in which it does."""
    truth: dict[str, Answer] = {case.name: case.expected for case in all_cases}
    spoilt = {case.name: spoil(case.expected) for case in all_cases}
    assert summary(verdicts(all_cases, truth)) == (118, 118, 118)
    assert summary(verdicts(all_cases, spoilt))[2] < 20


def test_peer(all_cases: list[Case], calls: dict[str, frozenset[Edge]]) -> None:
    """PyCG runs on the same cases, and is scored by the same rules."""
    peer = theirs()
    found = verdicts(all_cases, peer)
    assert 100 <= summary(found)[2] <= RIGHT
    assert row("PyCG", found, peer, calls).startswith("| PyCG |")


def test_peer_that_does_not_run_says_why(tmp_path: Path) -> None:
    """Without PyCG's source its process fails and names what is missing."""
    outcome = run([sys.executable, "-I", HERE / "peer.py", tmp_path, tmp_path], tmp_path)
    assert outcome.code == 1
    assert outcome.output.strip().splitlines()[-1] == "ModuleNotFoundError: No module named 'pycg'"


GRAPHS = {
    "lambdas are numbered in their body": (
        "def f(g):\n    g()\n    return lambda: len('')\n\nf(lambda: None)\nf(lambda: 1)()\n",
        {
            ("main", "main.f"),
            ("main", "main.f.<lambda1>"),
            ("main.f", "main.<lambda1>"),
            ("main.f", "main.<lambda2>"),
            ("main.f.<lambda1>", "<builtin>.len"),
        },
    ),
    "nobody calls the first, which calls the second": (
        "def second(f):\n    f()\n\ndef third():\n    pass\n\ndef first():\n    second(third)\n",
        {("main.first", "main.second"), ("main.second", "main.third")},
    ),
    "nobody calls a pair that calls each other": (
        "def one():\n    two()\n\ndef two():\n    one()\n",
        {("main.one", "main.two"), ("main.two", "main.one")},
    ),
    "a class body calls": (
        "def f():\n    pass\n\nclass A:\n    f()\n",
        {("main.A", "main.f")},
    ),
    "constructors inside and outside of the program": (
        "import ext\n\nclass A:\n    def __init__(self):\n        pass\n\nclass B(ext.Base):\n    pass\n\nA()\nB()\n",
        {("main", "main.A.__init__"), ("main", "ext.Base.__init__")},
    ),
}


@pytest.mark.parametrize(("text", "expected"), GRAPHS.values(), ids=GRAPHS)
def test_names(text: str, expected: set[Edge], tmp_path: Path) -> None:
    """The graph of a small program has the names of the benchmark."""
    assert call_graph(write_tree(tmp_path, {"main.py": text})) == expected


def test_page_says_what_is_measured(all_cases: list[Case], graphs: dict[str, Answer], calls: dict[str, frozenset[Edge]]) -> None:
    """The figures and the deviations of the reference page are those of this run."""
    page = (ROOT / "docs/reference/accuracy.md").read_text(encoding="utf-8")
    line = row("buttress", verdicts(all_cases, graphs), graphs, calls)
    assert line.replace("** |", f"** of {len(all_cases)} |") in page
    assert [f"| `{case}` | {reason} |" for case, reason in deviations().items()] == [
        line for line in page.splitlines() if line.startswith("| `")
    ]
