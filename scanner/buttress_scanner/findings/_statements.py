"""Binds comments to statements with libcst: which lines of code a comment speaks of.

- A comment on any line of a simple statement, in its brackets too, speaks of all lines of the statement; statements that
  share a line by ``;`` (or stand on the line of their block's header) are one.
- A comment on a line of a block's header (``if``, ``for``, ``def``, ``class``, ``else`` ...) or of a decorator speaks of header
  and decorators, never of the block's body.
- A comment that stands alone, directly above a statement of the same block, speaks of that statement (of its header if it has
  one). Further comment lines may stand between; an empty line ends the relation.
"""

from __future__ import annotations

import ast
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DEPTH = 20_000
"""Recursion limit while libcst walks: a statement of a thousand added strings is deep, not wrong."""

_TOO_DEEP = "it is nested too deeply"

_Clause = cst.Else | cst.Finally | cst.ExceptHandler | cst.ExceptStarHandler | cst.MatchCase
_Owner = cst.SimpleStatementLine | cst.BaseCompoundStatement | _Clause


@dataclass(frozen=True, slots=True)
class BoundComment:
    """A comment with its place (from 1), the lines that it speaks of, and the qualified name of the definition that holds it.

    ``first`` and ``last`` are 0 when the comment stands at no statement.
    """

    text: str
    line: int
    column: int
    first: int
    last: int
    scope: str


class CannotBindError(ValueError):
    """A file whose comments cannot be bound, with the parser's reason."""


def bind_comments(source: bytes) -> list[BoundComment]:
    """Return the comments of a file in source order, each with the lines that it speaks of.

    Raises:
        CannotBindError: the file cannot be parsed.
    """
    _refuse_what_python_refuses(source)
    with _deep_recursion():
        wrapper = MetadataWrapper(_parse(source), unsafe_skip_copy=True)
        try:
            collector = _Collector(cast("Mapping[cst.CSTNode, CodeRange]", wrapper.resolve(PositionProvider)))
            wrapper.module.visit(collector)
        except RecursionError as error:
            raise CannotBindError(_TOO_DEEP) from error
    return collector.bound()


def _parse(source: bytes) -> cst.Module:
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise CannotBindError(error.message) from error
    except (ValueError, LookupError) as error:  # an encoding that does not exist, or bytes that are not in it
        raise CannotBindError(str(error)) from error


def _refuse_what_python_refuses(source: bytes) -> None:
    """Parse with Python's own parser first: it refuses the nesting on which a native parser overflows its stack."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        raise CannotBindError(error.msg) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CannotBindError(str(error) or _TOO_DEEP) from error


@contextmanager
def _deep_recursion() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A comment with its place and scope, not yet bound."""

    node: cst.Comment
    line: int
    column: int
    scope: str


class _Collector(cst.CSTVisitor):
    """Collects comments, the line ranges of statements and headers, and which comment stands above which of them."""

    def __init__(self, positions: Mapping[cst.CSTNode, CodeRange]) -> None:
        super().__init__()
        self._positions = positions
        self._comments: list[_Seen] = []
        self._ranges: dict[int, tuple[int, int]] = {}
        self._above: dict[cst.Comment, int] = {}
        self._scopes: list[str] = []

    def bound(self) -> list[BoundComment]:
        """Return the collected comments with their ranges, in source order."""
        return [self._bind(seen) for seen in sorted(self._comments, key=lambda seen: (seen.line, seen.column))]

    def _bind(self, seen: _Seen) -> BoundComment:
        anchor = self._above.get(seen.node, seen.line)
        first, last = self._ranges.get(anchor, (0, 0))
        return BoundComment(seen.node.value, seen.line, seen.column, first, last, seen.scope)

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note a comment, statement or definition on the way down."""
        match node:
            case cst.Comment():
                start = self._positions[node].start
                self._comments.append(_Seen(node, start.line, start.column + 1, ".".join(self._scopes)))
            case cst.Module():
                self._note_above((*node.header, *(node.body[0].leading_lines if node.body else ())), node.body)
            case _ if isinstance(node, _Owner):
                self._note(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Leave a definition's scope."""
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()

    def _note_above(self, lines: Sequence[cst.EmptyLine], body: Sequence[cst.BaseStatement]) -> None:
        """Bind the comment lines directly above the file's first statement."""
        if body:
            self._note_lines(lines, self._first_line(body[0]))

    def _note(self, node: _Owner) -> None:
        first, last = self._first_line(node), self._last_line(node)
        for line in range(first, last + 1):
            self._ranges.setdefault(line, (first, last))
        self._note_lines(node.leading_lines, first)

    def _note_lines(self, lines: Sequence[cst.EmptyLine], anchor: int) -> None:
        for line in reversed(lines):
            if line.comment is None:
                return
            self._above[line.comment] = anchor

    def _first_line(self, node: cst.CSTNode) -> int:
        """Return the line of the first decorator, or of the statement itself."""
        decorators = node.decorators if isinstance(node, cst.FunctionDef | cst.ClassDef) else ()
        return min(self._positions[part].start.line for part in (node, *(decorator.decorator for decorator in decorators)))

    def _last_line(self, node: _Owner) -> int:
        """Return the last line of a simple statement, or of the header of a block."""
        if isinstance(node, cst.Match):
            return self._positions[node.whitespace_after_colon].start.line
        if isinstance(node, cst.SimpleStatementLine):
            return self._positions[node].end.line
        if isinstance(node.body, cst.IndentedBlock):
            return self._positions[node.body.header].start.line
        return self._positions[node.body].end.line
