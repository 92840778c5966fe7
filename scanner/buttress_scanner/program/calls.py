"""Calling values: binding of arguments, construction, bound and wrapped callables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.program import contents
from buttress_scanner.program.arguments import Args, bind, with_partial
from buttress_scanner.program.classes import members
from buttress_scanner.program.generics import agreeing, typed_site
from buttress_scanner.program.lifetime import loading
from buttress_scanner.program.passing import given_back, result_of
from buttress_scanner.program.protocols import fitting
from buttress_scanner.program.types import instances_of
from buttress_scanner.program.values import (
    DECLARED,
    SELF,
    Alias,
    Box,
    BoxMethod,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Maybe,
    Method,
    Object,
    Partial,
    Running,
    Typed,
    Unknown,
    Value,
    informative,
    is_declared,
    is_open,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site

OVERRIDE_LIMIT = 60
CALL_NESTING = 12
INSTANCE_NESTING = 2


def call(engine: Engine, callee: Value, args: Args, site: Site) -> list[Value]:
    """What calling the value yields; the edges stand at ``site``.

    A value that is called within the call of another nests to a bound, and an instance whose ``__call__`` is an instance again to
    a narrow one: such recursion runs through no cell that would end it.
    """
    heavy = isinstance(callee, (Instance, Class))
    if engine.nesting >= CALL_NESTING or (heavy and engine.instances >= INSTANCE_NESTING):
        return [engine.unknown("calls nested too deeply")]
    engine.nesting += 1
    engine.instances += heavy
    try:
        return _call(engine, callee, args, site)
    finally:
        engine.nesting -= 1
        engine.instances -= heavy


def call_each(engine: Engine, callees: Iterable[Value], args: Args, site: Site) -> dict[Value, None]:
    """What calling any of the values yields; objects that no context tells apart have their method called together."""
    found: dict[Value, None] = {}
    together: dict[tuple[Function, Any], list[Value]] = {}
    for callee in callees:
        kind = type(callee)
        if kind is Unknown:
            found[callee] = None
        elif isinstance(callee, Method) and isinstance(callee.function, Function):
            alike = (callee.function, engine.contexts.projection(callee.receiver))
            together.setdefault(alike, []).append(callee.receiver)
        else:
            found.update(dict.fromkeys(_again(engine, callee, args, site) or call(engine, callee, args, site)))
    for (function, _), receivers in together.items():
        found.update(dict.fromkeys(_call_bound(engine, function, receivers, args, site)))
    return found


def _again(engine: Engine, callee: Value, args: Args, site: Site) -> list[Value] | None:
    """What a call yields that was bound before with the same arguments and gives what its frame returns; None for others."""
    if isinstance(callee, Function) and not (callee.body.is_generator or callee.body.is_async):
        known = engine.bindings.get((site, callee, args.key()))
        if known is not None and known[1] is None:
            return engine.result(known[0])
    return None


def _call_bound(engine: Engine, function: Function, receivers: list[Value], args: Args, site: Site) -> list[Value]:
    full = args.behind(receivers)
    results = _again(engine, function, full, site) or call(engine, function, full, site)
    for receiver in receivers:
        if isinstance(receiver, Instance) and _dispatches(receiver, function):
            results = results + _call_overrides(engine, function, receiver, args, site)
    return results


def _call(engine: Engine, callee: Value, args: Args, site: Site) -> list[Value]:
    match callee:
        case Function():
            return bind_and_call(engine, callee, args, site)
        case Method(function=function, receiver=receiver):
            return _call_method_value(engine, function, receiver, args, site)
        case Class():
            from buttress_scanner.program.construction import construct

            return construct(engine, callee, args, site)
        case External(path=path):
            from buttress_scanner.program.library import call_external

            return call_external(engine, path, None, args, site)
        case Instance():
            return call_method(engine, callee, "__call__", args, site)
        case Partial(function=function):
            return call(engine, function, with_partial(engine, callee, args), site)
        case Maker():
            from buttress_scanner.program.makers import call_maker

            return call_maker(engine, callee, args, site)
        case BoxMethod(box=box, name=name):
            from buttress_scanner.program.box_methods import call_box

            return call_box(engine, box, name, args, site)
        case Alias(base=base):
            return _call_alias(engine, callee, base, args, site)
        case Box(kind="reference"):
            return contents.elements(engine, callee)
        case Descriptor(kind="staticmethod" | "classmethod", function=function):
            return call(engine, function, args, site)
        case Maybe() | Unknown():
            return [callee] if isinstance(callee, Unknown) else [engine.unknown("member name is not known")]
        case Object(path=path):
            hand_to_unknown(engine, args, site)
            if not path.endswith("()") and engine.catalogue.entry(f"{path}.__call__") is not None:
                from buttress_scanner.program.library import call_external

                return call_external(engine, f"{path}.__call__", callee, args, site)
            return [engine.unknown(f"external {path.split('.')[0]}")]
    return []


def _call_alias(engine: Engine, alias: Alias, base: Value, args: Args, site: Site) -> list[Value]:
    """``Box[Plugin](...)``: the object keeps its type arguments; ``Queue[Plugin]()``: what the library makes holds them."""
    made = call(engine, base, args, site)
    typed = typed_site(engine, alias, {})
    for value in made:
        if isinstance(value, Instance) and isinstance(typed, Typed):
            engine.grow(engine.slot("arguments", value), (typed,))
    if isinstance(base, External) and not informative([e for v in made for e in _contents(engine, v)]):
        return [*made, *(v for v in instances_of(engine, alias) if isinstance(v, Box))]
    return made


def _contents(engine: Engine, value: Value) -> list[Value]:
    return contents.elements(engine, value) if isinstance(value, Box) else []


def hand_to_unknown(engine: Engine, args: Args, site: Site) -> None:
    """What is not known may call what it is given, at any time; each value is handed over once."""
    handed = engine.handed.get(site)
    outer, engine.how = engine.how, engine.how or "later"
    for value in args.all():
        if isinstance(value, (Function, Method, Partial, Running)):
            if handed is None:
                handed = engine.handed.setdefault(site, set())
            if value not in handed:
                handed.add(value)
                call_back(engine, value, site)
    engine.how = outer


def call_back(engine: Engine, value: Value, site: Site, args: Args | None = None) -> list[Value]:
    """A library function calls the value at ``site``; a coroutine or generator is driven."""
    if isinstance(value, Running):
        engine.edge(site, value.frame)
        return engine.result(value.frame)
    if args is None and isinstance(value, Function):  # of the arguments nothing is known: as if anybody called it
        frame = engine.generic_frame(value)
        engine.edge(site, frame)
        return engine.result(frame)
    results = call(engine, value, args if args is not None else Args(star=[]), site)
    for result in results:
        if isinstance(result, Running):
            engine.edge(site, result.frame)
    return results


def _call_method_value(engine: Engine, function: Value, receiver: Value, args: Args, site: Site) -> list[Value]:
    if isinstance(function, External):
        from buttress_scanner.program.hooks import run_hooks
        from buttress_scanner.program.library import call_external

        if isinstance(receiver, Instance):
            run_hooks(engine, receiver, function.path, site)
        return call_external(engine, function.path, receiver, args, site)
    if isinstance(function, Maker):
        from buttress_scanner.program.makers import call_maker

        return call_maker(engine, function, args.behind([receiver]), site)
    if isinstance(function, Function):
        return _call_bound(engine, function, [receiver], args, site)
    return call(engine, function, args.behind([receiver]), site)


def _dispatches(receiver: Instance, function: Function) -> bool:
    """A declared receiver may be any subclass.

    The receiver of a method nobody called yet only where the method itself is abstract.
    """
    return is_declared(receiver.site) or (receiver.site == SELF and function.body.is_abstract)


def _call_overrides(engine: Engine, function: Function, receiver: Instance, args: Args, site: Site) -> list[Value]:
    found: dict[Value, None] = {}
    for sub in agreeing(engine, receiver)[:OVERRIDE_LIMIT]:
        node = sub.body.exit.get(function.body.name)
        if node is None:
            continue
        for override in engine.read(sub.frame, node):
            if override is not function and not isinstance(override, Descriptor):
                instance = engine.instance(sub, DECLARED)
                found.update(dict.fromkeys(call(engine, override, args.behind([instance]), site)))
    outer, engine.how = engine.how, "fits"
    for fit in fitting(engine, receiver.info)[:OVERRIDE_LIMIT]:  # it may run; what it gives stays nominal
        call_method(engine, engine.instance(fit, DECLARED), function.body.name, args, site)
    engine.how = outer
    return list(found)


def call_method(engine: Engine, receiver: Value, name: str, args: Args, site: Site) -> list[Value]:
    """Call a special method if the class of the program has it."""
    if not isinstance(receiver, Instance):
        return []
    found = members(engine, receiver.info, name)
    if found is None:
        if is_open(receiver.site):
            results: dict[Value, None] = {}
            for sub in agreeing(engine, receiver)[:OVERRIDE_LIMIT]:
                if name in sub.body.exit:
                    results.update(dict.fromkeys(call_method(engine, engine.instance(sub, DECLARED), name, args, site)))
            return list(results)
        return []
    from buttress_scanner.program.attributes import get_attribute

    return [v for m in get_attribute(engine, receiver, name, site) for v in call(engine, m, args, site)]


def bind_and_call(engine: Engine, function: Function, args: Args, site: Site, how: str = "") -> list[Value]:
    """Call a function of the program: its frame becomes an edge of the site; generators and coroutines are only made."""
    body = function.body
    key = (site, function, args.key())
    known = engine.bindings.get(key)
    if known is None:
        bound = bind(engine, function, args, site)
        known = engine.bindings[key] = (engine.call_frame(function, bound, site), given_back(engine, body, bound))
    frame, passed = known
    if body.is_generator:
        kind = "asyncgen" if body.is_async else "generator"
        return [engine.make(Running, frame, kind, site) if loading(engine, site[0]) else engine.make(Running, frame, kind)]
    if body.is_async:
        return [engine.make(Running, frame, "coroutine")]
    engine.edge(site, frame, how)
    return engine.result(frame) if passed is None else result_of(engine, frame, passed)
