"""Ways to break a contract: changes of files, and the places at which the report must then turn red.

Kinds offer them (`Contract.breakings`), and `buttress sabotage` tries them on trees in memory. Nothing is written to disk.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import libcst as cst

    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.program import Subject

HERE = "# here"
"""Marks the lines of added code at which something must be reported; the marks themselves are not added."""
_MODULE = "buttress_sabotage"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a finding must stand: a line of a file, or any line of it (0) in a symbol (``module:Qual.name``) if one is named."""

    path: str
    line: int = 0
    symbol: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True, eq=False)
class Breaking:
    """A way to break a contract.

    ``how`` says what is done, as a sentence without a subject ("calls ..."). ``changes`` are the new contents of files by path,
    None for a file that is removed. At each of ``places`` the contract must report something afterwards.
    """

    how: str
    changes: Mapping[str, bytes | None]
    places: tuple[Place, ...]


class Workbench:
    """Makes changes of a program's files."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def added(self, how: str, code: str, name: str = _MODULE) -> Breaking:
        """Put code into a module of its own, at the first of the program's roots."""
        root = next(iter(self._roots()), "")
        path = f"{root}{self._free(root, name)}.py"
        text, lines = _unmarked(code)
        return Breaking(how, {path: text.encode()}, tuple(Place(path, line) for line in lines))

    def appended(self, how: str, unit: Unit, code: str, others: Mapping[str, bytes] | None = None) -> Breaking:
        """Append code to a module, with other changes beside it, which may be of the same module."""
        changes = dict(others or {})
        data = changes.get(unit.path, unit.data)
        before = data if data.endswith(b"\n") or not data else data + b"\n"
        text, lines = _unmarked(code)
        first = len(before.splitlines())
        places = tuple(Place(unit.path, first + line) for line in lines)
        return Breaking(how, {**changes, unit.path: before + text.encode()}, places)

    def rewritten(
        self, how: str, subject: Subject, change: Callable[[cst.FunctionDef], cst.FunctionDef | None]
    ) -> Breaking | None:
        """Change the definition of a function; None where libcst does not find it."""
        import libcst

        from buttress_scanner.contracts._rewriting import changed

        try:
            after = changed(subject.unit.data, subject.qualname, change)
        except libcst.ParserSyntaxError:
            return None
        if after is None:
            return None
        return Breaking(how, {subject.unit.path: after}, (Place(subject.unit.path, symbol=subject.symbol),))

    def alone(self, how: str, subject: Subject) -> Breaking:
        """Empty every other module that mentions a function or class, and keep of its own only the imports and the definition."""
        unit = subject.unit
        name = subject.qualname.rpartition(".")[2]
        names = {name} if not name.startswith("__") else {subject.qualname.split(".")[0]}
        changes: dict[str, bytes | None] = {u.path: b"" for u in self.program.mentioning(names) if u is not unit}
        changes[unit.path] = _without_others(unit.data, subject.qualname)
        return Breaking(how, changes, (Place(unit.path, symbol=subject.symbol),))

    def _roots(self) -> Iterable[str]:
        """The folders at which dotted names start, with a slash at the end, as the modules show them."""
        found: dict[str, None] = {}
        for unit in self.program.modules.values():
            plain = unit.path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
            if plain.endswith(unit.name):
                found[unit.path[: len(plain) - len(unit.name)]] = None
        return sorted(found, key=lambda root: (len(root), root))

    def _free(self, root: str, name: str) -> str:
        taken = {unit.path for unit in self.program.modules.values()}
        number, free = 1, name
        while f"{root}{free}.py" in taken:
            number += 1
            free = f"{name}_{number}"
        return free


def with_member(subject: Subject, statement: str) -> dict[str, bytes]:
    """Put a statement at the end of a class body: the new content of its module by path."""
    found = _definition(ast.parse(subject.unit.data), subject.qualname)
    lines = subject.unit.data.splitlines(keepends=True)
    last = found.body[-1]
    indented = last.lineno > found.lineno
    added = f"{' ' * last.col_offset}{statement}\n" if indented else f"    {statement}\n"
    end = last.end_lineno or last.lineno
    if not indented:  # `class A: pass` in one line
        lines[end - 1] = lines[end - 1][: last.col_offset].rstrip() + b"\n"
    before = lines[end - 1]
    lines[end - 1] = (before if before.endswith(b"\n") else before + b"\n") + added.encode()
    return {subject.unit.path: b"".join(lines)}


def _definition(tree: ast.Module, qualname: str) -> ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef:
    """The last definition of a name; the name exists."""
    statements: list[ast.stmt] = tree.body
    found: list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef] = []
    for name in qualname.split("."):
        found = [s for s in statements if isinstance(s, _DEFINITIONS) and s.name == name]
        statements = found[-1].body
    return found[-1]


def imported(subject: Subject, alias: str = "_sabotaged") -> tuple[str, str]:
    """An import statement and the expression that then is a function or class of the program."""
    first, _, rest = subject.qualname.partition(".")
    return f"from {subject.unit.name} import {first} as {alias}", f"{alias}.{rest}" if rest else alias


def is_importable(subject: Subject) -> bool:
    """Whether an import statement can name the subject: in no function, in a module whose name is made of identifiers."""
    names = [*subject.unit.name.split("."), *subject.qualname.split(".")]
    return "<locals>" not in subject.qualname and all(name.isidentifier() for name in names) and _is_top(subject)


def _is_top(subject: Subject) -> bool:
    """Whether nothing but classes stands around the definition."""
    body, bodies = subject.body, subject.unit.facts.bodies
    while body is not None and body.parent > 0:
        body = bodies[body.parent]
        if body.kind != "class":
            return False
    return True


def _unmarked(code: str) -> tuple[str, list[int]]:
    """The code without its marks, behind two empty lines, and the lines where they were."""
    lines = ["", "", *code.strip("\n").split("\n")]
    marked = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(HERE)]
    text = "\n".join(line.rstrip().removesuffix(HERE).rstrip() for line in lines) + "\n"
    ast.parse(text)
    return text, marked


def _without_others(data: bytes, qualname: str) -> bytes:
    """Leave of a module its imports and one definition, each in its line; of the classes around that only their headers."""
    lines = data.splitlines(keepends=True)
    kept: set[int] = set()
    names = qualname.split(".")
    statements: list[ast.stmt] = ast.parse(data).body
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            kept.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    for depth, name in enumerate(names):
        found = [s for s in statements if isinstance(s, _DEFINITIONS) and s.name == name]
        if not found:
            break
        definition = found[-1]
        first = min((d.lineno for d in definition.decorator_list), default=definition.lineno)
        is_last = depth == len(names) - 1
        last = (definition.end_lineno or 0) if is_last else definition.body[0].lineno - 1
        kept.update(range(first, max(last, definition.lineno) + 1))
        statements = definition.body
    return b"".join(line if number in kept else b"\n" for number, line in enumerate(lines, 1))


_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
