"""What a project's own names for types stand for: ``Payload = dict[str, Any]``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from buttress_scanner.program.annotations import dotted_name, type_form, unions_joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.program.annotations import Form, Names
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.modules import Modules

_ALIAS = ("TypeAlias",)
_NESTING = 8
"""Aliases of aliases are followed so deep."""
_TYPES = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)


class TypeAliases:
    """The type expressions that modules give a name at their top level; each file is read once, when it is asked for."""

    def __init__(self, modules: Modules, names: Names) -> None:
        self._modules = modules
        self._names = names
        self._known: dict[str, dict[str, ast.expr | None]] = {}

    def expanded(self, form: Form, depth: int = 0) -> Form:
        """A form with types in the place of their aliases."""
        if form[:1] != ("name",):
            return unions_joined(tuple(self.expanded(part, depth) if isinstance(part, tuple) else part for part in form))
        alias = self.of(str(form[1])) if form[2] and depth < _NESTING else None
        if alias is None:
            return form
        unit, value = alias

        def resolve(dotted: str) -> Form:
            return ("name", self._names.within(unit, unit.facts.bodies[0], dotted) or dotted, True)

        inner = type_form(value, resolve)
        return self.expanded(inner, depth + 1) if inner is not None else form

    def of(self, path: str) -> tuple[Unit, ast.expr] | None:
        """The module of an alias and the type that it stands for; None for what is no alias."""
        module, _, name = path.rpartition(".")
        unit = self._modules.get(module) if module else None
        if unit is None:
            return None
        known = self._known.get(module)
        if known is None:
            known = self._known[module] = _aliases(unit)
        value = known.get(name)
        return (unit, value) if value is not None else None


def _aliases(unit: Unit) -> dict[str, ast.expr | None]:
    """The names that a module assigns one type expression, once; None for names that it binds again."""
    found: dict[str, ast.expr | None] = {}
    for name, value in _assignments(ast.parse(unit.data.decode("utf-8", "surrogatepass")).body):
        found[name] = value if name not in found else None
    return found


def _assignments(statements: list[ast.stmt]) -> Iterator[tuple[str, ast.expr | None]]:
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value if isinstance(value, _TYPES) else None
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
                declared = (dotted_name(annotation) or "").rpartition(".")[2] in _ALIAS
                yield name, value if declared else None
            case ast.If(body=body, orelse=orelse):
                yield from _assignments([*body, *orelse])
            case ast.Try(body=body, handlers=handlers):
                yield from _assignments([*body, *(s for handler in handlers for s in handler.body)])
