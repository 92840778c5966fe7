"""Which names a body binds, declares global or nonlocal: one scan that stops at nested scopes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Names:
    """Names bound in a scope, and those it declares otherwise."""

    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    """Names that a nested function declares nonlocal: their value may change behind the local flow."""


def walk_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in no particular order; nested scopes are yielded and not entered (their headers are)."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            stack += node.decorator_list + node.args.defaults + [d for d in node.args.kw_defaults if d]
        elif isinstance(node, ast.ClassDef):
            stack += node.decorator_list + node.bases + [k.value for k in node.keywords]
        elif isinstance(node, ast.Lambda):
            stack += node.args.defaults + [d for d in node.args.kw_defaults if d]
        else:
            stack.extend(ast.iter_child_nodes(node))


def _bind(node: ast.AST, names: Names, inner: set[int]) -> None:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        if id(node) not in inner:
            names.bound.add(node.id)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        names.bound.add(node.name)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        names.bound.update((a.asname or a.name.split(".")[0]) for a in node.names if a.name != "*")
    elif (isinstance(node, ast.ExceptHandler) and node.name) or (isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name):
        names.bound.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        names.bound.add(node.rest)
    elif isinstance(node, ast.Global):
        names.globals.update(node.names)
    elif isinstance(node, ast.Nonlocal):
        names.nonlocals.update(node.names)


def _nonlocals_below(node: ast.AST, into: set[str]) -> None:
    for child in ast.walk(node):
        if isinstance(child, ast.Nonlocal):
            into.update(child.names)


def scan(body: Iterable[ast.AST], params: Iterable[str] = ()) -> Names:
    """Collect the names of one scope from its statements and parameters."""
    names = Names(bound=set(params))
    nodes = list(walk_scope(body))
    inner = {
        id(target)
        for node in nodes
        if isinstance(node, _COMPREHENSIONS)
        for generator in node.generators
        for target in ast.walk(generator.target)
    }
    for node in nodes:
        _bind(node, names, inner)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            _nonlocals_below(node, names.shared)
    names.bound -= names.globals | names.nonlocals
    return names


def assigned(statements: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names and the attribute or item names that a block stores to, for loop heads."""
    found, attributes = Names(), set()
    for node in walk_scope(statements):
        _bind(node, found, set())
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            attributes.add(node.attr)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            attributes.add("[]")
    return found.bound | found.globals | found.nonlocals, attributes
