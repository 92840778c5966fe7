"""A configuration file from proposals: TOML with a comment above each contract that says what was seen."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from buttress_scanner.init.model import Proposal

_WIDTH = 110


def written(proposals: Sequence[Proposal], roots: Sequence[str] = ()) -> str:
    """Return the text of ``buttress.toml``."""
    lines = [
        "# Architecture contracts, checked by `buttress check`. `buttress init` wrote them from what the code does today: all of",
        "# them hold. Keep those that are meant, say in `because` why, delete the others. `buttress explain KIND` tells more.",
    ]
    if roots:
        lines += ["", f"roots = {_value(list(roots))}"]
    for proposal in proposals:
        lines += ["", *_table(proposal)]
    return "\n".join(lines) + "\n"


def _table(proposal: Proposal) -> Iterator[str]:
    for sentence in proposal.evidence:
        yield from (f"# {line}" for line in textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False))
    yield "[[contract]]"
    for name, value in {"id": proposal.id, "kind": proposal.kind, **proposal.fields, "because": proposal.because}.items():
        yield f"{name} = {_value(value)}"


def _value(value: object) -> str:
    """A value as TOML; lists that are too long for a line take several."""
    if isinstance(value, list):
        line = f"[{', '.join(_inline(each) for each in value)}]"
        if len(line) <= _WIDTH:
            return line
        return "\n".join(["[", *(f"    {_inline(each)}," for each in value), "]"])
    return _inline(value)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return _inline_table(value)
    if isinstance(value, list):
        return f"[{', '.join(_inline(each) for each in value)}]"
    return json.dumps(value)


def _inline_table(value: Mapping[str, object]) -> str:
    return f"{{ {', '.join(f'{name} = {_inline(each)}' for name, each in value.items())} }}"
