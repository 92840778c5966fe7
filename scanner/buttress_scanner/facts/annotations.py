"""Annotations to nodes: names are resolved late, strings are parsed once, ``Literal`` keeps its constants."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from buttress_scanner.facts.conditions import Conditions
from buttress_scanner.facts.expressions import span_of

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body, Span
    from buttress_scanner.facts.scopes import Names

_VERBATIM = {"Literal"}


def type_parameters(node: ast.AST) -> dict[str, ast.expr | None]:
    """The type parameters in square brackets behind the name of a definition, with their bounds."""
    return {p.name: getattr(p, "bound", None) for p in getattr(node, "type_params", ())}


class Annotations(Conditions):
    """Adds the compilation of type expressions."""

    def __init__(self, body: Body, names: Names) -> None:
        super().__init__(body, names)
        self.type_names: dict[str, int] = {}
        """Type parameters of the definition whose header is being compiled."""

    def annotation(self, node: ast.expr | None) -> int:
        """Compile a type expression; -1 for none."""
        if node is None:
            return -1
        start = len(self.body.nodes)
        result = self._type(node, span_of(node))
        self.body.typing.append((start, len(self.body.nodes)))
        return result

    def _type(self, node: ast.expr, span: Span) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._quoted(node.value, span)
        if isinstance(node, ast.Name):
            known = self.type_names.get(node.id)
            return self.emit(span, "phi", (known,)) if known is not None else self.emit(span, "late", node.id)
        if isinstance(node, ast.Attribute):
            return self.emit(span, "attr", self._type(node.value, span), node.attr)
        if isinstance(node, ast.Subscript):
            base = self._type(node.value, span)
            name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            key = self.expr(node.slice) if name in _VERBATIM else self._type(node.slice, span)
            return self.emit(span, "item", base, key)
        if isinstance(node, (ast.Tuple, ast.List)):
            kind = "tuple" if isinstance(node, ast.Tuple) else "list"
            return self.emit(span, "seq", kind, tuple((False, self._type(e, span)) for e in node.elts))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self._type(node.left, span)
            return self.emit(span, "bin", "or", left, self._type(node.right, span))
        if isinstance(node, ast.Starred):
            return self._type(node.value, span)
        return self.expr(node)

    def _quoted(self, text: str, span: Span) -> int:
        try:
            parsed = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return self.emit(span, "literal", "str")
        for child in ast.walk(parsed):
            if isinstance(child, ast.expr):
                child.lineno, child.col_offset, child.end_lineno, child.end_col_offset = span
        return self._type(parsed, span)
