"""Construction: metaclass, ``__new__``, ``__init__``, and what records and enums make of a call of their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.calls import bind_and_call, call, call_back, call_method
from buttress_scanner.program.classes import (
    FIELD_MAKERS,
    fields,
    is_record,
    is_subclass,
    linearise,
    members,
    metaclasses,
    subclasses,
)
from buttress_scanner.program.engine import EVERYTHING
from buttress_scanner.program.enums import enum_member, is_enum, members_of_value
from buttress_scanner.program.frames import Frame
from buttress_scanner.program.inside import construct_inside
from buttress_scanner.program.values import (
    DECLARED,
    Box,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Member,
    Object,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Site

FACTORY_NESTING = 6
FACTORY_LIMIT = 200


def construct(engine: Engine, callee: Class, args: Args, site: Site) -> list[Value]:
    """Call a class: metaclass, ``__new__``, ``__init__``, or what a record or enum makes of it."""
    info: ClassInfo = callee.info
    if is_enum(engine, info):
        return _enum_by_value(engine, info, args)
    meta = _metaclass_call(engine, callee, args, site)
    return meta if meta is not None else construct_itself(engine, callee, args, site)


def construct_itself(engine: Engine, callee: Class, args: Args, site: Site) -> list[Value]:
    """What ``type.__call__`` does, whatever metaclass the class has: ``__new__``, then ``__init__``."""
    info: ClassInfo = callee.info
    made = _by_new(engine, callee, args, site)
    if made is None:
        made = [engine.instance(info, DECLARED if not callee.exact and subclasses(engine, info) else site)]
    for value in made:
        if isinstance(value, Instance) and is_subclass(engine, value.info, info):
            initialise(engine, value, args, site)
    return made


def initialise(engine: Engine, value: Instance, args: Args, site: Site) -> None:
    """Run the constructor of a fresh instance."""
    info = value.info
    engine.grow(engine.slot("constructed", info), (engine.const(True),))
    init = members(engine, info, "__init__")
    if init is not None:
        for method in get_attribute(engine, value, "__init__", site):
            call(engine, method, args, site)
    elif is_record(engine, info):
        _fill_record(engine, value, args, site)
        _validate(engine, value, site)
    if init is None:
        _construct_outside(engine, info, args, site)
        construct_inside(engine, value, args, site)
    for name in ("__post_init__", "__attrs_post_init__", "model_post_init"):
        if members(engine, info, name) is not None and is_record(engine, info):
            call_method(engine, value, name, Args([[engine.const(None)]] if name == "model_post_init" else []), site)


def _construct_outside(engine: Engine, info: ClassInfo, args: Args, site: Site) -> None:
    """Run the constructor that a class of the program inherits from a library, where that is known to do something."""
    from buttress_scanner.program.library import call_external

    for path in info.externals:
        entry = engine.catalogue.entry(path)
        if entry is not None and entry.kind == "class" and (entry.effects or entry.calls or entry.calls_later):
            call_external(engine, path, None, args, site)


def _validate(engine: Engine, value: Instance, site: Site) -> None:
    """Run the validators of a model: its methods under one of the decorators that make a method one."""
    for owner in linearise(engine, value.info):
        for name, node in owner.body.exit.items():
            if owner.body.nodes[node][0] == "deco" and any(_is_validator(engine, owner, d) for d in _decorators(owner, node)):
                unknown: list[Value] = [engine.unknown("validated value")]
                call_method(engine, value, name, Args([unknown]), site)


def _decorators(owner: ClassInfo, node: int) -> Iterator[int]:
    """The decorators of a decorated name in a class body."""
    while owner.body.nodes[node][0] == "deco":
        yield owner.body.nodes[node][1]
        node = owner.body.nodes[node][2]


def _is_validator(engine: Engine, owner: ClassInfo, decorator: int) -> bool:
    paths = [v.path for v in engine.read(owner.frame, decorator) if isinstance(v, (External, Object))]
    return any(path.removesuffix("()") in _VALIDATORS for path in paths)


_VALIDATORS = (
    "pydantic.field_validator", "pydantic.model_validator", "pydantic.root_validator", "pydantic.validator",
    "pydantic.functional_validators.field_validator", "pydantic.functional_validators.model_validator",
)  # fmt: skip


def _fill_record(engine: Engine, value: Instance, args: Args, site: Site) -> None:
    position = 0
    for name, owner, _, default in fields(engine, value.info):
        given = args.keywords.get(name)
        keyword_only = default >= 0 and _field_option(engine, owner, default, "init", False)
        if given is None and not keyword_only and position < len(args.positional):
            given = args.positional[position]
        position += 0 if keyword_only else 1
        if given is None and args.star:
            given = list(args.star)
        if given is None and args.double_star:
            given = list(args.double_star)
        if given is None and default >= 0:
            given = _field_default(engine, owner, default, site)
        if given:
            given = _converted(engine, owner, default, given, site)
            engine.grow(engine.slot("of", value, name), given)
            engine.grow(engine.slot("any", value.info, name), given)


def _converted(engine: Engine, owner: ClassInfo, default: int, given: list[Value], site: Site) -> list[Value]:
    """What a field keeps of a value: what its ``converter`` makes of it."""
    node = _field_call(engine, owner, default) if default >= 0 else None
    converters = (
        [v for name, operand in node[3] if name == "converter" for v in engine.read(owner.frame, operand)] if node else []
    )
    return [v for converter in converters for v in call(engine, converter, Args([given]), site)] or given


def _field_call(engine: Engine, owner: ClassInfo, default: int) -> Any:
    """The call node of ``field(...)``, ``attr.ib(...)`` or ``Field(...)`` behind a default, looking through annotations."""
    nodes = owner.body.nodes
    node = nodes[default]
    if node[0] == "declare" and node[1] >= 0:
        node = nodes[node[1]]
    if node[0] != "call":
        return None
    for callee in engine.read(owner.frame, node[1]):
        if isinstance(callee, External) and callee.path in FIELD_MAKERS:
            return node
    return None


def _field_option(engine: Engine, owner: ClassInfo, default: int, option: str, wanted: Any) -> bool:
    node = _field_call(engine, owner, default)
    if node is None:
        return False
    values = [v for name, operand in node[3] if name == option for v in engine.read(owner.frame, operand)]
    return any(isinstance(v, Const) and v.value is wanted for v in values)


def _field_default(engine: Engine, owner: ClassInfo, default: int, site: Site | None) -> list[Value]:
    node = _field_call(engine, owner, default)
    if node is None:
        return engine.read(owner.frame, default)
    options = dict(node[3])
    if "default" in options:
        return engine.read(owner.frame, options["default"])
    factory = options.get("default_factory", options.get("factory"))
    if factory is None:
        return []
    frame = _factory_frame(engine, owner, site)
    if site is not None:
        engine.edge(site, frame)
    return [v for f in engine.read(owner.frame, factory) for v in call_back(engine, f, (frame, default), Args())]


def field_default(engine: Engine, owner: ClassInfo, default: int) -> list[Value]:
    """What a field of a record is when the constructor is given nothing for it, whoever calls it."""
    return _field_default(engine, owner, default, None)


def _factory_frame(engine: Engine, owner: ClassInfo, site: Site | None) -> Frame:
    """Where the edges of default factories are noted.

    The field is the place, construction the time. What they make belongs to the object.
    """
    if site is not None and (site[0].inlined >= FACTORY_NESTING or len(owner.factories) >= FACTORY_LIMIT):
        site = None
    frame = owner.factories.get(site)
    if frame is None:
        key: Any = "factories" if site is None else ("factories", *site)
        frame = owner.factories[site] = Frame(owner.unit, owner.body, owner.frame.closure, key, owner)
        frame.inlined = site[0].inlined + 1 if site is not None else 0
        frame.active = True
        engine.order.append(frame)
    return frame


def run_default_factories(engine: Engine, info: ClassInfo) -> None:
    """Note what a record's factories do even if nobody constructs it."""
    for _, owner, _, default in fields(engine, info):
        if owner is info and default >= 0:
            _field_default(engine, owner, default, None)
    frame = info.factories.get(None)
    if frame is not None and (engine.scope is None or info.unit.name in engine.scope):
        engine.reach(frame, EVERYTHING)


def _by_new(engine: Engine, callee: Class, args: Args, site: Site) -> list[Value] | None:
    found = members(engine, callee.info, "__new__")
    if found is None:
        return None
    made = []
    for function in found[1]:
        target = function.function if isinstance(function, Descriptor) else function
        if isinstance(target, Function):
            made += bind_and_call(engine, target, args.behind([callee]), site)
    known: list[Value] = [v for v in made if isinstance(v, Instance)]
    return known or None


def _metaclass_call(engine: Engine, callee: Class, args: Args, site: Site) -> list[Value] | None:
    for meta in metaclasses(engine, callee.info):
        found = members(engine, meta, "__call__")
        if found is not None:
            return [v for f in found[1] if isinstance(f, Function) for v in bind_and_call(engine, f, args.behind([callee]), site)]
    return None


def _enum_by_value(engine: Engine, info: ClassInfo, args: Args) -> list[Value]:
    wanted = args.get(0, "value")
    kept: list[str] = []
    for value in wanted:
        if isinstance(value, Member) and value.info is info:
            kept.append(value.name)
        elif isinstance(value, Const) or (isinstance(value, Box) and value.kind == "tuple"):
            kept += members_of_value(engine, info, value)
        else:
            return [engine.instance(info, DECLARED)]
    if not wanted:
        return [engine.instance(info, DECLARED)]
    return [enum_member(engine, info, name) for name in dict.fromkeys(kept)]
