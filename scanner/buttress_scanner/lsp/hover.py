"""What an editor shows over a name: the effects of the function, each with the way to its deed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.program import Subject
from buttress_scanner.program.query_names import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Span
    from buttress_scanner.lsp.session import Checked
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit

_STEPS = 6


def hover(checked: Checked, path: str, line: int, column: int) -> str | None:
    """Describe what stands at a place, as Markdown; None where there is nothing to say.

    Args:
        checked: the last check.
        path: the file, as in reports.
        line: counted from 1.
        column: counted from 1, in characters.
    """
    program = checked.program
    unit = next((u for u in program.modules.values() if u.path == path), None) if program is not None else None
    if program is None or unit is None:
        return None
    subjects = list(dict.fromkeys(_subjects(program, unit, line, column)))
    return "\n\n---\n\n".join(_described(checked, subject) for subject in subjects[:3]) or None


def _subjects(program: Program, unit: Unit, line: int, column: int) -> Iterator[Subject]:
    """The function or class that is defined at a place, or those that are called there."""
    for body in unit.facts.bodies:
        if body.kind in ("function", "class") and _covers(body.header, line, column):
            yield Subject(unit, body.qualname, body)
            return
    calls: list[tuple[int, Subject]] = []
    for frame in program.frames():
        if frame.unit is not unit:
            continue
        for node, callees in frame.edges.items():
            operation, span = frame.body.nodes[node], frame.body.spans[node]
            shown = frame.body.spans[operation[1]] if operation[0] == "call" else span
            if _covers(shown, line, column):
                size = (shown[2] - shown[0]) * 10_000 + shown[3] - shown[1]
                calls += [(size, Subject(c.unit, c.body.qualname, c.body)) for c in callees if c.body.kind == "function"]
    smallest = min((size for size, _ in calls), default=0)
    yield from sorted({s for size, s in calls if size == smallest}, key=lambda s: s.symbol)


def _covers(span: Span, line: int, column: int) -> bool:
    """Whether a span (lines from 1, columns from 0 in bytes; close enough for a name) holds a place."""
    return (span[0], span[1]) <= (line, column - 1) <= (span[2], span[3])


def _described(checked: Checked, subject: Subject) -> str:
    lines = [f"**`{subject.symbol}`**", ""]
    if checked.effects is None:
        return "\n".join(lines)
    starts, effects = checked.effects
    found = starts.of(Target(subject.symbol, (), (subject,)))
    told = False
    for effect in effects.present():
        way = effects.way(found, effect)
        if way is None:
            continue
        told = True
        doubt = " (possible)" if way.confidence.value == "possible" else ""
        lines.append(f"- **{effect}**{doubt}: {' → '.join(step.text for step in way.steps[:_STEPS])}")
    if not told:
        lines.append("no effects that the engine knows of")
    return "\n".join(lines)
