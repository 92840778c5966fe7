"""JSON, version 1: exactly the promised document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from buttress_scanner.findings.report_model import Report, Stats
from buttress_scanner.report import render
from tests.scanner.report.samples import FULL, QUIET, THROUGH_HELPER, reader

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
        "findings": [],
        "contracts": [{"id": "pure", "kind": "effect-purity", "status": "kept", "judged": 7, "undecided": 0}],
        "errors": [],
        "stats": {"files": 1, "skipped": 0, "parsed": 1, "undecided": 1},
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
    "figure": ("stats", {"files": -1, "skipped": 0, "parsed": 0, "undecided": 0}),
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
