"""Answers about the program for people: why an effect, which effects, who calls, the call graph."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence
from buttress_scanner.report._frames import Sources
from buttress_scanner.report._summary import place_of
from buttress_scanner.report._text import Paint, counted, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.findings.model import Position, Step
    from buttress_scanner.program.queries import Coverage, EffectsOf, Inventory, Way, Why
    from buttress_scanner.program.query_callers import Caller, Callers
    from buttress_scanner.program.query_graph import Edge, Graph
    from buttress_scanner.program.query_links import Link

_SHOWN = 10
_REASONS = 2
_NAMES = re.compile(r"(?<=the parameter ).*|(?<=the attribute ).*(?= is)|(?<=comes from )[^,]*|^.*(?= is in no catalogue)")
_HOW = {
    "direct": "calls it",
    "bound-method": "through a bound method",
    "constructor": "by constructing {}",
    "call-operator": "by calling an instance of {}",
    "partial": "through a partial",
    "wrapper": "through a wrapper ({})",
    "override": "may be the override, declared as {}",
    "library": "through library code: {}",
    "handed-over": "by handing it to {}, which is in no catalogue",
    "fits": "fits the protocol {}",
    "import": "imports it",
    "class-statement": "by defining a class",
    "decorator": "as a decorator",
    "attribute": "by using an attribute",
    "subscript": "by using an item",
    "iteration": "by iterating",
    "with": "by entering or leaving a context",
    "await": "by awaiting",
    "operator": "by an operator",
    "implicit": "implicitly",
}


class Answers:
    """Writes answers for a terminal."""

    def __init__(self, read_source: Callable[[str], bytes], *, color: bool) -> None:
        """Write with the lines of the files that ``read_source`` gives, in colours or without."""
        self._sources = Sources(read_source)
        self._paint = Paint(color=color)

    def why(self, answer: Why) -> str:
        """Write the way to an effect step by step, or that there is none."""
        symbol = self._paint("strong", visible(_title(answer.asked, answer.symbols)))
        lines: list[str] = []
        if answer.way is None:
            known = ", as far as is known" if answer.coverage.undecided else ""
            lines.append(f"{symbol} does not reach {self._paint('good', answer.effect)}{known}.")
            if answer.instead:
                lines += ["", f"But these of its functions reach {answer.effect}:"]
                lines += _limited([f"  {visible(name)}" for name in answer.instead])
        else:
            lines.append(f"{symbol} reaches {self._paint('error', answer.effect)}{_doubt(answer.way.confidence)}:")
            lines += self._way(answer.way, "  ")
        return self._closed([*lines, "", *self._undecided(answer.coverage)])

    def effects(self, answer: Inventory) -> str:
        """Write every element with its effects and a way to each."""
        lines: list[str] = []
        quiet = 0
        for entry in answer.entries:
            if not entry.ways and len(answer.entries) > 1:
                quiet += 1
                continue
            lines += [*self._entry(entry), ""]
        if quiet:
            lines += [f"{counted(quiet, 'element')} without effects.", ""]
        return self._closed([*lines, *self._undecided(answer.coverage)])

    def callers(self, answer: Callers) -> str:
        """Write the places that run an element, as a tree where it goes further back."""
        title = self._paint("strong", visible(_title(answer.asked, answer.symbols)))
        direct = sum(caller.level == 1 for caller in answer.callers)
        lines = [f"{title} is run from {counted(direct, 'place')}{':' if direct else '.'}"]
        lines += [line for caller in answer.callers for line in self._caller(caller, answer.symbols)]
        lines += ["", f"{_extent(answer.coverage)}."]
        if answer.anything:
            lines.append(f"{counted(answer.anything, 'call')} anywhere of something of which nothing at all is known.")
        others = len(answer.coverage.undecided)
        places = "places use" if others > 1 else "place uses"
        closing = ":" if others else "."
        lines.append(f"{others or 'No'} other {places} a member of its name on something unknown{closing}")
        return self._closed([*lines, *self._open(answer.coverage)])

    def graph(self, answer: Graph) -> str:
        """Write the edges by their source."""
        kinds = {node.name: node for node in answer.nodes}
        lines: list[str] = []
        for source, edges in groupby(answer.edges, key=lambda edge: edge.source):
            own = kinds[source].effects
            lines.append(self._paint("strong", visible(source)) + (f"  [{', '.join(own)}]" if own else ""))
            lines += [self._edge(edge, kinds[edge.target].kind, kinds[edge.target].effects) for edge in edges]
        connected = {name for edge in answer.edges for name in (edge.source, edge.target)}
        lines += [visible(node.name) for node in answer.nodes if node.name not in connected]
        lines += ["", f"{counted(len(answer.nodes), 'node')}, {counted(len(answer.edges), 'edge')}"]
        return self._closed([*lines, *self._undecided(answer.coverage)])

    # --- parts

    def _way(self, way: Way, indent: str) -> Iterator[str]:
        for number, step in enumerate(way.steps, start=1):
            yield from self._step(f"{indent}{number}. ", step)
        pad = f"{indent}= "
        if way.catalogue:
            yield f"{pad}catalogue: {visible(way.path)} has the effect {', '.join(way.effects)} (effects/{way.catalogue})"
        if way.context is not None:
            where = f"{place_of(way.context.position)} in {visible(way.context.symbol)}"
            yield f"{pad}only where the caller hands in what leads there, such as at {where}"
        if way.confidence is Confidence.POSSIBLE:
            yield f"{pad}possible: a step depends on the class of an object, or on a library of which nothing is known"

    def _step(self, lead: str, step: Step) -> Iterator[str]:
        yield f"{lead}{place_of(step.position)} in {visible(step.symbol)}: {visible(step.text)}"
        if code := self._sources.line(step.position.path, step.position.line):
            yield " " * len(lead) + self._paint("frame", f"{step.position.line} |") + f" {code}"

    def _entry(self, entry: EffectsOf) -> Iterator[str]:
        kind = "on import" if entry.kind == "module" else "when constructed" if entry.kind == "class" else ""
        yield f"{self._paint('strong', visible(entry.symbol))}{f' ({kind})' if kind else ''}  {_at(entry.position)}"
        if not entry.ways:
            yield "  no effects"
        for way in entry.ways:
            yield f"  {self._paint('error', way.effect)}: {'own' if way.own else 'inherited'}{_doubt(way.confidence)}"
            yield from self._way(way, "    ")

    def _caller(self, caller: Caller, asked: tuple[str, ...]) -> Iterator[str]:
        indent = "  " * caller.level
        doubt = _doubt(caller.link.confidence)
        again = ", told elsewhere" if caller.repeated else ""
        others = f" ({', '.join(map(visible, caller.runs))})" if caller.level == 1 and caller.runs != asked else ""
        yield f"{indent}{visible(caller.symbol)}  {place_of(caller.position)}  {_how(caller.link)}{others}{doubt}{again}"
        if code := self._sources.line(caller.position.path, caller.position.line):
            yield f"{indent}  " + self._paint("frame", f"{caller.position.line} |") + f" {code}"

    def _edge(self, edge: Edge, kind: str, effects: tuple[str, ...] | None) -> str:
        outside = f" (library: {', '.join(effects) or 'no effect'})" if kind == "library" and effects is not None else ""
        unknown = " (library: in no catalogue)" if kind == "library" and effects is None else ""
        more = f" and {edge.sites - 1} more" if edge.sites > 1 else ""
        how = ", ".join(edge.how)
        target = f"{visible(edge.target)}{outside}{unknown}"
        return f"  -> {target}  {how}{_doubt(edge.confidence)}  {place_of(edge.position)}{more}"

    def _undecided(self, coverage: Coverage) -> Iterator[str]:
        """Write what the answer rests on, and what it leaves open."""
        found = len(coverage.undecided)
        yield f"{_extent(coverage)}, {found or 'none'} undecided{':' if found else '.'}"
        yield from self._open(coverage)

    def _open(self, coverage: Coverage) -> Iterator[str]:
        """Write the places that are open, the nearest first; of many, how often there is which reason."""
        calls = coverage.undecided
        if len(calls) > _SHOWN:
            counts = Counter(_sort_of(reason) for call in calls for reason in call.reasons)
            yield from (
                f"  {number:>6}  {visible(reason)}" for reason, number in sorted(counts.items(), key=lambda i: (-i[1], i[0]))
            )
            yield "  The nearest:"
        yield from _limited([f"  {place_of(c.position)} in {visible(c.symbol)}: {_because(c.reasons)}" for c in calls])

    def _closed(self, lines: list[str]) -> str:
        return "\n".join(line.rstrip() for line in lines) + "\n"


def _title(asked: str, symbols: tuple[str, ...]) -> str:
    """What was asked for, and where it is defined if that is elsewhere."""
    return asked if symbols in ((asked,), ()) else f"{asked} ({', '.join(symbols)})"


def _extent(coverage: Coverage) -> str:
    """``4 functions and modules followed, 11 calls``, and how much of a large program was evaluated."""
    bodies = "1 function or module" if coverage.bodies == 1 else f"{coverage.bodies} functions and modules"
    partly = f" ({coverage.evaluated} of {counted(coverage.modules, 'module')} evaluated in full)"
    return f"{bodies} followed{partly if coverage.evaluated is not None else ''}, {counted(coverage.calls, 'call')}"


def _because(reasons: tuple[str, ...]) -> str:
    """The first reasons in words, and how many there are besides."""
    rest = len(reasons) - _REASONS
    return visible("; ".join(reasons[:_REASONS])) + (f"; and {rest} more" if rest > 0 else "")


def _sort_of(reason: str) -> str:
    """A reason without the name that it speaks of."""
    return _NAMES.sub("...", reason)


def _how(link: Link) -> str:
    return visible(_HOW[link.how].format(link.via))


def _doubt(confidence: Confidence) -> str:
    return " (possible)" if confidence is Confidence.POSSIBLE else ""


def _at(position: Position) -> str:
    return place_of(position)


def _limited(lines: list[str]) -> list[str]:
    """The first lines, and how many there are besides."""
    rest = len(lines) - _SHOWN
    return lines if rest <= 0 else [*lines[:_SHOWN], f"  and {rest} more; --format json lists them all"]
