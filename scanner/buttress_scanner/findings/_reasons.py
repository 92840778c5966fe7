"""Tells a reason from a filler: a suppression that says only "todo" or "by design" explains nothing to the next reader."""

from __future__ import annotations

import re

_WORD = re.compile(r"#\d+|[^\W\d_]{2,}(?:'[^\W\d_]+)*")

_FILLER = """
    accept acceptable accepted allow allowed an and approved are as asdf at bad bar baz be because bla blah broken bug but by
    code correct debt deferred deliberate deliberately design designed desired disable disabled done dummy error except
    exception excuse exempt exempted exemption expected false fine fix fixed fixes fixing fixme foo for found fp go good got
    hack hacky here how ignore ignored ignoring in intended intent intentional intentionally is issue it it's its just
    justification known later leave legacy legit line lint linter lol maybe me meh must na nah necessary need needed needs
    never no noise noisy nolint none noqa not nothing now of ok okay old on one only placeholder please point positive problem
    purpose quick reason reasons refactor required rule safe see shut silence skip skipped some someday somehow soon sorry
    stuff suppress suppressed suppression tba tbc tbd technical temp temporarily temporary test that the there these thing
    things this those tmp to todo true unavoidable unknown up violation wanted warning we well whatever why will wip won't
    wontfix work workaround works xxx yes you
"""
_FILLER_WORDS = frozenset(_FILLER.split())


def is_filler(reason: str) -> bool:
    """Tell whether a reason says nothing: no word at all, or only words that would fit any suppression.

    A reference to an issue (``#123``) counts as a reason, because a reader can follow it.
    """
    words = _WORD.findall(reason.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return all(word in _FILLER_WORDS for word in words)
