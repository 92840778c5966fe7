"""What a constructor does to its object, whatever its arguments are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body


def always_sets(body: Body) -> frozenset[str]:
    """The attributes of its first parameter that a body assigns on every way through it."""
    if not body.params:
        return frozenset()
    receiver = body.params[0].name
    surely = [range(entry[2], entry[3]) for entry in body.tree if entry[0] == "eval"]
    return frozenset(
        node[2]
        for part in surely
        for index in part
        if (node := body.nodes[index])[0] == "setattr"
        and body.nodes[node[1]] == ("param", receiver)
        and not any(a <= index < b for a, b in body.conditional)
    )
