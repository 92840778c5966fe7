"""Names of scopes, against what Python's own symbol table says of the standard library."""

from __future__ import annotations

import ast
import importlib.util
import re
import symtable
import sys
from pathlib import Path

import pytest

from buttress_scanner.facts.scopes import Names, Survey, assigned

MODULES = (
    "argparse", "ast", "asyncio.base_events", "contextlib", "dataclasses", "enum", "functools", "inspect", "pickle",
    "re._compiler", "subprocess", "tarfile", "traceback", "unittest.mock",
)  # fmt: skip
IMPLICIT = {"listcomp", "setcomp", "dictcomp", "genexpr", "__annotate__"}
MANGLED = re.compile(r"^_[^_]\w*?__(?!_)(?=\w*[^_]_?$)")
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
Seen = tuple[int, str, frozenset[str], frozenset[str], frozenset[str]]


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def _tables(table: symtable.SymbolTable) -> list[symtable.SymbolTable]:
    return [table, *(inner for child in table.get_children() for inner in _tables(child))]


def _by_python(table: symtable.SymbolTable) -> Seen:
    symbols = table.get_symbols()
    elsewhere = {s.get_name() for s in symbols if s.is_declared_global() or s.is_nonlocal()}
    bound = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_parameter() or s.is_namespace()}
    return (
        table.get_lineno(),
        table.get_name(),
        frozenset(bound - elsewhere),
        frozenset(s.get_name() for s in symbols if s.is_declared_global()),
        frozenset(s.get_name() for s in symbols if s.is_nonlocal()),
    )


def _by_survey(node: Scope, names: Names) -> Seen:
    name = "lambda" if isinstance(node, ast.Lambda) else node.name
    return (node.lineno, name, frozenset(names.bound), frozenset(names.globals), frozenset(names.nonlocals))


def _ordered(found: list[Seen], private: set[str]) -> list[tuple[object, ...]]:
    """In the order of the file, with the private names of classes as they are written."""
    return sorted(
        (line, name, *(sorted(MANGLED.sub("__", n) for n in names - private) for names in rest)) for line, name, *rest in found
    )


def _private(tree: ast.Module) -> set[str]:
    """Variables of comprehensions, which newer versions of Python list beside those of the scope that they stand in."""
    if sys.version_info < (3, 12):
        return set()
    targets = [g.target for g in ast.walk(tree) if isinstance(g, ast.comprehension)]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


@pytest.mark.parametrize("module", MODULES)
def test_names_are_those_of_python(module: str) -> None:
    """Every class and function of the module binds and declares what Python says."""
    text = _source(module)
    tree, survey = ast.parse(text), Survey()
    survey.of(tree)
    scopes = [node for node in ast.walk(tree) if isinstance(node, Scope)]
    python = [t for t in _tables(symtable.symtable(text, module, "exec"))[1:] if t.get_name() not in IMPLICIT]
    private = _private(tree)
    assert scopes
    assert _ordered([_by_survey(node, survey.of(node)) for node in scopes], private) == _ordered(
        [_by_python(t) for t in python], private
    )


def _names(text: str, name: str) -> Names:
    tree, survey = ast.parse(text), Survey()
    survey.of(tree)
    return survey.of(next(n for n in ast.walk(tree) if isinstance(n, Scope) and getattr(n, "name", "lambda") == name))


NESTED = """
def outer():
    count = total = 0
    class Between:
        def inner(self):
            def innermost():
                nonlocal count
            nonlocal total
    return lambda step: count
"""


@pytest.mark.parametrize(
    ("scope", "shared"),
    [
        ("outer", {"count", "total"}),
        ("Between", {"count", "total"}),
        ("inner", {"count"}),
        ("innermost", set()),
        ("lambda", set()),
    ],
)
def test_shared_names_are_those_that_inner_functions_declare(scope: str, shared: set[str]) -> None:
    """A name that a function declares nonlocal is shared with every scope around it."""
    assert _names(NESTED, scope).shared == shared


@pytest.mark.parametrize(
    ("text", "names", "attributes"),
    [
        ("x = y", {"x"}, set()),
        ("x.a += 1; y[0] = 2; del z.b", set(), {"a", "[]", "b"}),
        ("import a.b as c, d.e\nfrom f import g as h, i", {"c", "d", "h", "i"}, set()),
        ("try:\n    pass\nexcept E as error:\n    pass", {"error"}, set()),
        ("match x:\n    case {'k': v, **rest} | [v, *rest]:\n        pass", {"v", "rest"}, set()),
        ("def f(a):\n    b = 1\nclass C:\n    d = 1", {"f", "C"}, set()),
        ("def f(a=(b := 1)):\n    pass", {"f", "b"}, set()),
        ("[(y := x) for x in z]", {"x", "y"}, set()),
        ("global g\ng = 1", {"g"}, set()),
    ],
)
def test_a_block_assigns(text: str, names: set[str], attributes: set[str]) -> None:
    """What a loop may change is what its block assigns, outside of nested scopes."""
    assert assigned(ast.parse(text).body) == (names, attributes)
