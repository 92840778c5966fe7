"""Functions that a framework calls: what is given to the decorators that a contract names, with the wrappers inside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import path_of
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.classes import members
from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.flow_subjects import Runner, evaluated, functions_in, runners
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.values import Class, Descriptor, Function, Instance, Maker, Method, Object, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame


_MANAGING = ("__enter__", "__exit__", "__aenter__", "__aexit__")


class Decorators:
    """The decorators that a contract names.

    Each is an element of the program (``app.web:route``, ``app.web:Router.get``, ``app.main:app.post``) or of a library
    (``fastapi:FastAPI.post``, ``celery.Celery.task``).
    """

    def __init__(self, program: Program, texts: Iterable[str]) -> None:
        self.program = program
        self.engine = program.engine
        self.bodies: set[Body] = set()
        self.values: set[Value] = set()
        self.paths: set[str] = set()
        self.names: set[str] = set()
        """Forms such as ``app.get``: a member of whatever variable has that name where the decorator is used."""
        self.missing: list[str] = []
        for text in texts:
            self._read(text)

    def _read(self, text: str) -> None:
        candidates = [text] if ":" in text else [f"{text[:n]}:{text[n + 1 :]}" for n, c in enumerate(text) if c == "."]
        for candidate in reversed(candidates):
            module, _, name = candidate.partition(":")
            if any(s.matches_module(unit) for s in self.program.patterns([module]) for unit in self.program.modules):
                if not self._of_program(candidate, name):
                    self.missing.append(text)
                return
        if not any(c in text for c in "*@"):
            self.names |= {text} if ":" not in text and text.count(".") == 1 else set()
            self.paths.add(self.engine.catalogue.resolve(text.replace(":", ".")))

    def _of_program(self, text: str, name: str) -> bool:
        subjects = [s for s in self.program.subjects(text) if s.body is not None]
        self.bodies.update(s.body for s in subjects if s.body is not None)
        found = bool(subjects)
        head, _, rest = name.partition(".")
        for unit in self.program.select([text.partition(":")[0]]):
            values = module_member(self.engine, unit, head)
            for part in rest.split(".") if rest else ():
                values = [m for v in values for m in get_attribute(self.engine, v, part, (unit.frame, 0))]
            held = [v for v in values if not isinstance(v, (Class, Function))]
            found = found or bool(values)
            self.values.update(held)
            self.paths.update(path_of(self.engine, v) for v in held if not _tells_apart(v))
        self.paths.discard("")
        return found

    def is_named(self, frame: Frame, node: int) -> bool:
        """Whether an expression is written as one of the decorators is: a member of a variable of that name."""
        operation = frame.body.nodes[node]
        if not self.names or operation[0] != "attr":
            return False
        line, column, end_line, end_column = frame.body.spans[node]
        lines = frame.unit.data.splitlines()
        return line == end_line and lines[line - 1][column:end_column].decode("utf-8", "replace") in self.names

    def include(self, value: Value) -> bool:
        """Whether a value is one of the decorators, or what one of them gives when it is called with options."""
        if value in self.values:
            return True
        match value:
            case Function(body=body):
                return body in self.bodies or (value.closure is not None and value.closure.body in self.bodies)
            case Class(info=info) | Instance(info=info):
                return info.body in self.bodies
            case Method(function=Function(body=body)):
                return body in self.bodies
            case Partial(function=function) | Descriptor(function=function) | Maker(function=Function() as function):
                return self.include(function)
        path = path_of(self.engine, value)
        return bool(path) and path.replace("()", "") in self.paths


def _tells_apart(value: Value) -> bool:
    """Whether the value says of which object of a library it is, so that equal paths do not make two of them one."""
    return isinstance(value, Method) and isinstance(value.receiver, Object) and value.receiver.site is not None


def entry_points(program: Program, decorators: Decorators) -> list[Runner]:
    """What is registered by the decorators, sorted: the very value that each of them is given."""
    found: dict[tuple[str, int, int], Runner] = {}
    for frame in list(program.frames()):
        for home, values in _registered(program.engine, frame, decorators):
            for runner in runners(program.engine, frame.unit, home, values):
                found.setdefault((runner.unit.name, runner.home.index, len(found) if runner.is_wrapped else -1), runner)
    return [found[key] for key in sorted(found)]


def evaluate_managers(program: Program, entries: Iterable[Runner]) -> None:
    """Have the code of context managers that decorate entry functions evaluated, which no call in the program leads to."""
    engine = program.engine
    for runner in entries:
        for frame in (*runner.generic, *runner.calls):
            outer = defining_frame(engine, frame)
            values = [v for node in frame.body.decorators for v in engine.read(outer, node)] if outer is not None else []
            for value in values:
                held = [members(engine, value.info, name) for name in _MANAGING] if isinstance(value, Instance) else []
                for function in [v for found in held if found is not None for v in found[1]]:
                    if isinstance(function, Function):
                        evaluated(engine, function)


def _registered(engine: Engine, frame: Frame, decorators: Decorators) -> Iterator[tuple[Body | None, list[Value]]]:
    nodes = frame.body.nodes
    for index, node in enumerate(nodes):
        if node[0] == "deco" and _is_one(engine, frame, node[1], decorators):
            inner = node[2]
            while nodes[inner][0] == "deco":
                inner = nodes[inner][2]
            if nodes[inner][0] == "func":
                yield frame.unit.facts.bodies[nodes[inner][1]], engine.read(frame, node[2])
        elif node[0] == "call" and index not in frame.body.decorators and _is_one(engine, frame, node[1], decorators):
            for starred, operand in node[2]:
                values = [] if starred else [_unbound(v) for v in engine.read(frame, operand)]
                for function in functions_in(engine, [v for v in values if not isinstance(v, Instance)]):
                    yield function.body, [function]


def _unbound(value: Value) -> Value:
    """The function of a bound method: it is what the framework will call."""
    return value.function if isinstance(value, Method) else value


def _is_one(engine: Engine, frame: Frame, node: int, decorators: Decorators) -> bool:
    """Whether an expression is one of the decorators, or one of them called with options."""
    if decorators.is_named(frame, node) or any(decorators.include(v) for v in engine.read(frame, node)):
        return True
    operation = frame.body.nodes[node]
    if operation[0] != "call":
        return False
    return decorators.is_named(frame, operation[1]) or any(decorators.include(v) for v in engine.read(frame, operation[1]))
