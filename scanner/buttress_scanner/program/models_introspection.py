"""Models of what looks at objects, calls their special methods, or imports by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program import containers, contents
from buttress_scanner.program.arguments import Args
from buttress_scanner.program.attributes import get_attribute, maybe_members
from buttress_scanner.program.attributes_written import set_attribute, store_dynamic
from buttress_scanner.program.calls import call, call_method
from buttress_scanner.program.enums import enum_value
from buttress_scanner.program.hashing import take_hash
from buttress_scanner.program.lifetime import note_mutation
from buttress_scanner.program.loading import RESOLVING, loaded_modules
from buttress_scanner.program.modules import module_named, run_import
from buttress_scanner.program.types import instances_of
from buttress_scanner.program.values import (
    Box,
    Class,
    Const,
    Function,
    Instance,
    Member,
    Method,
    Module,
    Namespace,
    Object,
    Super,
    Value,
    informative,
)

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site
    from buttress_scanner.program.models import Model


def _names(values: list[Value]) -> list[str] | None:
    """The constant strings, None as soon as one is not known."""
    texts = [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]
    return texts if texts and len(texts) == len(values) else None


def _member_names(engine: Engine, values: list[Value]) -> list[str] | None:
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
        elif names is None:
            set_attribute(engine, subject, "?", args.get(2), site)
    return [engine.const(None)]


def _delattr(engine: Engine, args: Args, site: Site) -> list[Value]:
    for subject in args.get(0):
        for name in _member_names(engine, args.get(1)) or ["?"]:
            set_attribute(engine, subject, name, [], site)
    return [engine.const(None)]


def _type(engine: Engine, args: Args, site: Site) -> list[Value]:
    if len(args.positional) == 3:
        return [v for b in args.get(1) if isinstance(b, Box) for v in contents.elements(engine, b)]
    return [t for v in args.get(0) for t in containers.type_of(engine, v)]


def _super(engine: Engine, args: Args, site: Site) -> list[Value]:
    frame: Frame | None = site[0]
    if len(args.positional) >= 2:
        return [
            engine.make(Super, c.info, r)
            for c in args.get(0)
            if isinstance(c, Class)
            for r in args.get(1)
            if isinstance(r, (Instance, Class, Member))
        ]
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
    """Note which modules an import function loads at a site.

    Returns:
        The texts with their modules, and what stands for names that are not known.
    """
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


def _module_from_spec(engine: Engine, args: Args, site: Site) -> list[Value]:
    """Note that a module is loaded here; which one, the call of ``find_spec`` says from which the spec comes."""
    engine.grow(engine.slot("loads", *site), [], limited=False)
    return [engine.make(Object, "types.ModuleType")]


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


def _hash(engine: Engine, args: Args, site: Site) -> list[Value]:
    take_hash(engine, args.get(0), site)
    _implicit("__hash__")(engine, args, site)
    return [engine.make(Object, "builtins.int")]


def _bool(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.make(Object, "builtins.bool")]


def _cast(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``cast(T, x)``: what is known of ``x``, else what ``T`` says."""
    known = args.get(1)
    declared: list[Value] = []
    for value in args.get(0):
        for text in [value.value] if isinstance(value, Const) and isinstance(value.value, str) else []:
            declared += [
                v
                for f in (site[0].unit.facts.bodies[0].exit.get(text),)
                if f is not None
                for t in engine.read(site[0].unit.frame, f)
                for v in instances_of(engine, t)
            ]
        declared += instances_of(engine, value)
    exact: list[Value] = [v for v in known if isinstance(v, (Instance, Function, Method, Box))]
    return exact if informative(exact) else declared or known


def _new_class(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``type.__new__(mcls, name, bases, namespace)`` in a metaclass: the class whose body gave the namespace."""
    return [v.owner for v in args.all() if isinstance(v, Namespace) and isinstance(v.owner, Class)]


def _new_object(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.instance(c.info, site) for c in args.get(0) if isinstance(c, Class)] or [
        engine.make(Object, "builtins.object")
    ]


def _call_type(engine: Engine, args: Args, site: Site) -> list[Value]:
    """``type.__call__(cls, ...)``: constructs, whatever metaclass the class has."""
    from buttress_scanner.program.construction import construct_itself

    rest = Args(args.positional[1:], args.star, args.keywords, args.double_star)
    return [v for c in args.get(0) if isinstance(c, Class) for v in construct_itself(engine, c, rest, site)]


def _method_type(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [engine.make(Method, f, r) for f in args.get(0) for r in args.get(1)]


def _getitem(engine: Engine, args: Args, site: Site) -> list[Value]:
    return [v for s in args.get(0) for v in containers.get_item(engine, s, args.get(1), site)]


def _setitem(engine: Engine, args: Args, site: Site) -> list[Value]:
    for subject in args.get(0):
        containers.set_item(engine, subject, args.get(1), args.get(2), site)
    return []


def _operator_call(engine: Engine, args: Args, site: Site) -> list[Value]:
    rest = Args(args.positional[1:], args.star, args.keywords, args.double_star)
    return [r for f in args.get(0) for r in call(engine, f, rest, site)]


MODELS: dict[str, Model] = {
    "builtins.getattr": _getattr, "builtins.object.__getattribute__": _getattr,
    "builtins.setattr": _setattr, "builtins.object.__setattr__": _setattr,
    "builtins.type.__setattr__": _setattr, "builtins.delattr": _delattr, "builtins.object.__delattr__": _delattr,
    "builtins.type.__delattr__": _delattr,
    "inspect.getattr_static": _getattr, "builtins.hasattr": _bool, "builtins.isinstance": _bool, "builtins.issubclass": _bool,
    "builtins.callable": _bool, "builtins.type": _type, "builtins.super": _super, "builtins.vars": _vars,
    "builtins.globals": _globals, "builtins.locals": _globals, "importlib.import_module": _import_module,
    "pytest.importorskip": _import_module,
    "builtins.__import__": _dunder_import, "importlib.__import__": _dunder_import, "pkgutil.resolve_name": _resolve_name,
    **dict.fromkeys(RESOLVING, _resolve_name), "importlib.util.module_from_spec": _module_from_spec,
    "builtins.len": _implicit("__len__", result="builtins.int"),
    "builtins.bool": _implicit("__bool__", "__len__", result="builtins.bool"), "builtins.abs": _implicit("__abs__"),
    "builtins.hash": _hash, "builtins.repr": _implicit("__repr__", result="builtins.str"), "builtins.str": _text,
    "builtins.int": _implicit("__int__", "__index__", result="builtins.int"),
    "builtins.float": _implicit("__float__", result="builtins.float"),
    "builtins.format": _implicit("__format__", "__str__", result="builtins.str"),
    "builtins.bytes": _implicit("__bytes__", result="builtins.bytes"), "builtins.round": _implicit("__round__"),
    "builtins.dir": _implicit("__dir__"), "builtins.print": _print, "operator.call": _operator_call,
    "operator.getitem": _getitem, "operator.setitem": _setitem, "typing.cast": _cast, "types.MethodType": _method_type,
    "builtins.object.__new__": _new_object, "builtins.type.__new__": _new_class,
    "builtins.type.__call__": _call_type,
}  # fmt: skip
"""By dotted path."""
