"""PyCG's published micro-benchmark: where its cases come from, what they expect, and how an answer is scored."""

from __future__ import annotations

import json
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.run import CACHE, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable

Edge = tuple[str, str]
"""Caller and callee, in the names of the benchmark."""
Answer = frozenset[Edge] | str
"""A call graph, or why there is none."""

HERE = Path(__file__).resolve().parent
RELEASE = "pycg-0.0.8"


@dataclass(frozen=True, slots=True)
class Case:
    """One program with its call graph."""

    name: str
    folder: Path
    expected: frozenset[Edge]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an answer differs from what a case expects; ``failure`` says why there is no answer."""

    case: str
    missing: frozenset[Edge]
    wrong: frozenset[Edge]
    failure: str = ""

    @property
    def differences(self) -> tuple[tuple[str, frozenset[Edge]], ...]:
        """What is missing and what is wrong."""
        return (("missing", self.missing), ("wrong", self.wrong))

    @property
    def is_right(self) -> bool:
        """Whether every expected edge is found and no wrong one."""
        return not (self.missing or self.wrong or self.failure)


def release() -> Path:
    """Return the unpacked source distribution of PyCG, fetched once.

    Raises:
        BenchError: the package index did not answer with what is pinned.
    """
    folder = CACHE / RELEASE
    if not folder.is_dir():
        fetch()
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch, tarfile.open(CACHE / f"{RELEASE}.tar.gz") as archive:
            archive.extractall(scratch, filter="data")
            (Path(scratch) / RELEASE).replace(folder)
    return folder


def snippets() -> Path:
    """Return the folder with the cases, one folder for each group of them."""
    return release() / "micro-benchmark" / "snippets"


def cases() -> list[Case]:
    """Return all cases in the order of their names."""
    top = snippets()
    truths = sorted(top.rglob("callgraph.json"))
    return [
        Case(truth.parent.relative_to(top).as_posix(), truth.parent, edges(json.loads(truth.read_text("utf-8"))))
        for truth in truths
    ]


def edges(graph: dict[str, list[str]]) -> frozenset[Edge]:
    """Return the edges of a call graph that is written as callees by caller."""
    return frozenset((caller, callee) for caller, callees in graph.items() for callee in callees)


def score(case: Case, answer: Answer) -> Verdict:
    """Compare an answer with what a case expects."""
    if isinstance(answer, str):
        return Verdict(case.name, case.expected, frozenset(), answer)
    return Verdict(case.name, case.expected - answer, answer - case.expected)


def deviations() -> dict[str, str]:
    """Return the cases whose expectation is not what happens when they run, each with the reason."""
    entries = tomllib.loads((HERE / "deviations.toml").read_text("utf-8"))["deviation"]
    return {entry["case"]: entry["reason"] for entry in entries}


def summary(verdicts: Iterable[Verdict]) -> tuple[int, int, int]:
    """Count the cases without a missing edge, without a wrong edge, and without either."""
    given = [verdict for verdict in verdicts if not verdict.failure]
    sound = sum(not verdict.missing for verdict in given)
    precise = sum(not verdict.wrong for verdict in given)
    return sound, precise, sum(verdict.is_right for verdict in given)
