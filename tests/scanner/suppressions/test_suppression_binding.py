"""Which findings a comment accepts: the lines that it speaks of."""

from __future__ import annotations

from datetime import date
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Finding, Position
from buttress_scanner.findings.suppressions import apply

ALLOW = "# buttress: allow[law] -- the vendor's client has no other door"
TODAY = date(2027, 1, 1)


def accepted_lines(source: str) -> tuple[set[int], list[str]]:
    """Put a finding on every line; return the lines accepted and the messages about comments."""
    text = dedent(source).replace("ALLOW", ALLOW)
    lines = range(1, len(text.split("\n")) + 1)
    findings = [Finding("law", "kind", Position("m.py", line), "m", "broken", "call") for line in lines]
    result = apply(findings, read=lambda _: text.encode(), files=["m.py"], known_ids={"law"}, today=TODAY)
    marked = {finding.position.line for finding in result if finding.suppressed}
    return marked, [finding.message for finding in result if finding.contract == "suppression"]


BOUND = {
    "end of a line": ("a()\nb()  ALLOW\nc()\n", {2}),
    "first line of several": ("a(  ALLOW\n    1,\n)\nb()\n", {1, 2, 3}),
    "inside brackets": ("a(\n    1,  ALLOW\n    2,\n)\nb()\n", {1, 2, 3, 4}),
    "own line inside brackets": ("a(\n    # x\n    ALLOW\n    2,\n)\nb()\n", {1, 2, 3, 4, 5}),
    "last line of several": ("a(\n    1,\n)  ALLOW\nb()\n", {1, 2, 3}),
    "continued by a backslash": ("x = 1 + \\\n    a()  ALLOW\n", {1, 2}),
    "after a multi-line string": ('a("""x\ny""")  ALLOW\nb()\n', {1, 2}),
    "statements on one line": ("a(); b()  ALLOW\nc()\n", {1}),
    "statements on one line, several lines": ("a(\n); b(\n)  ALLOW\nc()\n", {1, 2, 3}),
    "body on the header's line": ("if a(): b()  ALLOW\nelse: c()\n", {1}),
    "above a statement": ("ALLOW\na()\nb()\n", {2}),
    "above a multi-line statement": ("x = 1\nALLOW\na(\n    1,\n)\nb()\n", {3, 4, 5}),
    "above, other comments between": ("x = 1\nALLOW\n# why so\na()\nb()\n", {4}),
    "above, in a block": ("def f():\n    x()\n    ALLOW\n    a()\n    b()\n", {4}),
    "above the first statement of a block": ("def f():\n    ALLOW\n    a()\n    b()\n", {3}),
    "above, less indented": ("def f():\n    x()\nALLOW\n    a()\n    b()\n", {4}),
    "above the file's first statement": ("#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nALLOW\na()\nb()\n", {4}),
    "above the first statement, after an empty line": ("# licence\n\nALLOW\na()\n", {4}),
    "header of def": ("def f(x=a()):  ALLOW\n    b()\n", {1}),
    "long header of def": ("def f(\n    x=a(),  ALLOW\n    y=2,\n) -> int:\n    b()\n", {1, 2, 3, 4}),
    "header of a one-line def": ("def f(): return a()  ALLOW\nb()\n", {1}),
    "decorator": ("@one  ALLOW\n@two(\n    1,\n)\ndef f():\n    b()\n", {1, 2, 3, 4, 5}),
    "between decorators": ("@one\nALLOW\n@two\ndef f():\n    b()\n", {1, 2, 3, 4}),
    "above the decorators": ("x = 1\nALLOW\n@one\ndef f():\n    b()\n", {3, 4}),
    "header of a decorated async def": ("@one\nasync def f():  ALLOW\n    b()\n", {1, 2}),
    "header of class": ("@one\nclass A(\n    B,\n):  ALLOW\n    x = a()\n", {1, 2, 3, 4}),
    "statement in the body of a class": ("class A:\n    x = a(\n        1,\n    )  ALLOW\n    y = b()\n", {2, 3, 4}),
    "above a field of a class": ("class A:\n    x = 1\n    ALLOW\n    y: int = a()\n    z = b()\n", {4}),
    "decorator in a class": ("class A:\n    @one(\n        a(),  ALLOW\n    )\n    def f(self):\n        b()\n", {2, 3, 4, 5}),
    "inner class": ("class A:\n    class B(a()):  ALLOW\n        x = b()\n", {2}),
    "header of if": ("if a():  ALLOW\n    b()\nelse:\n    c()\n", {1}),
    "header of elif": ("if a():\n    b()\nelif c():  ALLOW\n    d()\n", {3}),
    "above elif": ("if a():\n    b()\nALLOW\nelif c():\n    d()\n", {4}),
    "header of while, several lines": ("while (\n    a()\n):  ALLOW\n    b()\n", {1, 2, 3}),
    "header of for": ("for x in a():  ALLOW\n    b()\nelse:\n    c()\n", {1}),
    "header of with": ("with a() as x:  ALLOW\n    b()\n", {1}),
    "header of match": ("match a():  ALLOW\n    case 1:\n        b()\n", {1}),
    "header of case": ("match a():\n    case 1 if c():  ALLOW\n        b()\n", {2}),
    "above case": ("match a():\n    ALLOW\n    case 1 if c():\n        b()\n", {3}),
    "header of except": ("try:\n    a()\nexcept (\n    b(),\n):  ALLOW\n    c()\n", {3, 4, 5}),
    "header of except*": ("try:\n    a()\nexcept* b():  ALLOW\n    c()\n", {3}),
    "header of finally": ("try:\n    a()\nfinally:  ALLOW\n    c()\n", {3}),
    "statement in a block": ("if x:\n    a()  ALLOW\n    b()\n", {2}),
    "beside another pragma": ("a()  # noqa: E501  ALLOW  # type: ignore\nb()\n", {1}),
    "inside a lambda": ("x = [\n    lambda: a(),  ALLOW\n    1,\n]\n", {1, 2, 3, 4}),
}


@pytest.mark.parametrize(("source", "lines"), BOUND.values(), ids=BOUND)
def test_a_comment_accepts_its_statement_and_nothing_else(source: str, lines: set[int]) -> None:
    """A comment speaks of exactly the lines of its statement or header."""
    assert accepted_lines(source) == (lines, [])


LOOSE = {
    "an empty line between": "ALLOW\n\na()\n",
    "end of a block": "def f():\n    a()\n    ALLOW\nb()\n",
    "end of the file": "a()\nALLOW\n",
    "nothing but a comment": "ALLOW\n",
    "end of a match": "match a:\n    case 1:\n        pass\n    ALLOW\nb()\n",
}


@pytest.mark.parametrize("source", LOOSE.values(), ids=LOOSE)
def test_a_comment_at_no_statement_accepts_nothing(source: str) -> None:
    """A comment that stands at no statement is reported as such."""
    text = "this suppression of `law` stands at no statement: move it to a line of the statement, or directly above it"
    assert accepted_lines(source) == (set(), [text])


TEXT = {
    "string": 'a("ALLOW")\n',
    "f-string": "a(f'{x} ALLOW')\n",
    "docstring": '"""How to:\n\nALLOW\n"""\na()\n',
    "line of a multi-line string": 'x = """\na()  ALLOW\n"""\n',
    "quoted in a comment": "a()  # write `ALLOW` to accept\n",
}


@pytest.mark.parametrize("source", TEXT.values(), ids=TEXT)
def test_text_is_no_comment(source: str) -> None:
    """The words of a suppression in a string or between backticks mean nothing."""
    assert accepted_lines(source.replace("ALLOW", ALLOW.replace("'", ""))) == (set(), [])


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_line_ends_and_marks_do_not_matter(newline: str, mark: bytes) -> None:
    """Lines are counted as Python counts them, whatever ends them, and a byte order mark is no text."""
    source = mark + f"x = 'ü'\n\f\na()  {ALLOW}\nb()\n".replace("\n", newline).encode()
    found = [Finding("law", "kind", Position("m.py", line), "m", "broken", "call") for line in (3, 4)]
    result = apply(found, read=lambda _: source, files=["m.py"], known_ids={"law"}, today=TODAY)
    assert [(finding.position.line, finding.suppressed is not None) for finding in result] == [(3, True), (4, False)]


def test_the_file_declares_its_encoding() -> None:
    """A reason is read in the encoding that the file declares."""
    source = "# coding: latin-1\na()  # buttress: allow[law] -- Ausnahme für Müller\n".encode("latin-1")
    found = [Finding("law", "kind", Position("m.py", 2), "m", "broken", "call")]
    (result,) = apply(found, read=lambda _: source, files=["m.py"], known_ids={"law"}, today=TODAY)
    assert result.suppressed is not None
    assert result.suppressed.reason == "Ausnahme für Müller"


def test_a_deep_expression_is_bound() -> None:
    """A statement of many added operands is deep for a tree walk and still read."""
    assert accepted_lines("x = " + " + ".join(["a"] * 900) + "  ALLOW\n") == ({1}, [])


SHAPES = st.recursive(
    st.sampled_from(["a()", "a(\n)", "x = 1; y()", "@d\ndef f(\n  x,\n):\n    pass", "class A: pass", "if x: a()"]),
    lambda inner: st.builds(
        lambda head, body: head + "\n" + "\n".join("    " + line for line in body.split("\n")),
        st.sampled_from(["if x:", "def g():", "with (\n  a,\n):", "for x in y:", "class B:"]),
        inner,
    ),
    max_leaves=3,
)


@given(st.lists(SHAPES, min_size=1, max_size=4), st.data())
def test_a_trailing_comment_always_covers_its_own_line(shapes: list[str], data: st.DataObject) -> None:
    """Whatever the program, a comment at the end of a line of code accepts the findings of that line."""
    lines = "\n".join(shapes).split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] += "  ALLOW"
    marked, messages = accepted_lines("\n".join(lines) + "\n")
    assert number + 1 in marked
    assert messages == []
