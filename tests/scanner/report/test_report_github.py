"""Workflow commands of GitHub Actions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Finding, Position, Severity
from buttress_scanner.findings.report_model import Report
from buttress_scanner.report import render
from tests.scanner.report.samples import DIRECT, FULL, QUIET, reader

TEXT = """\
::error file=app/api.py,line=5,endLine=5,col=21,endColumn=42,title=buttress%3A one-path::app.base:Plugin.run is called outside \
app.runner%0ABecause: Only the tool runner validates.
::warning file=app/api.py,line=6,endLine=9,title=buttress%3A one-path::app.run:go runs app.base:Plugin.run (possible)%0A\
Because: Only the tool runner validates.%0A1. app/api.py:6:12: calls app.run:go%0A2. app/run.py:2:5: calls app.base:Plugin.run
::error file=docs/two words.md,title=buttress%3A files::docs/two words.md is missing
::error file=app/bad.py,line=3,col=7,title=buttress::this file cannot be parsed: invalid syntax%0A\
run the check with a newer Python
::error file=buttress.toml,line=2,col=1,title=buttress%3A gone::This contract guards nothing: app.audit:write does not exist
412 files, 0 skipped, 7 sites undecided
3 findings, 1 suppressed, 1 vacuous contract, 1 error
"""


def text(report: Report) -> str:
    """Render a report."""
    return render(report, "github", read_source=reader({}), color=True)


def unescape(value: str) -> str:
    """Undo the escapes as the runner does."""
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value


def test_every_part() -> None:
    """Findings, errors and vacuous contracts are annotations; the summary is plain text."""
    assert text(FULL) == TEXT


def test_the_quiet_case() -> None:
    """A clean run annotates nothing."""
    assert text(QUIET) == "1 file, 0 skipped, 1 site undecided\nno findings, 0 suppressed\n"


def test_a_note_is_a_notice() -> None:
    """The mildest severity has another name at GitHub."""
    assert text(Report(findings=(replace(DIRECT, severity=Severity.NOTE),))).startswith("::notice file=")


@given(st.text("ab%:,\r\n03AD2C5", min_size=1), st.text("ab%:,\r\n03AD2C5", min_size=1))
def test_escapes_can_be_undone(path: str, message: str) -> None:
    """Whatever path and message hold, the command is one line and the runner reads back what was meant."""
    line = text(Report(findings=(Finding("a", "k", Position(path, 1, 2), "", message, "s"),))).split("\n")[0]
    _, properties, data = line.split("::", 2)
    values = dict(part.split("=", 1) for part in properties.removeprefix("error ").split(","))
    assert unescape(values["file"]) == path
    assert unescape(data) == message
    assert "\r" not in line
