"""Workflow commands of GitHub Actions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity
from buttress_scanner.findings.report_model import Report
from buttress_scanner.report import render
from tests.scanner.report.samples import DIRECT, FULL, QUIET, reader

TEXT = """\
::error file=app/bad.py,line=3,col=7,title=buttress::this file cannot be parsed: invalid syntax%0A\
run the check with a newer Python
::error file=buttress.toml,line=2,col=1,title=buttress%3A gone::This contract guards nothing: app.audit:write does not exist
::error file=app/api.py,line=5,endLine=5,col=21,endColumn=42,title=buttress%3A one-path::app.base:Plugin.run is called outside \
app.runner%0ABecause: Only the tool runner validates.
::error file=docs/two words.md,title=buttress%3A files::docs/two words.md is missing
::warning file=app/api.py,line=6,endLine=9,title=buttress%3A one-path::app.run:go runs app.base:Plugin.run (possible)%0A\
Because: Only the tool runner validates.%0A1. app/api.py:6:12: calls app.run:go%0A2. app/run.py:2:5: calls app.base:Plugin.run
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


def many(number: int, severity: Severity = Severity.ERROR) -> tuple[Finding, ...]:
    """Build findings of one severity."""
    return tuple(replace(DIRECT, severity=severity, position=Position("a.py", line)) for line in range(1, number + 1))


def test_a_file_below_the_top_of_the_repository() -> None:
    """Paths of annotations count from the top of the repository, wherever the configuration lies."""
    assert text(Report(findings=(DIRECT,), folder="services/shop")).startswith("::error file=services/shop/app/api.py,")


def test_as_many_as_github_shows() -> None:
    """Ten of a type are annotations, one and all."""
    written = text(Report(findings=many(10)))
    assert written.count("::error file=") == 10
    assert "::group::" not in written


def test_more_than_github_shows() -> None:
    """Of eleven nine are annotations, the tenth tells of the rest, and the log lists all; other types are not touched."""
    written = text(Report(findings=many(11) + many(3, Severity.WARNING))).splitlines()
    assert [line for line in written if line.startswith("::error")][-1] == (
        "::error title=buttress::2 more of this severity: the log of this step lists everything."
    )
    assert sum(line.startswith("::error ") for line in written) == 10
    assert sum(line.startswith("::warning ") for line in written) == 3
    start, end = written.index("::group::Everything that buttress found"), written.index("::endgroup::")
    assert len([line for line in written[start + 1 : end] if line.startswith("- a.py:")]) == 14


def test_what_is_certain_is_annotated_first() -> None:
    """Where GitHub drops some, it drops possible findings before proven ones, and never an error of the check."""
    possible = tuple(replace(each, confidence=Confidence.POSSIBLE) for each in many(12))
    report = Report(findings=(*possible, replace(DIRECT, position=Position("z.py", 1))), errors=FULL.errors)
    first, second = text(report).splitlines()[:2]
    assert first.startswith("::error file=app/bad.py")
    assert second.startswith("::error file=z.py")


def test_no_path_is_a_command() -> None:
    """A file that is named like a workflow command starts none in the list of everything."""
    hostile = tuple(replace(each, position=Position("::stop-commands::x", 1)) for each in many(11))
    assert not [line for line in text(Report(findings=hostile)).splitlines() if line.startswith("::stop")]


@given(st.text("ab%:,\r\n03AD2C5", min_size=1), st.text("ab%:,\r\n03AD2C5", min_size=1))
def test_escapes_can_be_undone(path: str, message: str) -> None:
    """Whatever path and message hold, the command is one line and the runner reads back what was meant."""
    line = text(Report(findings=(Finding("a", "k", Position(path, 1, 2), "", message, "s"),))).split("\n")[0]
    _, properties, data = line.split("::", 2)
    values = dict(part.split("=", 1) for part in properties.removeprefix("error ").split(","))
    assert unescape(values["file"]) == path
    assert unescape(data) == message
    assert "\r" not in line
