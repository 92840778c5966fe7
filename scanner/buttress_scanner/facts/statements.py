"""Statements to nodes and to the statement tree that flow analyses walk.

Tree entries are lists ``[kind, span, ...]``; ``a, b`` is a half-open range of nodes::

    eval a b | return a b value | raise a b node | break | continue
    if a b known then else            known: True, False or None for a test that is a constant
    while a b known body else | for a b step-a step-b body else is_async
    try body handlers else final      handlers: [types-a, types-b, type nodes, body, span]
    with items body is_async          items: [a, b, context node, enter node, span]; exit nodes follow in order
    match a b cases                   cases: [irrefutable, a, b, body]
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from buttress_scanner.facts.annotations import type_parameters
from buttress_scanner.facts.expressions import OPERATORS, span_of
from buttress_scanner.facts.patterns import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.facts.ssa import Env

Tree = list[Any]


class Statements(Patterns):
    """Compiles the statements of one body."""

    loops: list[tuple[list[Env], list[Env]]]
    """Environments at ``break`` and ``continue`` of each enclosing loop."""

    def block(self, statements: Sequence[ast.stmt]) -> Tree:
        """Compile statements in order and return their tree."""
        return [self._statement(s) for s in statements]

    def _statement(self, node: ast.stmt) -> list[Any]:
        outer, self.statement = self.statement, span_of(node)
        tests, start = self.holding, len(self.body.nodes)
        entry = self._compiled(node)
        self.note_guarded(start, tests)
        self.statement = outer
        return entry

    def _compiled(self, node: ast.stmt) -> list[Any]:
        method = getattr(self, "_do_" + type(node).__name__.lower(), None)
        if method is not None:
            before = self.holding
            result: list[Any] = method(node)
            if not isinstance(node, (ast.If, ast.Match)):
                self.holding = before
            return result
        start = len(self.body.nodes)
        simple = getattr(self, "_on_" + type(node).__name__.lower(), None)
        if simple is not None:
            simple(node)
        return ["eval", span_of(node), start, len(self.body.nodes)]

    # --- simple statements

    def _on_expr(self, node: ast.Expr) -> None:
        self.expr(node.value)

    def _on_assign(self, node: ast.Assign) -> None:
        pairs = _pairwise(node)
        if pairs is not None:
            values = [self.used(value) for _, value in pairs]
            for (target, _), value in zip(pairs, values, strict=True):
                self.store(target, value)
            return
        plain = all(isinstance(t, ast.Name) for t in node.targets) and self.body.kind != "class"
        value = self.expr(node.value) if plain else self.used(node.value)
        for target in node.targets:
            self.store(target, value)

    def _on_annassign(self, node: ast.AnnAssign) -> None:
        annotation = self.annotation(node.annotation)
        if isinstance(node.target, ast.Name) and self.body.kind in ("class", "module"):
            self.body.annotations[node.target.id] = annotation
        alias = getattr(node.annotation, "attr", getattr(node.annotation, "id", "")) == "TypeAlias"
        value = -1 if node.value is None else self.annotation(node.value) if alias else self.expr(node.value)
        if value < 0 and self.body.kind == "class":
            return
        declared = self.emit(span_of(node), "declare", value, annotation)
        if value >= 0 or isinstance(node.target, ast.Name):
            self.store(node.target, declared)

    def _on_augassign(self, node: ast.AugAssign) -> None:
        load = ast.copy_location(_as_load(node.target), node.target)
        left = self.expr(load)
        value = self.emit(span_of(node), "aug", OPERATORS[type(node.op)], left, self.expr(node.value))
        self.store(node.target, value)

    def _on_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                self.emit(span_of(target), "delattr", self.expr(target.value), target.attr)
            elif isinstance(target, ast.Subscript):
                base = self.expr(target.value)
                self.emit(span_of(target), "delitem", base, self.expr(target.slice))
            elif isinstance(target, ast.Name):
                self.env.pop(target.id, None)

    def _on_assert(self, node: ast.Assert) -> None:
        self.emit(span_of(node.test), "truth", self.expr(node.test))
        if node.msg:
            start = len(self.body.nodes)
            self.expr(node.msg)
            self.body.conditional.append((start, len(self.body.nodes)))
        self.assume(node.test, True)

    def _on_typealias(self, node: Any) -> None:
        outside = dict(self.type_names)
        for name, limit in type_parameters(node).items():
            self.type_names[name] = self.emit(
                span_of(node), "typevar", self.body.index, f"{node.name.id}.{name}", self.annotation(limit)
            )
        self.store(node.name, self.annotation(node.value))
        self.type_names = outside

    def _on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.note_import(0, alias.name, "", span_of(node))
            bound = alias.asname or alias.name.partition(".")[0]
            target = alias.name if alias.asname else bound
            loaded = self.emit(span_of(node), "import", alias.name)
            value = loaded if target == alias.name else self.emit(span_of(node), "import", target)
            self.store_name(bound, value, span_of(node))

    def _on_importfrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.note_import(node.level, node.module or "", alias.name, span_of(node))
            if alias.name != "*":
                value = self.emit(span_of(node), "from", node.level, node.module or "", alias.name)
                self.store_name(alias.asname or alias.name, value, span_of(node))
            else:
                self.emit(span_of(node), "star", node.level, node.module or "")

    def note_import(self, level: int, module: str, name: str, span: tuple[int, int, int, int]) -> None:
        """Record an import for the import graph."""
        raise AssertionError  # bound by the builder, which knows the file

    def _on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        decorators = [(self.expr(d), span_of(d)) for d in node.decorator_list]
        index = self.define(node, self)
        kind = "class" if isinstance(node, ast.ClassDef) else "func"
        value = self.emit(span_of(node), kind, index)
        for decorator, span in reversed(decorators):
            value = self.emit(span, "deco", decorator, value)
        self.decorators_of(index, [d for d, _ in decorators])
        self.store_name(node.name, value, span_of(node))

    _on_asyncfunctiondef = _on_functiondef
    _on_classdef = _on_functiondef

    def decorators_of(self, index: int, nodes: list[int]) -> None:
        """Record the decorators of a nested definition."""
        raise AssertionError  # bound by the builder, which knows the file

    # --- leaving

    def _do_return(self, node: ast.Return) -> list[Any]:
        start = len(self.body.nodes)
        value = self.used(node.value) if node.value else self.emit(span_of(node), "const", None)
        known = self.holding if value not in self.body.returns else ()
        self.body.returns.append(value)
        self.body.guards[value] = known
        self.dead = True
        return ["return", span_of(node), start, len(self.body.nodes), value]

    def _do_raise(self, node: ast.Raise) -> list[Any]:
        start = len(self.body.nodes)
        value = self.expr(node.exc) if node.exc else -1
        cause = self.expr(node.cause) if node.cause else -1
        raised = self.emit(span_of(node), "raise", value, cause)
        self.dead = True
        return ["raise", span_of(node), start, len(self.body.nodes), raised]

    def _do_break(self, node: ast.Break) -> list[Any]:
        if self.loops and not self.dead:
            self.loops[-1][0].append(dict(self.env))
        self.dead = True
        return ["break", span_of(node)]

    def _do_continue(self, node: ast.Continue) -> list[Any]:
        if self.loops and not self.dead:
            self.loops[-1][1].append(dict(self.env))
        self.dead = True
        return ["continue", span_of(node)]


def _pairwise(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]] | None:
    """The pairs of ``a, b = x, y``; None for any other assignment."""
    left, right = node.targets[0], node.value
    if len(node.targets) != 1 or not isinstance(left, (ast.Tuple, ast.List)) or not isinstance(right, (ast.Tuple, ast.List)):
        return None
    if len(left.elts) != len(right.elts) or _has_star(left) or _has_star(right):
        return None
    return list(zip(left.elts, right.elts, strict=True))


def _has_star(node: ast.Tuple | ast.List) -> bool:
    return any(isinstance(e, ast.Starred) for e in node.elts)


def _as_load(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    """The target of an augmented assignment as an expression that reads it."""
    match target:
        case ast.Name():
            return ast.Name(target.id, ast.Load())
        case ast.Attribute():
            return ast.Attribute(target.value, target.attr, ast.Load())
        case ast.Subscript():
            return ast.Subscript(target.value, target.slice, ast.Load())
