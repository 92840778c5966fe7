"""`call-chain`: calls go from one link to the next, whatever way the object came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from buttress_scanner.contracts._chain_breaking import upwards
from buttress_scanner.contracts._links import Links, is_constructor
from buttress_scanner.contracts._protected import function_of, name_of
from buttress_scanner.contracts.base import Contract, Ledger, Selectors
from buttress_scanner.contracts.claims import Never, called, named
from buttress_scanner.findings.model import Confidence, Position, Step
from buttress_scanner.program.classes import members
from buttress_scanner.program.flow_effects import has_attribute
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.values import Class, Descriptor, Function, Instance, Maybe, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.facts.model import Body
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame

_DEFINES = ("class", "import", "from", "star", "func")
"""Operations whose edges are no calls of what the code names."""
_RUNS = ("await", "iter", "yieldfrom")


class CallChain(Contract):
    """A call from one link of ``chain`` goes to the next one only."""

    kind_name: ClassVar[str] = "call-chain"

    kind: Literal["call-chain"]
    chain: Selectors = Field(min_length=2, description="Symbols, modules or zones, top first.")
    skip_allowed: bool = Field(False, description="Whether a call may go further down than to the next link.")
    compose_in: Selectors = Field((), description="Modules that put the links together; constructing links there is lawful.")

    def watch(self, program: Program) -> None:
        """Keep objects of the links from being merged away."""
        for text in self.chain:
            owner, _, member = text.partition(":")[2].rpartition(".")
            if member:
                program.keep(member, owner.rpartition(".")[2] or member)

    def scope(self, program: Program) -> Iterable[str] | None:
        """The modules of the links, and those that mention a link or something that does."""
        names = {part for text in self.chain for part in text.partition(":")[2].split(".") if part not in ("", "*")}
        below = {name for each in names for name in program.descendants(each)}
        held = program.select(text if text.startswith("@") else text.partition(":")[0] for text in self.chain)
        return {unit.name for unit in held} | (program.around(below) if below else set())

    def claims(self, program: Program) -> Iterator[Never]:
        """No link calls one above it, nor, where none may be skipped, one further below than the next."""
        places = [named(program, [text]) for text in self.chain]
        for number, text in enumerate(self.chain):
            if ":" not in text or any(each.body is None or each.body.kind != "function" for each in program.subjects(text)):
                continue  # constructing a link is lawful in other places than calling it
            far = () if self.skip_allowed else places[: max(number - 1, 0)]
            among = frozenset().union(*places[number + 1 :], *far) - places[number]
            yield from (Never(f"calls of {symbol}", among) for symbol in called(program, text))

    def breakings(self, program: Program) -> Iterator[Breaking]:
        """A lower link calls the first one."""
        yield from upwards(program, self.chain)

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every call that leaves the order of the chain."""
        links = Links(program, self.chain)
        for text in links.build():
            ledger.is_vacuous(f"the link {text} does not exist")
        for text in self.compose_in:
            if not program.select([text]):
                ledger.is_vacuous(f"`compose-in` names {text}, and there is no such module")
        if not ledger.vacuous:
            composing = {unit.name for unit in program.select(self.compose_in)}
            yield from _Search(self, program, ledger, links, composing).findings()


@dataclass(frozen=True, slots=True)
class _Hit:
    """A call that runs a link, directly or by what it calls outside of the chain."""

    link: int
    name: str
    verb: str
    steps: tuple[Step, ...] = ()
    is_possible: bool = False


@dataclass(slots=True)
class _Search:
    """One pass over the frames of all links."""

    contract: CallChain
    program: Program
    ledger: Ledger
    links: Links
    composing: set[str]
    found: dict[Position, Finding] = field(default_factory=dict)
    open: dict[Position, str] = field(default_factory=dict)
    _behind: dict[Frame, tuple[_Hit, ...]] = field(default_factory=dict)
    _methods: frozenset[str] = frozenset()

    def findings(self) -> Iterator[Finding]:
        """Yield the findings in order; count what was judged and what could not be."""
        self._methods = frozenset(name for info in self.links.classes for name in info.body.exit if not name.startswith("__"))
        judged = set()
        for frame in self.program.frames():
            link = self.links.of_frame(frame)
            if link < 0:
                continue
            judged.add((frame.unit.name, frame.body.index))
            for index in range(len(frame.body.nodes)):
                self._judge(frame, link, index)
        self.ledger.judge(len(judged))
        for position in sorted(self.open):
            self.ledger.leave_undecided(position, self.open[position])
        yield from (self.found[position] for position in sorted(self.found))

    # --- one call

    def _judge(self, frame: Frame, link: int, index: int) -> None:
        hits = [hit for hit in self._hits(frame, index) if not self._is_lawful(link, hit.link)]
        if hits and not self._is_own(frame, index):
            self._report(frame, link, self._made_at(frame, index), min(hits, key=_rank))
        elif frame.body.nodes[index][0] == "call":
            self._note_unknown(frame, index)

    def _is_own(self, frame: Frame, index: int) -> bool:
        """Whether a method calls one of its own object, which a subclass of another link overrides."""
        node = frame.body.nodes[index]
        callee = frame.body.nodes[node[1]] if node[0] == "call" else node
        if callee[0] != "attr" or frame.owner is None or not frame.body.params:
            return False
        if frame.body.nodes[callee[1]] != ("param", frame.body.params[0].name):
            return False
        held = members(self.program.engine, frame.owner, callee[2])
        return held is not None and all(isinstance(v, (Function, Descriptor)) for v in held[1])

    def _made_at(self, frame: Frame, index: int) -> int:
        """The call whose coroutine or generator a node runs, else the node."""
        node = frame.body.nodes[index]
        return node[1] if node[0] in _RUNS and frame.body.nodes[node[1]][0] == "call" else index

    def _is_lawful(self, link: int, other: int) -> bool:
        return other in (link, link + 1) or (self.contract.skip_allowed and other > link)

    def _hits(self, frame: Frame, index: int) -> Iterator[_Hit]:
        """The links that run when the node is evaluated."""
        node = frame.body.nodes[index]
        if node[0] in _DEFINES:
            return
        own = self._held_bodies(frame, node[1]) if node[0] == "call" else frozenset()
        if node[0] == "call":
            yield from self._by_value(frame, index)
        for callee, how in frame.edges.get(index, {}).items():
            if how == "fits" or (is_constructor(callee) and frame.unit.name in self.composing):
                continue
            link = self.links.of_frame(callee)
            if (_is_made_before(callee) and link >= 0) or self._is_idle(frame, index, callee):
                continue
            if link < 0:
                yield from self._reached(callee) if callee.body not in own else ()
            elif not (is_constructor(callee) and callee.owner is not None and self.links.constructed(callee.owner) < 0):
                yield _Hit(link, callee.symbol, "constructs" if is_constructor(callee) else "calls")

    def _is_idle(self, frame: Frame, index: int, callee: Frame) -> bool:
        """Whether ``__getattr__`` stands by for an attribute that all objects have."""
        node = frame.body.nodes[index]
        if callee.body.name != "__getattr__" or node[0] != "attr":
            return False
        infos = [v.info for v in self.program.node_values(frame, node[1]) if isinstance(v, Instance)]
        return bool(infos) and all(has_attribute(self.program.engine, info, node[2]) for info in infos)

    def _by_value(self, frame: Frame, index: int) -> Iterator[_Hit]:
        cell = frame.cells[frame.body.nodes[index][1]]
        for value in cell.values if cell is not None else ():
            if isinstance(value, Maybe) and isinstance(value.owner, (Instance, Class)):
                link = self.links.of_class(value.owner.info)
                if link >= 0:
                    yield _Hit(link, value.owner.info.symbol, "calls a member of unknown name of", is_possible=True)
                continue
            if isinstance(value, Class) and frame.unit.name in self.composing:
                continue
            link = self.links.of_value(value)
            if link >= 0:
                yield _Hit(link, _name(value), "constructs" if isinstance(value, Class) else "calls")

    def _held_bodies(self, frame: Frame, callee: int) -> frozenset[Body]:
        """What a call of a link runs by name, code that the link inherits from outside of the chain included."""
        cell = frame.cells[callee]
        values = [v for v in (cell.values if cell is not None else ()) if self.links.of_value(v) >= 0]
        return frozenset(f.body for f in map(function_of, values) if f is not None)

    # --- through code outside of the chain

    def _reached(self, start: Frame) -> tuple[_Hit, ...]:
        """The links that a frame outside of the chain runs first, each on a shortest way."""
        if start in self._behind:
            return self._behind[start]
        found: dict[int, _Hit] = {}
        seen: set[Frame] = {start}
        queue: deque[tuple[Frame, tuple[Step, ...]]] = deque([(start, ())])
        while queue:
            frame, steps = queue.popleft()
            for index in range(len(frame.body.nodes)):
                if frame.body.nodes[index][0] in _DEFINES:
                    continue
                for hit in self._direct(frame, index):
                    step = self.program.step(frame, index, f"{hit.verb} {hit.name}")
                    found.setdefault(hit.link, _Hit(hit.link, hit.name, hit.verb, (*steps, step), hit.is_possible))
                for callee, how in frame.edges.get(index, {}).items():
                    if how != "fits" and callee not in seen and self.links.of_frame(callee) < 0:
                        seen.add(callee)
                        queue.append((callee, (*steps, self.program.step(frame, index, f"calls {callee.symbol}"))))
        self._behind[start] = tuple(found[link] for link in sorted(found))
        return self._behind[start]

    def _direct(self, frame: Frame, index: int) -> Iterator[_Hit]:
        """The links that a node outside of the chain runs itself."""
        if frame.body.nodes[index][0] == "call":
            yield from self._by_value(frame, index)
        for callee, how in frame.edges.get(index, {}).items():
            if how == "fits":
                continue
            link = self.links.of_frame(callee)
            if link < 0 or _is_made_before(callee) or self._is_idle(frame, index, callee):
                continue
            if not is_constructor(callee):
                yield _Hit(link, callee.symbol, "calls")
            elif frame.unit.name not in self.composing and callee.owner and self.links.constructed(callee.owner) >= 0:
                yield _Hit(link, callee.symbol, "constructs")

    # --- reporting

    def _report(self, frame: Frame, link: int, index: int, hit: _Hit) -> None:
        position = self.program.node_position(frame, index)
        before = self.found.get(position)
        if before is not None and (before.confidence is Confidence.PROVEN or hit.is_possible):
            return
        chain = self.contract.chain
        way = f"{hit.link - link} links below" if hit.link > link else "above" if hit.link < link else "the same"
        following = f"the next link is {chain[link + 1]}" if link + 1 < len(chain) else "it is the last link"
        helper = " by a helper" if hit.steps else ""
        self.found[position] = self.contract.finding(
            position,
            symbol_of(frame.unit, frame.body),
            f"{chain[link]} {hit.verb} {hit.name}{helper}, which is {way}; {following}",
            sink=f"{hit.verb} {hit.name}",
            evidence=(self.program.step(frame, index, f"{chain[link]} calls"), *hit.steps),
            confidence=Confidence.POSSIBLE if hit.is_possible else Confidence.PROVEN,
        )

    def _note_unknown(self, frame: Frame, index: int) -> None:
        """A call of a name that links have, on a receiver of which nothing is known."""
        callee = frame.body.nodes[frame.body.nodes[index][1]]
        if callee[0] != "attr" or callee[2] not in self._methods:
            return
        cell = frame.cells[callee[1]]
        if cell is None or not cell.values or all(isinstance(v, Unknown) for v in cell.values):
            self.open.setdefault(self.program.node_position(frame, index), f"nothing is known of the receiver of {callee[2]}")


def _is_made_before(callee: Frame) -> bool:
    """Whether what runs is a coroutine or generator: the call that made it is judged, wherever it stands."""
    return (callee.body.is_async or callee.body.is_generator) and not callee.body.name.startswith("__")


def _rank(hit: _Hit) -> tuple[bool, int, int, str]:
    return hit.is_possible, len(hit.steps), hit.link, hit.name


def _name(value: Value) -> str:
    return name_of(value) or type(value).__name__.lower()
