"""Attributes of instances: what was stored, what the class shows, what a getter yields."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes_classes import from_externals
from buttress_scanner.program.calls import call
from buttress_scanner.program.classes import FIELD_MAKERS, is_assigned, linearise, members, subclasses
from buttress_scanner.program.contents import elements
from buttress_scanner.program.copies import inherited, is_copy
from buttress_scanner.program.declared import declared_beside
from buttress_scanner.program.descriptors import as_shown, bind_members, is_data_descriptor, runs_getter
from buttress_scanner.program.enums import enum_members, enum_value, is_enum
from buttress_scanner.program.generics import Scope, agreeing, bindings_of, is_open_value, replaced
from buttress_scanner.program.protocols import fitting
from buttress_scanner.program.stubs import attribute_in_stub
from buttress_scanner.program.types import instantiate
from buttress_scanner.program.values import (
    DECLARED,
    Box,
    BoxMethod,
    Class,
    Const,
    Descriptor,
    Function,
    Instance,
    Mark,
    Namespace,
    Object,
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
_FIELDS = FIELD_MAKERS | {"dataclasses.Field", "pydantic.fields.FieldInfo"}


def of_instance(engine: Engine, value: Instance, name: str, site: Site) -> list[Value]:
    """The same at every place that reads it, unless a getter runs there."""
    if name == "__class__":
        return [engine.make(Class, value.info, not is_open(value.site))]
    if name == "__dict__":
        return [engine.make(Namespace, value)]
    if name in ("__getattribute__", "__setattr__", "__delattr__") and members(engine, value.info, name) is None:
        return [engine.make(BoxMethod, value, name)]
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
        if any(runs_getter(engine, v) for v in class_level):
            return (RUNS,)
        cls = engine.make(Class, info, True)
        stored += [as_shown(engine, v, value, cls) for v in class_level]
    if not informative(stored) or _holds_nothing(engine, stored):
        stored += _declared(engine, value, name)
    else:
        stored += declared_beside(engine, stored, lambda: _declared(engine, value, name))
    if stored or found is not None:
        return stored
    return _missing(engine, value, name)


def _class_level(
    engine: Engine, value: Instance, name: str, found: tuple[ClassInfo, list[Value]], is_stored: bool
) -> list[Value]:
    """What of the class's member the object does not hide by what it holds itself."""
    owner, held = found
    own = _constructor_sets(engine, value.info, name)
    if own and is_open(value.site):
        own = all(_constructor_sets(engine, sub, name) for sub in subclasses(engine, value.info))
    hidden = own or ((is_stored or _is_field_object(held)) and _is_field_default(value.info, owner, name))
    return [v for v in held if not hidden or is_data_descriptor(engine, v)]


def _by_getter(engine: Engine, value: Instance, name: str, site: Site) -> list[Value]:
    """Run the getter or the fallback that yields the attribute."""
    info: ClassInfo = value.info
    cls = engine.make(Class, info, True)
    found = members(engine, info, name)
    if found is not None and any(isinstance(v, Descriptor) and v.kind == "property" for v in found[1]):
        result = bind_members(engine, found[1], value, cls, site)
        return result + _overriding_properties(engine, value, name, site)
    if found is not None:
        stored = held_by(engine, value, name)
        stored += bind_members(engine, _class_level(engine, value, name, found, bool(stored)), value, cls, site)
        if not informative(stored) or _holds_nothing(engine, stored):
            stored += _declared(engine, value, name)
        return stored
    fallback = members(engine, info, "__getattr__") or members(engine, info, "__getattribute__")
    if fallback is not None:
        bound = bind_members(engine, fallback[1], value, cls, site)
        return [v for f in bound for v in call(engine, f, Args([[engine.const(name)]]), site)]
    return [
        v
        for below, held in _below(engine, value, name)
        for v in bind_members(engine, held, below, _class_of(engine, below), site)
    ]


def _missing(engine: Engine, value: Instance, name: str) -> Iterable[Value]:
    """An attribute that neither the object nor its class has, as far as is known."""
    info: ClassInfo = value.info
    if members(engine, info, "__getattribute__"):
        return (RUNS,)
    own = is_assigned(engine, info, name)
    if members(engine, info, "__getattr__") and not own:
        return (RUNS,)
    if name in ("value", "_value_") and is_enum(engine, info):
        return [v for member in enum_members(engine, info) for v in enum_value(engine, info, member)]
    outside = from_externals(engine, info, name, value) if not own else []
    if outside:
        return outside
    inherited_by = _below(engine, value, name) if is_open(value.site) else []
    if any(runs_getter(engine, v) for _, held in inherited_by for v in held):
        return (RUNS,)
    found = [as_shown(engine, v, below, _class_of(engine, below)) for below, held in inherited_by for v in held]
    return found or (engine.unknown(f"attribute {info.name}.{name} is never assigned"),)


def _class_of(engine: Engine, value: Instance) -> Value:
    cls: Value = engine.make(Class, value.info, True)
    return cls


def _holds_nothing(engine: Engine, values: list[Value]) -> bool:
    """Whether all that is known are containers, and of those no contents: then the declared type says what they hold."""
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
    return found is not None and all(isinstance(v, Function) and name in engine.bodies[v.body].always_sets for v in found[1])


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
            result += bind_members(engine, found, receiver, engine.make(Class, sub, True), site)
    for fit in fitting(engine, value.info):
        of_instance(engine, engine.instance(fit, DECLARED), name, site)  # its getter runs; what it yields stays nominal
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
    if not _is_method(engine, value.info, name):  # a name that is not known is hardly that of a method
        for key in (value, value.info):
            found.update(dict.fromkeys(engine.values(engine.slot("dynamic", key))))
    return list(found)


def _is_method(engine: Engine, info: ClassInfo, name: str) -> bool:
    """Whether the class defines the name as a function, or Python looks it up in the class only."""
    if name.startswith("__") and name.endswith("__"):
        return True
    found = members(engine, info, name)
    return found is not None and any(isinstance(v, (Function, Descriptor)) for v in found[1])


def _for_receiver(engine: Engine, value: Instance, owner: ClassInfo, stored: list[Value]) -> list[Value]:
    """What objects of a class store, as far as this one's type arguments permit it."""
    if not value.info.generic or not any(is_open_value(engine, v) for v in stored):
        return stored
    known = bindings_of(engine, value, owner) if owner in linearise(engine, value.info) else {}
    return replaced(engine, stored, known) if known else stored


SUBCLASS_LIMIT = 40


def _declared(engine: Engine, value: Instance, name: str) -> list[Value]:
    for owner in linearise(engine, value.info):
        annotation = owner.body.annotations.get(name)
        if annotation is not None:
            return instantiate(engine, owner.frame, annotation, Scope(value, owner))
        in_stub = attribute_in_stub(engine, owner, name) if owner.unit.stub is not None else []
        if in_stub:
            return in_stub
    return []
