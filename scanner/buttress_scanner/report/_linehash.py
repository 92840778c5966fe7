"""The fingerprint by which code scanning finds a result again when lines move.

It is GitHub's ``primaryLocationLineHash``: a polynomial over the hundred characters that follow the start of a line, blanks and
tabs left out, with a number that tells equal ones apart. The step that uploads a log computes it too and complains of others.
"""

from __future__ import annotations

import re
from collections import Counter

_WIDTH = 100
_BASE = 37
_WORD = (1 << 64) - 1
_END = 0xFFFF
_LINE_END = re.compile("\r\n|\r")


def line_hashes(text: str) -> list[str]:
    """Return the hash of each line of a file's text, first line first."""
    units = _units(_LINE_END.sub("\n", text).replace(" ", "").replace("\t", ""))
    starts = [0, *(index + 1 for index, unit in enumerate(units) if unit == ord("\n"))]
    units += [_END] + [0] * _WIDTH
    seen: Counter[str] = Counter()
    hashes = []
    for start in starts:
        value = _polynomial(units[start : start + _WIDTH])
        seen[value] += 1
        hashes.append(f"{value}:{seen[value]}")
    return hashes


def _units(text: str) -> list[int]:
    """Return the text as numbers of UTF-16, in which GitHub counts."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[index] | data[index + 1] << 8 for index in range(0, len(data), 2)]


def _polynomial(units: list[int]) -> str:
    value = 0
    for unit in units:
        value = (value * _BASE + unit) & _WORD
    return f"{value:x}"
