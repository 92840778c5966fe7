"""Walking over syntax trees: without the nodes that say nothing of names, and without recursion."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLAIN = frozenset({
    "arg", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "name", "names", "op", "ops",
    "rest", "simple", "type_comment", "type_ignores",
})  # fmt: skip
"""Fields that hold text, numbers, operators and contexts."""


class _Fields(dict[type, tuple[str, ...]]):
    """The fields of each kind of node that hold expressions, statements and their parts."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        kept = tuple(f for f in kind._fields if f not in _PLAIN or (f == "name" and kind.__name__ == "TypeAlias"))
        self[kind] = kept
        return kept


FIELDS = _Fields({ast.Constant: (), ast.MatchSingleton: (), type(None): ()})


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all that is in it, in no particular order."""
    stack: list[ast.AST] = [node]
    while stack:
        current = stack.pop()
        if current is None:
            continue
        yield current
        _push(current, stack)


def walk_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in no particular order; nested scopes are yielded and not entered (their headers are)."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node is None:
            continue
        yield node
        header = header_of(node)
        if header is None:
            _push(node, stack)
        else:
            stack += header


def header_of(node: ast.AST) -> list[ast.expr] | None:
    """What the scope around a nested scope evaluates of it, annotations left out; None for nodes that are no scope."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.decorator_list + node.args.defaults + [d for d in node.args.kw_defaults if d]
    if isinstance(node, ast.ClassDef):
        return node.decorator_list + node.bases + [k.value for k in node.keywords]
    if isinstance(node, ast.Lambda):
        return node.args.defaults + [d for d in node.args.kw_defaults if d]
    return None


def _push(node: ast.AST, stack: list[ast.AST]) -> None:
    for field in FIELDS[node.__class__]:
        child = getattr(node, field)
        if child.__class__ is list:
            stack += child
        elif child is not None:
            stack.append(child)
