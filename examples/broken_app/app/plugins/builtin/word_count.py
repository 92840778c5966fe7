"""Count words."""

from __future__ import annotations

from collections import Counter

from ..base import Plugin


class WordCount(Plugin):
    """How many words a text has, and which occur most."""

    name = "word-count"
    requires = ("text",)

    def run(self, payload: dict[str, object], *, top: int = 3) -> dict[str, object]:
        """Count the words of `text`."""
        words = str(payload["text"]).lower().split()
        return {"words": len(words), "top": [[word, count] for word, count in Counter(words).most_common(top)]}
