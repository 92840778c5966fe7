"""Ways to effects: from an element of the program to the deed, the shortest, and where there is one without doubt, that."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Step
from buttress_scanner.program.catalogue import EFFECTS
from buttress_scanner.program.classes import linearise, members, metaclasses
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.query_links import Link, link, runs
from buttress_scanner.program.reach import Hop, runs_factories
from buttress_scanner.program.values import Function, Maker, Method, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.findings.model import Position
    from buttress_scanner.program.frames import ClassInfo, Deed, Frame
    from buttress_scanner.program.program import Program, Subject
    from buttress_scanner.program.query_names import Target

_CONSTRUCTORS = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "model_post_init")
_VERBS = {
    "import": "imports {}",
    "class-statement": "defines a class, which runs {}",
    "decorator": "is wrapped by {}",
    "attribute": "uses an attribute, which runs {}",
    "subscript": "uses an item, which runs {}",
    "iteration": "iterates, which runs {}",
    "with": "enters or leaves a context, which runs {}",
    "await": "awaits {}",
    "operator": "uses an operator, which runs {}",
    "constructor": "constructs {via}, which runs {}",
    "call-operator": "calls an object, which runs {}",
    "partial": "calls a partial of {}",
    "wrapper": "calls {} through a wrapper",
    "override": "calls {via}, which {} may override",
    "fits": "calls a method of {via}, which {} fits",
    "library": "calls {via}, which calls {}",
    "handed-over": "hands {} to {via}, which is in no catalogue and may call it",
}


@dataclass(frozen=True, slots=True)
class Start:
    """A frame that runs when the element does, and the steps that lead into it."""

    frame: Frame
    lead: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A shortest way to an effect. The last step is the deed itself."""

    effect: str
    own: bool
    """The element does it itself, in its own body."""
    confidence: Confidence
    steps: tuple[Step, ...]
    path: str
    """The library function, or the variable that is written."""
    effects: tuple[str, ...]
    """All effects of the deed."""
    catalogue: str
    """The file of the catalogue that decides about the library function; empty for deeds of the language itself."""
    context: Step | None = None
    """A call in which this happens, where it depends on what the caller hands in."""


class Starts:
    """From elements of the program to frames."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._frames: dict[tuple[str, int], list[Frame]] = {}
        program.tell_loads()
        for frame in program.frames():
            self._frames.setdefault((frame.unit.name, frame.body.index), []).append(frame)

    def of(self, target: Target) -> list[Start]:
        """The frames that run when the target is imported, called or constructed."""
        found = [Start(unit.frame) for unit in target.units]
        for subject in target.subjects:
            found += self.of_subject(subject)
        return list({start.frame: start for start in reversed(found)}.values())[::-1]

    def of_subject(self, subject: Subject) -> list[Start]:
        """The frames that run when a function is called, a class constructed, or the callable in a variable called."""
        if subject.body is None:
            return [Start(frame) for frame in self._held(subject)]
        if subject.body.kind == "class":
            infos = [i for i in self._program.engine.classes.values() if i.unit is subject.unit and i.body is subject.body]
            return [start for info in infos for start in self.of_class(info)]
        return [*map(Start, self.frames_of(subject)), *self._wrappers(subject)]

    def frames_of(self, subject: Subject) -> list[Frame]:
        """The frames of an element's body, default factories left out."""
        index = subject.body.index if subject.body is not None else -1
        return [f for f in self._frames.get((subject.unit.name, index), ()) if not runs_factories(f)]

    def of_class(self, info: ClassInfo) -> list[Start]:
        """What runs when an object is constructed."""
        engine = self._program.engine
        values = [v for name in _CONSTRUCTORS if (m := members(engine, info, name)) is not None for v in m[1]]
        values += [v for meta in metaclasses(engine, info) if (m := members(engine, meta, "__call__")) for v in m[1]]
        found = [frame for value in values for frame in self._frames_of_value(value)]
        found += [f for owner in linearise(engine, info) if (f := owner.factories.get(None)) is not None]
        return [Start(frame) for frame in dict.fromkeys(found)]

    def _held(self, subject: Subject) -> list[Frame]:
        """The frames of the callables that a variable holds."""
        values = module_member(self._program.engine, subject.unit, subject.qualname) if "." not in subject.qualname else []
        return [frame for value in values for frame in self._frames_of_value(value)]

    def _frames_of_value(self, value: Value) -> list[Frame]:
        inner = _function(value)
        return sorted_frames(self._frames.get((inner.unit.name, inner.body.index), ())) if inner is not None else []

    def _wrappers(self, subject: Subject) -> Iterator[Start]:
        """What a decorator puts around a function runs in its place."""
        for outer in self._frames.get((subject.unit.name, subject.body.parent if subject.body else -1), ()):
            for node, operation in enumerate(outer.body.nodes):
                if operation[0] == "deco" and subject.body is not None and _decorated(outer, node) == subject.body.index:
                    for frame in self._replacements(outer, node, subject):
                        yield Start(frame, (self._program.step(outer, node, f"is wrapped by {frame.symbol}"),))

    def _replacements(self, outer: Frame, node: int, subject: Subject) -> list[Frame]:
        cell = outer.cells[node]
        found: dict[Frame, None] = {}
        for value in cell.values if cell is not None else ():
            inner = _function(value)
            if inner is not None and inner.body is not subject.body:
                found.update(dict.fromkeys(self._program.engine.frames.get(inner, {}).values()))
        return sorted_frames(f for f in found if f.active)


def _function(value: Value) -> Function | None:
    current: object = value
    while isinstance(current, (Partial, Maker, Method)) or type(current).__name__ == "Descriptor":
        current = current.function  # type: ignore[attr-defined]
    return current if isinstance(current, Function) else None


def _decorated(frame: Frame, node: int) -> int:
    """The index of the body that a decorator, or a stack of them, is applied to."""
    while frame.body.nodes[node][0] == "deco":
        node = frame.body.nodes[node][2]
    operation = frame.body.nodes[node]
    return int(operation[1]) if operation[0] == "func" else -1


def sorted_frames(frames: Iterable[Frame]) -> list[Frame]:
    """Frames as anybody calls them first; otherwise as they are."""
    return sorted(frames, key=lambda frame: frame.key != "anybody")


class Effects:
    """Searches for effects, backwards over the edges of all frames; each once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._callers: dict[Frame, list[tuple[Frame, int]]] = {}
        self._found: dict[tuple[str, bool], dict[Frame, tuple[int, Hop]]] = {}
        program.tell_loads()
        self.frames = program.frames()
        for frame in self.frames:
            for node in sorted(frame.edges):
                if runs(frame, node):
                    for callee in frame.edges[node]:
                        self._callers.setdefault(callee, []).append((frame, node))

    def present(self) -> list[str]:
        """Every effect that anything in the program has, sorted."""
        deeds = {e for f in self.frames for found in f.deeds.values() for d in found for e in d.effects}
        return sorted(deeds | ({"async"} if any(f.body.is_async for f in self.frames) else set()))

    def having(self, effect: str) -> list[Frame]:
        """Every frame that has the effect, by itself or through others, possibly or surely."""
        return list(self._search(effect, certain=False))

    def way(self, starts: Iterable[Start], effect: str) -> Way | None:
        """The shortest way from any of the frames to an effect; one without doubt comes before one that is merely possible."""
        given = list(starts)
        for certain in (True, False):
            steps = self._search(effect, certain)
            reaching = [start for start in given if start.frame in steps]
            if reaching:
                best = min(reaching, key=lambda start: len(start.lead) + steps[start.frame][0])
                return self._way(best, given, effect, steps)
        return None

    def _search(self, effect: str, certain: bool) -> dict[Frame, tuple[int, Hop]]:
        """For each frame that has the effect, how far away the deed is, and the next hop."""
        key = (effect, certain)
        if key not in self._found:
            found = self._found[key] = {f: (1, hop) for f in self.frames if (hop := _own(f, effect)) is not None}
            queue = deque(found)
            while queue:
                callee = queue.popleft()
                for frame, node in self._callers.get(callee, ()):
                    if frame not in found and not (certain and self._is_possible(frame, node, callee)):
                        found[frame] = (found[callee][0] + 1, Hop(frame, node, callee, None))
                        queue.append(frame)
        return self._found[key]

    def _is_possible(self, frame: Frame, node: int, callee: Frame) -> bool:
        return link(self._program.engine, frame, node, callee).confidence is Confidence.POSSIBLE

    def _way(self, start: Start, given: list[Start], effect: str, steps: dict[Frame, tuple[int, Hop]]) -> Way:
        hops: list[Hop] = []
        current: Frame | None = start.frame
        while current is not None:
            hops.append(steps[current][1])
            current = hops[-1].callee
        links = [link(self._program.engine, h.frame, h.node, h.callee) for h in hops if h.callee is not None]
        doubtful = any(each.confidence is Confidence.POSSIBLE for each in links)
        deed = hops[-1].deed
        told = (*start.lead, *(self._step(hop, links[number : number + 1]) for number, hop in enumerate(hops)))
        path = deed.path if deed is not None else "async def"
        effects = deed.effects if deed is not None else ("async",)
        return Way(
            effect,
            own=len(told) == 1,
            confidence=Confidence.POSSIBLE if doubtful else Confidence.PROVEN,
            steps=told,
            path=path,
            effects=effects,
            catalogue=self._program.engine.catalogue.file_of(path) or "",
            context=self._context(start.frame, given, steps),
        )

    def _step(self, hop: Hop, links: list[Link]) -> Step:
        if hop.callee is not None:
            via = links[0].via if links else ""
            verb = _VERBS.get(links[0].how if links else "", "calls {}")
            if hop.callee.symbol == via:
                verb = "constructs {}, which runs its default factories"
            return self._program.step(hop.frame, hop.node, verb.format(hop.callee.symbol, via=via))
        if hop.deed is None:
            return Step(
                self._program.position(hop.frame.unit, hop.frame.body.header), hop.frame.symbol, "is a coroutine function"
            )
        return self._program.step(hop.frame, hop.node, _did(hop.deed))

    def _context(self, frame: Frame, given: list[Start], steps: dict[Frame, tuple[int, Hop]]) -> Step | None:
        """A call that hands in what leads to the effect; None where it happens whoever calls."""
        anybody = [s.frame for s in given if s.frame.key == "anybody" and s.frame.body is frame.body]
        if frame.key == "anybody" or not anybody or any(f in steps for f in anybody):
            return None
        caller = next(iter(self._callers.get(frame, ())), None)
        return self._program.step(caller[0], caller[1], f"calls {frame.symbol}") if caller is not None else None


def _own(frame: Frame, effect: str) -> Hop | None:
    """The frame's first own deed with an effect; a coroutine function has one by being one."""
    for node in sorted(frame.deeds):
        if runs(frame, node):
            for deed in sorted(frame.deeds[node], key=lambda d: (d.path, d.text)):
                if _has(deed, effect):
                    return Hop(frame, node, None, deed)
    return Hop(frame, -1, None, None) if effect == "async" and frame.body.is_async else None


def _has(deed: Deed, effect: str) -> bool:
    """Whether a deed has an effect, or a part of it."""
    return any(each == effect or each.startswith(f"{effect}.") for each in deed.effects)


def _did(deed: Deed) -> str:
    return deed.text if deed.text != deed.path else f"calls {deed.path}"


def reached(starts: Iterable[Frame]) -> dict[Frame, int]:
    """The frames that may run when the given ones do, these included, with the number of calls to each."""
    found = dict.fromkeys(starts, 0)
    queue = deque(found)
    while queue:
        frame = queue.popleft()
        for node in sorted(frame.edges):
            if runs(frame, node):
                for callee in frame.edges[node]:
                    if callee not in found:
                        found[callee] = found[frame] + 1
                        queue.append(callee)
    return found


def place_of(program: Program, frame: Frame) -> Position:
    """Where a frame's body is defined."""
    return program.position(frame.unit, frame.body.header)


def known_effects() -> list[str]:
    """Every effect that can be asked for, `io` for all its parts."""
    return sorted({*EFFECTS, "io"})
