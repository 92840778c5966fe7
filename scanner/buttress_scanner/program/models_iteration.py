"""Models of what makes containers and iterators, and of what consumes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buttress_scanner.program import contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_back, call_method
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.order import UNORDERED
from buttress_scanner.program.values import (
    Box,
    Const,
    Instance,
    Object,
    Running,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
    from buttress_scanner.program.models import Model


def _collect(kind: str, position: int = 0) -> Model:
    """A container or iterator over the elements of an argument."""
    return partial(_collected, kind, position)


def _collected(kind: str, position: int, engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, kind, (*site, "made"))
    for value in args.get(position):
        if isinstance(value, Box) and value.kind in ("tuple", "list") and kind in ("tuple", "list"):
            contents.update(engine, box, value)
        elif isinstance(value, Box) and value.kind in UNORDERED and kind == "iterator":
            unordered = contents.box(engine, "set-iterator", (*site, "unordered"))
            contents.fill(engine, unordered, contents.elements(engine, value))
            return [unordered]
        else:
            contents.fill(engine, box, iteration.iterate(engine, value, site))
    return [box]


def _iter(engine: Engine, args: Args, site: Site) -> list[Value]:
    if len(args.positional) == 2:
        box = contents.box(engine, "iterator", (*site, "calls"))
        for value in args.get(0):
            contents.fill(engine, box, call_back(engine, value, site, Args()))
        return [box]
    kept = [v for v in args.get(0) if isinstance(v, Running) or (isinstance(v, Box) and v.kind == "iterator")]
    others = [v for v in args.get(0) if v not in kept]
    return [*kept, *(_collect("iterator")(engine, Args([others]), site) if others else [])]


def _next(engine: Engine, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    for value in args.get(0):
        if isinstance(value, Instance):
            found += call_method(engine, value, "__next__", Args(), site)
        else:
            note_mutation(engine, value, site, "the position of an iterator")
            found += iteration.iterate(engine, value, site)
    return [*found, *(args.get(1) if len(args.positional) > 1 else [])]


def _unordered_source(args: Args, start: int) -> bool:
    return any(isinstance(v, Box) and v.kind in UNORDERED for values in args.positional[start:] for v in values)


def _map(engine: Engine, args: Args, site: Site) -> list[Value]:
    sources = [[e for v in values for e in iteration.iterate(engine, v, site)] for values in args.positional[1:]]
    box = contents.box(engine, "set-iterator" if _unordered_source(args, 1) else "iterator", (*site, "map"))
    for function in args.get(0):
        contents.fill(engine, box, call_back(engine, function, site, Args(sources)))
    return [box]


def _filter(engine: Engine, args: Args, site: Site) -> list[Value]:
    source = [e for v in args.get(1) for e in iteration.iterate(engine, v, site)]
    for function in args.get(0):
        if not isinstance(function, Const):
            call_back(engine, function, site, Args([source]))
    box = contents.box(engine, "set-iterator" if _unordered_source(args, 1) else "iterator", (*site, "filter"))
    contents.fill(engine, box, source)
    return [box]


def _zip(engine: Engine, args: Args, site: Site) -> list[Value]:
    pair = contents.box(engine, "tuple", (*site, "pair"))
    for number, values in enumerate(args.positional):
        contents.put(engine, pair, number, [e for v in values for e in iteration.iterate(engine, v, site)])
    box = contents.box(engine, "set-iterator" if _unordered_source(args, 0) else "iterator", (*site, "zip"))
    contents.fill(engine, box, [pair])
    return [box]


def _enumerate(engine: Engine, args: Args, site: Site) -> list[Value]:
    pair = contents.box(engine, "tuple", (*site, "pair"))
    contents.put(engine, pair, 0, [engine.make(Object, "builtins.int")])
    contents.put(engine, pair, 1, [e for v in args.get(0) for e in iteration.iterate(engine, v, site)])
    box = contents.box(engine, "iterator", (*site, "enumerate"))
    contents.fill(engine, box, [pair])
    return [box]


def _sorted(engine: Engine, args: Args, site: Site) -> list[Value]:
    found = [e for v in args.get(0) for e in iteration.iterate(engine, v, site)]
    for key in args.keywords.get("key", []):
        if not isinstance(key, Const):
            call_back(engine, key, site, Args([found]))
    for element in found:
        call_method(engine, element, "__lt__", Args([found]), site)
    box = contents.box(engine, "list", (*site, "sorted"))
    contents.fill(engine, box, found)
    return [box]


def _choose(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``min`` and ``max``: one of the elements, or of the arguments."""
    if len(args.positional) == 1:
        found = [e for v in args.get(0) for e in iteration.iterate(engine, v, site)]
    else:
        found = [v for values in args.positional for v in values]
    for key in args.keywords.get("key", []):
        call_back(engine, key, site, Args([found]))
    return [*found, *args.keywords.get("default", [])]


def _consume(result: str) -> Model:
    """``any``, ``all``, ``sum``: run the iterator."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        for value in args.get(0):
            for element in iteration.iterate(engine, value, site):
                call_method(engine, element, "__add__" if result == "builtins.int" else "__bool__", Args(star=[]), site)
        return [engine.make(Object, result)]

    return model


def _dict(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "dict", (*site, "made"))
    for value in args.get(0) if args.positional else []:
        if isinstance(value, Box) and value.kind in ("dict", "defaultdict"):
            contents.update(engine, box, value)
            continue
        for pair in iteration.iterate(engine, value, site):
            if isinstance(pair, Box):
                known = contents.known_items(engine, pair)
                contents.put_keys(engine, box, known.get(0, []), [*known.get(1, []), *contents.unknown_items(engine, pair)])
    for name, values in args.keywords.items():
        contents.put(engine, box, name, values)
    contents.fill(engine, box, list(args.double_star or ()))
    return [box]


def _layers(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``ChainMap(first, second)``: what any of the mappings holds."""
    made = _dict(engine, Args(args.positional[:1]), site)
    for box in made:
        for value in [v for values in args.positional[1:] for v in values] + list(args.star or ()):
            if isinstance(box, Box):
                contents.update(engine, box, value)
    return made


def _queue(path: str) -> Model:
    """A queue of the library: what its methods do, and what it holds."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return [engine.make(Object, path), contents.box(engine, "list", (*site, "queue"))]

    return model


def _counter(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``Counter(elements)``: the elements are its keys."""
    box = contents.box(engine, "dict", (*site, "made"))
    keys = [e for v in args.get(0) for e in iteration.iterate(engine, v, site)]
    for key in [*keys, *(engine.const(name) for name in args.keywords)]:
        contents.put_keys(engine, box, [key], [engine.make(Object, "builtins.int")])
    return [box]


def _defaultdict(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "defaultdict", (*site, "made"))
    engine.grow(engine.slot(box, "factory"), [v for v in args.get(0) if not isinstance(v, Const)])
    return [box]


def _chain(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "set-iterator" if _unordered_source(args, 0) else "iterator", (*site, "chain"))
    for values in [*args.positional, list(args.star or ())]:
        contents.fill(engine, box, [e for v in values for e in iteration.iterate(engine, v, site)])
    return [box]


def _chain_nested(engine: Engine, args: Args, site: Site) -> list[Value]:
    inner = [e for v in args.get(0) for e in iteration.iterate(engine, v, site)]
    return _chain(engine, Args([inner]), site)


def _starmap(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "iterator", (*site, "starmap"))
    for source in args.get(1):
        for row in iteration.iterate(engine, source, site):
            columns = (
                [contents.known_items(engine, row).get(n, []) for n in range(len(contents.known_items(engine, row)))]
                if isinstance(row, Box)
                else []
            )
            for function in args.get(0):
                contents.fill(engine, box, call_back(engine, function, site, Args(columns)))
    return [box]


def _repeat(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = contents.box(engine, "iterator", (*site, "repeat"))
    contents.fill(engine, box, args.get(0))
    return [box]


def _reduce(engine: Engine, args: Args, site: Site) -> list[Value]:
    source = [e for v in args.get(1) for e in iteration.iterate(engine, v, site)]
    start = args.get(2) if len(args.positional) > 2 else source
    found: dict[Value, None] = dict.fromkeys(start)
    for _ in range(2):
        for function in args.get(0):
            found.update(dict.fromkeys(call_back(engine, function, site, Args([list(found), source]))))
    return list(found)


_QUEUES = (
    "queue.Queue", "queue.LifoQueue", "queue.PriorityQueue", "queue.SimpleQueue", "asyncio.Queue", "asyncio.LifoQueue",
    "asyncio.PriorityQueue", "multiprocessing.Queue", "multiprocessing.SimpleQueue", "multiprocessing.JoinableQueue",
)  # fmt: skip
_POOLS = (
    "concurrent.futures.Executor", "concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor",
    "multiprocessing.pool.Pool", "multiprocessing.pool.ThreadPool",
)  # fmt: skip
MODELS: dict[str, Model] = {
    "builtins.iter": _iter, "builtins.next": _next, "builtins.aiter": _iter, "builtins.anext": _next, "builtins.map": _map,
    **{f"{pool}.{name}": _map for pool in _POOLS for name in ("map", "imap", "imap_unordered")},
    "multiprocessing.pool.Pool.starmap": _starmap,
    "builtins.filter": _filter, "itertools.filterfalse": _filter, "itertools.takewhile": _filter,
    "itertools.dropwhile": _filter, "builtins.zip": _zip, "itertools.zip_longest": _zip, "itertools.product": _zip,
    "builtins.enumerate": _enumerate, "builtins.sorted": _sorted, "builtins.min": _choose, "builtins.max": _choose,
    "builtins.sum": _consume("builtins.int"), "builtins.any": _consume("builtins.bool"),
    "builtins.all": _consume("builtins.bool"), "builtins.list": _collect("list"), "builtins.tuple": _collect("tuple"),
    "builtins.set": _collect("set"), "builtins.frozenset": _collect("frozenset"), "builtins.reversed": _collect("iterator"),
    "collections.deque": _collect("list"), "itertools.cycle": _collect("iterator"), "itertools.islice": _collect("iterator"),
    "itertools.count": _collect("iterator", 9), "itertools.repeat": _repeat, "builtins.dict": _dict,
    "collections.OrderedDict": _dict, "types.MappingProxyType": _dict, "collections.defaultdict": _defaultdict,
    "collections.Counter": _counter, "weakref.WeakValueDictionary": _dict, "weakref.WeakKeyDictionary": _dict,
    "weakref.WeakSet": _collect("set"), "collections.ChainMap": _layers, "itertools.chain": _chain,
    **{path: _queue(path) for path in _QUEUES}, "collections.UserDict": _dict, "collections.UserList": _collect("list"),
    "itertools.chain.from_iterable": _chain_nested, "itertools.starmap": _starmap, "functools.reduce": _reduce,
}  # fmt: skip
"""By dotted path."""
