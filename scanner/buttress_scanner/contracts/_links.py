"""Links of a chain: which code and which objects belong to which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import is_record, linearise
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.flow_exceptions import BASE, Exceptions
from buttress_scanner.program.values import Class, Descriptor, Function, Instance, Maker, Method, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Frame, Unit

_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "model_post_init", "__init_subclass__"})
Exactness = tuple[int, int, int]
_NONE: tuple[Exactness, int] = ((-1, 0, 0), -1)


def is_constructor(frame: Frame) -> bool:
    """Whether the frame is part of what constructing an object does."""
    return frame.owner is not None and frame.body.name in _CONSTRUCTORS


@dataclass(slots=True)
class Links:
    """The links of one chain, top first; of several that hold some code the most exact one counts."""

    program: Program
    names: tuple[str, ...]
    modules: list[tuple[int, Selector]] = field(default_factory=list)
    bodies: dict[Body, int] = field(default_factory=dict)
    methods: list[tuple[int, ClassInfo, str]] = field(default_factory=list)
    classes: dict[ClassInfo, int] = field(default_factory=dict)
    _infos: dict[Body, list[ClassInfo]] = field(default_factory=dict)
    _of_body: dict[Body, int] = field(default_factory=dict)
    _of_class: dict[ClassInfo, int] = field(default_factory=dict)
    _exceptions: Exceptions | None = None

    def build(self) -> list[str]:
        """Read the links off the program; give back those that it does not have."""
        self.program.solve()
        for info in self.program.engine.classes.values():
            self._infos.setdefault(info.body, []).append(info)
        return [text for number, text in enumerate(self.names) if not self._add(number, text)]

    def _add(self, number: int, text: str) -> bool:
        found = False
        for selector in self.program.patterns([text]):
            if selector.name is None or selector.name == "*":
                self.modules.append((number, selector))
                found |= any(selector.matches_module(name) for name in self.program.modules)
                continue
            for subject in self.program.subjects(str(selector)):
                body = subject.body
                if body is None:
                    continue
                found = True
                if body.kind == "class":
                    self.classes.update((info, number) for info in self._infos.get(body, ()))
                else:
                    self.bodies[body] = number
                    owner = subject.unit.facts.bodies[body.parent] if body.parent >= 0 else None
                    self.methods += [(number, info, body.name) for info in self._infos.get(owner, ())] if owner else []
        return found

    # --- what belongs to which link

    def of_frame(self, frame: Frame) -> int:
        """The link whose code a frame runs; -1 for code outside of the chain.

        A method that a link inherits from outside of the chain is the link's own, when it runs for its objects.
        """
        found = self.of_body(frame.unit, frame.body)
        if found >= 0 or frame.owner is None or not frame.body.params:
            return found
        cell = frame.params.get(frame.body.params[0].name)
        values = self.program.engine.values(cell) if cell is not None else []
        links = {self.of_class(v.info) if isinstance(v, (Instance, Class)) else -1 for v in values}
        return links.pop() if len(links) == 1 else -1

    def of_body(self, unit: Unit, body: Body) -> int:
        """The link that holds a body, -1 for none."""
        if body not in self._of_body:
            self._of_body[body] = max(self._candidates(unit, body), default=_NONE)[1]
        return self._of_body[body]

    def _candidates(self, unit: Unit, body: Body) -> Iterable[tuple[Exactness, int]]:
        depth, current = 0, body
        while True:
            if current in self.bodies:
                yield (3, -depth, 0), self.bodies[current]
            holder = unit.facts.bodies[current.parent] if current.parent >= 0 else None
            for info in self._infos.get(holder, ()) if holder is not None else ():
                lineage = linearise(self.program.engine, info)
                yield from (
                    ((3, -depth, -lineage.index(owner)), number)
                    for number, owner, name in self.methods
                    if name == current.name and owner in lineage
                )
            for info in self._infos.get(current, ()):
                yield from self._by_lineage(info, depth)
            if holder is None:
                break
            current, depth = holder, depth + 1
        yield from self._by_module(unit)

    def _by_lineage(self, info: ClassInfo, depth: int) -> Iterable[tuple[Exactness, int]]:
        for distance, owner in enumerate(linearise(self.program.engine, info)):
            if owner in self.classes:
                yield (2, -depth, -distance), self.classes[owner]

    def _by_module(self, unit: Unit) -> Iterable[tuple[Exactness, int]]:
        for number, selector in self.modules:
            if selector.matches_module(unit.name):
                segments = selector.module.split(".")
                yield (1, sum("*" not in s for s in segments), segments.count("*")), number

    def of_class(self, info: ClassInfo) -> int:
        """The link to which objects of a class belong, -1 for none."""
        if info not in self._of_class:
            candidates = [*self._by_lineage(info, 0), *self._by_module(info.unit)]
            self._of_class[info] = max(candidates, default=_NONE)[1]
        return self._of_class[info]

    def constructed(self, info: ClassInfo) -> int:
        """The link that is called when an object of the class is made; values that a module only defines belong to nobody."""
        if any(owner in self.classes for owner in linearise(self.program.engine, info)) or not self._is_value(info):
            return self.of_class(info)
        return -1

    def _is_value(self, info: ClassInfo) -> bool:
        """Whether objects of a class are plain values: exceptions, members of enums, records."""
        engine = self.program.engine
        if self._exceptions is None:
            self._exceptions = Exceptions(engine)
        linearise(engine, info)
        is_exception = any(BASE in self._exceptions.ancestors(path) for path in info.externals if path.startswith("builtins."))
        return is_exception or is_enum(engine, info) or is_record(engine, info)

    def of_value(self, value: Value) -> int:
        """The link that runs when a value is called, -1 where that is none or not known."""
        match value:
            case Method(function=function, receiver=Instance(info=info) | Class(info=info)):
                found = self.of_value(function)
                return self.of_class(info) if found < 0 else found
            case Method(function=function) | Partial(function=function) | Descriptor(function=function):
                return self.of_value(function)
            case Maker(function=Function() as function):
                return self.of_value(function)
            case Function(unit=unit, body=body):
                return self.of_body(unit, body)
            case Class(info=info):
                return self.constructed(info)
        return -1
