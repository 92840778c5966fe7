"""Reading and writing attributes of every kind of value."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise, members, patch_member
from buttress_scanner.program.constructors import always_sets
from buttress_scanner.program.copies import inherited, is_copy
from buttress_scanner.program.enums import enum_member, enum_members, enum_value, is_enum
from buttress_scanner.program.generics import Scope, agreeing, bindings_of, is_open_value, replaced
from buttress_scanner.program.modules import module_member, module_named
from buttress_scanner.program.protocols import fitting
from buttress_scanner.program.values import (
    DECLARED,
    SELF,
    Alias,
    Box,
    BoxMethod,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Mark,
    Maybe,
    Member,
    Method,
    Module,
    Namespace,
    Object,
    Partial,
    Running,
    Super,
    Unknown,
    Value,
    informative,
    is_declared,
    is_open,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site

RUNS = Mark()
"""In a view of an attribute: code of the program runs to read it, at every place that does."""
_TEXT = ("__name__", "__qualname__", "__module__", "__doc__")
_FIELDS = (
    "dataclasses.Field",
    "dataclasses.field",
    "attr.ib",
    "attr.attrib",
    "attr.field",
    "attrs.field",
    "pydantic.Field",
    "pydantic.fields.FieldInfo",
    "msgspec.field",
)
_LONGEST = 8
"""Parts of an external path; what is longer is not known any more."""


def get_attribute(engine: Engine, value: Value, name: str, site: Site) -> list[Value]:
    """What ``value.name`` can be; getters run at ``site``."""
    match value:
        case Instance():
            return _of_instance(engine, value, name, site)
        case Class():
            return _of_class(engine, value, name, site)
        case Module():
            return _of_module(engine, value, name, site)
        case External(path=path):
            return _of_external(engine, path, name, site)
        case Object(path=path):
            return _of_object(engine, value, path, name, site)
        case Member():
            return _of_member(engine, value, name, site)
        case Super():
            return _of_super(engine, value, name, site)
        case Box():
            return _of_box(engine, value, name)
        case Function() | Method() | Partial() | Maker():
            return _of_callable(engine, value, name)
        case Alias(base=base):
            return get_attribute(engine, base, name, site)
        case Namespace() | Running():
            return [engine.make(BoxMethod, value, name)]
        case Descriptor(function=function):
            if name in ("setter", "getter", "deleter", "register"):
                return [engine.make(Maker, "keep", value, *site)]
            return [function] if name in ("fget", "func", "__func__", "__wrapped__") else []
        case Const(type_name=kind):
            return [engine.make(Method, engine.make(External, f"builtins.{kind}.{name}"), value)]
        case Unknown():
            return [value]
    return []


def _of_module(engine: Engine, value: Module, name: str, site: Site) -> list[Value]:
    unit = value.unit
    found = module_member(engine, unit, name)
    if found:
        return found
    child = f"{unit.name}.{name}"
    if engine.modules.is_ours(child):
        return [module_named(engine, child)]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name == "__name__":
        return [engine.const(unit.name)]
    fallback = module_member(engine, unit, "__getattr__")
    if fallback:
        from buttress_scanner.program.calls import Args, call

        return [v for f in fallback for v in call(engine, f, Args([[engine.const(name)]]), site)]
    return [engine.unknown(f"no {name} in {unit.name}")]


def _of_external(engine: Engine, path: str, name: str, site: Site) -> list[Value]:
    child = f"{path}.{name}"
    if engine.modules.is_ours(child):
        return [module_named(engine, child)]
    if child.count(".") > _LONGEST:
        return [engine.unknown(f"external {path.split('.', maxsplit=1)[0]}")]
    if name in _TEXT:
        return [engine.const(path.rpartition(".")[2])] if name != "__doc__" else []
    if name == "__dict__":
        return [engine.make(Namespace, engine.make(External, path))]
    written = engine.values(engine.slot("external", path, name)) if ("external", path, name) in engine.heap else []
    return [*written, *_external_value(engine, child, site)]


def _external_value(engine: Engine, path: str, site: Site) -> list[Value]:
    entry = engine.catalogue.entry(path)
    if entry is not None and entry.kind == "value" and entry.path.rpartition(".")[2] == path.rpartition(".")[2]:
        if entry.effects:
            engine.deed(site, entry.path, entry.effects, f"reads {path}")
        if entry.returns:
            kept = engine.catalogue.keeps_state(entry.returns)  # `sys.path`: everybody's
            return [engine.make(Object, entry.returns, path) if kept else engine.make(Object, entry.returns)]
    return [engine.make(External, path)]


def _of_object(engine: Engine, value: Object, path: str, name: str, site: Site) -> list[Value]:
    child = f"{path}.{name}"
    if child.count(".") > _LONGEST:
        return [engine.unknown(f"external {path.split('.', maxsplit=1)[0]}")]
    if isinstance(value.site, tuple) or ("held", value, name) in engine.heap:
        held = engine.values(engine.slot("held", value, name))
        if held:
            return held
    entry = engine.catalogue.entry(child)
    if entry is not None and entry.kind == "value":
        if entry.effects:
            engine.deed(site, entry.path, entry.effects, f"reads {path}.{name}")
        if entry.returns:
            shared = isinstance(value.site, str) and engine.catalogue.keeps_state(entry.returns)
            return [engine.make(Object, entry.returns, f"{value.site}.{name}") if shared else engine.make(Object, entry.returns)]
    return [engine.make(Method, engine.make(External, child), value)]


def _of_box(engine: Engine, value: Box, name: str) -> list[Value]:
    """A method; a field of a named tuple."""
    if value.kind == "tuple" and engine.const(name) in engine.values(engine.slot(value, "known")):
        return engine.values(engine.slot(value, "item", "str", name))
    return [engine.make(BoxMethod, value, name)]


def _of_callable(engine: Engine, value: Value, name: str) -> list[Value]:
    if name in _TEXT:
        return [engine.const(value.body.name)] if isinstance(value, Function) and name == "__name__" else []
    if isinstance(value, Method):
        if name == "__func__":
            return [value.function]
        if name == "__self__":
            return [value.receiver]
        if isinstance(value.function, External):
            return []
        return _of_callable(engine, value.function, name)
    found = engine.values(engine.slot("attribute", value, name))
    if isinstance(value, (Partial, Maker)):
        if name in ("func", "__wrapped__", "__func__") and value.function is not None:
            return [*found, value.function]
        if isinstance(value, Maker) and not found:
            if name == "register":
                return [engine.make(Maker, "keep", value.function, value.frame, value.node)]
            if name in ("cache_clear", "cache_info", "cache_parameters"):
                return [engine.make(BoxMethod, value, name)]
            if value.function is not None:
                return _of_callable(engine, value.function, name)
    if name == "__call__":
        return [value]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name == "__get__":
        return [engine.make(BoxMethod, value, name)]
    return found


# --- classes and instances


def _bind(engine: Engine, found: Iterable[Value], receiver: Value, cls: Value, site: Site) -> list[Value]:
    """Apply the descriptor protocol to what a class holds; getters run at ``site``."""
    from buttress_scanner.program.calls import Args, call, call_method

    result: list[Value] = []
    for value in found:
        if not _runs_getter(engine, value):
            result.append(_bound(engine, value, receiver, cls))
        elif isinstance(value, Descriptor):
            result += call(engine, value.function, Args([[receiver]]), site)
        else:
            result += call_method(engine, value, "__get__", Args([[receiver], [cls]]), site)
    return result


def _runs_getter(engine: Engine, value: Value) -> bool:
    """Whether reading what a class holds calls a function of the program."""
    if isinstance(value, Descriptor):
        return value.kind in ("property", "cached_property")
    return isinstance(value, Instance) and members(engine, value.info, "__get__") is not None


def _bound(engine: Engine, value: Value, receiver: Value, cls: Value) -> Value:
    """What a class holds as its object shows it, where no getter runs."""
    bound: Value = value
    match value:
        case Descriptor(kind="staticmethod", function=function):
            bound = function
        case Descriptor(kind="classmethod", function=function):
            bound = engine.make(Method, function, cls)
        case Descriptor(function=function):
            bound = engine.make(Method, function, receiver)
        case Function() | Maker(kind="contextmanager" | "cache" | "wrapper" | "singledispatch" | "partialmethod"):
            bound = engine.make(Method, value, receiver)
    return bound


def _of_class(engine: Engine, value: Class, name: str, site: Site) -> list[Value]:
    info: ClassInfo = value.info
    if is_enum(engine, info):
        special = _of_enum(engine, info, name)
        if special is not None:
            return special
    found = members(engine, info, name)
    if found is not None:
        return _bind_on_class(engine, value, found[1], site)
    if name == "__name__":
        return [engine.const(info.name)]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name in ("__mro__", "__bases__"):
        return []
    if name in ("mro", "__subclasses__"):
        return [engine.make(BoxMethod, value, name)]
    if name == "__new__":
        return [engine.make(Maker, "new", value, *site)]
    meta = _metaclass_member(engine, value, name, site)
    if meta:
        return meta
    return _from_externals(engine, info, name, value)


def _bind_on_class(engine: Engine, value: Class, found: list[Value], site: Site) -> list[Value]:
    from buttress_scanner.program.calls import Args, call_method

    result: list[Value] = []
    for member in found:
        match member:
            case Descriptor(kind="staticmethod", function=function):
                result.append(function)
            case Descriptor(kind="classmethod", function=function):
                result.append(engine.make(Method, function, value))
            case Descriptor():
                result.append(member)
            case Instance(info=info) if members(engine, info, "__get__"):
                result += call_method(engine, member, "__get__", Args([[engine.const(None)], [value]]), site)
            case _:
                result.append(member)
    return result


def _metaclass_member(engine: Engine, value: Class, name: str, site: Site) -> list[Value]:
    for owner in linearise(engine, value.info):
        for keyword, node in owner.body.keywords:
            if keyword == "metaclass":
                for meta in engine.read(owner.outer, node):
                    if isinstance(meta, Class):
                        found = members(engine, meta.info, name)
                        if found is not None:
                            return _bind(engine, found[1], value, meta, site)
    return []


def _from_externals(engine: Engine, info: ClassInfo, name: str, receiver: Value) -> list[Value]:
    """A member that only a base outside of the program can have."""
    for path in info.externals:
        if path == "?":
            return [engine.unknown(f"base of {info.name} is not known")]
        if path in ("builtins.object", "typing.Protocol", "typing.Generic", "abc.ABC", "enum.Enum"):
            continue
        child = engine.make(External, f"{path}.{name}")
        return [engine.make(Method, child, receiver)] if isinstance(receiver, Instance) else [child]
    return []


def _of_enum(engine: Engine, info: ClassInfo, name: str) -> list[Value] | None:
    if name == "__members__":
        return [engine.make(Namespace, engine.make(Class, info, True))]
    if name in enum_members(engine, info):
        return [enum_member(engine, info, name)]
    return None


def _of_member(engine: Engine, value: Member, name: str, site: Site) -> list[Value]:
    if name in ("value", "_value_"):
        return enum_value(engine, value.info, value.name)
    if name in ("name", "_name_"):
        return [engine.const(value.name)]
    if name == "__class__":
        return [engine.make(Class, value.info, True)]
    special = _of_enum(engine, value.info, name)
    if special is not None:
        return special
    found = members(engine, value.info, name)
    if found is not None:
        return _bind(engine, found[1], value, engine.make(Class, value.info, True), site)
    stored = engine.values(engine.slot("any", value.info, name))
    return stored or _from_externals(engine, value.info, name, value)


def _of_super(engine: Engine, value: Super, name: str, site: Site) -> list[Value]:
    receiver = value.receiver
    info = receiver.info if isinstance(receiver, (Instance, Class, Member)) else None
    if info is None:
        return []
    found = members(engine, info, name, value.after)
    cls = receiver if isinstance(receiver, Class) else engine.make(Class, info, True)
    if found is not None:
        if isinstance(receiver, Class):
            bound = [engine.make(Method, v, receiver) if isinstance(v, Function) and name != "__new__" else v for v in found[1]]
            return _bind_on_class(engine, receiver, bound, site)
        return _bind(engine, found[1], receiver, cls, site)
    if name == "__new__":
        return [engine.make(Maker, "new", cls, *site)]
    return _from_externals(engine, info, name, receiver)


def _of_instance(engine: Engine, value: Instance, name: str, site: Site) -> list[Value]:
    """The same at every place that reads it, unless a getter runs there."""
    if name == "__class__":
        return [engine.make(Class, value.info, not is_open(value.site))]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    cell = engine.attributes.get((value, name))
    if cell is None:
        cell = engine.attributes[value, name] = engine.view(partial(_without_getter, engine, value, name))
    shown = engine.values(cell)
    return _by_getter(engine, value, name, site) if RUNS in shown else shown


def _without_getter(engine: Engine, value: Instance, name: str) -> Iterable[Value]:
    """What the object shows under the name if no code of the program runs for it; otherwise the mark that it does."""
    info: ClassInfo = value.info
    found = members(engine, info, name)
    if found is not None and any(isinstance(v, Descriptor) and v.kind == "property" for v in found[1]):
        return (RUNS,)
    stored = held_by(engine, value, name)
    if found is not None:
        class_level = _class_level(engine, value, name, found, bool(stored))
        if any(_runs_getter(engine, v) for v in class_level):
            return (RUNS,)
        cls = engine.make(Class, info, True)
        stored += [_bound(engine, v, value, cls) for v in class_level]
    if not informative(stored) or _holds_nothing(engine, stored):
        stored += _declared(engine, value, name)
    if stored or found is not None:
        return stored
    return _missing(engine, value, name)


def _class_level(
    engine: Engine, value: Instance, name: str, found: tuple[ClassInfo, list[Value]], is_stored: bool
) -> list[Value]:
    """What of the class's member the object does not hide by what it holds itself."""
    owner, held = found
    own = not is_open(value.site) and _constructor_sets(engine, value.info, name)
    hidden = own or ((is_stored or _is_field_object(held)) and _is_field_default(value.info, owner, name))
    return [v for v in held if not hidden or _is_data_descriptor(engine, v)]


def _by_getter(engine: Engine, value: Instance, name: str, site: Site) -> list[Value]:
    """Run the getter or the fallback that yields the attribute."""
    info: ClassInfo = value.info
    cls = engine.make(Class, info, True)
    found = members(engine, info, name)
    if found is not None and any(isinstance(v, Descriptor) and v.kind == "property" for v in found[1]):
        result = _bind(engine, found[1], value, cls, site)
        return result + _overriding_properties(engine, value, name, site)
    if found is not None:
        stored = held_by(engine, value, name)
        stored += _bind(engine, _class_level(engine, value, name, found, bool(stored)), value, cls, site)
        if not informative(stored) or _holds_nothing(engine, stored):
            stored += _declared(engine, value, name)
        return stored
    fallback = members(engine, info, "__getattr__") or members(engine, info, "__getattribute__")
    if fallback is not None:
        from buttress_scanner.program.calls import Args, call

        bound = _bind(engine, fallback[1], value, cls, site)
        return [v for f in bound for v in call(engine, f, Args([[engine.const(name)]]), site)]
    return [v for below, held in _below(engine, value, name) for v in _bind(engine, held, below, _class_of(engine, below), site)]


def _missing(engine: Engine, value: Instance, name: str) -> Iterable[Value]:
    """An attribute that neither the object nor its class has, as far as is known."""
    info: ClassInfo = value.info
    if members(engine, info, "__getattr__") or members(engine, info, "__getattribute__"):
        return (RUNS,)
    outside = _from_externals(engine, info, name, value)
    if outside:
        return outside
    inherited_by = _below(engine, value, name) if is_open(value.site) else []
    if any(_runs_getter(engine, v) for _, held in inherited_by for v in held):
        return (RUNS,)
    found = [_bound(engine, v, below, _class_of(engine, below)) for below, held in inherited_by for v in held]
    return found or (engine.unknown(f"attribute {info.name}.{name} is never assigned"),)


def _class_of(engine: Engine, value: Instance) -> Value:
    cls: Value = engine.make(Class, value.info, True)
    return cls


def _holds_nothing(engine: Engine, values: list[Value]) -> bool:
    """Whether all that is known are containers, and of those no contents: then the declared type says what they hold."""
    from buttress_scanner.program.contents import elements

    for value in values:
        if isinstance(value, Box):
            if informative(elements(engine, value)):
                return False
        elif informative((value,)):
            return False
    return True


def _constructor_sets(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether every object of the class gets the attribute from its constructor.

    Then the class's own is never seen through it.
    """
    found = members(engine, info, "__init__")
    return found is not None and all(isinstance(v, Function) and name in always_sets(v.body) for v in found[1])


def _is_data_descriptor(engine: Engine, value: Value) -> bool:
    return (isinstance(value, Descriptor) and value.kind == "property") or (
        isinstance(value, Instance) and members(engine, value.info, "__set__") is not None
    )


def _is_field_default(info: ClassInfo, owner: ClassInfo, name: str) -> bool:
    """A default of an annotated field is replaced by what the constructor stores."""
    return name in owner.body.annotations


def _is_field_object(values: list[Value]) -> bool:
    """Whether a class body holds what describes a field (`field(default_factory=list)`), which objects never show."""
    return any(isinstance(v, Object) and v.path.removesuffix("()") in _FIELDS for v in values)


def _overriding_properties(engine: Engine, value: Instance, name: str, site: Site) -> list[Value]:
    if not is_declared(value.site):
        return []
    result: list[Value] = []
    for sub in agreeing(engine, value):
        if name in sub.body.exit:
            found = engine.read(sub.frame, sub.body.exit[name])
            receiver = engine.instance(sub, DECLARED)
            result += _bind(engine, found, receiver, engine.make(Class, sub, True), site)
    for fit in fitting(engine, value.info):
        get_attribute(engine, engine.instance(fit, DECLARED), name, site)  # its getter runs; what it yields stays nominal
    return result


def _below(engine: Engine, value: Instance, name: str) -> list[tuple[Instance, list[Value]]]:
    """A declared type may be any subclass: the members that only subclasses have."""
    return [
        (engine.instance(sub, DECLARED), engine.read(sub.frame, sub.body.exit[name]))
        for sub in agreeing(engine, value)
        if name in sub.body.exit
    ]


def held_by(engine: Engine, value: Instance, name: str) -> list[Value]:
    """What was stored to the attribute.

    Through this object, through declared receivers of its classes; of any object if it is itself only declared.
    """
    found: dict[Value, None] = dict.fromkeys(engine.values(engine.slot("of", value, name)))
    if is_copy(value):
        found.update(dict.fromkeys(inherited(engine, value, name)))
    order = linearise(engine, value.info)
    for owner in order:
        engine.demand(owner, name)
    if is_open(value.site):
        below = agreeing(engine, value)[:SUBCLASS_LIMIT] if is_declared(value.site) else []
        for owner in [*order, *below]:
            stored = engine.values(engine.slot("any", owner, name))
            found.update(dict.fromkeys(_for_receiver(engine, value, owner, stored)))
        return list(found)
    known = informative(found)
    constants = {f"builtins.{v.type_name}" for v in found if isinstance(v, Const)}
    for owner in order:
        stored = engine.values(engine.slot("declared", owner, name))
        stored = [v for v in stored if not (isinstance(v, Object) and v.path in constants)]
        found.update(dict.fromkeys(stored if known else _for_receiver(engine, value, owner, stored)))
    if not (name.startswith("__") and name.endswith("__")):  # special methods are looked up in the class
        for key in (value, value.info):
            found.update(dict.fromkeys(engine.values(engine.slot("dynamic", key))))
    return list(found)


def store_dynamic(engine: Engine, target: Instance, values: list[Value]) -> None:
    """Store under a name that is not known: any attribute of the object can be meant."""
    engine.grow(engine.slot("dynamic", target.info if is_open(target.site) else target), values)


def _for_receiver(engine: Engine, value: Instance, owner: ClassInfo, stored: list[Value]) -> list[Value]:
    """What objects of a class store, as far as this one's type arguments permit it."""
    if not value.info.generic or not any(is_open_value(engine, v) for v in stored):
        return stored
    known = bindings_of(engine, value, owner) if owner in linearise(engine, value.info) else {}
    return replaced(engine, stored, known) if known else stored


SUBCLASS_LIMIT = 40


def _declared(engine: Engine, value: Instance, name: str) -> list[Value]:
    from buttress_scanner.program.types import instantiate

    for owner in linearise(engine, value.info):
        annotation = owner.body.annotations.get(name)
        if annotation is not None:
            return instantiate(engine, owner.frame, annotation, Scope(value, owner))
    return []


# --- writing


def set_attribute(engine: Engine, target: Value, name: str, values: list[Value], site: Site) -> None:
    """Perform ``target.name = values`` at a site; note when the state outlives the call."""
    from buttress_scanner.program.lifetime import keeper, loading, note_change, note_mutation

    match target:
        case Instance(info=info, site=where):
            if _set_descriptor(engine, target, name, values, site):
                return
            note_mutation(engine, target, site, f"the attribute {name}")
            kind = ("declared", info, name) if where in (DECLARED, SELF) else ("of", target, name)
            if where != SELF or site[0].body.name != "__init__":  # the constructor has run for every object that is known better
                engine.grow(engine.slot(*kind), values)
            engine.grow(engine.slot("any", info, name), values)
        case Class(info=info):
            patch_member(engine, info, name, values)
            owner = loading(engine, info.frame)
            if owner is not None:
                note_change(engine, owner, site, f"{info.symbol}.{name}", f"assigns the class attribute {info.name}.{name}")
        case Module(unit=unit):
            engine.grow(engine.slot(unit, name), values)
            note_change(engine, unit, site, f"{unit.name}.{name}", f"assigns {unit.name}.{name}")
        case Function() | Maker() | Partial():
            engine.grow(engine.slot("attribute", target, name), values)
            holder = keeper(engine, target)
            if holder is not None:
                note_change(engine, holder, site, f"function attribute {name}", f"assigns the function attribute {name}")
        case Method(function=function) if not isinstance(
            function, External
        ):  # an attribute of a library object: nobody knows what it is
            set_attribute(engine, function, name, values, site)
        case External(path=path):
            engine.grow(engine.slot("external", path, name), values)
            engine.deed(site, f"{path}.{name}", ("global-state",), f"assigns {path}.{name}")
        case Member(info=info):
            engine.grow(engine.slot("any", info, name), values)
            if name not in ("_value_", "__doc__"):
                note_mutation(engine, target, site, f"the attribute {name}")
        case Object(path=path):
            engine.grow(engine.slot("held", target, name), values)
            entry = engine.catalogue.entry(f"{path}.__setattr__")
            if entry is not None and "self" in entry.mutates:
                note_mutation(engine, target, site, f"the attribute {name}")
        case Super(receiver=receiver):
            set_attribute(engine, receiver, name, values, site)


def _set_descriptor(engine: Engine, target: Instance, name: str, values: list[Value], site: Site) -> bool:
    """Run a property's setter, ``__set__`` or ``__setattr__``; True when the store is done by it."""
    from buttress_scanner.program.calls import Args, call, call_method

    found = members(engine, target.info, name)
    if found is not None:
        setter = engine.heap.get(("setter", found[0], name))
        for value in found[1]:
            if isinstance(value, Descriptor) and value.kind == "property":
                for function in engine.values(setter) if setter is not None else _setters(engine, found[0], name):
                    call(engine, function, Args([[target], values]), site)
                return True
            if isinstance(value, Instance) and members(engine, value.info, "__set__"):
                call_method(engine, value, "__set__", Args([[target], values]), site)
                return True
    custom = members(engine, target.info, "__setattr__")
    if custom is not None and not (site[0].owner is not None and site[0].body.name == "__setattr__"):
        call_method(engine, target, "__setattr__", Args([[engine.const(name)], values]), site)
    return False


def _setters(engine: Engine, owner: ClassInfo, name: str) -> list[Value]:
    """The functions decorated as ``@name.setter`` in the class body."""
    result: list[Value] = []
    for version in owner.body.versions.get(name, ()):
        node = owner.body.nodes[version]
        if node[0] == "deco" and owner.body.nodes[node[1]][0] == "attr" and owner.body.nodes[node[1]][2] == "setter":
            result += [v for v in engine.read(owner.frame, node[2]) if isinstance(v, Function)]
    return result


def maybe_members(engine: Engine, value: Value, pattern: str, site: Site) -> list[Value]:
    """``getattr(value, name)`` with a name of which only a pattern is known."""
    if isinstance(value, (Instance, Class, Maybe, Member)):
        return [engine.make(Maybe, value, pattern)]
    if isinstance(value, Module):
        return [engine.make(Maybe, value, pattern)]
    return [engine.unknown("member name is not known")]
