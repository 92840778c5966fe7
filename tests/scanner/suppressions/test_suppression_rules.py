"""What a suppression must be: named contracts, a reason, a date that has not passed, and something to accept."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings._reasons import is_filler
from buttress_scanner.findings.model import Finding, Position
from buttress_scanner.findings.suppressions import apply

TODAY = date(2027, 3, 1)
KNOWN = frozenset({"one-path", "pure-planning", "suppression"})


def found(line: int, contract: str = "one-path", path: str = "app/m.py") -> Finding:
    """Return a finding at a line."""
    return Finding(contract, "kind", Position(path, line), "app.m", "broken", "call")


def run(source: str | bytes, *findings: Finding) -> list[Finding]:
    """Apply the suppressions of one file."""
    data = source if isinstance(source, bytes) else source.encode()
    return apply(findings, read=lambda _: data, files=["app/m.py"], known_ids=KNOWN, today=TODAY)


def messages(result: list[Finding]) -> list[str]:
    """Return what was said about comments."""
    return [finding.message for finding in result if finding.contract == "suppression"]


LAWFUL = {
    "reason": "allow[one-path] -- the vendor's client calls it",
    "date": "allow[one-path] until=2027-12-31 -- the vendor's client calls it",
    "last day": "allow[one-path] until=2027-03-01 -- the vendor's client calls it",
    "tight": "allow[one-path]until=2027-12-31 -- the vendor's client calls it",
    "spaced": "  allow [ one-path ]   until=2027-12-31   --   the vendor's client calls it  ",
    "dashes in the reason": "allow[one-path] -- start-up -- before the runner exists",
    "issue": "allow[one-path] -- see #4711",
    "other script": "allow[one-path] -- 供应商的客户端",
    "one filler word more": "allow[one-path] -- temporary bridge",
}


@pytest.mark.parametrize("text", LAWFUL.values(), ids=LAWFUL)
def test_a_suppression_in_order_accepts(text: str) -> None:
    """A suppression with a known contract and a reason marks the finding and adds none."""
    (result,) = run(f"a()  # buttress: {text}\n", found(1))
    assert result.suppressed is not None
    assert result.suppressed.line == 1
    assert result.suppressed.reason == text.split("--", 1)[1].strip()


MISSING = "the reason is missing: add ` -- ` and why this place may break the contract"
FORM = "this is not a suppression: write `# buttress: allow[contract-id] until=YYYY-MM-DD -- reason`"
NEITHER = " `until=YYYY-MM-DD` nor ` -- reason`: write `# buttress: allow[contract-id] until=YYYY-MM-DD -- reason`"
BLANKET = "a suppression names the contracts that it accepts: there is no blanket form"
WRONG = {
    "no reason": ("allow[one-path]", [MISSING]),
    "no reason, date": ("allow[one-path] until=2027-12-31", [MISSING]),
    "empty reason": ("allow[one-path] --", [MISSING]),
    "reason is another pragma": ("allow[one-path] --  # noqa", [MISSING]),
    "filler": ("allow[one-path] -- TODO", ["'TODO' is no reason: say why this place may break the contract"]),
    "past": (
        "allow[one-path] until=2027-02-28 -- the client calls it",
        ["this suppression ended on 2027-02-28: repair the code, or decide anew and set a later date"],
    ),
    "no such day": (
        "allow[one-path] until=2027-02-30 -- the client calls it",
        ["'2027-02-30' is not a date: write `until=YYYY-MM-DD`"],
    ),
    "other date form": (
        "allow[one-path] until=20271231 -- the client calls it",
        ["'20271231' is not a date: write `until=YYYY-MM-DD`"],
    ),
    "empty date": ("allow[one-path] until= -- the client calls it", ["'' is not a date: write `until=YYYY-MM-DD`"]),
    "unknown option": (
        "allow[one-path] by=me -- the client calls it",
        ["'by=me' is neither" + NEITHER],
    ),
    "one dash": (
        "allow[one-path] - the client calls it",
        [
            "'- the client calls it' is neither" + NEITHER,
            MISSING,
        ],
    ),
    "unknown id": ("allow[one-paht] -- the client calls it", ["no contract has the id `one-paht`: did you mean `one-path`?"]),
    "unknown id, nothing near": ("allow[zzz] -- the client calls it", ["no contract has the id `zzz`"]),
    "blanket": ("allow[*] -- the client calls it", [BLANKET]),
    "blanket word": ("allow[all] -- the client calls it", [BLANKET]),
    "empty list": ("allow[] -- the client calls it", [BLANKET]),
    "trailing comma": ("allow[one-path,] -- the client calls it", [BLANKET]),
    "twice": ("allow[one-path, one-path] -- the client calls it", ["`one-path` is named twice: leave one"]),
    "no list": ("allow -- the client calls it", [FORM]),
    "other word": ("ignore[one-path] -- the client calls it", [FORM]),
    "other brackets": ("allow(one-path) -- the client calls it", [FORM]),
    "unclosed": ("allow[one-path -- the client calls it", [FORM]),
    "nothing": ("", [FORM]),
    "itself": (
        "allow[suppression] -- the client calls it",
        ["a finding about a suppression cannot be suppressed: repair the comment that it names"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_a_suppression_out_of_order_accepts_nothing(text: str, expected: list[str]) -> None:
    """Whatever is wrong with a suppression is reported, and what it should have accepted stays open."""
    result = run(f"a()  # buttress: {text}\n", found(1))
    assert messages(result) == expected
    assert [finding.suppressed for finding in result if finding.contract == "one-path"] == [None]


def test_several_contracts_in_one_comment() -> None:
    """Every contract named is accepted; the unknown one among them is reported and spoils nothing."""
    source = "a()  # buttress: allow[one-path, pure-planning, zzz] -- the client calls it\n"
    result = run(source, found(1), found(1, "pure-planning"))
    assert [finding.suppressed is not None for finding in result if finding.contract != "suppression"] == [True, True]
    assert messages(result) == ["no contract has the id `zzz`"]


def test_what_accepts_nothing_is_reported() -> None:
    """A contract named in vain is reported, each by itself."""
    source = "a()\nb()  # buttress: allow[one-path, pure-planning] -- the client calls it\n"
    result = run(source, found(1), found(2))
    assert [finding.suppressed is not None for finding in result if finding.contract == "one-path"] == [False, True]
    assert messages(result) == ["`pure-planning` reports nothing at this statement: remove the suppression"]


def test_of_two_comments_the_second_is_unused() -> None:
    """Two comments for one finding: the first accepts it, the second is superfluous."""
    source = "# buttress: allow[one-path] -- the first\na()  # buttress: allow[one-path] -- the second one\n"
    result = run(source, found(2))
    assert [finding.suppressed.reason for finding in result if finding.suppressed] == ["the first"]
    assert messages(result) == ["`one-path` reports nothing at this statement: remove the suppression"]


def test_a_contract_that_did_not_run_is_not_unused() -> None:
    """When only some contracts ran, suppressions of the others are left alone."""
    source = b"a()  # buttress: allow[one-path, pure-planning] -- the client calls it\n"
    result = apply([], read=lambda _: source, files=["m.py"], known_ids=KNOWN, today=TODAY, judged_ids={"one-path"})
    assert messages(result) == ["`one-path` reports nothing at this statement: remove the suppression"]


def test_findings_about_comments_cannot_be_suppressed() -> None:
    """A comment that allows the reserved id beside another wrong comment changes nothing."""
    source = "a(  # buttress: allow[zzz] -- the client calls it\n)  # buttress: allow[suppression] -- it is known to us\n"
    result = run(source)
    assert [finding.suppressed for finding in result] == [None, None]
    assert len(result) == 2


def test_the_place_of_a_finding_about_a_comment() -> None:
    """The finding stands at the comment's part that is wrong, in characters, with the definition that holds it."""
    source = "class Ä:\n    def f(self):\n        x = 'ü'  # noqa  # buttress: allow[zzz] -- because of #12  # type: ignore\n"
    (result,) = run(source)
    assert result.position == Position("app/m.py", 3, 26, 3, 66)
    assert result.symbol == "app.m:Ä.f"
    assert (result.kind, result.severity, result.confidence) == ("suppression", "error", "proven")


def test_equal_comments_have_fingerprints_of_their_own() -> None:
    """Two equal wrong comments in one definition are two findings that a baseline can tell apart."""
    result = run("a()  # buttress: allow[zzz] -- the client\nb()  # buttress: allow[zzz] -- the client\n")
    assert len({finding.fingerprint for finding in result}) == 2


UNPARSABLE = {
    "syntax": "def f(:\n    pass  # buttress: allow[one-path] -- the client calls it\n",
    "nesting": "x = " + "(" * 5000 + ")" * 5000 + "\n# buttress: allow[one-path] -- the client\n",
    "indentation": "a()\n   b()  # buttress: allow[one-path] -- the client\n",
    "bytes": b"# coding: nonsense\n# buttress: allow[one-path] -- the client\n",
    "null": b"a = '\0'\n# buttress: allow[one-path] -- the client\n",
}


@pytest.mark.parametrize("source", UNPARSABLE.values(), ids=UNPARSABLE)
def test_a_file_that_cannot_be_parsed_says_so(source: str | bytes) -> None:
    """The comments of a file that cannot be parsed have no effect, and one finding at the first of them says so."""
    result = run(source, found(1))
    (about,) = [finding for finding in result if finding.contract == "suppression"]
    assert about.message.startswith("this file cannot be parsed (")
    assert about.message.endswith("), so its suppressions have no effect")
    assert about.position.line == 2
    assert [finding.suppressed for finding in result if finding.contract == "one-path"] == [None]


def test_findings_elsewhere_stay_as_they_are() -> None:
    """A finding in the configuration or in a file without comments comes through unchanged, in report order."""
    other = found(7, path="buttress.toml")
    files = {"app/m.py": b"a()\n", "app/n.py": b"b()  # buttress: allow[one-path] -- the client calls it\n"}
    findings = [other, found(1, path="app/n.py"), found(1)]
    result = apply(findings, read=files.__getitem__, files=reversed(files), known_ids=KNOWN, today=TODAY)
    assert [(finding.position.path, finding.suppressed is not None) for finding in result] == [
        ("app/m.py", False),
        ("app/n.py", True),
        ("buttress.toml", False),
    ]


def test_a_file_that_is_gone_has_no_comments() -> None:
    """A file that vanished since discovery is the business of whoever discovered it."""

    def read(path: str) -> bytes:
        raise FileNotFoundError(path)

    assert apply([found(1)], read=read, files=["app/m.py"], known_ids=KNOWN, today=TODAY) == [found(1)]


FILLERS = ["todo", "TODO:", "fixme", "ok", "temp", "By design.", "...", "-", "???", "n/a", "for now", "fix later", "x", "123"]
FILLERS += ["this is intentional", "false positive", "legacy code", "TBD", "no reason", "temporary workaround", "will be fixed"]
FILLERS += ["it\N{RIGHT SINGLE QUOTATION MARK}s ok", "\N{THUMBS UP SIGN}"]


@pytest.mark.parametrize("reason", FILLERS)
def test_fillers(reason: str) -> None:
    """A reason that would fit any suppression is none."""
    assert is_filler(reason)


@pytest.mark.parametrize("reason", ["the client calls it", "#12", "TODO #12", "migration ends in May", "仅供测试"])
def test_reasons(reason: str) -> None:
    """A reason that names something of its own is one."""
    assert not is_filler(reason)


CHECK = """
import sys, datetime
from buttress_scanner.findings.suppressions import apply
source = {source!r}
apply([], read=lambda _: source, files=["m.py"], known_ids=[], today=datetime.date(2027, 1, 1))
print("libcst" in sys.modules)
"""


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        (b"a()\n", "False"),
        (b"x = 'buttress: allow[a]'\n", "False"),
        (b"a()  # buttress: allow[a] -- the client\n", "True"),
    ],
    ids=["clean", "text", "comment"],
)
def test_only_a_comment_costs_libcst(source: bytes, imported: str) -> None:
    """A run over files without suppression comments never imports libcst."""
    done = subprocess.run([sys.executable, "-c", CHECK.format(source=source)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == imported


FILES = {
    "a.py": b"a()  # buttress: allow[one-path] -- the client calls it\nb()  # buttress: allow[zzz] -- the client calls it\n",
    "b.py": b"# buttress: allow[one-path, pure-planning] -- the client calls it\na()\n",
}
FINDINGS = [found(line, contract, path) for line in (1, 2) for contract in ("one-path", "pure-planning") for path in FILES]


@given(st.permutations(FINDINGS), st.permutations(sorted(FILES)))
def test_order_does_not_matter(findings: list[Finding], files: list[str]) -> None:
    """Findings and files in any order give the same list."""
    expected = apply(FINDINGS, read=FILES.__getitem__, files=sorted(FILES), known_ids=KNOWN, today=TODAY)
    assert apply(findings, read=FILES.__getitem__, files=files, known_ids=KNOWN, today=TODAY) == expected
    assert sum(finding.suppressed is not None for finding in expected) == 3
