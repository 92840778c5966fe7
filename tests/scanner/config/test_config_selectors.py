"""Selectors: what names a module or an element, and what it selects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.config.selectors import Selector, SelectorError

MATCHES = {
    "the module itself": ("app.x", "app.x", True),
    "no part of a segment": ("app.x", "app.xy", False),
    "no module below": ("app.x", "app.x.y", False),
    "one segment": ("app.*", "app.x", True),
    "not two": ("app.*", "app.x.y", False),
    "not none": ("app.*", "app", False),
    "any depth": ("app.**", "app.x.y", True),
    "the package included": ("app.**", "app", True),
    "not a name that begins alike": ("app.**", "apple.x", False),
    "in the middle": ("app.**.api", "app.a.b.api", True),
    "in the middle, no depth": ("app.**.api", "app.api", True),
    "at the front": ("**.api", "a.b.api", True),
    "at the front, no depth": ("**.api", "api", True),
    "everything": ("**", "a.b.c", True),
    "a migration": ("app.migrations.0001_initial", "app.migrations.0001_initial", True),
    "a script": ("bin.my-tool", "bin.my-tool", True),
}


@pytest.mark.parametrize(("selector", "module", "expected"), MATCHES.values(), ids=MATCHES)
def test_modules(selector: str, module: str, expected: bool) -> None:
    """Names are compared by dotted segments."""
    assert Selector.parse(selector).matches_module(module) is expected


SYMBOLS = {
    "the element": ("app:A.run", "app", "A.run", True),
    "what is nested in it": ("app:A", "app", "A.run", True),
    "a name that begins alike": ("app:A", "app", "AB.run", False),
    "another module": ("app:A", "app.x", "A", False),
    "everything of the module": ("app", "app", "A.run", True),
    "every function": ("app.**:*", "app.x", "f", True),
    "members": ("app:A.*", "app", "A.run", True),
}


@pytest.mark.parametrize(("selector", "module", "name", "expected"), SYMBOLS.values(), ids=SYMBOLS)
def test_elements(selector: str, module: str, name: str, expected: bool) -> None:
    """An element is selected with what it contains."""
    assert Selector.parse(selector).matches_symbol(module, name) is expected


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "a b", "a:", ":b", "a:b:c", "a***", "a.***", "a:b-c", "@zone", "a/b", "a\n", "-a", "a:1b"],
)
def test_refuses_what_is_no_selector(text: str) -> None:
    """The message repeats the text and shows the forms."""
    with pytest.raises(SelectorError, match="is not a selector: write module"):
        Selector.parse(text)


_SEGMENT = st.sampled_from(["a", "b", "ab", "c1", "x-y"])
_MODULE = st.lists(_SEGMENT, min_size=1, max_size=5)


@given(_MODULE, _MODULE)
def test_two_stars_mean_the_package_and_all_below(package: list[str], module: list[str]) -> None:
    """``p.**`` selects exactly the modules whose segments begin with those of ``p``."""
    selector = Selector.parse(".".join([*package, "**"]))
    assert selector.matches_module(".".join(module)) is (module[: len(package)] == package)


@given(_MODULE, _MODULE)
def test_one_star_means_one_segment(package: list[str], module: list[str]) -> None:
    """``p.*`` selects exactly the direct children of ``p``."""
    selector = Selector.parse(".".join([*package, "*"]))
    assert selector.matches_module(".".join(module)) is (module[:-1] == package)


_PATTERN = st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=5)


def _fits(pattern: list[str], module: list[str]) -> bool:
    """The meaning of a pattern, written as its definition. A leading ``**`` alone needs something to select."""
    if not pattern:
        return not module
    if pattern[0] == "**":
        return _fits(pattern[1:], module) or (bool(module) and _fits(pattern, module[1:]))
    return bool(module) and pattern[0] in ("*", module[0]) and _fits(pattern[1:], module[1:])


@given(_PATTERN, st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=6))
def test_patterns_mean_what_their_definition_says(pattern: list[str], module: list[str]) -> None:
    """The compiled pattern agrees with a plain recursive reading."""
    assert Selector.parse(".".join(pattern)).matches_module(".".join(module)) is _fits(pattern, module)


@given(_PATTERN, st.none() | st.sampled_from(["A", "A.run", "A.*", "*"]))
def test_a_selector_reads_back_what_it_writes(pattern: list[str], name: str | None) -> None:
    """Parsing the text of a selector gives the selector."""
    selector = Selector(".".join(pattern), name)
    assert Selector.parse(str(selector)) == selector
