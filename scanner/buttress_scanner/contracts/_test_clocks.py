"""Reading the clock, and replacing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import leaves, path_of
from buttress_scanner.contracts._test_deed import Deed
from buttress_scanner.contracts._test_mocks import callees
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.flow_subjects import evaluated
from buttress_scanner.program.hygiene import hygiene, within
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.reach import runs_factories
from buttress_scanner.program.values import Const, External, Function, Method, Module, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts._library import Callers
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame


class Clocks:
    """Finds readings of the clock, and what replaces it."""

    def __init__(self, program: Program, callers: Callers) -> None:
        self.engine = program.engine
        self.tables = hygiene()
        self.program = program
        self.callers = callers

    def readings(self, frame: Frame) -> Iterator[Deed]:
        """Yield what reads the clock in a frame."""
        if runs_factories(frame) and not self.callers.of(frame):
            return
        for index in sorted(frame.deeds):
            for deed in sorted(frame.deeds[index], key=lambda d: (d.path, d.text)):
                if self.tables.reads_clock(deed.path, deed.effects):
                    yield Deed("clock", frame, index, f"reads the clock: {deed.path}")
                    break

    def patches(self, frame: Frame) -> Iterator[Deed]:
        """Yield what replaces the clock in a frame."""
        for index, node in enumerate(frame.body.nodes):
            if node[0] == "call" or (node[0] == "deco" and frame.body.nodes[node[1]][0] != "call"):
                for value in callees(self.engine, frame, node[1]):
                    text = self._patch(frame, node, value)
                    if text:
                        yield Deed("patched-clock", frame, index, text)
                        break
            elif node[0] in ("setattr", "delattr"):
                for value in self.engine.read(frame, node[1]):
                    if isinstance(value, (External, Module)) and self._is_clock(self._member(value, node[2])):
                        yield Deed("patched-clock", frame, index, f"replaces {node[2]} by assignment")
                        break

    def _patch(self, frame: Frame, node: Node, value: Value) -> str:
        path = path_of(self.engine, value)
        if not path or "()" in path:
            return ""
        receiver = value.receiver if isinstance(value, Method) else None
        if isinstance(receiver, Object) and within(receiver.path, self.tables.clock_packages):
            return f"sets the clock: {path}" if receiver.path in self.tables.clock_setters else ""
        if within(path, self.tables.clock_packages) or path in self.tables.clock_marks:
            return f"replaces the clock: {path}"
        if node[0] != "call":
            return ""
        if path in self.tables.several:
            names = [name for name, _ in node[3] if name]
            targets = self.engine.read(frame, node[2][0][1]) if node[2] else []
            owners = [o for t in targets for o in (self._named(t.value) if isinstance(t, Const) else [t])]
            return (
                f"replaces the clock by {path}" if any(self._is_clock(self._member(o, n)) for o in owners for n in names) else ""
            )
        if path in self.tables.patchers and any(self._is_clock(values) for values in self._patched(frame, node)):
            return f"replaces the clock by {path}"
        return ""

    def _patched(self, frame: Frame, node: Node) -> Iterator[list[Value]]:
        """What stood where something else is put."""
        args = Args.of(self.engine, frame, node)
        targets = args.get(0, "target")
        names = [v.value for v in args.get(1, "name") or args.keywords.get("attribute", []) if isinstance(v, Const)]
        for target in targets:
            if isinstance(target, Const) and isinstance(target.value, str):
                yield self._named(target.value)
            else:
                yield from (self._member(target, name) for name in names if isinstance(name, str))

    def _named(self, text: object) -> list[Value]:
        """What a dotted text names: an element of the program, or of a library."""
        parts = str(text).split(".")
        for length in range(len(parts), 0, -1):
            unit = self.engine.modules.get(".".join(parts[:length]))
            if unit is None:
                continue
            values: list[Value] = [self.engine.module_value(unit)]
            for name in parts[length:]:
                values = [m for v in values for m in self._member(v, name)]
            return values
        return [self.engine.make(External, self.engine.catalogue.resolve(str(text)))]

    def _member(self, owner: Value, name: str) -> list[Value]:
        if isinstance(owner, Module):
            return module_member(self.engine, owner.unit, name)
        if isinstance(owner, External):
            return [self.engine.make(External, f"{owner.path}.{name}")]
        return get_attribute(self.engine, owner, name, (self.program.frames()[0], 0))

    def _is_clock(self, values: Iterable[Value]) -> bool:
        """Whether any of the values is the clock: a module or class of time, a function that reads it or waits for it."""
        for value in values:
            path = path_of(self.engine, value)
            entry = self.engine.catalogue.entry(path) if path else None
            if path in self.tables.sources or path in self.tables.sleeps:
                return True
            if entry is not None and self.tables.reads_clock(entry.path, entry.effects):
                return True
            function = value.function if isinstance(value, Method) else value
            if isinstance(function, Function) and self._tells_time(function):
                return True
        return False

    def _tells_time(self, function: Function) -> bool:
        """Whether a function of the program gives back what it reads from the clock."""
        frames = evaluated(self.engine, function).values()
        return any(gives_back(self.engine, frame, deed.node) for frame in frames for deed in self.readings(frame))


def gives_back(engine: Engine, frame: Frame, node: int) -> bool:
    """Whether what a node gives is, or is computed into, what the function returns; not if it is only put into something."""
    body = frame.body
    held = {node}
    grown = True
    while grown:
        before = len(held)
        for index, operation in enumerate(body.nodes):
            kind = operation[0]
            if kind in ("phi", "narrow", "declare", "bin", "un", "attr", "await", "unpack", "item", "call", "fstr"):
                inputs = leaves(body, index) if kind in ("phi", "narrow", "declare") else _inputs(operation)
                computes = kind != "call" or any(path_of(engine, v) for v in engine.read(frame, operation[1]))
                if computes and not held.isdisjoint(inputs):
                    held.add(index)
        grown = len(held) > before
    return not held.isdisjoint(leaf for r in (*body.returns, *body.yields) for leaf in (r, *leaves(body, r)))


def _inputs(operation: Node) -> list[int]:
    kind = operation[0]
    if kind == "call":
        return [operation[1], *(o for _, o in operation[2])]
    if kind == "fstr":
        return list(operation[1])
    return [p for p in operation[1:] if isinstance(p, int) and not isinstance(p, bool) and p >= 0]
