"""Texts that others put into containers, and those that classes say of themselves: who put or said them is who names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.text_trails import Follow, Named, Trail
from buttress_scanner.program.values import Box, Instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site, Unit
    from buttress_scanner.program.values import Value

_ADDING = ("append", "appendleft", "add", "insert", "setdefault", "put", "put_nowait")


class TextStores:
    """Looks up stores and classes in the solved program; ``trace`` follows a text from the place where it is given."""

    def __init__(self, engine: Engine, frames: Sequence[Frame], trace: Follow) -> None:
        self._engine = engine
        self._frames = frames
        self._trace = trace
        self._stores: dict[Box, list[Site]] | None = None

    def put(self, values: Iterable[Value], texts: Iterable[str], trail: Trail) -> list[Named]:
        """The texts that containers hold, those that somebody put there with the way from the call that names them."""
        wanted = dict.fromkeys(texts)
        boxes = [value for value in values if isinstance(value, Box)]
        sites = [site for box in boxes for site in self._put_into().get(box, ())] if wanted else []
        traced = [n for site in sites for n in self._trace(*site, Trail(busy=trail.busy)) if n.text in wanted and n.way]
        named = {n.text for n in traced}
        return [*traced, *(Named(text) for text in wanted if text not in named)]

    def _put_into(self) -> dict[Box, list[Site]]:
        """Where something is put into a container: the values that are put."""
        if self._stores is None:
            self._stores = {}
            for frame in (f for f in self._frames if f.active):
                for operation in frame.body.nodes:
                    holder, given = _store(frame, operation)
                    for value in self._engine.read(frame, holder) if holder >= 0 else ():
                        if isinstance(value, Box):
                            self._stores.setdefault(value, []).append((frame, given))
        return self._stores

    def said(self, frame: Frame, receiver: int, name: str, follow: Follow, trail: Trail) -> list[Named]:
        """What classes that a module does not know bind to an attribute which it reads of their objects, named in the class."""
        found: dict[Named, None] = {}
        for value in self._engine.read(frame, receiver):
            owners = linearise(self._engine, value.info) if isinstance(value, Instance) else ()
            owner = next((each for each in owners if name in each.body.exit), None)
            if owner is not None and self.is_stranger(frame.unit, owner.unit):
                site = (owner.frame, owner.body.exit[name])
                given = follow(*site, Trail(busy=trail.busy))
                found.update(dict.fromkeys(Named(n.text, n.way or (site,)) for n in given))
        return list(found)

    def is_stranger(self, unit: Unit, other: Unit) -> bool:
        """Whether a module gets objects of another one that it does not import itself."""
        names = {self._engine.modules.absolute(unit, i.level, i.module) for i in unit.facts.imports}
        children = {f"{self._engine.modules.absolute(unit, i.level, i.module)}.{i.name}" for i in unit.facts.imports}
        return other is not unit and other.name not in names | children


def _store(frame: Frame, operation: Node) -> tuple[int, int]:
    """The container and the value of an instruction that puts something into one; -1 where it does not."""
    if operation[0] == "setitem":
        return operation[1], operation[3]
    if operation[0] == "call" and operation[2]:
        callee = frame.body.nodes[operation[1]]
        if callee[0] == "attr" and callee[2] in _ADDING:
            return callee[1], operation[2][-1][1]
    return -1, -1
