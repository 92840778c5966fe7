"""The program as contracts see it: modules, subjects, positions, and the solved engine on demand."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from buttress_scanner.config.selectors import Selector
from buttress_scanner.facts import build_facts
from buttress_scanner.findings.model import Position, Step
from buttress_scanner.program.catalogue import Catalogue
from buttress_scanner.program.engine import Engine
from buttress_scanner.program.frames import ClassInfo, Frame, Unit
from buttress_scanner.program.modules import Modules, module_member
from buttress_scanner.program.values import Class, Function, Instance, Member, Method, Value
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.model import SourceFile, SourceProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from buttress_scanner.facts.model import Body, FileFacts, Node, Span
    from buttress_scanner.program.imports import ImportGraph

    Known = dict[tuple[str, str], FileFacts]


SMALL_PROGRAM = 150
"""A program of at most this many modules is evaluated whole: restricting it would save nothing that a user notices."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a selector ``module:Qual.name`` names: the body of a function or class, or a variable."""

    unit: Unit
    qualname: str
    body: Body | None

    @property
    def symbol(self) -> str:
        """``module:Qualified.name``."""
        return f"{self.unit.name}:{self.qualname}"


class Program:
    """All modules of one project, and what is known of them."""

    def __init__(
        self,
        units: Iterable[Unit],
        zones: Mapping[str, tuple[str, ...]],
        problems: Sequence[SourceProblem],
        catalogue: Catalogue,
        documents: Documents | None = None,
    ) -> None:
        self.table = Modules(units)
        self.documents = documents or Documents()
        self.zones = zones
        self.problems = tuple(problems)
        self.engine = Engine(self.table, catalogue)
        self._solved = False
        self._bases: list[tuple[str, set[str]]] | None = None
        self._scope: dict[str, int] | None = None
        self._kept_members: set[str] = set()
        self._kept_classes: set[str] = set()
        self._lines: dict[str, list[bytes]] = {}

    @classmethod
    def build(
        cls,
        sources: Sequence[SourceFile],
        zones: Mapping[str, tuple[str, ...]],
        documents: Documents | None = None,
        known: Known | None = None,
    ) -> Program:
        """Compile every source; what cannot be compiled becomes a problem.

        Args:
            sources: the Python files.
            zones: patterns by name.
            documents: all files of the project, for contracts that speak of more than code; none when absent.
            known: facts of earlier builds by path and digest, which are used again, and to which those of this one are added.
        """
        units: list[Unit] = []
        problems: list[SourceProblem] = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            for source in sorted(sources, key=lambda s: (s.module, s.path)):
                unit = _unit(source, known)
                if isinstance(unit, SourceProblem):
                    problems.append(unit)
                else:
                    units.append(unit)
                stub = _unit(source.stub, known) if source.stub is not None else None
                if isinstance(stub, SourceProblem):
                    problems.append(stub)
                elif stub is not None and isinstance(unit, Unit):
                    stub.name, stub.is_package = unit.name, unit.is_package
                    unit.stub, stub.describes = stub, unit
        finally:
            if collecting:
                gc.enable()
        return cls(units, zones, problems, Catalogue.load(), documents)

    # --- modules and subjects

    @property
    def modules(self) -> Mapping[str, Unit]:
        """Modules by dotted name, sorted."""
        return self.table.units

    def patterns(self, patterns: Iterable[str]) -> list[Selector]:
        """Parse selectors, with zones replaced by their patterns."""
        found: list[Selector] = []
        for text in patterns:
            if text.startswith("@"):
                found += [Selector.parse(p) for p in self.zones.get(text[1:], ())]
            else:
                found.append(Selector.parse(text))
        return found

    def select(self, patterns: Iterable[str]) -> list[Unit]:
        """The modules that any of the patterns (or zones) name, sorted."""
        selectors = self.patterns(patterns)
        return [u for u in self.modules.values() if any(s.matches_module(u.name) for s in selectors)]

    def subjects(self, text: str) -> list[Subject]:
        """What a symbol selector names.

        Definitions in the matching modules, looking through re-exports and inherited members; ``m:*`` is every function of a
        module.
        """
        selector = Selector.parse(text)
        found: list[Subject] = []
        for unit in self.modules.values():
            if selector.matches_module(unit.name):
                found += self._in_module(unit, selector.name)
        return sorted(set(found), key=lambda s: (s.unit.name, s.qualname))

    def _in_module(self, unit: Unit, name: str | None) -> Iterator[Subject]:
        if name is None:
            return
        if name == "*" or name.endswith(".*"):
            prefix = name.removesuffix("*")
            functions = [b for b in unit.facts.bodies if b.kind == "function" and b.qualname.startswith(prefix)]
            yield from (Subject(unit, b.qualname, b) for b in functions)
            return
        body = next((b for b in reversed(unit.facts.bodies) if b.qualname == name and b.kind in ("function", "class")), None)
        if body is not None:
            yield Subject(unit, name, body)
            return
        yield from self._resolved(unit, name)

    def _resolved(self, unit: Unit, name: str) -> Iterator[Subject]:
        """A name that the module binds otherwise: an import, an alias, an inherited method, a variable."""
        head, _, rest = name.partition(".")
        defined: list[Subject] = []
        for value in module_member(self.engine, unit, head):
            if isinstance(value, Class):
                defined += self._member(value.info, rest)
            elif isinstance(value, Function) and value.body.kind == "function" and not rest:
                defined.append(Subject(value.unit, value.body.qualname, value.body))
        if defined:
            yield from defined
            return
        owner, _, last = name.rpartition(".")
        holder = next(
            (b for b in unit.facts.bodies if b.qualname == owner and b.kind == "class"),
            unit.facts.bodies[0] if not owner else None,
        )
        if holder is not None and (last in holder.exit or last in holder.annotations):
            yield Subject(unit, name, None)
        elif holder is not None and owner:
            for value in module_member(self.engine, unit, owner):
                if isinstance(value, Class):
                    yield from self._member(value.info, last)

    def _member(self, info: ClassInfo, name: str) -> Iterator[Subject]:
        from buttress_scanner.program.classes import linearise

        if not name:
            yield Subject(info.unit, info.body.qualname, info.body)
            return
        for owner in linearise(self.engine, info):
            qualname = f"{owner.body.qualname}.{name}"
            found = next((b for b in reversed(owner.unit.facts.bodies) if b.qualname == qualname), None)
            if found is not None:
                yield Subject(owner.unit, qualname, found)
                return

    def classes(self, text: str) -> list[ClassInfo]:
        """The classes that a selector names."""
        wanted = {(s.unit.name, s.body.index) for s in self.subjects(text) if s.body is not None and s.body.kind == "class"}
        self.solve()
        return [info for info in self.engine.classes.values() if (info.unit.name, info.body.index) in wanted]

    @cached_property
    def imports(self) -> ImportGraph:
        """Who imports whom; one graph for all contracts."""
        from buttress_scanner.program.imports import ImportGraph

        return ImportGraph(self)

    # --- the engine

    def keep(self, member: str, class_name: str) -> None:
        """Have values that concern this member or class (and classes derived from it) survive every limit of the engine."""
        self._kept_members.add(member)
        self._kept_classes.add(class_name)

    def tell_loads(self) -> None:
        """Have what a module sets up while it loads told apart from what changes it afterwards: for questions of state."""
        self.engine.contexts.tells_loads = True

    def note_changes(self) -> None:
        """Have every change of an object or container kept with its place: for contracts about who changes what."""
        if self.engine.changes is None:
            self.engine.changes = {}

    def focus(self, modules: Mapping[str, int] | None) -> None:
        """Restrict the evaluation to these modules' functions and the calls that far from them; None for the whole program."""
        self._scope = None if modules is None or len(self.modules) <= SMALL_PROGRAM else dict(modules)

    @property
    def evaluated(self) -> int | None:
        """How many modules' functions are all evaluated; None where that is all."""
        return None if self._scope is None else len(self._scope)

    def mentioning(self, names: Iterable[str]) -> list[Unit]:
        """The modules whose text has any of the names as a word: the sieve before any analysis."""
        words = sorted({n for n in names if n})
        if not words:
            return []
        pattern = re.compile(rb"(?:" + b"|".join(re.escape(w.encode()) for w in words) + rb")(?![0-9A-Za-z_])")
        return [u for u in self.modules.values() if any(w.encode() in u.data for w in words) and pattern.search(u.data)]

    def around(self, names: AbstractSet[str]) -> set[str]:
        """The modules that mention any of the names, and those that mention a function or class which does.

        A special method runs without being named: its class is what others mention.
        """
        plain = {name for name in names if not _is_special(name)} or names
        units = self.mentioning(plain)
        bodies = ((unit, body) for unit in units for body in unit.facts.bodies if body.kind in ("function", "class"))
        carriers = {_carrier(unit, body) for unit, body in bodies if mentions(body, names)}
        return {unit.name for unit in [*units, *self.mentioning(carriers)]}

    def base_names(self, subject: Subject) -> set[str]:
        """The last names of a class's bases, as written."""
        body, unit = subject.body, subject.unit
        return {_last_name(unit.facts.bodies[body.parent].nodes, node) for node in body.bases} if body is not None else set()

    def descendants(self, class_name: str) -> set[str]:
        """Names of the classes derived, by name, from a class of this name, itself included: read off the class headers."""
        if self._bases is None:
            self._bases = [
                (b.name, {_last_name(u.facts.bodies[b.parent].nodes, n) for n in b.bases})
                for u in self.modules.values()
                for b in u.facts.bodies
                if b.kind == "class"
            ]
        found, grown = {class_name}, True
        while grown:
            more = {name for name, bases in self._bases if name not in found and bases & found}
            found |= more
            grown = bool(more)
        return found

    def _precious(self) -> Callable[[Value], bool]:
        """Names are enough here: what is kept too much costs time, and no answer changes."""
        return partial(_concerns, {name for kept in self._kept_classes for name in self.descendants(kept)}, self._kept_members)

    def solve(self) -> Engine:
        """Evaluate the whole program, once."""
        if not self._solved:
            self._solved = True
            collecting = gc.isenabled()
            gc.disable()
            try:
                self.engine.precious = self._precious()
                self.engine.solve(self.modules.values(), self._scope)
            finally:
                if collecting:
                    gc.freeze()
                    gc.enable()
        return self.engine

    def frames(self) -> list[Frame]:
        """All live frames in a stable order."""
        return sorted(self.solve().order, key=lambda f: (f.unit.name, f.body.index))

    def node_values(self, frame: Frame, node: int) -> list[Value]:
        """What a node can be in a frame."""
        self.solve()
        return self.engine.read(frame, node)

    # --- places

    def position(self, unit: Unit, span: Span) -> Position:
        """A span of facts as a position: columns count characters from 1, the end column is exclusive."""
        line, column, end_line, end_column = span
        return Position(unit.path, line, self._column(unit, line, column), end_line, self._column(unit, end_line, end_column))

    def _column(self, unit: Unit, line: int, column: int) -> int:
        lines = self._lines.get(unit.path)
        if lines is None:
            lines = self._lines[unit.path] = unit.data.splitlines()
        if not 0 < line <= len(lines):
            return column + 1
        head = lines[line - 1][:column]
        return (len(head) if head.isascii() else len(head.decode("utf-8", "replace"))) + 1

    def node_position(self, frame: Frame, node: int) -> Position:
        """Where a node stands."""
        return self.position(frame.unit, frame.body.spans[node])

    def step(self, frame: Frame, node: int, text: str) -> Step:
        """A step of evidence at a node."""
        return Step(self.node_position(frame, node), frame.symbol, text)


def mentions(body: Body, names: AbstractSet[str]) -> bool:
    """Whether the body reads a member or a variable of these names, or holds one as text."""
    return any(
        (node[0] in ("attr", "global", "late", "from") and node[-1] in names) or (node[0] == "const" and node[1] in names)
        for node in body.nodes
    )


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _carrier(unit: Unit, body: Body) -> str:
    """The name under which others bring a function or class about: for a special method that of its class."""
    while _is_special(body.name) and body.parent > 0:
        body = unit.facts.bodies[body.parent]
    return body.name


def _last_name(nodes: list[Node], node: int) -> str:
    """The last name of a base as written."""
    operands = nodes[node]
    while operands[0] in ("item", "phi") and operands[1]:
        operands = nodes[operands[1] if operands[0] == "item" else operands[1][0]]
    if operands[0] in ("attr", "from"):
        return str(operands[-1])
    return str(operands[1]) if operands[0] in ("global", "own", "free", "late") else ""


def symbol_of(unit: Unit, body: Body) -> str:
    """``module:Qualified.name`` of a body, the module's name for the module itself."""
    return f"{unit.name}:{body.qualname}" if body.qualname else unit.name


def _unit(source: SourceFile, known: Known | None) -> Unit | SourceProblem:
    # by path as well: bodies are told apart by identity, and two files of one program may hold the same text
    facts = known.get((source.path, source.digest)) if known is not None else None
    if facts is None:
        built = build_facts(source)
        if isinstance(built, SourceProblem):
            return built
        facts = built
        if known is not None:
            known[source.path, source.digest] = facts
    return Unit(source.module, source.path, source.is_package, facts, _utf8(source))


def _utf8(source: SourceFile) -> bytes:
    """The text as UTF-8, in which `ast` counts columns."""
    from buttress_scanner.source.decode import decode

    text = decode(source)
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else source.data


def _concerns(classes: Container[str], members: Container[str], value: Value) -> bool:
    """Whether a value is a member or a class of one of these names, or an object of it."""
    match value:
        case Function(body=body) | Method(function=Function(body=body)):
            return body.name in members
        case Instance(info=info) | Class(info=info) | Member(info=info):
            return info.body.name in classes
    return False
