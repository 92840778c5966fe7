"""Callables that library functions make: getters, wrappers, context managers, typed callables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import containers, contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute, maybe_members
from buttress_scanner.program.calls import call
from buttress_scanner.program.frames import Deed
from buttress_scanner.program.generics import Scope, arguments_of
from buttress_scanner.program.lifetime import keeper, remember
from buttress_scanner.program.types import instances_of
from buttress_scanner.program.values import (
    Alias,
    Bound,
    Box,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Maker,
    Method,
    Namespace,
    Partial,
    Running,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.catalogue import Entry
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site


def made_with(engine: Engine, maker: Maker) -> Args:
    """The arguments with which the maker itself was called."""
    return Args.of(engine, maker.frame, maker.frame.body.nodes[maker.node])


def call_maker(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """Call what a library function has made."""
    handler = _KINDS.get(maker.kind)
    return handler(engine, maker, args, site) if handler is not None else []


def _keep(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """``@value.setter``, ``@function.register``: gives the value back; what is registered is one of its implementations."""
    target = maker.function
    if isinstance(target, Descriptor):
        return [target]
    functions = [v for v in args.all() if isinstance(v, Function)]
    if target is not None:
        engine.grow(engine.slot("implementation", target), functions)
    return list(functions) or [maker]


def attribute_path(engine: Engine, values: list[Value], path: str, site: Site) -> list[Value]:
    """Follow a dotted attribute path."""
    for name in path.split("."):
        values = [v for value in values for v in get_attribute(engine, value, name, site)]
    return values


def _attrgetter(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    made = made_with(engine, maker)
    subjects = args.get(0)
    results: list[list[Value]] = []
    for names in made.positional:
        found: list[Value] = []
        for name in names:
            if isinstance(name, Const) and isinstance(name.value, str):
                found += attribute_path(engine, subjects, name.value, site)
            else:
                found += [v for s in subjects for v in maybe_members(engine, s, ".*", site)]
        results.append(found)
    if len(results) == 1:
        return results[0]
    box = contents.box(engine, "tuple", (*site, maker))
    for number, values in enumerate(results):
        contents.put(engine, box, number, values)
    return [box]


def _itemgetter(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    keys = made_with(engine, maker).get(0)
    return [v for s in args.get(0) for v in containers.get_item(engine, s, keys, site)]


def _methodcaller(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    made = made_with(engine, maker)
    rest = Args(made.positional[1:], made.star, made.keywords, made.double_star)
    found: list[Value] = []
    for name in made.get(0):
        for subject in args.get(0):
            if isinstance(name, Const) and isinstance(name.value, str):
                found += [r for m in get_attribute(engine, subject, name.value, site) for r in call(engine, m, rest, site)]
            else:
                found += maybe_members(engine, subject, ".*", site)
    return found


def _contextmanager(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    context = contents.box(engine, "context", (*site, maker))
    if maker.function is not None:
        for result in call(engine, maker.function, args, site):
            if isinstance(result, Running):
                engine.edge(site, result.frame)
                contents.fill(engine, context, iteration.yielded(engine, result.frame))
    return [context]


def _cached(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """A function with a memory: what it gives, it gives to the next caller too."""
    results = _transparent(engine, maker, args, site)
    owner = keeper(engine, maker)
    if owner is not None:
        for value in results:
            remember(engine, value, owner)
    return results


def decorated(values: list[Value]) -> list[Value]:
    """What of the argument of a decorator is a function."""
    return [v for v in values if isinstance(v, (Function, Method, Partial, Maker, Descriptor))]


def wrap(engine: Engine, entry: Entry, targets: list[Value], site: Site) -> list[Value]:
    """A decorator of the library that adds effects to each call; without a function it makes such a decorator."""
    source = engine.make(External, entry.path)
    found: list[Value] = []
    for target in decorated(targets):
        wrapper = engine.make(Maker, "wrapper", target, *site)
        engine.grow(engine.slot("adds", wrapper), [source])
        found.append(wrapper)
    return found or [engine.make(Maker, "adding", source, *site)]


def added(engine: Engine, maker: Maker) -> list[Deed]:
    """What a wrapper of the library does in each call besides what it wraps."""
    entries = [engine.catalogue.entry(v.path) for v in engine.values(engine.slot("adds", maker)) if isinstance(v, External)]
    return [Deed(e.path, e.adds, f"calls what {e.path} wraps") for e in entries if e is not None]


def _adding(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    entry = engine.catalogue.entry(maker.function.path) if isinstance(maker.function, External) else None
    return wrap(engine, entry, args.get(0), site) if entry is not None else args.get(0)


def _transparent(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    for deed in added(engine, maker):
        engine.deed(site, deed.path, deed.effects, deed.text)
    return call(engine, maker.function, args, site) if maker.function is not None else []


def _wraps(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """``wraps(f)`` gives back what it decorates."""
    return args.get(0)


def _decorator(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """``lru_cache(maxsize=None)`` and the like: a decorator that wraps transparently."""
    return [engine.make(Maker, "cache", f, *site) for f in args.get(0)]


def _singledispatch(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    if maker.function is not None:
        for function in [maker.function, *engine.values(engine.slot("implementation", maker.function))]:
            found += call(engine, function, args, site)
    return found


def _partialmethod(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    made = made_with(engine, maker)
    first, rest = args.get(0), args.positional[1:]
    merged = Args([first, *made.positional[1:], *rest], args.star, {**made.keywords, **args.keywords}, args.double_star)
    return call(engine, maker.function, merged, site) if maker.function is not None else []


def _callable(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    arguments = arguments_of(engine, engine.make(Alias, engine.unknown("callable"), maker.frame, maker.node))
    scope = Scope(None, None, maker.function.bindings) if isinstance(maker.function, Bound) else None
    found = [v for t in arguments[1] for v in instances_of(engine, t, scope)] if len(arguments) > 1 else []
    return found or [engine.unknown("result of a declared callable")]


def _new(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    defined = [v.owner for v in args.all() if isinstance(v, Namespace) and isinstance(v.owner, Class)]
    if defined:  # a metaclass makes the class whose body gave the namespace
        return [*defined]
    classes = [c for c in args.get(0) if isinstance(c, Class)] or ([maker.function] if isinstance(maker.function, Class) else [])
    return [engine.instance(c.info, site) for c in classes]


def _construct(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    """``super().__call__`` of a metaclass."""
    from buttress_scanner.program.construction import construct_itself

    return construct_itself(engine, maker.function, args, site) if isinstance(maker.function, Class) else []


def _weakref(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    return [maker.function] if maker.function is not None else []


def _newtype(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    return args.get(0)


def _namedtuple(engine: Engine, maker: Maker, args: Args, site: Site) -> list[Value]:
    made = made_with(engine, maker).get(1, "field_names")
    names: list[str] = []
    for value in made:
        if isinstance(value, Const) and isinstance(value.value, str):
            names += value.value.replace(",", " ").split()
        elif isinstance(value, Box):
            names += [
                str(v.value) for values in contents.known_items(engine, value).values() for v in values if isinstance(v, Const)
            ]
    box = contents.box(engine, "tuple", (*site, maker))
    for number, name in enumerate(names):
        values = args.get(number, name)
        contents.put(engine, box, number, values)
        contents.put(engine, box, name, values)
    return [box]


_KINDS: dict[str, Callable[[Engine, Maker, Args, Site], list[Value]]] = {
    "keep": _keep, "attrgetter": _attrgetter,
    "itemgetter": _itemgetter, "methodcaller": _methodcaller, "contextmanager": _contextmanager,
    "cache": _cached, "wrapper": _transparent, "wraps": _wraps, "decorator": _decorator, "singledispatch": _singledispatch,
    "partialmethod": _partialmethod, "adding": _adding, "callable": _callable, "new": _new, "construct": _construct,
    "newtype": _newtype, "weakref": _weakref, "namedtuple": _namedtuple,
}  # fmt: skip
