"""What remains of a set of values after a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import is_subclass, members, subclasses
from buttress_scanner.program.contents import elements, keys_of
from buttress_scanner.program.enums import enum_member, enum_members, enum_value, is_enum
from buttress_scanner.program.types import union_parts
from buttress_scanner.program.values import (
    DECLARED,
    SELF,
    Alias,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maker,
    Member,
    Method,
    Module,
    Object,
    Partial,
    Placeholder,
    Running,
    Union,
    Unknown,
    Value,
    is_declared,
    is_open,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame


def narrow(engine: Engine, kind: str, truth: bool, values: list[Value], operands: list[Value]) -> list[Value]:
    """Keep the values for which the test may come out as ``truth``."""
    match kind:
        case "isinstance":
            return _instances(engine, truth, values, _types(engine, operands))
        case "issubclass":
            return _subclasses_of(engine, truth, values, _types(engine, operands))
        case "exact":
            wanted = [t for t in _types(engine, operands) if isinstance(t, Class)]
            return _exact(engine, truth, values, wanted)
        case "truth":
            return [v for v in values if _may_be(engine, v, truth)]
        case "is" | "eq":
            return _equal(engine, values, operands, kind)
        case "isnot" | "ne":
            if len(operands) != 1 or not isinstance(operands[0], (Const, Member)):
                return values
            return [v for w in values for v in _without_member(engine, w, operands[0])]
        case "contains" | "notcontains":
            return _among(engine, kind == "contains", values, operands)
        case "callable":
            return [v for v in values if truth or not isinstance(v, (Function, Method, Partial, Class, Maker))]
    return values


def rules_out(engine: Engine, frame: Frame, test: int) -> bool:
    """Whether a test of a parameter cannot come out so, for what this frame is called with.

    Only what is known for certain counts: an argument that is left out, or whose values are all known, and not just ``None``,
    which may be an attribute that somebody else sets.
    """
    nodes, subject = frame.body.nodes, test
    while nodes[subject][0] == "narrow":
        subject = nodes[subject][3]
    is_held = _is_held(frame, subject)
    if (nodes[subject][0] != "param" and not is_held) or engine.read(frame, test):
        return False
    values = engine.read(frame, subject)
    if is_held:
        return bool(values) and all(isinstance(v, Object) or (isinstance(v, Instance) and not is_open(v.site)) for v in values)
    if values and nodes[subject][1] in frame.left_out:
        return not any(isinstance(v, (Unknown, Placeholder)) for v in values)
    only_none = bool(values) and all(isinstance(v, Const) and v.value is None for v in values)
    return not only_none and not any(isinstance(v, (Unknown, Placeholder)) for v in values)


def _is_held(frame: Frame, subject: int) -> bool:
    """Whether the node reads an attribute of the first parameter."""
    nodes, params = frame.body.nodes, frame.body.params
    return nodes[subject][0] == "attr" and bool(params) and nodes[nodes[subject][1]] == ("param", params[0].name)


def _types(engine: Engine, operands: list[Value], depth: int = 0) -> list[Value]:
    found: list[Value] = []
    for operand in operands if depth < 4 else []:
        if isinstance(operand, Box):
            found += _types(engine, elements(engine, operand), depth + 1)
        elif isinstance(operand, Union):
            found += _types(engine, union_parts(engine, operand), depth + 1)
        elif isinstance(operand, Alias):
            found.append(operand.base)
        else:
            found.append(operand)
    return found


_NEVER_NONE = ("builtins.float", "builtins.complex", "builtins.bytes")
"""Types of literals that are no constants here; a text that a library gives may well be missing."""
_OFTEN_NONE = ("re.Match",)
"""Classes whose objects come from functions that find nothing as often as not."""
_BUILTIN_KINDS = {"list", "dict", "set", "tuple", "frozenset"}


_WEAK = ("weakref.ref", "weakref.ReferenceType", "weakref.WeakMethod")


def _is_a(engine: Engine, value: Value, kind: Value) -> bool | None:
    """Whether a value is an instance of a type; None where that is not known."""
    if isinstance(kind, Class):
        if isinstance(value, (Instance, Member)):
            if is_subclass(engine, value.info, kind.info):
                return True
            open_ended = isinstance(value, Instance) and is_declared(value.site)
            return (
                None if open_ended and any(is_subclass(engine, s, kind.info) for s in subclasses(engine, value.info)) else False
            )
        return None if isinstance(value, Unknown) else False
    if isinstance(kind, External):
        name = kind.path.removeprefix("builtins.")
        if kind.path in _WEAK and isinstance(value, (Function, Method, Maker)):
            return isinstance(value, Maker) and value.kind == "weakref"
        if isinstance(value, Const):
            return (
                value.type_name == name or (name == "int" and value.type_name == "bool")
                if name in ("str", "int", "bool", "float", "bytes")
                else None
            )
        if isinstance(value, Object) and value.path.startswith("builtins.") and kind.path.startswith("builtins."):
            return value.path == kind.path or name == "object"
        if isinstance(value, Box) and name in _BUILTIN_KINDS:
            return value.kind == name or (name == "dict" and value.kind == "defaultdict")
        if isinstance(value, Instance) and name in ("str", "int", "float", "bytes", "bool", *_BUILTIN_KINDS):
            return (
                None
                if value.info.externals and not set(value.info.externals) <= {"builtins.object", "typing.Protocol", "abc.ABC"}
                else False
            )
    return None


def _instances(engine: Engine, truth: bool, values: list[Value], kinds: list[Value]) -> list[Value]:
    if not kinds:
        return values
    kept: list[Value] = []
    for value in values:
        answers = [_is_a(engine, value, kind) for kind in kinds]
        if truth:
            if True in answers:
                kept.append(value)
            elif None in answers:
                kept += _sharpened(engine, value, kinds)
        elif True not in answers:
            kept.append(value)
    if truth and not any(not isinstance(v, Unknown) for v in kept):
        return [engine.instance(k.info, DECLARED) for k in kinds if isinstance(k, Class)] + [
            engine.make(Object, k.path) for k in kinds if isinstance(k, External)
        ] or kept
    return kept


def _sharpened(engine: Engine, value: Value, kinds: list[Value]) -> list[Value]:
    """A declared base, tested to be a subclass, is that subclass."""
    sharper: list[Value] = []
    if isinstance(value, Instance):
        narrower = (k for k in kinds if isinstance(k, Class) and is_subclass(engine, k.info, value.info))
        sharper.extend(engine.instance(k.info, DECLARED) for k in narrower)
    elif isinstance(value, Unknown):
        return []
    return sharper or [value]


def _subclasses_of(engine: Engine, truth: bool, values: list[Value], kinds: list[Value]) -> list[Value]:
    kept: list[Value] = []
    for value in values:
        if isinstance(value, Class):
            known = any(isinstance(k, Class) and is_subclass(engine, value.info, k.info) for k in kinds)
            if known == truth or not any(isinstance(k, Class) for k in kinds):
                kept.append(value)
        else:
            kept.append(value)
    if truth and not any(isinstance(v, Class) for v in kept):
        return [engine.make(Class, k.info, False) for k in kinds if isinstance(k, Class)] or kept
    return kept


def _exact(engine: Engine, truth: bool, values: list[Value], wanted: list[Class]) -> list[Value]:
    infos = [w.info for w in wanted]
    if truth:
        kept: list[Value] = [_of_no_subclass(engine, v) for v in values if isinstance(v, (Instance, Member)) and v.info in infos]
        return kept or [engine.instance(i, SELF) for i in infos]
    return [v for v in values if not (isinstance(v, Instance) and v.info in infos and not is_declared(v.site))]


def _of_no_subclass(engine: Engine, value: Instance | Member) -> Value:
    return engine.instance(value.info, SELF) if isinstance(value, Instance) and value.site is DECLARED else value


def _may_be(engine: Engine, value: Value, truth: bool) -> bool:
    if isinstance(value, Const):
        return bool(value.value) is truth
    if isinstance(value, (Function, Method, Partial, Class, Module, External, Maker, Running)):
        return truth
    if isinstance(value, Instance):
        return truth or is_open(value.site) or _measures(engine, value)
    if isinstance(value, Object):
        return truth or not engine.catalogue.is_always_true(value.path)
    return True


def _measures(engine: Engine, value: Instance) -> bool:
    """Whether the class, or one of the library that it derives from, may say itself when its objects are true."""
    outside = [path for path in value.info.externals if path != "builtins.object"]
    if not all(map(engine.catalogue.is_always_true, outside)):
        return True
    return any(members(engine, value.info, name) is not None for name in ("__bool__", "__len__"))


def _equal(engine: Engine, values: list[Value], operands: list[Value], kind: str) -> list[Value]:
    if not operands or not all(isinstance(o, (Const, Member)) for o in operands):
        return values
    kept: list[Value] = []
    for value in values:
        if isinstance(value, (Const, Member)):
            if value in operands or (kind == "eq" and _equal_member(engine, value, operands)):
                kept.append(value)
        elif isinstance(value, Instance):
            named = [o for o in operands if isinstance(o, Member) and o.info is value.info]
            kept += named or ([value] if not all(isinstance(o, Const) and o.value is None for o in operands) else [])
        elif isinstance(value, (Object, Unknown)):
            plain = isinstance(value, Object) and _is_never_none(engine, value)
            kept += [o for o in operands if not (plain and isinstance(o, Const) and o.value is None)]
        elif not all(isinstance(o, Const) and o.value is None for o in operands):
            kept.append(value)
    return list(dict.fromkeys(kept))


def _is_never_none(engine: Engine, value: Object) -> bool:
    """Whether what a library gives as an object of this class is one: those that are always true are made, not looked up."""
    return value.path in _NEVER_NONE or (engine.catalogue.is_always_true(value.path) and value.path not in _OFTEN_NONE)


def _equal_member(engine: Engine, value: Value, operands: list[Value]) -> bool:
    for operand in operands:
        pair = [v for v in (value, operand) if isinstance(v, Member)]
        other = operand if isinstance(value, Member) else value
        if len(pair) == 1 and other in enum_value(engine, pair[0].info, pair[0].name):
            return True
    return False


def _without_member(engine: Engine, value: Value, operand: Value) -> list[Value]:
    if value is operand:
        return []
    if isinstance(value, Instance) and isinstance(operand, Member) and value.info is operand.info and is_enum(engine, value.info):
        members = dict.fromkeys(enum_member(engine, value.info, n) for n in enum_members(engine, value.info))
        return [m for m in members if m is not operand]
    return [value]


def _among(engine: Engine, truth: bool, values: list[Value], operands: list[Value]) -> list[Value]:
    allowed: list[Value] = []
    for operand in operands:
        if not isinstance(operand, Box):
            return values
        allowed += keys_of(engine, operand) if operand.kind == "dict" else elements(engine, operand)
    if not allowed or not all(isinstance(a, (Const, Member)) for a in allowed):
        return values
    if truth:
        return _equal(engine, values, allowed, "eq")
    return [w for v in values for w in _without_all(engine, v, allowed)]


def _without_all(engine: Engine, value: Value, excluded: list[Value]) -> list[Value]:
    remaining = [value]
    for operand in excluded:
        remaining = [w for v in remaining for w in _without_member(engine, v, operand)]
    return remaining
