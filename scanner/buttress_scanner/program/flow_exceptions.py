"""Exceptions and handlers: which classes are raised, and which handler catches what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.flow_state import ANYTHING, Exc, Outcome
from buttress_scanner.program.frames import ClassInfo
from buttress_scanner.program.values import Box, Class, External, Instance, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

Key = str | ClassInfo
BASE = "builtins.BaseException"
ERROR = "builtins.Exception"
_NESTING = 3
_ELSEWHERE = ("builtins.KeyboardInterrupt", "builtins.SystemExit")
"""What a synchronous function may meet that is no `Exception`."""


class Exceptions:
    """The hierarchy of exceptions of program and libraries."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ancestors: dict[Key, frozenset[Key]] = {}

    def ancestors(self, key: Key) -> frozenset[Key]:
        """The class and all its bases; of a class about which nothing is known, `Exception` is assumed to be one."""
        found = self._ancestors.get(key)
        if found is None:
            found = self._ancestors[key] = frozenset(self._of_class(key) if isinstance(key, ClassInfo) else self._of_path(key))
        return found

    def _of_class(self, info: ClassInfo) -> set[Key]:
        found: set[Key] = set(linearise(self.engine, info))
        for path in info.externals or (ERROR,):
            found |= self.ancestors(ERROR if path == "?" else path)
        return found

    def _of_path(self, path: str) -> set[Key]:
        path = self.engine.catalogue.resolve(path)
        bases = self.engine.catalogue.bases(path)
        if not bases and path != BASE:
            bases = (ERROR,)
        found: set[Key] = {path}
        for base in bases:
            if base != "builtins.object":
                found |= self.ancestors(base)
        return found

    def types(self, values: Iterable[Value], depth: int = 0) -> list[Key | None]:
        """The classes that the values of a handler's type expression name; None for what is not known."""
        found: list[Key | None] = []
        for value in values:
            match value:
                case Class(info=info):
                    found.append(info)
                case External(path=path):
                    found.append(self.engine.catalogue.resolve(path))
                case Box() if depth < _NESTING:
                    found += self.types(contents.elements(self.engine, value), depth + 1)
                case _:
                    found.append(None)
        return found or [None]

    def raised(self, frame: Frame, node: int) -> tuple[Exc, ...]:
        """What ``raise <node>`` raises."""
        exact = frame.body.nodes[node][0] == "call"
        found: list[Exc] = []
        for value in self.engine.read(frame, node):
            match value:
                case Class(info=info):
                    found.append(Exc(info, exact=True))
                case External(path=path):
                    found.append(Exc(self.engine.catalogue.resolve(path), exact=True))
                case Instance(info=info):
                    found.append(Exc(info, exact))
                case Object(path=path) if not path.endswith(")"):
                    found.append(Exc(self.engine.catalogue.resolve(path), exact))
                case _:
                    return ANYTHING
        return tuple(dict.fromkeys(x for e in found for x in (ANYTHING if e == Exc(BASE) else (e,)))) or ANYTHING

    def catch(self, kind: Key | None, exc: Exc) -> tuple[bool, Exc] | None:
        """Whether a handler of this class catches the exception: None for never, else (surely, what it is then)."""
        if kind is None:
            return False, exc
        if exc.key == "*":
            if kind == BASE:
                return True, exc
            return None if ERROR in self.ancestors(kind) else (False, Exc(kind))
        if kind in self.ancestors(exc.key):
            return True, exc
        if not exc.exact and exc.key in self.ancestors(kind):
            return False, Exc(kind)
        return None

    def refined(self, outcomes: set[Outcome]) -> set[Outcome]:
        """What a node may do, with the exceptions told apart that the analysis is about; here none are."""
        return outcomes

    def includes(self, vague: Exc, exc: Exc) -> bool:
        """Whether the one, which may be of any class below, stands for the other as well."""
        return vague != exc and not vague.exact and vague.key != "*" != exc.key and vague.key in self.ancestors(exc.key)

    def exhausted(self, kinds: Sequence[Key | None], *, is_async: bool, is_generator: bool) -> bool:
        """Whether handlers of these classes together leave nothing that is no `Exception`."""
        needed = [
            *_ELSEWHERE,
            *(["asyncio.CancelledError"] if is_async else []),
            *(["builtins.GeneratorExit"] if is_generator else []),
        ]
        return all(name in kinds for name in needed)
