"""Arbitrary reports, for laws that every format obeys."""

from __future__ import annotations

from hypothesis import strategies as st

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import BaselineUse, Comparison, ContractResult, Problem, Report, Site, Stats, Status

WORDS = st.text(max_size=12)
SENTENCES = st.text(min_size=1, max_size=12)
IDS = st.sampled_from(["a", "b", "one-path"])
KINDS = st.sampled_from(["choke-point", "own-kind"])
PLACES = st.builds(
    Position, st.text(min_size=1, max_size=12), st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)
)
FINDINGS = st.builds(
    Finding,
    IDS,
    KINDS,
    PLACES,
    WORDS,
    SENTENCES,
    WORDS,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    because=WORDS,
    evidence=st.lists(st.builds(Step, PLACES, WORDS, WORDS), max_size=2).map(tuple),
    fixable=st.booleans(),
    ordinal=st.integers(0, 3),
    suppressed=st.none() | st.builds(Suppressed, WORDS, st.integers(1, 9)),
    baselined=st.booleans(),
)
RESULTS = st.builds(
    ContractResult,
    IDS,
    KINDS,
    st.sampled_from(Status),
    st.integers(0, 9),
    st.integers(0, 9),
    st.lists(WORDS, max_size=2).map(tuple),
    WORDS,
    st.integers(0, 9),
    because=WORDS,
    source=WORDS,
    sites=st.lists(st.builds(Site, PLACES, WORDS), max_size=2).map(tuple),
)
PROBLEMS = st.builds(Problem, WORDS, st.integers(0, 9), st.integers(0, 9), SENTENCES, WORDS)
COUNTS = st.integers(0, 99)
REPORTS = st.builds(
    Report,
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(RESULTS, max_size=2, unique_by=lambda result: result.id).map(tuple),
    st.lists(PROBLEMS, max_size=2).map(tuple),
    st.builds(Stats, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | COUNTS),
    configuration=st.sampled_from(["buttress.toml", "pyproject.toml"]),
    baseline=st.none() | st.builds(BaselineUse, WORDS, COUNTS, COUNTS, st.lists(WORDS, max_size=2).map(tuple), st.booleans()),
    diff=st.none() | st.builds(Comparison, WORDS, st.just("0" * 40), COUNTS),
    folder=st.sampled_from(["", "services/shop"]),
)
