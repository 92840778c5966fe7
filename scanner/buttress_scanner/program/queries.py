"""Questions about effects, with answers as plain data: why an element has one, and which it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Position
from buttress_scanner.program.engine import EVERYTHING
from buttress_scanner.program.program import Subject
from buttress_scanner.program.query_effects import Effects, Start, Starts, Way, known_effects, place_of, reached
from buttress_scanner.program.query_links import OpenCall, open_calls
from buttress_scanner.program.query_names import QuestionError, Target, find, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.program import Program

__all__ = [
    "Coverage",
    "EffectsOf",
    "Inventory",
    "QuestionError",
    "Way",
    "Why",
    "effects",
    "why",
]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much the answer rests on.

    ``bodies`` functions and modules were followed, with ``calls`` written calls in them. ``evaluated`` is the number of modules
    that were evaluated in full, None where that is all of the ``modules``.
    """

    bodies: int
    calls: int
    modules: int
    evaluated: int | None
    undecided: tuple[OpenCall, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why an element has an effect, or that it has not."""

    asked: str
    symbols: tuple[str, ...]
    effect: str
    way: Way | None
    coverage: Coverage
    instead: tuple[str, ...] = ()
    """Where the element has not the effect: members of it that have."""


@dataclass(frozen=True, slots=True)
class EffectsOf:
    """The effects of one element."""

    symbol: str
    kind: str
    position: Position
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The effects of everything that was asked about."""

    asked: tuple[str, ...]
    entries: tuple[EffectsOf, ...]
    coverage: Coverage


def coverage(program: Program, frames: Iterable[Frame], undecided: tuple[OpenCall, ...], calls: int) -> Coverage:
    """Say what an answer rests on."""
    bodies = {(f.unit.name, f.body.index) for f in frames}
    return Coverage(len(bodies), calls, len(program.modules), program.evaluated, undecided)


def _covered(program: Program, starts: Iterable[Start]) -> Coverage:
    frames = reached(start.frame for start in starts)
    undecided, calls = open_calls(program, frames)
    return coverage(program, frames, undecided, calls)


# --- why


def why(program: Program, name: str, effect: str) -> Why:
    """Find the shortest way from an element, or from the import of a module, to an effect.

    Raises:
        QuestionError: there is no such element or effect, or nothing runs under the name.
    """
    effect = _known(effect)
    target = find(program, name)
    program.focus(dict.fromkeys(target.modules, EVERYTHING))
    starts, search = Starts(program), Effects(program)
    begin = starts.of(target)
    check_runs(target, begin)
    way = search.way(begin, effect)
    instead = () if way is not None else tuple(_members_with(program, target, effect, starts, search))
    return Why(name, target.symbols, effect, way, _covered(program, begin), instead)


def _known(effect: str) -> str:
    import difflib

    known = known_effects()
    if effect in known:
        return effect
    near = difflib.get_close_matches(effect, known, n=1, cutoff=0.5) or [e for e in known if e.endswith(f".{effect}")][:1]
    meant = f"; did you mean {near[0]}?" if near else ""
    raise QuestionError(f"there is no effect {effect!r}{meant}", f"Effects: {', '.join(known)}.")


def check_runs(target: Target, starts: Sequence[Start]) -> None:
    """Refuse to answer about something that never runs; to construct a class may run nothing, and is a question all the same.

    Raises:
        QuestionError: the name is that of a variable, or of code that is never reached.
    """
    if starts or any(s.body is not None and s.body.kind == "class" for s in target.subjects):
        return
    held = any(s.body is None for s in target.subjects)
    what = "it is a variable that holds nothing of the program to call" if held else "it is never reached"
    hint = f"`buttress show effects {target.text.partition(':')[0]}` lists what does."
    raise QuestionError(f"nothing runs under the name {target.text}: {what}", hint)


def _members_with(program: Program, target: Target, effect: str, starts: Starts, search: Effects) -> Iterator[str]:
    """Functions of the module, methods of the class, that have the effect although import or construction have not."""
    for subject in _functions(target):
        if subject.symbol not in target.symbols and search.way(starts.of_subject(subject), effect) is not None:
            yield subject.symbol


def _functions(target: Target) -> Iterator[Subject]:
    """The functions of a module, the methods of a class, or the function itself."""
    for unit in target.units:
        yield from (Subject(unit, b.qualname, b) for b in unit.facts.bodies if b.kind == "function")
    for subject in target.subjects:
        if subject.body is not None and subject.body.kind == "class":
            inside = f"{subject.body.qualname}."
            bodies = (b for b in subject.unit.facts.bodies if b.kind == "function" and b.qualname.startswith(inside))
            yield from (Subject(subject.unit, b.qualname, b) for b in bodies)
        else:
            yield subject


# --- effects


def effects(program: Program, names: Sequence[str], wanted: Sequence[str] = ()) -> Inventory:
    """List the effects of elements, of modules with all their functions, or of classes with all their methods.

    Args:
        program: the program.
        names: what to list; all modules when empty.
        wanted: only these effects.

    Raises:
        QuestionError: there is no such element or effect.
    """
    chosen = [_known(effect) for effect in wanted]
    targets = select(program, names or ["**"])
    program.focus(dict.fromkeys((m for t in targets for m in t.modules), EVERYTHING) if names else None)
    starts, search = Starts(program), Effects(program)
    chosen = chosen or search.present()
    entries: dict[str, EffectsOf] = {}
    begin: list[Start] = []
    for target in targets:
        for entry, own in _entries(program, target, starts):
            if entry.symbol not in entries:
                begin += own
                ways = tuple(way for effect in chosen if (way := search.way(own, effect)) is not None)
                entries[entry.symbol] = EffectsOf(entry.symbol, entry.kind, entry.position, ways)
    return Inventory(tuple(names), tuple(entries.values()), _covered(program, begin))


def _entries(program: Program, target: Target, starts: Starts) -> Iterator[tuple[EffectsOf, list[Start]]]:
    for unit in target.units:
        yield EffectsOf(unit.name, "module", place_of(program, unit.frame), ()), [Start(unit.frame)]
    for subject in target.subjects:
        if subject.body is not None and subject.body.kind == "class":
            yield _entry(program, subject), starts.of_subject(subject)
    for subject in _functions(target):
        own = starts.of_subject(subject)
        if subject in target.subjects:
            check_runs(target, own)
        yield _entry(program, subject), own


def _entry(program: Program, subject: Subject) -> EffectsOf:
    body = subject.body
    place = program.position(subject.unit, body.header) if body is not None else Position(subject.unit.path, 0)
    return EffectsOf(subject.symbol, body.kind if body is not None else "variable", place, ())
