"""Contexts: which calls of a function share a frame.

Small bodies have a frame for each place that calls them; others one for each combination of classes and callables among their
arguments; methods of objects that call what they hold one for each object. What exceeds a limit goes to a wider frame and is
never lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.frames import Frame
from buttress_scanner.program.lifetime import is_kept, keeper, loading
from buttress_scanner.program.turns import follow_caller
from buttress_scanner.program.values import (
    SELF,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Member,
    Method,
    Object,
    Partial,
    Typed,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Unit

CONTEXTS = 5
"""Frames of a function, before others share one."""
SMALL_CONTEXTS = 10
FACTORY_CONTEXTS = 10
"""Frames of a function that makes functions or classes: each holds what it was made with."""
DECORATOR_CONTEXTS = 400
"""Frames of a small one, such as a decorator, which a program may use everywhere."""
HOLDER_CONTEXTS = 300
"""Frames of a small method that calls what its object holds."""
HOLDER_CELLS = 600
"""So many nodes all frames of a method have together that are told apart by object, where the whole program is evaluated."""
NAMES = 60
"""Frames of a ``__getattr__``: one for each name that it is asked for."""
SELF_CONTEXTS = 40
"""Frames of a method before calls on objects of different classes share one."""
SMALL = 16
"""Bodies of at most this many nodes have a frame for each call site: they are as good as inlined."""
INLINING = 4
"""So many small bodies within one another are told apart by call site."""
NESTING = 7
"""Functions within functions: deeper closures have one frame."""
TOLD_APART = 4
"""Classes and callables that an argument may be before it no longer tells contexts apart."""


class Contexts:
    """The frames of all functions, and what tells them apart."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._projections: dict[Value, Any] = {}
        self._per_object: dict[Body, int] = {}
        self._tested: dict[Body, frozenset[str]] = {}
        self.tells_loads = False
        """Whether calls in which a module sets up what it made while it loads have frames of their own."""

    def frame(self, function: Function, bound: Mapping[str, Sequence[Value]], site: tuple[Frame, int]) -> Frame:
        """The frame for a call with these arguments."""
        frames = self.engine.frames.setdefault(function, {})
        holders = self._holders(function, bound)
        inlined = holders is None and _is_inlined(function.body, site[0])
        named = None if inlined else _name_asked_for(function, bound)
        left_out = self._left_out(function.body, bound)
        key: Any = ("site", *site) if inlined else (self._key(bound), holders, named)
        if left_out and not inlined:
            key = (*key, left_out)
        loads = None if inlined else self._loading(function, bound, site[0])
        if loads is not None:
            key = (*key, loads)
        if function.closure is not None and function.closure.depth > NESTING:
            key, loads, left_out = "*", None, frozenset()
        limit = NAMES if named is not None else self._limit(function, inlined=inlined, holds=holders is not None)
        if key not in frames and len(frames) >= limit:
            key = ("*", loads) if loads is not None else self._wide(function, bound, frames)
            if holders is not None and (("held", holders) in frames or len(frames) < 2 * limit):
                key = ("held", holders)
            apart = ("left out", key, left_out)
            if left_out and (apart in frames or len(frames) < SELF_CONTEXTS):
                key = apart
            else:
                left_out = frozenset()
        frame, is_new = frames.get(key), key not in frames
        if frame is None:
            frame = frames[key] = Frame(function.unit, function.body, function.closure, key, function.owner)
            frame.inlined = site[0].inlined + 1 if key[0] == "site" else 0
            frame.loads = loads
            frame.left_out = left_out
        frame.left_out &= left_out
        if site[0].quiet or frame.quiet:
            follow_caller(self.engine, frame, site, _receivers(function, bound), is_new=is_new)
        return frame

    def _left_out(self, body: Body, bound: Mapping[str, Sequence[Value]]) -> frozenset[str]:
        """The parameters that a call leaves to their defaults, if the body asks what they are."""
        tested = self._tested.get(body)
        if tested is None:
            tested = self._tested[body] = _tested_defaults(body)
        return tested.difference(bound) if tested else tested

    def _loading(self, function: Function, bound: Mapping[str, Sequence[Value]], caller: Frame) -> Unit | None:
        """The module in whose import a call takes part, if it is given something that the module made: it may set that up."""
        body = function.body
        if not self.tells_loads or self.engine.how == "later" or body.is_generator or body.is_async:
            return None
        unit = loading(self.engine, caller)
        if unit is None or not any(keeper(self.engine, value) is unit for values in bound.values() for value in values):
            return None
        return unit

    def projection(self, value: Value) -> Any:
        """What of an argument tells contexts apart; None for what does not."""
        known = self._projections
        if value not in known:
            known[value] = _project(value)
        return known[value]

    def _key(self, bound: Mapping[str, Sequence[Value]]) -> Any:
        return tuple([(name, self._together(values)) for name, values in bound.items()])

    def _together(self, values: Sequence[Value]) -> frozenset[Any] | None:
        kept = set()
        for value in values:
            part = self.projection(value)
            if part is not None:
                kept.add(part)
                if len(kept) > TOLD_APART:
                    return None
        return frozenset(kept)

    def _wide(self, function: Function, bound: Mapping[str, Sequence[Value]], frames: Mapping[Any, Frame]) -> Any:
        """The context of calls that have no frame of their own: the class of the receiver, as long as these are few."""
        receivers = _receivers(function, bound)
        if receivers is None:
            return "*"
        key = ("self", self._together(receivers))
        return key if key in frames or len(frames) < SELF_CONTEXTS else "*"

    def _holders(self, function: Function, bound: Mapping[str, Sequence[Value]]) -> frozenset[Value] | None:
        """The receivers, if the method depends on what each object was given: each is a case of its own."""
        receivers = _receivers(function, bound)
        if not receivers or len(receivers) > TOLD_APART or not self._objects(function):
            return None
        exact = all(isinstance(v, Instance) and isinstance(v.site, tuple) for v in receivers)
        return frozenset(receivers) if exact else None

    def _objects(self, function: Function) -> int:
        """For how many objects a method has a frame of its own; 0 where calls on all objects of a class are alike."""
        known = self._per_object.get(function.body)
        if known is None:
            known = self._per_object[function.body] = self._count_objects(function.body, function.owner)
        return known

    def _count_objects(self, body: Body, owner: ClassInfo) -> int:
        methods = [
            b for c in linearise(self.engine, owner) for b in c.unit.facts.bodies[c.body.index :] if b.parent == c.body.index
        ]
        held = {name for method in methods for name in self.engine.bodies[method].stored_attributes}
        if len(body.nodes) <= 2 * SMALL and (_calls_any(body, held, ()) or _moves_any(body, held)):
            return HOLDER_CONTEXTS
        given = {name for method in methods for name in _given_attributes(method)}
        if self.engine.scope is None and any(_calls_any(method, held, given) for method in methods):
            return max(CONTEXTS, HOLDER_CELLS // len(body.nodes))
        return 0

    def _limit(self, function: Function, *, inlined: bool, holds: bool) -> int:
        """How many frames a function may have before the rest share one."""
        if holds:
            return self._objects(function)
        if function.closure is not None:
            return CONTEXTS
        if self.engine.bodies[function.body].makes_callables:
            return DECORATOR_CONTEXTS if len(function.body.nodes) <= 2 * SMALL else FACTORY_CONTEXTS
        if inlined:
            return SMALL_CONTEXTS
        return 2 * CONTEXTS if self._tested[function.body] else CONTEXTS


def _receivers(function: Function, bound: Mapping[str, Sequence[Value]]) -> Sequence[Value] | None:
    """What the first parameter of a method is; None for other functions."""
    params = function.body.params
    return bound.get(params[0].name, ()) if function.owner is not None and params else None


_NAMED = ("__getattr__", "__getattribute__", "__setattr__", "__delattr__")


def _name_asked_for(function: Function, bound: Mapping[str, Sequence[Value]]) -> Value | None:
    """The one name for which a fallback is asked, or which is assigned: it is another function for each."""
    params = function.body.params
    if function.body.name not in _NAMED or not params:
        return None
    names = bound.get(params[:2][-1].name, ())
    return names[0] if len(names) == 1 and isinstance(names[0], Const) else None


def _tested_defaults(body: Body) -> frozenset[str]:
    """The parameters with defaults on which it depends what runs, or which value is meant."""
    tests = {t for _, _, each in body.guarded for t in each} | {
        t for a in body.arms.values() for each in a.values() for t in each
    }
    subjects = {_tested(body, test) for test in tests}
    found = {body.nodes[s][1] for s in subjects if body.nodes[s][0] == "param"}
    return frozenset(p.name for p in body.params if p.default >= 0 and p.name in found)


def _tested(body: Body, test: int) -> int:
    """The node that a test is about."""
    node = test
    while body.nodes[node][0] == "narrow":
        node = body.nodes[node][3]
    return node


def _is_inlined(body: Body, caller: Frame) -> bool:
    return len(body.nodes) <= SMALL and caller.inlined < INLINING and caller.body is not body


def _project(value: Value) -> Any:
    """Classes, callables, and whether a module holds it; constants and sites do not tell contexts apart."""
    match value:
        case Instance(info=info, site=site):
            if site is SELF or isinstance(site, Typed):
                return (info, site)
            return (info, "kept") if is_kept(site) else info
        case Box(site=site):
            return "kept" if is_kept(site) else None
        case Class(info=info):
            return ("class", info)
        case Function(body=body):
            return body
        case Method(function=function, receiver=receiver):
            return (_project(function), _project(receiver))
        case Partial(function=function):
            return ("partial", _project(function))
        case External(path=path) | Object(path=path):
            return path
        case Member(info=info):
            return info
    return None


_TAKEN = ("item", "iter", "unpack", "phi", "narrow", "slice")
"""Between a container that an object holds and what is called: taking something out of it."""


def _calls_any(body: Body, names: Container[str], given: Container[str]) -> bool:
    """Whether a method calls one of these attributes of its first parameter, or what it takes out of one.

    Of those that the object was given by somebody (an injected port), methods count as well.
    """
    if not body.params:
        return False
    receiver = ("param", body.params[0].name)
    for node in body.nodes:
        if node[0] != "call":
            continue
        held = _held(body, node[1], receiver)
        if held in names:
            return True
        callee = body.nodes[node[1]]
        if callee[0] == "attr" and _held(body, callee[1], receiver) in given:
            return True
    return False


def _moves_any(body: Body, names: Container[str]) -> bool:
    """Whether a method stores to its first parameter what it takes out of one of these attributes of it."""
    if not body.params:
        return False
    receiver = ("param", body.params[0].name)
    stores = (node for node in body.nodes if node[0] == "setattr" and body.nodes[node[1]] == receiver)
    return any(_held(body, node[3], receiver) in names for node in stores)


def _held(body: Body, node: int, receiver: tuple[str, str]) -> str | None:
    """The attribute of the receiver that a node reads or takes something out of."""
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        if current < 0 or current in seen:
            continue
        seen.add(current)
        operands = body.nodes[current]
        if operands[0] == "attr" and body.nodes[operands[1]] == receiver:
            name: str = operands[2]
            return name
        if operands[0] in _TAKEN:
            pending += _sources(operands)
    return None


def _sources(operands: Node) -> list[int]:
    """What a node takes its value from."""
    if operands[0] == "phi":
        return list(operands[1])
    return [operands[3] if operands[0] == "narrow" else operands[1]]


def _given_attributes(body: Body) -> set[str]:
    """The attributes to which a body stores a parameter, or what stands in for one that is left out."""
    return {
        node[2]
        for node in body.nodes
        if node[0] == "setattr" and any(body.nodes[n][0] == "param" for n in _origins(body, node[3]))
    }


def _origins(body: Body, node: int) -> set[int]:
    """The nodes from which a value comes unchanged."""
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        if current >= 0 and current not in seen:
            seen.add(current)
            operands = body.nodes[current]
            if operands[0] in ("phi", "narrow"):
                pending += _sources(operands)
            elif operands[0] == "declare":
                pending.append(operands[1])
    return seen
