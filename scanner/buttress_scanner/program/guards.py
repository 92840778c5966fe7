"""Code that only a type checker reads: branches that ``typing.TYPE_CHECKING`` keeps from running, whatever its name.

A name stands for the constant if every binding of it in its scope does: an import from ``typing``, one from a module of the
program that has it from there, or an assignment of it. ``TYPE_CHECKING = False``, which type checkers take for the constant, and
the ``False`` that an ``except`` puts in its place, stand for it in their own file. A name bound in any other way is a variable.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from buttress_scanner.facts.walking import walk_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.modules import Modules

_TYPING = ("typing", "typing_extensions")
_CONSTANT = "TYPE_CHECKING"
_NAMING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
_WORDS = (b"if", b" and ", b" or ", b"while")
_Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
_Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Binding:
    """One way in which a name is bound: imported, assigned an expression, or anything else."""

    scope: _Place
    module: str | None = None
    name: str = ""
    value: ast.expr | None = None
    line: int = 0
    is_false: bool = False
    """``False`` is assigned, to ``TYPE_CHECKING`` or in an ``except`` clause."""


@dataclass(eq=False, slots=True)
class _Place:
    """A scope of a file, the scopes around it, and what it binds."""

    unit: Unit
    node: _Scope
    outer: _Place | None
    bindings: dict[str, list[_Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)


class Guards:
    """Answers for the files of a program whether a place runs; each file is read once, when it is asked for."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._tops: dict[str, _Place] = {}
        self._ranges: dict[str, list[_Range]] = {}

    def is_typing_only(self, unit: Unit, span: Span) -> bool:
        """Whether what stands at the span is never run."""
        if span[1] == 0 or not any(word in unit.data for word in _WORDS):  # what a condition guards stands behind something
            return False
        ranges = self._ranges.get(unit.name)
        if ranges is None:
            place = self._top(unit)
            ranges = self._ranges[unit.name] = list(self._dead(place, place.node))
        return any(start <= span[:2] < end for start, end in ranges)

    # --- branches

    def _dead(self, place: _Place, node: ast.AST) -> Iterator[_Range]:
        """The ranges of branches that do not run, in any depth."""
        stack: list[tuple[_Place, ast.AST]] = [(place, child) for child in ast.iter_child_nodes(node)]
        while stack:
            scope, current = stack.pop()
            branch = self._skipped(scope, current)
            if branch:
                last = branch[-1]
                yield (branch[0].lineno, branch[0].col_offset), (last.end_lineno or last.lineno, last.end_col_offset or 0)
            inner = scope
            if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
                inner = self._place(scope.unit, current, scope)
            stack += [(inner, child) for child in ast.iter_child_nodes(current)]

    def _skipped(self, scope: _Place, node: ast.AST) -> Sequence[ast.stmt | ast.expr]:
        """The part of a statement or expression that the constant keeps from running."""
        match node:
            case ast.If(test=test, body=body, orelse=orelse) | ast.While(test=test, body=body, orelse=orelse):
                outcome = self._outcome(scope, test, frozenset())
                return body if outcome is False else orelse if outcome is True and isinstance(node, ast.If) else ()
            case ast.IfExp(test=test, body=chosen, orelse=other):
                outcome = self._outcome(scope, test, frozenset())
                return () if outcome is None else (other if outcome else chosen,)
            case ast.BoolOp(op=op, values=values):
                decisive = isinstance(op, ast.Or)
                decided = (n for n, v in enumerate(values, 1) if self._outcome(scope, v, frozenset()) is decisive)
                return values[next(decided, len(values)) :]
        return ()

    def _outcome(self, place: _Place, test: ast.expr, seen: frozenset[tuple[str, int, str]]) -> bool | None:
        """What a test yields when the program runs, as far as the constant decides it."""
        if isinstance(test, ast.Name):
            return False if self._is_constant(place, test.id, seen, line=test.lineno) else None
        if isinstance(test, ast.Attribute):
            return False if self._is_member(self._module_of(place, test.value), test.attr, seen) else None
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._outcome(place, test.operand, seen)
            return None if inner is None else not inner
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Is, ast.Eq)):
            wanted, inner = test.comparators[0], self._outcome(place, test.left, seen)
            if isinstance(wanted, ast.Constant) and isinstance(wanted.value, bool) and inner is not None:
                return inner is wanted.value
        if isinstance(test, ast.BoolOp):
            parts = [self._outcome(place, value, seen) for value in test.values]
            decisive = isinstance(test.op, ast.Or)
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        return None

    # --- names

    def _is_constant(
        self, place: _Place, name: str, seen: frozenset[tuple[str, int, str]], *, home: bool = True, line: int = 0
    ) -> bool:
        """Whether a name is the constant, for code at a line of the module's top level as far as it is bound by then."""
        scope = self._scope_of(place, name)
        key = (scope.unit.name, id(scope.node), name)
        if key in seen:
            return False
        seen |= {key}
        bindings = scope.bindings.get(name, [])
        if line and scope is place and isinstance(scope.node, ast.Module):
            bindings = [b for b in bindings if b.scope is not scope or b.line <= line] or bindings
        if not bindings:
            return any(self._is_member(module, name, seen) for module in scope.stars)
        known = [binding.is_false or self._binds_constant(binding, seen) for binding in bindings]
        return all(known) and (home or not all(binding.is_false for binding in bindings))

    def _binds_constant(self, binding: _Binding, seen: frozenset[tuple[str, int, str]]) -> bool:
        if binding.module is not None:
            return bool(binding.name) and self._is_member(binding.module, binding.name, seen)
        if isinstance(binding.value, (ast.Name, ast.Attribute)):
            return self._outcome(binding.scope, binding.value, seen) is False
        return False

    def _is_member(self, module: str | None, name: str, seen: frozenset[tuple[str, int, str]]) -> bool:
        """Whether a member of a module is the constant."""
        if module in _TYPING:
            return name == _CONSTANT
        unit = self._modules.get(module) if module else None
        return unit is not None and self._is_constant(self._top(unit), name, seen, home=False)

    def _module_of(self, place: _Place, node: ast.expr) -> str | None:
        """The module that an expression names, if all bindings agree."""
        if isinstance(node, ast.Attribute):
            base = self._module_of(place, node.value)
            return f"{base}.{node.attr}" if base else None
        if not isinstance(node, ast.Name):
            return None
        bindings = self._scope_of(place, node.id).bindings.get(node.id, [])
        named = {self._bound_module(binding) for binding in bindings}
        return named.pop() if len(named) == 1 else None

    def _bound_module(self, binding: _Binding) -> str | None:
        if binding.module is None:
            return None
        if not binding.name:
            return binding.module
        child = f"{binding.module}.{binding.name}"
        return child if self._modules.is_ours(child) else None

    def _scope_of(self, place: _Place, name: str) -> _Place:
        """The scope whose variable a name is; class bodies are seen from within only."""
        scope: _Place = place
        while scope.outer is not None:
            visible = scope is place or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.globals:
                return self._top(scope.unit)
            if visible and name in scope.bindings:
                return scope
            scope = scope.outer
        return scope

    # --- reading scopes

    def _top(self, unit: Unit) -> _Place:
        place = self._tops.get(unit.name)
        if place is None:
            tree = ast.parse(unit.data.decode("utf-8", "surrogatepass"))
            place = self._tops[unit.name] = self._place(unit, tree, None)
            for node in ast.walk(tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _declares_globals(node):
                    self._note_globals(place, self._place(unit, node, place))
        return place

    @staticmethod
    def _note_globals(top: _Place, inner: _Place) -> None:
        """What a function assigns to a global binds it as well."""
        for name in inner.globals & inner.bindings.keys():
            top.bindings.setdefault(name, []).extend(inner.bindings[name])

    def _place(self, unit: Unit, node: _Scope, outer: _Place | None) -> _Place:
        place = _Place(unit, node, outer)
        if not isinstance(node, (ast.Module, ast.ClassDef)):
            args = node.args
            for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
                if arg is not None:
                    place.bindings[arg.arg] = [_Binding(place)]
        nodes = list(walk_scope([node.body] if isinstance(node, ast.Lambda) else node.body))
        handlers = {id(n) for s in nodes if isinstance(s, ast.ExceptHandler) for n in walk_scope(s.body)}
        direct = {id(target) for n in nodes for target in _direct_targets(n)}
        for each in nodes:
            if isinstance(each, ast.Global):
                place.globals.update(each.names)
            elif id(each) not in direct:
                for name, binding in self._bindings(place, each, caught=id(each) in handlers):
                    place.bindings.setdefault(name, []).append(binding)
        return place

    def _bindings(self, place: _Place, node: ast.AST, *, caught: bool) -> Iterator[tuple[str, _Binding]]:
        """What one statement or target binds."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, _Binding(place, alias.name if alias.asname else top, line=node.lineno)
        elif isinstance(node, ast.ImportFrom):
            module = self._modules.absolute(place.unit, node.level, node.module or "") or "?"
            place.stars += [module for alias in node.names if alias.name == "*"]
            for alias in node.names:
                yield alias.asname or alias.name, _Binding(place, module, alias.name, line=node.lineno)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in _direct_targets(node):
                if node.value is not None:
                    is_false = isinstance(node.value, ast.Constant) and node.value.value is False
                    yield (
                        target.id,
                        _Binding(
                            place, value=node.value, line=node.lineno, is_false=is_false and (caught or target.id == _CONSTANT)
                        ),
                    )
        elif isinstance(node, _NAMING) and node.name:
            yield node.name, _Binding(place, line=node.lineno)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, _Binding(place, line=node.lineno)


def _direct_targets(node: ast.AST) -> list[ast.Name]:
    """The variables to which an assignment gives the value itself."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target for target in targets if isinstance(target, ast.Name)]


def _declares_globals(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Global) for each in walk_scope(node.body))
