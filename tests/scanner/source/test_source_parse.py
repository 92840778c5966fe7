"""From bytes to a syntax tree, or to a reason."""

from __future__ import annotations

import ast
import codecs
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.source.model import SourceFile, SourceProblem
from buttress_scanner.source.newer import libcst_accepts
from buttress_scanner.source.parse import parse


def parsed(data: bytes) -> ast.Module | SourceProblem:
    """Parse bytes as a file."""
    return parse(SourceFile("a.py", "a", is_package=False, is_stub=False, data=data, digest=""))


READ = {
    "UTF-8": ("x = 'ä'\n".encode(), "ä"),
    "a byte order mark": (codecs.BOM_UTF8 + "x = 'ä'\n".encode(), "ä"),
    "a mark and a declaration that agree": (codecs.BOM_UTF8 + "# coding: utf-8\nx = 'ä'\n".encode(), "ä"),
    "a declaration": ("# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"), "ä"),
    "a declaration in the second line": ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), "€"),
    "a declaration in the third line is none": ("\n\n# coding: latin-1\nx = 'ä'\n".encode(), "ä"),
    "old Macintosh line ends": (b"\rx = 'a'\r", "a"),
    "Windows line ends": (b"\r\nx = 'a'\r\n", "a"),
    "a form feed": (b"\x0cx = 'a'\n", "a"),
}


@pytest.mark.parametrize(("data", "value"), READ.values(), ids=READ)
def test_reads_what_python_reads(data: bytes, value: str) -> None:
    """Encodings and line ends are those of the language."""
    tree = parsed(data)
    assert isinstance(tree, ast.Module)
    assert ast.literal_eval(tree.body[0].value) == value  # type: ignore[attr-defined]


REFUSED = {
    "bytes that are not UTF-8": (b"x = 1\ny = '\xe9'\n", 2, 6, "not valid utf-8"),
    "after a Windows line end": (b"x = 1\r\n\xff", 2, 1, "not valid utf-8"),
    "a mark and a declaration that differ": (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, 1, "cannot be decoded"),
    "an unknown encoding": (b"# coding: klingon\n", 1, 1, "unknown encoding: klingon"),
    "an encoding that is none of text": (b"# coding: rot13\n", 1, 1, "cannot be decoded as rot13"),
    "UTF-16": ("x = 1\n".encode("utf-16"), 1, 1, "UTF-16"),
    "UTF-32": ("x = 1\n".encode("utf-32"), 1, 1, "UTF-32"),
    "a NUL character": (b"x = 1\ny = \x00\n", 2, 5, "NUL"),
    "a syntax error": (b"x = 1\ndef (:\n", 2, 5, "cannot be parsed"),
    "Python 2": (b"print 'x'\n", 1, 1, "cannot be parsed"),
    "wrong indentation": (b"if x:\npass\n", 2, 1, "indented block"),
    "too many brackets": (b"(" * 5000 + b")" * 5000, 1, 201, "too deeply"),
    "a chain of operators": (b"-" * 200_000 + b"1", 0, 1, "too deeply"),
    "a chain of attributes": (b"a" + b".b" * 200_000, 0, 1, "too deeply"),
    "an escape that means nothing": (b"x = '\\N{no such name}'\n", 1, 5, "unicode error"),
    "a number with too many digits": (b"x = " + b"9" * 5000, 1, 1, "digits"),
    "a lone surrogate": (b"# coding: unicode_escape\nx = '\\ud800'\n", 0, 1, "cannot be parsed"),
}


@pytest.mark.parametrize(("data", "line", "column", "words"), REFUSED.values(), ids=REFUSED)
def test_says_where_and_why_a_file_is_refused(data: bytes, line: int, column: int, words: str) -> None:
    """Whatever cannot be parsed is a located problem, and never said to be newer Python."""
    problem = parsed(data)
    assert isinstance(problem, SourceProblem)
    assert problem.line == line
    assert words in problem.message
    assert "newer" not in problem.message
    assert problem.hint
    if "escape" not in words and "unicode" not in words:
        assert problem.column == column


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python reads t-strings itself")
def test_points_at_a_newer_python() -> None:
    """Syntax that only a newer Python knows is told apart from mistakes."""
    problem = parsed(b"x = 1\ny = t'{x}'\n")
    assert isinstance(problem, SourceProblem)
    assert "newer Python" in problem.message
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in problem.hint
    assert problem.line == 2


HOSTILE = {
    "operators": "-" * 100_000 + "1",
    "brackets": "(" * 100_000,
    "lambdas": "lambda:" * 20_000 + "1",
    "too large": "x = 1\n" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_ends_libcst_does_not_end_us(text: str) -> None:
    """The question is asked in a process of its own, and the next question is answered again."""
    assert libcst_accepts(text) is False
    assert libcst_accepts("type A = int\n") is True
    assert libcst_accepts("x = = 1\n") is False


def test_warnings_about_scanned_code_stay_unseen() -> None:
    """Doubtful code is parsed, even where warnings are errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        tree = parsed(b"x = '\\d' if 1or 2 else 0\n")
    assert isinstance(tree, ast.Module)
    assert caught == []


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_tree_or_a_problem(data: bytes) -> None:
    """No input raises."""
    result = parsed(data)
    assert isinstance(result, ast.Module) or (result.message and result.column >= 1)
