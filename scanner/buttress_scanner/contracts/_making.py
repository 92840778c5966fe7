"""Whether an object is still being made where it is changed: in its constructor, or in a helper that only constructors call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.carrying import operands_of
from buttress_scanner.program.values import Class, External, Function, Maker, Method, Namespace, Object, Super, Value

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.origins import Origins

CONSTRUCTORS = frozenset({
    "__init__", "__new__", "__post_init__", "__attrs_pre_init__", "__attrs_post_init__", "__attrs_init__", "model_post_init",
    "__setstate__",
})  # fmt: skip
"""Methods whose object is being made."""
SETTERS = ("__setattr__", "__delattr__")
"""Methods that do what an assignment elsewhere asks for: that one is judged."""
SHALLOW = ("copy.copy", "pydantic.BaseModel.model_copy", "pydantic.BaseModel.copy")
"""Functions that make another object without its constructor, which shares what the first one holds."""
_DEEP = ("copy.deepcopy",)
_VALIDATORS = ("model_validator", "root_validator", "field_validator", "validator")
_Seen = frozenset[object]


@dataclass(frozen=True, slots=True)
class Making:
    """Answers for one contract."""

    origins: Origins
    writers: frozenset[str]
    """Names of methods that may write, as the contract lists them."""

    def at(self, frame: Frame, node: int, target: Value, calls: tuple[Site, ...] = (), deed: Frame | None = None) -> bool:
        """Whether the object at a node is being made.

        Args:
            frame: where the node is.
            node: what stands for the object.
            target: the object.
            calls: the calls through which a walk has come to the frame.
            deed: where the object is changed; the frame if absent.
        """
        return self._at(frame, node, target, calls, frozenset({deed or frame}))

    def _at(self, frame: Frame, node: int, target: Value, calls: tuple[Site, ...], seen: _Seen) -> bool:
        key = (frame, node)
        if key in seen:
            return True
        operation, seen = frame.body.nodes[node], seen | {key}
        match operation[0]:
            case "param":
                return self._parameter(frame, operation[1], target, calls, seen)
            case "phi" | "narrow" | "declare" | "attr" | "item":
                return self._all(frame, operands_of(operation), target, calls, seen)
            case "call":
                return self._is_made_by(frame, operation) or self._passed(frame, node, operation, target, calls, seen)
            case "free":
                return self._enclosing(frame, operation, target, seen)
        return False

    def is_writer(self, frame: Frame) -> bool:
        """Whether the frame is one of a method that may write to its object."""
        if frame.owner is None or frame.body.kind != "function":
            return False
        name, symbol = frame.body.name, frame.symbol
        listed = name in self.writers or frame.body.qualname in self.writers or symbol in self.writers
        return listed or name in CONSTRUCTORS or name in SETTERS or self._validates(frame)

    def copied_in(self, frame: Frame, node: int, calls: tuple[Site, ...]) -> Frame | None:
        """The function that has made the object as a copy that holds what its original holds; None for other objects."""
        pending, seen = [(frame, node, calls)], set()
        while pending:
            place, current, left = pending.pop()
            operation = place.body.nodes[current]
            if (place, current) in seen:
                continue
            seen.add((place, current))
            if operation[0] in ("phi", "narrow", "declare"):
                pending += [(place, o, left) for o in operands_of(operation)]
            elif operation[0] == "param" and left:
                caller, site = left[0]
                pending += [(caller, o, left[1:]) for o in self.origins.given(place, (caller, site), operation[1]) if o != site]
            elif operation[0] == "call":
                made = [v.function if isinstance(v, Method) else v for v in self.origins.values(place, operation[1])]
                if any(isinstance(v, External) and v.path in SHALLOW for v in made):
                    return place
        return None

    def makes(self, frame: Frame) -> bool:
        """Whether the function makes an object by itself, without its constructor."""
        return any(node[0] == "call" and self._is_made_by(frame, node) for node in frame.body.nodes)

    def _validates(self, frame: Frame) -> bool:
        """Whether pydantic runs the method while it makes an object."""
        owner = frame.owner.frame
        for decorator in frame.body.decorators:
            for node in (decorator, *operands_of(owner.body.nodes[decorator])):
                for value in self.origins.values(owner, node):
                    path = value.path if isinstance(value, (External, Object)) else ""
                    if path.startswith("pydantic") and path.removesuffix("()").rpartition(".")[2] in _VALIDATORS:
                        return True
        return False

    def _all(self, frame: Frame, operands: list[int], target: Value, calls: tuple[Site, ...], seen: _Seen) -> bool:
        carrying = [o for o in operands if self.origins.carries(frame, o, target)]
        return bool(carrying) and all(self._at(frame, o, target, calls, seen) for o in carrying)

    def _parameter(self, frame: Frame, name: str, target: Value, calls: tuple[Site, ...], seen: _Seen) -> bool:
        params = frame.body.params
        if params[0].name == name and self.is_writer(frame):
            return True
        if frame.key == "anybody" and frame not in seen and not calls and self.origins.is_called(frame.body):
            return True  # its callers are asked
        verdicts = []
        for caller, node in [calls[0]] if calls else self.origins.callers(frame):
            operands = self.origins.given(frame, (caller, node), name)
            carrying = [o for o in operands if self.origins.carries(caller, o, target)]
            if node in carrying and caller.body.nodes[node][0] == "call" and self._constructs(caller, node):
                verdicts.append(True)
            elif carrying:
                verdicts += [self._at(caller, o, target, calls[1:], seen) for o in carrying if o != node]
        return bool(verdicts) and all(verdicts)

    def _constructs(self, frame: Frame, node: int) -> bool:
        return any(isinstance(v, Class) for v in self.origins.values(frame, frame.body.nodes[node][1]))

    def _is_made_by(self, frame: Frame, node: Node) -> bool:
        """Whether a call makes the object without running its constructor: the code around it makes the object."""
        for value in self.origins.values(frame, node[1]):
            function = value.function if isinstance(value, Method) else value
            if isinstance(function, External) and (function.path.endswith(".__new__") or function.path in (*SHALLOW, *_DEEP)):
                return True
            if isinstance(function, Maker) and function.kind == "new":
                return True
            if isinstance(function, Function) and function.body.name == "__new__":
                return True
        return False

    def _passed(self, frame: Frame, index: int, node: Node, target: Value, calls: tuple[Site, ...], seen: _Seen) -> bool:
        """``vars(self)``, ``super()``, helpers that give back what they are given."""
        own = self.origins.values(frame, index)
        if any(isinstance(v, Super) for v in own) and not node[2]:
            method: Frame | None = frame
            while method is not None and (method.owner is None or not method.body.params):
                method = method.closure
            first = ("param", method.body.params[0].name) if method is not None else None
            return (
                method is not None
                and first in method.body.nodes
                and self._at(method, method.body.nodes.index(first), target, calls, seen)
            )
        bound = any(isinstance(v, Namespace) for v in own)
        passed = any(self.origins.engine.bodies[c.body].passed_on for c in frame.edges.get(index, ()))
        return (bound or passed) and self._all(frame, operands_of(node), target, calls, seen)

    def _enclosing(self, frame: Frame, node: Node, target: Value, seen: _Seen) -> bool:
        """A function within a constructor changes the object while it is made if only the constructor calls it."""
        scope = frame.closure
        for _ in range(node[2]):
            scope = scope.closure if scope is not None else None
        callers = [caller for caller, _ in self.origins.callers(frame)]
        if scope is None or not callers or not all(c is scope or c.closure is scope for c in callers):
            return False
        return self._all(scope, list(scope.body.versions.get(node[1], ())), target, (), seen)
