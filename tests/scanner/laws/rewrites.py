"""Rewritings of a module that keep its meaning. Each counts its places and changes those that are chosen.

A place is a node at which the rewriting could be done. Where it could not be done without a change of meaning, there is none.
"""

# ruff: noqa: N802  (libcst names its visitors after nodes)
from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import libcst as cst
import libcst.matchers as m

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

IDENTITY = "same_value"
BOUND = "bound_method_"
HELPER = "moved_"
NOTHING: frozenset[int] = frozenset()

Node = cst.BaseExpression
Block = cst.FlattenSentinel[cst.BaseStatement]


@lru_cache(maxsize=64)
def parsed(text: str) -> cst.Module:
    """The syntax tree of a text."""
    return cst.parse_module(text)


class Rewriting(cst.CSTTransformer):
    """Visits all places in a fixed order and takes the chosen ones."""

    prelude = ""
    """What the module needs for it, put behind its docstring and ``__future__`` imports."""

    def __init__(self, chosen: Container[int] = NOTHING) -> None:
        super().__init__()
        self.chosen = chosen
        self.places = 0
        self.functions: list[cst.FunctionDef | cst.Lambda | cst.ClassDef] = []

    def takes(self) -> bool:
        """Whether this place, which is counted, is chosen."""
        self.places += 1
        return self.places - 1 in self.chosen

    @property
    def in_function(self) -> bool:
        """Whether the innermost body around is that of a function."""
        return bool(self.functions) and isinstance(self.functions[-1], cst.FunctionDef)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.functions.append(node)
        return True

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.functions.append(node)
        return True

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_MatchValue(self, node: cst.MatchValue) -> bool:
        return False

    def visit_MatchClass(self, node: cst.MatchClass) -> bool:
        return False

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.BaseStatement | Block:
        self.functions.pop()
        return self.leave_function(original_node, updated_node)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.BaseStatement | Block:
        self.functions.pop()
        return updated_node

    def leave_function(self, original: cst.FunctionDef, updated: cst.FunctionDef) -> cst.BaseStatement | Block:
        """What becomes of a function when everything in it is done."""
        return updated


def places(rewriting: type[Rewriting], text: str) -> int:
    """The number of places of a text at which it can be rewritten."""
    return _places(rewriting, text)


@cache
def _places(rewriting: type[Rewriting], text: str) -> int:
    counting = rewriting()
    parsed(text).visit(counting)
    return counting.places


def rewrite(rewriting: type[Rewriting], text: str, chosen: Container[int]) -> str:
    """The text with the chosen places rewritten."""
    return with_prelude(parsed(text).visit(rewriting(chosen)), rewriting.prelude).code


def with_prelude(module: cst.Module, prelude: str) -> cst.Module:
    """Put statements where they run first."""
    if not prelude:
        return module
    first = next((n for n, s in enumerate(module.body) if not _must_come_first(s)), len(module.body))
    added = cst.parse_module(prelude).body
    return module.with_changes(body=[*module.body[:first], *added, *module.body[first:]])


def _must_come_first(statement: cst.BaseStatement) -> bool:
    future = m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__")), m.ZeroOrMore()])
    text = m.SimpleStatementLine(body=[m.Expr(m.SimpleString() | m.ConcatenatedString()), m.ZeroOrMore()])
    return m.matches(statement, future | text)


def call(function: Node | str, *arguments: Node) -> cst.Call:
    """A call with positional arguments."""
    return cst.Call(cst.Name(function) if isinstance(function, str) else function, [cst.Arg(a) for a in arguments])


def parenthesised(value: Node) -> Node:
    """A yield, or an assignment as an expression, cannot be an argument without parentheses."""
    if isinstance(value, cst.Yield | cst.NamedExpr | cst.GeneratorExp) and not value.lpar:
        return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return value


LOOKS = {
    "super", "locals", "vars", "globals", "isinstance", "issubclass", "callable", "hasattr", "getattr", "setattr", "TypeVar",
    "NewType", "namedtuple", "cast", "eval", "exec", "dir", "type",
}  # fmt: skip
"""Functions whose arguments are looked at rather than handed on, or that look at their caller."""


class Wrapping(Rewriting):
    """Hands values through a function that gives back what it gets.

    Places are what a function returns, assigns to a name or an attribute, and hands to a call.
    """

    prelude = f"def {IDENTITY}(value):\n    return value\n\n"

    def __init__(self, chosen: Container[int] = NOTHING) -> None:
        super().__init__(chosen)
        self.defined: set[str] = set()

    def visit_Module(self, node: cst.Module) -> bool:
        definitions = m.findall(node, m.FunctionDef() | m.ClassDef())
        self.defined = {d.name.value for d in definitions if isinstance(d, cst.FunctionDef | cst.ClassDef)}
        variables = [target for s in node.body for target in m.findall(s, m.AssignTarget(m.Name()))]
        self.defined |= {v.target.value for v in variables if isinstance(v, cst.AssignTarget) and isinstance(v.target, cst.Name)}
        return True

    def wrapped(self, value: Node) -> Node:
        """A value at a place.

        A function or module variable is none, nor what getattr finds by a computed name: to hand out a guarded one is a deed.
        Nor is a generator expression: whether the order of what it walks over matters is decided by the call that consumes it.
        """
        named = value.attr if isinstance(value, cst.Attribute) else value
        is_function = isinstance(named, cst.Name) and named.value in self.defined
        if is_function or isinstance(value, cst.GeneratorExp) or m.matches(value, m.Call(m.Name("getattr"))):
            return value
        return self.around(parenthesised(value)) if self.takes() else value

    def around(self, value: Node) -> Node:
        """What stands for the value."""
        return call(IDENTITY, value)

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        value = updated_node.value
        if value is None or (isinstance(value, cst.Tuple) and not value.lpar):
            return updated_node
        spaced = cst.SimpleWhitespace(" ")
        return updated_node.with_changes(value=self.wrapped(value), whitespace_after_return=spaced)

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        simple = all(isinstance(t.target, cst.Name | cst.Attribute) for t in updated_node.targets)
        if not simple or not self.in_function or not _is_one(updated_node.value):
            return updated_node
        return updated_node.with_changes(value=self.wrapped(updated_node.value))

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        if updated_node.star or not self.in_function or self.looked_at or not _is_one(updated_node.value):
            return updated_node
        return updated_node.with_changes(value=self.wrapped(updated_node.value))

    looked_at = 0

    def visit_Call(self, node: cst.Call) -> bool:
        self.looked_at += _looks(node)
        return True

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        self.looked_at -= _looks(original_node)
        return updated_node


def _looks(node: cst.Call) -> bool:
    name = (
        node.func.value
        if isinstance(node.func, cst.Name)
        else node.func.attr.value
        if isinstance(node.func, cst.Attribute)
        else ""
    )
    return name in LOOKS


def _is_one(value: Node) -> bool:
    return not (isinstance(value, cst.Tuple | cst.Yield) and not value.lpar)


class Packing(Wrapping):
    """Puts values into a container and takes them out again."""

    prelude = ""

    def around(self, value: Node) -> Node:
        element = cst.Element(value)
        return cst.Subscript(cst.List([element]), [cst.SubscriptElement(cst.Index(cst.Integer("0")))])


class Choosing(Wrapping):
    """Puts values behind a condition that always holds."""

    prelude = ""

    def around(self, value: Node) -> Node:
        whole = cst.IfExp(cst.Name("__name__"), value, cst.Name("None"))
        return whole.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


class Getting(Rewriting):
    """Reads attributes with ``getattr`` and the name as text."""

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> Node:
        name = updated_node.attr.value
        value = updated_node.value
        stays = (
            self.in_text
            or self.in_test
            or name.startswith("__")
            or original_node in self.stored
            or m.matches(value, m.Call(m.Name("super")))
        )
        if not self.in_function or stays or not self.takes():
            return updated_node
        return call("getattr", parenthesised(value), cst.SimpleString(f'"{name}"'))

    def on_visit(self, node: cst.CSTNode) -> bool:
        self.in_test += isinstance(node, cst.Comparison | cst.BooleanOperation | cst.UnaryOperation)
        return super().on_visit(node)

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        self.in_test -= isinstance(original_node, cst.Comparison | cst.BooleanOperation | cst.UnaryOperation)
        return super().on_leave(original_node, updated_node)

    def visit_If_test(self, node: cst.If) -> None:
        self.in_test += 1

    def leave_If_test(self, node: cst.If) -> None:
        self.in_test -= 1

    def visit_IfExp_test(self, node: cst.IfExp) -> None:
        self.in_test += 1

    def leave_IfExp_test(self, node: cst.IfExp) -> None:
        self.in_test -= 1

    def visit_While_test(self, node: cst.While) -> None:
        self.in_test += 1

    def leave_While_test(self, node: cst.While) -> None:
        self.in_test -= 1

    def visit_Assert_test(self, node: cst.Assert) -> None:
        self.in_test += 1

    def leave_Assert_test(self, node: cst.Assert) -> None:
        self.in_test -= 1

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        self.in_text += 1
        return True

    def leave_FormattedString(self, original_node: cst.FormattedString, updated_node: cst.FormattedString) -> Node:
        self.in_text -= 1
        return updated_node

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    @property
    def stored(self) -> set[cst.CSTNode]:
        """Attributes that are written or deleted."""
        return self._stored

    def __init__(self, chosen: Container[int] = NOTHING) -> None:
        super().__init__(chosen)
        self.in_test = 0
        """Nesting of tests: what one says of an attribute is read off its form."""
        self.in_text = 0
        """Nesting of formatted strings, whose quotes the name's would end."""
        self._stored: set[cst.CSTNode] = set()

    def _store(self, target: cst.CSTNode) -> None:
        match target:
            case cst.Attribute():
                self._stored.add(target)
            case cst.Tuple(elements=elements) | cst.List(elements=elements):
                for element in elements:
                    self._store(element.value)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:
        self._store(node.target)
        return True

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        self._store(node.target)
        return True

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        self._store(node.target)
        return True

    def visit_Del(self, node: cst.Del) -> bool:
        self._store(node.target)
        return True

    def visit_For(self, node: cst.For) -> bool:
        self._store(node.target)
        return True

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        self._store(node.target)
        return True

    def visit_AsName(self, node: cst.AsName) -> bool:
        self._store(node.name)
        return True

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return False

    def visit_Module(self, node: cst.Module) -> bool:
        """Whether a star import brings another `getattr` cannot be known from the file alone."""
        return not m.findall(node, m.ImportStar())


class Binding(Rewriting):
    """Takes a method into a variable before it is called: ``x.m()`` becomes ``f = x.m`` and ``f()``."""

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | Block:
        if not self.in_function or len(updated_node.body) != 1:
            return updated_node
        (statement,) = updated_node.body
        value = getattr(statement, "value", None)
        if not isinstance(statement, cst.Expr | cst.Return | cst.Assign) or not isinstance(value, cst.Call):
            return updated_node
        if isinstance(statement, cst.Assign) and not all(isinstance(t.target, cst.Name) for t in statement.targets):
            return updated_node  # the target of an attribute is evaluated after the call either way, but raises elsewhere
        if not isinstance(value.func, cst.Attribute) or not self.takes():
            return updated_node
        name = f"{BOUND}{self.places}"
        taken = cst.Assign([cst.AssignTarget(cst.Name(name))], value.func)
        called = value.with_changes(func=cst.Name(name))
        return cst.FlattenSentinel(
            [
                cst.SimpleStatementLine([taken], leading_lines=updated_node.leading_lines),
                updated_node.with_changes(body=[statement.with_changes(value=called)], leading_lines=[]),
            ]
        )


class Moving(Rewriting):
    """Moves a call that stands alone into a nested function, which is called at once.

    It may not act on a local variable: of an effect and of the use of what it gave, one function has only the effect reported.
    """

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | Block:
        alone = m.SimpleStatementLine(body=[m.Expr(m.Call())])
        stays = m.Await() | m.Yield() | m.NamedExpr() | m.Name("super") | m.Name("locals") | m.Name("__class__") | m.Name("vars")
        if (
            not self.in_function
            or not m.matches(updated_node, alone)
            or self.uses_locals(original_node)
            or m.findall(original_node, stays)
            or not self.takes()
        ):
            return updated_node
        name = f"{HELPER}{self.places}"
        helper = cst.FunctionDef(
            cst.Name(name), cst.Parameters(), cst.IndentedBlock([updated_node.with_changes(leading_lines=[])])
        )
        return cst.FlattenSentinel([helper, cst.SimpleStatementLine([cst.Expr(call(name))])])

    def uses_locals(self, statement: cst.SimpleStatementLine) -> bool:
        """Whether a statement reads a variable that the function around it assigns."""
        targets = m.AssignTarget(m.Name()) | m.AsName(m.Name()) | m.For(m.Name()) | m.NamedExpr(m.Name())
        bound = {name for found in m.findall(self.functions[-1], targets) for name in map(_text, found.children)}
        return any(_text(name) in bound for name in m.findall(statement, m.Name()))


def _text(node: cst.CSTNode) -> str:
    return node.value if isinstance(node, cst.Name) else ""


class Swapping(Rewriting):
    """Swaps the sides of an ``if`` and negates its test."""

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:
        other = updated_node.orelse
        if (
            not isinstance(other, cst.Else)
            or m.findall(original_node.test, m.NamedExpr())
            or not self.in_function
            or not self.takes()
        ):
            return updated_node
        test = updated_node.test
        if not test.lpar:
            test = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        negated = cst.UnaryOperation(cst.Not(), test)
        spaced = cst.SimpleWhitespace(" ")
        return updated_node.with_changes(
            test=negated, body=other.body, orelse=other.with_changes(body=updated_node.body), whitespace_before_test=spaced
        )


class Exchanging(Rewriting):
    """Exchanges two definitions that stand next to each other and cannot notice: functions without decorators or defaults."""

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        return updated_node.with_changes(body=self.exchanged(updated_node.body))

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> cst.IndentedBlock:
        if not self.functions or not isinstance(self.functions[-1], cst.ClassDef):
            return updated_node
        return updated_node.with_changes(body=self.exchanged(updated_node.body))

    def exchanged(self, body: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
        """The statements with chosen pairs exchanged; a pair that begins with one that was exchanged counts as well."""
        result = list(body)
        for n in range(len(result) - 1):
            first, second = result[n], result[n + 1]
            if _is_inert(first) and _is_inert(second) and _name(first) != _name(second) and self.takes():
                result[n], result[n + 1] = second, first
        return result


def _is_inert(statement: cst.BaseStatement) -> bool:
    if not isinstance(statement, cst.FunctionDef) or statement.decorators or statement.returns:
        return False
    params = [p for p in m.findall(statement.params, m.Param()) if isinstance(p, cst.Param)]
    return all(p.default is None and p.annotation is None for p in params)


def _name(statement: cst.BaseStatement) -> str:
    return statement.name.value if isinstance(statement, cst.FunctionDef) else ""


# --- what a rewriting adds, taken away again


@dataclass(frozen=True, slots=True)
class Undone(ast.NodeTransformer):
    """Takes away wrappings, on the tree of `ast`."""

    undo: Callable[[ast.expr], ast.expr]

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        return self.undo(node) if isinstance(node, ast.expr) else node


def without_identity(node: ast.expr) -> ast.expr:
    """``same_value(x)`` as ``x``."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[value]) if name == IDENTITY:
            return value
    return node


def without_packing(node: ast.expr) -> ast.expr:
    """``[x][0]`` as ``x``."""
    match node:
        case ast.Subscript(value=ast.List(elts=[value]), slice=ast.Constant(value=0)):
            return value
    return node


def without_choice(node: ast.expr) -> ast.expr:
    """The first side of a conditional expression."""
    match node:
        case ast.IfExp(body=value, test=ast.Name(id="__name__")):
            return value
    return node


def without_getattr(node: ast.expr) -> ast.expr:
    """``getattr(x, "m")`` as ``x.m``."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(name))], keywords=[]):
            return ast.copy_location(ast.Attribute(value, name, ast.Load()), node)
    return node


def without_bound_methods(tree: ast.Module) -> ast.Module:
    """``f = x.m`` and ``f()`` as ``x.m()``, twice: each of both statements may be the one at which something is found."""
    taken: dict[str, ast.expr] = {}
    calls: dict[str, ast.stmt] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.startswith(BOUND):
                taken[name] = value
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in taken:
            name = node.func.id
            node.func = taken[name]
            calls[name] = next(s for s in ast.walk(tree) if isinstance(s, ast.stmt) and getattr(s, "value", None) is node)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                setattr(node, field, [_at(s, calls[_target(s)]) if _target(s) in calls else s for s in inner])
    return tree


def without_helpers(tree: ast.Module) -> ast.Module:
    """The call of a nested function as what was moved into it."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith(HELPER)]
    moved = {function.name: function.body[0] for function in functions}
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in moved and isinstance(moved[name], ast.Expr):
                node.value = vars(moved[name])["value"]
    return tree


def without_negation(tree: ast.Module) -> ast.Module:
    """Tests of ``if`` without a ``not`` in front."""
    for node in ast.walk(tree):
        while isinstance(node, ast.If) and isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
            node.test = node.test.operand
    return tree


def _target(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _at(place: ast.stmt, statement: ast.stmt) -> ast.stmt:
    """A statement as if it stood at the place of another."""
    return ast.copy_location(type(statement)(**dict(ast.iter_fields(statement))), place)


def undone(undo: Callable[[ast.expr], ast.expr]) -> Callable[[ast.Module], ast.Module]:
    """The tree of a module without what was wrapped around values."""

    def canonical(tree: ast.Module) -> ast.Module:
        result = Undone(undo).visit(tree)
        assert isinstance(result, ast.Module)
        return result

    return canonical
