"""Values of module variables that no function can see: others replace them before anything is called."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body

_CALLING = ("call", "deco", "class", "await", "enter", "exit", "iter", "star")
"""What may run a function of the module while the module is not complete."""


def forget_overwritten(body: Body) -> None:
    """Drop the versions of module variables that were replaced, without a condition, before anything could read them."""
    repeated = [name for name, versions in body.versions.items() if len(versions) > 1 and name in body.exit]
    if not repeated:
        return
    calling = [index for index, node in enumerate(body.nodes) if node[0] in _CALLING]
    for name in repeated:
        last = body.exit[name]
        node = body.nodes[last]
        if node[0] == "phi" and (len(node) > 2 or len(node[1]) != 1):
            continue  # a condition decides
        body.versions[name] = [v for v in body.versions[name] if v >= last or _is_seen(v, last, calling)]


def _is_seen(version: int, last: int, calling: list[int]) -> bool:
    """Whether anything is called between the two."""
    place = bisect_right(calling, version)
    return place < len(calling) and calling[place] < last
