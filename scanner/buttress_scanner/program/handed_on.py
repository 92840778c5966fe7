"""What a call gives to the parameters of a helper, and which fields the helper stores it in when the caller names the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.reflection import source_of
from buttress_scanner.program.values import Class, Const, External, Instance, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body, Node, Param
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

SETTERS = ("builtins.setattr", "builtins.object.__setattr__")
COPIES = ("dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve")
_TAKEN = ("unpack", "iter", "item", "call")
_SPREAD = ("vararg", "kwarg")
_NESTING = 8
_Store = tuple[list[Value], str, int]
"""The objects that are written to, the field, and the operand of the call that it gets."""


@dataclass(frozen=True, slots=True)
class Given:
    """The operands of one call by the parameter of the callee that takes them."""

    named: dict[str, int]
    extra: tuple[int, ...]
    """Positional operands beyond the named parameters."""
    keywords: tuple[tuple[str, int], ...]
    """Keyword operands that no parameter is named after."""
    params: tuple[Param, ...]

    @classmethod
    def of(cls, callee: Frame, node: Node, skipped: int = 0) -> Given:
        """Match the operands of a call node, behind the first ``skipped`` ones."""
        params = callee.body.params[1:] if is_bound(callee) else callee.body.params
        positional = [p.name for p in params if p.kind in ("pos", "posonly")]
        names = {p.name for p in params if p.kind not in _SPREAD}
        plain: list[int] = []
        for starred, operand in node[2][skipped:]:
            if starred:
                break
            plain.append(operand)
        named = dict(zip(positional, plain, strict=False))
        named.update((name, operand) for name, operand in node[3] if name in names)
        rest = tuple((name, operand) for name, operand in node[3] if name and name not in names)
        return cls(named, tuple(plain[len(positional) :]), rest, tuple(params))

    def pairs(self) -> Iterator[tuple[Param, int]]:
        """Yield every parameter with each operand that it takes."""
        for param in self.params:
            if param.kind == "vararg":
                yield from ((param, operand) for operand in self.extra)
            elif param.kind == "kwarg":
                yield from ((param, operand) for _, operand in self.keywords)
            elif param.name in self.named:
                yield param, self.named[param.name]


def is_bound(callee: Frame) -> bool:
    """Whether the first parameter is the receiver."""
    if callee.owner is None or not callee.body.params or callee.body.parent != callee.owner.body.index:
        return False
    nodes = callee.owner.body.nodes
    return not any(nodes[d][0] == "global" and nodes[d][1] == "staticmethod" for d in callee.body.decorators)


def stores_by_name(engine: Engine, frame: Frame, callee: Frame, given: Given) -> Iterator[_Store]:
    """Yield what the callee stores by ``setattr``, a copy with changes, or a construction, in fields that the call names.

    Args:
        engine: for values.
        frame: where the call stands.
        callee: the helper.
        given: what the call gives to it.
    """
    body = callee.body
    for node in body.nodes:
        if node[0] != "call" or len(node[2]) + len(node[3]) == 0:
            continue
        for value in _values(callee, node[1]):
            if isinstance(value, External) and value.path in SETTERS and len(node[2]) > 2:
                yield from _set(engine, frame, callee, given, [operand for _, operand in node[2][:3]])
            elif any(not name and _is_keywords(body, operand) for name, operand in node[3]):
                owners = _owners(frame, callee, given, node, value)
                yield from ((owners, name, operand) for name, operand in given.keywords if owners)


def _set(engine: Engine, frame: Frame, callee: Frame, given: Given, operands: list[int]) -> Iterator[_Store]:
    target, name, value = operands
    owners = _at_caller(frame, callee, given, target)
    source = callee.body.nodes[source_of(callee.body, value)]
    if source[0] == "param" and source[1] in given.named:
        for chosen in _at_caller(frame, callee, given, name):
            if isinstance(chosen, Const) and isinstance(chosen.value, str):
                yield owners, chosen.value, given.named[source[1]]
    elif _is_keywords(callee.body, value):
        yield from ((owners, keyword, operand) for keyword, operand in given.keywords)


def _owners(frame: Frame, callee: Frame, given: Given, node: Node, called: Value) -> list[Value]:
    """The objects whose fields a call of the helper sets by keyword."""
    if isinstance(called, Class):
        return [called]
    if isinstance(called, External) and called.path in COPIES and node[2]:
        return _at_caller(frame, callee, given, node[2][0][1])
    return []


def _at_caller(frame: Frame, callee: Frame, given: Given, node: int) -> list[Value]:
    """What an operand is for this caller: the argument, if it is one."""
    source = callee.body.nodes[source_of(callee.body, node)]
    if source[0] == "param" and source[1] in given.named:
        return _values(frame, given.named[source[1]])
    return [v for v in _values(callee, node) if isinstance(v, (Instance, Class, Const))]


def _is_keywords(body: Body, node: int) -> bool:
    """Whether a value is the ``**`` parameter, its items or one of its values."""
    collected = next((p.name for p in body.params if p.kind == "kwarg"), None)
    for _ in range(_NESTING if collected is not None else 0):
        node = source_of(body, node)
        operation = body.nodes[node]
        if operation[0] == "param":
            return bool(operation[1] == collected)
        if operation[0] in _TAKEN or (operation[0] == "attr" and operation[2] in ("items", "values")):
            node = operation[1]
        else:
            return False
    return False


def _values(frame: Frame, node: int) -> list[Value]:
    cell = frame.cells[node]
    return list(cell.values) if cell is not None else []
