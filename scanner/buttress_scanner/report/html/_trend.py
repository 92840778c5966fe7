"""The trend over several reports: findings as lines, contracts as bars, and both as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.report_model import Report, Status
from buttress_scanner.report._text import counted
from buttress_scanner.report.html._build import tag
from buttress_scanner.report.html._parts import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

SHOWN = 60
"""Reports that a chart shows, the latest."""

_WIDTH, _HEIGHT = 540.0, 210.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 12.0, 14.0, 30.0
_SPARK = 84.0, 18.0
_NOW = "this report"
_STATUSES = (Status.KEPT, Status.VACUOUS, Status.BROKEN)

_Points = list[tuple[str, Report]]


def trend(report: Report) -> Element | None:
    """Draw how findings and contracts developed; nothing where there is no earlier report."""
    points = _points(report)
    if len(points) < 2:
        return None
    return tag(
        "section",
        tag("h2", "Trend"),
        tag("p", f"{counted(len(report.history), 'earlier report')}, oldest first. {_moved(points)}"),
        tag(
            "div",
            _figure("Findings", _lines(points), ("open", "accepted")),
            _figure("Contracts", _bars(points), tuple(map(str, _STATUSES))),
            class_="charts",
        ),
        _table(points),
        id="trend",
    )


def sparkline(report: Report, contract: str) -> Element | None:
    """Draw the number of a contract's findings over all reports in one line of text."""
    if not report.history:
        return None
    counts = [sum(f.contract == contract for f in past.open_findings) for _, past in _points(report)]
    if not any(counts):
        return None
    wide, high = _SPARK
    top = max(counts)
    step = (wide - 6) / max(len(counts) - 1, 1)
    spots = [(3 + index * step, high - 3 - count / top * (high - 6)) for index, count in enumerate(counts)]
    line = tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in spots), class_="spark")
    dot = tag("circle", cx=spots[-1][0], cy=spots[-1][1], r=2.5, class_="spot")
    told = f"findings from report to report: {', '.join(map(str, counts))}"
    return tag(
        "svg",
        tag("title", told),
        line,
        dot,
        viewBox=f"0 0 {wide:.0f} {high:.0f}",
        class_="sparkline",
        role="img",
        aria_label=told,
    )


def _points(report: Report) -> _Points:
    return [*report.history, (_NOW, report)][-SHOWN:]


def _accepted(report: Report) -> int:
    return len(report.findings) - len(report.open_findings)


def _count(report: Report, status: Status) -> int:
    return sum(result.status is status for result in report.contracts)


def _moved(points: _Points) -> str:
    first, last = len(points[0][1].open_findings), len(points[-1][1].open_findings)
    if first == last:
        return f"Open findings: {last}, as at the beginning."
    return f"Open findings: {last}, {abs(last - first)} {'fewer' if last < first else 'more'} than at the beginning."


def _figure(title: str, chart: Element, names: Sequence[str]) -> Element:
    keys = [tag("span", tag("span", class_=f"key {name}", aria_hidden="true"), name, class_="entry") for name in names]
    return tag("figure", tag("figcaption", tag("strong", title), " ", tag("span", keys, class_="legend")), chart)


def _lines(points: _Points) -> Element:
    series = {
        "accepted": [_accepted(report) for _, report in points],
        "open": [len(report.open_findings) for _, report in points],
    }
    top = _round_up(max(max(values) for values in series.values()))
    drawn = []
    for name, values in series.items():
        spots = [(_x(index, len(points)), _y(value, top)) for index, value in enumerate(values)]
        drawn.append(tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in spots), class_=f"line {name}"))
        for (x, y), value, (label, _) in zip(spots, values, points, strict=True):
            drawn.append(tag("circle", tag("title", f"{label}: {value} {name}"), cx=x, cy=y, r=3.5, class_=f"dot {name}"))
    told = "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in reversed(series.items()))
    return _chart(points, top, drawn, f"Findings over {len(points)} reports. {told}")


def _bars(points: _Points) -> Element:
    top = _round_up(max(len(report.contracts) for _, report in points))
    room = (_WIDTH - _LEFT - _RIGHT) / len(points)
    wide = min(room * 0.62, 46.0)
    drawn = []
    for index, (label, report) in enumerate(points):
        below = 0
        for status in _STATUSES:
            count = _count(report, status)
            if count:
                y, foot = _y(below + count, top), _y(below, top)
                title = tag("title", f"{label}: {count} {WORDS[status]}")
                drawn.append(
                    tag(
                        "rect",
                        title,
                        x=_x(index, len(points)) - wide / 2,
                        y=y,
                        width=wide,
                        height=foot - y,
                        class_=f"bar {status.value}",
                    )
                )
            below += count
    told = "; ".join(f"{WORDS[status]}: {', '.join(str(_count(report, status)) for _, report in points)}" for status in _STATUSES)
    return _chart(points, top, drawn, f"Contracts over {len(points)} reports. {told}")


def _chart(points: _Points, top: int, drawn: Sequence[Element], told: str) -> Element:
    """Draw what two charts share: a grid of three lines, and the names of the first and the last report."""
    grid = []
    for value in sorted({0, top // 2, top}):
        y = _y(value, top)
        grid.append(tag("line", x1=_LEFT, y1=y, x2=_WIDTH - _RIGHT, y2=y, class_="grid"))
        grid.append(tag("text", str(value), x=_LEFT - 8, y=y + 4, class_="tick"))
    ends = [
        tag("text", _short(points[0][0]), x=_LEFT, y=_HEIGHT - 8, class_="name start"),
        tag("text", _short(points[-1][0]), x=_WIDTH - _RIGHT, y=_HEIGHT - 8, class_="name end"),
    ]
    return tag(
        "svg", tag("title", told), grid, drawn, ends, viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}", role="img", aria_label=told
    )


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


def _x(index: int, number: int) -> float:
    room = (_WIDTH - _LEFT - _RIGHT) / number
    return _LEFT + room * (index + 0.5)


def _y(value: float, top: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _round_up(value: int) -> int:
    """Return the next number that divides well into halves: 2, 4, 10, 20, 40, 100, ..."""
    scale = 1
    while True:
        for step in (2, 4, 10):
            if value <= step * scale:
                return step * scale
        scale *= 10


def _table(points: _Points) -> Element:
    titles = ("Report", "Open findings", "Accepted", "Kept", "Broken", "Vacuous", "Undecided", "Files")
    rows = []
    for name, report in points:
        figures = (
            len(report.open_findings),
            _accepted(report),
            *(_count(report, status) for status in (Status.KEPT, Status.BROKEN, Status.VACUOUS)),
            report.stats.undecided,
            report.stats.files,
        )
        rows.append(tag("tr", tag("th", name, scope="row"), [tag("td", str(figure), class_="number") for figure in figures]))
    head = tag("tr", [tag("th", title, scope="col") for title in titles])
    table = tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", rows)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Trend",
    )
    return tag("details", tag("summary", "As a table"), table, class_="plain")
