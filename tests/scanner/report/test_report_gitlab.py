"""GitLab's code quality: valid issues with stable, distinct fingerprints."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
from hypothesis import given

from buttress_scanner.findings.model import Severity
from buttress_scanner.findings.report_model import BaselineUse, Report
from buttress_scanner.report import render
from tests.scanner.report.samples import DIRECT, FULL, QUIET, THROUGH_HELPER, reader
from tests.scanner.report.strategies import REPORTS

# What GitLab documents of the format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def issues(report: Report) -> list[dict[str, Any]]:
    """Render, read back and validate."""
    found: list[dict[str, Any]] = json.loads(render(report, "gitlab", read_source=reader({}), color=True))
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_finding() -> None:
    """An issue has everything that a merge request shows, the evidence included."""
    assert issues(Report(findings=(THROUGH_HELPER,))) == [
        {
            "description": "app.run:go runs app.base:Plugin.run (possible)\nBecause: Only the tool runner validates.\n"
            "1. app/api.py:6:12: calls app.run:go\n2. app/run.py:2:5: calls app.base:Plugin.run",
            "check_name": "buttress/one-path",
            "fingerprint": THROUGH_HELPER.fingerprint,
            "severity": "major",
            "location": {"path": "app/api.py", "lines": {"begin": 6, "end": 9}},
        }
    ]


def test_what_is_accepted_is_no_issue() -> None:
    """Suppressed and known findings are left out; errors and vacuous contracts are blockers."""
    found = issues(replace(FULL, findings=(*FULL.findings, replace(DIRECT, baselined=True, ordinal=1))))
    assert [issue["severity"] for issue in found] == ["critical", "major", "critical", "blocker", "blocker"]
    assert found[2]["location"] == {"path": "docs/two words.md", "lines": {"begin": 1, "end": 1}}
    assert found[4]["check_name"] == "buttress/gone"
    assert found[4]["location"] == {"path": "buttress.toml", "lines": {"begin": 2, "end": 2}}


def test_a_strict_baseline_that_is_too_long() -> None:
    """Entries whose finding is gone fail the check, and so are an issue of the baseline."""
    (issue,) = issues(replace(QUIET, baseline=BaselineUse("old.baseline", fixed=("one-path x",), strict=True)))
    assert (issue["check_name"], issue["severity"], issue["location"]["path"]) == (
        "buttress/baseline",
        "critical",
        "old.baseline",
    )
    assert "one-path x" in issue["description"]


def test_the_quiet_case() -> None:
    """A clean run is an empty list, which GitLab needs to see that something was fixed."""
    assert issues(QUIET) == []


def test_a_file_below_the_top_of_the_repository() -> None:
    """Paths count from the top of the repository."""
    (issue,) = issues(Report(findings=(DIRECT,), folder="services/shop"))
    assert issue["location"]["path"] == "services/shop/app/api.py"


def test_notes_are_for_information() -> None:
    """The mildest severity is GitLab's mildest."""
    assert issues(Report(findings=(replace(DIRECT, severity=Severity.NOTE),)))[0]["severity"] == "info"


def test_fingerprints_stay_when_code_moves() -> None:
    """Lines are no part of the fingerprint, so that nothing is new because it has moved."""
    moved = replace(DIRECT, position=replace(DIRECT.position, line=99, end_line=99))
    assert issues(Report(findings=(DIRECT,)))[0]["fingerprint"] == issues(Report(findings=(moved,)))[0]["fingerprint"]


@given(REPORTS)
def test_every_report_is_valid(report: Report) -> None:
    """Whatever a report holds, the document has GitLab's form."""
    issues(report)
