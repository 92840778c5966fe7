"""Arguments of constructors that objects keep without a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._family import is_abstract, is_mutable, is_proxy
from buttress_scanner.contracts._making import CONSTRUCTORS, SETTERS
from buttress_scanner.contracts._owning import DEEPEST, VALIDATING, Owning
from buttress_scanner.program.carrying import operands_of
from buttress_scanner.program.classes import fields, is_record, linearise, members
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import Alias, Box, BoxMethod, Const, External, Instance, Namespace, Super, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.frames import ClassInfo, Frame

_SETTERS = ("builtins.setattr", "builtins.object.__setattr__")


@dataclass(slots=True)
class KeptInputs(Owning):
    """Answers for the classes of one contract."""

    def places(self) -> Iterator[tuple[Frame, int, str, bool]]:
        """Yield every place that keeps a mutable argument of a constructor: where, which, and whether it is certain."""
        stored: dict[tuple[str, int, int], tuple[Frame, int, str, bool]] = {}
        for frame in self.program.frames():
            for node, value in self._stores(frame):
                for holder, name in self._arguments(frame, value, 0):
                    proven = self._is_mutable_argument(holder, name)
                    if proven is not None:
                        key = (frame.unit.name, frame.body.index, node)
                        stored[key] = (frame, node, name, proven or (key in stored and stored[key][3]))
        yield from stored.values()
        for info in sorted(self.family.infos, key=lambda i: (i.unit.name, i.body.index, i.order)):
            yield from self._fields(info)

    def _stores(self, frame: Frame) -> Iterator[tuple[int, int]]:
        """Yield (place, stored value) for every store to a guarded object."""
        for index, node in enumerate(frame.body.nodes):
            if (node[0] == "setattr" and self._guarded(frame, node[1])) or (
                node[0] == "setitem" and self._namespace(frame, node[1])
            ):
                yield index, node[3]
            elif node[0] == "call" and len(node[2]) > 1:
                yield from self._called_stores(frame, index, node)

    def _called_stores(self, frame: Frame, index: int, node: Node) -> Iterator[tuple[int, int]]:
        operands = operands_of(node)
        for value in self._values(frame, operands[0]):
            bound = isinstance(value, BoxMethod) and value.name == "__setattr__" and self.family.guards(value.box)
            path = value.path if isinstance(value, External) else ""
            if bound or (path in _SETTERS and len(operands) > 3 and self._guarded(frame, operands[1])):
                yield index, operands[-1 if not bound else 2]
                return

    def _arguments(self, frame: Frame, node: int, depth: int) -> Iterator[tuple[Frame, str]]:
        """The parameters of constructors that a value is, uncopied."""
        operation = frame.body.nodes[node]
        if depth > DEEPEST:
            return
        match operation[0]:
            case "param":
                yield from self._of_parameter(frame, operation[1], depth)
            case "phi" | "narrow" | "declare":
                for operand in operands_of(operation):
                    if operand < node or depth < 2:
                        yield from self._arguments(frame, operand, depth + 1)
            case "call":
                for operand in self._given_back(frame, node):
                    yield from self._arguments(frame, operand, depth + 1)

    def _of_parameter(self, frame: Frame, name: str, depth: int) -> Iterator[tuple[Frame, str]]:
        if self._is_constructor(frame):
            yield frame, name
            return
        for caller, place in self.origins.callers(frame):
            if caller.body.nodes[place][0] == "call" and self.making.is_writer(caller):
                for operand in self.origins.given(frame, (caller, place), name):
                    if operand != place:
                        yield from self._arguments(caller, operand, depth + 1)

    def _is_constructor(self, frame: Frame) -> bool:
        if frame.owner is None or frame.owner not in self.related:
            return False
        listed = frame.body.name in CONSTRUCTORS or (self.making.is_writer(frame) and frame.body.name not in SETTERS)
        return listed or self.making.makes(frame)

    def _is_mutable_argument(self, frame: Frame, name: str) -> bool | None:
        """Whether a parameter takes a mutable container: True, False if it cannot be excluded, None if it does not."""
        param = next((p for p in frame.body.params if p.name == name), None)
        if param is None or param.kind in ("vararg", "kwarg") or frame.body.params[0] is param:
            return None
        given = [
            v
            for each in self.frames_of.get(frame.body, ())
            if each.key != "anybody" and name in each.params
            for v in each.params[name].values
        ]
        declared = self._declared(frame, param.annotation)
        if any(is_mutable(self._engine, v) for v in declared):
            return True
        if any(is_mutable(self._engine, v) for v in given):
            return None if declared and not any(map(is_abstract, declared)) else True
        if any(isinstance(v, Box) and not is_abstract(v) for v in given):
            return None
        return False if any(map(is_abstract, declared)) else None

    def _declared(self, frame: Frame, annotation: int) -> list[Value]:
        owner = frame.owner.frame if frame.owner is not None else frame.unit.frame
        return instantiate(self._engine, owner, annotation) if annotation >= 0 else []

    # --- fields of records

    def _fields(self, info: ClassInfo) -> Iterator[tuple[Frame, int, str, bool]]:
        """Yield the mutable fields of a record whose constructor is made by a library that does not copy."""
        engine = self._engine
        if not is_record(engine, info) or members(engine, info, "__init__") is not None:
            return
        if any(path.startswith(VALIDATING) for path in info.externals):
            return
        for name, owner, annotation, default in fields(engine, info):
            is_given = (
                owner is info and not self._is_passed_only(owner, annotation) and not self._takes_no_argument(owner, default)
            )
            if not is_given or self._is_replaced(info, name):
                continue
            declared = instantiate(engine, owner.frame, annotation)
            if any(is_mutable(engine, v) for v in declared):
                yield owner.frame, annotation, name, True
            elif any(map(is_abstract, declared)) and self._may_get_mutable(info, name):
                yield owner.frame, annotation, name, False

    def _is_passed_only(self, owner: ClassInfo, annotation: int) -> bool:
        """Whether a field only passes its argument to the hook behind the constructor."""
        values = self._engine.read(owner.frame, annotation)
        named = [v.base if isinstance(v, Alias) else v for v in values]
        return any(isinstance(v, External) and v.path.endswith(".InitVar") for v in named)

    def _may_get_mutable(self, info: ClassInfo, name: str) -> bool:
        """Whether a field that is declared as read only may be given a container that can be changed."""
        given = [
            v
            for site in self.origins.made(info)
            for v in self._engine.values(self._engine.slot("of", self._engine.instance(info, site), name))
        ]
        known = [v for v in given if isinstance(v, Box) and not is_abstract(v)]
        return not known or any(is_mutable(self._engine, v) or (is_proxy(v) and self._shows_argument(v)) for v in known)

    def _shows_argument(self, proxy: Value) -> bool:
        """Whether a view was made of a container that somebody else has: not of a copy made in the same expression."""
        site = proxy.site if isinstance(proxy, Box) else None
        if not isinstance(site, tuple) or isinstance(site[0], str):
            return False
        frame, node = site[0], site[1]
        given = [o for _, o in frame.body.nodes[node][2]]
        return any(frame.body.nodes[o][0] not in ("call", "dict", "dcomp") for o in given)

    def _takes_no_argument(self, owner: ClassInfo, default: int) -> bool:
        """Whether a field is set by other means than an argument, or what it gets is converted."""
        node = owner.body.nodes[default] if default >= 0 else ("const", None)
        while node[0] == "declare" and node[1] >= 0:
            node = owner.body.nodes[node[1]]
        if node[0] != "call":
            return False
        for keyword, operand in node[3]:
            values = self._engine.read(owner.frame, operand)
            if keyword == "converter" and not any(isinstance(v, Const) and v.value is None for v in values):
                return True
            if keyword == "init" and any(isinstance(v, Const) and v.value is False for v in values):
                return True
        return False

    def _is_replaced(self, info: ClassInfo, name: str) -> bool:
        """Whether a hook that runs after the constructor puts something else into the field."""
        for frame in self.program.frames():
            if not self.making.is_writer(frame) and not any(self.making.is_writer(c) for c, _ in self.origins.callers(frame)):
                continue
            for place, value in self._stores(frame):
                named = name in self._stored_names(frame, place) and self._is_about(frame, place, info)
                if named and not self._is_field(frame, value, name):
                    return True
        return False

    def _is_about(self, frame: Frame, place: int, info: ClassInfo) -> bool:
        """Whether a store is one to an object of the class."""
        owners = [
            v.owner if isinstance(v, Namespace) else v
            for o in operands_of(frame.body.nodes[place])
            for v in self._values(frame, o)
        ]
        owners += [
            v.receiver for o in operands_of(frame.body.nodes[place]) for v in self._values(frame, o) if isinstance(v, Super)
        ]
        owners += [
            v.box for o in operands_of(frame.body.nodes[place]) for v in self._values(frame, o) if isinstance(v, BoxMethod)
        ]
        return any(
            isinstance(v, Instance) and (info in linearise(self._engine, v.info) or v.info in linearise(self._engine, info))
            for v in owners
        )

    def _stored_names(self, frame: Frame, place: int) -> list[str]:
        operation = frame.body.nodes[place]
        if operation[0] == "setattr":
            return [operation[2]]
        operands = operands_of(operation)
        keys = operands[1:2] if operation[0] == "setitem" else operands[1:3]
        return [v.value for o in keys for v in self._values(frame, o) if isinstance(v, Const) and isinstance(v.value, str)]

    def _is_field(self, frame: Frame, node: int, name: str, depth: int = 0) -> bool:
        """Whether a value is the field itself, uncopied."""
        operation = frame.body.nodes[node]
        if operation[0] == "attr":
            return bool(operation[2] == name)
        if operation[0] in ("narrow", "declare") and depth < DEEPEST:
            return any(self._is_field(frame, o, name, depth + 1) for o in operands_of(operation))
        if operation[0] == "phi" and depth < DEEPEST:
            return all(self._is_field(frame, o, name, depth + 1) for o in operands_of(operation))
        if operation[0] == "call" and depth < DEEPEST:
            given = self._given_back(frame, node)
            return bool(given) and any(self._is_field(frame, o, name, depth + 1) for o in given)
        return False
