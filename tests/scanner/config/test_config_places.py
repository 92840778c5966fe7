"""The line of each part of a TOML document."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.config.places import places

TEXT = '''# a comment with = and [brackets]
roots = ["a", # one ]
  "b"]

[tool.buttress.zones]
"odd.name" = { x = 1, y = [ { z = """
text with ] and "quotes"
""" } ] }
after = 'it is # no comment'

[[tool.buttress.contract]]
id = "one"
exempt = [
  { path = "a" },

  { path = "b" }, ]
[[tool.buttress.contract]]
a.b . "c" = 1979-05-27T07:32:00Z
[tool.buttress.contract.sub]
deep = -1.5e3
[[tool.buttress.contract.sub.list]]
x = \'\'\'it's\'\'\'
last = true
'''

EXPECTED = {
    ("roots",): 2,
    ("roots", 0): 2,
    ("roots", 1): 3,
    ("tool", "buttress", "zones"): 5,
    ("tool", "buttress", "zones", "odd.name"): 6,
    ("tool", "buttress", "zones", "odd.name", "x"): 6,
    ("tool", "buttress", "zones", "odd.name", "y", 0, "z"): 6,
    ("tool", "buttress", "zones", "after"): 9,
    ("tool", "buttress", "contract", 0): 11,
    ("tool", "buttress", "contract", 0, "id"): 12,
    ("tool", "buttress", "contract", 0, "exempt", 0): 14,
    ("tool", "buttress", "contract", 0, "exempt", 1): 16,
    ("tool", "buttress", "contract", 1): 17,
    ("tool", "buttress", "contract", 1, "a", "b", "c"): 18,
    ("tool", "buttress", "contract", 1, "sub"): 19,
    ("tool", "buttress", "contract", 1, "sub", "deep"): 20,
    ("tool", "buttress", "contract", 1, "sub", "list", 0, "x"): 22,
    ("tool", "buttress", "contract", 1, "sub", "list", 0, "last"): 23,
}


def test_finds_every_part_of_a_rich_document() -> None:
    """Comments, strings of all forms, inline tables and arrays of tables do not mislead."""
    tomllib.loads(TEXT)
    found = places(TEXT)
    assert {path: found.get(path) for path in EXPECTED} == EXPECTED


_KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
_VALUES = st.recursive(
    st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


def _paths(value: object, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at} | {path for key, part in parts for path in _paths(part, (*at, key))}


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_finds_every_part_of_any_document(data: dict[str, object]) -> None:
    """Nothing that the parser reads is without a place."""
    text = tomlkit.dumps(data)
    assert _paths(tomllib.loads(text)) - {()} <= set(places(text))


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n", "a=1"], ids=["empty", "comment", "blank", "no line end"])
def test_ends(text: str) -> None:
    """The walk ends where the document does."""
    assert len(places(text)) == len(tomllib.loads(text))
