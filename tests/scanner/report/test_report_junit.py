"""JUnit XML: valid against the schema of the xUnit plugin, a case for each contract."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema
from hypothesis import given

from buttress_scanner.findings.model import Severity
from buttress_scanner.findings.report_model import BaselineUse, ContractResult, Report, Status
from buttress_scanner.report import render
from tests.scanner.report.samples import DIRECT, FULL, QUIET, reader
from tests.scanner.report.strategies import REPORTS

RESULT = ContractResult("one-path", "choke-point", Status.BROKEN, 41, 2)

TEXT = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="buttress" tests="1" failures="0" errors="0">
  <testsuite name="contracts" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="effect-purity" name="pure" time="0">
      <system-out>7 judged, 0 undecided</system-out>
    </testcase>
    <system-out>1 file, 0 skipped, 1 site undecided
no findings, 0 suppressed</system-out>
  </testsuite>
</testsuites>
"""


@cache
def schema() -> xmlschema.XMLSchema:
    """Read the schema once."""
    return xmlschema.XMLSchema(Path(__file__).parent / "data" / "junit-10.xsd")


def suite(report: Report) -> Element:
    """Render, validate and return the test suite."""
    text = render(report, "junit", read_source=reader({}), color=True)
    schema().validate(text)
    found = fromstring(text).find("testsuite")
    assert found is not None
    return found


def case(report: Report, name: str) -> Element:
    """Return a test case by its name."""
    return next(each for each in suite(report).iter("testcase") if each.get("name") == name)


def test_the_quiet_case() -> None:
    """A clean run passes, and says what it judged."""
    assert render(QUIET, "junit", read_source=reader({}), color=False) == TEXT
    schema().validate(TEXT)


def test_a_case_for_each_contract() -> None:
    """Contracts are cases named by kind and id; findings without a contract and errors have cases of their own."""
    assert [(each.get("classname"), each.get("name")) for each in suite(FULL).iter("testcase")] == [
        ("choke-point", "one-path"),
        ("effect-purity", "pure"),
        ("wired", "gone"),
        ("buttress", "files"),
        ("buttress", "everything-could-be-judged"),
    ]


def test_a_failure_holds_all_findings_with_their_evidence() -> None:
    """One failure tells of every open finding of the contract, step by step; suppressed ones stand in the output."""
    broken = case(FULL, "one-path")
    (failure,) = broken.findall("failure")
    assert failure.attrib == {"type": "choke-point", "message": "2 findings"}
    assert failure.text is not None
    assert failure.text.split("\n\n") == [
        "app/api.py:5:21: app.base:Plugin.run is called outside app.runner\nBecause: Only the tool runner validates.",
        (
            "app/api.py:6:12: app.run:go runs app.base:Plugin.run (possible)\nBecause: Only the tool runner validates.\n"
            "1. app/api.py:6:12: calls app.run:go\n2. app/run.py:2:5: calls app.base:Plugin.run"
        ),
    ]
    assert broken.findtext("system-out") == (
        "41 judged, 2 undecided\n"
        "suppressed: app/run.py:2:5: app.base:Plugin.run is called outside app.runner: the client has no other door"
    )


def test_what_guards_nothing_is_an_error() -> None:
    """A vacuous contract has not failed: its test could not be run. So with files that cannot be parsed."""
    found = case(FULL, "gone").find("error")
    assert found is not None
    assert found.attrib == {"type": "vacuous", "message": "this contract guards nothing"}
    assert found.text == "app.audit:write does not exist"
    assert case(FULL, "everything-could-be-judged").findtext("error") == (
        "app/bad.py:3:7: this file cannot be parsed: invalid syntax\nrun the check with a newer Python"
    )


ACCEPTED = {
    "known to the baseline": (replace(DIRECT, baselined=True), "known: app/api.py:5:21: "),
    "a note": (replace(DIRECT, severity=Severity.NOTE), "note: app/api.py:5:21: "),
}


@pytest.mark.parametrize(("finding", "told"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_does_not_fail_the_check_is_no_failure(finding: object, told: str) -> None:
    """What lets the check pass lets the case pass, and is told all the same."""
    assert isinstance(finding, type(DIRECT))
    passed = case(Report(findings=(finding,), contracts=(RESULT,)), "one-path")
    assert passed.find("failure") is None
    assert told in (passed.findtext("system-out") or "")


def test_a_strict_baseline_that_is_too_long() -> None:
    """Entries whose finding is gone fail the check, and so are a failure; without strictness they are none."""
    report = replace(QUIET, baseline=BaselineUse("old.baseline", fixed=("one-path x",), strict=True))
    assert "one-path x" in (case(report, "baseline").findtext("failure") or "")
    assert suite(replace(report, baseline=BaselineUse("old.baseline", fixed=("one-path x",)))).get("failures") == "0"


def test_the_schema_refuses_another_document() -> None:
    """The schema can fail."""
    assert not schema().is_valid(TEXT.replace(' name="pure"', ""))


@given(REPORTS)
def test_every_report_is_valid(report: Report) -> None:
    """Whatever a report holds, control characters included, the document is well-formed, valid, and counts right."""
    found = suite(report)
    assert found.get("tests") == str(len(found.findall("testcase")))
    assert found.get("failures") == str(len(found.findall("testcase/failure")))
    assert found.get("errors") == str(len(found.findall("testcase/error")))
