"""SARIF 2.1.0: valid against the schema, and what code scanning needs is in it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from random import Random
from string import ascii_letters
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from buttress_scanner.findings.model import Finding, Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import BaselineUse, Comparison, Report, Site
from buttress_scanner.report import _sarif_limits as limits
from buttress_scanner.report import render
from buttress_scanner.report._linehash import line_hashes
from tests.scanner.report.samples import DIRECT, FILES, FULL, QUIET, reader
from tests.scanner.report.strategies import REPORTS

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
    assert result["ruleId"] == "one-path"
    assert result["level"] == "warning"
    assert result["message"]["text"] == (
        "app.run:go runs app.base:Plugin.run (possible)\nBecause: Only the tool runner validates."
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
    assert not [result for result in run_of(FULL)["results"] if "baselineState" in result]


def test_a_baseline() -> None:
    """What the baseline knows is accepted from outside of the code and unchanged; everything else is new."""
    known = replace(FULL.findings[1], baselined=True)
    results = run_of(Report(findings=(DIRECT, known), baseline=BaselineUse("buttress.baseline", known=1, new=1)))["results"]
    assert [result["baselineState"] for result in results] == ["new", "unchanged"]
    assert results[1]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "An entry of buttress.baseline knows this finding."}
    ]


def test_a_diff() -> None:
    """What another revision does not have is new."""
    (result,) = run_of(Report(findings=(DIRECT,), diff=Comparison("main", "0" * 40, 3)))["results"]
    assert result["baselineState"] == "new"


def test_rules_are_contracts_with_the_page_of_their_kind() -> None:
    """Every contract is a rule, titled by its reason; the prose of its kind's page is its help, without the examples."""
    contract = replace(FULL.contracts[0], because="Only the tool runner validates.", source="docs/design.md")
    foreign = replace(FULL.findings[3], kind="kind-without-page")
    run = run_of(replace(FULL, contracts=(contract, *FULL.contracts[1:]), findings=(*FULL.findings[:3], foreign)))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["one-path", "pure", "gone", "files"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    one_path = rules[0]
    assert one_path["name"] == "OnePath"
    assert one_path["shortDescription"]["text"] == "Only the tool runner validates."
    assert one_path["fullDescription"]["text"].startswith("Only the tool runner validates.\nAllows a function")
    assert one_path["help"]["markdown"].startswith("**Kind:** `choke-point`. Allows a function")
    assert "**Source:** docs/design.md\n\n# choke-point\n" in one_path["help"]["markdown"]
    assert "## What is lawful" in one_path["help"]["markdown"]
    assert "# error: [" not in one_path["help"]["markdown"]
    assert one_path["properties"]["tags"] == ["architecture", "choke-point"]
    assert rules[3]["help"]["text"] == "Kind: kind-without-page. A contract of the kind kind-without-page."


def test_what_could_not_be_judged_is_a_notification() -> None:
    """Errors and vacuous contracts make the execution unsuccessful and stand in its notifications."""
    (invocation,) = run_of(FULL)["invocations"]
    assert invocation["executionSuccessful"] is False
    error, vacuous = invocation["toolExecutionNotifications"]
    assert error["descriptor"]["id"] == "not-judged"
    assert error["message"]["text"] == "this file cannot be parsed: invalid syntax\nrun the check with a newer Python"
    assert vacuous["descriptor"]["id"] == "vacuous-contract"
    assert vacuous["message"]["text"] == "[gone] app.audit:write does not exist"
    assert vacuous["associatedRule"] == {"id": "gone", "index": 2}
    assert vacuous["locations"][0]["physicalLocation"]["region"]["startLine"] == 2


def test_the_quiet_case() -> None:
    """A clean run has no results, and says that it could judge everything."""
    run = run_of(QUIET)
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]
    assert run["properties"]["contracts"][0] == {
        "id": "pure",
        "kind": "effect-purity",
        "status": "kept",
        "judged": 7,
        "undecided": 0,
    }


def test_undecided_sites_are_notifications() -> None:
    """What a contract could not decide is told with place and reason, and leaves the execution successful."""
    sites = (Site(Position("app/api.py", 3, 5), "the receiver is not known"),)
    (invocation,) = run_of(replace(QUIET, contracts=(replace(QUIET.contracts[0], undecided=1, sites=sites),)))["invocations"]
    assert invocation["executionSuccessful"] is True
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["descriptor"]["id"], note["level"]) == ("undecided", "note")
    assert note["message"]["text"] == "[pure] the receiver is not known"
    assert note["associatedRule"] == {"id": "pure", "index": 0}
    assert note["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}


def test_a_strict_baseline_that_is_too_long() -> None:
    """Entries whose finding is gone are told; the execution was successful all the same."""
    (invocation,) = run_of(replace(QUIET, baseline=BaselineUse("old.baseline", fixed=("one-path x",), strict=True)))[
        "invocations"
    ]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)
    assert {note["descriptor"]["id"] for note in invocation["toolExecutionNotifications"]} == {"stale-baseline"}


def test_lines_have_the_fingerprint_of_code_scanning() -> None:
    """Beside our fingerprint stands the one that code scanning computes itself, unless the file is gone."""
    results = json.loads(render(FULL, "sarif", read_source=reader(FILES), color=False))["runs"][0]["results"]
    expected = line_hashes(FILES["app/api.py"].decode())[4]
    assert results[0]["partialFingerprints"] == {"buttress/v1": DIRECT.fingerprint, "primaryLocationLineHash": expected}
    assert "primaryLocationLineHash" not in results[3]["partialFingerprints"]


# Published with the step that uploads logs: what it computes of these texts.
LINE_HASHES = {
    "empty": ("", ["c129715d7a2bc9a3:1"]),
    "blanks": (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
    "every sort of line end": (
        " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
    "equal lines": (
        "Lorem ipsum dolor sit amet.\n" * 6,
        [
            "a7f2ff13bc495cf2:1",
            "a7f2ff13bc495cf2:2",
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
}


@pytest.mark.parametrize(("text", "hashes"), LINE_HASHES.values(), ids=LINE_HASHES)
def test_line_hashes(text: str, hashes: list[str]) -> None:
    """The fingerprint of a line is the one that the uploading step computes, so that it has nothing to complain of."""
    assert line_hashes(text) == hashes


def numbered(number: int) -> tuple[Finding, ...]:
    """Build findings in many lines."""
    return tuple(replace(DIRECT, position=Position("a.py", line), ordinal=line) for line in range(1, number + 1))


def shortened(report: Report) -> list[str]:
    """Return what a log tells of its own limits."""
    notes = run_of(report)["invocations"][0]["toolExecutionNotifications"]
    return [note["message"]["text"].split(". ")[0] for note in notes if note["descriptor"]["id"] == "shortened"]


def test_more_results_than_code_scanning_shows() -> None:
    """Of too many findings the most important stay, in their order, and the log says how many are missing."""
    accepted = replace(DIRECT, position=Position("a.py", 1), suppressed=Suppressed("old", 1))
    warning = replace(DIRECT, position=Position("a.py", 2), severity=Severity.WARNING)
    report = Report(findings=(accepted, warning, *numbered(limits.RESULTS - 1)))
    results = run_of(report)["results"]
    assert len(results) == limits.RESULTS
    assert results[0]["level"] == "warning"
    assert [result["suppressions"] for result in results if result["suppressions"]] == []
    assert shortened(report) == ["1 finding left out, the least important"]


def test_as_many_results_as_code_scanning_shows() -> None:
    """At the limit nothing is left out."""
    assert shortened(Report(findings=numbered(limits.RESULTS))) == []


def test_longer_evidence_than_code_scanning_shows() -> None:
    """Of a long chain both ends stay: where the owner can change something, and where the deed is."""
    steps = tuple(Step(Position("a.py", line), "a", f"step {line}") for line in range(1, limits.STEPS + 101))
    report = Report(findings=(replace(DIRECT, evidence=steps),))
    (flow,) = run_of(report)["results"][0]["codeFlows"]
    texts = [step["location"]["message"]["text"] for step in flow["threadFlows"][0]["locations"]]
    assert (len(texts), texts[0], texts[-1]) == (limits.STEPS, "step 1", f"step {limits.STEPS + 100}")
    assert shortened(report) == ["1 chain of evidence shown without the middle"]


def test_more_undecided_sites_than_a_reader_wants() -> None:
    """Undecided sites are listed up to a limit, then counted."""
    sites = tuple(Site(Position("a.py", line), "unknown") for line in range(1, limits.NOTICES + 3))
    assert shortened(replace(QUIET, contracts=(replace(QUIET.contracts[0], sites=sites),))) == ["2 undecided sites more"]


def test_long_reasons_are_cut() -> None:
    """Descriptions of a rule have at most as many characters as code scanning takes."""
    contract = replace(QUIET.contracts[0], because="x" * 3000)
    (rule,) = run_of(replace(QUIET, contracts=(contract,)))["tool"]["driver"]["rules"]
    assert len(rule["shortDescription"]["text"]) == len(rule["fullDescription"]["text"]) == limits.TEXT


def test_a_log_that_is_too_large() -> None:
    """A log that would be refused for its size is shortened until it is not, and says so."""
    noise = Random(1)
    messages = ["".join(noise.choices(ascii_letters, k=40_000)) for _ in range(400)]
    report = Report(findings=tuple(replace(DIRECT, message=text, ordinal=n) for n, text in enumerate(messages)))
    log = render(report, "sarif", read_source=reader({}), color=False)
    assert len(gzip.compress(log.encode(), mtime=0)) < limits.SIZE
    assert "findings left out, the least important" in log


def test_a_file_below_the_top_of_the_repository() -> None:
    """Paths count from the top of the repository, wherever the configuration lies."""
    (result,) = run_of(Report(findings=(DIRECT,), folder="services/shop"))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "services/shop/app/api.py"


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


@given(REPORTS)
def test_every_report_is_valid(report: Report) -> None:
    """Whatever a report holds, the log is valid SARIF."""
    run_of(report)
