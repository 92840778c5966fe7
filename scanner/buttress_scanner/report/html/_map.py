"""The map of the program as SVG: layers as bands, packages as boxes, imports as arrows; and all of it as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.report._summary import place_of
from buttress_scanner.report._text import counted, width
from buttress_scanner.report.html._boxes import Box, Drawing, Mark, first_shown, layered, whole
from buttress_scanner.report.html._build import tag
from buttress_scanner.report.html._layout import WIDTH, Placed, Sheet, arranged
from buttress_scanner.report.html._parts import prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from buttress_scanner.findings.map_model import Layering, Link, ModuleMap
    from buttress_scanner.findings.report_model import Report
    from buttress_scanner.report.html._build import Child

_WORDS = {
    Mark.BROKEN: "breaks the contract",
    Mark.ACCEPTED: "breaks the contract and is accepted",
    Mark.CYCLE: "closes a cycle",
    Mark.TYPING: "for type checkers only",
    Mark.LAWFUL: "lawful",
}
_MORE = {Mark.LAWFUL: "; pale where a longer way leads there, too"}
_LABEL = 7.6
_WHOLE = "map-all"


def maps(report: Report) -> Element | None:
    """Draw a map for each contract that speaks of layers, and one of all packages; nothing where the program is not at hand."""
    drawn = report.map
    if drawn is None or not drawn.modules:
        return None
    views = [
        _layer_view(number, report, drawn, each)
        for number, each in enumerate(drawn.layerings)
        if any(p.modules for layer in each.layers for p in layer)
    ]
    marked = _marking(report, [layering.contract for layering in drawn.layerings])
    views.append(_view(_WHOLE, "All packages", _whole_text(drawn), whole(drawn, marked), _broken(drawn, marked)))
    return tag(
        "section",
        tag("h2", "Map"),
        tag("p", _legend(), class_="legend"),
        views,
        id="map",
    )


def _layer_view(number: int, report: Report, drawn: ModuleMap, layering: Layering) -> Element:
    marked = _marking(report, [layering.contract])
    drawings = layered(drawn, layering, marked)
    inside = {module for layer in layering.layers for part in layer for module in part.modules}
    outside = len(drawn.modules) - len(inside)
    because = next((result.because for result in report.contracts if result.id == layering.contract), "")
    told = f"{because} " if because else ""
    rule = "Imports go down only." if len(layering.layers) > 1 else "What stands side by side imports nothing of the others."
    text = f"{told}{rule} Outside of this map: {counted(outside, 'module')}."
    return _view(f"map-{number}", layering.contract, text, drawings, _broken(drawn, marked))


def _whole_text(module_map: ModuleMap) -> str:
    figures = f"{counted(len(module_map.modules), 'module')}, {counted(len(module_map.links), 'import')}"
    return f"{figures}. Importers stand above what they import; arrows that point up close a cycle."


def _marking(report: Report, contracts: Sequence[str]) -> Callable[[Link], Mark]:
    """Say of an import whether a finding of one of the contracts stands where it stands."""
    found: dict[tuple[str, int], bool] = {}
    for finding in report.findings:
        if finding.contract in contracts:
            place = (finding.position.path, finding.position.line)
            found[place] = found.get(place, False) or finding.is_open

    def marked(link: Link) -> Mark:
        is_open = found.get((link.position.path, link.position.line))
        if is_open is not None:
            return Mark.BROKEN if is_open else Mark.ACCEPTED
        return Mark.TYPING if link.typing else Mark.LAWFUL

    return marked


def _broken(drawn: ModuleMap, marked: Callable[[Link], Mark]) -> int:
    return sum(marked(link) is Mark.BROKEN for link in drawn.links)


def _legend() -> Iterator[Child]:
    for mark in Mark:
        yield tag(
            "span", tag("span", class_=f"key {mark}", aria_hidden="true"), _WORDS[mark] + _MORE.get(mark, ""), class_="entry"
        )


# --- one map, coarser and finer


def _view(name: str, title: str, text: str, drawings: Sequence[Drawing], broken: int) -> Element:
    """Draw a map at each level of detail; which one is seen is chosen without a script."""
    shown = first_shown(drawings)
    choices: list[Element] = []
    for number, drawing in enumerate(drawings):
        identity = f"{name}-{number}"
        choices.append(tag("input", type="radio", name=name, id=identity, class_=f"level-{number}", checked=number == shown))
        choices.append(tag("label", counted(drawing.size, "box").replace("boxs", "boxes"), for_=identity))
    panes = [
        tag("div", _pane(drawing, f"{title}, {number + 1}"), class_=f"pane pane-{number}")
        for number, drawing in enumerate(drawings)
    ]
    alarm = tag("span", f"{counted(broken, 'forbidden import')}", class_="badge broken") if broken else None
    return tag(
        "details",
        tag("summary", tag("h3", title if name == _WHOLE else tag("code", title)), " ", alarm),
        tag("p", prose(text)),
        tag("div", tag("span", "Detail", class_="hint"), choices, panes, class_="levels"),
        class_="map",
        id=name,
        open=bool(broken) or name in {_WHOLE, "map-0"},
    )


def _pane(drawing: Drawing, title: str) -> Iterator[Element]:
    sheet = arranged(drawing)
    yield tag("div", _svg(sheet, drawing, title), class_="canvas", tabindex="0", role="region", aria_label=f"Map {title}")
    yield tag("p", "Choose a box to see its imports.", class_="told hint needs-script", aria_live="polite")
    if drawing.lonely:
        yield tag(
            "p", f"Not drawn: {counted(drawing.lonely, 'box').replace('boxs', 'boxes')} that no arrow touches.", class_="hint"
        )
    yield _table(drawing)


def _svg(sheet: Sheet, drawing: Drawing, title: str) -> Element:
    heads = [
        tag(
            "marker",
            tag("path", d="M0 0L8 4L0 8z"),
            id=f"{_identity(title)}-{mark}",
            class_=f"head {mark}",
            viewBox="0 0 8 8",
            refX=7,
            refY=4,
            markerWidth=7,
            markerHeight=7,
            orient="auto",
            markerUnits="userSpaceOnUse",
        )
        for mark in Mark
    ]
    strength = {mark: number for number, mark in enumerate(reversed(Mark))}
    paths = sorted(sheet.paths, key=lambda each: strength[each[0].mark])
    return tag(
        "svg",
        tag("title", f"Map {title}: {_described(drawing)}"),
        tag("defs", heads),
        [_band(band) for band in sheet.bands],
        [
            tag(
                "g",
                _rectangle(block, "block"),
                _text(block.x + 10, block.y + 15, _fitting(block.label, block.width - 16), "pattern"),
            )
            for block in sheet.blocks
        ],
        tag(
            "g",
            [
                tag(
                    "path",
                    tag(
                        "title",
                        f"{arrow.source.name} → {arrow.target.name}: {counted(arrow.count, 'import')}, {_WORDS[arrow.mark]}",
                    ),
                    d=path,
                    class_=f"arrow {arrow.mark} implied" if arrow.implied else f"arrow {arrow.mark}",
                    stroke_width=min(1.1 + 0.35 * arrow.count**0.5, 4.0) + (1.0 if arrow.mark is Mark.BROKEN else 0.0),
                    marker_end=f"url(#{_identity(title)}-{arrow.mark})",
                    data_from=arrow.source.key,
                    data_to=arrow.target.key,
                    data_count=arrow.count,
                )
                for arrow, path in paths
            ],
        ),
        [_box(placed, box) for box, placed in sheet.boxes.items()],
        viewBox=f"0 0 {WIDTH} {sheet.height:.0f}",
        role="img",
        aria_label=f"Map {title}: {_described(drawing)}",
    )


def _identity(title: str) -> str:
    """Return what markers of this map are named after; several maps share a page."""
    return "m" + "".join(f"{ord(char):x}" if not char.isalnum() or not char.isascii() else char for char in title)


def _described(drawing: Drawing) -> str:
    broken = sum(arrow.mark is Mark.BROKEN for arrow in drawing.arrows)
    told = counted(drawing.size, "box").replace("boxs", "boxes")
    return f"{told} in {counted(len(drawing.bands), 'band')}, {counted(len(drawing.arrows), 'arrow')}, {broken} of them broken"


def _band(band: Placed) -> Element:
    return tag("g", _rectangle(band, "band"), _text(band.x + 14, band.y + 19, _fitting(band.label, band.width - 28), "pattern"))


def _box(placed: Placed, box: Box) -> Element:
    modules = counted(len(box.modules), "module")
    return tag(
        "g",
        tag("title", f"{box.name}: {modules}"),
        _rectangle(placed, "face"),
        _text(placed.middle, placed.y + 20, _fitting(placed.label, placed.width - 14), "name"),
        _text(placed.middle, placed.y + 36, modules, "count"),
        class_="box",
        data_name=box.key,
    )


def _rectangle(placed: Placed, kind: str) -> Element:
    return tag(
        "rect", x=placed.x, y=placed.y, width=placed.width, height=placed.height, rx=8 if kind != "band" else 12, class_=kind
    )


def _text(x: float, y: float, text: str, kind: str) -> Element:
    return tag("text", text, x=x, y=y, class_=kind)


def _fitting(text: str, room: float) -> str:
    """Return as much of a text as there is room for: its end, which tells more than its beginning."""
    if width(text) * _LABEL <= room:
        return text
    while text and (width(text) + 1) * _LABEL > room:
        text = text[1:]
    return "…" + text


def _table(drawing: Drawing) -> Element:
    """Write the arrows as a table, the remarkable ones first."""
    order = {mark: number for number, mark in enumerate(Mark)}
    rows = [
        tag(
            "tr",
            tag("td", tag("code", arrow.source.name)),
            tag("td", tag("code", arrow.target.name)),
            tag("td", str(arrow.count), class_="number"),
            tag("td", tag("span", _WORDS[arrow.mark], class_=f"mark {arrow.mark}")),
            tag("td", tag("code", place_of(arrow.example.position))),
        )
        for arrow in sorted(drawing.arrows, key=lambda each: (order[each.mark], each.source, each.target))
    ]
    head = tag("tr", [tag("th", title, scope="col") for title in ("Importer", "Imported", "Imports", "", "For example at")])
    table = tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", rows)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Imports",
    )
    return tag("details", tag("summary", f"{counted(len(drawing.arrows), 'arrow')} as a table"), table, class_="plain")
