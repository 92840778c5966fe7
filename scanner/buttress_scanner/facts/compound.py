"""Statements that hold others: branches, loops, `try` and `with`, with what is known behind each."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Any

from buttress_scanner.facts.expressions import span_of
from buttress_scanner.facts.patterns import irrefutable
from buttress_scanner.facts.scopes import assigned
from buttress_scanner.facts.statements import Statements, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buttress_scanner.facts.ssa import Env


class Compound(Statements):
    """Compiles the statements of one body that hold other statements."""

    # --- branching

    def _test(self, test: ast.expr) -> tuple[int, int]:
        start = len(self.body.nodes)
        self.emit(span_of(test), "truth", self.expr(test))
        return start, len(self.body.nodes)

    def _branches(self, before: Env, branches: list[Any], span: Any) -> list[Tree]:
        """Compile alternatives from one environment and join those that end alive; each is (prepare, statements)."""
        trees, live, was_dead = [], [], self.dead
        last: Env = before
        tests, ends = self.holding, []
        for prepare, statements in branches:
            self.env, self.dead, self.holding = dict(before), was_dead, tests
            prepare()
            trees.append(self.block(statements))
            last = self.env
            if not self.dead:
                live.append(self.env)
                ends.append(self.holding)
        self.holding = ends[0] if len(ends) == 1 else tests
        self.dead = not live
        self.env = self.join(live, span, [end[len(tests) :] for end in ends]) if live else last
        return trees

    def _do_if(self, node: ast.If) -> list[Any]:
        a, b = self._test(node.test)
        known = self.known(node.test)
        span = span_of(node)
        guard = self.typing_guard(node.test)
        first = len(self.body.nodes)
        arm = partial(self._enter_arm, node.test, guard)
        then, orelse = self._branches(dict(self.env), [(partial(arm, True), node.body), (partial(arm, False), node.orelse)], span)
        self.leave_guard()
        self._note_unrun(node, guard, first)
        return ["if", span, a, b, known, then, orelse]

    def _enter_arm(self, test: ast.expr, guard: bool | None, truth: bool) -> None:
        """Begin a branch of an ``if``: its test came out so; the second one ends the first."""
        if not truth:
            self.leave_guard()
        start = len(self.body.nodes)
        self.assume(test, truth)
        self.holding += self.narrowed_since(start, test)
        self.enter_guard(guard is not None and guard != truth)

    def _note_unrun(self, node: ast.If, guard: bool | None, first: int) -> None:
        """Note which nodes do not run on import: those of a type checker's branch and of the main guard."""
        if guard is None and not _is_main_guard(node.test):
            return
        middle = next(
            (i for i in range(first, len(self.body.nodes)) if node.orelse and self.body.spans[i][0] >= node.orelse[0].lineno),
            len(self.body.nodes),
        )
        dead = (first, middle) if not guard else (middle, len(self.body.nodes))
        if dead[0] < dead[1]:
            self.body.unrun.append(dead)

    def known(self, test: ast.expr) -> bool | None:
        """The outcome of a test that is a constant."""
        if isinstance(test, ast.Constant):
            return bool(test.value)
        return None

    def typing_guard(self, test: ast.expr) -> bool | None:
        """What a test of TYPE_CHECKING yields when the program runs; None for any other test."""
        raise AssertionError  # bound by the builder, which knows the file's imports

    def enter_guard(self, typing_only: bool) -> None:
        """Enter a branch that only a type checker sees, or any other."""
        raise AssertionError

    def leave_guard(self) -> None:
        """Leave the branch entered last."""
        raise AssertionError

    def _do_match(self, node: ast.Match) -> list[Any]:
        start = len(self.body.nodes)
        value = self.expr(node.subject)
        before, span = dict(self.env), span_of(node)
        end = len(self.body.nodes)
        cases: list[list[Any]] = []

        branches: list[Any] = [
            (partial(self._enter_case, node, number, value, cases), case.body) for number, case in enumerate(node.cases)
        ]
        if not any(irrefutable(case) for case in node.cases):
            branches.append((partial(self._exclude_all, node.cases, value, node.subject), []))
        trees = self._branches(before, branches, span)
        return ["match", span, start, end, [[*case, tree] for case, tree in zip(cases, trees, strict=False)]]

    def _enter_case(self, node: ast.Match, number: int, value: int, cases: list[list[Any]]) -> None:
        """Begin a case: the earlier ones did not fit, this one does."""
        case, first = node.cases[number], len(self.body.nodes)
        left = self._exclude_all(node.cases[:number], value, node.subject)
        self.pattern(case.pattern, left, node.subject)
        if case.guard:
            self._test(case.guard)
            self.assume(case.guard, True)
        cases.append([irrefutable(case), first, len(self.body.nodes)])

    def _exclude_all(self, cases: list[ast.match_case], value: int, subject: ast.expr) -> int:
        """What is left of a subject that none of the cases fits."""
        for case in cases:
            value = self.exclude(case, value, subject)
        return value

    # --- loops

    def _do_while(self, node: ast.While) -> list[Any]:
        span = span_of(node)
        heads = self.open_loop(*assigned([node.test, *node.body]), span)
        self.loops.append(([], []))
        a, b = self._test(node.test)
        known, before = self.known(node.test), dict(self.env)
        self.assume(node.test, True)
        body = self.block(node.body)
        breaks, continues = self.loops.pop()
        self.close_loop(heads, continues if self.dead else [*continues, self.env])
        orelse = self._after_loop(before, breaks, node.orelse, span, node.test, endless=known is True)
        return ["while", span, a, b, known, body, orelse]

    def _after_loop(
        self, before: Env, breaks: list[Env], orelse: list[ast.stmt], span: Any, test: ast.expr | None, *, endless: bool
    ) -> Tree:
        self.env, self.dead = before, endless
        if test is not None:
            self.assume(test, False)
        tree = self.block(orelse)
        live = breaks if self.dead else [*breaks, self.env]
        self.dead = not live
        if live:
            self.env = self.join(live, span)
        return tree

    def _do_for(self, node: ast.For | ast.AsyncFor) -> list[Any]:
        span = span_of(node)
        a = len(self.body.nodes)
        source = self.expr(node.iter)
        b = len(self.body.nodes)
        heads = self.open_loop(*assigned([node.target, *node.body]), span)
        self.loops.append(([], []))
        before, step = dict(self.env), len(self.body.nodes)
        element = self.emit(span_of(node.iter), "iter", source, isinstance(node, ast.AsyncFor), "for")
        self.store(node.target, element)
        step_end = len(self.body.nodes)
        body = self.block(node.body)
        breaks, continues = self.loops.pop()
        ends = continues if self.dead else [*continues, self.env]
        self.close_loop(heads, ends)
        after = self.join([before, *ends], span) if ends else before
        orelse = self._after_loop(after, breaks, node.orelse, span, None, endless=False)
        return ["for", span, a, b, step, step_end, body, orelse, isinstance(node, ast.AsyncFor)]

    _do_asyncfor = _do_for

    # --- try and with

    def _do_try(self, node: Any) -> list[Any]:
        span = span_of(node)
        entry, was_dead, before_try = dict(self.env), self.dead, self.holding
        journal: list[tuple[str, int]] = []
        self.journals.append(journal)
        body = self.block(node.body)
        orelse = self.block(node.orelse)
        live = [] if self.dead else [self.env]
        last = self.env
        handlers = []
        raised = self.after_raise(entry, journal, span)
        for handler in node.handlers:
            self.env, self.dead, self.holding = dict(raised), was_dead, before_try
            handlers.append(self._handler(handler))
            last = self.env
            if not self.dead:
                live.append(self.env)
        self.journals.pop()
        self.dead = not live
        self.env = self.join(live, span) if live else self.after_raise(last, journal, span)
        ended = self.dead
        self.dead, self.holding = was_dead, before_try
        final = self.block(node.finalbody)
        self.dead = self.dead or ended
        return ["try", span, body, handlers, orelse, final]

    _do_trystar = _do_try

    def _handler(self, handler: ast.ExceptHandler) -> list[Any]:
        start = len(self.body.nodes)
        types: list[int] = []
        if handler.type is not None:
            elements = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            types = [self.expr(e) for e in elements]
        end = len(self.body.nodes)
        if handler.name:
            caught = self.emit(span_of(handler), "caught", tuple(types))
            self.store_name(handler.name, caught, span_of(handler))
        tree = self.block(handler.body)
        if handler.name:
            self.env.pop(handler.name, None)
        return [start, end, types, tree, span_of(handler)]

    def _do_with(self, node: ast.With | ast.AsyncWith) -> list[Any]:
        is_async = isinstance(node, ast.AsyncWith)
        items: list[list[Any]] = []
        entry = dict(self.env)
        journal: list[tuple[str, int]] = []
        for item in node.items:
            start = len(self.body.nodes)
            context = self.expr(item.context_expr)
            enter = self.emit(span_of(item.context_expr), "enter", context, is_async)
            if item.optional_vars is not None:
                self.store(item.optional_vars, enter)
            items.append([start, len(self.body.nodes), context, enter, span_of(item.context_expr)])
        self.journals.append(journal)
        body = self.block(node.body)
        self.journals.pop()
        exits = [self.emit(item[4], "exit", item[2], is_async) for item in reversed(items)]
        swallowed = self.dead
        if self.dead:  # the context may swallow an exception of its body: what follows is reachable then
            self.env = self.after_raise(entry, journal, span_of(node))
        self.dead = swallowed and _always_leaves(node.body) and not any(_suppresses(item.context_expr) for item in node.items)
        return ["with", span_of(node), items, body, is_async, exits]

    _do_asyncwith = _do_with


def _is_main_guard(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


def _always_leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a block ends by leaving, other than by an exception that its context may swallow."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return _always_leaves(last.body) and _always_leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Continue, ast.Break))


def _suppresses(context: ast.expr) -> bool:
    """Whether a context is made by ``suppress(...)`` or ``raises(...)``, which swallow exceptions by design."""
    function = context.func if isinstance(context, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("suppress", "raises")
