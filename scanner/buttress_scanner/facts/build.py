"""The way from a parsed file to its facts: bodies are compiled breadth first, so that nesting costs no recursion."""

from __future__ import annotations

import ast
from collections import deque
from typing import Any

from buttress_scanner.facts.annotations import type_parameters
from buttress_scanner.facts.compound import Compound
from buttress_scanner.facts.expressions import Expressions, span_of
from buttress_scanner.facts.model import Body, FileFacts, ImportFact, Param, Span
from buttress_scanner.facts.overwritten import forget_overwritten
from buttress_scanner.facts.scopes import Names, Survey

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class _File:
    """What the bodies of one file share while they are built."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.bodies: list[Body] = []
        self.imports: list[ImportFact] = []
        self.stars: list[tuple[int, str]] = []
        self.pending: deque[tuple[Definition, Body, list[Names], bool]] = deque()
        self.type_checking = _TypeChecking()


class _TypeChecking:
    """Which names mean ``typing.TYPE_CHECKING`` in this file: bound by import, and by nothing else."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.names: set[str] = set()

    def learn(self, survey: Survey) -> None:
        """Take the names from the file's imports, without those that it assigns as well."""
        for node in survey.imports:
            if isinstance(node, ast.Import):
                self.modules.update(a.asname or a.name for a in node.names if a.name in ("typing", "typing_extensions"))
            elif node.module in ("typing", "typing_extensions") and node.level == 0:
                self.names.update(a.asname or a.name for a in node.names if a.name in ("TYPE_CHECKING", "*"))
        if "*" in self.names:
            self.names.add("TYPE_CHECKING")
        self.names -= survey.stored
        self.modules -= survey.stored

    def outcome(self, test: ast.expr) -> bool | None:
        """What the test yields when the program runs, as far as TYPE_CHECKING decides it."""
        if isinstance(test, ast.Name):
            return False if test.id in self.names else None
        if isinstance(test, ast.Attribute) and isinstance(test.value, ast.Name):
            return False if test.attr == "TYPE_CHECKING" and test.value.id in self.modules else None
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.outcome(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            parts = [self.outcome(v) for v in test.values]
            if isinstance(test.op, ast.And):
                return False if False in parts else True if all(parts) else None
            return True if True in parts else False if all(p is False for p in parts) else None
        return None


class _Builder(Compound):
    """One body under construction in its file."""

    def __init__(self, file: _File, body: Body, names: Names, enclosing: list[Names], *, guarded: bool) -> None:
        super().__init__(body, names)
        self.file = file
        self.enclosing = enclosing
        self.loops = []
        self.guards: list[bool] = [guarded]
        self.define = self._define
        self.is_builtin = self._is_builtin

    def _is_builtin(self, name: str) -> bool:
        return name not in self.file.names.bound and not self.file.stars

    def note_import(self, level: int, module: str, name: str, span: Span) -> None:
        self.file.imports.append(ImportFact(level, module, name, span, self.guards[-1], self.body.index))
        if name == "*" and self.body.kind == "module":
            self.file.stars.append((level, module))

    def typing_guard(self, test: ast.expr) -> bool | None:
        return self.file.type_checking.outcome(test)

    def enter_guard(self, typing_only: bool) -> None:
        self.guards.append(typing_only or self.guards[-1])

    def leave_guard(self) -> None:
        self.guards.pop()

    def decorators_of(self, index: int, nodes: list[int]) -> None:
        self.file.bodies[index].decorators = nodes

    def _define(self, node: Any, outer: Expressions) -> int:
        """Make the body of a nested definition; it is compiled later, when this one is complete."""
        index = len(self.file.bodies)
        name = getattr(node, "name", "<lambda>")
        qualname = name if self.body.kind == "module" else f"{self.body.qualname}.{name}"
        kind = "class" if isinstance(node, ast.ClassDef) else "lambda" if isinstance(node, ast.Lambda) else "function"
        body = Body(index, self.body.index, kind, name, qualname, span_of(node), _header(node))
        self.file.bodies.append(body)
        outside = dict(self.type_names)
        self._type_parameters(node, index)
        if isinstance(node, ast.ClassDef):
            compiled = self.annotation if len(self.type_names) > len(outside) else self.expr
            body.bases = [compiled(b.value if isinstance(b, ast.Starred) else b) for b in node.bases]
            body.keywords = [(k.arg or "", self.expr(k.value)) for k in node.keywords]
        else:
            self._signature(node, body)
        self.type_names = outside
        enclosing = self.enclosing if self.body.kind in ("module", "class") else [self.names, *self.enclosing]
        self.file.pending.append((node, body, enclosing, self.guards[-1]))
        return index

    def _type_parameters(self, node: Any, index: int) -> None:
        """Make the type parameters of a definition known to its bases and annotations, which this body evaluates."""
        for name, limit in type_parameters(node).items():
            upper = self.annotation(limit)
            self.type_names[name] = self.emit(span_of(node), "typevar", index, name, upper)

    def _signature(self, node: Any, body: Body) -> None:
        args = node.args
        body.is_async = isinstance(node, ast.AsyncFunctionDef)
        positional = [*args.posonlyargs, *args.args]
        defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
        for number, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
            self._param(body, arg, "posonly" if number < len(args.posonlyargs) else "pos", default)
        if args.vararg:
            self._param(body, args.vararg, "vararg", None)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            self._param(body, arg, "kwonly", default)
        if args.kwarg:
            self._param(body, args.kwarg, "kwarg", None)
        if not isinstance(node, ast.Lambda):
            body.returns_annotation = self.annotation(node.returns)
            body.is_abstract = _is_abstract(node.body)

    def _param(self, body: Body, arg: ast.arg, kind: str, default: ast.expr | None) -> None:
        value = self.used(default) if default is not None else -1
        body.params.append(Param(arg.arg, kind, value, self.annotation(arg.annotation), span_of(arg)))

    def compile(self, node: Definition | ast.Module) -> None:
        """Compile the body proper."""
        body = self.body
        for param in body.params:
            self.bind(param.name, self.emit(param.span, "param", param.name))
        for name in type_parameters(node):
            body.type_params.append(self.emit(body.header, "typevar", body.index, name, -1))
            self.bind(name, body.type_params[-1])
        if isinstance(node, ast.Lambda):
            value = self.used(node.body)
            body.returns.append(value)
            body.tree = [["return", span_of(node.body), len(body.params), len(body.nodes), value]]
        else:
            body.tree = self.block(node.body)
        if body.kind == "function" and not self.dead:
            end = self.emit(body.header, "const", None)
            body.returns.append(end)
        body.is_generator = bool(body.yields)
        if body.kind in ("module", "class"):
            body.exit = {k: v for k, v in self.env.items() if "." not in k and "[" not in k and v not in body.type_params}
        if body.kind == "module":
            forget_overwritten(body)


def _header(node: Any) -> Span:
    """From the keyword of a definition to the end of its line's name; a lambda's whole range."""
    if isinstance(node, ast.Lambda):
        return span_of(node)
    word = "class " if isinstance(node, ast.ClassDef) else "def " if isinstance(node, ast.FunctionDef) else "async def "
    return (node.lineno, node.col_offset, node.lineno, node.col_offset + len(word) + len(node.name.encode()))


def _is_abstract(statements: list[ast.stmt]) -> bool:
    for number, node in enumerate(statements):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and (number == 0 or node.value.value is Ellipsis):
            continue
        if isinstance(node, ast.Pass):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            exc = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return isinstance(exc, ast.Name) and exc.id == "NotImplementedError"
        return False
    return True


def _exports(tree: ast.Module) -> list[str] | None:
    """Literal members of ``__all__``: assigned, extended, appended; None where there is none or a part is computed."""
    found: list[str] | None = None
    for node in tree.body:
        target, value = _export_statement(node)
        if not target:
            continue
        try:
            names = [str(n) for n in ast.literal_eval(value)] if value is not None else None
        except (ValueError, TypeError, SyntaxError, RecursionError):
            names = None
        if names is None:
            return None
        found = names if target == "=" else [*(found or []), *names]
    return found


def _export_statement(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            return "=", node.value
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == "__all__":
        return "+", node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        func = node.value.func
        if isinstance(func.value, ast.Name) and func.value.id == "__all__" and len(node.value.args) == 1:
            arg = node.value.args[0]
            return "+", arg if func.attr == "extend" else ast.List([arg]) if func.attr == "append" else None
    return "", None


def compile_module(tree: ast.Module) -> FileFacts:
    """Compile a parsed file into its facts. The tree is not kept."""
    survey = Survey()
    file = _File(survey.of(tree))
    file.type_checking.learn(survey)
    top = Body(0, -1, "module", "", "", (1, 0, 1, 0), (1, 0, 1, 0))
    file.bodies.append(top)
    _Builder(file, top, file.names, [], guarded=False).compile(tree)
    while file.pending:
        node, body, enclosing, guarded = file.pending.popleft()
        _Builder(file, body, survey.of(node), enclosing, guarded=guarded).compile(node)
    lines = max((getattr(s, "end_lineno", 0) or 0 for s in tree.body[-1:]), default=0)
    return FileFacts(file.bodies, file.imports, file.stars, _exports(tree), lines)
