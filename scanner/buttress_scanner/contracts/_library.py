"""What kinds that judge the use of libraries share: paths of values, operands of nodes, who calls whom with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.declared import defining_frame
from buttress_scanner.program.values import Alias, Class, Descriptor, External, Function, Instance, Method, Object, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site

_ONE = (1,)
_OPERANDS = {
    **dict.fromkeys(("attr", "iter", "unpack", "truth", "enter", "await", "yield", "yieldfrom", "declare", "matchpos"), _ONE),
    **dict.fromkeys(("aug", "bin", "cmp"), (2, 3)),
    "setattr": (1, 3), "un": (2,), "item": (1, 2), "slice": (1, 2, 3, 4), "raise": (1, 2), "setitem": (1, 2, 3),
    "narrow": (3,), "comp": (2,), "dcomp": (1, 2), "gstore": (2,), "nlstore": (2,), "exit": _ONE,
}  # fmt: skip
"""Where a node of fixed form keeps the nodes that it works on; of a store, what it stores."""
_STORED = {"setattr": (3,), "setitem": (2, 3), "gstore": (2,), "nlstore": (2,)}


def stored(node: Node) -> list[int]:
    """What a node stores outside of the local variables."""
    return [node[position] for position in _STORED.get(node[0], ())]


def arguments(node: Node) -> list[int]:
    """The nodes that a call is given."""
    return [operand for _, operand in (*node[2], *node[3])] if node[0] == "call" else []


def operands(node: Node) -> list[int]:
    """The nodes that a node works on."""
    kind = node[0]
    if kind == "call":
        return [node[1], *arguments(node)]
    if kind == "phi":
        return list(node[1])
    if kind == "seq":
        return [operand for _, operand in node[2]]
    if kind == "dict":
        return [operand for pair in node[1] for operand in pair if operand >= 0]
    if kind == "fstr":
        return list(node[1])
    if kind == "deco":
        return [node[1], node[2]]
    return [p for p in (node[position] for position in _OPERANDS.get(kind, ())) if isinstance(p, int) and p >= 0]


def path_of(engine: Engine, value: Value) -> str:
    """The dotted path of a value of a library, as the data writes it; empty for others. What a call made keeps its ``()``."""
    while isinstance(value, (Method, Partial, Alias)):
        value = value.base if isinstance(value, Alias) else value.function
    if not isinstance(value, (External, Object)):
        return ""
    return engine.catalogue.resolve(value.path)


def bases_of(engine: Engine, value: Value) -> tuple[str, ...]:
    """The library classes that a class of the program derives from, the nearest first."""
    from buttress_scanner.program.classes import linearise

    if not isinstance(value, Class):
        return ()
    linearise(engine, value.info)
    return tuple(engine.catalogue.resolve(path) for path in value.info.externals)


def leaves(body: Body, node: int) -> list[int]:
    """The nodes that a node may be, behind joins and tests."""
    found: dict[int, None] = {}
    pending = [node]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current in seen or current < 0:
            continue
        seen.add(current)
        operation = body.nodes[current]
        if operation[0] == "phi":
            pending += operation[1]
        elif operation[0] in ("narrow", "declare"):
            pending.append(operation[3] if operation[0] == "narrow" else operation[1])
        else:
            found[current] = None
    return sorted(found)


_NESTED = 3
_CALLS = ("call", "await", "iter")


def _may_run(frame: Frame, value: Value) -> bool:
    """Whether calling a value runs the body of a frame with the arguments of the call."""
    if isinstance(value, Class):
        return frame.owner is not None and frame.body.name in ("__init__", "__new__", "__post_init__")
    if isinstance(value, Instance):
        return frame.body.name == "__call__"
    while isinstance(value, (Method, Descriptor)):
        value = value.function
    return isinstance(value, Function) and value.body is frame.body


class Callers:
    """Who calls the frames of a program, and with which arguments."""

    def __init__(self, program: Program) -> None:
        self.engine = program.engine
        self._sites: dict[Frame, list[Site]] = {}
        self._called: set[Body] = set()
        for frame in program.frames():
            for node, callees in frame.edges.items():
                for callee in callees:
                    self._sites.setdefault(callee, []).append((frame, node))
                    self._called.add(callee.body)

    def of(self, frame: Frame) -> list[Site]:
        """The calls that run a frame."""
        return self._sites.get(frame, [])

    def is_called(self, frame: Frame) -> bool:
        """Whether anything in the program calls the function, in this frame or another."""
        return frame.body in self._called

    def given(self, frame: Frame, name: str) -> Iterator[tuple[Site, int | None]]:
        """For each call of a frame the node that it gives for a parameter: None where it gives none, -1 where it is not known."""
        for caller, node in self.of(frame):
            call = self._call(frame, caller, node, 0)
            yield (caller, node), -1 if call is None else _bound(frame, name, caller.body.nodes[call])

    def _call(self, frame: Frame, caller: Frame, node: int, depth: int) -> int | None:
        """The call behind a node that runs a frame: itself, or what it awaits, enters, or hands to the library to drive."""
        operation = caller.body.nodes[node]
        if operation[0] == "call" and any(_may_run(frame, v) for v in self.engine.read(caller, operation[1])):
            return node
        if depth < _NESTED and operation[0] in ("call", "await", "iter", "enter", "yieldfrom"):
            found = (self._call(frame, caller, o, depth + 1) for o in operands(operation) if caller.body.nodes[o][0] in _CALLS)
            return next((call for call in found if call is not None), None)
        return None

    def default(self, frame: Frame, name: str) -> Site | None:
        """Where the default of a parameter stands."""
        param = next((p for p in frame.body.params if p.name == name), None)
        if param is None or param.default < 0:
            return None
        around = defining_frame(self.engine, frame)
        return None if around is None else (around, param.default)


def _bound(frame: Frame, name: str, call: Node) -> int | None:
    if call[0] != "call":
        return -1
    params = [p for p in frame.body.params if p.kind in ("posonly", "pos")]
    if frame.owner is not None and params and params[0].name in ("self", "cls"):
        params = params[1:]
    for keyword, operand in call[3]:
        if keyword == name:
            return int(operand)
    position = next((n for n, p in enumerate(params) if p.name == name), -1)
    if any(starred for starred, _ in call[2][: position + 1]) or any(keyword == "" for keyword, _ in call[3]):
        return -1
    return int(call[2][position][1]) if 0 <= position < len(call[2]) else None


def paths_at(engine: Engine, frame: Frame, node: int) -> set[str]:
    """The library paths that a node can be."""
    return {path for path in (path_of(engine, v) for v in engine.read(frame, node)) if path}


def all_paths(engine: Engine, values: Iterable[Value]) -> set[str]:
    """The library paths of values, and of the library classes that classes among them derive from."""
    found: set[str] = set()
    for value in values:
        path = path_of(engine, value)
        found |= {path} if path else set(bases_of(engine, value))
    return found
