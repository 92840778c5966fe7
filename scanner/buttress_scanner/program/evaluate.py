"""What each operation of the instruction list yields."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from buttress_scanner.program import box_methods, containers, contents, iteration
from buttress_scanner.program.attributes import get_attribute, set_attribute
from buttress_scanner.program.calls import Args, call, call_each, call_method
from buttress_scanner.program.classes import class_info
from buttress_scanner.program.enums import is_enum
from buttress_scanner.program.generics import declare_arguments
from buttress_scanner.program.lifetime import loading, note_change
from buttress_scanner.program.loading import package_of
from buttress_scanner.program.models_wrapping import left_by_decorator
from buttress_scanner.program.modules import import_from, module_member, module_named, run_import
from buttress_scanner.program.narrowing import narrow, rules_out
from buttress_scanner.program.order import is_blind, is_unordered, may_be_unordered, note_order
from buttress_scanner.program.strings import binary_constant, format_parts
from buttress_scanner.program.types import default_or_declared, defaults, instantiate
from buttress_scanner.program.values import (
    Alias,
    Box,
    Class,
    Const,
    External,
    Function,
    Instance,
    Object,
    Running,
    TypeVariable,
    Union,
    Unknown,
    Value,
    informative,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame

Handler = Callable[["Engine", "Frame", int, "Node"], "Iterable[Value]"]
_BUILTINS = frozenset(dir(builtins)) | {"reveal_type", "WindowsError", "__file__", "__builtins__"}


def _const(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return (engine.const(node[1]),)


def _literal(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return (engine.make(Object, "builtins." + node[1]),)


def _param(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    name = node[1]
    cell = frame.params.get(name)
    if cell is None and frame.key != "anybody":
        cell = engine.slot("param", frame, name)
        frame.params[name] = cell
    found = engine.values(cell) if cell is not None else []
    if informative(found):
        return found
    left_out = cell is not None and cell is engine.heap.get(("param", frame, name))
    default = defaults(engine, frame, name) if left_out else []
    if default and not any(isinstance(v, Unknown) for v in default):
        return default
    return [*found, *default_or_declared(engine, frame, name)]


def _versions(engine: Engine, frame: Frame, name: str) -> list[Value]:
    found: dict[Value, None] = {}
    for version in frame.body.versions.get(name, ()):
        found.update(dict.fromkeys(engine.read(frame, version)))
    found.update(dict.fromkeys(engine.values(engine.slot("nonlocal", frame, name))))
    return list(found)


def _free(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    scope = frame.closure
    for _ in range(node[2]):
        scope = scope.closure if scope is not None else None
    if scope is None:
        return (engine.unknown("closure lost"),)
    return _versions(engine, scope, node[1])


def _own(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return _versions(engine, frame, node[1]) or _global(engine, frame, index, node)


def _global(engine: Engine, frame: Frame, index: int, node: Node) -> list[Value]:
    name = node[1]
    unit = frame.unit
    body = unit.facts.bodies[0]
    found: dict[Value, None] = {}
    for version in body.versions.get(name, ()):
        found.update(dict.fromkeys(engine.read(unit.frame, version)))
    found.update(dict.fromkeys(engine.values(engine.slot(unit, name))))
    if not found:
        found.update(dict.fromkeys(module_member(engine, unit, name)))
    if found:
        return list(found)
    if name == "__name__":
        return [engine.const(unit.name)]
    if name == "__package__":
        return [engine.const(package_of(unit))]
    if name in _BUILTINS:
        return [engine.make(External, "builtins." + name)]
    return [engine.unknown(f"unresolved name {name}")]


def _late(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    """A name in an annotation: of the class or function around it, or of the module when it is complete."""
    scope: Frame | None = frame
    name = node[1]
    while scope is not None and scope.body.kind != "module":
        if name in scope.body.versions:
            return _versions(engine, scope, name)
        if scope.owner is not None and any(scope.owner.body.nodes[n][2] == name for n in scope.owner.body.type_params):
            return _versions(engine, scope.owner.frame, name)
        scope = scope.closure
    exit_node = frame.unit.facts.bodies[0].exit.get(name)
    if exit_node is not None:
        return engine.read(frame.unit.frame, exit_node)
    return _global(engine, frame, index, node)


def _import(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    run_import(engine, node[1], (frame, index))
    return (module_named(engine, node[1]),)


def _from(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    absolute = engine.modules.absolute(frame.unit, node[1], node[2])
    if absolute is not None:
        run_import(engine, f"{absolute}.{node[3]}", (frame, index))
    return import_from(engine, frame.unit, node[1], node[2], node[3])


def _star(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    absolute = engine.modules.absolute(frame.unit, node[1], node[2])
    if absolute:
        run_import(engine, absolute, (frame, index))
    return ()


def _attr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        found.update(dict.fromkeys(get_attribute(engine, value, node[2], (frame, index))))
    return found


def _item(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        if isinstance(value, (External, Class, Alias, Union)) and not (isinstance(value, Class) and is_enum(engine, value.info)):
            found[engine.make(Alias, value, frame, index)] = None
        else:
            keys = engine.read(frame, node[2])
            found.update(dict.fromkeys(containers.get_item(engine, value, keys, (frame, index))))
    return found


def _slice(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: list[Value] = []
    for value in engine.read(frame, node[1]):
        if isinstance(value, Box):
            bounds = [engine.read(frame, bound) if bound >= 0 else None for bound in node[2:]]
            found.append(contents.sliced(engine, value, bounds, (frame, index)))
        else:
            found.append(engine.make(Object, value.path) if isinstance(value, Object) else value)
    return found


def _call(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    args = Args.of(engine, frame, node)
    _spread(engine, frame, index, node)
    found = call_each(engine, engine.read(frame, node[1]), args, (frame, index))
    if frame.body.kind in ("module", "class"):
        _note_replaced(engine, args.all(), found)
    return found


def _spread(engine: Engine, frame: Frame, index: int, node: Node) -> None:
    """``f(*values)`` iterates, and shows the order to ``f``."""
    for operand in [operand for starred, operand in node[2] if starred]:
        values = engine.read(frame, operand)
        for value in values:
            iteration.iterate(engine, value, (frame, index))
        if any(map(is_unordered, values)) and not all(is_blind(engine, callee) for callee in engine.read(frame, node[1])):
            note_order(engine, values, (frame, index), "passes on the elements of a set in its order")


def _deco(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    targets = engine.read(frame, node[2])
    found: dict[Value, None] = {}
    for callee in engine.read(frame, node[1]):
        results = call(engine, callee, Args([targets]), (frame, index))
        found.update(dict.fromkeys(left_by_decorator(engine, callee, targets, results)))
        _note_replaced(engine, targets, results)
    return found or targets


def _note_replaced(engine: Engine, targets: list[Value], results: Iterable[Value]) -> None:
    """Functions made by a decorator, also one applied by a call in a module or class, take the place of what it decorates."""
    for wrapper in results:
        if isinstance(wrapper, Function) and wrapper.closure is not None and wrapper not in targets:
            engine.grow(engine.slot("replaced by", wrapper), [t for t in targets if isinstance(t, Function)])


def _seq(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, node[1], (frame, index))
    if not any(starred for starred, _ in node[2]):
        contents.put_all(engine, box, [(position, engine.read(frame, element)) for position, (_, element) in enumerate(node[2])])
        return (box,)
    known = True
    for position, (starred, element) in enumerate(node[2]):
        values = engine.read(frame, element)
        if starred:
            known = False
            if node[1] != "set":
                note_order(engine, values, (frame, index), "takes the elements of a set in its order")
            values = [e for v in values for e in iteration.iterate(engine, v, (frame, index))]
        contents.put(engine, box, position if known else None, values)
    return (box,)


def _dict(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "dict", (frame, index))
    constants: list[tuple[int | str, list[Value]]] = []
    for key, element in node[1]:
        if key >= 0 and frame.body.nodes[key][0] == "const":
            constants.append((frame.body.nodes[key][1], engine.read(frame, element)))
    contents.put_all(engine, box, constants)
    for key, element in node[1]:
        if key >= 0 and frame.body.nodes[key][0] == "const":
            continue
        values = engine.read(frame, element)
        if key < 0:
            for value in values:
                contents.update(engine, box, value, _later_keys(frame, node, element))
            continue
        keys = engine.read(frame, key)
        contents.put_keys(engine, box, keys, values)
    return (box,)


def _later_keys(frame: Frame, node: Node, spread: int) -> set[int | str]:
    """The constant keys behind ``**spread`` in a dict display: they replace what it has under them."""
    return {
        frame.body.nodes[key][1]
        for key, element in node[1]
        if element > spread and key >= 0 and frame.body.nodes[key][0] == "const"
    }


def _comp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "iterator" if node[1] == "gen" else node[1], (frame, index))
    contents.put(engine, box, None, engine.read(frame, node[2]))
    return (box,)


def _dcomp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    box = contents.box(engine, "dict", (frame, index))
    contents.put_keys(engine, box, engine.read(frame, node[1]), engine.read(frame, node[2]))
    return (box,)


def _fstr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return format_parts(engine, [engine.read(frame, part) for part in node[1]])


def _phi(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    arms = frame.body.arms.get(index, {}) if frame.key != "anybody" else {}
    for part in node[1]:
        if part not in arms or not any(rules_out(engine, frame, test) for test in arms[part]):
            found.update(dict.fromkeys(engine.read(frame, part)))
    return found


def _narrow(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    operands = engine.read(frame, node[4]) if node[4] >= 0 else []
    return narrow(engine, node[1], node[2], engine.read(frame, node[3]), operands)


def _iter(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    for value in engine.read(frame, node[1]):
        if may_be_unordered(value) and not _hides_order(engine, frame, node[3]):
            note_order(engine, [value], (frame, index), "iterates over a set")
        found.update(dict.fromkeys(iteration.iterate(engine, value, (frame, index))))
    return found


def _hides_order(engine: Engine, frame: Frame, consumer: int | str) -> bool:
    """Whether the consumer of an iteration does not show its order: a set, or a call such as ``sorted``."""
    if isinstance(consumer, str):
        return consumer == "set"
    return all(is_blind(engine, callee) for callee in engine.read(frame, frame.body.nodes[consumer][1]))


def _unpack(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    if node[2] == 0 and (node[3] or node[4]):  # the only element of a set has no order
        note_order(engine, engine.read(frame, node[1]), (frame, index), "unpacks a set")
    for value in engine.read(frame, node[1]):
        found.update(dict.fromkeys(iteration.unpack(engine, value, node[2], node[4], (frame, index))))
    return found


_REFLECTED = {"add": "radd", "sub": "rsub", "mul": "rmul", "truediv": "rtruediv", "or": "ror", "and": "rand", "mod": "rmod"}


def _bin(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    if node[1] == "or" and any(isinstance(v, (Class, External, Alias, Union)) for v in [*left, *right]):
        return (engine.make(Union, frame, index),)
    return _operate(engine, node[1], left, right, (frame, index))


def _operate(engine: Engine, op: str, left: list[Value], right: list[Value], site: tuple[Frame, int]) -> list[Value]:
    found: dict[Value, None] = {}
    for value in left:
        if isinstance(value, Instance):
            found.update(dict.fromkeys(call_method(engine, value, f"__{op}__", Args([right]), site)))
        elif isinstance(value, Box) and op in ("add", "or", "mul", "and", "sub", "xor"):
            found.update(dict.fromkeys(contents.combine(engine, value, right, site)))
        elif isinstance(value, (Const, Object)):
            found.update(dict.fromkeys(binary_constant(engine, op, value, right)))
    for value in right:
        if isinstance(value, Instance) and op in _REFLECTED:
            found.update(dict.fromkeys(call_method(engine, value, f"__{_REFLECTED[op]}__", Args([left]), site)))
    return list(found)


def _aug(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    found: dict[Value, None] = {}
    rest: list[Value] = []
    for value in left:
        if isinstance(value, Instance):
            result = call_method(engine, value, f"__i{node[1]}__", Args([right]), (frame, index))
            found.update(dict.fromkeys(result))
            if not result:
                rest.append(value)
        elif isinstance(value, Box) and value.kind != "tuple":
            iteration.extend_in_place(engine, value, right, (frame, index))
            found[value] = None
        else:
            rest.append(value)
    found.update(dict.fromkeys(_operate(engine, node[1], rest, right, (frame, index))))
    return found


_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__", "format": "__format__", "repr": "__repr__"}


def _un(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[2])
    if node[1] == "not":
        return (engine.make(Object, "builtins.bool"),)
    found: list[Value] = []
    for value in values:
        if node[1] == "neg" and isinstance(value, Const) and value.type_name == "int":
            found.append(engine.const(-value.value))
        if isinstance(value, Instance):
            names = ("__format__", "__str__", "__repr__") if node[1] == "format" else (_UNARY[node[1]],)
            for name in names:
                found += call_method(
                    engine, value, name, Args([[engine.const("")]] if name == "__format__" else []), (frame, index)
                )
                if found:
                    break
    if node[1] in ("format", "repr"):
        note_order(engine, values, (frame, index), "shows a set as text")
    if node[1] == "format":
        return values
    return found or [v for v in values if isinstance(v, Object)]


_COMPARE = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}


def _cmp(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    left, right = engine.read(frame, node[2]), engine.read(frame, node[3])
    if node[1] in _COMPARE:
        for value in left:
            if isinstance(value, Instance):
                name = f"__{node[1]}__"
                if not call_method(engine, value, name, Args([right]), (frame, index)) and node[1] == "ne":
                    call_method(engine, value, "__eq__", Args([right]), (frame, index))
    elif node[1] in ("contains", "notcontains"):
        for value in right:
            iteration.search(engine, value, (frame, index))
            if isinstance(value, Instance):
                call_method(engine, value, "__contains__", Args([left]), (frame, index))
    return (engine.make(Object, "builtins.bool"),)


def _truth(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance) and not call_method(engine, value, "__bool__", Args([]), (frame, index)):
            call_method(engine, value, "__len__", Args([]), (frame, index))
    return ()


def _func(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    body = frame.unit.facts.bodies[node[1]]
    owner = class_info(engine, frame) if frame.body.kind == "class" else None
    closure = frame if frame.body.kind in ("function", "lambda") else frame.closure
    return (engine.make(Function, frame.unit, body, closure, owner),)


def _class(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    from buttress_scanner.program.classes import define_class, prepare_class

    info = define_class(engine, frame, index, frame.unit.facts.bodies[node[1]])
    prepare_class(engine, info, (frame, index))
    return (engine.make(Class, info, True),)


def _setattr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[3])
    for target in engine.read(frame, node[1]):
        set_attribute(engine, target, node[2], values, (frame, index))
    return ()


def _setitem(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values, keys = engine.read(frame, node[3]), engine.read(frame, node[2])
    for target in engine.read(frame, node[1]):
        containers.set_item(engine, target, keys, values, (frame, index))
    return ()


def _delattr(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    for target in engine.read(frame, node[1]):
        set_attribute(engine, target, node[2], [], (frame, index))
    return ()


def _delitem(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    keys = engine.read(frame, node[2])
    for target in engine.read(frame, node[1]):
        containers.delete_item(engine, target, keys, (frame, index))
    return ()


def _gstore(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    engine.grow(engine.slot(frame.unit, node[1]), engine.read(frame, node[2]))
    note_change(engine, frame.unit, (frame, index), f"{frame.unit.name}.{node[1]}", f"assigns the global {node[1]}")
    return ()


def _nlstore(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[2])
    scope = frame.closure
    while scope is not None:
        if node[1] in scope.body.versions:
            engine.grow(engine.slot("nonlocal", scope, node[1]), values)
            unit = loading(engine, scope)
            if unit is not None:
                note_change(
                    engine,
                    unit,
                    (frame, index),
                    f"state of {unit.name}",
                    f"assigns {node[1]} of a function that {unit.name} called",
                )
            break
        scope = scope.closure
    return ()


def _enter(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found: dict[Value, None] = {}
    name = "__aenter__" if node[2] else "__enter__"
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance):
            results = call_method(engine, value, name, Args([]), (frame, index))
            found.update(dict.fromkeys(_awaited(engine, results, (frame, index)) if node[2] else results))
        elif isinstance(value, Running):
            found.update(dict.fromkeys(_awaited(engine, [value], (frame, index))))
        else:
            found.update(dict.fromkeys(box_methods.entered(engine, value, (frame, index))))
    return found


def _exit(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    none: list[Value] = [engine.const(None)]
    for value in engine.read(frame, node[1]):
        if isinstance(value, Instance):
            name = "__aexit__" if node[2] else "__exit__"
            results = call_method(engine, value, name, Args([none, none, none]), (frame, index))
            if node[2]:
                _awaited(engine, results, (frame, index))
        elif isinstance(value, Box):
            box_methods.left(engine, value, (frame, index))
    return ()


def _awaited(engine: Engine, values: list[Value], site: tuple[Frame, int]) -> list[Value]:
    found: dict[Value, None] = {}
    for value in values:
        if isinstance(value, Running):
            engine.edge(site, value.frame)
            found.update(dict.fromkeys(engine.result(value.frame)))
        elif isinstance(value, Box) and value.kind in ("future", "awaitable"):
            found.update(dict.fromkeys(contents.elements(engine, value)))
        elif isinstance(value, Instance):
            for result in call_method(engine, value, "__await__", Args([]), site):
                found.update(dict.fromkeys(iteration.iterate(engine, result, site)))
        else:
            found[value] = None
    return list(found)


def _await(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return _awaited(engine, engine.read(frame, node[1]), (frame, index))


def _yieldfrom(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    values = engine.read(frame, node[1])
    note_order(engine, values, (frame, index), "yields the elements of a set")
    return [e for v in values for e in iteration.iterate(engine, v, (frame, index))]


def _caught(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return [v for part in node[1] for c in engine.read(frame, part) for v in iteration.caught(engine, c)]


def _raise(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    if node[1] >= 0:
        for value in engine.read(frame, node[1]):
            if isinstance(value, Class):
                call(engine, value, Args([]), (frame, index))
    return ()


def _declare(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    found = engine.read(frame, node[1]) if node[1] >= 0 else []
    if informative(found) and not any(isinstance(v, (Box, Object, Instance)) for v in found):
        return found
    declared = instantiate(engine, frame, node[2])
    if not informative(found):
        return [*found, *declared]
    declare_arguments(engine, found, declared)
    if any(isinstance(v, Object) for v in found) and not any(isinstance(v, Box) for v in found):
        return [*found, *(v for v in declared if isinstance(v, Box))]
    return contents.with_declared_elements(engine, found, declared)


def _matchpos(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return [e for v in engine.read(frame, node[1]) for e in iteration.match_position(engine, v, node[2], (frame, index))]


def _typevar(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    variable = engine.make(TypeVariable, frame.unit, node[1], node[2])
    if node[3] >= 0:
        engine.grow(engine.slot("limit", variable), engine.read(frame, node[3]))
    return (variable,)


def _nothing(engine: Engine, frame: Frame, index: int, node: Node) -> Iterable[Value]:
    return ()


HANDLERS: dict[str, Any] = {
    "const": _const, "literal": _literal, "param": _param, "free": _free, "own": _own, "global": _global, "late": _late,
    "import": _import, "from": _from, "star": _star, "attr": _attr, "item": _item, "slice": _slice, "call": _call, "deco": _deco,
    "seq": _seq, "dict": _dict, "comp": _comp, "dcomp": _dcomp, "fstr": _fstr, "phi": _phi, "narrow": _narrow, "iter": _iter,
    "unpack": _unpack, "bin": _bin, "un": _un, "cmp": _cmp, "aug": _aug, "truth": _truth, "func": _func, "class": _class,
    "setattr": _setattr, "setitem": _setitem, "delattr": _delattr, "delitem": _delitem, "gstore": _gstore, "nlstore": _nlstore,
    "enter": _enter, "exit": _exit, "await": _await,
    "yield": _nothing, "yieldfrom": _yieldfrom, "caught": _caught, "raise": _raise,
    "declare": _declare, "matchpos": _matchpos, "typevar": _typevar,
}  # fmt: skip
