"""How one body comes to run another: directly, through a bound method, a library, a protocol; and which calls are open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Position
from buttress_scanner.program.library import MODELS
from buttress_scanner.program.reach import is_unrun, runs_factories
from buttress_scanner.program.values import (
    Alias,
    Bound,
    BoxMethod,
    Class,
    Const,
    Descriptor,
    External,
    Function,
    Instance,
    Maker,
    Maybe,
    Method,
    Object,
    Partial,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.program import Program

_BY_OPERATION = {
    "import": "import",
    "from": "import",
    "star": "import",
    "class": "class-statement",
    "deco": "decorator",
    "attr": "attribute",
    "setattr": "attribute",
    "delattr": "attribute",
    "item": "subscript",
    "slice": "subscript",
    "setitem": "subscript",
    "delitem": "subscript",
    "iter": "iteration",
    "unpack": "iteration",
    "seq": "iteration",
    "comp": "iteration",
    "dcomp": "iteration",
    "yieldfrom": "iteration",
    "enter": "with",
    "exit": "with",
    "await": "await",
    "bin": "operator",
    "un": "operator",
    "cmp": "operator",
    "aug": "operator",
    "truth": "operator",
    "fstr": "operator",
}
"""What runs a body where no call is written."""
_IMPORTS = ("import", "from", "star")
HOWS = (
    "direct",
    "bound-method",
    "constructor",
    "call-operator",
    "partial",
    "wrapper",
    "override",
    "library",
    "handed-over",
    "fits",
    *dict.fromkeys(_BY_OPERATION.values()),
    "implicit",
)
"""Every way in which a body can come to run."""
_CONTAINER_KINDS = "builtins."
_NESTING = 8


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """How a node runs a body, and through what: a library function, a protocol, the class that is constructed."""

    how: str
    via: str = ""

    @property
    def confidence(self) -> Confidence:
        """Whether the call is certain to be to this body whenever it happens."""
        return Confidence.POSSIBLE if self.how in ("fits", "override", "handed-over") else Confidence.PROVEN


def runs(frame: Frame, node: int) -> bool:
    """Whether a node is executed: not what only type checkers read, nor what runs only where the module is the program."""
    imports = frame.body.nodes[node][0] in _IMPORTS
    if (imports or frame.body.kind == "module") and is_unrun(frame.body, node):
        return False
    return not imports or not any(i.typing_only and i.span == frame.body.spans[node] for i in frame.unit.facts.imports)


def link(engine: Engine, frame: Frame, node: int, callee: Frame) -> Link:
    """Tell how a node comes to run a frame."""
    operation, how = frame.body.nodes[node], frame.edges[node][callee]
    values = called_values(frame, node)
    if how == "fits":
        return Link("fits", _declared(values, callee.body.name))
    if operation[0] != "call":
        return Link(_BY_OPERATION.get(operation[0], "implicit"))
    found = [_doubted(engine, each) for value in values for each in _ways(value, callee, 0)]
    return min(found, key=lambda each: (HOWS.index(each.how), each.via), default=Link("implicit"))


def _doubted(engine: Engine, found: Link) -> Link:
    """A library function of which nothing is known may call what it is handed, or not."""
    known = found.how != "library" or engine.catalogue.entry(found.via) is not None or found.via in MODELS
    return found if known or found.via.startswith(_CONTAINER_KINDS) else Link("handed-over", found.via)


def called_values(frame: Frame, node: int) -> list[Value]:
    """What a call calls."""
    operation = frame.body.nodes[node]
    cell = frame.cells[operation[1]] if operation[0] == "call" else None
    return list(cell.values) if cell is not None else []


def _ways(value: Value, callee: Frame, depth: int) -> Iterator[Link]:
    """How calling the value may run the frame."""
    if depth > _NESTING:
        return
    match value:
        case Function(body=body):
            if body is callee.body:
                yield Link("direct")
            elif _same_member(value, callee):
                yield Link("override", _symbol(value))
        case Method(function=function):
            for inner in _ways(function, callee, depth + 1):
                yield Link("bound-method") if inner.how == "direct" else inner
        case Descriptor(function=function) | Bound(inner=function):
            yield from _ways(function, callee, depth + 1)
        case Alias(base=base):
            yield from _ways(base, callee, depth + 1)
        case Partial(function=function):
            for inner in _ways(function, callee, depth + 1):
                yield inner if inner.how in ("override", "library") else Link("partial")
        case Maker(kind=kind):
            yield Link("wrapper", kind)
        case Class(info=info):
            yield Link("constructor", info.symbol)
        case Instance(info=info):
            yield Link("call-operator", info.symbol)
        case External(path=path):
            yield Link("library", path)
        case BoxMethod() | Object():
            yield from (Link("library", name) for name in library_names(value))


def _same_member(function: Function, callee: Frame) -> bool:
    return function.owner is not None and callee.owner is not None and function.body.name == callee.body.name


def _declared(values: Iterable[Value], name: str) -> str:
    """The class as which the receiver of a call is declared."""
    for value in values:
        if isinstance(value, Method) and isinstance(value.receiver, Instance):
            return str(value.receiver.info.symbol)
        if isinstance(value, Instance):
            return str(value.info.symbol)
    return name


def _symbol(function: Function) -> str:
    return f"{function.unit.name}:{function.body.qualname}"


# --- libraries


def library_names(value: Value) -> Iterator[str]:
    """Dotted names of what a value calls outside of the program."""
    match value:
        case External(path=path):
            yield path
        case Method(function=External(path=path)):
            yield path
        case Partial(function=function) | Method(function=Partial(function=function)):
            yield from library_names(function)
        case BoxMethod(box=box, name=name):
            yield f"builtins.{getattr(box, 'kind', 'object')}.{name}"
        case Object(path=path) if not _is_declared_callable(value):
            yield f"{path}.__call__"


def is_commonplace(engine: Engine, path: str) -> bool:
    """Whether the name is a harmless built-in, such as ``len`` or ``str.join``: so common that it tells nothing."""
    entry = engine.catalogue.entry(path) if path.startswith("builtins.") else None
    return entry is not None and not entry.effects


# --- open calls


@dataclass(frozen=True, slots=True, order=True)
class OpenCall:
    """A call of which the engine cannot tell what it runs, and why; ``distance`` calls away from what was asked about."""

    distance: int
    position: Position
    symbol: str
    reasons: tuple[str, ...]


def call_sites(frames: Iterable[Frame]) -> Iterator[tuple[Frame, int]]:
    """Every call that is written in the frames and runs."""
    for frame in frames:
        if runs_factories(frame):
            continue
        for node, operation in enumerate(frame.body.nodes):
            if operation[0] == "call" and not (frame.body.kind == "module" and is_unrun(frame.body, node)):
                yield frame, node


def open_calls(program: Program, frames: Mapping[Frame, int]) -> tuple[tuple[OpenCall, ...], int]:
    """The calls that are open in any of the frames, the nearest first, and how many places with calls there are.

    Args:
        program: the program.
        frames: the frames, each with its distance from what was asked about.
    """
    places: dict[Position, int] = {}
    found: dict[Position, tuple[str, set[str]]] = {}
    known: set[Position] = set()
    for frame, node in call_sites(frames):
        place = program.node_position(frame, node)
        places[place] = min(places.get(place, frames[frame]), frames[frame])
        values = called_values(frame, node)
        if _is_known(values):
            known.add(place)
        for reason in reasons(program.engine, values):
            found.setdefault(place, (frame.symbol, set()))[1].add(reason)
    calls = []
    for place, (symbol, why) in found.items():
        kept = [r for r in why if place not in known or not r.startswith(_REFUTED)]
        if kept:
            calls.append(OpenCall(places[place], place, symbol, told(kept)))
    return tuple(sorted(calls)), len(places)


NOTHING = "nothing is known of what is called"
_REFUTED = (NOTHING, "attribute ", "unresolved name ", "no ")
"""Reasons that say nothing where another value is known.

They come from the time before something was assigned, or from a context in which the place does not run.
"""


def reasons(engine: Engine, values: list[Value]) -> Iterator[str]:
    """Why it cannot be told what a call of these values does, as the engine says it; nothing where it can."""
    if not values:
        yield NOTHING
    known = _is_known(values)
    for value in values:
        if isinstance(value, Unknown):
            if not (known and value.reason.startswith(_REFUTED)):
                yield value.reason
        elif isinstance(value, Maybe):
            yield "member name is not known"
        elif _is_declared_callable(value):
            yield "it is declared as a callable, and any may be handed in"
        else:
            for path in library_names(value):
                if not isinstance(value, BoxMethod) and engine.catalogue.entry(path) is None and path not in MODELS:
                    yield f"{path} is in no catalogue"


def _is_known(values: Iterable[Value]) -> bool:
    """Whether anything but None is known."""
    return any(not isinstance(v, Unknown) and not (isinstance(v, Const) and v.value is None) for v in values)


def _is_declared_callable(value: Value) -> bool:
    return (isinstance(value, Maker) and value.kind == "callable") or (
        isinstance(value, Object) and value.path in ("collections.abc.Callable", "typing.Callable")
    )


def _in_words(reason: str) -> str:
    """The engine's reason for not knowing a value, as a sentence's part."""
    for prefix, text in _WORDS.items():
        if reason.startswith(prefix):
            return text.format(reason.removeprefix(prefix))
    return reason


_WORDS = {
    "member name is not known": "the name of the member is not known",
    "module name is not known": "the name of the module is not known",
    "type variable": "only its type variable is known",
    "declared as ": "it is declared as {}",
    "base of ": "a base of {}",
    "unresolved name ": "the name {} is bound nowhere",
    "no ": "there is no {}",
    "parameter ": "only callers know the parameter {}",
    "external item": "it was taken out of a library's container",
    "external element": "it was taken out of a library's iterator",
    "external ": "it comes from {}, which does not say what it gives",
    "attribute ": "the attribute {}",
    "too many values": "it can be more values than are kept apart",
    "calls nested too deeply": "calls within calls are nested too deeply there",
}


def told(reasons_found: Iterable[str]) -> tuple[str, ...]:
    """Reasons in words, each once."""
    return tuple(_in_words(reason) for reason in sorted(set(reasons_found)))
