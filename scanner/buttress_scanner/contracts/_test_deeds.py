"""What code does that tests should not: stand in for other code, sleep, read or replace the clock, skip for no reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import Callers, leaves, path_of, paths_at
from buttress_scanner.program.arguments import Args, with_partial
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.contents import known_items
from buttress_scanner.program.fixtures import LIBRARY
from buttress_scanner.program.flow_subjects import evaluated
from buttress_scanner.program.hygiene import hygiene, within
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.reach import runs_factories
from buttress_scanner.program.values import Box, Class, Const, External, Function, Method, Module, Object, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.hygiene import Argument

_DEPTH = 8
_LOOKS = ("builtins.isinstance", "builtins.issubclass", "functools.partial")
_SKIP_MARK = "pytest.mark.skip"
_BARE_SKIPS = (_SKIP_MARK, "pytest.mark.skipif", "unittest.skip", "unittest.case.skip")
_SKIP_ERRORS = ("unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception", "_pytest.outcomes.Skipped")
_TIMED = ("threading.Event.wait", "threading.Condition.wait", "asyncio.Event.wait")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a node of a frame does."""

    what: str
    frame: Frame
    node: int
    text: str
    certain: bool = True


class Deeds:
    """Finds such deeds in any code of the program."""

    def __init__(self, program: Program, wanted: Iterable[str]) -> None:
        self.program = program
        self.engine = program.engine
        self.tables = hygiene()
        self.callers = Callers(program)
        finders: dict[str, Callable[[Frame], Iterator[Deed]]] = {
            "mock": self._mocks,
            "sleep": self._sleeps,
            "clock": self._readings,
            "patched-clock": self._patches,
            "skip-without-reason": self._skips,
        }
        self._finders = [finders[name] for name in wanted if name in finders]

    def of(self, frame: Frame) -> Iterator[Deed]:
        """Yield the deeds that a frame does or, where an argument decides, that others do by what they give it."""
        for finder in self._finders:
            yield from finder(frame)

    # --- stand-ins

    def _mocks(self, frame: Frame) -> Iterator[Deed]:
        for index, node in enumerate(frame.body.nodes):
            if node[0] not in ("call", "deco"):
                continue
            path = next((p for v in self._callees(frame, node[1]) if (p := self._mock(v))), "")
            if path and node[0] == "call":
                yield Deed("mock", frame, index, f"uses {path}")
            elif path and frame.body.nodes[node[1]][0] != "call":
                yield Deed("mock", frame, index, f"is decorated with {path}")
            elif node[0] == "call":
                yield from self._handed_mocks(frame, node)
        for body in frame.unit.facts.bodies if frame.body.kind == "module" else ():
            yield from self._derived(frame, body)

    def _callees(self, frame: Frame, node: int) -> list[Value]:
        """What a call calls; ``mocker.patch.object`` is an attribute of a method, of which the program knows nothing more."""
        values = self.engine.read(frame, node)
        operation = frame.body.nodes[node]
        if values or operation[0] != "attr":
            return values
        owners = [v for v in self.engine.read(frame, operation[1]) if isinstance(v, Method)]
        fixtures = [v for v in owners if isinstance(v.receiver, Object) and v.receiver.path in LIBRARY.values()]
        return [self.engine.make(External, f"{path_of(self.engine, v)}.{operation[2]}") for v in fixtures]

    def _mock(self, value: Value) -> str:
        """The path of what a mock library offers; not of what it made, which was told when it was made."""
        path = path_of(self.engine, value)
        if not path or "()" in path or not self.tables.is_mock(path) or isinstance(value, Object):
            return ""
        receiver = value.receiver if isinstance(value, Method) else None
        if isinstance(receiver, Object) and receiver.path not in LIBRARY.values():
            return ""
        return path

    def _handed_mocks(self, frame: Frame, node: Node) -> Iterator[Deed]:
        """A class of a mock library that is handed to something that will call it."""
        if not paths_at(self.engine, frame, node[1]).isdisjoint(_LOOKS):
            return
        for _, operand in (*node[2], *node[3]):
            for value in self.engine.read(frame, operand):
                if isinstance(value, External) and self._mock(value) and value.path.rpartition(".")[2][:1].isupper():
                    yield Deed("mock", frame, operand, f"hands out {value.path}")

    def _derived(self, frame: Frame, body: Body) -> Iterator[Deed]:
        if body.kind != "class" or body.parent != 0:
            return
        for base in body.bases:
            for value in self.engine.read(frame, base):
                if self._mock(value):
                    yield Deed("mock", frame, base, f"derives from {path_of(self.engine, value)}")

    # --- sleeping

    def _sleeps(self, frame: Frame) -> Iterator[Deed]:
        for index, node in enumerate(frame.body.nodes):
            if node[0] != "call":
                continue
            direct = False
            for value in self.engine.read(frame, node[1]):
                path = path_of(self.engine, value)
                taking = self.tables.sleeps.get(path)
                if taking is not None:
                    direct = True
                    yield from self._delays(frame, index, node, value, taking, path)
                elif path in self.tables.commands and self._runs_sleep(frame, node):
                    yield Deed("sleep", frame, index, f"runs the command sleep by {path}")
                elif path in _TIMED and self._is_fresh(frame, node[1]) and (node[2] or node[3]):
                    yield Deed("sleep", frame, index, f"waits for what nobody sets: {path}")
            if not direct:
                yield from self._called_back(frame, index, node)

    def _runs_sleep(self, frame: Frame, node: Node) -> bool:
        """Whether a command is ``sleep``, with something else than zero."""
        words: list[str] = []
        for value in Args.of(self.engine, frame, node).get(0, "args"):
            parts = known_items(self.engine, value) if isinstance(value, Box) else {0: [value]}
            for place in sorted(k for k in parts if isinstance(k, int)):
                words += [w for v in parts[place] if isinstance(v, Const) for w in str(v.value).split()]
        if len(words) == 1:
            words += [str(v.value) for v in Args.of(self.engine, frame, node).get(1) if isinstance(v, Const)]
        return len(words) > 1 and words[0].rpartition("/")[2] == "sleep" and words[1] != "0"

    def _is_fresh(self, frame: Frame, callee: int) -> bool:
        """Whether a method is called on an object that was made for it, so that nobody else can have it."""
        operation = frame.body.nodes[callee]
        if operation[0] != "attr" or frame.body.nodes[operation[1]][0] != "call":
            return False
        spans = frame.body.spans
        return spans[callee][:2] == spans[operation[1]][:2]

    def _called_back(self, frame: Frame, index: int, node: Node) -> Iterator[Deed]:
        """A sleep that the library is handed, and calls."""
        paths = {d.path for d in frame.deeds.get(index, ()) if d.path in self.tables.sleeps}
        given = [v for _, operand in node[2] for v in self.engine.read(frame, operand)]
        named = {path_of(self.engine, v) for v in given} & paths
        if not named:
            return
        others = [v for v in given if path_of(self.engine, v) not in named]
        if not others or not all(isinstance(v, Const) and not v.value for v in others):
            yield Deed("sleep", frame, index, f"has {min(named)} called")

    def _delays(self, frame: Frame, index: int, node: Node, callee: Value, taking: Argument, path: str) -> Iterator[Deed]:
        operand = _operand(node, taking)
        if operand is not None:
            yield from self._chosen(frame, operand, (frame, index), path, 0)
            return
        args = Args.of(self.engine, frame, node)
        if isinstance(callee, Partial):
            args = with_partial(self.engine, callee, args)
        values = [v for k in taking.keywords for v in args.keywords.get(k, [])] or args.get(taking.position)
        if not values or any(not isinstance(v, Const) or v.value for v in values):
            yield Deed("sleep", frame, index, f"sleeps: {path}")

    def _chosen(self, frame: Frame, operand: int, place: Site, path: str, depth: int) -> Iterator[Deed]:
        """Who chose a delay that is not zero: the place itself, or those who hand it over."""
        for leaf in leaves(frame.body, operand):
            operation = frame.body.nodes[leaf]
            if operation[0] != "param" or depth > _DEPTH:
                if not self._is_zero(frame, leaf, 0):
                    yield Deed("sleep", place[0], place[1], f"sleeps: {path}")
                continue
            is_default = not self.callers.is_called(frame)
            for (caller, call), given in self.callers.given(frame, operation[1]):
                if given is None:
                    is_default = True
                elif given >= 0:
                    yield from self._chosen(caller, given, (caller, call), path, depth + 1)
                else:
                    cell = frame.params.get(operation[1])
                    values = self.engine.values(cell) if cell is not None else []
                    if not values or any(not isinstance(v, Const) or v.value for v in values):
                        chooses = (caller, call) if caller.body.nodes[call][0] == "call" else place
                        yield Deed("sleep", *chooses, f"sleeps: {path}", certain=bool(values))
            default = self.callers.default(frame, operation[1]) if is_default else None
            if default is not None and not self._is_zero(*default, 0):
                yield Deed("sleep", place[0], place[1], f"sleeps: {path}")
            elif default is None and not self.callers.is_called(frame) and frame.body.name.startswith("test"):
                yield Deed("sleep", place[0], place[1], f"sleeps: {path}", certain=False)

    def _is_zero(self, frame: Frame, node: int, depth: int) -> bool:
        """Whether a node is surely zero."""
        operation = frame.body.nodes[node]
        if operation[0] == "literal":
            return len(operation) > 2 and operation[2] == 0
        if operation[0] == "const":
            return not operation[1]
        if operation[0] == "un" and depth < _DEPTH:
            return self._is_zero(frame, operation[2], depth + 1)
        if depth < _DEPTH and operation[0] in ("global", "from"):
            unit = frame.unit
            if operation[0] == "from":
                absolute = self.engine.modules.absolute(frame.unit, operation[1], operation[2])
                found = self.engine.modules.get(absolute) if absolute is not None else None
                if found is None:
                    return False
                unit = found
            at = unit.frame.body.exit.get(operation[-1])
            if at is not None:
                return all(self._is_zero(unit.frame, leaf, depth + 1) for leaf in leaves(unit.frame.body, at))
        if depth < _DEPTH and operation[0] == "attr":
            held = self._attribute_nodes(frame, operation)
            if held:
                return all(self._is_zero(f, leaf, depth + 1) for f, at in held for leaf in leaves(f.body, at))
        values = self.engine.read(frame, node)
        return bool(values) and all(isinstance(v, Const) and not v.value for v in values)

    def _attribute_nodes(self, frame: Frame, operation: Node) -> list[Site]:
        """Where modules and classes bind an attribute that is read from them."""
        found: list[Site] = []
        for value in self.engine.read(frame, operation[1]):
            holder = value.unit.frame if isinstance(value, Module) else value.info.frame if isinstance(value, Class) else None
            at = holder.body.exit.get(operation[2]) if holder is not None else None
            if holder is not None and at is not None:
                found.append((holder, at))
        return found

    # --- the clock

    def _readings(self, frame: Frame) -> Iterator[Deed]:
        if runs_factories(frame) and not self.callers.of(frame):
            return
        for index in sorted(frame.deeds):
            for deed in sorted(frame.deeds[index], key=lambda d: (d.path, d.text)):
                if self.tables.reads_clock(deed.path, deed.effects):
                    yield Deed("clock", frame, index, f"reads the clock: {deed.path}")
                    break

    def _patches(self, frame: Frame) -> Iterator[Deed]:
        for index, node in enumerate(frame.body.nodes):
            if node[0] == "call" or (node[0] == "deco" and frame.body.nodes[node[1]][0] != "call"):
                for value in self._callees(frame, node[1]):
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
        return any(gives_back(self.engine, frame, deed.node) for frame in frames for deed in self._readings(frame))

    # --- skips

    def _skips(self, frame: Frame) -> Iterator[Deed]:
        nodes = frame.body.nodes
        for index, node in enumerate(nodes):
            if node[0] == "call":
                yield from self._skip_calls(frame, index, node)
            elif node[0] == "deco" and nodes[node[1]][0] != "call":
                if not paths_at(self.engine, frame, node[1]).isdisjoint(_BARE_SKIPS):
                    yield Deed("skip-without-reason", frame, index, "skips without a reason")
            elif node[0] == "seq":
                yield from (d for _, operand in node[2] for d in self._bare_mark(frame, operand))
            elif node[0] == "raise" and node[1] >= 0 and nodes[node[1]][0] != "call":
                values = self.engine.read(frame, node[1])
                if any(isinstance(v, External) and path_of(self.engine, v) in _SKIP_ERRORS for v in values):
                    yield Deed("skip-without-reason", frame, index, "skips without a reason")
        at = frame.body.exit.get("pytestmark") if frame.body.kind in ("module", "class") else None
        if at is not None:
            yield from self._bare_mark(frame, at)

    def _bare_mark(self, frame: Frame, node: int) -> Iterator[Deed]:
        values = self.engine.read(frame, node)
        if any(isinstance(v, External) and path_of(self.engine, v) == _SKIP_MARK for v in values):
            yield Deed("skip-without-reason", frame, node, "skips without a reason")

    def _skip_calls(self, frame: Frame, index: int, node: Node) -> Iterator[Deed]:
        for _, operand in (*node[2], *node[3]):
            yield from self._bare_mark(frame, operand)
        for value in self.engine.read(frame, node[1]):
            taking = self.tables.skips.get(path_of(self.engine, value)) if not isinstance(value, Object) else None
            if taking is None:
                continue
            args = Args.of(self.engine, frame, node)
            if isinstance(value, Partial):
                args = with_partial(self.engine, value, args)
            given = [args.keywords[k] for k in taking.keywords if k in args.keywords]
            if 0 <= taking.position < len(args.positional):
                given.append(args.positional[taking.position])
            spread = args.star is not None or bool(args.double_star)
            if not spread and all(_is_blank(values) for values in given):
                yield Deed("skip-without-reason", frame, index, "skips without a reason")
                return


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
                is_put = kind == "call" and any(isinstance(v, Class) for v in engine.read(frame, operation[1]))
                if not is_put and not held.isdisjoint(inputs):
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


def _operand(node: Node, taking: Argument) -> int | None:
    for keyword, operand in node[3]:
        if keyword in taking.keywords:
            return int(operand)
    if not 0 <= taking.position < len(node[2]) or any(starred for starred, _ in node[2][: taking.position + 1]):
        return None
    return int(node[2][taking.position][1])


def _is_blank(values: list[Value]) -> bool:
    """Whether a reason says nothing."""
    return bool(values) and all(
        isinstance(v, Const) and (v.value is None or (isinstance(v.value, str) and not v.value.strip())) for v in values
    )
