"""The texts that callers give for a parameter: directly, spread, or through library functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.bindings import Sources, sources_of
from buttress_scanner.program.declared import default_or_declared
from buttress_scanner.program.text_trails import Follow, Named, Trail, texts_in
from buttress_scanner.program.values import (
    Box,
    Function,
    Instance,
    Running,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site


class TextArguments:
    """Looks up what calls give; ``trace`` follows a text from the place where it is given."""

    def __init__(self, engine: Engine, frames: Iterable[Frame], trace: Follow) -> None:
        self._engine = engine
        self._trace = trace
        self._callers: dict[Frame, list[Site]] = {}
        self._called: set[Body] = set()
        """What known callers run, on an object that they made or got."""
        self._made: dict[Frame, list[Site]] | None = None
        self._open: set[Frame] | None = None
        self._frames = list(frames)
        for frame in self._frames:
            if frame.key != "anybody" and self._has_receiver(frame):
                self._called.add(frame.body)
            for node, callees in frame.edges.items():
                for callee in callees:
                    self._callers.setdefault(callee, []).append((frame, node))

    def _has_receiver(self, frame: Frame) -> bool:
        cell = frame.params.get(frame.body.params[0].name) if frame.owner is not None and frame.body.params else None
        values = self._engine.values(cell) if cell is not None else []
        return any(isinstance(value, Instance) and isinstance(value.site, tuple) for value in values)

    def is_open(self, frame: Frame) -> bool:
        """Whether a method may run on any object of its class: nobody calls it on one that is known, nor what calls it."""
        if self._open is None:
            todo = [f for f in self._frames if self._starts(f)]
            self._open = set(todo)
            while todo:
                fresh = {callee for callees in todo.pop().edges.values() for callee in callees} - self._open
                self._open |= fresh
                todo += fresh
        return frame in self._open

    def _starts(self, frame: Frame) -> bool:
        return frame.body not in self._called if frame.key == "anybody" else not self._callers.get(frame)

    def _sites(self, frame: Frame) -> Sequence[Site]:
        """The calls of a function: those that make its generator or coroutine, whoever runs that."""
        if not (frame.body.is_generator or frame.body.is_async):
            return self._callers.get(frame, ())
        if self._made is None:
            self._made = {}
            for maker in (f for f in self._frames if f.active):
                for node, operation in enumerate(maker.body.nodes):
                    for value in self._engine.read(maker, node) if operation[0] == "call" else ():
                        if isinstance(value, Running):
                            self._made.setdefault(value.frame, []).append((maker, node))
        return self._made.get(frame, ()) or self._callers.get(frame, ())

    def of(self, frame: Frame, name: str, trail: Trail, follow: Follow) -> list[Named]:
        """What the callers give for a parameter: the call that was entered, or else all calls, which are then part of the way."""
        default = [Named(text) for text in texts_in(default_or_declared(self._engine, frame, name))]
        if trail.down and frame in trail.down[-1][0].edges.get(trail.down[-1][1], {}):
            given = self._argument(trail.down[-1], frame, name, Trail(trail.down[:-1], trail.busy), follow)
            return default if given is None else given
        found: list[Named] = default if frame.key == "anybody" else []
        for site in self._sites(frame):
            given = self._argument(site, frame, name, Trail(busy=trail.busy), follow)
            found += default if given is None else [Named(n.text, (site, *n.way)) for n in given]
        return found

    def _argument(self, site: Site, frame: Frame, name: str, trail: Trail, follow: Follow) -> list[Named] | None:
        """What one call gives for a parameter; None where it leaves it to the default."""
        found: list[Named] = []
        missing = True
        direct = [s for callee, s in sources_of(self._engine, site) if isinstance(callee, Function) and callee.body is frame.body]
        for sources in direct:
            given = self._given_by(sources, frame, name, trail, follow)
            missing = missing and given is None and not sources.spread
            found += self._bound(site, frame, name) if given is None and sources.spread else given or []
        if not direct:
            return self._bound(site, frame, name)
        return None if missing else found

    def _given_by(self, sources: Sources, frame: Frame, name: str, trail: Trail, follow: Follow) -> list[Named] | None:
        params = frame.body.params
        position = next(n for n, p in enumerate(params) if p.name == name)
        if params[position].kind == "vararg":
            return [n for s in sources.positional[position:] if s is not None for n in self._trace(*s, trail)]
        if params[position].kind == "kwarg":
            taken = {p.name for p in params}
            return [n for key, s in sources.keywords.items() if key not in taken for n in self._trace(*s, trail)]
        if params[position].kind != "kwonly" and position < len(sources.positional):
            place = sources.positional[position]
            return follow(*place, trail) if place is not None else []
        return follow(*sources.keywords[name], trail) if name in sources.keywords else None

    def under(self, frame: Frame, name: str, key: str) -> list[Named]:
        """What the callers give under a keyword that a parameter ``**name`` collects."""
        param = next((p for p in frame.body.params if p.name == name), None)
        found: list[Named] = []
        for site in self._sites(frame) if param is not None and param.kind == "kwarg" else ():
            for callee, sources in sources_of(self._engine, site):
                if isinstance(callee, Function) and callee.body is frame.body and key in sources.keywords:
                    given = self._trace(*sources.keywords[key], Trail())
                    found += [Named(n.text, (site, *n.way)) for n in given]
        return found

    def _bound(self, site: Site, frame: Frame, name: str) -> list[Named]:
        """What arrives in a parameter of what a library function calls, as far as it stands among the arguments there."""
        cell = frame.params.get(name)
        given = self.given_at(site)
        return [Named(text) for text in texts_in(self._engine.values(cell)) if text in given] if cell is not None else []

    def given_at(self, site: Site) -> set[str]:
        """The texts among the arguments of a call, and in the containers among them."""
        frame, node = site[0], site[1]  # that of a copy says more
        operation = frame.body.nodes[node]
        if operation[0] != "call":
            return set()
        values = Args.of(self._engine, frame, operation).all()
        inner = [e for v in values if isinstance(v, Box) for e in contents.elements(self._engine, v)]
        return set(texts_in([*values, *inner]))
