"""`effect-purity`: no function of a zone, and no module of it on import, brings about a forbidden effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from buttress_scanner.contracts._effect_examples import EXAMPLES
from buttress_scanner.contracts.base import Contract, Ledger, Selectors, as_tuple
from buttress_scanner.contracts.breaking import Breaking, Workbench
from buttress_scanner.findings.model import Step
from buttress_scanner.program.lifetime import root
from buttress_scanner.program.makers import added
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.reach import Hop, Reach, given, is_unrun, order_of, receivers, runs_factories
from buttress_scanner.program.values import Function, Maker, Method, Partial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.facts.model import Span
    from buttress_scanner.findings.model import Finding, Position
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Deed, Frame, Unit

Effect = Literal[
    "clock",
    "random",
    "io",
    "io.file",
    "io.network",
    "io.process",
    "io.console",
    "io.database",
    "thread",
    "async",
    "env",
    "global-state",
    "log",
    "unordered",
]


class EffectPurity(Contract):
    """The zone has none of the effects in ``forbid``."""

    kind_name: ClassVar[str] = "effect-purity"
    follows: ClassVar[int] = 1_000_000_000

    kind: Literal["effect-purity"]
    zone: Selectors = Field(min_length=1, description="The modules that must be free of the effects.")
    forbid: Annotated[tuple[Effect, ...], BeforeValidator(as_tuple)] = Field(
        min_length=1, description="The effects; `io` includes all its parts."
    )
    allow: Selectors = Field((), description="Symbols whose calls bring no effect into the zone.")
    unknown_calls: Literal["assume-pure", "report"] = Field(
        "assume-pure", description="What to do with functions that are in neither project nor catalogue."
    )

    def watch(self, program: Program) -> None:
        """State that modules set up while they load is told apart from state that changes."""
        if "global-state" in self.forbid:
            program.tell_loads()

    def scope(self, program: Program) -> Iterable[str] | None:
        """The zone; what it calls is evaluated with it."""
        return [u.name for u in program.select(self.zone)]

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """Functions of a module of the zone have each of the forbidden effects."""
        units = program.select(self.zone)
        code = "".join(f"\n\n{EXAMPLES[effect]}" for effect in self.forbid if effect in EXAMPLES)
        if units and code:
            effects = ", ".join(effect for effect in self.forbid if effect in EXAMPLES)
            yield Workbench(program).appended(f"has effects ({effects}) in `{units[0].name}`", units[0], code)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every place of the zone that brings about a forbidden effect."""
        units = program.select(self.zone)
        if not units:
            if not self.may_be_empty:
                ledger.is_vacuous(f"the zone {', '.join(self.zone)} has no module")
            return
        program.solve()
        yield from _Purity(self, program, ledger, {u.name: u for u in units}, program.patterns(self.allow)).findings()

    def forbids(self, deed: Deed) -> bool:
        """Whether a deed has a forbidden effect."""
        if not deed.effects:
            return self.unknown_calls == "report"
        return any(map(self.names, deed.effects))

    def names(self, effect: str) -> bool:
        """Whether the contract forbids an effect, by its name or as a part of `io`."""
        return effect in self.forbid or (effect.startswith("io.") and "io" in self.forbid)


@dataclass(slots=True)
class _Purity:
    contract: EffectPurity
    program: Program
    ledger: Ledger
    zone: dict[str, Unit]
    allow: list[Selector]
    found: dict[Position, Finding] = field(default_factory=dict)
    roots: set[tuple[str, object]] = field(default_factory=set)
    running: Reach | None = None
    typing_only: dict[str, set[Span]] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for every place of the zone that has an effect or calls what has one."""
        frames = self.program.frames()
        reach = Reach(frames, self._forbidden, self._passes)
        inside = [f for f in frames if f.unit.name in self.zone]
        reached = self._reached_from_zone(inside)
        self.ledger.judge(len({(f.unit.name, f.body.index) for f in inside if f.body.kind != "class"}))
        for frame in sorted(inside, key=lambda each: each.body.kind != "module"):
            trusted = frame.key == "anybody" or frame.body.kind in ("module", "class") or frame in reached
            self._hops(frame, reach, trusted)
            self._decorators(frame, reach)
        self._async(inside)
        self._count_unknown(inside)
        yield from (self.found[p] for p in sorted(self.found))

    def _forbidden(self, deed: Deed) -> bool:
        return self.contract.forbids(deed) and not self._allowed_path(deed.path)

    def _allowed(self, module: str, qualname: str) -> bool:
        return any(s.matches_symbol(module, qualname) for s in self.allow if s.name or s.matches_module(module))

    def _passes(self, frame: Frame, node: int, callee: Frame) -> bool:
        """Whether an effect of the callee is one of the caller: neither allowed, nor of the zone itself, nor of another time."""
        if callee.unit.name in self.zone or self._allowed(callee.unit.name, callee.body.qualname):
            return False
        if frame.edges[node].get(callee) == "later" and root(frame).body.kind in ("module", "class"):
            return False  # what a module registers while it loads runs at another time
        imports = frame.body.nodes[node][0] in ("import", "from", "star")
        return not (imports and (is_unrun(frame.body, node) or self._is_typing_only(frame, node)))

    def _is_typing_only(self, frame: Frame, node: int) -> bool:
        known = self.typing_only.get(frame.unit.name)
        if known is None:
            known = self.typing_only[frame.unit.name] = {i.span for i in frame.unit.facts.imports if i.typing_only}
        return frame.body.spans[node] in known

    def _allowed_path(self, path: str) -> bool:
        return any(f"{s.module}.{s.name}" == path or (s.name is None and s.matches_module(path)) for s in self.allow)

    def _reached_from_zone(self, inside: list[Frame]) -> set[Frame]:
        """Frames of the zone that the zone itself calls: what they are handed comes from the zone."""
        return {c for f in inside for callees in f.edges.values() for c in callees if c.unit.name in self.zone}

    # --- the places

    def _hops(self, frame: Frame, reach: Reach, trusted: bool) -> None:
        """Report deeds and calls in the order in which they run; what an effect has given is used without a second finding."""
        guilty: dict[int, frozenset[str]] = {}
        for hop in reach.hops(frame):
            if (not trusted and self._handed_in(frame, hop.node)) or self._is_told(frame, hop):
                continue
            path = [hop] if hop.callee is None else [hop, *reach.path(hop.callee)]
            effects = frozenset(self._effects(path))
            if self._is_rest_of_unpacking(frame, hop.node, effects, guilty):
                continue
            if hop.deed is not None and any(
                effects <= guilty[n] for n in receivers(self.program.engine, frame, hop.node, hop.deed) if n in guilty
            ):
                continue
            if hop.callee is not None and self._uses_given(frame, hop, path, effects, guilty):
                continue
            guilty[hop.node] = effects | guilty.get(hop.node, frozenset())
            if not self._is_repeated(frame, hop, path):
                self._report(frame, hop, path)
            elif frame.body.kind == "function" and self._also_runs(hop):
                self._report(frame, hop, [hop, *self._running().path(hop.callee)])  # type: ignore[arg-type]

    def _also_runs(self, hop: Hop) -> bool:
        """Whether a call brings about something besides what loading a module does."""
        return hop.callee is not None and hop.callee.body.kind != "module" and hop.callee in self._running().next

    def _running(self) -> Reach:
        """What is brought about without loading any module."""
        if self.running is None:
            frames = self.program.frames()
            self.running = Reach(frames, self._forbidden, lambda f, n, c: c.body.kind != "module" and self._passes(f, n, c))
        return self.running

    def _uses_given(
        self, frame: Frame, hop: Hop, path: list[Hop], effects: frozenset[str], guilty: dict[int, frozenset[str]]
    ) -> bool:
        """Whether a call reads or writes a stream that it is given, and that was opened in its arguments: one deed."""
        deed = path[-1].deed
        if deed is None or not self.program.engine.catalogue.derives(deed.path.rpartition(".")[0], "io.IOBase"):
            return False
        return any(effects <= guilty[node] for node in given(frame, hop.node) if node in guilty)

    def _is_rest_of_unpacking(self, frame: Frame, node: int, effects: frozenset[str], guilty: dict[int, frozenset[str]]) -> bool:
        """Whether this is a further target of ``a, b = values``, which takes all from ``values`` at once."""
        nodes = frame.body.nodes
        return nodes[node][0] == "unpack" and any(
            nodes[n][:2] == nodes[node][:2] and effects <= known for n, known in guilty.items()
        )

    def _is_repeated(self, frame: Frame, hop: Hop, path: list[Hop]) -> bool:
        """Whether this happens on import, and the module has been told of its root cause."""
        loads = frame.body.kind in ("module", "class") and not runs_factories(frame)
        if hop.callee is None or not (loads or _loads_a_module(path) or frame.edges[hop.node].get(hop.callee) == "import"):
            return False
        root = (path[-1].frame.unit.name, path[-1].frame.body.index, path[-1].node)
        if (frame.unit.name, root) in self.roots:
            return True
        self.roots.add((frame.unit.name, root))
        return False

    def _effects(self, path: list[Hop]) -> list[str]:
        """The forbidden effects of the deed at the end of a path."""
        deed = path[-1].deed
        return [e for e in deed.effects if self.contract.names(e)] if deed is not None else []

    def _handed_in(self, frame: Frame, node: int) -> bool:
        """Whether the node calls a parameter: then the effect is its caller's, who is outside of the zone."""
        operands = frame.body.nodes[node]
        if operands[0] != "call":
            return False
        callee = operands[1]
        while frame.body.nodes[callee][0] in ("narrow", "attr", "phi"):
            kind, *rest = frame.body.nodes[callee]
            callee = rest[2] if kind == "narrow" else rest[0] if kind == "attr" else (rest[0][0] if rest[0] else -1)
            if callee < 0:
                return False
        return bool(frame.body.nodes[callee][0] == "param")

    def _decorators(self, frame: Frame, reach: Reach) -> None:
        """A wrapper from outside of the zone around a function of the zone runs whenever the function does."""
        for index, node in enumerate(frame.body.nodes):
            if node[0] != "deco":
                continue
            for deed in self._added(frame, index):
                hop = Hop(frame, index, None, deed)
                self._report(frame, hop, [hop])
            for value in sorted(self._wrappers(frame, index), key=lambda f: (f.unit.name, f.body.index)):
                for wrapper in sorted(self.program.engine.frames.get(value, {}).values(), key=order_of):
                    if wrapper in reach.next:
                        path = list(reach.path(wrapper))
                        self._report(frame, Hop(frame, index, wrapper, None), [Hop(frame, index, wrapper, None), *path])

    def _added(self, frame: Frame, index: int) -> Iterator[Deed]:
        """What a decorator of a library adds to each call of a function of the zone."""
        cell = frame.cells[index]
        for value in cell.values if cell is not None else ():
            if isinstance(value, Maker) and value.kind == "wrapper":
                yield from filter(self._forbidden, added(self.program.engine, value))

    def _is_told(self, frame: Frame, hop: Hop) -> bool:
        """Whether this is what a decorator adds to a function of the zone, where it is reported."""
        entry = self.program.engine.catalogue.entry(hop.deed.path) if hop.deed is not None else None
        callees = frame.edges.get(hop.node, {})
        return bool(entry is not None and entry.adds and callees) and all(c.unit.name in self.zone for c in callees)

    def _wrappers(self, frame: Frame, index: int) -> set[Function]:
        found: set[Function] = set()
        cell = frame.cells[index]
        for value in cell.values if cell is not None else ():
            inner: object = value
            while isinstance(inner, (Partial, Maker, Method)):
                inner = inner.function
            if isinstance(inner, Function) and inner.unit.name not in self.zone and inner.closure is not None:
                found.add(inner)
        return found

    def _async(self, inside: list[Frame]) -> None:
        if "async" not in self.contract.forbid:
            return
        for frame in inside:
            if frame.body.is_async and not self._allowed(frame.unit.name, frame.body.qualname):
                position = self.program.position(frame.unit, frame.body.header)
                symbol = symbol_of(frame.unit, frame.body)
                self.found.setdefault(
                    position,
                    self.contract.finding(
                        position,
                        symbol,
                        "is a coroutine function: effect async",
                        sink="async def",
                        evidence=[Step(position, symbol, "async def")],
                    ),
                )

    def _count_unknown(self, inside: list[Frame]) -> None:
        unknown: dict[Position, str] = {}
        for frame in inside:
            for node, deeds in frame.deeds.items():
                for deed in deeds:
                    if not deed.effects:
                        unknown.setdefault(self.program.node_position(frame, node), deed.text)
        for position in sorted(unknown):
            self.ledger.leave_undecided(position, unknown[position])

    # --- reporting

    def _report(self, frame: Frame, hop: Hop, path: list[Hop]) -> None:
        position = self.program.node_position(frame, hop.node)
        deed = path[-1].deed
        if deed is None:
            return
        effects = self._effects(path) or ["unknown"]
        how = deed.text if len(path) == 1 else f"{_verb(frame, hop)} {path[0].callee.symbol}, which leads to {deed.text}"  # type: ignore[union-attr]
        if position in self.found and len(self.found[position].evidence) <= len(path):
            return
        self.found[position] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"has the effect {', '.join(effects)}: {how}",
            sink=deed.path,
            evidence=[self.program.step(h.frame, h.node, _step_text(h)) for h in path],
        )


def _loads_a_module(path: list[Hop]) -> bool:
    return any(hop.callee is not None and hop.callee.body.kind == "module" for hop in path)


def _verb(frame: Frame, hop: Hop) -> str:
    return {"import": "imports", "from": "imports", "star": "imports", "deco": "is wrapped by"}.get(
        frame.body.nodes[hop.node][0], "calls"
    )


def _step_text(hop: Hop) -> str:
    if hop.callee is not None:
        return f"{_verb(hop.frame, hop)} {hop.callee.symbol}"
    deed = hop.deed
    return (
        f"{deed.text} ({', '.join(deed.effects)})" if deed is not None and deed.effects else deed.text if deed is not None else ""
    )
