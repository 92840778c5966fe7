"""JSON, version 1: exactly the promised document."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from buttress_scanner.findings.model import Position
from buttress_scanner.findings.report_model import Report, Site, Stats
from buttress_scanner.report import render
from buttress_scanner.report.reading import SavedReportError, read_report
from tests.scanner.report.samples import FILES, FULL, QUIET, THROUGH_HELPER, reader
from tests.scanner.report.strategies import REPORTS

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "reference" / "report.schema.json").read_text(encoding="utf-8"))

ONE = """\
{
  "version": 1,
  "findings": [
    {
      "contract": "one-path",
      "kind": "choke-point",
      "severity": "warning",
      "confidence": "possible",
      "path": "app/api.py",
      "line": 6,
      "column": 12,
      "end_line": 9,
      "end_column": 6,
      "symbol": "app.api:handle",
      "message": "app.run:go runs app.base:Plugin.run",
      "sink": "app.run:go",
      "ordinal": 0,
      "because": "Only the tool runner validates.",
      "evidence": [
        {
          "path": "app/api.py",
          "line": 6,
          "column": 12,
          "symbol": "app.api:handle",
          "text": "calls app.run:go"
        },
        {
          "path": "app/run.py",
          "line": 2,
          "column": 5,
          "end_line": 2,
          "end_column": 12,
          "symbol": "app.run:go",
          "text": "calls app.base:Plugin.run"
        }
      ],
      "fingerprint": "FINGERPRINT",
      "fixable": false,
      "suppressed": false,
      "baselined": false
    }
  ],
  "contracts": [],
  "errors": [],
  "stats": {
    "findings": 1,
    "suppressed": 0,
    "known": 0,
    "files": 0,
    "skipped": 0,
    "parsed": 0,
    "undecided": 0
  }
}
"""


def document(report: Report) -> dict[str, object]:
    """Render, read back and validate."""
    rendered: dict[str, object] = json.loads(render(report, "json", read_source=reader({}), color=True))
    jsonschema.validate(rendered, SCHEMA)
    return rendered


def test_the_whole_text() -> None:
    """One finding, byte for byte."""
    expected = ONE.replace("FINGERPRINT", THROUGH_HELPER.fingerprint)
    assert render(Report(findings=(THROUGH_HELPER,)), "json", read_source=reader({}), color=False) == expected


def test_the_quiet_case() -> None:
    """A clean run has empty lists and the contract with what it judged."""
    assert document(QUIET) == {
        "version": 1,
        "configuration": "buttress.toml",
        "findings": [],
        "contracts": [{"id": "pure", "kind": "effect-purity", "status": "kept", "judged": 7, "undecided": 0}],
        "errors": [],
        "stats": {"findings": 0, "suppressed": 0, "known": 0, "files": 1, "skipped": 0, "parsed": 1, "undecided": 1},
    }


def test_everything_else() -> None:
    """Suppressed findings are marked, a missing end repeats the start, vacuity says why, errors carry their hint."""
    rendered = json.loads(render(FULL, "json", read_source=reader({}), color=False))
    assert [finding["suppressed"] for finding in rendered["findings"]] == [False, False, True, False]
    accepted, missing = rendered["findings"][2:]
    assert (accepted["line"], accepted["column"], accepted["end_line"], accepted["end_column"]) == (2, 5, 2, 5)
    assert (missing["line"], missing["end_line"]) == (0, 0)
    assert rendered["contracts"][2]["why"] == ["app.audit:write does not exist"]
    assert rendered["errors"] == [
        {
            "path": "app/bad.py",
            "line": 3,
            "column": 7,
            "message": "this file cannot be parsed: invalid syntax",
            "hint": "run the check with a newer Python",
        }
    ]
    document(FULL)


def test_reasons_and_places_of_contracts() -> None:
    """A contract says why it exists, where it stands, and which sites it left undecided."""
    site = Site(Position("app/api.py", 3, 5), "the receiver is not known")
    told = replace(FULL.contracts[0], because="x", source="docs/a.md", path="buttress.toml", line=4, undecided=1, sites=(site,))
    assert document(Report(contracts=(told,)))["contracts"] == [
        {
            "id": "one-path",
            "kind": "choke-point",
            "status": "broken",
            "judged": 41,
            "undecided": 1,
            "because": "x",
            "source": "docs/a.md",
            "path": "buttress.toml",
            "line": 4,
            "undecided_sites": [{"path": "app/api.py", "line": 3, "column": 5, "reason": "the receiver is not known"}],
        }
    ]


def test_reasons_of_suppressions_and_lines_of_code() -> None:
    """A suppression says why; findings and steps show the line of code as it stands, where the file can be read."""
    rendered = json.loads(render(FULL, "json", read_source=reader(FILES), color=False))
    jsonschema.validate(rendered, SCHEMA)
    _, helper, accepted, missing = rendered["findings"]
    assert accepted["suppression"] == {"reason": "the client has no other door", "line": 2}
    assert helper["code"] == "    return go("
    assert [step["code"] for step in helper["evidence"]] == ["    return go(", "    p.run()"]
    assert "code" not in missing


def test_overlong_lines_are_left_out() -> None:
    """A line that no person has written is not repeated in the report."""
    read = reader({"app/run.py": b"x\n" + b"y" * 501})
    assert '"code"' not in render(Report(findings=(FULL.findings[2],)), "json", read_source=read, color=False)


@given(REPORTS)
def test_reading_back(report: Report) -> None:
    """What is read back from JSON is written as the same JSON, with nothing missing."""
    once = render(report, "json", read_source=reader({}), color=False)
    jsonschema.validate(json.loads(once), SCHEMA)
    assert render(read_report(once).report, "json", read_source=reader({}), color=False) == once


def test_a_report_survives() -> None:
    """A report with everything in it is the same when it is read back."""
    assert read_report(render(FULL, "json", read_source=reader({}), color=False)).report == FULL


def test_a_path_that_is_no_text_is_read_back_visibly() -> None:
    """A file name that is not UTF-8 does not keep a report from being read."""
    finding = replace(THROUGH_HELPER, position=replace(THROUGH_HELPER.position, path="app/\udcff.py"))
    saved = read_report(render(Report(findings=(finding,)), "json", read_source=reader({}), color=False))
    assert saved.report.findings[0].position.path == "app/\\udcff.py"


NO_REPORTS = {
    "no JSON": ("{", "Expecting property name"),
    "no object": ("[]", "the document: Input should be a valid dictionary"),
    "another version": ('{"version": 2, "findings": []}', "version: Input should be 1"),
    "something missing": ('{"version": 1, "findings": [], "contracts": [], "errors": []}', "stats: Field required"),
    "nested without end": ("[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "words"), NO_REPORTS.values(), ids=NO_REPORTS)
def test_what_is_no_report_is_refused(text: str, words: str) -> None:
    """The message says what is wrong with the document."""
    with pytest.raises(SavedReportError, match=re.escape(words)):
        read_report(text)


def test_code_of_another_time_is_not_shown() -> None:
    """Where the saved lines no longer stand in the file, only they are shown; where they do, everything around them is, too."""
    saved = read_report(render(FULL, "json", read_source=reader(FILES), color=False))
    assert saved.sources(reader(FILES))("app/run.py") == FILES["app/run.py"]
    assert saved.sources(reader({"app/run.py": b"# moved\n" + FILES["app/run.py"]}))("app/run.py") == b"\n    p.run()"
    assert saved.sources(reader({}))("app/run.py") == b"\n    p.run()"
    with pytest.raises(FileNotFoundError):
        saved.sources(reader({}))("docs/two words.md")


def test_the_tally() -> None:
    """Open, suppressed and known findings are counted."""
    known = replace(FULL.findings[0], baselined=True, ordinal=1)
    stats = document(replace(FULL, findings=(*FULL.findings, known)))["stats"]
    assert isinstance(stats, dict)
    assert [stats[name] for name in ("findings", "suppressed", "known")] == [3, 1, 1]


def test_seconds_only_on_demand() -> None:
    """Times would make two runs differ: they are there only when measured."""
    measured = replace(QUIET, stats=Stats(files=1, seconds=(("parse", 0.5),)))
    assert json.loads(render(measured, "json", read_source=reader({}), color=False))["stats"]["seconds"] == {"parse": 0.5}
    document(measured)


def test_names_that_are_no_text_survive() -> None:
    """A file name that is not UTF-8 makes neither the rendering nor the writing fail."""
    finding = replace(THROUGH_HELPER, position=replace(THROUGH_HELPER.position, path="app/\udcff.py"))
    rendered = render(Report(findings=(finding,)), "json", read_source=reader({}), color=False)
    assert json.loads(rendered.encode("ascii"))["findings"][0]["path"] == "app/\udcff.py"


BROKEN = {
    "version": ("version", 2),
    "surplus": ("more", []),
    "status": ("contracts", [{"id": "a", "kind": "k", "status": "fine", "judged": 0, "undecided": 0}]),
    "figure": ("stats", {"findings": 0, "suppressed": 0, "known": 0, "files": -1, "skipped": 0, "parsed": 0, "undecided": 0}),
}


@pytest.mark.parametrize(("key", "value"), BROKEN.values(), ids=BROKEN)
def test_the_schema_refuses_another_document(key: str, value: object) -> None:
    """The schema can fail: a document of another form does not pass."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(QUIET) | {key: value}, SCHEMA)


def test_the_schema_demands_every_field_of_a_finding() -> None:
    """A finding that lacks any field does not pass."""
    rendered = json.loads(render(Report(findings=(THROUGH_HELPER,)), "json", read_source=reader({}), color=False))
    for name in list(rendered["findings"][0]):
        less = {key: value for key, value in rendered["findings"][0].items() if key != name}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(rendered | {"findings": [less]}, SCHEMA)


def test_the_schema_is_one() -> None:
    """The published schema is a valid JSON Schema itself."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_documented_example_is_valid() -> None:
    """The example on the reference page is a document of the schema."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "json-report.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    jsonschema.validate(example, SCHEMA)
    assert example["findings"]
