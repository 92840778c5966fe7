"""Models of what wraps, binds, copies or keeps: decorators, partials, records, contexts, futures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program import contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.calls import call_back
from buttress_scanner.program.classes import fields
from buttress_scanner.program.construction import initialise
from buttress_scanner.program.copies import deep, shallow
from buttress_scanner.program.values import (
    Alias,
    Box,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Object,
    Partial,
    Running,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
    from buttress_scanner.program.models import Model

PARTIAL_DEPTH = 4


def _partial(engine: Engine, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    for function in args.get(0):
        depth = function.depth + 1 if isinstance(function, Partial) else 1
        found.append(engine.make(Partial, function, *site, depth) if depth <= PARTIAL_DEPTH else function)
    return found


def _weak(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``weakref.ref(x, callback)``: calling it gives ``x``; the callback runs when that is gone."""
    made: list[Value] = [engine.make(Maker, "weakref", value, *site) for value in args.get(0)]
    for callback in args.get(1, "callback"):
        call_back(engine, callback, site, Args([made]))
    return made


def _maker(kind: str) -> Model:
    """A call that makes a callable of this kind, with its own arguments kept."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return [engine.make(Maker, kind, None, *site)]

    return model


def _wrapping(kind: str) -> Model:
    """A decorator that wraps its argument; called without a function it makes such a decorator."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        functions = [v for v in args.get(0) if not isinstance(v, (Const, Object, Unknown))]
        return [engine.make(Maker, kind, f, *site) for f in functions] or [engine.make(Maker, "decorator", None, *site)]

    return model


def _descriptor(kind: str) -> Model:
    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return [engine.make(Descriptor, kind, f) for f in args.get(0, "fget")]

    return model


def _give_back(position: int) -> Model:
    """A function that returns one of its arguments."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return args.get(position)

    return model


def _field(engine: Engine, args: Args, site: Site) -> list[Value]:
    """A field of a record: its default factory runs when an object is constructed, and is called there."""
    return [engine.make(Object, "dataclasses.Field")]


def _give_back_decorator(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``@dataclass`` and ``@dataclass(...)``: the class itself."""
    classes = [v for v in args.get(0) if isinstance(v, (Class, Function))]
    return list(classes) or [engine.make(Maker, "wraps", None, *site)]


def _copy(copied: Callable[[Engine, Value, Site], list[Value]]) -> Model:
    """``copy.copy`` and ``copy.deepcopy``."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return [c for value in args.get(0, "x") for c in copied(engine, value, site)]

    return model


def _update_wrapper(engine: Engine, args: Args, site: Site) -> list[Value]:
    return args.get(0)


def _field_values(engine: Engine, value: Instance, site: Site) -> dict[str, list[Value]]:
    """What the fields of a record hold."""
    return {name: get_attribute(engine, value, name, site) for name, *_ in fields(engine, value.info)}


def _replace(engine: Engine, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    for value in args.get(0):
        if isinstance(value, Instance):
            fresh = engine.instance(value.info, site)
            initialise(
                engine,
                fresh,
                Args(keywords={**_field_values(engine, value, site), **args.keywords}, double_star=args.double_star),
                site,
            )
            found.append(fresh)
        else:
            found.append(value)
    return found


def _stack(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "stack", (*site, "stack"))
    contents.fill(engine, box, [box])
    return [box]


def _closing(method: str) -> Model:
    """``closing(x)``: entering gives ``x``, leaving calls its method."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        made = _context_of(engine, args, site)
        closers = [m for v in args.get(0) for m in get_attribute(engine, v, method, site)]
        engine.grow(engine.slot(made[0], "closers"), closers)
        return made

    return model


def _context_of(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``nullcontext(x)``: entering gives ``x``."""
    box = contents.box(engine, "context", (*site, "context"))
    contents.fill(engine, box, args.get(0))
    return [box]


def _open_object(path: str) -> Model:
    """An object of the library that holds whatever attributes it is given: each is told from the others."""
    return partial(_opened, path)


def _opened(path: str, engine: Engine, args: Args, site: Site) -> list[Value]:
    made = engine.make(Object, path, site)
    for name, values in args.keywords.items():
        engine.grow(engine.slot("held", made, name), values)
    for value in args.get(0):
        if isinstance(value, Box):
            for key, values in contents.known_items(engine, value).items():
                engine.grow(engine.slot("held", made, str(key)), values)
    return [made]


def _variable(engine: Engine, args: Args, site: Site) -> list[Value]:
    """A variable of a context, with its default."""
    box = contents.box(engine, "variable", (*site, "variable"))
    contents.fill(engine, box, args.keywords.get("default", []))
    return [box]


def _gather(engine: Engine, args: Args, site: Site) -> list[Value]:
    inner = contents.box(engine, "list", (*site, "results"))
    for number, values in enumerate(args.positional):
        contents.put(engine, inner, number, [r for v in values for r in _driven(engine, v, site)])
    for value in args.star or ():
        contents.fill(engine, inner, _driven(engine, value, site))
    box = contents.box(engine, "future", (*site, "gather"))
    contents.fill(engine, box, [inner])
    return [box]


def _as_completed(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``as_completed(futures)``: an iterator of what can be awaited or asked for its result."""
    box = contents.box(engine, "iterator", (*site, "completed"))
    contents.fill(engine, box, _futures(engine, args, site))
    return [box]


def _wait(*, is_awaited: bool) -> Model:
    """``wait(futures)``: the set of those that are done and of those that are not."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        pair = contents.box(engine, "tuple", (*site, "waited"))
        for place in (0, 1):
            part = contents.box(engine, "set", (*site, "waited", place))
            contents.fill(engine, part, _futures(engine, args, site))
            contents.put(engine, pair, place, [part])
        return [_future(engine, [pair], site)] if is_awaited else [pair]

    return model


def _futures(engine: Engine, args: Args, site: Site) -> list[Value]:
    """The futures among the elements of the first argument; coroutines are driven and become futures."""
    found: list[Value] = []
    for value in [e for v in args.get(0, "fs") for e in iteration.iterate(engine, v, site)]:
        is_run = isinstance(value, Running)
        found.append(_future(engine, _driven(engine, value, site), site) if is_run else value)
    return found


def _future(engine: Engine, values: list[Value], site: Site) -> Box:
    box = contents.box(engine, "future", (*site, "future"))
    contents.fill(engine, box, values)
    return box


def _driven(engine: Engine, value: Value, site: Site) -> list[Value]:
    if isinstance(value, Running):
        return call_back(engine, value, site)
    return contents.elements(engine, value) if isinstance(value, Box) else [value]


def left_by_decorator(engine: Engine, callee: Value, targets: list[Value], results: list[Value]) -> list[Value]:
    """What a name stands for behind a decorator.

    What a decorator of the library or of unknown code gives is taken for the decorated thing itself, unless it is known to be
    another callable; an object of the library with deeds of its own stands beside it.
    """
    function = callee.function if isinstance(callee, Method) else callee
    if not isinstance(function, (Unknown, Object, External)) or any(isinstance(r, _CALLABLES) for r in results):
        return results or targets
    return [*targets, *(r for r in results if isinstance(r, Object) and engine.catalogue.has_deeds(r.path))]


_CALLABLES = (Alias, Class, Descriptor, Function, Instance, Maker, Method, Partial)
OPEN = ("types.SimpleNamespace", "argparse.Namespace", "threading.local")
"""Library classes whose objects hold any attribute."""
MODELS: dict[str, Model] = {
    "functools.partial": _partial, "functools.partialmethod": _wrapping("partialmethod"), "functools.wraps": _maker("wraps"),
    "functools.update_wrapper": _update_wrapper, "functools.lru_cache": _wrapping("cache"),
    "functools.cache": _wrapping("cache"), "functools.singledispatch": _wrapping("singledispatch"),
    "functools.singledispatchmethod": _wrapping("singledispatch"), "functools.total_ordering": _give_back(0),
    "functools.cached_property": _descriptor("cached_property"), "builtins.property": _descriptor("property"),
    "abc.abstractproperty": _descriptor("property"), "builtins.staticmethod": _descriptor("staticmethod"),
    "builtins.classmethod": _descriptor("classmethod"), "abc.abstractmethod": _give_back(0), "typing.final": _give_back(0),
    "typing.override": _give_back(0), "typing.overload": _give_back(0), "typing.no_type_check": _give_back(0),
    "typing.runtime_checkable": _give_back(0), "typing_extensions.override": _give_back(0), "dataclasses.field": _field,
    "attr.ib": _field, "attr.attrib": _field, "attr.field": _field, "attrs.field": _field,
    "dataclasses.dataclass": _give_back_decorator, "attr.s": _give_back_decorator, "attr.define": _give_back_decorator,
    "attrs.define": _give_back_decorator, "attrs.frozen": _give_back_decorator, "attr.frozen": _give_back_decorator,
    "enum.unique": _give_back(0), "operator.attrgetter": _maker("attrgetter"), "operator.itemgetter": _maker("itemgetter"),
    "operator.methodcaller": _maker("methodcaller"), "contextlib.contextmanager": _wrapping("contextmanager"),
    "contextlib.asynccontextmanager": _wrapping("contextmanager"), "contextlib.ExitStack": _stack,
    "contextlib.AsyncExitStack": _stack, "contextlib.closing": _closing("close"), "contextlib.aclosing": _closing("aclose"),
    "contextlib.nullcontext": _context_of, "copy.copy": _copy(shallow), "copy.deepcopy": _copy(deep),
    "dataclasses.replace": _replace, "copy.replace": _replace, "typing.TypeVar": _maker("typevar"),
    "typing.NewType": _maker("newtype"), "typing.assert_type": _give_back(0), "collections.namedtuple": _maker("namedtuple"),
    **{path: _open_object(path) for path in OPEN},
    "weakref.ref": _weak, "weakref.WeakMethod": _weak,
    "weakref.proxy": _give_back(0), "asyncio.gather": _gather, "contextvars.ContextVar": _variable,
    "asyncio.as_completed": _as_completed, "concurrent.futures.as_completed": _as_completed,
    "asyncio.wait": _wait(is_awaited=True), "concurrent.futures.wait": _wait(is_awaited=False),
}  # fmt: skip
"""By dotted path."""
