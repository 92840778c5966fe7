"""Contracts of every kind about a sample, made to be broken, and what a check of them finds.

Nobody wrote contracts for these modules, so they are made from what stands in them: all effects are forbidden, every import
goes upwards, functions that are used may not be, and so on. What is compared is a multiset of deeds: contract, symbol, sink,
confidence and the text of the innermost statement at which the finding stands.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from buttress_scanner.testing import check_files
from tests.scanner.laws.corpus import Sample, module_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report

EFFECTS = ["clock", "random", "io", "thread", "async", "env", "global-state", "log", "unordered"]
ENUMS = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
ENOUGH = 12
"""Subjects of one contract."""


@dataclass(frozen=True, slots=True, order=True)
class Deed:
    """A finding without its position."""

    contract: str
    symbol: str
    sink: str
    confidence: str
    statement: str


Deeds = Counter[Deed]


def probes(sample: Sample) -> str:
    """The configuration with contracts of every kind about a sample."""
    modules = [module_of(path) for path in sample.files]
    trees = {module_of(path): ast.parse(text) for path, text in sample.files.items()}
    functions = [s for module, tree in trees.items() for s in _functions(module, tree)]
    mentioned = Counter(name for tree in trees.values() for name in _mentions(tree))
    used = [s for s in functions if mentioned[s.rpartition(":")[2].rpartition(".")[2]]]
    imported = sorted({name for tree in trees.values() for name in _imported(tree)} - set(modules))
    tables: list[dict[str, object]] = [
        {"kind": "effect-purity", "zone": modules, "forbid": EFFECTS},
        {"kind": "import-layers", "layers": [[*imported, "gate"], *([m] for m in sorted(modules))]},
        {"kind": "wired", "symbols": _some(functions)},
    ]
    if used:
        # every second one is protected, the others have to be called: a contract may not forbid what another demands
        tables.append({"kind": "choke-point", "protect": _some(used[::2]), "only": ["gate"]})
    if used[1::2]:
        tables.append({"kind": "finally-obligation", "function": _some(functions), "must-call": _some(used[1::2])})
    if functions:
        tables.append({"kind": "signature", "function": _some(functions), "params": ["nothing_like_this"]})
    for enum, members in (e for module, tree in trees.items() for e in _enums(module, tree)):
        tables.append({"kind": "enum-zone", "enum": enum, "zone": modules, "forbid": members})
    return "\n".join(_table(number, table) for number, table in enumerate(tables))


def _table(number: int, table: Mapping[str, object]) -> str:
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in {"id": f"{table['kind']}-{number}", **table, "because": "A law."}.items()
    ]
    return "\n".join(["[[contract]]", *lines, ""])


def _some(symbols: list[str]) -> list[str]:
    """At most so many, spread evenly."""
    step = max(1, -(-len(symbols) // ENOUGH))
    return symbols[::step] or symbols


def _functions(module: str, tree: ast.Module) -> list[str]:
    return list(dict.fromkeys(f"{module}:{name}" for name in _defined(tree.body, "")))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + statement.name
        elif isinstance(statement, ast.ClassDef):
            yield from _defined(statement.body, f"{prefix}{statement.name}.")


def _mentions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module


def _enums(module: str, tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(b).rpartition(".")[2] in ENUMS for b in node.bases):
            targets = [s.targets[0] for s in node.body if isinstance(s, ast.Assign)]
            members = [t.id for t in targets if isinstance(t, ast.Name) and not t.id.startswith("_")]
            if members:
                yield f"{module}:{node.name}", members


@dataclass(frozen=True, slots=True)
class View:
    """How two versions of a program are made comparable: what a rewriting adds is taken away again."""

    canonical: Callable[[ast.Module], ast.Module] = lambda tree: tree
    symbol: Callable[[str], str] = str
    sink: Callable[[Finding], str] = lambda finding: finding.sink
    kinds: Callable[[str], bool] = bool
    """The kinds that the rewriting must not affect; all but where the page on these laws says why not."""


PLAIN = View()


def deeds(report: Report, files: Mapping[str, str], view: View = PLAIN) -> Deeds:
    """What a report says, without positions."""
    assert not report.errors, report.errors
    statements = {path: Statements(view.canonical(ast.parse(text))) for path, text in files.items()}
    found: Deeds = Counter()
    for f in report.findings:
        if view.kinds(f.kind):
            text = statements[f.position.path].at(f.position.line, f.position.column) if f.position.path in statements else ""
            found[Deed(f.contract, view.symbol(f.symbol), view.symbol(view.sink(f)), str(f.confidence), text)] += 1
    return found


def check(sample: Sample, configuration: str) -> Report:
    """Check a sample."""
    return check_files(configuration, {"gate.py": "", **sample.files})


@cache
def _original(number: int) -> tuple[str, Report]:
    from tests.scanner.laws.corpus import SAMPLES

    configuration = probes(SAMPLES[number])
    return configuration, check(SAMPLES[number], configuration)


def original(sample: Sample) -> tuple[str, Report]:
    """The contracts about a sample as it is, and the report on it."""
    from tests.scanner.laws.corpus import SAMPLES

    return _original(SAMPLES.index(sample))


class Statements:
    """The statements of a module, by position."""

    def __init__(self, tree: ast.Module) -> None:
        self._spans = sorted(
            ((n.lineno, n.end_lineno or n.lineno, n) for n in ast.walk(tree) if isinstance(n, ast.stmt)), key=_start
        )

    def at(self, line: int, column: int) -> str:
        """The innermost statement there, without the statements in it."""
        best: ast.stmt | None = None
        for first, last, node in self._spans:
            begin = min([first, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            inside = begin <= line <= last and (line > begin or begin < first or column > node.col_offset)
            if inside:
                best = node
        return head(best) if best is not None else ""


def _start(entry: tuple[int, int, ast.stmt]) -> tuple[int, int]:
    return entry[0], entry[2].col_offset


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def head(statement: ast.stmt) -> str:
    """The text of a statement without the statements in it; a definition is its name, for what is in it is what is rewritten."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return f"{type(statement).__name__} {statement.name}"
    shown = ast.copy_location(type(statement)(), statement)
    for name, value in ast.iter_fields(statement):
        setattr(shown, name, [] if name in _BLOCKS else value)
    return ast.unparse(shown)


def difference(before: Deeds, after: Deeds) -> str:
    """Both sides of a difference, one deed a line."""
    lost = [f"- {count} {deed}" for deed, count in sorted((before - after).items())]
    new = [f"+ {count} {deed}" for deed, count in sorted((after - before).items())]
    return "\n".join([*lost, *new])
