"""The call graph of a program as buttress sees it, in the names that PyCG's micro-benchmark uses.

The engine keeps edges between frames (a body in one context) and the values of every callee; this module adds nothing to what
it found out, it translates:

- a module is its dotted name, a function ``module.Class.function``, a lambda ``<lambda1>`` by its number among its siblings;
- what is outside of the program is its dotted path, a builtin ``<builtin>.len``, a method of text
  ``<**PyStr**>.join``;
- a class body belongs to the class, and running it is no call, nor is the import of a module;
- a class without a constructor of its own calls that of its base outside of the program;
- a frame that stands for calls by anybody counts only where nobody else calls the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import members
from buttress_scanner.program.program import Program
from buttress_scanner.program.query_links import library_names
from buttress_scanner.program.values import Class
from buttress_scanner.source.reader import read_sources
from buttress_scanner.source.tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench.callgraph.cases import Edge
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.frames import Frame
    from buttress_scanner.program.values import Value


LITERALS = {"str": "<**PyStr**>", "dict": "<**PyDict**>", "list": "<**PyList**>", "tuple": "<**PyTuple**>", "set": "<**PySet**>"}
"""How the benchmark names the types whose values are written as literals."""

UNNAMED = ("builtins.object", "?")
"""Bases whose constructor is nobody's call: the one that every class has, and what is not known."""


def call_graph(folder: Path) -> frozenset[Edge]:
    """Return the edges (caller, callee) of the program in a folder."""
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")]
    program = Program.build(read_sources(WorkTree(folder), paths, [""]).sources, {})
    return frozenset(edge for frame in counted(program.frames()) for edge in edges_of(program, frame))


def counted(frames: Iterable[Frame]) -> list[Frame]:
    """Return the frames that modules reach, then those that calls by anybody reach, of functions that are not reached otherwise.

    Functions that no other unreached function calls come first: they stand at the beginning of what nobody calls here.
    """
    alive = list(frames)
    found = _reached([frame for frame in alive if frame.body.kind == "module"], {})
    covered = {_body(frame) for frame in found}
    entries = [frame for frame in alive if frame.key == "anybody" and _body(frame) not in covered]
    called = {_body(callee) for frame in entries for callee in _reached(_callees(frame), {}) if _body(callee) != _body(frame)}
    for frame in sorted(entries, key=lambda frame: _body(frame) in called):
        if _body(frame) not in covered:
            found = _reached([frame], found)
            covered = {_body(frame) for frame in found}
    return list(found)


def _reached(start: Iterable[Frame], found: dict[Frame, None]) -> dict[Frame, None]:
    waiting = list(start)
    while waiting:
        frame = waiting.pop()
        if frame not in found:
            found[frame] = None
            waiting += _callees(frame)
    return found


def _callees(frame: Frame) -> list[Frame]:
    return [callee for callees in frame.edges.values() for callee in callees]


def _body(frame: Frame) -> tuple[str, int]:
    return (frame.unit.name, frame.body.index)


def edges_of(program: Program, frame: Frame) -> Iterator[Edge]:
    """The calls of one frame: of functions of the program, and of what is outside."""
    caller = name_of(frame)
    for callees in frame.edges.values():
        yield from ((caller, name_of(callee)) for callee in callees if callee.body.kind in ("function", "lambda"))
    for operands in frame.body.nodes:
        if operands[0] == "call":
            for callee in program.node_values(frame, operands[1]):
                yield from ((caller, name) for name in outside(program, callee))


def name_of(frame: Frame) -> str:
    """The benchmark's name of a body."""
    names: list[str] = []
    bodies = frame.unit.facts.bodies
    body = frame.body
    while body.index:
        names.append(f"<lambda{_number(bodies, body)}>" if body.kind == "lambda" else body.name)
        body = bodies[body.parent]
    return ".".join([frame.unit.name, *reversed(names)])


def _number(bodies: list[Body], wanted: Body) -> int:
    """The place of a lambda among those of the same body, from 1."""
    siblings = [body.index for body in bodies if body.kind == "lambda" and body.parent == wanted.parent]
    return siblings.index(wanted.index) + 1


def outside(program: Program, callee: Value) -> Iterator[str]:
    """The name of a callee that is not in the program; nothing for one that is."""
    yield from map(_external, library_names(callee))
    if isinstance(callee, Class) and members(program.engine, callee.info, "__init__") is None:
        yield from (f"{_external(base)}.__init__" for base in callee.info.externals if base not in UNNAMED)


def _external(path: str) -> str:
    """``builtins.len`` as ``<builtin>.len``; the marks of calls are left out: ``pkg.Class().run`` is ``pkg.Class.run``."""
    plain = path.replace("()", "")
    if not plain.startswith("builtins."):
        return plain
    owner, _, name = plain.removeprefix("builtins.").rpartition(".")
    return f"{LITERALS.get(owner, '<builtin>')}.{name}"
