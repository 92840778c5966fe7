"""Who calls whom with what, who stores what where, and who makes objects: indexes over all frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program.carrying import Carrying, operands_of
from buttress_scanner.program.values import Class, Function, Instance, Method, Running, Value

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.frames import Frame, Site


@dataclass(slots=True)
class Callers(Carrying):
    """Answers for the live frames of a program."""

    frames: list[Frame]
    _callers: dict[Frame, list[Site]] | None = None
    _called_bodies: set[Body] | None = None
    _runs: dict[Frame, list[Site]] = field(default_factory=dict)
    _stores: dict[str, list[Site]] = field(default_factory=dict)
    _made: dict[object, list[Site]] = field(default_factory=dict)
    _globals: dict[str, list[Site]] = field(default_factory=dict)
    _fillings: dict[Value, list[Site]] = field(default_factory=dict)

    def callers(self, frame: Frame) -> list[Site]:
        """The places that call a frame."""
        if self._callers is None:
            self._callers = {}
            for caller in self.frames:
                self._index(caller, self._callers)
            for site, changed in (self.engine.changes or {}).items():
                for target in changed:
                    self._fillings.setdefault(target, []).append(site)
        return self._callers.get(frame, [])

    def is_called(self, body: Body) -> bool:
        """Whether the program calls a function with arguments of which something is known, and not only itself."""
        if self._called_bodies is None:
            self._called_bodies = self._reached()
        return body in self._called_bodies

    def _reached(self) -> set[Body]:
        """The functions that are called from where somebody starts: modules that are loaded, and functions that nobody calls."""
        known = {callee.body for callee in self._callers or () if callee.key != "anybody"}
        queue = [f for f in self.frames if f.body.kind in ("module", "class") or (f.key == "anybody" and f.body not in known)]
        seen, found = set(queue), set()
        while queue:
            for callees in queue.pop().edges.values():
                for callee in callees:
                    if callee.key != "anybody":
                        found.add(callee.body)
                    if callee not in seen:
                        seen.add(callee)
                        queue.append(callee)
        return found

    def _index(self, frame: Frame, callers: dict[Frame, list[Site]]) -> None:
        for place, callees in frame.edges.items():
            for callee, how in callees.items():
                if how != "class body":
                    callers.setdefault(callee, []).append((frame, place))
        for index, node in enumerate(frame.body.nodes):
            match node[0]:
                case "setattr":
                    self._stores.setdefault(node[2], []).append((frame, index))
                case "gstore" | "nlstore":
                    self._globals.setdefault(node[1], []).append((frame, index))
                case "call":
                    for value in self.values(frame, index):
                        if isinstance(value, Running):
                            self._runs.setdefault(value.frame, []).append((frame, index))
                        elif isinstance(value, Instance) and isinstance(value.site, tuple) and value.site[:2] == (frame, index):
                            self._made.setdefault(value.info, []).append((frame, index))

    def made(self, info: object) -> list[Site]:
        """The calls that make objects of a class."""
        return self._made.get(info, [])

    def call_nodes(self, callee: Frame, frame: Frame, node: int) -> list[Site]:
        """Where a frame got its arguments that runs at a node: for generators and coroutines where they were made."""
        if (callee.body.is_generator or callee.body.is_async) and callee in self._runs:
            near = [site for site in self._runs[callee] if site[0] is frame]
            return near or self._runs[callee]
        return [(frame, node)]

    def given(self, callee: Frame, site: Site, name: str) -> list[int]:
        """The operands of a place that a parameter of a frame which it calls can take."""
        frame, index = site
        node = frame.body.nodes[index]
        if node[0] != "call":
            return operands_of(node)
        params = [p.name for p in callee.body.params if p.kind in ("pos", "posonly")]
        spread = any(starred for starred, _ in node[2]) or any(not key for key, _ in node[3])
        keyword = [o for key, o in node[3] if key == name]
        if keyword:
            return keyword
        shift = None if spread or name not in params else self._shift(callee, frame, node[1])
        if shift is None:
            return [*operands_of(node), index]
        position = params.index(name) - shift
        if position < 0:
            return [index] if self._constructs(frame, node[1]) else [node[1]]
        return [node[2][position][1]] if position < len(node[2]) else []

    def _shift(self, callee: Frame, frame: Frame, node: int) -> int | None:
        """How many parameters come before the first argument; None where it cannot be told."""
        found: set[int | None] = set()
        for value in self.values(frame, node):
            match value:
                case Function(body=body) if body is callee.body:
                    found.add(0)
                case Method(function=Function(body=body)) if body is callee.body:
                    found.add(1)
                case Class():
                    found.add(1)
                case Function() | Method(function=Function()):
                    continue
                case _:
                    found.add(None)
        return found.pop() if len(found) == 1 else None

    def _constructs(self, frame: Frame, node: int) -> bool:
        return any(isinstance(v, Class) for v in self.values(frame, node))
