"""Expressions that assign, and targets of every form: names, attributes, items, and what is unpacked into them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from buttress_scanner.facts.expressions import Expressions, span_of
from buttress_scanner.facts.ssa import path_of
from buttress_scanner.facts.walking import inside

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Span


class Targets(Expressions):
    """Adds assignments to the expressions of one body."""

    def _namedexpr(self, node: ast.NamedExpr, span: Span) -> int:
        value = self.expr(node.value)
        self.store(node.target, value)
        return self.env.get(node.target.id, value)

    # --- comprehensions: inlined, their variables private

    def _comprehension(self, node: Any, span: Span, kind: str) -> int:
        start = len(self.body.nodes)
        heads = None
        for number, generator in enumerate(node.generators):
            source = self.expr(generator.iter)
            element = self.emit(span_of(generator.iter), "iter", source, bool(generator.is_async), kind)
            if number == 0:
                start = len(self.body.nodes)
                heads = dict(self.env)
            self.store(generator.target, element)
            for test in generator.ifs:
                self.emit(span_of(test), "truth", self.expr(test))
                self.assume(test, True)
        if isinstance(node, ast.DictComp):
            key = self.expr(node.key)
            result = self.emit(span, "dcomp", key, self.used(node.value))
        else:
            result = self.emit(span, "comp", kind, self.used(node.elt))
        self.body.conditional.append((start, len(self.body.nodes) - 1))
        walruses = sorted({n.target.id for n in inside(node) if isinstance(n, ast.NamedExpr)})
        after = dict(heads or {})
        after.update({name: self.env[name] for name in walruses if name in self.env})
        self.stored &= after.keys()
        self.env = after
        return result

    def _listcomp(self, node: ast.ListComp, span: Span) -> int:
        return self._comprehension(node, span, "list")

    def _setcomp(self, node: ast.SetComp, span: Span) -> int:
        return self._comprehension(node, span, "set")

    def _dictcomp(self, node: ast.DictComp, span: Span) -> int:
        return self._comprehension(node, span, "dict")

    def _generatorexp(self, node: ast.GeneratorExp, span: Span) -> int:
        return self._comprehension(node, span, "gen")

    # --- stores

    def store(self, target: ast.expr, value: int) -> None:
        """Assign a value to a target of any form."""
        span = span_of(target)
        if isinstance(target, ast.Name):
            self.store_name(target.id, value, span)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value)
        elif isinstance(target, ast.Attribute):
            self.emit(span, "setattr", self.expr(target.value), target.attr, value)
            path = path_of(target)
            self.bind_path(path or "?." + target.attr, value)
            if not path:
                self.env.pop("?." + target.attr, None)
        elif isinstance(target, ast.Subscript):
            base = self.expr(target.value)
            self.emit(span, "setitem", base, self.expr(target.slice), value)
            path = path_of(target)
            self.bind_path(path or "?[]", value)
            if not path:
                self.env.pop("?[]", None)
        elif isinstance(target, ast.Starred):
            self.store(target.value, value)

    def store_name(self, name: str, value: int, span: Span) -> None:
        """Assign to a variable, honouring global and nonlocal declarations."""
        if name in self.names.globals and self.body.kind != "module":
            self.emit(span, "gstore", name, value)
        elif name in self.names.nonlocals:
            self.emit(span, "nlstore", name, value)
        else:
            self.bind(name, value)

    def _unpack(self, target: ast.Tuple | ast.List, value: int) -> None:
        star = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), -1)
        for number, element in enumerate(target.elts):
            starred = number == star
            after = len(target.elts) - number - 1
            index = number if star < 0 or number <= star else -(after + 1)
            part = self.emit(span_of(element), "unpack", value, index, after, starred)
            self.store(element, part)
