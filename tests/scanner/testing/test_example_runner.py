"""The page runner: a page that lies fails, with a difference that says where and what."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.findings.model import Confidence, Finding, Position, Suppressed
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Status
from buttress_scanner.testing import Example, Mark, assert_page, check_files, parse_page, run_example

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WORD = re.compile(r"\b(bad|maybe|fine)\b(?=\()")


def check(config: str, files: Mapping[str, str | bytes]) -> Report:
    """Stand in for the engine with a law of its own: nobody calls ``bad``, nor ``maybe``; a subject ``nowhere`` is missing."""
    contracts = tomllib.loads(config)["contract"]
    findings, errors = [], []
    for path, content in sorted(files.items()):
        text = content if isinstance(content, str) else content.decode()
        for number, line in enumerate(text.split("\n"), start=1):
            if "???" in line:
                errors.append(Problem(path, number, 1, "invalid syntax", "repair it"))
            for match in WORD.finditer(line):
                findings += [found(contract["id"], path, number, match) for contract in contracts if match[1] != "fine"]
    for number, line in enumerate(config.split("\n"), start=1):
        if "wrong" in line:
            findings.append(Finding(contracts[0]["id"], "law", Position("buttress.toml", number), "", "is wrong", "w"))
    results = [
        ContractResult(contract["id"], "law", Status.VACUOUS, 0, 0, ("nowhere is missing",))
        if contract.get("subject") == "nowhere"
        else ContractResult(contract["id"], "law", Status.KEPT, 1, 0)
        for contract in contracts
    ]
    return Report(tuple(findings), tuple(results), tuple(errors))


def found(contract: str, path: str, line: int, match: re.Match[str]) -> Finding:
    """Return a finding at a call."""
    confidence = Confidence.POSSIBLE if match[1] == "maybe" else Confidence.PROVEN
    accepted = Suppressed("accepted", line) if "# accepted" in match.string else None
    position = Position(path, line, match.start() + 1)
    return Finding(contract, "law", position, "m", f"{match[1]} is called", match[1], confidence=confidence, suppressed=accepted)


HEAD = """\
# law

Prose with a block that is no example:

```py
bad()
```

## Examples

```toml
[[contract]]
id = "law"
```

### One

"""


def block(code: str, title: str = "m.py") -> str:
    """Return a fenced file."""
    return f'```py title="{title}"\n{code}\n```\n'


def example(body: str) -> Example:
    """Return the only example of a page."""
    (only,) = parse_page(HEAD + body, "law.md").examples
    return only


RIGHT = {
    "lawful": block("fine()"),
    "marked": block("fine()\nbad()  # error: [law]"),
    "marked beside a comment": block("bad()  # why  # error: [law]"),
    "marked possible": block("maybe()  # possible: [law]"),
    "possible marked error": block("maybe()  # error: [law]"),
    "two in a line": block("bad(); bad()  # error: [law], [law]"),
    "proven and possible in a line": block("bad(); maybe()  # error: [law]  # possible: [law]"),
    "two contracts": '```toml\n[[contract]]\nid = "a"\n[[contract]]\nid = "b"\n```\n' + block("bad()  # error: [a], [b]"),
    "in the configuration": '```toml\n[[contract]]\nid = "law"\nwrong = 1  # error: [law]\n```\n' + block("fine()"),
    "vacuous": '```toml\n[[contract]]\nid = "law"\nsubject = "nowhere"  # vacuous: [law]\n```\n' + block("fine()"),
    "suppressed": block("bad()  # accepted"),
    "several files": block("fine()") + block("bad()  # error: [law]", "app/n.pyi"),
    "longer fence": '````py title="m.py"\n"""\n```\n"""\nbad()  # error: [law]\n````\n',
    "tildes": '~~~py title="m.py"\nbad()  # error: [law]\n~~~\n',
    "single quotes": "```py title='m.py'\nbad()  # error: [law]\n```\n",
    "heading in a block": block("# x\n### no heading\nbad()  # error: [law]"),
    "prose below": block("fine()") + "\nThe last word.\n",
    "another language": "```console\n$ bad()\n```\n" + block("fine()"),
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_a_true_page_passes(body: str) -> None:
    """An example whose marks agree with the report has no difference."""
    assert run_example(example(body), check) == []


UNTITLED = 'line 19: a code block without a title: write `py title="app/base.py"`'
NO_FILES = 'the example has no files: give blocks such as `py title="app/base.py"`'
WRONG = {
    "missing mark": (block("bad()"), ["unexpected: m.py:1: [law] bad is called  | bad()"]),
    "surplus mark": (block("fine()  # error: [law]"), ["missing: m.py:1: [law]  | fine()"]),
    "mark in another line": (
        block("bad()\nfine()  # error: [law]"),
        ["missing: m.py:2: [law]  | fine()", "unexpected: m.py:1: [law] bad is called  | bad()"],
    ),
    "mark in another file": (
        block("bad()") + block("fine()  # error: [law]", "n.py"),
        ["missing: n.py:1: [law]  | fine()", "unexpected: m.py:1: [law] bad is called  | bad()"],
    ),
    "wrong id": (
        block("bad()  # error: [lwa]"),
        ["missing: m.py:1: [lwa]  | bad()", "unexpected: m.py:1: [law] bad is called  | bad()"],
    ),
    "wrong confidence": (block("bad()  # possible: [law]"), ["m.py:1: [law] is proven, marked possible"]),
    "one mark for two": (block("bad(); bad()  # error: [law]"), ["unexpected: m.py:1: [law] bad is called  | bad(); bad()"]),
    "two marks for one": (block("bad()  # error: [law], [law]"), ["missing: m.py:1: [law]  | bad()"]),
    "suppressed and marked": (block("bad()  # accepted  # error: [law]"), ["missing: m.py:1: [law]  | bad()  # accepted"]),
    "unmarked in the configuration": (
        '```toml\n[[contract]]\nid = "law"\nwrong = 1\n```\n' + block("fine()"),
        ["unexpected: buttress.toml:3: [law] is wrong  | wrong = 1"],
    ),
    "unmarked vacuity": (
        '```toml\n[[contract]]\nid = "law"\nsubject = "nowhere"\n```\n' + block("fine()"),
        ["unexpected: [law] is vacuous: nowhere is missing"],
    ),
    "surplus vacuity": (
        '```toml\n[[contract]]\nid = "law"  # vacuous: [law]\n```\n' + block("fine()"),
        ["missing: [law] is not vacuous"],
    ),
    "error": (block("fine()\n???"), ["error: m.py:2:1: invalid syntax (repair it)"]),
    "no files": ("Only prose.\n", [NO_FILES]),
    "no title": ("```py\nfine()\n```\n", [UNTITLED, NO_FILES]),
    "empty title": ('```py title=""\nfine()\n```\n', [UNTITLED, NO_FILES]),
    "same file twice": (block("fine()") * 2, ["line 22: a second file m.py"]),
    "two configurations": ('```toml\n[[contract]]\nid = "law"\n```\n' * 2 + block("fine()"), ["line 23: a second configuration"]),
    "not closed": ('```py title="m.py"\nfine()\n', ["line 18: the code block is not closed"]),
    "mark without brackets": (block("bad()  # error: law"), ["m.py:1: malformed mark: bad()  # error: law"]),
    "mark without colon": (block("bad()  # error [law]"), ["m.py:1: malformed mark: bad()  # error [law]"]),
    "mark not at the end": (block("bad()  # error: [law] here"), ["m.py:1: malformed mark: bad()  # error: [law] here"]),
    "empty mark": (block("bad()  # error: []"), ["m.py:1: malformed mark: bad()  # error: []"]),
}


@pytest.mark.parametrize(("body", "differences"), WRONG.values(), ids=WRONG)
def test_a_false_page_fails(body: str, differences: list[str]) -> None:
    """Each way in which a page can lie gives the difference that says so."""
    assert run_example(example(body), check) == differences


def test_an_example_without_configuration_fails() -> None:
    """Nothing can be checked without a contract."""
    (only,) = parse_page("# law\n\n## Examples\n\n### One\n\n" + block("fine()"), "law.md").examples
    assert run_example(only, check) == [
        "the example has no configuration: give a `toml` block here or at the head of the section"
    ]


def test_sections_hand_down_and_examples_replace() -> None:
    """Configuration and files of a section hold for its examples, which may replace each; other sections know nothing of them."""
    page = parse_page(
        HEAD.replace("### One", block("bad()", "shared.py") + "\n### One")
        + block("fine()", "own.py")
        + '\n### Two\n\n```toml\n[[contract]]\nid = "other"\n```\n'
        + block("fine()", "shared.py")
        + "\n#### A remark\n\n"
        + block("x = 1", "more.py")
        + "\n## Elsewhere\n\n### Three\n\n"
        + block("fine()"),
        "law.md",
    )
    seen = [
        (example.name, [file.path for file in example.files], example.config and example.config.line) for example in page.examples
    ]
    assert seen == [
        ("Examples: One", ["shared.py", "own.py"], 12),
        ("Examples: Two", ["shared.py", "more.py"], 29),
        ("Elsewhere: Three", ["m.py"], None),
    ]
    assert page.examples[1].files[0].text == "fine()\n"
    assert page.kind == "law"


def test_marks_and_places() -> None:
    """An example knows its line in the page and its marks."""
    only = example(block("bad()  # error: [law]\nmaybe()  # possible: [a]  # error: [b]"))
    assert only.line == 16
    assert only.marks == (Mark("m.py", 1, "law", "error"), Mark("m.py", 2, "a", "possible"), Mark("m.py", 2, "b", "error"))
    assert not only.is_lawful
    assert example(block("fine()")).is_lawful


def test_line_ends_of_windows() -> None:
    """A page with CRLF reads the same."""
    text = HEAD + block("fine()\nbad()  # error: [law]")
    assert parse_page(text.replace("\n", "\r\n"), "law.md") == parse_page(text, "law.md")


PAGES = {
    "true": (HEAD + block("bad()  # error: [law]"), None),
    "false": (HEAD + block("bad()"), "16: Examples: One: unexpected: m.py:1"),
    "no example": ("# law\n\nProse.\n", "the page has no example"),
    "two of a name": (HEAD + block("fine()") + "\n### One\n\n" + block("fine()"), "two examples are called 'Examples: One'"),
    "not closed in prose": ("# law\n\n~~~toml\n" + HEAD, "the code block is not closed"),
}


@pytest.mark.parametrize(("text", "failure"), PAGES.values(), ids=PAGES)
def test_assert_page(tmp_path: Path, text: str, failure: str | None) -> None:
    """A whole page passes, or fails with all that is wrong with it."""
    page = tmp_path / "law.md"
    page.write_text(text, encoding="utf-8")
    if failure is None:
        assert_page(page, check)
    else:
        with pytest.raises(AssertionError, match=re.escape(failure)):
            assert_page(page, check)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.py", "a/../../x.py", ""], ids=["absolute", "up", "up inside", "empty"])
def test_files_stay_in_their_folder(path: str) -> None:
    """A file of an example cannot be written elsewhere."""
    with pytest.raises(ValueError, match="does not name a file below"):
        check_files('[[contract]]\nid = "law"\n', {path: ""})


def test_nothing_here_needs_pytest() -> None:
    """The runner serves projects that test without pytest, and loads no engine before it runs."""
    code = "import sys, buttress_scanner.testing; print([m for m in ('pytest', 'libcst', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


AWAY = {
    "a line of another file": ("# error at m.py:1: [law]", "bad()", []),
    "two contracts": ("# error at m.py:1: [law], [law]", "bad(bad())", []),
    "another confidence": ("# possible at m.py:1: [law]", "bad()", ["m.py:1: [law] is proven, marked possible"]),
    "a line without a finding": ("# error at m.py:2: [law]", "bad()", ["missing: m.py:2: [law]", "unexpected: m.py:1: [law]"]),
    "a file without a line": ("# error at m.py: [law]", "fine()", ["missing: m.py:0: [law]"]),
    "no contract": ("# error at m.py:1: []", "fine()", ["buttress.toml:3: malformed mark"]),
    "not alone in its line": ('x = "y" # error at m.py: [law]', "fine()", ["buttress.toml:3: malformed mark"]),
}


@pytest.mark.parametrize(("mark", "code", "expected"), AWAY.values(), ids=AWAY)
def test_marks_for_other_files(mark: str, code: str, expected: list[str]) -> None:
    """The configuration may hold the marks of files that cannot hold any, and of files that are missing."""
    head = HEAD.replace('id = "law"\n', f'id = "law"\n{mark}\n')
    (example,) = parse_page(head + block(code), "law.md").examples
    differences = run_example(example, check)
    assert len(differences) == len(expected)
    assert all(difference.startswith(start) for difference, start in zip(differences, expected, strict=True))
