"""The names that a Python file introduces: who gives them, what for, and where."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from buttress_scanner.facts.walking import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Span = tuple[int, int, int, int]

_CLASS_MAKERS = {
    "builtins": {"type"},
    "collections": {"namedtuple"},
    "dataclasses": {"make_dataclass"},
    "enum": {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"},
    "types": {"new_class"},
    "typing": {"NamedTuple", "NewType", "TypedDict"},
    "typing_extensions": {"NamedTuple", "NewType", "TypedDict"},
}
"""Functions whose first argument names the class that they make."""

_ELSEWHERE = -1
"""The scope of what a function around introduces."""

_TYPE_PARAMETERS = ("TypeVar", "ParamSpec", "TypeVarTuple")
_TELLING = frozenset(
    (
        ast.Name, ast.Call, ast.Attribute, ast.arg, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import,
        ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping,
        *(getattr(ast, name) for name in _TYPE_PARAMETERS if hasattr(ast, name)),
    )
)  # fmt: skip
"""The nodes that may give a name to something."""

_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_DEFINITIONS = {ast.ClassDef: "class", ast.FunctionDef: "function", ast.AsyncFunctionDef: "function"}


@dataclass(frozen=True, slots=True)
class Introduced:
    """A name that a scope gives to something. ``sorts`` says to what: ``class``, ``function``, ``variable``, ``import-alias``."""

    name: str
    sorts: frozenset[str]
    span: Span
    qualname: str
    """Qualified name of the definition around it."""
    scope: int
    """Tells scopes of the file apart."""


class _Inside(NamedTuple):
    """Where a node stands: the scope around it, the class that attributes of the first parameter belong to, that parameter."""

    scope: int = 0
    qualname: str = ""
    owner: int | None = None
    receiver: str | None = None
    is_class: bool = False
    foreign: frozenset[str] = frozenset()
    """Names that belong to a function around."""
    shared: frozenset[str] = frozenset()
    """Names that belong to the module."""


def introduced(tree: ast.Module) -> list[Introduced]:
    """Every name that a file introduces, in source order.

    Each definition and each alias counts; a variable counts once in its scope, and not at all where it binds a definition again.
    """
    found = sorted((each for each in _Walk(tree).run() if each.scope != _ELSEWHERE), key=lambda each: each.span)
    kept: list[Introduced] = []
    first: dict[tuple[int, str], int] = {}
    for each in found:
        index = first.setdefault((each.scope, each.name), len(kept))
        if index == len(kept) or (not each.sorts & {"variable"} and each.span != kept[index].span):
            kept.append(each)
        elif kept[index].span == each.span:
            kept[index] = replace(each, sorts=kept[index].sorts | each.sorts)
    return kept


@dataclass(slots=True)
class _Walk:
    tree: ast.Module
    makers: set[str] = field(default_factory=lambda: {"type"})
    classes: dict[str, int] = field(default_factory=dict)
    """Classes of the file by name, with the scope that their attributes belong to."""
    named: set[int] = field(default_factory=set)
    """Calls that make a class, where an assignment gives it the name that it has anyway."""

    def run(self) -> Iterator[Introduced]:
        """Yield every name where it is bound, in no particular order."""
        for statement in _statements(self.tree.body):
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.makers.update(_makers(statement))
            elif isinstance(statement, ast.ClassDef):
                self.classes.setdefault(statement.name, id(statement))
        stack: list[tuple[ast.AST, _Inside]] = [(node, _Inside()) for node in self.tree.body]
        while stack:
            node, inside = stack.pop()
            kind = node.__class__
            if kind in _TELLING:
                yield from self._of(node, inside)
            if kind in _SCOPES:
                stack += self._within(node, inside)
                continue
            for name in FIELDS[kind]:
                child = getattr(node, name)
                if child.__class__ is list:
                    stack += [(each, inside) for each in child if each is not None]
                elif child is not None:
                    stack.append((child, inside))

    def _within(self, node: ast.AST, inside: _Inside) -> Iterator[tuple[ast.AST, _Inside]]:
        """What is in a scope, each with where it stands; headers of definitions stand outside of them."""
        within = _enter(node, inside)
        outer: list[ast.AST] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            outer += node.decorator_list
        if isinstance(node, ast.ClassDef):
            outer += [*node.bases, *node.keywords]
        left_out = set(map(id, outer))
        for child in ast.iter_child_nodes(node):
            yield child, inside if id(child) in left_out else within

    def _of(self, node: ast.AST, inside: _Inside) -> Iterator[Introduced]:  # noqa: C901 - one branch a kind of node
        match node:
            case ast.Name(id=name):
                if not isinstance(node.ctx, ast.Load | ast.Del):
                    yield self._new(name, "variable", _span(node), inside)
            case ast.Call():
                yield from self._called(node, inside)
            case ast.Attribute(value=ast.Name(id=of), attr=name, ctx=ast.Store()):
                yield from self._attribute(of, name, _span(node), inside)
            case ast.arg(arg=name):
                yield self._new(name, "variable", _span(node), inside)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                span = (node.lineno, node.col_offset, node.lineno, node.col_offset)
                yield self._new(node.name, _DEFINITIONS[type(node)], span, inside)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.asname:
                        yield self._new(alias.asname, "import-alias", _span(alias), inside)
            case ast.Assign(targets=targets, value=value):
                yield from self._assigned(targets, value, inside)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from self._assigned([target], value, inside)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield self._new(name, "variable", _span(node), inside)
            case ast.MatchMapping(rest=str(name)):
                yield self._new(name, "variable", _span(node), inside)
            case _ if type(node).__name__ in _TYPE_PARAMETERS:
                yield self._new(str(getattr(node, "name", "")), "variable", _span(node), inside)

    def _new(self, name: str, sort: str, span: Span, inside: _Inside) -> Introduced:
        scope = 0 if name in inside.shared else _ELSEWHERE if name in inside.foreign else inside.scope
        return Introduced(name, frozenset((sort,)), span, inside.qualname, scope)

    def _attribute(self, of: str, name: str, span: Span, inside: _Inside) -> Iterator[Introduced]:
        """An attribute is introduced where a method stores it to its own object, or code of the file to a class of the file."""
        owner = inside.owner if of == inside.receiver else self.classes.get(of)
        if owner is not None:
            yield Introduced(name, frozenset(("variable",)), span, inside.qualname, owner)

    def _assigned(self, targets: list[ast.expr], value: ast.expr, inside: _Inside) -> Iterator[Introduced]:
        """A class or function that an assignment names is named as one; names in ``__slots__`` are those of attributes."""
        sort = "function" if isinstance(value, ast.Lambda) else "class" if self._makes_class(value) is not None else ""
        for target in targets:
            if isinstance(target, ast.Name) and target.id == self._makes_class(value):
                self.named.add(id(value))
            if isinstance(target, ast.Name) and sort:
                yield self._new(target.id, sort, _span(target), inside)
            if isinstance(target, ast.Name) and target.id == "__slots__" and inside.is_class:
                for each in ast.walk(value):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield self._new(each.value, "variable", _span(each), inside)
            match target:
                case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
                    yield Introduced(name, frozenset(("variable",)), _span(target), inside.qualname, 0)

    def _called(self, node: ast.Call, inside: _Inside) -> Iterator[Introduced]:
        match node:
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=of), ast.Constant(value=str(name)), _]):
                yield from self._attribute(of, name, _span(node), inside)
        made = self._makes_class(node)
        if made is not None and id(node) not in self.named:
            yield self._new(made, "class", _span(node), inside)

    def _makes_class(self, node: ast.expr) -> str | None:
        """The name of the class that a call makes; None for any other expression."""
        if isinstance(node, ast.Call) and _dotted(node.func) in self.makers and node.args:
            first = node.args[0]
            enough = _dotted(node.func) != "type" or len(node.args) == 3
            if enough and isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
        return None


def _enter(node: ast.AST, inside: _Inside) -> _Inside:
    """Where the body of a scope stands."""
    if isinstance(node, ast.ClassDef):
        return _Inside(id(node), _join(inside.qualname, node.name), id(node), None, is_class=True)
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return inside._replace(scope=id(node), is_class=False)
    first = [*node.args.posonlyargs, *node.args.args][:1]
    receiver = first[0].arg if inside.is_class and first else inside.receiver
    declared = list(_declared(node.body))
    return _Inside(
        id(node),
        _join(inside.qualname, node.name),
        inside.owner,
        receiver,
        foreign=frozenset(name for each in declared if isinstance(each, ast.Nonlocal) for name in each.names),
        shared=frozenset(name for each in declared if isinstance(each, ast.Global) for name in each.names),
    )


def _declared(body: Iterable[ast.AST]) -> Iterator[ast.Global | ast.Nonlocal]:
    """The declarations of a function's body, without those of functions and classes in it."""
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            yield node
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(node, _SCOPES):
            stack += ast.iter_child_nodes(node)


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every statement of a file, however deep."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            stack += inner if isinstance(inner, list) else []


def _makers(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The names under which an import gives functions that make classes."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            if node.level == 0 and alias.name in _CLASS_MAKERS.get(node.module or "", ()):
                yield alias.asname or alias.name
        else:
            yield from (f"{alias.asname or alias.name}.{name}" for name in _CLASS_MAKERS.get(alias.name, ()))


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}"
    return ""


def _join(qualname: str, name: str) -> str:
    return f"{qualname}.{name}" if qualname else name


def _span(node: ast.AST) -> Span:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    return line, column, getattr(node, "end_lineno", line) or line, getattr(node, "end_col_offset", column) or column
