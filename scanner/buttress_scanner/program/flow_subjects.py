"""What runs under a name: the value that a module or class holds in the end, with the wrappers around the definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import members, own_member, subclasses
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.protocols import fitting, is_protocol
from buttress_scanner.program.values import Class, Descriptor, External, Function, Instance, Maker, Partial, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo, Frame, Unit
    from buttress_scanner.program.program import Program, Subject


FOLLOWED = 4
"""Calls that are followed from a judged function, in a program that is too large to be evaluated whole."""


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs when a function is called by its name."""

    unit: Unit
    home: Body
    """The definition, where findings about it stand."""
    generic: tuple[Frame, ...]
    calls: tuple[Frame, ...]
    """Frames of calls in the program."""
    is_wrapped: bool
    """Whether the frames are those of a wrapper around the definition."""


Held = tuple["Unit", "Body | None", list[Value]]
"""A module, the definition of a name in it (None where it is bound otherwise), and what the name holds in the end."""


def is_abstract(engine: Engine, function: Function) -> bool:
    """Whether a method is only declared, so that something else runs in its place."""
    body = function.body
    if not body.is_abstract or function.owner is None:
        return False
    if any(node[0] == "raise" or node == ("literal", "ellipsis") for node in body.nodes):
        return True
    if is_protocol(engine, function.owner):
        return True
    values = [v for node in body.decorators for v in engine.read(function.owner.frame, node)]
    return any(isinstance(v, External) and v.path == "abc.abstractmethod" for v in values)


# --- holders


def _definition(unit: Unit, qualname: str) -> Body | None:
    return next((b for b in reversed(unit.facts.bodies) if b.qualname == qualname and b.kind == "function"), None)


def held_by(program: Program, subject: Subject, *, overrides: bool) -> Iterator[Held]:
    """What the name of a subject holds, and what it holds in the subclasses of its class."""
    engine, unit = program.engine, subject.unit
    owner, _, name = subject.qualname.rpartition(".")
    infos = [i for i in engine.classes.values() if i.unit is unit and i.body.qualname == owner] if owner else []
    if infos:
        yield from _held_by_classes(engine, infos, name, overrides=overrides)
    elif owner:
        functions: list[Value] = [f for f in engine.functions if f.body is subject.body]
        yield unit, subject.body, functions
    else:
        yield unit, _definition(unit, name), module_member(engine, unit, name)


def _held_by_classes(engine: Engine, infos: list[ClassInfo], name: str, *, overrides: bool) -> Iterator[Held]:
    for info in infos:
        yield info.unit, _definition(info.unit, f"{info.body.qualname}.{name}"), _in_the_end(engine, info, name)
        if not overrides:
            continue
        for sub in [*subclasses(engine, info), *fitting(engine, info)]:
            found = members(engine, sub, name)
            if found is not None and found[0] is not info:
                holder = found[0]
                yield holder.unit, _definition(holder.unit, f"{holder.body.qualname}.{name}"), _in_the_end(engine, holder, name)


def _in_the_end(engine: Engine, info: ClassInfo, name: str) -> list[Value]:
    """What the class holds: what a module stores to it when it is imported replaces what its body has bound."""
    values = own_member(engine, info, name)
    stored = [v for v in engine.values(engine.slot("class", info, name)) if _is_stored_by_module(engine, info, name)]
    return stored or values


def _is_stored_by_module(engine: Engine, info: ClassInfo, name: str) -> bool:
    for frame in engine.order:
        if frame.body.kind == "module":
            for node in frame.body.nodes:
                if node[0] == "setattr" and node[2] == name:
                    return any(isinstance(v, Class) and v.info is info for v in engine.read(frame, node[1]))
    return False


# --- obligations and judged functions


def bodies_of(program: Program, texts: Iterable[str]) -> tuple[set[Body], set[tuple[Body, Frame | None]]]:
    """The definitions that the selectors name, those in subclasses included, and the wrappers that run in their place."""
    bodies: set[Body] = set()
    wrapped: set[tuple[Body, Frame | None]] = set()
    for text in texts:
        for subject in program.subjects(text):
            if subject.body is not None:
                bodies.add(subject.body)
            if subject.body is not None and subject.body.kind == "class":
                infos = [i for i in program.engine.classes.values() if i.body is subject.body]
                bodies |= {s.body for i in infos for s in subclasses(program.engine, i)}
                continue
            for _, home, values in held_by(program, subject, overrides=True):
                bodies |= {home} if home is not None else set()
                for function in functions_in(program.engine, values):
                    if _is_wrapper(function, home):
                        wrapped.add((function.body, function.closure))
                    else:
                        bodies.add(function.body)
    return bodies, wrapped


def functions_in(engine: Engine, values: Iterable[Value]) -> list[Function]:
    """The functions behind callables, without what binds or wraps them."""
    found: dict[Function, None] = {}
    for held in values:
        value = held
        while isinstance(value, (Descriptor, Maker, Partial)) and value.function is not None:
            value = value.function
        if isinstance(value, Function):
            found[value] = None
        elif isinstance(value, Instance):
            call = members(engine, value.info, "__call__")
            found.update(dict.fromkeys(v for v in (call[1] if call is not None else []) if isinstance(v, Function)))
    return list(found)


def _is_wrapper(function: Function, home: Body | None) -> bool:
    if home is None or function.body is home:
        return False
    return function.closure is not None or function.body.name == "__call__"


def runs_under(program: Program, texts: Iterable[str], *, overrides: bool) -> list[Runner]:
    """What runs under the names that the selectors give, sorted; methods that are only declared run nothing."""
    engine = program.engine
    found: dict[tuple[str, int, int], Runner] = {}
    for text in texts:
        for subject in program.subjects(text):
            if subject.body is not None and subject.body.kind == "class":
                continue
            for unit, home, values in held_by(program, subject, overrides=overrides):
                for runner in runners(engine, unit, home, values):
                    found.setdefault((runner.unit.name, runner.home.index, len(found) if runner.is_wrapped else -1), runner)
    return [found[key] for key in sorted(found)]


def runners(engine: Engine, unit: Unit, home: Body | None, values: list[Value]) -> Iterator[Runner]:
    """What runs when one of the values is called, for a definition that they are known under."""
    functions = functions_in(engine, values)
    if home is not None and not functions:
        functions = [f for f in engine.functions if f.body is home]
    for function in functions:
        if is_abstract(engine, function):
            continue
        wrapped = _is_wrapper(function, home)
        owner = unit if wrapped and home is not None else function.unit
        body = home if wrapped and home is not None else function.body
        frames = evaluated(engine, function)
        if wrapped and function.body.name == "__call__":
            frames = _of_receivers(engine, frames, function, values)
        generic = tuple(f for key, f in frames.items() if key == "anybody")
        yield Runner(owner, body, generic, tuple(f for key, f in frames.items() if key != "anybody"), wrapped)


def evaluated(engine: Engine, function: Function) -> dict[object, Frame]:
    """The frames of a function. One that other modules only hand on, or wrap around, may not have been evaluated yet."""
    if not any(f.active for f in engine.frames.get(function, {}).values()):
        engine.generic_frame(function)
    for frame in engine.frames[function].values():
        if frame.key == "anybody" or frame.active:
            engine.reach(frame, FOLLOWED)
    engine.run()
    return {key: f for key, f in engine.frames[function].items() if f.active}


def _of_receivers(engine: Engine, frames: dict[object, Frame], function: Function, values: list[Value]) -> dict[object, Frame]:
    """The frames of ``__call__`` on the very objects, if there are such."""
    receivers = {v for v in values if isinstance(v, Instance)}
    name = function.body.params[0].name if function.body.params else ""
    exact = {k: f for k, f in frames.items() if name in f.params and set(engine.values(f.params[name])) <= receivers}
    return exact or frames
