"""Which names each scope of a file binds, declares global or nonlocal: one walk over the file answers for all of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.facts.walking import FIELDS, header_of, inside, walk_scope

if TYPE_CHECKING:
    from collections.abc import Iterable

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_BINDING = frozenset({
    ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal,
})  # fmt: skip


@dataclass(slots=True)
class Names:
    """Names bound in a scope, and those it declares otherwise."""

    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    """Names that a nested function declares nonlocal: their value may change behind the local flow."""


class Survey:
    """The names of all scopes of a file, found in one walk; scopes that are met outside of it are walked when asked for."""

    def __init__(self) -> None:
        self.stored: set[str] = set()
        """Names that are assigned anywhere, or that a definition has."""
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self._names: dict[ast.AST, Names] = {}

    def of(self, scope: Scope) -> Names:
        """The names of a scope."""
        known = self._names.get(scope)
        if known is None:
            self._walk(scope)
            known = self._names[scope]
        return known

    def _walk(self, outermost: Scope) -> None:
        """Collect the names of a scope and of all within it; what they share is known once the inner ones are."""
        order: list[tuple[Scope, Scope | None]] = [(outermost, None)]
        for scope, _ in order:
            order += [(inner, scope) for inner in self._scan(scope)]
        for scope, outer in reversed(order):
            names = self._names[scope]
            if outer is not None:
                self._names[outer].shared |= names.nonlocals | names.shared
            names.bound -= names.globals | names.nonlocals

    def _scan(self, scope: Scope) -> list[Scope]:
        """Collect the names of one scope and return the scopes directly within."""
        names = self._names[scope] = Names(bound=set(_parameters(scope)))
        bound, stored = names.bound, self.stored
        inner: list[Scope] = []
        stack: list[ast.AST] = [scope.body] if isinstance(scope, ast.Lambda) else list(scope.body)
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                if is_stored(node):
                    bound.add(node.id)
                    stored.add(node.id)
                continue
            if isinstance(node, _SCOPES):
                inner.append(node)
                stack += header_of(node) or ()
                if not isinstance(node, ast.Lambda):
                    bound.add(node.name)
                    stored.add(node.name)
                continue
            kind = node.__class__
            if kind in _BINDING:
                self._bind(node, names)
            elif kind in _COMPREHENSIONS:
                stack += self._comprehension(node)
                continue
            for name in FIELDS[kind]:
                child = getattr(node, name)
                if child.__class__ is list:
                    stack += child
                elif child is not None:
                    stack.append(child)
        return inner

    def _comprehension(self, node: ast.AST) -> list[ast.AST]:
        """What a comprehension evaluates; its own variables are assigned, and bound nowhere."""
        parts: list[ast.AST] = []
        for name in FIELDS[node.__class__]:
            child = getattr(node, name)
            if child.__class__ is not list:
                parts.append(child)
                continue
            for generator in child:
                parts += [generator.iter, *generator.ifs]
                self.stored.update(t.id for t in inside(generator.target) if isinstance(t, ast.Name) and is_stored(t))
        return parts

    def _bind(self, node: ast.AST, names: Names) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports.append(node)
        _bind(node, names)


def is_stored(node: ast.Name | ast.Attribute | ast.Subscript) -> bool:
    """Whether a name, attribute or subscript is assigned or deleted rather than read."""
    return not isinstance(node.ctx, ast.Load)


def _parameters(scope: Scope) -> list[str]:
    if isinstance(scope, (ast.Module, ast.ClassDef)):
        return []
    args = scope.args
    rest = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *rest)]


def _bind(node: ast.AST, names: Names) -> None:
    """Note what a statement or pattern binds or declares, other than by a name that stands as a target."""
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            names.bound.update((a.asname or a.name.split(".")[0]) for a in aliases if a.name != "*")
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            names.bound.add(name)
        case ast.MatchMapping(rest=str(rest)):
            names.bound.add(rest)
        case ast.Global(names=declared):
            names.globals.update(declared)
        case ast.Nonlocal(names=declared):
            names.nonlocals.update(declared)


def assigned(statements: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names and the attribute or item names that a block stores to, for loop heads."""
    found, attributes = Names(), set()
    for node in walk_scope(statements):
        kind = node.__class__
        if isinstance(node, ast.Name):
            if is_stored(node):
                found.bound.add(node.id)
        elif isinstance(node, ast.Attribute):
            if is_stored(node):
                attributes.add(node.attr)
        elif isinstance(node, ast.Subscript):
            if is_stored(node):
                attributes.add("[]")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.bound.add(node.name)
        elif kind in _BINDING:
            _bind(node, found)
    return found.bound | found.globals | found.nonlocals, attributes
