"""The baseline: findings that a project knows of and has not repaired yet, one a line in a file beside the configuration.

``contract | symbol | deed | statement | number``, sorted, without line numbers: what moves or is reformatted keeps its entry, and
branches that each repair something merge. The file says what is known, never what is allowed: an entry whose finding is gone
must leave, and a finding without an entry is new.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from buttress_scanner.findings.keys import Key
from buttress_scanner.findings.report_model import BaselineUse, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from buttress_scanner.findings.model import Finding

FILE = "buttress.baseline"
"""The file's name unless the configuration says otherwise."""

VERSION = 1

_TITLE = "# buttress baseline, version "
_HEAD = f"""{_TITLE}{VERSION}
# Findings that are known and not repaired yet: contract | symbol | deed | statement | number
# `buttress baseline prune` takes out what was repaired. Do not write entries by hand: repair the code.
"""
_BETWEEN = " | "
_FIELDS = 5
_ESCAPES = {"\\": "\\\\", "|": "\\|", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = {value: key for key, value in _ESCAPES.items()}
_UNSAFE = re.compile(r"[\\|\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_RESERVED = "suppression"
"""Findings about comments in the code are repaired, never known."""


class BaselineError(ValueError):
    """A baseline that cannot be read, with the line and what to do."""

    def __init__(self, message: str, line: int, hint: str) -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint

    def problem(self, path: str) -> Problem:
        """What a report says of it."""
        return Problem(path, self.line, 1, f"the baseline cannot be read: {self}", self.hint)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A known finding. ``number`` counts from 1 among those of equal key."""

    key: Key
    number: int

    def __str__(self) -> str:
        """The entry as it stands in the file."""
        key = self.key
        fields = (key.contract, key.symbol, key.sink, key.statement, str(self.number))
        return _BETWEEN.join(_UNSAFE.sub(_escape, each) for each in fields)


Baseline = tuple[Entry, ...]
"""Entries, sorted."""


def parse(data: bytes) -> Baseline:
    """Read the file.

    Raises:
        BaselineError: it is no baseline, or one of a newer version.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BaselineError("it is not UTF-8", data.count(b"\n", 0, error.start) + 1, _RESTORE) from None
    _check_title(lines)
    return tuple(sorted({_entry(line, number) for number, line in enumerate(lines, start=1) if line and line[0] != "#"}))


_RESTORE = "Restore the file from Git, or write it anew with `buttress baseline write`."


def _check_title(lines: Sequence[str]) -> None:
    """Find out whether this is a baseline that this version understands. Conflicts of a merge are told by their lines."""
    title = next((line for line in lines if line.startswith(_TITLE)), "")
    version = title.removeprefix(_TITLE)
    if not title and not any(_CONFLICT.match(line) for line in lines):
        raise BaselineError(f"the line `{_TITLE}{VERSION}` is missing", 1, _RESTORE)
    if title and version != str(VERSION):
        raise BaselineError(f"it has the version {version}", 1, "Use the version of buttress that wrote it, or a newer one.")


def _entry(line: str, number: int) -> Entry:
    if _CONFLICT.match(line):
        hint = "Keep the lines of both sides, without the markers, and run `buttress baseline prune`."
        raise BaselineError("a merge left a conflict here", number, hint)
    fields = [_ESCAPE.sub(_unescape, field) for field in line.split(_BETWEEN)]
    if len(fields) != _FIELDS or not _NUMBER.fullmatch(fields[-1]):
        raise BaselineError("this is no entry: contract | symbol | deed | statement | number", number, _RESTORE)
    contract, symbol, sink, statement, count = fields
    return Entry(Key(contract, symbol, sink, statement), int(count))


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[0], match[0])


def text(entries: Iterable[Entry]) -> bytes:
    """Write the file."""
    return (_HEAD + "".join(f"{entry}\n" for entry in sorted(entries))).encode()


def entries_of(findings: Iterable[Finding], key_of: Callable[[Finding], Key]) -> Baseline:
    """What the baseline would hold if all open findings were known."""
    counts = Counter(key_of(finding) for finding in findings if finding.is_open and finding.contract != _RESERVED)
    return tuple(sorted(_numbered(counts)))


def _numbered(counts: Counter[Key]) -> Iterator[Entry]:
    for key, count in counts.items():
        yield from (Entry(key, number) for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Change:
    """What separates two baselines: entries that came, that went, and pairs of both that are one deed in another place."""

    added: Baseline = ()
    removed: Baseline = ()
    moved: tuple[tuple[Entry, Entry], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both are the same."""
        return not (self.added or self.removed or self.moved)


def change(before: Baseline, after: Baseline) -> Change:
    """Compare two baselines. How many entries have a key counts, not which numbers a merge has left them.

    An entry that went and one that came, of one contract, deed and statement, are the same in a renamed definition or file.
    """
    came, went = _surplus(after, before), _surplus(before, after)
    waiting: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in reversed(came):
        waiting[_deed(entry.key)].append(entry)
    pairs = tuple((source, waiting[deed].pop()) for source in went if waiting[deed := _deed(source.key)])
    moved = {entry for pair in pairs for entry in pair}
    added, removed = (tuple(entry for entry in entries if entry not in moved) for entries in (came, went))
    return Change(added, removed, pairs)


def _surplus(entries: Baseline, others: Baseline) -> list[Entry]:
    """Entries beyond the number that others has of their key."""
    left = Counter(entry.key for entry in others)
    left.subtract(entry.key for entry in entries)
    return _last(entries, -left)


def _last(entries: Baseline, counts: Counter[Key]) -> list[Entry]:
    """Of each key as many entries as are counted, those with the highest numbers."""
    left, found = Counter(counts), []
    for entry in reversed(entries):
        if left[entry.key] > 0:
            left[entry.key] -= 1
            found.append(entry)
    return found[::-1]


def _deed(key: Key) -> tuple[str, str, str]:
    return key.contract, key.sink, key.statement


def mark(
    findings: Sequence[Finding], entries: Baseline, key_of: Callable[[Finding], Key], judged: Collection[str]
) -> tuple[tuple[Finding, ...], Baseline]:
    """Mark the findings that have an entry.

    Args:
        findings: in the order of the report; of equal ones the first are known.
        entries: what is known.
        key_of: the key of a finding.
        judged: contracts that were judged, or that the configuration does not have any more: only theirs can be fixed.

    Returns:
        All findings, and the entries whose finding is gone.
    """
    counts = Counter(entry.key for entry in entries)
    marked = []
    for finding in findings:
        if finding.is_open and finding.contract != _RESERVED and counts and counts[key := key_of(finding)] > 0:
            counts[key] -= 1
            marked.append(replace(finding, baselined=True))
        else:
            marked.append(finding)
    return tuple(marked), tuple(entry for entry in _last(entries, counts) if entry.key.contract in judged)


def use(path: str, findings: Sequence[Finding], fixed: Baseline, *, strict: bool) -> BaselineUse:
    """What a report says of the baseline."""
    known = sum(finding.baselined for finding in findings)
    new = sum(finding.is_open for finding in findings)
    return BaselineUse(path, known, new, tuple(map(str, fixed)), strict)
