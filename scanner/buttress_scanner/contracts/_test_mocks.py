"""Using mock libraries, and skipping without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import path_of, paths_at
from buttress_scanner.contracts._test_deed import Deed
from buttress_scanner.program.arguments import Args, with_partial
from buttress_scanner.program.fixtures import LIBRARY
from buttress_scanner.program.hygiene import hygiene
from buttress_scanner.program.values import Const, External, Method, Object, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

_LOOKS = ("builtins.isinstance", "builtins.issubclass", "functools.partial")
_SKIP_MARK = "pytest.mark.skip"
_BARE_SKIPS = (_SKIP_MARK, "pytest.mark.skipif", "unittest.skip", "unittest.case.skip")
_SKIP_ERRORS = ("unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception", "_pytest.outcomes.Skipped")


class Mocks:
    """Finds uses of mock libraries."""

    def __init__(self, program: Program) -> None:
        self.engine = program.engine
        self.tables = hygiene()

    def of(self, frame: Frame) -> Iterator[Deed]:
        """Yield the uses of mock libraries in a frame."""
        for index, node in enumerate(frame.body.nodes):
            if node[0] not in ("call", "deco"):
                continue
            path = next((p for v in callees(self.engine, frame, node[1]) if (p := self._mock(v))), "")
            if path and node[0] == "call":
                yield Deed("mock", frame, index, f"uses {path}")
            elif path and frame.body.nodes[node[1]][0] != "call":
                yield Deed("mock", frame, index, f"is decorated with {path}")
            elif node[0] == "call":
                yield from self._handed_mocks(frame, node)
        for body in frame.unit.facts.bodies if frame.body.kind == "module" else ():
            yield from self._derived(frame, body)

    def _mock(self, value: Value) -> str:
        """The path of what a mock library offers; not of what it made, which was told when it was made."""
        path = path_of(self.engine, value)
        if not path or "()" in path or not self.tables.is_mock(path) or isinstance(value, Object):
            return ""
        if path.rpartition(".")[2] in self.tables.incidental:
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


class Skips:
    """Finds skips that do not say why."""

    def __init__(self, program: Program) -> None:
        self.engine = program.engine
        self.tables = hygiene()

    def of(self, frame: Frame) -> Iterator[Deed]:
        """Yield the skips of a frame that do not say why."""
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


def callees(engine: Engine, frame: Frame, node: int) -> list[Value]:
    """What a call calls; ``mocker.patch.object`` is an attribute of a method, of which the program knows nothing more."""
    values = engine.read(frame, node)
    operation = frame.body.nodes[node]
    if values or operation[0] != "attr":
        return values
    owners = [v for v in engine.read(frame, operation[1]) if isinstance(v, Method)]
    fixtures = [v for v in owners if isinstance(v.receiver, Object) and v.receiver.path in LIBRARY.values()]
    return [engine.make(External, f"{path_of(engine, v)}.{operation[2]}") for v in fixtures]


def _is_blank(values: list[Value]) -> bool:
    """Whether a reason says nothing."""
    return bool(values) and all(
        isinstance(v, Const) and (v.value is None or (isinstance(v.value, str) and not v.value.strip())) for v in values
    )
