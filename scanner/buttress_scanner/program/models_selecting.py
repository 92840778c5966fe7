"""Models of library functions that give elements of their arguments: one, some, in another order, in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import contents, iteration
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.calls import call_back
from buttress_scanner.program.order import is_unordered
from buttress_scanner.program.values import Box, Const, Value

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
    from buttress_scanner.program.models import Model


def _taken(engine: Engine, args: Args, position: int, site: Site) -> list[Value]:
    """The elements of an argument."""
    return list(dict.fromkeys(e for v in args.get(position) for e in iteration.iterate(engine, v, site)))


def _ask_key(engine: Engine, args: Args, elements: list[Value], site: Site, position: int = -1) -> list[Value]:
    """Call a ``key`` function with the elements; what it gives."""
    given = args.keywords.get("key", []) or (args.positional[position] if 0 <= position < len(args.positional) else [])
    keys = [k for k in given if not isinstance(k, Const)]
    return [r for key in keys for r in call_back(engine, key, site, Args([elements]))] or elements


def _kind(engine: Engine, args: Args, position: int) -> str:
    """The kind of an iterator over an argument."""
    return "set-iterator" if any(map(is_unordered, args.get(position))) else "iterator"


def _one(position: int = 0) -> Model:
    """One of the elements."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        return _taken(engine, args, position, site)

    return model


def _some(kind: str, position: int = 0, key: int = -1) -> Model:
    """A list or an iterator of elements."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        found = _taken(engine, args, position, site)
        if key >= 0:
            _ask_key(engine, args, found, site, key)
        box = contents.box(engine, _kind(engine, args, position) if kind == "iterator" else kind, (*site, "some"))
        contents.fill(engine, box, found)
        return [box]

    return model


def _merged(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``heapq.merge``: an iterator over the elements of all arguments."""
    found = [e for n in range(len(args.positional)) for e in _taken(engine, args, n, site)]
    found += [e for v in args.star or () for e in iteration.iterate(engine, v, site)]
    _ask_key(engine, args, found, site)
    box = contents.box(engine, "iterator", (*site, "merged"))
    contents.fill(engine, box, found)
    return [box]


def _grouped(engine: Engine, args: Args, site: Site) -> list[Value]:
    """Tuples of elements, as ``pairwise`` and ``permutations`` make them."""
    row = contents.box(engine, "tuple", (*site, "row"))
    contents.fill(engine, row, _taken(engine, args, 0, site))
    box = contents.box(engine, _kind(engine, args, 0), (*site, "rows"))
    contents.fill(engine, box, [row])
    return [box]


def _groupby(engine: Engine, args: Args, site: Site) -> list[Value]:
    """Pairs of a key and an iterator over the elements with that key."""
    found = _taken(engine, args, 0, site)
    group = contents.box(engine, "iterator", (*site, "group"))
    contents.fill(engine, group, found)
    pair = contents.box(engine, "tuple", (*site, "pair"))
    contents.put(engine, pair, 0, _ask_key(engine, args, found, site, 1))
    contents.put(engine, pair, 1, [group])
    box = contents.box(engine, _kind(engine, args, 0), (*site, "groups"))
    contents.fill(engine, box, [pair])
    return [box]


def _tee(engine: Engine, args: Args, site: Site) -> list[Value]:
    """A tuple of iterators over the same elements."""
    each = contents.box(engine, _kind(engine, args, 0), (*site, "each"))
    contents.fill(engine, each, _taken(engine, args, 0, site))
    box = contents.box(engine, "tuple", (*site, "tee"))
    contents.fill(engine, box, [each])
    return [box]


def _accumulate(engine: Engine, args: Args, site: Site) -> list[Value]:
    """The elements, and what the function makes of them."""
    found = _taken(engine, args, 0, site)
    for function in args.get(1, "func") if len(args.positional) > 1 or "func" in args.keywords else []:
        if not isinstance(function, Const):
            found = [*found, *call_back(engine, function, site, Args([found, found]))]
    box = contents.box(engine, _kind(engine, args, 0), (*site, "sums"))
    contents.fill(engine, box, [*found, *args.keywords.get("initial", [])])
    return [box]


def _from_keys(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``dict.fromkeys``: the elements are the keys."""
    box = contents.box(engine, "dict", (*site, "made"))
    values: list[Value] = args.get(1) if len(args.positional) > 1 else [engine.const(None)]
    for key in _taken(engine, args, 0, site):
        contents.put_keys(engine, box, [key], values)
    return [box]


def _reordered(engine: Engine, args: Args, site: Site) -> list[Value]:
    """Elements change their places."""
    for value in args.get(0):
        if isinstance(value, Box):
            contents.unsettle(engine, value)
    return [engine.const(None)]


def _inserted(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``heappush(heap, item)``, ``insort(names, name)``: an element somewhere."""
    for value in args.get(0):
        if isinstance(value, Box):
            contents.fill(engine, value, args.get(1))
            contents.unsettle(engine, value)
    return [engine.const(None)]


def _exchanged(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``heappushpop(heap, item)``: an element in, an element out."""
    _inserted(engine, args, site)
    return _popped(engine, args, site)


def _popped(engine: Engine, args: Args, site: Site) -> list[Value]:
    _reordered(engine, args, site)
    return [e for v in args.get(0) if isinstance(v, Box) for e in contents.elements(engine, v)]


def _methods(module: str, *owners: str, **models: Model) -> dict[str, Model]:
    """The same models for a module's functions and for methods of its classes."""
    return {f"{owner}.{name}": model for owner in (module, *(f"{module}.{o}" for o in owners)) for name, model in models.items()}


MODELS: dict[str, Model] = {
    **_methods(
        "random", "Random", "SystemRandom",
        choice=_one(), choices=_some("list"), sample=_some("list"), shuffle=_reordered,
    ),
    "secrets.choice": _one(), "statistics.mode": _one(), "statistics.multimode": _some("list"),
    "numpy.random.Generator.choice": _one(),
    "itertools.compress": _some("iterator"), "itertools.pairwise": _grouped, "itertools.batched": _grouped,
    "itertools.permutations": _grouped, "itertools.combinations": _grouped,
    "itertools.combinations_with_replacement": _grouped, "itertools.groupby": _groupby, "itertools.tee": _tee,
    "itertools.accumulate": _accumulate, "builtins.dict.fromkeys": _from_keys, "collections.OrderedDict.fromkeys": _from_keys,
    "heapq.nlargest": _some("list", 1, 2), "heapq.nsmallest": _some("list", 1, 2), "heapq.merge": _merged,
    "heapq.heappop": _popped, "heapq.heappushpop": _exchanged, "heapq.heapreplace": _exchanged,
    "heapq.heappush": _inserted, "heapq.heapify": _reordered,
    "bisect.insort": _inserted, "bisect.insort_left": _inserted, "bisect.insort_right": _inserted,
}  # fmt: skip
"""By dotted path."""
