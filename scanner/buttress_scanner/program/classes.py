"""Classes of the program: linearisation, members, enums, fields of records."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.frames import ClassInfo, Frame
from buttress_scanner.program.values import (
    Alias,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Namespace,
    Object,
    Owner,
    Partial,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine

_RECORD_DECORATORS = (
    "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.frozen",
    "attrs.define", "attrs.frozen", "attrs.mutable", "attr.mutable", "attr.dataclass",
    "pydantic.dataclasses.dataclass",
)  # fmt: skip
FIELD_MAKERS = frozenset({
    "dataclasses.field", "attr.ib", "attr.attrib", "attr.field", "attrs.field", "pydantic.Field", "pydantic.fields.Field",
    "msgspec.field",
})  # fmt: skip
"""What describes a field of a record in the class body."""
_MAKING = ("call", "deco", "declare", "phi")
"""What binds a name of a class to an object that may want to know its name."""
_RECORD_BASES = (
    "typing.NamedTuple", "pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.BaseSettings",
    "pydantic_settings.BaseSettings", "msgspec.Struct", "sqlmodel.SQLModel",
)  # fmt: skip


def define_class(engine: Engine, outer: Frame, index: int, body: Body) -> ClassInfo:
    """The class that a class statement makes in a frame; its body is evaluated."""
    info = engine.classes.get((outer, index))
    if info is None:
        closure = outer if outer.body.kind in ("function", "lambda") else outer.closure
        frame = Frame(outer.unit, body, closure, "class")
        info = ClassInfo(outer.unit, body, frame, outer, len(engine.classes))
        info.subclasses.state = 2
        info.below = engine.view(lambda: in_order(engine.values(info.subclasses)))
        engine.classes[(outer, index)] = info
        engine.grow(engine.slot("class of", outer.unit, body.index), (engine.make(Class, info, True),))
        frame.owner = info
        engine.edge((outer, index), frame, "class body")
        linearise(engine, info)
        _notify_bases(engine, info, (outer, index))
    return info


def _notify_bases(engine: Engine, info: ClassInfo, site: tuple[Frame, int]) -> None:
    """Run ``__init_subclass__`` of the bases."""
    from buttress_scanner.program.calls import bind_and_call

    for base in linearise(engine, info)[1:]:
        node = base.body.exit.get("__init_subclass__")
        if node is not None:
            cls = engine.make(Class, info, True)
            for function in engine.read(base.frame, node):
                target = function.function if isinstance(function, Descriptor) else function
                if isinstance(target, Function):
                    keywords = {k: engine.read(site[0], v) for k, v in info.body.keywords if k and k != "metaclass"}
                    bind_and_call(engine, target, Args([[cls]], keywords=keywords), site)
            break


def prepare_class(engine: Engine, info: ClassInfo, site: tuple[Frame, int]) -> None:
    """Run what a class statement runs besides its body: the metaclass, and ``__set_name__`` of what it holds."""
    from buttress_scanner.program.calls import bind_and_call, call_method

    cls = engine.make(Class, info, True)
    for meta in metaclasses(engine, info):
        name, bases = [engine.const(info.name)], [engine.make(Object, "builtins.tuple")]
        rest = [name, bases, [engine.make(Namespace, cls)]]
        for hook, first in (("__new__", engine.make(Class, meta, True)), ("__init__", cls)):
            found = members(engine, meta, hook)
            for function in found[1] if found is not None else ():
                if isinstance(function, Function):
                    bind_and_call(engine, function, Args([[first], *rest]), site)
    for name_held, node in info.body.exit.items():
        if info.body.nodes[node][0] in _MAKING:
            for value in engine.read(info.frame, node):
                if isinstance(value, Instance):
                    call_method(engine, value, "__set_name__", Args([[cls], [engine.const(name_held)]]), (info.frame, node))


def is_assigned(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether a method of the class or of a base assigns the attribute to its object."""
    return any(name in _assigned(owner) for owner in linearise(engine, info))


def _assigned(info: ClassInfo) -> frozenset[str]:
    if info.assigned is None:
        methods = [b for b in info.unit.facts.bodies[info.body.index :] if b.parent == info.body.index and b.params]
        info.assigned = frozenset(
            node[2]
            for body in methods
            for node in body.nodes
            if node[0] == "setattr" and body.nodes[node[1]] == ("param", body.params[0].name)
        )
    return info.assigned


def metaclasses(engine: Engine, info: ClassInfo) -> list[ClassInfo]:
    """The classes of the program that are metaclasses of the class, nearest first."""
    found: list[ClassInfo] = []
    for owner in linearise(engine, info):
        for keyword, node in owner.body.keywords:
            if keyword == "metaclass":
                found += [m.info for m in engine.read(owner.outer, node) if isinstance(m, Class)]
        if found:
            break
    return found


def class_info(engine: Engine, frame: Frame) -> ClassInfo | None:
    """The class whose body this frame is."""
    owner: ClassInfo | None = frame.owner
    return owner


def linearise(engine: Engine, info: ClassInfo) -> tuple[ClassInfo, ...]:
    """The method resolution order over classes of the program, the class first (C3; where it fails, depth first).

    The order is kept in the class; its cell wakes the reader when a base becomes known later.
    """
    cell = info.lineage
    if cell.state == 0:
        cell.source = lambda: _lineage(engine, info)
        engine.compute(cell)
    if engine.reader is not None:
        cell.readers[engine.reader] = None
    return info.mro or (info,)


def _lineage(engine: Engine, info: ClassInfo) -> list[Value]:
    """Work out the order anew from the bases; a text that names it makes the cell grow when it has changed."""
    direct: list[ClassInfo] = []
    externals: list[str] = []
    generic = bool(info.body.type_params)
    for node in info.body.bases:
        for value in engine.read(info.outer, node):
            generic = generic or isinstance(value, Alias)
            base = value.base if isinstance(value, Alias) else value
            if isinstance(base, Class) and base.info is not info and base.info not in direct:
                direct.append(base.info)
            elif isinstance(base, (External, Object)):
                externals.append(base.path)
            elif isinstance(base, Maker) and base.kind == "namedtuple":
                externals.append("typing.NamedTuple")
            elif isinstance(base, Unknown):
                externals.append("?")
    parents = [linearise(engine, b) for b in direct]
    info.externals = tuple(dict.fromkeys([*externals, *(e for b in direct for e in b.externals)]))
    info.generic = generic or any(b.generic for b in direct)
    info.mro = (info, *(c for c in _merge([list(p) for p in parents] + [list(direct)]) if c is not info))
    for ancestor in info.mro[1:]:
        engine.grow(ancestor.subclasses, (engine.make(Class, info, True),), limited=False)
    return [engine.const("|".join([*(c.symbol for c in info.mro), *info.externals]))]


def _merge(sequences: list[list[ClassInfo]]) -> list[ClassInfo]:
    result: list[ClassInfo] = []
    sequences = [s for s in sequences if s]
    while sequences:
        head = next((s[0] for s in sequences if not any(s[0] in other[1:] for other in sequences)), sequences[0][0])
        result.append(head)
        sequences = [[c for c in s if c is not head] for s in sequences]
        sequences = [s for s in sequences if s]
    return result


def is_subclass(engine: Engine, info: ClassInfo, base: ClassInfo) -> bool:
    """Whether ``info`` is ``base`` or inherits from it."""
    return base in linearise(engine, info)


def subclasses(engine: Engine, info: ClassInfo) -> list[ClassInfo]:
    """All classes known so far that inherit from this one; the reader is woken when more appear."""
    return [v.info for v in engine.values(info.below) if isinstance(v, Class)]


def in_order(classes: Iterable[Value]) -> list[Class]:
    """Classes by where they stand, whatever was found first."""
    found = [v for v in classes if isinstance(v, Class)]
    return sorted(found, key=lambda v: (v.info.unit.name, v.info.body.index, v.info.order))


def own_member(engine: Engine, info: ClassInfo, name: str) -> list[Value]:
    """What the class body binds to a name in the end, or what others store to the class later."""
    found: list[Value] = []
    node = info.body.exit.get(name)
    if node is not None:
        found += engine.read(info.frame, node)
    found += engine.values(engine.slot("class", info, name))
    return found


def members(engine: Engine, info: ClassInfo, name: str, after: ClassInfo | None = None) -> tuple[ClassInfo, list[Value]] | None:
    """The first class along the resolution order (behind ``after``) that has the member, and the member's values."""
    key = (info, name, after)
    cell = engine.members.get(key)
    if cell is None:
        cell = engine.members[key] = engine.view(partial(_member, engine, info, name, after))
    found = engine.values(cell)
    return (found[0].owner, found[1:]) if found and isinstance(found[0], Owner) else None


def _member(engine: Engine, info: ClassInfo, name: str, after: ClassInfo | None) -> list[Value]:
    """The owner of a member, followed by the member's values; nothing if there is none."""
    order = linearise(engine, info)
    if after is not None:
        order = order[order.index(after) + 1 :] if after in order else ()
    patched = engine.values(engine.slot("patched", name))
    for owner in order:
        if name in owner.body.exit:
            return [engine.make(Owner, owner), *own_member(engine, owner, name)]
        if patched:
            found = engine.values(engine.slot("class", owner, name))
            if found:
                return [engine.make(Owner, owner), *found]
    return []


def patch_member(engine: Engine, info: ClassInfo, name: str, values: list[Value]) -> None:
    """Store to a class from outside of its body; lookups of that name are woken."""
    engine.grow(engine.slot("patched", name), (engine.const(True),))
    engine.grow(engine.slot("class", info, name), values)


def is_record(engine: Engine, info: ClassInfo) -> bool:
    """Whether a constructor is made from the annotated fields (dataclass, attrs, NamedTuple, pydantic)."""
    linearise(engine, info)
    if any(path in _RECORD_BASES for path in info.externals):
        return True
    return any(_is_record_decorator(engine, owner, d) for owner in linearise(engine, info) for d in owner.body.decorators)


def _is_record_decorator(engine: Engine, info: ClassInfo, node: int) -> bool:
    operands = info.outer.body.nodes[node]
    written = engine.read(info.outer, operands[1]) if operands[0] == "call" else []  # `@dataclass(frozen=True)`
    for value in [*engine.read(info.outer, node), *written]:
        made = value.function if isinstance(value, Partial) else value
        path = made.path if isinstance(made, (External, Object)) else ""
        if path.removesuffix("()") in _RECORD_DECORATORS:
            return True
        if isinstance(value, Function) and "dataclass_transform" in str(value.body.name):
            return True
    return False


def fields(engine: Engine, info: ClassInfo) -> Iterator[tuple[str, ClassInfo, int, int]]:
    """The fields of a record in constructor order: name, owner, annotation node, default node (-1 for none)."""
    seen: dict[str, tuple[str, ClassInfo, int, int]] = {}
    for owner in reversed(linearise(engine, info)):
        for name, annotation in owner.body.annotations.items():
            if not _is_class_variable(engine, owner, annotation):
                seen[name] = (name, owner, annotation, owner.body.exit.get(name, -1))
    yield from seen.values()


def _is_class_variable(engine: Engine, owner: ClassInfo, annotation: int) -> bool:
    values = engine.read(owner.frame, annotation)
    return any(
        (isinstance(v, Alias) and isinstance(v.base, External) and v.base.path.endswith("ClassVar"))
        or (isinstance(v, External) and v.path.endswith(".ClassVar"))
        for v in values
    )


def constant_text(values: list[Value]) -> list[str]:
    """The strings among the values."""
    return [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]
