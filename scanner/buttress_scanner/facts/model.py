"""Facts of one file: definitions, imports and, for every body, instructions over versioned locals.

A body is a flat list of nodes in evaluation order; a node is a tuple whose first element names the operation and whose integer
operands are indices of earlier nodes of the same body (except in ``phi`` nodes of loop heads, which also name later ones).
A ``phi`` that reads what was stored to ``object.name`` or ``object[key]`` before says so (``access`` is ``attr`` or ``item``):
where the object has code of its own for it, that code says what is read.
Everything is plain data (tuples, lists, strings, numbers): facts depend on the bytes of one file only and can be stored.

Operations, with their operands::

    const value | literal type-name [float]   a constant; a float, bytes or other literal whose value is not followed
    param name                             a parameter of this function
    free name depth | global name | own name   a variable of an enclosing function, of the module, or shared with inner functions
    late name                              a name inside an annotation, resolved when the module is complete
    import level module | from level module name   an import; `import a.b` binds `a`
    attr object name | item object key | slice low high step
    call callee args keywords              args ((starred, node), ...); keywords ((name or "", node), ...), "" is `**`
    deco callee target                     the application of a decorator
    seq kind ((starred, node), ...) | dict ((key or -1, value), ...)
    comp kind element | dcomp key value | fstr parts
    phi inputs [access object name-or-key] | narrow test polarity subject operand
    iter object is_async consumer | unpack object index after starred
    bin op left right | un op operand | cmp op left right | truth operand
    func index | class index
    setattr object name value | setitem object key value | gstore name value | nlstore name value | aug op left right
    delattr object name | delitem object key
    enter context is_async | exit context is_async | await operand | yield operand | yieldfrom operand
    raise exception cause | caught types | declare value annotation | star level module | matchpos object index
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Node = tuple[Any, ...]
Span = tuple[int, int, int, int]
"""Line, column, end line, end column as `ast` counts: lines from 1, columns from 0 in UTF-8 bytes."""


@dataclass(slots=True)
class Param:
    """A parameter; ``default`` and ``annotation`` are nodes of the enclosing body, -1 where there is none."""

    name: str
    kind: str
    """``posonly``, ``pos``, ``vararg``, ``kwonly`` or ``kwarg``."""
    default: int = -1
    annotation: int = -1
    span: Span = (0, 0, 0, 0)


@dataclass(slots=True, eq=False)
class Body:
    """A module, class, function or lambda: its instructions and what is needed to bind and walk them."""

    index: int
    parent: int
    kind: str
    """``module``, ``class``, ``function`` or ``lambda``."""
    name: str
    qualname: str
    span: Span
    header: Span
    """From the definition's keyword to the end of its name: where findings about the definition stand."""
    params: list[Param] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    yields: list[int] = field(default_factory=list)
    guards: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """For a returned node the tests on the way to it, as the narrowed versions of what they test.

    Where one is impossible, so is the return.
    """
    guarded: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    """Ranges of nodes with the tests that hold there, in the same form: one within another comes first and has its tests."""
    arms: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    """For a phi behind a branch the tests on the way to an input, in the same form."""
    versions: dict[str, list[int]] = field(default_factory=dict)
    exit: dict[str, int] = field(default_factory=dict)
    annotations: dict[str, int] = field(default_factory=dict)
    """Variables annotated in a class or module body: name to the annotation's node in this body."""
    tree: list[Any] = field(default_factory=list)
    conditional: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of nodes that a short circuit, a conditional expression or a comprehension may skip."""
    alternatives: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    """Pairs of ranges in ``conditional`` of which exactly one runs: the two sides of a conditional expression."""
    stores: list[tuple[Span, str, int]] = field(default_factory=list)
    """Assignments to local variables of a function in order: the statement, the name, the version it gets."""
    typing: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of nodes that belong to annotations."""
    unrun: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of nodes that do not run when the module is imported: under a TYPE_CHECKING or ``__main__`` guard."""
    bases: list[int] = field(default_factory=list)
    keywords: list[tuple[str, int]] = field(default_factory=list)
    type_params: list[int] = field(default_factory=list)
    """Nodes of this body: the type parameters in square brackets behind its name."""
    decorators: list[int] = field(default_factory=list)
    """Nodes of the enclosing body, outermost decorator first."""
    returns_annotation: int = -1
    is_async: bool = False
    is_generator: bool = False
    is_abstract: bool = False
    """The body does nothing but raise NotImplementedError, pass or `...`."""


@dataclass(slots=True)
class ImportFact:
    """One imported name or module at one place."""

    level: int
    module: str
    name: str
    """The name in ``from module import name``; "" for ``import module``; "*" for a star import."""
    span: Span
    typing_only: bool
    body: int
    """Index of the body in which it stands."""


@dataclass(slots=True)
class FileFacts:
    """What one file says, apart from all others."""

    bodies: list[Body]
    imports: list[ImportFact]
    stars: list[tuple[int, str]]
    """Star imports of the module's top level: (level, module)."""
    exports: list[str] | None
    """Literal members of ``__all__``, None where there is none or it is computed."""
    lines: int
