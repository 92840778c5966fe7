"""What a test says of the variables in it: narrowing of versioned locals."""

from __future__ import annotations

import ast

from buttress_scanner.facts.expressions import span_of
from buttress_scanner.facts.ssa import path_of
from buttress_scanner.facts.targets import Targets

_NEGATED = {"is": "isnot", "isnot": "is", "eq": "ne", "ne": "eq", "contains": "notcontains", "notcontains": "contains"}
_COMPARED = {ast.Is: "is", ast.IsNot: "isnot", ast.Eq: "eq", ast.NotEq: "ne", ast.In: "contains", ast.NotIn: "notcontains"}


class Conditions(Targets):
    """Adds narrowing. Operand expressions are compiled again as values only.

    Names, attributes and constants have no effects to repeat.
    """

    def assume(self, test: ast.expr, truth: bool) -> None:
        """Narrow the environment by the outcome ``truth`` of ``test``."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.assume(test.operand, not truth)
        elif isinstance(test, ast.BoolOp):
            if isinstance(test.op, ast.And) == truth:
                for operand in test.values:
                    self.assume(operand, truth)
            else:
                self._assume_any(test, truth)
        elif isinstance(test, ast.NamedExpr):
            self._narrow(test.target, "truth", truth, -1)
        elif isinstance(test, ast.Call):
            self._assume_call(test, truth)
        elif isinstance(test, ast.Compare) and len(test.ops) == 1:
            self._assume_compare(test, truth)
        else:
            self._narrow(test, "truth", truth, -1)

    def _assume_any(self, test: ast.BoolOp, truth: bool) -> None:
        """``isinstance(x, A) or isinstance(x, B)``: one of the outcomes holds."""
        before = dict(self.env)
        ends = []
        for number, operand in enumerate(test.values):
            self.env = dict(before)
            for earlier in test.values[:number]:
                self.assume(earlier, not truth)
            self.assume(operand, truth)
            ends.append(self.env)
        self.env = self.join(ends, span_of(test))

    def _narrow(self, subject: ast.expr, kind: str, truth: bool, operand: int) -> None:
        if isinstance(subject, ast.NamedExpr):
            subject = subject.target
        key = path_of(subject)
        if key is None:
            return
        if key in self.env:
            version = self.env[key]
        elif isinstance(subject, ast.Name) or _depth(key) > 3:
            if not isinstance(subject, ast.Name):
                return
            version = self.load(key, span_of(subject))
        else:
            version = self.expr(subject)
        self.refine(key, self.emit(span_of(subject), "narrow", kind, truth, version, operand))

    def _assume_call(self, test: ast.Call, truth: bool) -> None:
        name = test.func.id if isinstance(test.func, ast.Name) else ""
        if name in ("isinstance", "issubclass") and len(test.args) == 2 and _is_plain(test.args[1]):
            self._narrow(test.args[0], name, truth, self.expr(test.args[1]))
        elif name == "callable" and len(test.args) == 1:
            self._narrow(test.args[0], "callable", truth, -1)

    def _assume_compare(self, test: ast.Compare, truth: bool) -> None:
        kind = _COMPARED.get(type(test.ops[0]))
        left, right = test.left, test.comparators[0]
        if kind is None:
            return
        if not truth:
            kind = _NEGATED[kind]
        if isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == "type" and len(left.args) == 1:
            if kind in ("is", "eq", "isnot", "ne") and _is_plain(right):
                self._narrow(left.args[0], "exact", kind in ("is", "eq"), self.expr(right))
            return
        if _is_plain(right):
            self._narrow(left, kind, True, self.expr(right))
        if kind in ("is", "eq") and _is_plain(left) and not isinstance(left, ast.Constant):
            self._narrow(right, kind, True, self.expr(left))


def _depth(key: str) -> int:
    return key.count(".") + key.count("[")


def _is_plain(node: ast.expr) -> bool:
    """Names, attributes of names, constants and displays of these: compiling them twice repeats no effect."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(_is_plain(e) for e in node.elts)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and _is_plain(node.left) and _is_plain(node.right)
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, (ast.Name, ast.Constant))
