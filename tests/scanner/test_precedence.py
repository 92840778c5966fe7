"""Whether one place of a function can run after another, as its statements are nested."""

from __future__ import annotations

import itertools
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.facts import build_facts
from buttress_scanner.facts.model import Body, FileFacts
from buttress_scanner.program.precedence import can_follow, is_followed_by, loops_around
from buttress_scanner.source.model import SourceFile


def _body(code: str) -> Body:
    text = "def function(flag, items, lock):\n" + textwrap.indent(textwrap.dedent(code).strip(), "    ") + "\n"
    facts = build_facts(SourceFile("m.py", "m", is_package=False, is_stub=False, data=text.encode(), digest=""))
    assert isinstance(facts, FileFacts)
    return next(body for body in facts.bodies if body.name == "function")


def _call(body: Body, name: str) -> int:
    """The node that calls a global of this name."""
    return next(index for index, node in enumerate(body.nodes) if node[0] == "call" and body.nodes[node[1]] == ("global", name))


FOLLOWS = {
    "one behind the other": "first()\nsecond()",
    "in one expression": "second(first())",
    "behind a branch": "if flag:\n    first()\nsecond()",
    "in the loop behind": "first()\nfor item in items:\n    second()",
    "in the handler": "try:\n    first()\nexcept ValueError:\n    second()",
    "in the last block": "try:\n    first()\nfinally:\n    second()",
    "behind a branch that leaves elsewhere": "if flag:\n    first()\nelse:\n    return\nsecond()",
    "in a with statement": "with lock:\n    first()\n    second()",
    "behind a loop that is left": "for item in items:\n    first()\n    break\nsecond()",
}
NEVER_FOLLOWS = {
    "before it": "second()\nfirst()",
    "the other branch": "if flag:\n    first()\nelse:\n    second()",
    "another case": "match flag:\n    case 1:\n        first()\n    case _:\n        second()",
    "behind a return": "if flag:\n    first()\n    return\nsecond()",
    "returned itself": "if flag:\n    return first()\nsecond()",
    "behind a raise": "if flag:\n    first()\n    raise ValueError\nsecond()",
}


@pytest.mark.parametrize("code", FOLLOWS.values(), ids=FOLLOWS)
def test_a_place_can_follow(code: str) -> None:
    """What stands behind a place, on a way that leads there, can run after it."""
    body = _body(code)
    assert can_follow(body, _call(body, "first"), _call(body, "second"))


@pytest.mark.parametrize("code", NEVER_FOLLOWS.values(), ids=NEVER_FOLLOWS)
def test_a_place_cannot_follow(code: str) -> None:
    """What stands before a place, in another branch, or behind an exit, does not run after it in the same round."""
    body = _body(code)
    assert not can_follow(body, _call(body, "first"), _call(body, "second"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("first()\nsecond()", True),
        ("if flag:\n    first()\nsecond()", True),
        ("first()\nif flag:\n    second()", False),
        ("if flag:\n    first()\nelse:\n    second()", False),
    ],
    ids=["the next statement", "behind the branch", "only in a branch", "in the other branch"],
)
def test_a_place_is_always_followed(code: str, expected: bool) -> None:
    """Only a statement of the same block, or of one around it, runs whenever the block is run to its end."""
    body = _body(code)
    assert is_followed_by(body, _call(body, "first"), _call(body, "second")) is expected


@given(depth=st.integers(min_value=0, max_value=6))
def test_loops_are_counted_from_outside(depth: int) -> None:
    """A place in so many loops has so many around it, each within the one before."""
    lines = [f"{'    ' * level}for item{level} in items:" for level in range(depth)]
    body = _body("\n".join([*lines, f"{'    ' * depth}first()"]))
    found = loops_around(body, _call(body, "first"))
    assert len(found) == depth
    assert all(outer[0] <= inner[0] and inner[1] <= outer[1] for outer, inner in itertools.pairwise(found))
