"""Renames local variables of functions, wherever the variable is meant and nowhere else."""

# ruff: noqa: N802  (libcst names its visitors after nodes)
from __future__ import annotations

import ast
from functools import lru_cache

import libcst as cst
import libcst.matchers as m
from libcst.metadata import FunctionScope, MetadataWrapper, ScopeProvider
from libcst.metadata.scope_provider import Assignment, Scope

SUFFIX = "_renamed_local"
_WATCHED = {"locals", "vars", "eval", "exec", "dir"}
"""Functions that see variables by their names."""


class _Rename(cst.CSTTransformer):
    def __init__(self, names: frozenset[cst.CSTNode]) -> None:
        super().__init__()
        self.names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=original_node.value + SUFFIX) if original_node in self.names else updated_node


@lru_cache(maxsize=64)
def variables(text: str) -> tuple[cst.Module, tuple[frozenset[cst.CSTNode], ...]]:
    """The module and, for each local variable that can be renamed, the names that mean it."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    scopes = {scope for scope in wrapper.resolve(ScopeProvider).values() if isinstance(scope, FunctionScope)}
    module = wrapper.module
    rebound = {n.name.value for n in m.findall(module, m.NameItem()) if isinstance(n, cst.NameItem)}
    found = [
        (scope, name) for scope in scopes for name in {a.name for a in scope.assignments} - rebound if not _is_watched(scope)
    ]
    places = [names for scope, name in found if (names := _names(scope, name))]
    lines = {id(node): number for number, node in enumerate(_walk(module))}
    return module, tuple(sorted(places, key=lambda names: min(lines[id(n)] for n in names)))


def _walk(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(each for child in node.children for each in _walk(child))]


def _is_watched(scope: Scope) -> bool:
    return any(isinstance(a.node, cst.Name) and a.node.value in _WATCHED for a in scope.accesses)


def _names(scope: FunctionScope, name: str) -> frozenset[cst.CSTNode]:
    """All names that mean a variable; nothing where it is a parameter, an import, a definition, or read in a text."""
    assignments = scope[name]
    found: set[cst.CSTNode] = set()
    for assignment in assignments:
        if not isinstance(assignment, Assignment) or not isinstance(assignment.node, cst.Name) or assignment.scope is not scope:
            return frozenset()
        found.add(assignment.node)
        for access in assignment.references:
            node: cst.CSTNode = access.node
            while isinstance(node, cst.Attribute):
                node = node.value
            if not isinstance(node, cst.Name) or _is_watched(access.scope):
                return frozenset()
            found.add(node)
    return frozenset(found)


def count(text: str) -> int:
    """How many local variables can be renamed."""
    return len(variables(text)[1])


def renamed(text: str, chosen: frozenset[int]) -> str:
    """The text with the chosen variables renamed."""
    module, places = variables(text)
    names = frozenset(name for number in chosen for name in places[number])
    result = module.visit(_Rename(names))
    assert isinstance(result, cst.Module)
    return result.code


class _Back(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = node.id.removesuffix(SUFFIX)
        return node


def with_old_names(tree: ast.Module) -> ast.Module:
    """The tree of a module with the old names."""
    result = _Back().visit(tree)
    assert isinstance(result, ast.Module)
    return result
