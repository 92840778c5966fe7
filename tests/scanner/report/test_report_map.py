"""Maps: boxes, arrows, cycles and coordinates obey laws, whatever the program."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.map_model import Layering, Link, ModuleMap, Part
from buttress_scanner.findings.model import Position
from buttress_scanner.graphs import closing_cycles, knots_of, levels_of
from buttress_scanner.report.html._boxes import FINEST, Drawing, Mark, first_shown, layered, whole
from buttress_scanner.report.html._layout import WIDTH, arranged, short_names

NAMES = st.integers(0, 7)
GRAPHS = st.dictionaries(st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1]), st.integers(1, 9), max_size=20)
ALL = range(8)


def link(importer: str, imported: str) -> Link:
    """Build an import."""
    return Link(importer, imported, Position(f"{importer}.py", 1))


def lawful(_: Link) -> Mark:
    """Find nothing remarkable."""
    return Mark.LAWFUL


def reached(pairs: set[tuple[int, int]]) -> dict[int, set[int]]:
    """Return what each node leads to, by brute force."""
    ways = {node: {target for source, target in pairs if source == node} for node in ALL}
    for _ in ALL:
        ways = {node: found | {each for one in found for each in ways[one]} for node, found in ways.items()}
    return ways


@given(GRAPHS)
def test_knots_are_what_leads_to_each_other(pairs: dict[tuple[int, int], int]) -> None:
    """Two nodes are in one component exactly if each leads to the other."""
    knots, ways = knots_of(list(ALL), pairs), reached(set(pairs))
    for a, b in combinations(ALL, 2):
        assert (knots[a] == knots[b]) == (b in ways[a] and a in ways[b])


@given(GRAPHS)
def test_without_what_closes_cycles_there_are_none(pairs: dict[tuple[int, int], int]) -> None:
    """Nothing leads back to where it came from, and only what is on a cycle was taken."""
    closing, ways = closing_cycles(list(ALL), pairs), reached(set(pairs))
    left = reached(set(pairs) - closing)
    assert not [node for node in ALL if node in left[node]]
    assert all(source in ways[target] for source, target in closing)


@given(GRAPHS)
def test_levels_go_down(pairs: dict[tuple[int, int], int]) -> None:
    """Without cycles every edge leads to a lower level, and none is lower than it must be."""
    acyclic = set(pairs) - closing_cycles(list(ALL), pairs)
    levels = levels_of(list(ALL), acyclic)
    assert all(levels[source] < levels[target] for source, target in acyclic)
    for node, level in levels.items():
        assert level == max((levels[source] + 1 for source, target in acyclic if target == node), default=0)


def test_the_lighter_import_closes_the_cycle() -> None:
    """Where ten modules import one way and one the other, the one is what is wrong."""
    assert closing_cycles(["a", "b"], {("a", "b"): 10, ("b", "a"): 1}) == {("b", "a")}
    assert closing_cycles(["a", "b"], {("a", "b"): 1, ("b", "a"): 10}) == {("a", "b")}


MODULES = st.lists(
    st.sampled_from(
        [f"{a}.{b}.{c}" for a in ("app", "lib") for b in "xyz" for c in ("one", "two", "a_rather_long_name_of_a_module")]
    ),
    min_size=1,
    unique=True,
).map(sorted)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Any map at any level of detail."""
    modules = draw(MODULES)
    ends = draw(st.sets(st.tuples(st.sampled_from(modules), st.sampled_from(modules)), max_size=40))
    drawn = ModuleMap(tuple(modules), tuple(sorted(link(a, b) for a, b in ends if a != b)))
    layer = draw(st.lists(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True), max_size=3))
    layers = tuple(
        tuple(
            Part(f"*.{name}.**", tuple(m for m in modules if f".{name}." in m))
            for name in names
            if not any(name in each for each in layer[:at])
        )
        for at, names in enumerate(layer)
    )
    found = layered(drawn, Layering("l", layers), lawful) if layers else whole(drawn, lawful)
    return draw(st.sampled_from(found))


@given(drawings())
def test_boxes_do_not_touch_and_stay_on_the_sheet(drawing: Drawing) -> None:
    """Every box has a place of its own inside of its band."""
    sheet = arranged(drawing)
    assert len(sheet.boxes) == drawing.size
    for a, b in combinations(sheet.boxes.values(), 2):
        assert a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
    for placed in sheet.boxes.values():
        assert placed.x >= 0
        assert placed.x + placed.width <= WIDTH
        assert any(band.y < placed.y and placed.y + placed.height < band.y + band.height <= sheet.height for band in sheet.bands)


@given(drawings())
def test_every_arrow_is_drawn(drawing: Drawing) -> None:
    """Arrows lead from box to box, one for each pair."""
    assert len(arranged(drawing).paths) == len(drawing.arrows) == len({(arrow.source, arrow.target) for arrow in drawing.arrows})


@given(drawings())
def test_the_same_coordinates_every_time(drawing: Drawing) -> None:
    """A drawing has one layout."""
    assert arranged(drawing) == arranged(drawing)


def test_importers_stand_above_what_they_import() -> None:
    """Without contracts the map finds the layers that are there; the arrow that closes a cycle is the one that points up."""
    drawn = ModuleMap(
        ("app.api", "app.core", "app.db"),
        tuple(sorted([link("app.api", "app.core"), link("app.api", "app.db"), link("app.core", "app.db")])),
    )
    (drawing,) = whole(drawn, lawful)
    assert [[box.name for block in band for box in block.boxes] for band in drawing.bands] == [
        ["app.api"],
        ["app.core"],
        ["app.db"],
    ]
    assert [(arrow.source.name, arrow.target.name) for arrow in drawing.arrows if arrow.implied] == [("app.api", "app.db")]


def many(packages: int) -> ModuleMap:
    """A program with packages of four modules each."""
    modules = [f"app.p{number:02}.m{index}" for number in range(packages) for index in range(4)]
    links = [link(f"app.p{n:02}.m{i}", f"app.p{n + 1:02}.m{i}") for n in range(packages - 1) for i in range(4)]
    return ModuleMap(tuple(modules), tuple(sorted(links)))


@pytest.mark.parametrize(("packages", "shown", "finest"), [(5, 20, 20), (20, 20, 80), (40, 40, 40), (200, 46, 46)])
def test_a_map_begins_with_what_can_be_read(packages: int, shown: int, finest: int) -> None:
    """Packages are gathered until a map can be read at a glance; finer ones are offered as far as they are of use."""
    found = whole(many(packages), lawful)
    assert found[first_shown(found)].size == shown
    assert found[-1].size == finest
    assert finest <= FINEST


def test_a_map_that_tells_nothing_is_not_the_first() -> None:
    """Two boxes say less than forty: where only so few or so many can be drawn, the many are."""
    modules = [f"{top}.p{number:02}" for top in ("app", "lib") for number in range(20)]
    links = [link(f"app.p{number:02}", f"lib.p{number:02}") for number in range(20)]
    found = whole(ModuleMap(tuple(modules), tuple(sorted(links))), lawful)
    assert [drawing.size for drawing in found] == [2, 40]
    assert first_shown(found) == 1


def test_siblings_that_share_a_beginning_stay_apart() -> None:
    """Layers of modules with one common package are boxes of their own, named by their patterns."""
    parts = ((Part("@front", ("app.a", "app.b")),), (Part("@back", ("app.c", "app.d")),))
    drawn = ModuleMap(("app.a", "app.b", "app.c", "app.d"), (link("app.a", "app.c"), link("app.b", "app.c")))
    coarse, fine = layered(drawn, Layering("l", parts), lawful)
    assert [box.name for band in coarse.bands for block in band for box in block.boxes] == ["@front", "@back"]
    assert (fine.size, fine.lonely) == (3, 1)


def test_names_without_what_all_share() -> None:
    """Boxes are labelled by what tells them apart."""
    assert short_names(["a.b.c", "a.b.d.e"]) == {"a.b.c": "c", "a.b.d.e": "d.e"}
    assert short_names(["a.b"]) == {"a.b": "b"}
    assert short_names(["a", "a.b"]) == {"a": "a", "a.b": "a.b"}
