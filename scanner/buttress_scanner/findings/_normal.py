"""Statements in a normal form, in which neither their place nor their layout shows, nor the version of Python that parsed them.

Of a statement with a block only the header counts: what happens in the block is told by the statements there.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.findings.model import Position

DEFINITION = "def"
"""What stands for the statement where a finding is about a definition as such: its parameters may change."""

_BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
_UNSEEN = frozenset({"ctx", "type_comment", "kind"})
_LINE_END = re.compile(r"\r\n|\r|\n")
_CODE = (".py", ".pyi")

_Owner = ast.stmt | ast.ExceptHandler
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its range (line from 1, column in bytes from 0), and the qualified name of what it defines, if it does."""

    start: tuple[int, int]
    end: tuple[int, int]
    node: _Owner
    defines: str = ""


class File:
    """The statements and lines of a file; of one that is no Python, or none that can be parsed, the lines alone."""

    def __init__(self, path: str, data: bytes) -> None:
        self.tree = _parse(data) if path.endswith(_CODE) else None
        self._lines = _LINE_END.split(data.decode(_encoding(path, data), "replace").removeprefix("\ufeff"))

    @cached_property
    def statements(self) -> list[Statement]:
        """The statements and handlers, in the order in which they begin."""
        return sorted(_statements(self.tree) if self.tree is not None else (), key=lambda each: each.start)

    def at(self, position: Position, symbol: str) -> str:
        """The normal form of what stands at a place; `DEFINITION` where that is the definition of the symbol itself."""
        if not position.line:
            return ""
        line = self._lines[position.line - 1] if position.line <= len(self._lines) else ""
        if (found := self._around(position.line, len(line[: position.column - 1].encode()))) is None:
            return " ".join(line.split()).removesuffix(",")
        return DEFINITION if found.defines and found.defines == symbol.partition(":")[2] else header(found.node)

    def defines(self, position: Position, symbol: str) -> bool:
        """Whether the definition of a symbol, and nothing inside of it, stands at a place."""
        return self.at(position, symbol) == DEFINITION

    def _around(self, line: int, column: int) -> Statement | None:
        """The innermost statement at a place."""
        behind = bisect_right(self.statements, (line, column), key=lambda each: each.start)
        return next((each for each in reversed(self.statements[:behind]) if (line, column) < each.end), None)


class Files:
    """The files that findings speak of, each read once."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._files: dict[str, File] = {}

    def __getitem__(self, path: str) -> File:
        """A file; one that is missing is empty."""
        if path not in self._files:
            self._files[path] = File(path, self._read(path) or b"")
        return self._files[path]


def header(node: _Owner) -> str:
    """The normal form of a statement, without its blocks."""
    return normal_form(node, _BLOCKS)


def normal_form(root: ast.AST, hidden: frozenset[str] = frozenset()) -> str:
    """The normal form of a tree, without the ``hidden`` fields of its root. Depth is no limit.

    Fields that are empty are left out, since newer Pythons have more of them; names in an import are sorted, as formatters do.
    """
    parts: list[str] = []
    pending: list[object] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, _Text):
            parts.append(item.text)
        elif isinstance(item, ast.AST):
            pending.append(_Text(")"))
            for name, value in reversed(list(_fields(item, hidden if item is root else frozenset()))):
                pending += [value, _Text(f"{name}=")]
            pending.append(_Text(f"{type(item).__name__}("))
        elif isinstance(item, list):
            pending += [_Text("]"), *reversed(item), _Text("[")]
        else:
            parts.append(repr(item))
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class _Text:
    """Part of a normal form that is no value of the tree."""

    text: str


def _fields(node: ast.AST, hidden: frozenset[str]) -> Iterator[tuple[str, object]]:
    for name, value in ast.iter_fields(node):
        if name in _UNSEEN or name in hidden or value is None or value == []:
            continue
        if isinstance(node, ast.Import | ast.ImportFrom) and name == "names":
            yield name, sorted(value, key=lambda alias: (alias.name, alias.asname or ""))
        else:
            yield name, value


def _encoding(path: str, data: bytes) -> str:
    if not path.endswith(_CODE):
        return "utf-8"
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        return "utf-8"


def _parse(data: bytes) -> ast.Module | None:
    """Parse a file; one that this Python refuses is reported by whoever judges it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(tree: ast.AST) -> Iterator[Statement]:
    """Every statement and handler, with what it defines."""
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, scope = pending.pop()
        if isinstance(node, _Owner):
            defines = f"{scope}.{node.name}".lstrip(".") if isinstance(node, _Definition) else ""
            first = min((node, *getattr(node, "decorator_list", ())), key=lambda each: (each.lineno, each.col_offset))
            start = first.lineno, 0 if first is not node else first.col_offset
            yield Statement(start, (node.end_lineno or node.lineno, node.end_col_offset or 0), node, defines)
            scope = defines or scope
        if not isinstance(node, ast.expr):
            pending += [(child, scope) for child in ast.iter_child_nodes(node)]
