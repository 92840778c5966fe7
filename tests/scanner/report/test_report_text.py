"""The reports for people: full and concise."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Finding, Position, Severity, Step
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Stats, Status
from buttress_scanner.report import FORMATS, render
from tests.scanner.report.samples import DIRECT, FILES, FULL, MISSING_FILE, QUIET, reader

FULL_TEXT = """\
error[one-path]: app.base:Plugin.run is called outside app.runner
  --> app/api.py:5:21 in app.api:handle
  |
4 | def handle(plugin):
5 |     name = "größe 日本"; plugin.run("日本", x=1)
  |                          ^^^^^^^^^^^^^^^^^^^^^^^
6 |     return go(
7 |         plugin,
  |
  = because: Only the tool runner validates.

warning[one-path] (possible): app.run:go runs app.base:Plugin.run
  --> app/api.py:6:12 in app.api:handle
  |
4 |   def handle(plugin):
5 |       name = "größe 日本"; plugin.run("日本", x=1)
6 | /     return go(
7 | |         plugin,
8 | |         1,
9 | |     )
  | |_____^
  |
  = because: Only the tool runner validates.
  = evidence:
    1. app/api.py:6:12 in app.api:handle: calls app.run:go
       6 | return go(
    2. app/run.py:2:5 in app.run:go: calls app.base:Plugin.run
       2 | p.run()

error[files]: docs/two words.md is missing
  --> docs/two words.md

error: this file cannot be parsed: invalid syntax
  --> app/bad.py:3:7
  = hint: run the check with a newer Python

Contracts
  broken   one-path  choke-point    41 judged, 2 findings, 1 suppressed, 2 undecided
  kept     pure      effect-purity  7 judged
  vacuous  gone      wired          0 judged
           buttress.toml:2: app.audit:write does not exist

412 files, 0 skipped, 7 sites undecided
3 findings, 1 suppressed, 1 vacuous contract, 1 error
"""

CONCISE_TEXT = """\
app/api.py:5:21: [one-path] app.base:Plugin.run is called outside app.runner
app/api.py:6:12: [one-path] app.run:go runs app.base:Plugin.run
docs/two words.md: [files] docs/two words.md is missing
app/bad.py:3:7: error: this file cannot be parsed: invalid syntax
buttress.toml:2:1: [gone] vacuous: app.audit:write does not exist
412 files, 0 skipped, 7 sites undecided
3 findings, 1 suppressed, 1 vacuous contract, 1 error
"""

QUIET_TEXT = """\
Contracts
  kept     pure  effect-purity  7 judged

1 file, 0 skipped, 1 site undecided
no findings, 0 suppressed
"""


def text(report: Report, files: dict[str, bytes] | None = None, form: str = "full") -> str:
    """Render without colours."""
    return render(report, form, read_source=reader(FILES if files is None else files), color=False)


def frame(source: bytes, line: int, column: int, *end: int, path: str = "m.py") -> str:
    """Return the frame that the full report draws for a range."""
    finding = Finding("a", "k", Position(path, line, column, *end), "", "message", "s")
    report = text(Report(findings=(finding,)), {path: source})
    return report.split("\n\n0 files")[0].partition(f"{path}:{line}:{column}\n")[2]


def test_full() -> None:
    """The full report shows frames, evidence, contracts, errors and coverage."""
    assert text(FULL) == FULL_TEXT


def test_concise() -> None:
    """The concise report is a line a finding, an error or a vacuity, and the summary."""
    assert text(FULL, form="concise") == CONCISE_TEXT


def test_the_quiet_case_says_what_was_judged() -> None:
    """A clean run still names every contract with what it judged, and the coverage."""
    assert text(QUIET) == QUIET_TEXT
    assert text(QUIET, form="concise") == "1 file, 0 skipped, 1 site undecided\nno findings, 0 suppressed\n"


def test_a_project_without_contracts_has_a_coverage_line() -> None:
    """Without any contract the coverage still stands there."""
    assert text(Report(stats=Stats(files=2, skipped=3))) == "2 files, 3 skipped, 0 sites undecided\nno findings, 0 suppressed\n"


def test_seconds_only_on_demand() -> None:
    """Figures of time appear when the run measured them."""
    report = Report(stats=Stats(seconds=(("parse", 0.12345), ("check", 2.0))))
    assert text(report).startswith("parse: 0.123 s\ncheck: 2.000 s\n0 files")


FRAMES = {
    "no end": (b"a = 1\nb = run()\n", (2, 5), "  |\n1 | a = 1\n2 | b = run()\n  |     ^\n  |"),
    "empty lines around": (b"\n\na()\n\n\nb()\n", (3, 1, 3, 4), "  |\n3 | a()\n  | ^^^\n  |"),
    "tab inside": (b"x =\ta()\n", (1, 5, 1, 8), "  |\n1 | x =    a()\n  |        ^^^\n  |"),
    "tab underlined": (b"x(\ta)\n", (1, 1, 1, 6), "  |\n1 | x(    a)\n  | ^^^^^^^^\n  |"),
    "wide": ("日本 = a()\n".encode(), (1, 6, 1, 9), "  |\n1 | 日本 = a()\n  |        ^^^\n  |"),
    "wide underlined": ("x = '日本'\n".encode(), (1, 5, 1, 9), "  |\n1 | x = '日本'\n  |     ^^^^^^\n  |"),
    "combining": ("x = 'u\u0308'; a()\n".encode(), (1, 11, 1, 14), "  |\n1 | x = 'u\u0308'; a()\n  |          ^^^\n  |"),
    "line ends of Windows": (b"a()\r\nb()\r\n", (2, 1, 2, 4), "  |\n1 | a()\n2 | b()\n  | ^^^\n  |"),
    "form feed ends no line": (b"a()\n\x0c\nb()\n", (3, 1, 3, 4), "  |\n1 | a()\n2 | \\x0c\n3 | b()\n  | ^^^\n  |"),
    "column behind the end": (b"a()\n", (1, 40, 1, 44), "  |\n1 | a()\n  |    ^\n  |"),
    "end behind the file": (b"a(\n", (1, 1, 9, 2), "  |\n1 | a(\n  | ^\n  |"),
    "line behind the file": (b"a()\n", (7, 1), ""),
    "empty file": (b"", (1, 1), ""),
    "declared encoding": ("# coding: latin-1\nx = 'ü'; a()\n".encode("latin-1"), (2, 10, 2, 13), None),
    "wrong encoding": (b"# coding: nonsense\na()\n", (2, 1, 2, 4), "  |\n1 | # coding: nonsense\n2 | a()\n  | ^^^\n  |"),
    "byte order mark": (b"\xef\xbb\xbfa()\n", (1, 1, 1, 4), "  |\n1 | a()\n  | ^^^\n  |"),
    "ten lines": (b"a()\n" * 10, (9, 1, 9, 2), "   |\n 7 | a()\n 8 | a()\n 9 | a()\n   | ^\n10 | a()\n   |"),
}


@pytest.mark.parametrize(("source", "place", "expected"), FRAMES.values(), ids=FRAMES)
def test_frames(source: bytes, place: tuple[int, ...], expected: str | None) -> None:
    """A frame underlines exactly the range, as wide as a terminal shows it."""
    wanted = "  |\n1 | # coding: latin-1\n2 | x = 'ü'; a()\n  |          ^^^\n  |" if expected is None else expected
    assert frame(source, *place) == wanted


def test_a_long_range_is_shortened() -> None:
    """A range of many lines shows its head and its tail."""
    source = b"x = [\n" + b"    1,\n" * 20 + b"]\n"
    assert frame(source, 1, 5, 22, 2).split("\n") == [
        "   |",
        " 1 | / x = [",
        " 2 | |     1,",
        " 3 | |     1,",
        " 4 | |     1,",
        "   | | ...",
        "21 | |     1,",
        "22 | | ]",
        "   | |_^",
        "   |",
    ]


def test_a_long_line_shows_the_window_of_the_range() -> None:
    """A line of a hundred thousand characters is cut around the range."""
    drawn = frame(b"x = [" + b"1, " * 30_000 + b"run()]\n", 1, 90_006, 1, 90_011).split("\n")
    code, carets = drawn[1], drawn[2]
    assert len(code) < 200
    assert code[carets.index("^") : carets.rindex("^") + 1] == "run()"


def test_a_file_that_is_gone_says_so() -> None:
    """When a file vanished since it was checked, the finding stays and its code is missing."""
    assert text(Report(findings=(replace(DIRECT, because=""),)), {}) == (
        "error[one-path]: app.base:Plugin.run is called outside app.runner\n"
        "  --> app/api.py:5:21 in app.api:handle\n"
        "  = note: the file can no longer be read, so its code is not shown\n"
        "\n0 files, 0 skipped, 0 sites undecided\n1 finding, 0 suppressed\n"
    )


def test_a_finding_without_a_line_has_no_frame() -> None:
    """What concerns a file as a whole shows no code, even if the file is there."""
    report = text(Report(findings=(MISSING_FILE,)), {"docs/two words.md": b"text\n"})
    assert "|" not in report


def test_an_error_shows_its_line() -> None:
    """What kept the check from judging is shown with its code where there is any."""
    report = text(Report(errors=(Problem("m.py", 2, 5, "invalid syntax"),)), {"m.py": b"a\n  b c\n"})
    assert report.startswith("error: invalid syntax\n  --> m.py:2:5\n   2 | b c\n\n")


HOSTILE = "\x1b]0;owned\x07\r\n\u202egnp.\t\x00"


def test_nothing_of_the_project_controls_the_terminal() -> None:
    """Escape sequences, direction marks and line ends in names, messages or code are shown, not obeyed."""
    position = Position(f"{HOSTILE}.py", 1, 1)
    step = Step(position, HOSTILE, HOSTILE)
    finding = Finding(f"a{HOSTILE}", "k", position, HOSTILE, HOSTILE, "s", because=HOSTILE, evidence=(step,))
    report = Report(
        (finding,), (ContractResult(HOSTILE, HOSTILE, Status.VACUOUS, 0, 0, (HOSTILE,)),), (Problem(HOSTILE, 1, 1, HOSTILE),)
    )
    for form in ("full", "concise"):
        shown = text(report, {position.path: HOSTILE.encode()}, form)
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", shown)
        assert "\\x1b" in shown


def test_colours_only_when_asked() -> None:
    """With colours the words are the same, and formats for machines never have any."""
    for form in FORMATS:
        plain = text(FULL, form=form)
        colored = render(FULL, form, read_source=reader(FILES), color=True)
        assert "\x1b[" not in plain
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
        assert ("\x1b[" in colored) == (form in {"full", "concise"})


def test_severities_have_their_own_colours() -> None:
    """Error, warning and note differ in colour."""
    heads = set()
    for severity in Severity:
        report = Report(findings=(replace(DIRECT, severity=severity),))
        heads.add(render(report, "concise", read_source=reader(FILES), color=True).split("[")[1])
    assert len(heads) == 3


def test_an_unknown_format_is_refused() -> None:
    """A format that does not exist is answered with those that do."""
    with pytest.raises(ValueError, match="there is no output format 'xml': choose one of full, concise, json, sarif, github"):
        text(FULL, form="xml")


POSITIONS = st.builds(Position, st.just("m.py"), st.integers(0, 12), st.integers(1, 40), st.integers(0, 14), st.integers(0, 40))
SOURCES = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=10).map("\n".join)


@given(SOURCES, POSITIONS, st.sampled_from(FORMATS))
def test_any_range_in_any_text_is_rendered(source: str, position: Position, form: str) -> None:
    """No text and no range, however wrong, makes a renderer fail, and it renders the same twice."""
    report = Report(findings=(Finding("a", "k", position, "", "message", "s", evidence=(Step(position, "", "x"),)),))
    files = {"m.py": source.encode()}
    first = text(report, files, form)
    assert first == text(report, files, form)
    assert "message" in first
    assert first.endswith("\n")


@given(st.binary(max_size=80))
def test_any_bytes_are_rendered(data: bytes) -> None:
    """Bytes that are no text of any kind are shown as well as can be."""
    report = Report(findings=(Finding("a", "k", Position("m.py", 1, 1, 1, 3), "", "message", "s"),))
    assert "message" in text(report, {"m.py": data})
