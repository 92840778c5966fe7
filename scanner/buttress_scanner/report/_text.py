"""Text for people: what a terminal shows of a string, how wide it is, colours, counted nouns."""

from __future__ import annotations

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNSAFE = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
_TAB = "    "

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36", "good": "1;32", "strong": "1", "frame": "1;34", "faint": "2"}


def visible(text: str) -> str:
    """Return the text as one line that is safe to print: tabs as four blanks, other control and direction characters escaped."""
    return _UNSAFE.sub(_escape, text.replace("\t", _TAB))


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """Return how many terminal columns a visible text takes: wide characters two, combining ones none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def counted(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Paint:
    """Colours text for a terminal, or leaves it alone."""

    def __init__(self, *, color: bool) -> None:
        self._color = color

    def __call__(self, style: str, text: str) -> str:
        """Return the text in one of the styles ``error``, ``warning``, ``note``, ``good``, ``strong``, ``frame``, ``faint``."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self._color and text else text
