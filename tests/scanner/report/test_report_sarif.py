"""SARIF 2.1.0: valid against the schema, and what code scanning needs is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Finding, Position, Step, Suppressed
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Status
from buttress_scanner.report import render
from tests.scanner.report.samples import DIRECT, FULL, QUIET, reader

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8-sig"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def run_of(report: Report) -> dict[str, Any]:
    """Render, validate and return the only run."""
    document = json.loads(render(report, "sarif", read_source=reader({}), color=True))
    VALIDATOR.validate(document)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_a_result() -> None:
    """A finding names its rule, level, place, symbol and fingerprint."""
    result = run_of(FULL)["results"][1]
    assert result["ruleId"] == "choke-point"
    assert result["level"] == "warning"
    assert result["message"]["text"] == (
        "[one-path] app.run:go runs app.base:Plugin.run (possible)\nBecause: Only the tool runner validates."
    )
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "app/api.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 6, "startColumn": 12, "endLine": 9, "endColumn": 6},
            },
            "logicalLocations": [{"fullyQualifiedName": "app.api:handle"}],
        }
    ]
    assert result["partialFingerprints"] == {"buttress/v1": FULL.findings[1].fingerprint}


def test_evidence_is_a_code_flow() -> None:
    """The chain of evidence is one thread flow, step by step."""
    results = run_of(FULL)["results"]
    (flow,) = results[1]["codeFlows"]
    (thread,) = flow["threadFlows"]
    steps = [
        (step["location"]["physicalLocation"]["artifactLocation"]["uri"], step["location"]["message"]["text"])
        for step in thread["locations"]
    ]
    assert steps == [("app/api.py", "calls app.run:go"), ("app/run.py", "calls app.base:Plugin.run")]
    assert "codeFlows" not in results[0]


def test_suppressions() -> None:
    """A suppressed finding carries the reason as justification, every other one an empty list."""
    suppressions = [result["suppressions"] for result in run_of(FULL)["results"]]
    accepted = [{"kind": "inSource", "status": "accepted", "justification": "the client has no other door"}]
    assert suppressions == [[], [], accepted, []]


def test_rules_are_kinds_with_their_page() -> None:
    """Every kind of the report is a rule; the page's prose is its help, without the examples."""
    run = run_of(FULL)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["choke-point", "effect-purity", "required-files", "wired"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    choke_point = rules[0]
    assert choke_point["name"] == "ChokePoint"
    assert choke_point["shortDescription"]["text"].startswith("Allows a function")
    assert choke_point["help"]["markdown"].startswith("# choke-point\n")
    assert "## What is lawful" in choke_point["help"]["markdown"]
    assert "# error: [" not in choke_point["help"]["markdown"]
    assert "help" not in rules[2]


def test_what_could_not_be_judged_is_a_notification() -> None:
    """Errors and vacuous contracts make the execution unsuccessful and stand in its notifications."""
    (invocation,) = run_of(FULL)["invocations"]
    assert invocation["executionSuccessful"] is False
    error, vacuous = invocation["toolExecutionNotifications"]
    assert error["descriptor"]["id"] == "not-judged"
    assert error["message"]["text"] == "this file cannot be parsed: invalid syntax\nrun the check with a newer Python"
    assert vacuous["descriptor"]["id"] == "vacuous-contract"
    assert vacuous["message"]["text"] == "[gone] app.audit:write does not exist"
    assert vacuous["associatedRule"] == {"id": "wired", "index": 3}
    assert vacuous["locations"][0]["physicalLocation"]["region"]["startLine"] == 2


def test_the_quiet_case() -> None:
    """A clean run has no results, and says that it could judge everything."""
    run = run_of(QUIET)
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["properties"]["contracts"][0] == {
        "id": "pure",
        "kind": "effect-purity",
        "status": "kept",
        "judged": 7,
        "undecided": 0,
    }


URIS = {
    "blank": ("docs/two words.md", "docs/two%20words.md"),
    "percent and hash": ("a%20b/#1.py", "a%2520b/%231.py"),
    "colon": ("c:d.py", "c%3Ad.py"),
    "not ASCII": ("größe/日本.py", "gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC.py"),
    "not UTF-8": ("a/\udcff.py", "a/%FF.py"),
}


@pytest.mark.parametrize(("path", "uri"), URIS.values(), ids=URIS)
def test_paths_are_relative_uris(path: str, uri: str) -> None:
    """A path is written as a relative URI reference with everything escaped that needs it."""
    finding = replace(DIRECT, position=replace(DIRECT.position, path=path))
    (result,) = run_of(Report(findings=(finding,)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_a_finding_without_a_line_has_no_region() -> None:
    """What concerns a file as a whole has a place without a region."""
    assert "region" not in run_of(FULL)["results"][3]["locations"][0]["physicalLocation"]


def test_no_path_of_this_machine() -> None:
    """The log holds no absolute path, so it is the same on every machine."""
    rendered = render(replace(FULL, contracts=()), "sarif", read_source=reader({}), color=False)
    assert str(Path(__file__).parents[3]) not in rendered


WORDS = st.text(max_size=12)
PLACES = st.builds(
    Position, st.text(min_size=1, max_size=12), st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)
)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["choke-point", "own-kind"]),
    PLACES,
    WORDS,
    WORDS,
    WORDS,
    because=WORDS,
    evidence=st.lists(st.builds(Step, PLACES, WORDS, WORDS), max_size=2).map(tuple),
    suppressed=st.none() | st.builds(Suppressed, WORDS, st.integers(1, 9)),
)
RESULTS = st.builds(
    ContractResult,
    WORDS,
    WORDS,
    st.sampled_from(Status),
    st.integers(0, 9),
    st.integers(0, 9),
    st.lists(WORDS, max_size=2).map(tuple),
    WORDS,
    st.integers(0, 9),
)
PROBLEMS = st.builds(Problem, WORDS, st.integers(0, 9), st.integers(0, 9), WORDS, WORDS)
REPORTS = st.builds(
    Report,
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(RESULTS, max_size=2).map(tuple),
    st.lists(PROBLEMS, max_size=2).map(tuple),
)


@given(REPORTS)
def test_every_report_is_valid(report: Report) -> None:
    """Whatever a report holds, the log is valid SARIF."""
    run_of(report)
