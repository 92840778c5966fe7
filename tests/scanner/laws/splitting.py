"""Splits a module in two: some of its functions and classes move to a new module, from which the old one imports them."""

from __future__ import annotations

import builtins
import re
import symtable
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from tests.scanner.laws.rewrites import parsed

if TYPE_CHECKING:
    from tests.scanner.laws.corpus import Sample

NEW = "split_off"


def _name(statement: cst.BaseStatement) -> str:
    return statement.name.value if isinstance(statement, cst.FunctionDef | cst.ClassDef) else ""


@lru_cache(maxsize=64)
def movable(text: str) -> tuple[str, ...]:
    """The definitions that can move alone: they use nothing of the module but what it imports at its top."""
    module = parsed(text)
    names = [_name(statement) for statement in module.body]
    table = symtable.symtable(text, "text", "exec")
    own = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_namespace()}
    imported = {s.get_name() for s in table.get_symbols() if s.is_imported()} & _top_imports(module)
    strings = " ".join(re.findall(r"[\w.]+", text))
    found = []
    for child in table.get_children():
        used = _globals(child)
        simple = used & own <= imported and used <= imported | set(dir(builtins)) and not _stores_globals(child)
        once = names.count(child.get_name()) == 1 and strings.split().count("global " + child.get_name()) == 0
        if simple and once and not child.get_name().startswith("__"):
            found.append(child.get_name())
    decorated = {_name(s) for s in module.body if isinstance(s, cst.FunctionDef | cst.ClassDef) and (s.decorators or _header(s))}
    return tuple(name for name in found if name not in decorated)


def _header(statement: cst.FunctionDef | cst.ClassDef) -> bool:
    """Whether a definition evaluates something of the module when it is made: bases, defaults, annotations."""
    if isinstance(statement, cst.ClassDef):
        return bool(statement.bases or statement.keywords)
    code = cst.Module([]).code_for_node(statement.params)
    return ":" in code or "=" in code or statement.returns is not None


def _globals(table: symtable.SymbolTable) -> set[str]:
    own = {s.get_name() for s in table.get_symbols() if s.is_global()}
    return own.union(*(_globals(child) for child in table.get_children()))


def _stores_globals(table: symtable.SymbolTable) -> bool:
    return any(s.is_declared_global() for s in table.get_symbols()) or any(
        _stores_globals(child) for child in table.get_children()
    )


def _imports(module: cst.Module) -> list[cst.SimpleStatementLine]:
    return [
        s
        for s in module.body
        if isinstance(s, cst.SimpleStatementLine)
        and all(
            isinstance(b, cst.Import) or (isinstance(b, cst.ImportFrom) and not isinstance(b.names, cst.ImportStar))
            for b in s.body
        )
    ]


def _top_imports(module: cst.Module) -> set[str]:
    code = cst.Module(_imports(module)).code
    return {s.get_name() for s in symtable.symtable(code, "text", "exec").get_symbols() if s.is_imported()}


def split(sample: Sample, chosen: frozenset[int]) -> Sample:
    """The sample with the chosen definitions in a module of their own."""
    module = parsed(sample.text)
    names = {movable(sample.text)[number] for number in chosen}
    moved = [s for s in module.body if _name(s) in names]
    package = sample.subject.rpartition("/")[0].replace("/", ".")
    listed = ", ".join(sorted(names))
    back = cst.parse_module(f"from {package}.{NEW} import {listed}\n").body
    first = next(n for n, s in enumerate(module.body) if _name(s) in names)
    rest = [s for s in module.body[:first] if _name(s) not in names], [s for s in module.body[first:] if _name(s) not in names]
    old = module.with_changes(body=[*rest[0], *back, *rest[1]]).code
    return sample.with_text(old, **{NEW: cst.Module([*_imports(module), *moved]).code})
