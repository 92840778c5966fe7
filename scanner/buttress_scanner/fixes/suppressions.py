"""Removing suppressions that accept nothing any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from buttress_scanner.contracts.repair import Repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.findings.model import Finding

_PRAGMA = re.compile(r"#\s*buttress:\s*allow\[(?P<ids>[^\]]*)\][^#]*")
_UNUSED = re.compile(r"`(?P<id>[^`]+)` reports nothing at this statement")


def unused(finding: Finding, source: bytes) -> Iterator[Repair]:
    """Take an id that accepts nothing out of its comment, and the comment away when no other id is left."""
    said = _UNUSED.match(finding.message)
    lines = source.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    if said is None or not 0 < finding.position.line <= len(lines):
        return
    line, number = lines[finding.position.line - 1], finding.position.line

    def change(data: bytes) -> bytes | None:
        present = data.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        places = [n for n, each in enumerate(present) if each == line]
        if not places:
            return None
        place = min(places, key=lambda n: abs(n + 1 - number))
        present[place] = _without(line, said["id"])
        return "".join(present).encode("utf-8", "surrogateescape")

    yield Repair(f"Remove the suppression of `{said['id']}`, which accepts nothing", finding.position.path, change)


def _without(line: str, name: str) -> str:
    """A line without one id in its suppressions; an empty comment goes, and so does a line that held nothing else."""

    def shortened(match: re.Match[str]) -> str:
        ids = [each.strip() for each in match["ids"].split(",")]
        left = [each for each in ids if each != name]
        if len(left) == len(ids):
            return match[0]
        return match[0].replace(f"[{match['ids']}]", f"[{', '.join(left)}]") if left else ""

    after = _PRAGMA.sub(shortened, line)
    if after == line:
        return line
    ending = line[len(line.rstrip("\r\n")) :]
    return "" if not after.strip() else after.rstrip() + ending
