"""Whether one place of a body can run after another, as its statements are nested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body

Block = list[Any]
_Step = tuple[Block, int, Block | None]
"""A block, the statement in it, and the block of that statement in which the place lies (None for the statement itself)."""

_LEAVING = ("return", "raise")
_LOOPS = ("for", "while")


def can_follow(body: Body, first: int, second: int) -> bool:
    """Whether the second node can run after the first one in one call; in loops only if it stands behind it."""
    one, other = _path(body.tree, first), _path(body.tree, second)
    if not one or not other:
        return first < second
    common = _common(one, other)
    if any(_leaves(block, index) for block, index, _ in one[common + 1 :]):
        return False
    (block, before, _), (_, after, _) = one[common], other[common]
    if before != after:
        return before < after and not _leaves(block[:after], before)
    return first < second and (one[common][2] is None or other[common][2] is None or block[before][0] == "try")


def loops_around(body: Body, node: int) -> list[tuple[int, int]]:
    """The loops in which a node stands, from the outermost, each as the range of its nodes."""
    found = []
    for block, index, inner in _path(body.tree, node):
        if inner is not None and block[index][0] in _LOOPS:
            places = [n for part in _ranges(block[index]) for n in part]
            found.append((min(places), max(places)))
    return found


def is_followed_by(body: Body, first: int, second: int) -> bool:
    """Whether the second node runs whenever the block that holds the first one is run to its end."""
    one, other = _path(body.tree, first), _path(body.tree, second)
    common = _common(one, other) if one and other else -1
    return common >= 0 and other[common][2] is None and one[common][1] < other[common][1]


def _common(one: list[_Step], other: list[_Step]) -> int:
    """The innermost block that both paths go through."""
    depth = 0
    while depth + 1 < min(len(one), len(other)) and one[depth + 1][0] is other[depth + 1][0]:
        depth += 1
    return depth


def _leaves(block: Block, index: int) -> bool:
    """Whether the function is left by a statement of the block from this one on."""
    return any(entry[0] in _LEAVING for entry in block[index:])


def _path(block: Block, node: int) -> list[_Step]:
    """The way from a block down to a node; empty where the node is in none of its statements."""
    for index, entry in enumerate(block):
        for inner in _blocks(entry):
            rest = _path(inner, node)
            if rest:
                return [(block, index, inner), *rest]
        if any(start <= node < end for start, end in _own(entry)):
            return [(block, index, None)]
    return []


def _blocks(entry: Block) -> Iterator[Block]:
    """The blocks of a statement."""
    match entry[0]:
        case "if" | "while":
            yield from entry[5:7]
        case "for":
            yield from entry[6:8]
        case "try":
            yield entry[2]
            yield from (handler[3] for handler in entry[3])
            yield from entry[4:6]
        case "with":
            yield entry[3]
        case "match":
            yield from (case[-1] for case in entry[4])


def _own(entry: Block) -> Iterator[tuple[int, int]]:
    """The ranges of nodes that belong to a statement itself."""
    match entry[0]:
        case "eval" | "return" | "raise" | "if" | "while":
            yield entry[2], entry[3]
        case "for":
            yield entry[2], entry[3]
            yield entry[4], entry[5]
        case "try":
            yield from ((handler[0], handler[1]) for handler in entry[3])
        case "with":
            yield from ((item[0], item[1]) for item in entry[2])
        case "match":
            yield entry[2], entry[3]
            yield from ((case[1], case[2]) for case in entry[4])


def _ranges(entry: Block) -> Iterator[tuple[int, int]]:
    yield from _own(entry)
    for block in _blocks(entry):
        for inner in block:
            yield from _ranges(inner)
