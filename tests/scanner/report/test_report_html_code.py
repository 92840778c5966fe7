"""Code on the page: nothing of it is lost, and exactly the range in question is marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.model import Position
from buttress_scanner.report._text import visible
from buttress_scanner.report.html._code import Code
from tests.scanner.report.samples import reader

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SOURCE = '''\
import os


def load(name: str, count: int = 3) -> str:  # a comment
    """Two
    lines."""
    text = f"{name}: 日本"
    return open(
        text,
        "r",
    ).read() if count else ""
'''


def frame(source: str, position: Position) -> Element:
    """Draw a frame of a file."""
    found = Code(reader({position.path: source.encode()})).frame(position)
    assert found is not None
    return found


def lines(found: Element) -> list[tuple[str, str]]:
    """Return number and text of each line."""
    drawn = [line for line in found.iter("span") if "line" in line.get("class", "").split()]
    return [
        ("".join(line[0].itertext()), "".join(line.itertext())[len("".join(line[0].itertext())) :].rstrip("\n")) for line in drawn
    ]


def marked(found: Element) -> str:
    """Return the text that is marked."""
    return "".join("".join(mark.itertext()) for mark in found.iter("mark"))


RANGES = {
    "within a line": (Position("a.py", 4, 5, 4, 9), "load"),
    "behind wide characters": (Position("a.py", 7, 12, 7, 26), 'f"{name}: 日本"'),
    "several lines": (Position("a.py", 8, 12, 11, 13), 'open(text,"r",).read()'),
    "no end": (Position("a.py", 4, 5), "l"),
    "an end beyond the line": (Position("a.py", 1, 8, 1, 99), "os"),
    "a start beyond the line": (Position("a.py", 1, 99, 1, 120), ""),
}


@pytest.mark.parametrize(("position", "text"), RANGES.values(), ids=RANGES)
def test_the_range_is_marked(position: Position, text: str) -> None:
    """What is marked is what the range says, without the indentation of further lines."""
    assert marked(frame(SOURCE, position)).replace("\n", "") == text


def test_lines_around() -> None:
    """Three lines above and below are shown, without empty ones at the ends."""
    assert [number for number, _ in lines(frame(SOURCE, Position("a.py", 4, 1)))] == ["1", "2", "3", "4", "5", "6", "7"]
    assert [number for number, _ in lines(frame(SOURCE, Position("a.py", 5, 1)))] == ["4", "5", "6", "7", "8"]


def test_colours() -> None:
    """Keywords, texts of several lines, comments and numbers have classes of their own."""
    found = frame(SOURCE, Position("a.py", 5, 1))
    classes = {
        (span.get("class"), "".join(span.itertext())) for span in found.iter("span") if span.get("class") in {"k", "s", "n", "c"}
    }
    assert {("k", "def"), ("n", "3"), ("c", "# a comment"), ("s", '"""Two'), ("s", '    lines."""')} <= classes


def test_a_long_range_is_shortened() -> None:
    """Of many lines the first and the last are shown."""
    source = "".join(f"line_{number} = {number}\n" for number in range(1, 41))
    numbers = [number for number, _ in lines(frame(source, Position("a.py", 5, 1, 30, 4)))]
    assert numbers == ["2", "3", "4", "5", "6", "7", "8", "9", "10", "⋮", "29", "30", "31", "32", "33"]


def test_a_long_line_is_shown_where_it_matters() -> None:
    """Of an overlong line the part around the range is shown."""
    source = "x = " + "a" * 500 + "NEEDLE" + "b" * 500 + "\n"
    (found,) = [text for _, text in lines(frame(source, Position("a.py", 1, 505, 1, 511)))]
    assert marked(frame(source, Position("a.py", 1, 505, 1, 511))) == "NEEDLE"
    assert found.startswith("…aaa")
    assert found.endswith("bbb…")
    assert len(found) == 202


def test_nothing_of_lines_that_are_not_there() -> None:
    """A place beyond the end of a file, or in none, has no frame."""
    code = Code(reader({"a.py": b"x = 1\n"}))
    assert code.frame(Position("a.py", 2, 1)) is None
    assert code.frame(Position("a.py", 0)) is None
    assert code.frame(Position("b.py", 1, 1)) is None


TEXTS = st.text(alphabet=st.sampled_from("ab \t\"'#(\\\n\r日\x0c\x00{}f:1"), max_size=60)


@given(TEXTS, st.integers(1, 6), st.integers(1, 9), st.integers(0, 7), st.integers(0, 9))
def test_nothing_is_lost(source: str, line: int, column: int, end_line: int, end_column: int) -> None:
    """Whatever a file holds and wherever the range is, each line that is shown is the line of the file."""
    position = Position("a.py", line, column, end_line, end_column)
    found = Code(reader({"a.py": source.encode()})).frame(position)
    expected = re.split("\r\n|\r|\n", source)
    if found is None:
        assert line > len(expected) - (not expected[-1])
        return
    for number, text in lines(found):
        if number != "⋮":
            assert text == visible(expected[int(number) - 1])
