"""Match statements: patterns bind names and narrow the subject."""

from __future__ import annotations

import ast

from buttress_scanner.facts.annotations import Annotations
from buttress_scanner.facts.expressions import span_of
from buttress_scanner.facts.ssa import path_of


class Patterns(Annotations):
    """Adds the compilation of patterns."""

    def pattern(self, pattern: ast.pattern, value: int, subject: ast.expr | None = None) -> int:
        """Bind what a pattern captures from ``value``; narrow ``subject`` where it is a variable; return the narrowed value."""
        span = span_of(pattern)
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                value = self.pattern(pattern.pattern, value, subject)
            if pattern.name:
                self.store_name(pattern.name, value, span)
        elif isinstance(pattern, ast.MatchOr):
            value = self._alternatives(pattern, value, subject)
        elif isinstance(pattern, ast.MatchClass):
            value = self._class_pattern(pattern, value, subject)
        elif isinstance(pattern, (ast.MatchValue, ast.MatchSingleton)):
            constant = (
                self.expr(pattern.value) if isinstance(pattern, ast.MatchValue) else self.emit(span, "const", pattern.value)
            )
            value = self._narrowed(subject, value, "eq" if isinstance(pattern, ast.MatchValue) else "is", constant, span)
        elif isinstance(pattern, ast.MatchSequence):
            self._sequence(pattern, value, subject)
        elif isinstance(pattern, ast.MatchMapping):
            for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
                self.pattern(inner, self.emit(span, "item", value, self.expr(key)))
            if pattern.rest:
                self.store_name(pattern.rest, value, span)
        elif isinstance(pattern, ast.MatchStar) and pattern.name:
            self.store_name(pattern.name, value, span)
        return value

    def exclude(self, case: ast.match_case, value: int, subject: ast.expr) -> int:
        """Narrow the subject by the failure of an earlier case, and return what is left of its value."""
        return self._exclude(case.pattern, value, subject) if case.guard is None else value

    def _exclude(self, pattern: ast.pattern, value: int, subject: ast.expr) -> int:
        if isinstance(pattern, ast.MatchOr):
            for part in pattern.patterns:
                value = self._exclude(part, value, subject)
        elif isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
            value = self._exclude(pattern.pattern, value, subject)
        elif isinstance(pattern, ast.MatchClass) and not pattern.patterns and not pattern.kwd_patterns:
            value = self._left(subject, value, ("isinstance", False, self.expr(pattern.cls)))
        elif isinstance(pattern, ast.MatchValue):
            value = self._left(subject, value, ("ne", True, self.expr(pattern.value)))
        elif isinstance(pattern, ast.MatchSingleton):
            constant = self.emit(span_of(pattern), "const", pattern.value)
            value = self._left(subject, value, ("isnot", True, constant))
        return value

    def _left(self, subject: ast.expr, value: int, test: tuple[str, bool, int]) -> int:
        """What is left of the subject behind a pattern that did not match."""
        kind, truth, operand = test
        node = self.emit(span_of(subject), "narrow", kind, truth, value, operand)
        key = path_of(subject.target if isinstance(subject, ast.NamedExpr) else subject)
        if key is not None:
            self.refine(key, node)
        return node

    def _narrowed(self, subject: ast.expr | None, value: int, kind: str, operand: int, span: tuple[int, int, int, int]) -> int:
        node = self.emit(span, "narrow", kind, True, value, operand)
        key = path_of(subject) if subject is not None else None
        if key is not None and key in self.env:
            self.refine(key, node)
        return node

    def _class_pattern(self, pattern: ast.MatchClass, value: int, subject: ast.expr | None) -> int:
        span = span_of(pattern)
        node = self._narrowed(subject, value, "isinstance", self.expr(pattern.cls), span)
        for position, inner in enumerate(pattern.patterns):
            self.pattern(inner, self.emit(span, "matchpos", node, position))
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            self.pattern(inner, self.emit(span, "attr", node, name))
        return node

    def _alternatives(self, pattern: ast.MatchOr, value: int, subject: ast.expr | None) -> int:
        before = dict(self.env)
        ends, values = [], []
        for alternative in pattern.patterns:
            self.env = dict(before)
            values.append(self.pattern(alternative, value, subject))
            ends.append(self.env)
        self.env = self.join(ends, span_of(pattern))
        return self.emit(span_of(pattern), "phi", tuple(dict.fromkeys(values)))

    def _sequence(self, pattern: ast.MatchSequence, value: int, subject: ast.expr | None) -> None:
        parts = (
            subject.elts if isinstance(subject, (ast.Tuple, ast.List)) and len(subject.elts) == len(pattern.patterns) else None
        )
        star = next((i for i, p in enumerate(pattern.patterns) if isinstance(p, ast.MatchStar)), -1)
        for number, inner in enumerate(pattern.patterns):
            after = len(pattern.patterns) - number - 1
            index = number if star < 0 or number <= star else -(after + 1)
            part = self.emit(span_of(inner), "unpack", value, index, after, number == star)
            self.pattern(inner, part, parts[number] if parts else None)


def irrefutable(case: ast.match_case) -> bool:
    """Whether a case always matches."""
    pattern: ast.pattern | None = case.pattern
    while isinstance(pattern, ast.MatchAs):
        pattern = pattern.pattern
    return pattern is None and case.guard is None
