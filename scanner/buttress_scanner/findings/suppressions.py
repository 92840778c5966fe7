"""Suppressions: comments in the code that accept a finding, each with a reason and, if wanted, a last day.

``# buttress: allow[contract-id] until=2027-03-01 -- reason`` on any line of a statement accepts the findings of that contract in
that statement; which lines a comment speaks of is told in `buttress_scanner.findings._statements`. A comment that accepts
nothing, or is not in order, is a finding itself, of the reserved contract id ``suppression``, and nothing can suppress that one.
A comment that is not in order accepts nothing.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from buttress_scanner.findings._comments import Pragma, parse_comment
from buttress_scanner.findings.model import Finding, Position, Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date

    from buttress_scanner.findings._statements import BoundComment

__all__ = ["SUPPRESSION", "apply"]

SUPPRESSION = "suppression"
"""Contract id and kind of the findings about suppression comments themselves."""

_BECAUSE = "Whoever reads the code learns what was accepted here and why, and what is no longer needed disappears."
_TOKEN = b"buttress:"
_COMMENT = re.compile(rb"#[^\r\n]*?buttress:")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(slots=True)
class _Allowance:
    """A suppression of one file that is in order, with the ids that accepted something so far."""

    comment: BoundComment
    pragma: Pragma
    ids: tuple[str, ...]
    used: set[str] = field(default_factory=set)

    def covers(self, finding: Finding) -> bool:
        """Whether the finding's place lies in the lines that the comment speaks of, and the comment names its contract."""
        return self.comment.first <= finding.position.line <= self.comment.last and finding.contract in self.ids


def apply(
    findings: Sequence[Finding],
    *,
    read: Callable[[str], bytes],
    files: Iterable[str],
    known_ids: Collection[str],
    today: date,
    judged_ids: Collection[str] | None = None,
) -> list[Finding]:
    """Mark the findings that a comment accepts and add a finding for each comment that is wrong or accepts nothing.

    Args:
        findings: What the contracts found.
        read: Returns a file's bytes by its path.
        files: Paths of the Python files of the program, relative to the configuration's folder.
        known_ids: The ids of all configured contracts.
        today: The day that decides whether a suppression has expired.
        judged_ids: The ids of the contracts that ran, if not all did: a suppression of another one is not called unused.

    Returns:
        All findings in report order.
    """
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.position.path].append(finding)
    judge = _Judge(frozenset(known_ids), today, frozenset(known_ids if judged_ids is None else judged_ids))
    for path in sorted(set(files)):
        source = _read_if_marked(read, path)
        if source is not None:
            by_path[path] = judge.file(path, source, by_path[path])
    return sorted((finding for group in by_path.values() for finding in group), key=lambda finding: finding.sort_key)


def _read_if_marked(read: Callable[[str], bytes], path: str) -> bytes | None:
    """Return the bytes of a file that may hold a suppression; a file that cannot be read is reported by who discovered it."""
    try:
        source = read(path)
    except OSError:
        return None
    return source if _TOKEN in source and _COMMENT.search(source) else None


@dataclass(frozen=True, slots=True)
class _Judge:
    """Applies the comments of one file after another."""

    known: frozenset[str]
    today: date
    judged: frozenset[str]

    def file(self, path: str, source: bytes, findings: list[Finding]) -> list[Finding]:
        """Return the findings of one file, marked, together with those about its comments."""
        # Imported here because it imports libcst: only a run over files with such comments pays for that.
        from buttress_scanner.findings._statements import CannotBindError, bind_comments

        try:
            comments = bind_comments(source)
        except CannotBindError as error:
            return [*findings, _unreadable(path, source, str(error))]
        allowances: list[_Allowance] = []
        wrong: list[Finding] = []
        for comment in comments:
            for pragma in parse_comment(comment.text):
                ids, problems = self._examine(pragma)
                wrong.extend(_finding(path, comment, pragma, problem) for problem in problems)
                allowances.append(_Allowance(comment, pragma, ids))
        marked = [_mark(finding, allowances) for finding in findings]
        wrong.extend(self._unused(path, allowances))
        return [*marked, *_numbered(wrong)]

    def _examine(self, pragma: Pragma) -> tuple[tuple[str, ...], list[str]]:
        """Return the ids that the suppression accepts, none if it is not in order, and what is wrong with it."""
        problems = list(pragma.problems)
        if pragma.until is not None and pragma.until < self.today:
            problems.append(f"this suppression ended on {pragma.until}: repair the code, or decide anew and set a later date")
        known = self.known - {SUPPRESSION}
        ids = () if problems else tuple(name for name in pragma.ids if name in known)
        problems.extend(self._unknown(name) for name in dict.fromkeys(pragma.ids) if name not in known)
        return ids, problems

    def _unknown(self, name: str) -> str:
        if name == SUPPRESSION:
            return "a finding about a suppression cannot be suppressed: repair the comment that it names"
        near = difflib.get_close_matches(name, sorted(self.known), n=1)
        return f"no contract has the id `{name}`" + (f": did you mean `{near[0]}`?" if near else "")

    def _unused(self, path: str, allowances: list[_Allowance]) -> Iterator[Finding]:
        for allowance in allowances:
            for name in allowance.ids:
                if name in self.judged and name not in allowance.used:
                    yield _finding(path, allowance.comment, allowance.pragma, _unused_text(allowance.comment, name))


def _unused_text(comment: BoundComment, name: str) -> str:
    if not comment.first:
        return f"this suppression of `{name}` stands at no statement: move it to a line of the statement, or directly above it"
    return f"`{name}` reports nothing at this statement: remove the suppression"


def _mark(finding: Finding, allowances: list[_Allowance]) -> Finding:
    """Mark a finding that a comment accepts; of several comments the first one does."""
    for allowance in allowances:
        if allowance.covers(finding):
            allowance.used.add(finding.contract)
            return replace(finding, suppressed=Suppressed(allowance.pragma.reason, allowance.comment.line))
    return finding


def _finding(path: str, comment: BoundComment, pragma: Pragma, problem: str) -> Finding:
    column = comment.column + pragma.offset
    position = Position(path, comment.line, column, comment.line, column + pragma.length)
    sink = f"{problem} {comment.text[pragma.offset : pragma.offset + pragma.length]}"
    return Finding(SUPPRESSION, SUPPRESSION, position, _symbol(path, comment.scope), problem, sink, because=_BECAUSE)


def _unreadable(path: str, source: bytes, reason: str) -> Finding:
    """Say that a file's comments have no effect, at the first of them."""
    match = _COMMENT.search(source)
    before = source[: match.start() if match else 0]
    line = len(_LINE_END.findall(before)) + 1
    column = len(_LINE_END.split(before)[-1].decode("utf-8", "replace")) + 1
    text = f"this file cannot be parsed ({reason}), so its suppressions have no effect"
    position = Position(path, line, column)
    return Finding(SUPPRESSION, SUPPRESSION, position, _symbol(path, ""), text, "unreadable", because=_BECAUSE)


def _symbol(path: str, scope: str) -> str:
    """Name the definition that holds a comment by the file's path, since a comment belongs to a file and not to a module."""
    module = ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")
    return f"{module}:{scope}" if scope else module


def _numbered(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Number equal findings in source order, so that each has a fingerprint of its own."""
    seen: Counter[tuple[str, str]] = Counter()
    for finding in sorted(findings, key=lambda item: item.sort_key):
        key = (finding.symbol, finding.sink)
        yield replace(finding, ordinal=seen[key])
        seen[key] += 1
