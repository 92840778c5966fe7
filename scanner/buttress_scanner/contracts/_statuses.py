"""Responses and their statuses: what makes a response, which status it has, and who has chosen that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import Callers, bases_of, leaves, path_of, paths_at
from buttress_scanner.program.arguments import Args, with_partial
from buttress_scanner.program.classes import members, subclasses
from buttress_scanner.program.contents import known_items
from buttress_scanner.program.enums import enum_value
from buttress_scanner.program.flow_subjects import functions_in
from buttress_scanner.program.responses import responses
from buttress_scanner.program.values import Box, Class, Const, External, Instance, Member, Method, Partial, Value, is_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.responses import Taking, Views

_DEPTH = 8
_NUMBERS = ("builtins.int", "builtins.str")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response with a status that matters: where that was chosen, and where the response is made."""

    chosen: Site
    made: Site
    status: int


class Statuses:
    """Finds the responses of a program whose status is one of a set."""

    def __init__(self, program: Program, wanted: Iterable[int]) -> None:
        self.program = program
        self.engine = program.engine
        self.wanted = frozenset(wanted)
        self.tables = responses()
        self.callers = Callers(program)
        self.unknown: dict[Site, None] = {}
        self.seen: set[tuple[str, int, int]] = set()
        """The responses that were looked at: module, body, node."""

    def answers(self) -> Iterator[Answer]:
        """Yield every response with such a status; more than once if more than one call leads to it."""
        views = self._views()
        for frame in self.program.frames():
            for index, node in enumerate(frame.body.nodes):
                handler = _HANDLERS.get(node[0])
                if handler is not None:
                    yield from handler(self, frame, index, node)
            for view in views.get(frame.body, ()):
                yield from self._returned(frame, view)
        yield from self._class_attributes()

    # --- statuses

    def of_values(self, values: Iterable[Value]) -> set[int]:
        """The statuses that values stand for."""
        found: set[int] = set()
        for value in values:
            if isinstance(value, Member):
                found |= self.of_values(v for v in enum_value(self.engine, value.info, value.name) if not isinstance(v, Member))
            elif isinstance(value, Const):
                number = _number(value.value)
                found |= set() if number is None else {number}
            else:
                path = path_of(self.engine, value)
                named = self.tables.status_of(path) if path else None
                found |= set() if named is None else {named}
        return found

    def of_node(self, frame: Frame, node: int, depth: int = 0) -> set[int]:
        """The statuses that a node can be."""
        found = self.of_values(self.engine.read(frame, node))
        if depth > _DEPTH:
            return found
        for leaf in leaves(frame.body, node):
            operation = frame.body.nodes[leaf]
            if operation[0] == "call" and len(operation[2]) == 1 and self._converts(frame, operation[1]):
                found |= self.of_node(frame, operation[2][0][1], depth + 1)
            elif operation[0] == "item" and any(map(self.tables.is_enum, paths_at(self.engine, frame, operation[1]))):
                owners = paths_at(self.engine, frame, operation[1])
                names = [v.value for v in self.engine.read(frame, operation[2]) if isinstance(v, Const)]
                found |= {s for o in owners for n in names if (s := self.tables.status_of(f"{o}.{n}")) is not None}
            elif operation[0] == "attr":
                found |= self._of_attribute(frame, operation, depth)
            elif operation[0] == "global":
                found |= self._of_variable(frame, operation[1], depth)
        return found

    def _of_attribute(self, frame: Frame, operation: Node, depth: int) -> set[int]:
        """The status in an attribute: the value of a name, or what a subclass of a declared class has there."""
        if operation[2] in ("value", "_value_"):
            return self.of_node(frame, operation[1], depth + 1)
        found: set[int] = set()
        for value in self.engine.read(frame, operation[1]):
            if isinstance(value, Instance) and is_declared(value.site):
                for info in subclasses(self.engine, value.info):
                    node = info.body.exit.get(operation[2])
                    found |= self.of_node(info.frame, node, depth + 1) if node is not None else set()
                    found |= self.of_values(self.engine.values(self.engine.slot("any", info, operation[2])))
        return found

    def _converts(self, frame: Frame, callee: int) -> bool:
        return any(p in _NUMBERS or self.tables.is_enum(p) for p in paths_at(self.engine, frame, callee))

    def _of_variable(self, frame: Frame, name: str, depth: int) -> set[int]:
        module = frame.unit.frame
        node = module.body.exit.get(name)
        if node is None or module.body.nodes[node][0] in ("global", "from", "import", "func", "class"):
            return set()
        return self.of_node(module, node, depth + 1)

    # --- whose choice

    def chosen(self, frame: Frame, node: int, made: Site) -> Iterator[Answer]:
        """Yield who chose a wanted status at a node: the place itself, or those that hand it over."""
        yield from self._chosen(frame, node, made, made, 0)

    def _chosen(self, frame: Frame, node: int, place: Site, made: Site, depth: int) -> Iterator[Answer]:
        for leaf in leaves(frame.body, node):
            operation = frame.body.nodes[leaf]
            if operation[0] == "param" and depth < _DEPTH:
                yield from self._handed(frame, operation[1], place, made, depth)
                continue
            if operation[0] == "call" and len(operation[2]) == 1 and self._converts(frame, operation[1]):
                yield from self._chosen(frame, operation[2][0][1], place, made, depth + 1)
                continue
            for status in sorted(self.of_node(frame, leaf) & self.wanted):
                yield Answer(place, made, status)

    def _handed(self, frame: Frame, name: str, place: Site, made: Site, depth: int) -> Iterator[Answer]:
        is_default = not self.callers.is_called(frame)
        for (caller, call), operand in self.callers.given(frame, name):
            if operand is None:
                is_default = True
            elif operand >= 0:
                yield from self._chosen(caller, operand, (caller, call), made, depth + 1)
            else:
                cell = frame.params.get(name)
                values = self.engine.values(cell) if cell is not None else []
                spread = Args.of(self.engine, caller, caller.body.nodes[call]) if caller.body.nodes[call][0] == "call" else None
                given = spread.keywords.get(name, []) if spread is not None else []
                for status in sorted(self.of_values(given or values) & self.wanted):
                    yield Answer((caller, call) if given else place, made, status)
        default = self.callers.default(frame, name) if is_default else None
        for status in sorted(self.of_node(*default) & self.wanted) if default is not None else ():
            yield Answer(place, made, status)

    # --- what makes a response

    def _call(self, frame: Frame, index: int, node: Node) -> Iterator[Answer]:
        for value in self.engine.read(frame, node[1]):
            for path, offset in self._called(value):
                fixed = self.tables.fixed.get(path)
                if fixed is not None:
                    self._saw(frame, index)
                    if fixed in self.wanted:
                        yield Answer((frame, index), (frame, index), fixed)
                taking = self.tables.makers.get(path) or self.tables.routes.get(path)
                if taking is not None:
                    self._saw(frame, index)
                    yield from self._taken(frame, index, value, taking, offset)
                if path == "builtins.setattr" and len(node[2]) == 3:
                    (_, owner), (_, name), (_, stored) = node[2]
                    for text in self.engine.read(frame, name):
                        if isinstance(text, Const):
                            yield from self._stored(frame, index, ("setattr", owner, text.value, stored))

    def _called(self, value: Value) -> Iterator[tuple[str, int]]:
        """The paths of what a call runs, with the arguments that come before the first one there."""
        if isinstance(value, Class):
            if not self._constructs_itself(value):
                yield from ((path, 0) for path in bases_of(self.engine, value))
            return
        path = path_of(self.engine, value)
        if path.endswith(".__init__"):
            yield path.removesuffix(".__init__"), 0 if isinstance(value, Method) else 1
        elif path and not path.endswith("()"):
            yield path.replace("()", ""), 0

    def _constructs_itself(self, value: Class) -> bool:
        """Whether a class has a constructor of its own, whose call of the one behind it is looked at, or its own status."""
        names = ("__init__", "status_code", "code")
        return any(members(self.engine, value.info, name) is not None for name in names)

    def _taken(self, frame: Frame, index: int, callee: Value, taking: Taking, offset: int) -> Iterator[Answer]:
        """The status that a call gives."""
        node = frame.body.nodes[index]
        if taking.in_tuple:
            yield from self._in_tuple(frame, index, node)
        operand = _operand(node, taking, offset)
        if operand is not None:
            if not self.of_node(frame, operand):
                self.unknown.setdefault((frame, operand))
            yield from self.chosen(frame, operand, (frame, index))
            return
        args = Args.of(self.engine, frame, node)
        if isinstance(callee, Partial):
            args = with_partial(self.engine, callee, args)
        values = args.keywords.get(taking.keyword, [])
        if not values and 0 <= taking.position + offset < len(args.positional) and taking.position >= 0:
            values = args.positional[taking.position + offset]
        for status in sorted(self.of_values(values) & self.wanted):
            yield Answer((frame, index), (frame, index), status)

    def _in_tuple(self, frame: Frame, index: int, node: Node) -> Iterator[Answer]:
        for _, operand in node[2][:1]:
            yield from self._of_tuples(frame, operand, 1)

    def _raised(self, frame: Frame, index: int, node: Node) -> Iterator[Answer]:
        for value in self.engine.read(frame, node[1]) if node[1] >= 0 else ():
            status = self.tables.fixed.get(path_of(self.engine, value)) if isinstance(value, External) else None
            if status is not None:
                self._saw(frame, index)
            if status in self.wanted and status is not None:
                yield Answer((frame, index), (frame, index), status)

    def _stored(self, frame: Frame, index: int, node: Node) -> Iterator[Answer]:
        paths = set()
        for value in self.engine.read(frame, node[1]):
            paths |= (
                set(bases_of(self.engine, self.engine.make(Class, value.info, True))) if isinstance(value, Instance) else set()
            )
            paths.add(path_of(self.engine, value))
        names = {name for path in paths for name in self._attributes(path)}
        if node[2] in names:
            self._saw(frame, index)
            yield from self.chosen(frame, node[3], (frame, index))

    def _attributes(self, path: str) -> frozenset[str]:
        return self.tables.attributes.get(path) or self.tables.attributes.get(path.removesuffix("()"), frozenset())

    def _class_attributes(self) -> Iterator[Answer]:
        for info in sorted(self.engine.classes.values(), key=lambda i: (i.unit.name, i.body.index)):
            bases = bases_of(self.engine, self.engine.make(Class, info, True))
            for name in sorted({n for path in bases for n in self.tables.attributes.get(path, ())}):
                node = info.body.exit.get(name)
                if node is not None:
                    for status in sorted(self.of_node(info.frame, node) & self.wanted):
                        yield Answer((info.frame, node), (info.frame, node), status)

    # --- views

    def _views(self) -> dict[Body, list[Views]]:
        """The functions whose tuples are responses."""
        found: dict[Body, list[Views]] = {}
        for frame in self.program.frames():
            for node in frame.body.nodes:
                if node[0] == "deco" or node[0] == "call":
                    for view in self.tables.views:
                        for body in self._registered(frame, node, view):
                            found.setdefault(body, []).append(view)
        for info in self.engine.classes.values():
            bases = set(bases_of(self.engine, self.engine.make(Class, info, True)))
            for view in self.tables.views:
                if bases & view.bases:
                    for body in info.unit.facts.bodies:
                        if body.parent == info.body.index and body.name in view.methods:
                            found.setdefault(body, []).append(view)
        return found

    def _registered(self, frame: Frame, node: Node, view: Views) -> Iterator[Body]:
        paths = {p.replace("()", "") for p in paths_at(self.engine, frame, node[1])}
        if node[0] == "deco" and paths & view.decorators:
            yield from (f.body for f in functions_in(self.engine, self.engine.read(frame, node[2])))
        elif node[0] == "call" and paths & view.registrations:
            operands = [operand for _, operand in (*node[2], *node[3])]
            yield from (f.body for o in operands for f in functions_in(self.engine, self.engine.read(frame, o)))

    def _returned(self, frame: Frame, view: Views) -> Iterator[Answer]:
        for node in frame.body.returns:
            yield from self._of_tuples(frame, node, view.index)

    def _of_tuples(self, frame: Frame, node: int, index: int) -> Iterator[Answer]:
        """The statuses in the tuples that a node can be."""
        for value in self.engine.read(frame, node):
            if not isinstance(value, Box) or value.kind != "tuple":
                continue
            site = value.site if isinstance(value.site, tuple) and len(value.site) == 2 else None
            operation = site[0].body.nodes[site[1]] if site is not None and hasattr(site[0], "body") else None
            if site is not None and operation is not None and operation[0] == "seq":
                if index < len(operation[2]):
                    self._saw(*site)
                    yield from self.chosen(site[0], operation[2][index][1], site)
            else:
                for status in sorted(self.of_values(known_items(self.engine, value).get(index, [])) & self.wanted):
                    yield Answer((frame, node), (frame, node), status)

    def _saw(self, frame: Frame, index: int) -> None:
        self.seen.add((frame.unit.name, frame.body.index, index))


_HANDLERS: dict[str, Callable[[Statuses, Frame, int, Node], Iterator[Answer]]] = {
    "call": Statuses._call,  # noqa: SLF001
    "raise": Statuses._raised,  # noqa: SLF001
    "setattr": Statuses._stored,  # noqa: SLF001
}


def _operand(node: Node, taking: Taking, offset: int) -> int | None:
    """The node that a call gives for the status; None where it gives none, or it is not known which."""
    for keyword, operand in node[3]:
        if keyword and keyword == taking.keyword:
            return int(operand)
    position = taking.position + offset
    if taking.position < 0 or position >= len(node[2]) or any(starred for starred, _ in node[2][: position + 1]):
        return None
    return int(node[2][position][1])


def _number(value: object) -> int | None:
    """The status in a constant: a number, or the beginning of ``"500 Internal Server Error"``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    head = value.partition(" ")[0] if isinstance(value, str) else ""
    return int(head) if len(head) == 3 and head.isdigit() else None
