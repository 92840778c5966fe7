"""Changing code with libcst: functions and classes by their qualified names, and import statements."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Definition = cst.FunctionDef | cst.ClassDef
    Change = Callable[[cst.FunctionDef], cst.FunctionDef | None]
    ClassChange = Callable[[cst.ClassDef], cst.ClassDef | None]

_OBLIGED = "frozen"
_PLAIN = ("staticmethod", "classmethod", "property", "overload")


class _Changing(cst.CSTTransformer):
    """Changes the last definition of a qualified name: the one that counts when the module has run."""

    def __init__(self, qualname: str, change: Callable[[Definition], Definition | None], number: int) -> None:
        super().__init__()
        self._wanted = qualname
        self._change = change
        self._number = number
        self._stack: list[str] = []
        self.seen = 0
        self.refused = False

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802 - libcst finds it by this name
        self._stack.append(node.name.value)

    def leave_ClassDef(  # noqa: N802 - libcst finds it by this name
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.BaseStatement:
        return self._leave(updated_node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - libcst finds it by this name
        self._stack.append(node.name.value)

    def leave_FunctionDef(  # noqa: N802 - libcst finds it by this name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.BaseStatement:
        return self._leave(updated_node)

    def _leave(self, node: Definition) -> Definition:
        is_wanted = ".".join(self._stack) == self._wanted
        self._stack.pop()
        if not is_wanted:
            return node
        self.seen += 1
        after = self._change(node) if self.seen == self._number else node
        self.refused = self.refused or after is None
        return after or node


def changed(data: bytes, qualname: str, change: Change | ClassChange) -> bytes | None:
    """Return a module with one definition changed; None if it has none of that name, or the change does not fit.

    Raises:
        libcst.ParserSyntaxError: libcst cannot parse the module.
    """
    module = cst.parse_module(data)
    counting = _Changing(qualname, change, -1)  # type: ignore[arg-type]
    module.visit(counting)
    if not counting.seen:
        return None
    changing = _Changing(qualname, change, counting.seen)  # type: ignore[arg-type]
    after = module.visit(changing)
    return None if changing.refused else after.bytes


# --- functions


def with_first(*statements: str) -> Change:
    """Put statements at the start of the body, behind the docstring."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef:
        added = [cst.parse_statement(text) for text in statements]
        block = _block(function)
        documented = function.get_docstring() is not None
        together = [*block.body[:documented], *added, *block.body[documented:]]
        return function.with_changes(body=block.with_changes(body=together))

    return change


def undecorated(then: Change) -> Change:
    """Take away what stands around a function, but for what makes it a method, and change it."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef | None:
        kept = [each for each in function.decorators if _last_name(each.decorator) in _PLAIN]
        return then(function.with_changes(decorators=kept))

    return change


def with_parameter(name: str) -> Change:
    """Add a parameter that only its name can give, with a default."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef:
        params = function.params
        added = cst.Param(cst.Name(name), default=cst.Name("None"))
        star = params.star_arg if isinstance(params.star_arg, cst.Param) else cst.ParamStar()
        return function.with_changes(params=params.with_changes(star_arg=star, kwonly_params=[*params.kwonly_params, added]))

    return change


def with_annotations(params: dict[str, str], returns: str | None) -> Change:
    """Annotate parameters and the result where they have no annotation."""

    def change(function: cst.FunctionDef) -> cst.FunctionDef:
        after = function.with_changes(params=function.params.visit(_Annotating(params)))
        if returns is None or function.returns is not None:
            return after
        return after.with_changes(returns=cst.Annotation(cst.parse_expression(returns)))

    return change


class _Annotating(cst.CSTTransformer):
    def __init__(self, params: dict[str, str]) -> None:
        super().__init__()
        self._params = params

    def visit_Lambda(self, node: cst.Lambda) -> bool:  # noqa: N802 - libcst finds it by this name
        return False

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:  # noqa: N802 - likewise
        text = self._params.get(updated_node.name.value)
        if text is None or updated_node.annotation is not None:
            return updated_node
        after = updated_node.with_changes(annotation=cst.Annotation(cst.parse_expression(text)))
        spaced = cst.AssignEqual(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
        return after.with_changes(equal=spaced) if updated_node.default is not None else after


def with_finally(called: str, start: str = "", known: frozenset[str] | None = None) -> Change:
    """Put what stands before a statement that calls ``called`` into a try, and the statement into its finally.

    Args:
        called: the last name of what the statement calls.
        start: put only what stands behind the statement that calls this into the try.
        known: names that are there whatever happens; where the statement uses another one that the try assigns, it does not fit.
    """

    def change(function: cst.FunctionDef) -> cst.FunctionDef | None:
        block = _block(function)
        first = int(function.get_docstring() is not None)
        if start:
            first = next((n + 1 for n, each in enumerate(block.body) if start in _calls(each)), -1)
        last = next((n for n, each in enumerate(block.body) if _is_call_of(each, called)), -1)
        if first < 0 or last <= first:
            return None
        before = {name for each in block.body[:first] for name in _names(each, assigned=True)}
        if known is not None and not _names(block.body[last]) <= known | before | vars(builtins).keys():
            return None
        attempt = cst.Try(cst.IndentedBlock(block.body[first:last]), finalbody=cst.Finally(cst.IndentedBlock([block.body[last]])))
        together = [*block.body[:first], attempt, *block.body[last + 1 :]]
        return function.with_changes(body=block.with_changes(body=together))

    return change


def _block(function: cst.FunctionDef) -> cst.IndentedBlock:
    body = function.body
    if isinstance(body, cst.SimpleStatementSuite):
        return cst.IndentedBlock([cst.SimpleStatementLine(body.body)])
    return cst.ensure_type(body, cst.IndentedBlock)


def _is_call_of(statement: cst.CSTNode, name: str) -> bool:
    """Whether a statement does nothing but call, or await the call of, something of this name."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    expression = statement.body[0].value if isinstance(statement.body[0], cst.Expr) else None
    if isinstance(expression, cst.Await):
        expression = expression.expression
    return isinstance(expression, cst.Call) and _last_name(expression.func) == name


def _calls(statement: cst.CSTNode) -> set[str]:
    """The last names of everything that is called in a statement."""
    found: set[str] = set()
    todo = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, cst.Call):
            found.add(_last_name(node.func))
        todo += node.children
    return found


def _names(node: cst.CSTNode, *, assigned: bool = False) -> set[str]:
    """The names that a statement reads, or, of an assignment, those that it gives a value."""
    found: set[str] = set()
    todo: list[cst.CSTNode] = [node]
    while todo:
        each = todo.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        elif isinstance(each, cst.Attribute | cst.Arg):
            todo.append(each.value)
        elif assigned and isinstance(each, cst.Assign):
            todo += [target.target for target in each.targets]
        elif assigned and isinstance(each, cst.AnnAssign):
            todo.append(each.target)
        elif not assigned or isinstance(each, cst.SimpleStatementLine | cst.Tuple | cst.Element):
            todo += each.children
    return found


def _last_name(node: cst.CSTNode) -> str:
    return (get_full_name_for_node(node) or "").rpartition(".")[2]


# --- classes


def frozen(makers: Sequence[str]) -> ClassChange:
    """Give the decorator of a record, one of these names, ``frozen=True``."""

    def change(cls: cst.ClassDef) -> cst.ClassDef | None:
        for number, decorator in enumerate(cls.decorators):
            call = decorator.decorator
            function = call.func if isinstance(call, cst.Call) else call
            if _last_name(function) not in makers:
                continue
            given = [
                a for a in (call.args if isinstance(call, cst.Call) else ()) if a.keyword is None or a.keyword.value != _OBLIGED
            ]
            equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
            added = cst.Arg(cst.Name("True"), keyword=cst.Name(_OBLIGED), equal=equal)
            after = decorator.with_changes(decorator=cst.Call(function, [*given, added]))
            return cls.with_changes(decorators=[*cls.decorators[:number], after, *cls.decorators[number + 1 :]])
        return None

    return change


# --- import statements


class _Redirecting(cst.CSTTransformer):
    def __init__(self, level: int, module: str, names: set[str], other: str) -> None:
        super().__init__()
        self._wanted = (level, module, names)
        self._other = other
        self.done = False

    def leave_ImportFrom(  # noqa: N802 - libcst finds it by this name
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        if self.done or isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        module = get_full_name_for_node(updated_node.module) or "" if updated_node.module is not None else ""
        names = {alias.evaluated_name for alias in updated_node.names}
        if (len(updated_node.relative), module, names) != self._wanted:
            return updated_node
        self.done = True
        target = cst.parse_expression(self._other)
        spaced = updated_node.with_changes(whitespace_before_import=cst.SimpleWhitespace(" "))
        return spaced.with_changes(module=target, relative=[])


def redirected(data: bytes, level: int, module: str, names: set[str], other: str) -> bytes | None:
    """Take the names of one import statement from another module; None if the file has no such statement."""
    redirecting = _Redirecting(level, module, names, other)
    after = cst.parse_module(data).visit(redirecting)
    return after.bytes if redirecting.done else None
