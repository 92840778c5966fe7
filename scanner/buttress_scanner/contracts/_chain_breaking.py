"""Ways to break a chain of calls: its lowest link that can be extended calls its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts.breaking import HERE, Breaking, Workbench, imported, is_importable
from buttress_scanner.program.program import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit


def upwards(program: Program, chain: Sequence[str]) -> Iterator[Breaking]:
    """Code of a lower link calls something of the first one."""
    target = next((found for found in map(_callable, _held(program, chain[0])) if found is not None), None)
    if target is None:
        return
    subject, call = target
    statement, name = imported(subject)
    for text in reversed(chain[1:]):
        how = f"calls `{subject.symbol}` from `{text}`"
        units = program.select([text]) if ":" not in text else []
        if units:
            head = f"{statement}\n\n\ndef sabotage(other: {name}) -> None:\n"
            yield Workbench(program).appended(how, units[0], f"\n\n{head}    {call.format(name)}  {HERE}\n")
            return
        for lower in _held(program, text):
            if lower.body is not None and lower.body.kind == "class" and is_importable(lower):
                base, link = imported(lower, "_link")
                head = f"{base}\n{statement}\n\n\nclass Sabotage({link}):\n    def sabotage(self, other: {name}) -> None:\n"
                yield Workbench(program).added(how, f"{head}        {call.format(name)}  {HERE}\n")
                return


def _held(program: Program, text: str) -> list[Subject]:
    """The functions and classes of a link: what its symbol names, or all of its modules."""
    found: list[Subject] = []
    for selector in program.patterns([text]):
        if selector.name is not None and selector.name != "*":
            found += [s for s in program.subjects(str(selector)) if s.body is not None]
        else:
            found += [s for u in program.modules.values() if selector.matches_module(u.name) for s in _defined(u)]
    return found


def _defined(unit: Unit) -> Iterator[Subject]:
    return (Subject(unit, b.qualname, b) for b in unit.facts.bodies if b.parent == 0 and b.kind in ("function", "class"))


def _callable(subject: Subject) -> tuple[Subject, str] | None:
    """What to import of a subject, and how it is called: a function itself, a class by a method of an object."""
    body, bodies = subject.body, subject.unit.facts.bodies
    if body is None or not is_importable(subject):
        return None
    if body.kind == "function":
        holder = bodies[body.parent]
        if holder.kind != "class":
            return subject, "{}()"
        return (Subject(subject.unit, holder.qualname, holder), f"other.{body.name}()")
    names = [b.name for b in bodies if b.parent == body.index and b.kind == "function" and not b.name.startswith("__")]
    decorated = {b.name for b in bodies if b.parent == body.index and b.decorators}
    plain = [name for name in names if name not in decorated]
    return (subject, f"other.{plain[0]}()") if plain else None
