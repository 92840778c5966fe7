"""Who imports whom: import statements of every form, and import functions that are called with a known name.

Statements are read from the facts alone. Only a program that mentions an import function is solved, to learn what it loads
and who names it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.guards import Guards
from buttress_scanner.program.loading import IMPORT_FUNCTIONS, concerned, loaded_modules
from buttress_scanner.program.text_sources import TextSources
from buttress_scanner.program.text_trails import Named, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.facts.model import ImportFact, Node, Span
    from buttress_scanner.findings.model import Position, Step
    from buttress_scanner.program.frames import Frame, Site, Unit
    from buttress_scanner.program.program import Program

_KEPT_FORMS = ("import", "from", "phi", "narrow", "star")
"""What a package may bind a name to without hiding its submodule of that name."""


@dataclass(frozen=True, slots=True)
class Import:
    """One module imports another at one place."""

    unit: Unit
    imported: str
    span: Span
    symbol: str
    """The definition in which it stands."""
    steps: tuple[Step, ...] = ()
    """For a name that is handed to a helper: from the call that names the module to the call that imports it."""
    name: str = ""
    """What a statement takes from a module outside of the program: whether it is a module itself cannot be seen there."""

    @property
    def importer(self) -> str:
        """The module that imports."""
        return self.unit.name

    @property
    def reaches(self) -> str:
        """The longest dotted name that is imported, if what is taken from a foreign package is a module of it."""
        return f"{self.imported}.{self.name}" if self.name else self.imported


class ImportGraph:
    """The imports of a program, found module by module on demand."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._modules = program.table
        self._guards = Guards(program.table)
        self._written: dict[str, list[Import]] = {}
        self._called: dict[str, list[Import]] | None = None
        self._unknown: list[tuple[Unit, Span]] = []
        self._concerned: set[str] | None = None

    def concerned(self) -> set[str]:
        """The modules in which something may be imported by name; empty for most programs."""
        if self._concerned is None:
            self._concerned = concerned(self._program)
        return self._concerned

    def of(self, unit: Unit) -> list[Import]:
        """All imports of one module, in source order; several names of one statement may name the same module."""
        found = [*self.written(unit), *self.called().get(unit.name, ())]
        return sorted(found, key=lambda i: (i.span, i.imported))

    def runs(self, found: Import) -> bool:
        """Whether the import happens when the program runs: no stub, and not kept from it by a type checking guard."""
        return not found.unit.path.endswith(".pyi") and not self._guards.is_typing_only(found.unit, found.span)

    def unknown(self) -> list[tuple[Unit, Span]]:
        """Calls of import functions whose module nobody can tell."""
        self.called()
        return self._unknown

    def chain(self, start: Unit, ends: Callable[[str], bool], passes: Callable[[Import], bool]) -> list[Import]:
        """The shortest chain of imports from a module to one that ``ends`` accepts; empty where there is none."""
        ways: dict[str, list[Import]] = {start.name: []}
        queue = deque([start])
        while queue:
            unit = queue.popleft()
            for each in self.of(unit):
                if each.imported in ways or not passes(each):
                    continue
                ways[each.imported] = [*ways[unit.name], each]
                if ends(each.imported):
                    return ways[each.imported]
                target = self._modules.get(each.imported)
                if target is not None:
                    queue.append(target)
        return []

    # --- statements

    def written(self, unit: Unit) -> list[Import]:
        """The imports that statements of a module name."""
        found = self._written.get(unit.name)
        if found is None:
            found = self._written[unit.name] = [i for fact in unit.facts.imports for i in self._statement(unit, fact)]
        return found

    def _statement(self, unit: Unit, fact: ImportFact) -> Iterator[Import]:
        from buttress_scanner.program.program import symbol_of

        symbol = symbol_of(unit, unit.facts.bodies[fact.body])
        for module in dict.fromkeys(self._targets(unit, fact)):
            taken = fact.name if fact.name != "*" and not self._modules.is_ours(module) else ""
            yield Import(unit, module, fact.span, symbol, name=taken)

    def _targets(self, unit: Unit, fact: ImportFact) -> Iterator[str]:
        """The modules that one name of a statement imports."""
        base = self._modules.absolute(unit, fact.level, fact.module)
        if base is None:
            return
        if fact.name == "*":
            yield base
            source = self._modules.get(base)
            names = (source.facts.exports if source is not None else None) or ()
            yield from (child for name in names if (child := self._submodule(base, name)))
        elif fact.name:
            yield self._submodule(base, fact.name) or base
        else:
            yield base

    def _submodule(self, package: str, name: str) -> str | None:
        """The module ``package.name``, unless the package itself gives the name to something else."""
        child = f"{package}.{name}" if package else name
        if not self._modules.is_ours(child):
            return None
        source = self._modules.get(package)
        if source is not None:
            body = source.facts.bodies[0]
            bound = body.exit.get(name)
            if bound is not None and not self._keeps(source, body.nodes[bound], child):
                return None
        return child

    def _keeps(self, package: Unit, bound: Node, child: str) -> bool:
        """Whether what a package binds to the name of a module leaves the module visible: it is no other one, nor of another."""
        if bound[0] not in ("import", "from"):
            return bound[0] in _KEPT_FORMS
        named = self._modules.absolute(package, bound[1], bound[2]) or ""
        inner = f"{named}.{bound[3]}" if bound[0] == "from" else named
        return f"{named}.".startswith(f"{child}.") or inner == child or not self._modules.is_ours(named)

    # --- calls

    def called(self) -> dict[str, list[Import]]:
        """The imports by calls of import functions, by the module that names what is imported."""
        if self._called is None:
            self._called = self._follow_calls() if self.concerned() else {}
        return self._called

    def _follow_calls(self) -> dict[str, list[Import]]:
        frames = self._program.frames()
        texts = TextSources(self._program.engine, frames)
        numbers = {frame: number for number, frame in enumerate(frames)}
        sites = [(key[1], key[2]) for key in self._program.engine.heap if key[0] == "loads" and key[1] in numbers]
        known: dict[tuple[Unit, Span], dict[Import, None]] = {}
        for frame, node in sorted(sites, key=lambda site: (numbers[site[0]], site[1])):
            place = known.setdefault((frame.unit, frame.body.spans[node]), {})
            place.update(dict.fromkeys(self._call(texts, frame, node)))
        self._unknown = [place for place, found in known.items() if not found]
        distinct: dict[tuple[str, Span, str], Import] = {}
        for each in (i for found in known.values() for i in found):
            distinct.setdefault((each.importer, each.span, each.imported), each)
        called: dict[str, list[Import]] = {}
        for (importer, _, _), each in distinct.items():
            called.setdefault(importer, []).append(each)
        return called

    def _call(self, texts: TextSources, frame: Frame, node: int) -> Iterator[Import]:
        """What one call of an import function loads, and at whose bidding."""
        engine, operation = self._program.engine, frame.body.nodes[node]
        direct = False
        for path in IMPORT_FUNCTIONS:
            for sources in texts.sources(frame, node, path):
                direct = True
                args = Args.of(engine, frame, operation)
                place = sources.positional[0] if sources.positional else sources.keywords.get("name")
                if place is None:
                    yield from self._spread(texts, frame, node, path, args)
                    continue
                known = texts.of(*place)
                if place[0] is not frame:  # a partial that was made elsewhere names the module
                    known = [Named(n.text, (_call_around(*place), *n.way)) for n in known]
                for named in known:
                    for module in loaded_modules(engine, path, named.text, args, (frame, node)):
                        if self._may_exist(module):
                            yield self._named(frame, node, module, named)
                for named in _beginnings(texts, *place) if not known else ():
                    package = named.text.rpartition(".")[0]
                    for module in loaded_modules(engine, path, package, args, (frame, node)) if package.strip(".") else ():
                        if self._is_above(frame.unit, module):
                            yield self._named(frame, node, module, named)
        if not direct:
            yield from self._indirect(texts, frame, node)

    def _spread(self, texts: TextSources, frame: Frame, node: int, path: str, args: Args) -> Iterator[Import]:
        """What a call loads that spreads a container over the arguments of the import function."""
        operation = frame.body.nodes[node]
        spread = [n for starred, n in operation[2] if starred] + [n for name, n in operation[3] if not name]
        held = [named for operand in spread for named in (*texts.inside(frame, operand), *texts.values_of(frame, operand))]
        for value in args.get(0, "name"):
            text = str(getattr(value, "value", ""))
            for named in [n for n in held if n.text == text] or [Named(text)]:
                for module in loaded_modules(self._program.engine, path, text, args, (frame, node)) if text else ():
                    if self._may_exist(module):
                        yield self._named(frame, node, module, named)

    def _indirect(self, texts: TextSources, frame: Frame, node: int) -> Iterator[Import]:
        """A library function calls the import function, as in ``map(import_module, names)``."""
        operation = frame.body.nodes[node]
        arguments = [n for _, n in operation[2]] + [n for _, n in operation[3]] if operation[0] == "call" else []
        named = [n for a in arguments for n in (*texts.of(frame, a), *texts.inside(frame, a))]
        for value in self._program.engine.values(self._program.engine.slot("loads", frame, node)):
            module = str(getattr(value, "value", ""))
            if not self._may_exist(module):
                continue
            yield self._named(frame, node, module, next((n for n in named if n.text == module), Named(module)))

    def _may_exist(self, module: str) -> bool:
        """Whether there is such a module, in the program or in a library: names are also made of data that name none."""
        return self._modules.is_ours(module) or not self._modules.is_ours(module.partition(".")[0])

    def _is_above(self, unit: Unit, package: str) -> bool:
        """Whether importing something of a package, whatever it is, imports the package: it is no parent of the importer."""
        return self._may_exist(package) and not f"{unit.name}.".startswith(f"{package}.")

    def _named(self, frame: Frame, node: int, module: str, named: Named) -> Import:
        """The import at the outermost call that handed the name on, with the way from there."""
        way: tuple[Site, ...] = ((frame, node), *named.way)
        outer, at = way[-1]
        steps: tuple[Step, ...] = ()
        if named.way:
            told = [self._program.step(f, n, f"hands on {named.text!r}") for f, n in reversed(named.way)]
            steps = (*told, self._program.step(frame, node, f"imports {module}"))
        return Import(outer.unit, module, outer.body.spans[at], outer.symbol, steps)

    def position(self, found: Import) -> Position:
        """Where an import stands."""
        return self._program.position(found.unit, found.span)


def _call_around(frame: Frame, operand: int) -> Site:
    """The call that is given an operand."""
    for node in range(operand, len(frame.body.nodes)):
        operation = frame.body.nodes[node]
        if operation[0] == "call" and operand in [n for _, n in (*operation[2], *operation[3])]:
            return frame, node
    return frame, operand


def _beginnings(texts: TextSources, frame: Frame, node: int) -> list[Named]:
    """How a text begins of which the rest is not known: ``f"shop.api.{name}"``."""
    operation = frame.body.nodes[node]
    if operation[0] == "phi" and len(operation[1]) == 1:
        return _beginnings(texts, frame, operation[1][0])
    if operation[0] == "fstr":
        parts = list(operation[1])
    elif operation[0] == "bin" and operation[1] == "add":
        parts = [operation[2], operation[3]]
    else:
        return []
    found: list[Named] = []
    for part in parts:
        named = texts.of(frame, part)
        if not named:
            return found or (_beginnings(texts, frame, part) if part == parts[0] else [])
        found = joined([found, named], "".join) if found else named
    return found
