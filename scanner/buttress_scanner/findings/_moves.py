"""What was renamed or moved between two trees: files as Git sees them, and modules, classes and functions by their likeness.

A definition that is gone and one that has come are the same if they are of one sort and at least half of their statements are
equal. Their names do not count.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from buttress_scanner.findings._normal import header, normal_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ALIKE = 0.5
_PAIRS = 40_000
"""Pairs of definitions that are compared by their statements; a tree with more of them was turned over."""
_SORTS = {ast.ClassDef: "class", ast.FunctionDef: "function", ast.AsyncFunctionDef: "function"}
_NAMELESS = frozenset({"name", "body"})
_WORD = re.compile(r"\w+")
_MODULE = "module"


@dataclass(frozen=True)
class Definition:
    """A module, class or function: its sort, and its statements in normal form, those inside of inner definitions included."""

    symbol: str
    sort: str
    statements: Counter[str] = field(default_factory=Counter)

    @cached_property
    def size(self) -> int:
        """The number of statements."""
        return self.statements.total()

    @cached_property
    def name(self) -> str:
        """The last part of the symbol."""
        return re.split(r"[.:]", self.symbol)[-1]


@dataclass(frozen=True, slots=True)
class Moves:
    """New symbols and paths by old ones; and new words by old ones, for the texts in which names stand."""

    symbols: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def symbol(self, symbol: str) -> str:
        """What an old symbol is called now: by the longest part of it that has moved."""
        part = symbol
        while part:
            if part in self.symbols:
                return self.symbols[part] + symbol[len(part) :]
            part = _scope(part)
        return symbol

    def text(self, text: str) -> str:
        """A text with the words that are called otherwise now."""
        return _WORD.sub(lambda word: self.words.get(word[0], word[0]), text)


def definitions(module: str, tree: ast.Module | None) -> Iterator[Definition]:
    """The definitions of a file, the module itself included."""
    found = [Definition(module, _MODULE)]
    pending: list[tuple[ast.AST, tuple[Definition, ...]]] = [(tree, (found[0],))] if tree is not None else []
    while pending:
        node, around = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = around[-1]
            separator = ":" if inner.sort == _MODULE else "."
            found.append(Definition(f"{inner.symbol}{separator}{node.name}", _SORTS[type(node)]))
            _count(around, normal_form(node, _NAMELESS))
            around = (*around, found[-1])
            _count(around[-1:], normal_form(node.args) if not isinstance(node, ast.ClassDef) else "")
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            _count(around, header(node))
        if not isinstance(node, ast.expr):
            pending += [(child, around) for child in ast.iter_child_nodes(node)]
    return iter(found)


def _count(around: tuple[Definition, ...], statement: str) -> None:
    for each in around if statement else ():
        each.statements[statement] += 1


def find_moves(before: Mapping[str, Definition], after: Mapping[str, Definition], files: Mapping[str, str]) -> Moves:
    """Pair what is gone with what has come.

    Args:
        before: the definitions of the files that are gone or changed, by symbol.
        after: those of the files that have come or changed.
        files: new names by old ones of renamed files and their modules.
    """
    symbols = dict(files)
    for sort in (_MODULE, "class", "function"):
        _pair(sort, before, after, symbols)
    words = {}
    for old, new in symbols.items():
        words.update({one: other for one, other in _renamed(old, new) if one != other})
    return Moves(symbols, words)


def _pair(sort: str, before: Mapping[str, Definition], after: Mapping[str, Definition], symbols: dict[str, str]) -> None:
    """Pair the definitions of one sort, outer ones before inner ones and those that are most alike first."""
    moves = Moves(symbols)
    for depth in sorted({symbol.count(".") for symbol in before}):
        kept = {moves.symbol(symbol) for symbol in before}
        gone = [each for each in before.values() if each.sort == sort and each.symbol.count(".") == depth]
        gone = [each for each in gone if moves.symbol(each.symbol) not in after]
        come = [each for symbol, each in after.items() if each.sort == sort and symbol not in kept]
        pairs = [(_likeness(old, new, moves), old.symbol, new.symbol) for old, new in _candidates(gone, come)]
        taken: set[str] = set()
        for (alike, *_), old, new in sorted(pairs, reverse=True):
            if alike >= _ALIKE and old not in symbols and new not in taken:
                symbols[old] = new
                taken.add(new)


def _candidates(gone: list[Definition], come: list[Definition]) -> Iterator[tuple[Definition, Definition]]:
    """The pairs that may be alike by their size; where there are too many, only those of one name."""
    by_name: dict[str, list[Definition]] = defaultdict(list)
    for each in come:
        by_name[each.name].append(each)
    for old in gone:
        for new in come if len(gone) * len(come) <= _PAIRS else by_name[old.name]:
            sizes = sorted((old.size, new.size))
            if 2 * sizes[0] >= _ALIKE * sum(sizes):
                yield old, new


def _likeness(old: Definition, new: Definition, moves: Moves) -> tuple[float, bool, bool, bool]:
    """How alike two definitions are from 0 to 1; then whether they stand in one scope, have one name, and are in one module."""
    common = (old.statements & new.statements).total()
    size = old.size + new.size
    place = moves.symbol(old.symbol)
    scope, module = _scope(place) == _scope(new.symbol), place.partition(":")[0] == new.symbol.partition(":")[0]
    same = old.name == new.name
    return 2 * common / size if size else float(same), scope, same, module


def _scope(symbol: str) -> str:
    """What is around a definition."""
    return symbol[: max(symbol.rfind("."), symbol.rfind(":"), 0)]


def _renamed(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Which words of two names stand for one another."""
    one, other = _WORD.findall(old), _WORD.findall(new)
    if len(one) == len(other):
        yield from zip(one, other, strict=True)
    elif one and other:
        yield one[-1], other[-1]
