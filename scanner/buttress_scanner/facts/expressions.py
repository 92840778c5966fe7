"""Expressions to nodes: every expression is a node, those evaluated only for their effect too."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from buttress_scanner.facts.ssa import Env, Ssa, path_of
from buttress_scanner.facts.texts import expressions_in, text_run_by
from buttress_scanner.facts.walking import inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.facts.model import Span
    from buttress_scanner.facts.scopes import Names

OPERATORS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "matmul", ast.Div: "truediv", ast.Mod: "mod", ast.Pow: "pow",
    ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or", ast.BitXor: "xor", ast.BitAnd: "and", ast.FloorDiv: "floordiv",
    ast.Invert: "invert", ast.Not: "not", ast.UAdd: "pos", ast.USub: "neg",
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.Is: "is", ast.IsNot: "isnot", ast.In: "contains", ast.NotIn: "notcontains",
}  # fmt: skip


def span_of(node: ast.expr | ast.stmt | ast.excepthandler | ast.pattern | ast.arg) -> Span:
    """The node's range as `ast` counts."""
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


_SPEC = {"__spec__.parent": "__package__", "__spec__.name": "__name__"}
"""What a module's specification says of it, by the variable that says the same."""


class Expressions(Ssa):
    """Compiles expressions of one body. ``enclosing`` are the names of the function scopes around it, innermost first."""

    enclosing: list[Names]
    define: Callable[[Any, Expressions], int]
    """Compiles a nested def, lambda or class as a body of its own and returns its index."""
    is_builtin: Callable[[str], bool]
    """Whether a global name means what Python gives every module."""
    holding: tuple[int, ...] = ()
    """Narrowed versions that the tests on the way to this place left."""

    def expr(self, node: ast.expr) -> int:
        """Compile an expression and return its node."""
        method: Callable[[Any, Span], int] | None = getattr(self, "_" + type(node).__name__.lower(), None)
        span = span_of(node)
        if method is None:
            return self.emit(span, "literal", type(node).__name__)
        return method(node, span)

    # --- names and constants

    def _constant(self, node: ast.Constant, span: Span) -> int:
        if node.value is None or isinstance(node.value, (str, bool)) or (isinstance(node.value, int) and abs(node.value) < 2**53):
            return self.emit(span, "const", node.value)
        known = (node.value,) if isinstance(node.value, float) else ()
        return self.emit(span, "literal", type(node.value).__name__, *known)

    def _name(self, node: ast.Name, span: Span) -> int:
        return self.load(node.id, span)

    def load(self, name: str, span: Span) -> int:
        """Read a variable: its version here, a variable of an enclosing function, or a global."""
        if name in self.names.shared and name in self.names.bound and self.body.kind != "module":
            return self.emit(span, "own", name)
        if name in self.env:
            version = self.env[name]
            if self.body.nodes[version][0] == "from":
                return self.emit(span, "phi", (version,))  # an import only binds: the reading of the name has a place of its own
            return version
        if name in self.names.globals:
            return self.emit(span, "global", name)
        if name not in self.names.bound or self.body.kind == "class":
            for depth, names in enumerate(self.enclosing):
                if name in names.bound:
                    return self.emit(span, "free", name, depth)
        elif self.body.kind != "module" and name in self.body.versions:
            return self.emit(span, "own", name)
        return self.emit(span, "global", name)

    def used(self, node: ast.expr) -> int:
        """Compile an expression whose value leaves here; a plain name gets a node of its own, which tells where."""
        value = self.expr(node)
        span = span_of(node)
        if isinstance(node, ast.Name) and self.body.spans[value] != span:
            return self.emit(span, "phi", (value,))
        return value

    def _attribute(self, node: ast.Attribute, span: Span) -> int:
        path = path_of(node)
        if path in _SPEC and "__spec__" not in self.env:
            return self.emit(span, "global", _SPEC[path])
        base = self.expr(node.value)
        if path is not None and path in self.env:
            if path in self.stored:
                return self.emit(span, "phi", (self.env[path],), "attr", base, node.attr)
            version = self.env[path]
            self.emit(span, "attr", base, node.attr)  # a property runs all the same
            return version
        return self.emit(span, "attr", base, node.attr)

    def _subscript(self, node: ast.Subscript, span: Span) -> int:
        path = path_of(node)
        base = self.expr(node.value)
        if isinstance(node.slice, ast.Slice):
            parts = [self.expr(p) if p else -1 for p in (node.slice.lower, node.slice.upper, node.slice.step)]
            return self.emit(span, "slice", base, *parts)
        key = self.expr(node.slice)
        if path is not None and path in self.env:
            return self.emit(span, "phi", (self.env[path],), "item", base, key) if path in self.stored else self.env[path]
        return self.emit(span, "item", base, key)

    def _slice(self, node: ast.Slice, span: Span) -> int:
        for part in (node.lower, node.upper, node.step):
            if part:
                self.expr(part)
        return self.emit(span, "literal", "slice")

    # --- containers

    def _elements(self, elements: list[ast.expr]) -> tuple[tuple[bool, int], ...]:
        return tuple((True, self.expr(e.value)) if isinstance(e, ast.Starred) else (False, self.used(e)) for e in elements)

    def _tuple(self, node: ast.Tuple, span: Span) -> int:
        return self.emit(span, "seq", "tuple", self._elements(node.elts))

    def _list(self, node: ast.List, span: Span) -> int:
        return self.emit(span, "seq", "list", self._elements(node.elts))

    def _set(self, node: ast.Set, span: Span) -> int:
        return self.emit(span, "seq", "set", self._elements(node.elts))

    def _dict(self, node: ast.Dict, span: Span) -> int:
        pairs = tuple((self.expr(k) if k else -1, self.used(v)) for k, v in zip(node.keys, node.values, strict=True))
        return self.emit(span, "dict", pairs)

    def _starred(self, node: ast.Starred, span: Span) -> int:
        return self.emit(span, "iter", self.expr(node.value), False, "")

    # --- operators

    def _binop(self, node: ast.BinOp, span: Span) -> int:
        chain = []
        inner: ast.expr = node
        while isinstance(inner, ast.BinOp):  # a long sum must not recurse to death
            chain.append(inner)
            inner = inner.left
        left = self.expr(inner)
        for part in reversed(chain):
            left = self.emit(span_of(part), "bin", OPERATORS[type(part.op)], left, self.expr(part.right))
        return left

    def _unaryop(self, node: ast.UnaryOp, span: Span) -> int:
        operand = self.expr(node.operand)
        if isinstance(node.op, ast.Not):
            return self.emit(span, "un", "not", self.emit(span, "truth", operand))
        return self.emit(span, "un", OPERATORS[type(node.op)], operand)

    def _compare(self, node: ast.Compare, span: Span) -> int:
        left = self.expr(node.left)
        result = left
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.expr(comparator)
            result = self.emit(span, "cmp", OPERATORS[type(op)], left, right)
            left = right
        return result

    def _boolop(self, node: ast.BoolOp, span: Span) -> int:
        value, envs = self.bool_values(node)
        self.env = self.join(envs, span)
        return value

    def bool_values(self, node: ast.BoolOp) -> tuple[int, list[Env]]:
        """Compile ``and``/``or`` with narrowing from operand to operand; return the value and the environments it may end in."""
        truth = isinstance(node.op, ast.And)
        results, envs, outer = [], [], self.holding
        arms: dict[int, tuple[int, ...]] = {}
        for number, operand in enumerate(node.values):
            start = len(self.body.nodes)
            value = self.expr(operand)
            self.note_guarded(start, self.holding)
            last = number == len(node.values) - 1
            if not last:
                self.emit(span_of(operand), "truth", value)
            if number:
                self.body.conditional.append((start, len(self.body.nodes)))
                arms[value] = self.holding[len(outer) :]
            results.append(value if last else self.emit(span_of(operand), "narrow", "truth", not truth, value, -1))
            envs.append(dict(self.env))
            if not last:
                first = len(self.body.nodes)
                self.assume(operand, truth)
                self.holding += self.narrowed_since(first, operand)
        self.holding = outer
        joined = self.emit(span_of(node), "phi", tuple(results))
        if any(arms.get(result) for result in results):
            self.body.arms[joined] = {result: arms[result] for result in results if arms.get(result)}
        return joined, envs

    def assume(self, test: ast.expr, truth: bool) -> None:
        """Narrow the environment by the outcome of a test that has been compiled."""
        raise AssertionError  # bound by Conditions, which knows tests

    def note_guarded(self, start: int, tests: tuple[int, ...]) -> None:
        """Note which tests hold for the nodes from ``start`` on."""
        ranges, end = self.body.guarded, len(self.body.nodes)
        if tests and start < end:
            if ranges and ranges[-1][1:] == (start, tests):
                start = ranges.pop()[0]
            ranges.append((start, end, tests))

    def narrowed_since(self, start: int, test: ast.expr) -> tuple[int, ...]:
        """The narrowed versions that a test without ``and`` or ``or`` has left."""
        if any(isinstance(part, ast.BoolOp) for part in inside(test)):
            return ()
        return tuple(n for n in range(start, len(self.body.nodes)) if self.body.nodes[n][0] == "narrow")

    def _ifexp(self, node: ast.IfExp, span: Span) -> int:
        self.emit(span_of(node.test), "truth", self.expr(node.test))
        before = dict(self.env)
        ends, values, arms, tests = [], [], [], []
        for branch, truth in ((node.body, True), (node.orelse, False)):
            self.env, first = dict(before), len(self.body.nodes)
            self.assume(node.test, truth)
            start, outer = len(self.body.nodes), self.holding
            self.holding += self.narrowed_since(first, node.test)
            values.append(self.expr(branch))
            arms.append((start, len(self.body.nodes)))
            self.note_guarded(start, self.holding)
            tests.append(self.holding[len(outer) :])
            self.holding = outer
            ends.append(self.env)
        taken = _settled(node.test)
        if taken is None:
            self.body.conditional += arms
            self.body.alternatives.append((arms[0], arms[1]))
        else:
            self.body.conditional.append(arms[taken])
        self.env = self.join(ends, span, tests)
        phi = self.emit(span, "phi", tuple(values))
        self.note_arms(phi, values, tests)
        return phi

    # --- calls

    def _call(self, node: ast.Call, span: Span) -> int:
        attribute = _attribute_read_by(node)
        if attribute and self.is_builtin("getattr"):
            return self._attribute(ast.copy_location(ast.Attribute(node.args[0], attribute, ast.Load()), node), span)
        callee = self.expr(node.func)
        args = tuple(self._argument(a) for a in node.args)
        keywords = tuple((k.arg or "", self.used(k.value)) for k in node.keywords)
        index = self.emit(span, "call", callee, args, keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "update" and isinstance(node.func.value, ast.Name):
            self.bind_update(node.func.value.id, args, keywords)
        for argument in node.args:
            if isinstance(argument, (ast.GeneratorExp, ast.ListComp)):
                self._consumed_by(index, span_of(argument.generators[0].iter))
        ran = text_run_by(self.body.nodes, index)
        if ran is not None and self.is_builtin(ran[0]):
            values = [self.expr(expression) for expression in expressions_in(ran[1], node)]
            return values[0] if ran[0] == "eval" and len(values) == 1 else index
        return index

    def _consumed_by(self, call: int, span: Span) -> None:
        """Tell the iteration of a comprehension that is an argument which call consumes it.

        ``sorted(x for x in s)`` hides the order of ``s``.
        """
        for index in range(len(self.body.nodes) - 1, -1, -1):
            node = self.body.nodes[index]
            if node[0] == "iter" and self.body.spans[index] == span:
                self.body.nodes[index] = (*node[:3], call)
                return

    def _argument(self, node: ast.expr) -> tuple[bool, int]:
        if isinstance(node, ast.Starred):
            return True, self.expr(node.value)
        return False, self.used(node)

    def _await(self, node: ast.Await, span: Span) -> int:
        return self.emit(span, "await", self.expr(node.value))

    def _yield(self, node: ast.Yield, span: Span) -> int:
        value = self.used(node.value) if node.value else self.emit(span, "const", None)
        self.body.yields.append(value)
        return self.emit(span, "yield", value)

    def _yieldfrom(self, node: ast.YieldFrom, span: Span) -> int:
        index = self.emit(span, "yieldfrom", self.expr(node.value))
        self.body.yields.append(index)
        return index

    def _lambda(self, node: ast.Lambda, span: Span) -> int:
        return self.emit(span, "func", self.define(node, self))

    # --- strings

    def _joinedstr(self, node: ast.JoinedStr, span: Span) -> int:
        parts = []
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                part = self.expr(value.value)
                if value.format_spec:
                    self.expr(value.format_spec)
                parts.append(self.emit(span, "un", "format" if value.conversion == -1 else "repr", part))
            else:
                parts.append(self.expr(value))
        return self.emit(span, "fstr", tuple(parts))


def _attribute_read_by(node: ast.Call) -> str:
    """The attribute that ``getattr(x, "name")`` reads: what ``x.name`` does, unless that name would be mangled in a class."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.expr(), ast.Constant(value=str(name))], keywords=[]):
            private = name.startswith("__") and not name.endswith("__")
            return name if name.isidentifier() and not private and not isinstance(node.args[0], ast.Starred) else ""
    return ""


def _settled(test: ast.expr) -> bool | None:
    """What a test yields whatever happens: a constant, and the name that every module has; None for any other test."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Name(id="__name__"):
            return True
    return None
