"""The lines of a JSON document's parts: one walk over text that the standard library has accepted already."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from buttress_scanner.contracts._data import Part, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def lines_of(text: str, value: object, above: int = 0) -> Part:
    """Give a value of JSON the lines of its parts.

    Args:
        text: what the value was read from.
        value: the whole.
        above: lines before the text.
    """
    open_parts: list[Part] = []
    key: tuple[str, Spot] | None = None
    root = Part((1 + above, 1), value)
    for word, spot in _tokens(text, above):
        if word in "}]":
            open_parts.pop()
        elif word == ",":
            key = None
        elif word == ":":
            continue
        elif open_parts and isinstance(open_parts[-1].value, dict) and key is None:
            key = (str(json.loads(word)), spot)
        else:
            part = _placed(open_parts, key, spot, root)
            key = None
            if word in "{[":
                open_parts.append(part)
    return root


def _placed(open_parts: list[Part], key: tuple[str, Spot] | None, spot: Spot, root: Part) -> Part:
    """Enter a value that begins at a place into what is open; of a key that stands twice, the last one counts."""
    if not open_parts:
        root.spot = spot
        return root
    holder = open_parts[-1]
    if isinstance(holder.value, dict) and key is not None:
        part = Part(spot, holder.value.get(key[0]))
        holder.named[key[0]], holder.keys[key[0]] = part, key[1]
        return part
    items = holder.value if isinstance(holder.value, list) else []
    part = Part(spot, items[len(holder.listed)] if len(holder.listed) < len(items) else None)
    holder.listed.append(part)
    return part


def _tokens(text: str, above: int) -> Iterator[tuple[str, Spot]]:
    line, at, start = 1 + above, 0, 0
    for found in _TOKEN.finditer(text):
        begun = text.count("\n", at, found.start())
        if begun:
            line, start = line + begun, text.rfind("\n", at, found.start()) + 1
        at = found.start()
        yield found[0], (line, at - start + 1)
