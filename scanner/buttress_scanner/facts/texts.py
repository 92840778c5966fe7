"""Program text in a constant, as `eval` and `exec` take it: the expressions that run where the call stands."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.facts.model import Node

LONGEST = 2_000
"""Characters; longer text is data."""

_ELSEWHERE = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)
"""What text may not hold, or what does not bind in the function around it."""


def text_run_by(nodes: Sequence[Node], call: int) -> tuple[str, str] | None:
    """Return ``eval`` or ``exec`` and the constant that the call gives it alone; None for any other call."""
    _, callee, args, keywords = nodes[call]
    if nodes[callee] not in (("global", "eval"), ("global", "exec")) or len(args) != 1 or keywords:
        return None
    text = nodes[args[0][1]]
    if text[0] == "phi" and len(text[1]) == 1:  # a variable
        text = nodes[text[1][0]]
    return (nodes[callee][1], text[1]) if text[0] == "const" and isinstance(text[1], str) else None


def expressions_in(text: str, call: ast.Call) -> list[ast.expr]:
    """Parse text that a call runs.

    Args:
        text: what `eval` or `exec` is given.
        call: gives every part of the text its place.

    Returns:
        The expressions in order; none if the text is no program, or holds more than expressions.
    """
    if len(text) > LONGEST:
        return []
    try:
        statements = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = [statement.value for statement in statements if isinstance(statement, ast.Expr)]
    if len(found) < len(statements):
        return []
    for node in (inner for expression in found for inner in ast.walk(expression)):
        if isinstance(node, _ELSEWHERE):
            return []
        if isinstance(node, (ast.expr, ast.arg, ast.keyword)):
            ast.copy_location(node, call)
    return found
