"""Changing definitions with libcst: a function by its qualified name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[cst.FunctionDef], cst.FunctionDef]


class _Changing(cst.CSTTransformer):
    """Changes the last definition of a qualified name: the one that counts when the module has run."""

    def __init__(self, qualname: str, change: Change, number: int) -> None:
        super().__init__()
        self._wanted = qualname
        self._change = change
        self._number = number
        self._stack: list[str] = []
        self.seen = 0

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802 - libcst finds it by this name
        self._stack.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802 - libcst finds it by this name
        self._stack.pop()
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - libcst finds it by this name
        self._stack.append(node.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802 - libcst finds it by this name
        is_wanted = ".".join(self._stack) == self._wanted
        self._stack.pop()
        if not is_wanted:
            return updated_node
        self.seen += 1
        return self._change(updated_node) if self.seen == self._number else updated_node


def changed(data: bytes, qualname: str, change: Change) -> bytes | None:
    """Return a module with one function changed; None if it has no function of that name.

    Raises:
        libcst.ParserSyntaxError: libcst cannot parse the module.
    """
    module = cst.parse_module(data)
    counting = _Changing(qualname, change, -1)
    module.visit(counting)
    if not counting.seen:
        return None
    return module.visit(_Changing(qualname, change, counting.seen)).bytes


def with_first(*statements: str) -> Change:
    """Put statements at the start of the body, behind the docstring."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef:
        added = [cst.parse_statement(text) for text in statements]
        body = function.body
        block = cst.IndentedBlock([cst.SimpleStatementLine(body.body)]) if isinstance(body, cst.SimpleStatementSuite) else body
        documented = function.get_docstring() is not None
        together = [*block.body[:documented], *added, *block.body[documented:]]
        return function.with_changes(body=block.with_changes(body=together))

    return change


def with_parameter(name: str) -> Change:
    """Add a parameter that only its name can give, with a default."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef:
        params = function.params
        added = cst.Param(cst.Name(name), default=cst.Name("None"))
        star = params.star_arg if isinstance(params.star_arg, cst.Param) else cst.ParamStar()
        return function.with_changes(params=params.with_changes(star_arg=star, kwonly_params=[*params.kwonly_params, added]))

    return change
