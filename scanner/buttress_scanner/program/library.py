"""What library functions do with their arguments: models for those that hand values on, the catalogue for all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from buttress_scanner.program import containers
from buttress_scanner.program.attributes import get_attribute, maybe_members, set_attribute, store_dynamic
from buttress_scanner.program.calls import Args, call, call_back, call_method, initialise
from buttress_scanner.program.loading import loaded_modules
from buttress_scanner.program.classes import fields, members
from buttress_scanner.program.copies import deep, shallow
from buttress_scanner.program.lifetime import loading, note_mutation
from buttress_scanner.program.enums import MADE_BY_CALL
from buttress_scanner.program.modules import module_named, run_import
from buttress_scanner.program.order import UNORDERED, note_shown
from buttress_scanner.program.strings import text_method
from buttress_scanner.program.values import (
    Box,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
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
)

if TYPE_CHECKING:
    from buttress_scanner.program.catalogue import Entry
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

Site = tuple["Frame", int]
Model = Callable[["Engine", Args, Site], "list[Value]"]
PARTIAL_DEPTH = 4


def call_external(engine: Engine, path: str, receiver: Value | None, args: Args, site: Site) -> list[Value]:
    """Call something outside of the program."""
    if isinstance(receiver, Const):
        folded = text_method(engine, path.rpartition(".")[2], receiver, args.positional)
        if folded is not None:
            return folded
    entry = engine.catalogue.entry(path)
    known = entry.path if entry is not None else path
    unbound = _unbound(engine, known, receiver, args, site)
    if unbound is not None:
        return unbound
    note_shown(engine, known, args.positional, site)
    if entry is not None:
        _note_arguments(engine, entry, receiver, args, site)
    if entry is not None and entry.effects and known not in _DECIDES:
        given = args.given()
        excused = any(u in given for u in entry.unless) or (bool(entry.unless) and (args.star is not None or bool(args.double_star)))
        if not excused:
            engine.deed(site, entry.path, entry.effects)
    model = MODELS.get(known) or MODELS.get(path)
    if model is not None:
        return model(engine, args, site)
    if entry is None:
        engine.deed(site, path, (), f"calls {path}, which is in no catalogue") if receiver is None and "." in path else None
    results = _run_callbacks(engine, path, entry, args, site)
    if entry is not None and entry.returns:
        return [_made(engine, entry.returns, site)]
    if entry is not None and entry.kind == "class":
        return [_made(engine, entry.path, site)]
    if results:
        return results
    if path.endswith(("Error", "Exception", "Warning")):
        return [engine.make(Object, path)]
    return [engine.make(Object, f"{path}()")] if path.count(".") < 8 else [engine.unknown(f"external {path.split('.')[0]}")]


_DECIDES = ("builtins.hash",)
"""Functions whose model knows better than the catalogue whether there is an effect."""
_CONTAINERS = ("builtins.list.", "builtins.dict.", "builtins.set.", "collections.deque.", "collections.OrderedDict.", "collections.defaultdict.", "collections.Counter.")


def _unbound(engine: Engine, path: str, receiver: Value | None, args: Args, site: Site) -> list[Value] | None:
    """``list.append(names, name)``: the method of a container called through its class; None for anything else."""
    if receiver is not None or not path.startswith(_CONTAINERS) or path.count(".") != 2:
        return None
    boxes = [v for v in args.get(0) if isinstance(v, Box)]
    if not boxes:
        return None
    rest = Args(args.positional[1:], args.star, args.keywords, args.double_star)
    return [r for b in boxes for r in containers.call_box(engine, b, path.rpartition(".")[2], rest, site)]


def _note_arguments(engine: Engine, entry: Entry, receiver: Value | None, args: Args, site: Site) -> None:
    """Note what the call does to its arguments: which it changes, and to which it writes."""
    for position in entry.mutates:
        changed = [receiver] if position == "self" and receiver is not None else _argument(args, position)
        for value in changed:
            note_mutation(engine, value, site, "the contents")
    for position in entry.writes:
        for value in _argument(args, position):
            for method in get_attribute(engine, value, "write", site):
                call(engine, method, Args([[engine.make(Object, "builtins.str")]]), site)


def _argument(args: Args, position: int | str) -> list[Value]:
    return args.get(position) if isinstance(position, int) else args.keywords.get(position, [])


def _made(engine: Engine, path: str, site: Site) -> Object:
    """An object of the library; those with state that are made on import are told apart."""
    kept = engine.catalogue.keeps_state(path) and loading(engine, site[0]) is not None
    result: Object = engine.make(Object, path, site) if kept else engine.make(Object, path)
    return result


# --- callbacks

_PASSES_REST = {"submit", "to_thread", "run_in_executor", "call_soon", "call_later", "call_at", "call_soon_threadsafe", "register", "start_new_thread", "run_sync", "callback", "run_in_threadpool", "apply_async", "run"}
_DRIVERS = {"run", "run_until_complete", "create_task", "ensure_future", "gather", "wait_for", "shield", "wait", "run_coroutine_threadsafe", "as_completed", "start_soon", "timeout"}


def _run_callbacks(engine: Engine, path: str, entry: object, args: Args, site: Site) -> list[Value]:
    """Call what the library calls; return a future for what it drives."""
    name = path.rpartition(".")[2]
    results: list[Value] = []
    positions = [*getattr(entry, "calls", ()), *getattr(entry, "calls_later", ())]
    found = False
    for position in positions:
        values = args.get(position) if isinstance(position, int) else args.keywords.get(position, [])
        for value in values:
            if isinstance(value, (Function, Method, Partial, Maker, Class, Instance, Running)):
                found = True
                results += call_back(engine, value, site, _callback_args(engine, name, position, args))
    if not found and (entry is None or name in _DRIVERS):
        for value in args.all():
            if isinstance(value, (Function, Method, Partial, Running)):
                results += call_back(engine, value, site)
    for value in args.all():
        if isinstance(value, Running) and value.kind != "generator" and value.frame not in site[0].edges.get(site[1], {}) and positions:
            results += call_back(engine, value, site)
    if results and (name in _PASSES_REST or name in _DRIVERS):
        if name in ("run", "run_until_complete", "wait_for", "to_thread"):
            return results
        future = containers.box(engine, "future", (*site, path))
        containers.fill(engine, future, results)
        return [future]
    return []


def _callback_args(engine: Engine, name: str, position: int | str, args: Args) -> Args:
    if name in _PASSES_REST and isinstance(position, int):
        return Args(args.positional[position + 1 :], args.star, args.keywords)
    result = Args(star=[])
    for value in args.keywords.get("args", []):
        if isinstance(value, Box):
            known = containers.known_items(engine, value)
            result.positional = [known[n] for n in sorted(k for k in known if isinstance(k, int))]
    for value in args.keywords.get("kwargs", []):
        if isinstance(value, Box):
            result.keywords = {str(k): v for k, v in containers.known_items(engine, value).items()}
    return result


def _register_exit(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``atexit.register(f)``, also as a decorator: ``f`` runs later and is given back."""
    _run_callbacks(engine, "atexit.register", engine.catalogue.entry("atexit.register"), args, site)
    return args.get(0)


# --- introspection


def _names(values: list[Value]) -> list[str] | None:
    """The constant strings, None as soon as one is not known."""
    texts = [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]
    return texts if texts and len(texts) == len(values) else None


def _member_names(engine: Engine, values: list[Value]) -> list[str] | None:
    from buttress_scanner.program.enums import enum_value

    flat: list[Value] = []
    for value in values:
        flat += enum_value(engine, value.info, value.name) if isinstance(value, Member) else [value]
    return _names(flat)


def _getattr(engine: Engine, args: Args, site: Site) -> list[Value]:
    names = _member_names(engine, args.get(1))
    found: dict[Value, None] = {}
    for subject in args.get(0):
        if names is not None:
            for name in names:
                found.update(dict.fromkeys(get_attribute(engine, subject, name, site)))
        else:
            found.update(dict.fromkeys(maybe_members(engine, subject, ".*", site)))
    found.update(dict.fromkeys(args.get(2) if len(args.positional) > 2 else []))
    return list(found)


def _setattr(engine: Engine, args: Args, site: Site) -> list[Value]:
    names = _member_names(engine, args.get(1))
    for subject in args.get(0):
        for name in names or []:
            set_attribute(engine, subject, name, args.get(2), site)
        if names is None and isinstance(subject, Instance):
            store_dynamic(engine, subject, args.get(2))
            note_mutation(engine, subject, site, "an attribute")
    return [engine.const(None)]


def _type(engine: Engine, args: Args, site: Site) -> list[Value]:
    if len(args.positional) == 3:
        return [v for b in args.get(1) if isinstance(b, Box) for v in containers.elements(engine, b)]
    return [t for v in args.get(0) for t in containers.type_of(engine, v)]


def _super(engine: Engine, args: Args, site: Site) -> list[Value]:
    frame: Frame | None = site[0]
    if len(args.positional) >= 2:
        return [engine.make(Super, c.info, r) for c in args.get(0) if isinstance(c, Class) for r in args.get(1) if isinstance(r, (Instance, Class, Member))]
    while frame is not None and (frame.owner is None or not frame.body.params or frame.body.kind == "class"):
        frame = frame.closure
    if frame is None:
        return []
    receivers = engine.read(frame, 0)
    return [engine.make(Super, frame.owner, r) for r in receivers if isinstance(r, (Instance, Class, Member))]


def _vars(engine: Engine, args: Args, site: Site) -> list[Value]:
    if not args.positional:
        return _globals(engine, args, site)
    return [engine.make(Namespace, v) for v in args.get(0)]


def _globals(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.make(Namespace, engine.make(Module, site[0].unit))]


def _loads(engine: Engine, path: str, args: Args, site: Site) -> tuple[list[tuple[str, list[str]]], list[Value]]:
    """Note which modules an import function loads at a site: the texts with their modules, and what stands for names that are not known."""
    given = args.get(0, "name")
    texts = [v.value for v in given if isinstance(v, Const) and isinstance(v.value, str)]
    found = [(text, loaded_modules(engine, path, text, args, site)) for text in texts]
    engine.grow(engine.slot("loads", *site), [engine.const(name) for _, names in found for name in names], limited=False)
    for name in (n for _, names in found for n in names):
        run_import(engine, name, site)
    return found, [] if texts and len(texts) == len(given) else [engine.unknown("module name is not known")]


def _import_module(engine: Engine, args: Args, site: Site) -> list[Value]:
    found, rest = _loads(engine, "importlib.import_module", args, site)
    return [*(module_named(engine, name) for _, names in found for name in names), *rest]


def _dunder_import(engine: Engine, args: Args, site: Site) -> list[Value]:
    found, rest = _loads(engine, "builtins.__import__", args, site)
    full = len(args.positional) > 3 or "fromlist" in args.keywords
    for name in (n for _, names in found for n in names):
        module_named(engine, name)
    return [*(module_named(engine, names[0] if full else names[0].partition(".")[0]) for _, names in found if names), *rest]


def _resolve_name(engine: Engine, args: Args, site: Site) -> list[Value]:
    found, rest = _loads(engine, "pkgutil.resolve_name", args, site)
    results: list[Value] = []
    for text, (module, *_) in found:
        values: list[Value] = [module_named(engine, module)]
        for name in text[len(module) + 1 :].split(".") if len(text) > len(module) + 1 else []:
            values = [v for value in values for v in get_attribute(engine, value, name, site)]
        results += values
    return [*results, *rest] if results else [engine.unknown("name is not known")]


def _implicit(*names: str, result: str = "") -> Model:
    """A builtin that runs a special method of its argument."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        found: list[Value] = []
        for value in args.get(0):
            for name in names:
                if isinstance(value, Instance) and (results := call_method(engine, value, name, Args(), site)):
                    found += results
                    break
        return [engine.make(Object, result)] if result else found

    return model


def _text(engine: Engine, args: Args, site: Site) -> list[Value]:
    _implicit("__str__", "__repr__")(engine, args, site)
    constants = [v for v in args.get(0) if isinstance(v, Const)]
    if constants and len(constants) == len(args.get(0)):
        return [engine.const(str(c.value)) for c in constants]
    return [engine.make(Object, "builtins.str")]


def _print(engine: Engine, args: Args, site: Site) -> list[Value]:
    for values in args.positional:
        _implicit("__str__", "__repr__")(engine, Args([values]), site)
    return [engine.const(None)]


# --- iteration


def _collect(kind: str, position: int = 0) -> Model:
    """A container or iterator over the elements of an argument."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        box = containers.box(engine, kind, (*site, "made"))
        for value in args.get(position):
            if isinstance(value, Box) and value.kind in ("tuple", "list") and kind in ("tuple", "list"):
                containers.update(engine, box, value)
            elif isinstance(value, Box) and value.kind in UNORDERED and kind == "iterator":
                unordered = containers.box(engine, "set-iterator", (*site, "unordered"))
                containers.fill(engine, unordered, containers.elements(engine, value))
                return [unordered]
            else:
                containers.fill(engine, box, containers.iterate(engine, value, site))
        return [box]

    return model


def _iter(engine: Engine, args: Args, site: Site) -> list[Value]:
    if len(args.positional) == 2:
        box = containers.box(engine, "iterator", (*site, "calls"))
        for value in args.get(0):
            containers.fill(engine, box, call_back(engine, value, site, Args()))
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
            found += containers.iterate(engine, value, site)
    return [*found, *(args.get(1) if len(args.positional) > 1 else [])]


def _unordered_source(args: Args, start: int) -> bool:
    return any(isinstance(v, Box) and v.kind in UNORDERED for values in args.positional[start:] for v in values)


def _map(engine: Engine, args: Args, site: Site) -> list[Value]:
    sources = [[e for v in values for e in containers.iterate(engine, v, site)] for values in args.positional[1:]]
    box = containers.box(engine, "set-iterator" if _unordered_source(args, 1) else "iterator", (*site, "map"))
    for function in args.get(0):
        containers.fill(engine, box, call_back(engine, function, site, Args(sources)))
    return [box]


def _filter(engine: Engine, args: Args, site: Site) -> list[Value]:
    source = [e for v in args.get(1) for e in containers.iterate(engine, v, site)]
    for function in args.get(0):
        if not isinstance(function, Const):
            call_back(engine, function, site, Args([source]))
    box = containers.box(engine, "set-iterator" if _unordered_source(args, 1) else "iterator", (*site, "filter"))
    containers.fill(engine, box, source)
    return [box]


def _zip(engine: Engine, args: Args, site: Site) -> list[Value]:
    pair = containers.box(engine, "tuple", (*site, "pair"))
    for number, values in enumerate(args.positional):
        containers.put(engine, pair, number, [e for v in values for e in containers.iterate(engine, v, site)])
    box = containers.box(engine, "set-iterator" if _unordered_source(args, 0) else "iterator", (*site, "zip"))
    containers.fill(engine, box, [pair])
    return [box]


def _enumerate(engine: Engine, args: Args, site: Site) -> list[Value]:
    pair = containers.box(engine, "tuple", (*site, "pair"))
    containers.put(engine, pair, 0, [engine.make(Object, "builtins.int")])
    containers.put(engine, pair, 1, [e for v in args.get(0) for e in containers.iterate(engine, v, site)])
    box = containers.box(engine, "iterator", (*site, "enumerate"))
    containers.fill(engine, box, [pair])
    return [box]


def _sorted(engine: Engine, args: Args, site: Site) -> list[Value]:
    found = [e for v in args.get(0) for e in containers.iterate(engine, v, site)]
    for key in args.keywords.get("key", []):
        if not isinstance(key, Const):
            call_back(engine, key, site, Args([found]))
    for element in found:
        call_method(engine, element, "__lt__", Args([found]), site)
    box = containers.box(engine, "list", (*site, "sorted"))
    containers.fill(engine, box, found)
    return [box]


def _choose(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``min`` and ``max``: one of the elements, or of the arguments."""
    if len(args.positional) == 1:
        found = [e for v in args.get(0) for e in containers.iterate(engine, v, site)]
    else:
        found = [v for values in args.positional for v in values]
    for key in args.keywords.get("key", []):
        call_back(engine, key, site, Args([found]))
    return [*found, *args.keywords.get("default", [])]


def _consume(result: str) -> Model:
    """``any``, ``all``, ``sum``: run the iterator."""

    def model(engine: Engine, args: Args, site: Site) -> list[Value]:
        for value in args.get(0):
            for element in containers.iterate(engine, value, site):
                call_method(engine, element, "__add__" if result == "builtins.int" else "__bool__", Args(star=[]), site)
        return [engine.make(Object, result)]

    return model


def _dict(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "dict", (*site, "made"))
    for value in args.get(0) if args.positional else []:
        if isinstance(value, Box) and value.kind in ("dict", "defaultdict"):
            containers.update(engine, box, value)
            continue
        for pair in containers.iterate(engine, value, site):
            if isinstance(pair, Box):
                known = containers.known_items(engine, pair)
                containers.put_keys(engine, box, known.get(0, []), [*known.get(1, []), *containers.unknown_items(engine, pair)])
    for name, values in args.keywords.items():
        containers.put(engine, box, name, values)
    containers.fill(engine, box, list(args.double_star or ()))
    return [box]


def _counter(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``Counter(elements)``: the elements are its keys."""
    box = containers.box(engine, "dict", (*site, "made"))
    keys = [e for v in args.get(0) for e in containers.iterate(engine, v, site)]
    for key in [*keys, *(engine.const(name) for name in args.keywords)]:
        containers.put_keys(engine, box, [key], [engine.make(Object, "builtins.int")])
    return [box]


def _defaultdict(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "defaultdict", (*site, "made"))
    engine.grow(engine.slot(box, "factory"), [v for v in args.get(0) if not isinstance(v, Const)])
    return [box]


def _chain(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "set-iterator" if _unordered_source(args, 0) else "iterator", (*site, "chain"))
    for values in [*args.positional, list(args.star or ())]:
        containers.fill(engine, box, [e for v in values for e in containers.iterate(engine, v, site)])
    return [box]


def _chain_nested(engine: Engine, args: Args, site: Site) -> list[Value]:
    inner = [e for v in args.get(0) for e in containers.iterate(engine, v, site)]
    return _chain(engine, Args([inner]), site)


def _starmap(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "iterator", (*site, "starmap"))
    for source in args.get(1):
        for row in containers.iterate(engine, source, site):
            columns = [containers.known_items(engine, row).get(n, []) for n in range(len(containers.known_items(engine, row)))] if isinstance(row, Box) else []
            for function in args.get(0):
                containers.fill(engine, box, call_back(engine, function, site, Args(columns)))
    return [box]


def _repeat(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "iterator", (*site, "repeat"))
    containers.fill(engine, box, args.get(0))
    return [box]


def _reduce(engine: Engine, args: Args, site: Site) -> list[Value]:
    source = [e for v in args.get(1) for e in containers.iterate(engine, v, site)]
    start = args.get(2) if len(args.positional) > 2 else source
    found: dict[Value, None] = dict.fromkeys(start)
    for _ in range(2):
        for function in args.get(0):
            found.update(dict.fromkeys(call_back(engine, function, site, Args([list(found), source]))))
    return list(found)


# --- wrappers and makers


def _partial(engine: Engine, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    for function in args.get(0):
        depth = function.depth + 1 if isinstance(function, Partial) else 1
        found.append(engine.make(Partial, function, *site, depth) if depth <= PARTIAL_DEPTH else function)
    return found


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


def _method_type(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.make(Method, f, r) for f in args.get(0) for r in args.get(1)]


def _field_values(engine: Engine, value: Instance, site: Site) -> dict[str, list[Value]]:
    """What the fields of a record hold."""
    return {name: get_attribute(engine, value, name, site) for name, *_ in fields(engine, value.info)}


def _replace(engine: Engine, args: Args, site: Site) -> list[Value]:
    found: list[Value] = []
    for value in args.get(0):
        if isinstance(value, Instance):
            fresh = engine.instance(value.info, site)
            initialise(engine, fresh, Args(keywords={**_field_values(engine, value, site), **args.keywords}, double_star=args.double_star), site)
            found.append(fresh)
        else:
            found.append(value)
    return found


def _operator_call(engine: Engine, args: Args, site: Site) -> list[Value]:
    rest = Args(args.positional[1:], args.star, args.keywords, args.double_star)
    return [r for f in args.get(0) for r in call(engine, f, rest, site)]


def _getitem(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [v for s in args.get(0) for v in containers.get_item(engine, s, args.get(1), site)]


def _setitem(engine: Engine, args: Args, site: Site) -> list[Value]:
    for subject in args.get(0):
        containers.set_item(engine, subject, args.get(1), args.get(2), site)
    return []


def _stack(engine: Engine, args: Args, site: Site) -> list[Value]:
    box = containers.box(engine, "stack", (*site, "stack"))
    containers.fill(engine, box, [box])
    return [box]


def _context_of(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``closing(x)``, ``nullcontext(x)``: entering gives ``x``."""
    box = containers.box(engine, "context", (*site, "context"))
    containers.fill(engine, box, args.get(0))
    return [box]


def _new_class(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``type.__new__(mcls, name, bases, namespace)`` in a metaclass: the class whose body gave the namespace."""
    return [v.owner for v in args.all() if isinstance(v, Namespace) and isinstance(v.owner, Class)]


def _new_object(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.instance(c.info, site) for c in args.get(0) if isinstance(c, Class)] or [engine.make(Object, "builtins.object")]


def _gather(engine: Engine, args: Args, site: Site) -> list[Value]:
    inner = containers.box(engine, "list", (*site, "results"))
    for number, values in enumerate(args.positional):
        containers.put(engine, inner, number, [r for v in values for r in _driven(engine, v, site)])
    for value in args.star or ():
        containers.fill(engine, inner, _driven(engine, value, site))
    box = containers.box(engine, "future", (*site, "gather"))
    containers.fill(engine, box, [inner])
    return [box]


def _driven(engine: Engine, value: Value, site: Site) -> list[Value]:
    if isinstance(value, Running):
        return call_back(engine, value, site)
    return containers.elements(engine, value) if isinstance(value, Box) else [value]


_NUMBERS = ("builtins.int", "builtins.float", "builtins.bool", "builtins.complex", "decimal.Decimal", "fractions.Fraction")


def _has_fixed_hash(engine: Engine, value: Value, depth: int = 0) -> bool:
    """Whether the hash is the same in every process: of numbers, of tuples of them, of what has a ``__hash__`` of its own (judged itself)."""
    match value:
        case Const(type_name=kind):
            return kind in ("int", "float", "bool")
        case Object(path=path):
            return path in _NUMBERS
        case Box(kind="tuple"):
            return depth < 4 and all(_has_fixed_hash(engine, v, depth + 1) for v in containers.elements(engine, value))
        case Instance(info=info):
            return members(engine, info, "__hash__") is not None
    return False


def _hash(engine: Engine, args: Args, site: Site) -> list[Value]:
    if not args.get(0) or any(not _has_fixed_hash(engine, v) for v in args.get(0)):
        engine.deed(site, "builtins.hash", ("unordered",))
    _implicit("__hash__")(engine, args, site)
    return [engine.make(Object, "builtins.int")]


def _bool(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.make(Object, "builtins.bool")]


def _cast(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``cast(T, x)``: what is known of ``x``, else what ``T`` says."""
    from buttress_scanner.program.types import instances_of
    from buttress_scanner.program.values import informative

    known = args.get(1)
    declared: list[Value] = []
    for value in args.get(0):
        for text in [value.value] if isinstance(value, Const) and isinstance(value.value, str) else []:
            declared += [v for f in (site[0].unit.facts.bodies[0].exit.get(text),) if f is not None for t in engine.read(site[0].unit.frame, f) for v in instances_of(engine, t)]
        declared += instances_of(engine, value)
    exact = [v for v in known if isinstance(v, (Instance, Function, Method, Box))]
    return exact if informative(exact) else declared or known


MODELS: dict[str, Model] = {
    **MADE_BY_CALL,
    "builtins.getattr": _getattr, "builtins.setattr": _setattr, "builtins.object.__setattr__": _setattr, "inspect.getattr_static": _getattr,
    "builtins.hasattr": _bool, "builtins.isinstance": _bool, "builtins.issubclass": _bool, "builtins.callable": _bool,
    "builtins.type": _type, "builtins.super": _super, "builtins.vars": _vars, "builtins.globals": _globals, "builtins.locals": _globals,
    "importlib.import_module": _import_module, "builtins.__import__": _dunder_import, "importlib.__import__": _dunder_import, "pkgutil.resolve_name": _resolve_name,
    "builtins.len": _implicit("__len__", result="builtins.int"), "builtins.bool": _implicit("__bool__", "__len__", result="builtins.bool"),
    "builtins.abs": _implicit("__abs__"), "builtins.hash": _hash, "builtins.repr": _implicit("__repr__", result="builtins.str"), "builtins.str": _text,
    "builtins.int": _implicit("__int__", "__index__", result="builtins.int"), "builtins.float": _implicit("__float__", result="builtins.float"),
    "builtins.format": _implicit("__format__", "__str__", result="builtins.str"), "builtins.bytes": _implicit("__bytes__", result="builtins.bytes"),
    "builtins.round": _implicit("__round__"), "builtins.dir": _implicit("__dir__"), "builtins.print": _print,
    "builtins.iter": _iter, "builtins.next": _next, "builtins.aiter": _iter, "builtins.anext": _next, "builtins.map": _map, "builtins.filter": _filter,
    "itertools.filterfalse": _filter, "itertools.takewhile": _filter, "itertools.dropwhile": _filter,
    "builtins.zip": _zip, "itertools.zip_longest": _zip, "itertools.product": _zip, "builtins.enumerate": _enumerate, "builtins.sorted": _sorted,
    "builtins.min": _choose, "builtins.max": _choose, "builtins.sum": _consume("builtins.int"), "builtins.any": _consume("builtins.bool"), "builtins.all": _consume("builtins.bool"),
    "builtins.list": _collect("list"), "builtins.tuple": _collect("tuple"), "builtins.set": _collect("set"), "builtins.frozenset": _collect("frozenset"),
    "builtins.reversed": _collect("iterator"), "collections.deque": _collect("list"), "itertools.cycle": _collect("iterator"), "itertools.islice": _collect("iterator"),
    "itertools.count": _collect("iterator", 9), "itertools.repeat": _repeat,
    "builtins.dict": _dict, "collections.OrderedDict": _dict, "types.MappingProxyType": _dict, "collections.defaultdict": _defaultdict, "collections.Counter": _counter,
    "weakref.WeakValueDictionary": _dict, "weakref.WeakKeyDictionary": _dict, "weakref.WeakSet": _collect("set"), "collections.ChainMap": _dict,
    "itertools.chain": _chain, "itertools.chain.from_iterable": _chain_nested, "itertools.starmap": _starmap, "functools.reduce": _reduce,
    "functools.partial": _partial, "functools.partialmethod": _wrapping("partialmethod"), "functools.wraps": _maker("wraps"), "functools.update_wrapper": _update_wrapper,
    "functools.lru_cache": _wrapping("cache"), "functools.cache": _wrapping("cache"), "functools.singledispatch": _wrapping("singledispatch"),
    "functools.singledispatchmethod": _wrapping("singledispatch"), "functools.total_ordering": _give_back(0), "functools.cached_property": _descriptor("cached_property"),
    "builtins.property": _descriptor("property"), "abc.abstractproperty": _descriptor("property"), "builtins.staticmethod": _descriptor("staticmethod"),
    "builtins.classmethod": _descriptor("classmethod"), "abc.abstractmethod": _give_back(0), "typing.final": _give_back(0), "typing.override": _give_back(0),
    "typing.overload": _give_back(0), "typing.no_type_check": _give_back(0), "typing.runtime_checkable": _give_back(0), "typing_extensions.override": _give_back(0),
    "dataclasses.field": _field, "attr.ib": _field, "attr.attrib": _field, "attr.field": _field, "attrs.field": _field,
    "dataclasses.dataclass": _give_back_decorator, "attr.s": _give_back_decorator, "attr.define": _give_back_decorator, "attrs.define": _give_back_decorator,
    "attrs.frozen": _give_back_decorator, "attr.frozen": _give_back_decorator, "enum.unique": _give_back(0), "atexit.register": _register_exit,
    "operator.attrgetter": _maker("attrgetter"), "operator.itemgetter": _maker("itemgetter"), "operator.methodcaller": _maker("methodcaller"),
    "operator.call": _operator_call, "operator.getitem": _getitem, "operator.setitem": _setitem,
    "contextlib.contextmanager": _wrapping("contextmanager"), "contextlib.asynccontextmanager": _wrapping("contextmanager"),
    "contextlib.ExitStack": _stack, "contextlib.AsyncExitStack": _stack, "contextlib.closing": _context_of, "contextlib.aclosing": _context_of,
    "contextlib.nullcontext": _context_of, "copy.copy": _copy(shallow), "copy.deepcopy": _copy(deep), "dataclasses.replace": _replace, "copy.replace": _replace,
    "typing.cast": _cast, "typing.TypeVar": _maker("typevar"), "typing.NewType": _maker("newtype"), "typing.assert_type": _give_back(0),
    "collections.namedtuple": _maker("namedtuple"), "weakref.ref": _partial, "weakref.proxy": _give_back(0), "types.MethodType": _method_type,
    "builtins.object.__new__": _new_object, "builtins.type.__new__": _new_class, "asyncio.gather": _gather,
}  # fmt: skip
