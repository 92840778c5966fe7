"""The form of document ids: a pattern such as `[TYPE]-[SCOPE][MODULE]-[KIND]-[NNN]`, and what file names make of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PLACE = re.compile(r"\[([A-Za-z_]+)\]")
_NUMBER = re.compile(r"N+")
_DATE = {"YYYY": r"\d{4}", "MM": r"(?:0[1-9]|1[0-2])", "DD": r"(?:0[1-9]|[12]\d|3[01])"}
_KNOWN = "[TYPE], [SCOPE], [MODULE], [KIND], [NNN] with as many N as the number has digits, [YYYY], [MM] and [DD]"
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_MODULE_NUMBER = re.compile(r"([A-Za-z_]*)0*(\d+)")


class PatternError(ValueError):
    """A pattern that does not have the form of one."""


@dataclass(frozen=True, slots=True)
class DocId:
    """An id, with the parts that its pattern tells apart; a part that the pattern does not have is empty."""

    text: str
    type: str = ""
    scope: str = ""
    module: str = ""
    kind: str = ""
    canonical: str = ""
    """The id with the module's number in one form: M01 and M001 are the same module."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What stands between two separators of the pattern. ``loose`` matches what was probably meant to stand there."""

    exact: re.Pattern[str]
    loose: re.Pattern[str]

    @classmethod
    def of(cls, codes: list[str]) -> _Field:
        """Build the field of codes that stand beside each other: of several, the first or the last tells what was meant."""
        several = (
            f"{codes[0]}[A-Za-z0-9]+|[A-Za-z0-9]+{codes[-1]}"
            if len(codes) > 1
            else r"[0-9]+"
            if "[0-9]{" in codes[0]
            else r"(?!)"
        )
        return cls(re.compile("".join(codes)), re.compile(several))


@dataclass(frozen=True, slots=True)
class IdPattern:
    """A pattern with the codes that may stand in it."""

    text: str
    _exact: re.Pattern[str]
    _fields: tuple[_Field, ...]

    @classmethod
    def build(
        cls,
        text: str,
        *,
        types: Collection[str] = (),
        scopes: Collection[str] = (),
        kinds: Collection[str] = (),
        module: str = "",
    ) -> IdPattern:
        """Read a pattern.

        Raises:
            PatternError: it has an unknown place, or none.
        """
        codes = {
            "TYPE": _one_of(types, "[A-Z]+"),
            "SCOPE": _one_of(scopes, "[A-Z][A-Z0-9]*"),
            "KIND": _one_of(kinds, "[A-Z]+"),
            "MODULE": f"(?:{module or r'M[0-9]{2,3}'})",
            **_DATE,
        }
        exact = ""
        fields: list[list[str]] = [[]]
        for literal, place in _parts(text):
            for number, piece in enumerate(_WORDS.split(literal)):
                fields += [[]] if number else []
                fields[-1] += [re.escape(piece)] if piece else []
            exact += re.escape(literal)
            if place:
                code = codes.get(place) or (f"[0-9]{{{len(place)}}}" if _NUMBER.fullmatch(place) else "")
                if not code:
                    raise PatternError(f"the pattern {text!r} has an unknown place [{place}]; there are {_KNOWN}")
                named = f"(?P<{place.lower()}>"
                exact += code if named in exact else f"{named}{code})"
                fields[-1].append(code)
        if not _PLACE.search(text):
            raise PatternError(f"the pattern {text!r} has no place that differs from id to id; there are {_KNOWN}")
        return cls(text, re.compile(exact, re.ASCII), tuple(_Field.of(codes) for codes in fields if codes))

    def parse(self, text: str) -> DocId | None:
        """Read a text that is an id and nothing else."""
        found = self._exact.fullmatch(text.strip())
        return _doc_id(found) if found else None

    def within(self, name: str) -> list[DocId]:
        """The ids in a file name, each standing for itself: not as a part of a longer word."""
        found = [match for match in self._exact.finditer(name) if _stands_alone(name, match)]
        return list({each.text: each for each in map(_doc_id, found)}.values())

    def at_start(self, text: str) -> DocId | None:
        """The id with which a text begins."""
        found = self._exact.match(text)
        return _doc_id(found) if found and _stands_alone(text, found) else None

    def resembles(self, name: str) -> bool:
        """Whether a file name without an id seems to be meant to hold one."""
        head, marked, _ = name.partition("__")
        head = head if marked else name.rpartition(".")[0] or name
        if re.fullmatch(self._exact.pattern, head, re.IGNORECASE | re.ASCII):
            return True
        words = _WORDS.split(head)
        fields = self._fields
        if len(fields) < 2 or not words[0].isupper() or not any(map(str.isdigit, head)):
            return False
        score, leading = _score(fields, words)
        score += 0.5 if marked and len(words) == len(fields) else 0
        return leading and score >= max(1.5, len(fields) / 2)


def _score(fields: tuple[_Field, ...], words: list[str]) -> tuple[float, bool]:
    """How many fields the words meet, half ones included, and whether one of the first two is among them.

    Either each word stands in its own place, or some are missing.
    """
    points = [_points(field, word) for field, word in zip(fields, words, strict=False)]
    return max((sum(points), any(points[:2])), _in_order(fields, words))


def _in_order(fields: tuple[_Field, ...], words: list[str]) -> tuple[float, bool]:
    score, at, leading = 0.0, 0, False
    for number, field in enumerate(fields):
        points, best = max(((_points(field, words[n]), -n) for n in range(at, len(words))), default=(0.0, 0))
        if points:
            score, at, leading = score + points, 1 - best, leading or number < 2
    return score, leading


def _points(field: _Field, word: str) -> float:
    return 1.0 if field.exact.fullmatch(word) else 0.5 if field.loose.fullmatch(word) else 0.0


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the literal text before each place with the place, and what follows the last one."""
    at = 0
    for found in _PLACE.finditer(text):
        yield text[at : found.start()], found[1]
        at = found.end()
    yield text[at:], ""


def _one_of(codes: Collection[str], otherwise: str) -> str:
    return (
        "(?:" + "|".join(re.escape(code) for code in sorted(codes, key=lambda code: (-len(code), code))) + ")"
        if codes
        else otherwise
    )


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return not before.isalnum() and not after.isalnum()


def _doc_id(found: re.Match[str]) -> DocId:
    parts = {name: value or "" for name, value in found.groupdict().items()}
    number = _MODULE_NUMBER.fullmatch(parts.get("module", ""))
    canonical = found[0]
    if number:
        start, end = found.span("module")
        start, end = start - found.start(), end - found.start()
        canonical = f"{canonical[:start]}{number[1]}{int(number[2]):03}{canonical[end:]}"
    said = {name: parts.get(name, "") for name in ("type", "scope", "module", "kind")}
    return DocId(found[0], canonical=canonical, **said)
