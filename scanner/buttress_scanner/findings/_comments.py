"""The grammar of suppression comments: ``# buttress: allow[contract-id, other-id] until=2027-03-01 -- reason``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from buttress_scanner.findings._reasons import is_filler

FORM = "# buttress: allow[contract-id] until=YYYY-MM-DD -- reason"

_START = re.compile(r"(?:^|(?<=\s))#+\s*buttress:")
_NEXT_PRAGMA = re.compile(r"\s#+\s")
_BODY = re.compile(r"\s*allow\s*\[(?P<ids>[^\]]*)\](?P<options>.*)", re.DOTALL)
_UNTIL = re.compile(r"until=(?P<date>\S*)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DASHES = re.compile(r"(?:^|\s)--(?=\s|$)")
_WHOLESALE = frozenset({"", "*", "**", "all", "any"})


@dataclass(frozen=True, slots=True)
class Pragma:
    """One suppression as written: its place in the comment, what it allows, until when, why, and what is wrong with its form."""

    offset: int
    length: int
    ids: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""
    problems: tuple[str, ...] = ()


def parse_comment(comment: str) -> list[Pragma]:
    """Read every suppression in a comment; a comment without ``buttress:`` has none.

    Other pragmas may stand before or after it: ``# noqa: E501  # buttress: allow[a] -- reason  # type: ignore``.
    """
    starts = list(_START.finditer(comment))
    ends = [*(start.start() for start in starts[1:]), len(comment)]
    return [_parse(comment[start.end() : end], start, end) for start, end in zip(starts, ends, strict=False)]


def _parse(body: str, start: re.Match[str], end: int) -> Pragma:
    """Read one suppression from the text after ``buttress:``."""
    text = _NEXT_PRAGMA.split(body, maxsplit=1)[0].rstrip()
    length = start.end() + len(text) - start.start() if text.strip() else end - start.start()
    match = _BODY.fullmatch(text)
    if match is None:
        return Pragma(start.start(), length, problems=(f"this is not a suppression: write `{FORM}`",))
    ids = tuple(part.strip() for part in match["ids"].split(","))
    options, reason = _split_reason(match["options"])
    until, problems = _parse_options(options)
    if any(name.casefold() in _WHOLESALE for name in ids):
        ids, problems = (), [*problems, "a suppression names the contracts that it accepts: there is no blanket form"]
    problems += _repeated(ids) + _reason_problems(reason)
    return Pragma(start.start(), length, ids, until, reason, tuple(problems))


def _split_reason(options: str) -> tuple[str, str]:
    """Split at the first ``--`` that stands alone."""
    match = _DASHES.search(options)
    if match is None:
        return options.strip(), ""
    return options[: match.start()].strip(), options[match.end() :].strip()


def _parse_options(options: str) -> tuple[date | None, list[str]]:
    """Read ``until=...``, the only option there is."""
    if not options:
        return None, []
    match = _UNTIL.fullmatch(options)
    if match is None:
        return None, [f"{options!r} is neither `until=YYYY-MM-DD` nor ` -- reason`: write `{FORM}`"]
    until = _date(match["date"])
    return until, [] if until else [f"{match['date']!r} is not a date: write `until=YYYY-MM-DD`"]


def _date(text: str) -> date | None:
    """Read ``YYYY-MM-DD``, none of the other forms that `date.fromisoformat` takes."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _repeated(ids: tuple[str, ...]) -> list[str]:
    """Refuse an id that is written twice."""
    return [f"`{name}` is named twice: leave one" for name in sorted({name for name in ids if ids.count(name) > 1})]


def _reason_problems(reason: str) -> list[str]:
    """Refuse a reason that is missing or says nothing."""
    if not reason:
        return ["the reason is missing: add ` -- ` and why this place may break the contract"]
    if is_filler(reason):
        return [f"{reason!r} is no reason: say why this place may break the contract"]
    return []
