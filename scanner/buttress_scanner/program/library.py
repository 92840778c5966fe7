"""What library functions do with their arguments: models for those that hand values on, the catalogue for all others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from buttress_scanner.program import (
    box_methods,
    contents,
    models_introspection,
    models_iteration,
    models_selecting,
    models_wrapping,
)
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute
from buttress_scanner.program.calls import call, call_back, hand_to_unknown
from buttress_scanner.program.classes import members
from buttress_scanner.program.enums import MADE_BY_CALL
from buttress_scanner.program.inside import call_inside, own_box
from buttress_scanner.program.iteration import iterate
from buttress_scanner.program.lifetime import loading, note_mutation
from buttress_scanner.program.makers import decorated, wrap
from buttress_scanner.program.order import note_shown
from buttress_scanner.program.strings import text_method, text_parts
from buttress_scanner.program.values import (
    Box,
    BoxMethod,
    Class,
    Const,
    External,
    Function,
    Instance,
    Maker,
    Method,
    Object,
    Partial,
    Running,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.program.catalogue import Entry
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Site
    from buttress_scanner.program.models import Model


def call_external(engine: Engine, path: str, receiver: Value | None, args: Args, site: Site) -> list[Value]:
    """Call something outside of the program."""
    if isinstance(receiver, Const):
        name = path.rpartition(".")[2]
        folded = text_method(engine, name, receiver, args.positional, args.keywords) if not args.double_star else None
        if folded is None and not args.keywords and args.star is None:
            folded = text_parts(engine, name, receiver, args.positional, site)
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
        if any(_is_stream(engine, _argument(args, position)) for position in entry.opens):
            return [engine.make(Object, f"{known}()")]
        if entry.adds and (not entry.effects or decorated(args.get(0))):
            return wrap(engine, entry, args.get(0), site)
        if known not in _DECIDES:
            _note_effects(engine, entry, args, site)
    if isinstance(receiver, Instance):
        held = call_inside(engine, receiver, path.rpartition(".")[2], args, site)
        if held is None and path in _COPIES:
            held = models_wrapping.MODELS["dataclasses.replace"](engine, args.behind([receiver]), site)
        if held is not None:
            return held
    model = MODELS.get(known) or MODELS.get(path)
    if model is not None:
        return model(engine, args, site)
    if entry is None and receiver is None and "." in path:
        engine.deed(site, path, (), f"calls {path}, which is in no catalogue")
    return _result(engine, path, entry, _run_callbacks(engine, path, entry, args, site), site)


def _result(engine: Engine, path: str, entry: Entry | None, called_back: list[Value], site: Site) -> list[Value]:
    """What the catalogue says of the result, else what came out of callbacks, else an object that is named after the call."""
    futures = [v for v in called_back if isinstance(v, Box) and v.kind == "future"]
    if entry is not None and (entry.returns or entry.kind == "class"):
        if entry.shared:
            return [engine.make(Object, entry.returns or entry.path, entry.path)]
        return [*futures, _made(engine, entry.returns or entry.path, site)]
    if called_back:
        return called_back
    if path.endswith(("Error", "Exception", "Warning")):
        return [engine.make(Object, path)]
    if path.count(".") < _LONGEST:
        return [engine.make(Object, f"{path}()")]
    return [engine.unknown(f"external {path.partition('.')[0]}")]


def _note_effects(engine: Engine, entry: Entry, args: Args, site: Site) -> None:
    """Note the effects that the catalogue knows, unless an argument takes them away."""
    if not entry.effects:
        return
    given = args.given()
    spread = args.star is not None or bool(args.double_star)
    if not any(u in given for u in entry.unless) and not (entry.unless and spread):
        engine.deed(site, entry.path, entry.effects)


def _is_stream(engine: Engine, values: list[Value]) -> bool:
    """Whether all that an argument can be is open already: streams of the library, objects of the program that are read from."""
    return bool(values) and all(_can_read(engine, value) for value in values)


def _can_read(engine: Engine, value: Value) -> bool:
    if isinstance(value, Instance):
        return any(members(engine, value.info, name) is not None for name in ("read", "write"))
    return isinstance(value, Object) and engine.catalogue.derives(value.path, "io.IOBase")


_LONGEST = 8
_DECIDES = ("builtins.hash",)
"""Functions whose model knows better than the catalogue whether there is an effect."""


_COPIES = ("typing.NamedTuple._replace", "pydantic.BaseModel.model_copy", "pydantic.BaseModel.copy")
"""Methods that give a copy of a record, with other values for the fields that are named."""
_CONTAINERS = (
    "builtins.list.", "builtins.dict.", "builtins.set.",
    "collections.deque.", "collections.OrderedDict.", "collections.defaultdict.", "collections.Counter.",
)  # fmt: skip


def _unbound(engine: Engine, path: str, receiver: Value | None, args: Args, site: Site) -> list[Value] | None:
    """``list.append(names, name)``: the method of a container called through its class; None for anything else."""
    if receiver is not None or not path.startswith(_CONTAINERS) or path.count(".") != 2 or path.endswith(".fromkeys"):
        return None
    boxes = [v for v in args.get(0) if isinstance(v, Box)]
    objects = [v for v in args.get(0) if isinstance(v, Instance) and own_box(engine, v) is not None]
    if not boxes and not objects:
        return None
    rest = Args(args.positional[1:], args.star, args.keywords, args.double_star)
    if objects:
        name = path.rpartition(".")[2]
        return [r for v in objects for r in call_inside(engine, v, name, rest, site) or ()]
    return [r for b in boxes for r in box_methods.call_box(engine, b, path.rpartition(".")[2], rest, site)]


def _note_arguments(engine: Engine, entry: Entry, receiver: Value | None, args: Args, site: Site) -> None:
    """Note what the call does to its arguments: which it changes, and to which it writes."""
    for position in entry.mutates:
        changed = [receiver] if position == "self" and receiver is not None else _argument(args, position)
        for value in changed:
            note_mutation(engine, value, site, "the contents")
    for position in entry.iterates:
        for value in _argument(args, position):
            iterate(engine, value, site)
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


_PREDICATE = re.compile(
    "(is|has)_|is(abstract|async|await|builtin|callable|class|coroutine|function|gen|instance|method|routine|subclass)"
)
"""Names of functions that ask something about what they are given, and do not call it."""
_PASSES_REST = {
    "submit", "to_thread", "run_in_executor", "call_soon", "call_later", "call_at", "call_soon_threadsafe", "register",
    "start_new_thread", "run_sync", "callback", "run_in_threadpool", "apply_async", "run",
}  # fmt: skip


_DRIVERS = {
    "run", "run_until_complete", "create_task", "ensure_future", "gather", "wait_for", "shield", "wait",
    "run_coroutine_threadsafe", "as_completed", "start_soon", "timeout",
}  # fmt: skip


def _run_callbacks(engine: Engine, path: str, entry: object, args: Args, site: Site) -> list[Value]:
    """Call what the library calls; return a future for what it drives."""
    name = path.rpartition(".")[2]
    results: list[Value] = []
    drives = name in _PASSES_REST or name in _DRIVERS
    if not drives and entry is None:
        if not _PREDICATE.match(name):
            hand_to_unknown(engine, args, site)
        return []
    later = getattr(entry, "calls_later", ())
    positions = [*getattr(entry, "calls", ()), *later]
    if not drives and not positions:
        return []
    found = False
    outer, starts = engine.how, not _STARTING.isdisjoint(getattr(entry, "effects", ()))
    for position in positions:
        engine.how = outer or ("later" if position in later and not starts else "")
        values = args.get(position) if isinstance(position, int) else args.keywords.get(position, [])
        for value in values:
            if isinstance(value, (Function, Method, Partial, Maker, Class, Instance, Running, External, BoxMethod)):
                found = True
                results += call_back(engine, value, site, _callback_args(engine, name, position, args))
    engine.how = outer
    if not found and (entry is None or name in _DRIVERS):
        for value in args.all():
            if isinstance(value, (Function, Method, Partial, Running)):
                results += call_back(engine, value, site)
    for value in args.all() if name in _DRIVERS else ():
        if isinstance(value, Box) and value.kind in ("future", "awaitable"):
            results += contents.elements(engine, value)
    for value in args.all():
        if (
            isinstance(value, Running)
            and value.kind != "generator"
            and value.frame not in site[0].edges.get(site[1], {})
            and positions
        ):
            results += call_back(engine, value, site)
    if results and drives:
        if name in ("run", "run_until_complete"):
            return results
        future = contents.box(engine, "future", (*site, path))
        contents.fill(engine, future, results)
        return [future]
    return []


_STARTING = frozenset({"thread", "async", "io.process"})
"""What has one of these effects runs the function at once, beside the caller; anything else that calls later keeps it."""


def _callback_args(engine: Engine, name: str, position: int | str, args: Args) -> Args:
    if name in _PASSES_REST and isinstance(position, int):
        return Args(args.positional[position + 1 :], args.star, args.keywords)
    result = Args(star=[])
    for value in args.keywords.get("args", []):
        if isinstance(value, Box):
            known = contents.known_items(engine, value)
            result.positional = [known[n] for n in sorted(k for k in known if isinstance(k, int))]
    for value in args.keywords.get("kwargs", []):
        if isinstance(value, Box):
            result.keywords = {str(k): v for k, v in contents.known_items(engine, value).items()}
    return result


def _register_exit(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``atexit.register(f)``, also as a decorator: ``f`` runs later and is given back."""
    _run_callbacks(engine, "atexit.register", engine.catalogue.entry("atexit.register"), args, site)
    return args.get(0)


def _set_defaults(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``parser.set_defaults(run=run)``: what is parsed has the attribute."""
    parsed = engine.make(Object, "argparse.Namespace")
    for name, values in args.keywords.items():
        engine.grow(engine.slot("held", parsed, name), values)
    return [engine.const(None)]


MODELS: dict[str, Model] = {
    **MADE_BY_CALL, **models_introspection.MODELS, **models_iteration.MODELS, **models_selecting.MODELS,
    **models_wrapping.MODELS,
    "atexit.register": _register_exit,
    "argparse.ArgumentParser.set_defaults": _set_defaults,
}  # fmt: skip
"""By dotted path."""
