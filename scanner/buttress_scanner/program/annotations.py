"""Types as they are written, in one form: names by their path, unions without order, quotes and aliases of ``typing`` undone.

A form is a tuple whose first element says what it is. Names of both sides are compared by path; a name of which only the end is
known (from a contract) fits every path that ends with it.
"""

from __future__ import annotations

import ast
import builtins
import typing
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.modules import Modules

Form = tuple[object, ...]
NONE: Form = ("name", "None", True)


# --- names


@cache
def standard_aliases() -> dict[str, str]:
    """The names of ``typing`` that mean a class elsewhere: ``List`` is ``builtins.list``."""
    found = {"Text": "builtins.str"}
    for name in typing.__all__:
        origin = getattr(getattr(typing, name), "__origin__", None)
        if isinstance(origin, type):
            found[name] = f"{origin.__module__}.{origin.__qualname__}"
    return found


def canonical(path: str) -> str:
    """The one path of a type that has several: ``typing.Dict`` is ``dict``, ``typing_extensions.Literal`` ``typing.Literal``."""
    module, _, name = path.rpartition(".")
    if module in ("typing", "typing_extensions"):
        return standard_aliases().get(name, f"typing.{name}")
    return {"types.NoneType": "None", "_collections_abc.Callable": "collections.abc.Callable"}.get(path, path)


def standard_name(name: str) -> str | None:
    """What a bare name means by itself: a builtin, or what ``typing`` calls so."""
    if hasattr(builtins, name):
        return f"builtins.{name}"
    return canonical(f"typing.{name}") if name in typing.__all__ else None


class Names:
    """Resolves names through assignments, imports and re-exports to the path of what they name."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules

    def resolve(self, unit: Unit, body: Body, dotted: str) -> str | None:
        """The path of a name as it stands in a body's header; None for a name that nothing binds."""
        head, _, rest = dotted.partition(".")
        found = self._scoped(unit, body, head)
        for name in rest.split(".") if rest else []:
            found = self.member(found, name) if found is not None else None
        return canonical(found) if found is not None else None

    def within(self, unit: Unit, scope: Body, dotted: str) -> str | None:
        """The path of a name as it stands in a scope itself, at its end."""
        head, _, rest = dotted.partition(".")
        found = self._bound(unit, scope, head, frozenset()) or (f"builtins.{head}" if hasattr(builtins, head) else None)
        for name in rest.split(".") if rest else []:
            found = self.member(found, name) if found is not None else None
        return canonical(found) if found is not None else None

    def absolute(self, dotted: str) -> str | None:
        """The path of a name that starts with a module of the program, whatever it is re-exported as."""
        parts = dotted.split(".")
        cut = next((n for n in range(len(parts), 0, -1) if self._modules.is_ours(".".join(parts[:n]))), 0)
        if not cut:
            return None
        found = ".".join(parts[:cut])
        for name in parts[cut:]:
            found = self.member(found, name)
        return canonical(found)

    def member(self, owner: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> str:
        """The path of a member of a module or class."""
        unit = self._modules.get(owner)
        if unit is not None and (owner, name) not in seen:
            found = self._bound(unit, unit.facts.bodies[0], name, seen | {(owner, name)})
            if found is not None:
                return found
        return f"{owner}.{name}"

    def _scoped(self, unit: Unit, body: Body, name: str) -> str | None:
        """Look a name up from the scope around a definition: its class, the functions around that, the module, the builtins."""
        inner, scope = body, body.parent
        while scope >= 0:
            around = unit.facts.bodies[scope]
            if around.kind != "class":
                found = self._bound(unit, around, name, frozenset())
            elif inner is body:  # a class body is executed in order: a method `list` further down is not what `list` means here
                before = around.nodes.index(("func", body.index))
                versions = [v for v in around.versions.get(name, ()) if v < before]
                found = self._at(unit, around, name, versions[-1], frozenset()) if versions else None
            else:
                found = None
            if found is not None:
                return found
            inner, scope = around, around.parent
        return f"builtins.{name}" if hasattr(builtins, name) else None

    def _bound(self, unit: Unit, scope: Body, name: str, seen: frozenset[tuple[str, str]]) -> str | None:
        node = scope.exit.get(name, next(iter(reversed(scope.versions.get(name, ()))), None))
        if node is not None:
            return self._at(unit, scope, name, node, seen)
        for level, module in unit.facts.stars if scope.kind == "module" else ():
            found = self._by_star(self._modules.absolute(unit, level, module), name, seen)
            if found is not None:
                return found
        return None

    def _at(self, unit: Unit, scope: Body, name: str, node: int, seen: frozenset[tuple[str, str]]) -> str:
        """The path of a variable that an instruction gives its value."""
        own = f"{unit.name}.{scope.qualname}.{name}" if scope.qualname else f"{unit.name}.{name}"
        return self._named(unit, scope, node, seen) or own

    def _by_star(self, module: str | None, name: str, seen: frozenset[tuple[str, str]]) -> str | None:
        if module in ("typing", "typing_extensions"):
            return f"typing.{name}" if name in typing.__all__ else None
        source = self._modules.get(module or "")
        if source is None or (source.name, name) in seen or (source.facts.exports is None and name.startswith("_")):
            return None
        if source.facts.exports is not None and name not in source.facts.exports:
            return None
        return self._bound(source, source.facts.bodies[0], name, seen | {(source.name, name)})

    def _named(self, unit: Unit, scope: Body, node: int, seen: frozenset[tuple[str, str]]) -> str | None:
        """The path of what an instruction yields, if it is an import, a definition, or another name of one."""
        match scope.nodes[node]:
            case ("import", module):
                return str(module)
            case ("from", level, module, name):
                base = self._modules.absolute(unit, level, module)
                return self.member(base, name, seen) if base else None
            case ("class" | "func", index):
                return f"{unit.name}.{unit.facts.bodies[index].qualname}"
            case ("deco", _, target):
                return self._named(unit, scope, target, seen)
            case ("narrow", _, _, subject, _):
                return self._named(unit, scope, subject, seen)
            case ("attr", base, name):
                owner = self._named(unit, scope, base, seen)
                return self.member(owner, name, seen) if owner is not None else None
            case ("global", name):
                return self._bound(unit, unit.facts.bodies[0], name, seen) if scope.kind != "module" else None
            case ("phi", parts):
                found = [path for part in parts if part < node and (path := self._named(unit, scope, part, seen)) is not None]
                return found[0] if found else None
        return None


# --- forms

Resolve = Callable[[str], Form]
"""From a dotted name to its form ``("name", path, whether the path is complete)``."""


def type_form(node: ast.expr | None, resolve: Resolve) -> Form | None:
    """The form of a type expression; None for none."""
    return None if node is None else _type(node, resolve)


def value_form(node: ast.expr | None, resolve: Resolve) -> Form | None:
    """The form of a default value: as it is written, names by their path; None for none."""
    return None if node is None else _value(node, resolve)


def dotted_name(node: ast.expr) -> str | None:
    """``a.b.c`` for a chain of attributes of a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _type(node: ast.expr, resolve: Resolve) -> Form:
    name = dotted_name(node)
    if name is not None:
        return resolve(name)
    match node:
        case ast.Constant(value=None):
            return NONE
        case ast.Constant(value=str(text)):
            return _quoted(text, resolve)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_type(left, resolve), _type(right, resolve)])
        case ast.Subscript(value=value, slice=inner):
            return _subscript(_type(value, resolve), inner.elts if isinstance(inner, ast.Tuple) else [inner], resolve)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return ("list", *(_type(e, resolve) for e in elements))
        case ast.Starred(value=value):
            return ("star", _type(value, resolve))
    return _value(node, resolve)


def _quoted(text: str, resolve: Resolve) -> Form:
    try:
        return _type(ast.parse(text.strip(), mode="eval").body, resolve)
    except (SyntaxError, ValueError, RecursionError):
        return ("text", text)


def _subscript(base: Form, inner: Sequence[ast.expr], resolve: Resolve) -> Form:
    match base:
        case ("name", "typing.Literal", _):
            return _union(
                [NONE if isinstance(e, ast.Constant) and e.value is None else ("literal", _value(e, resolve)) for e in inner]
            )
        case ("name", "typing.Optional", _):
            return _union([*(_type(e, resolve) for e in inner), NONE])
        case ("name", "typing.Union", _):
            return _union([_type(e, resolve) for e in inner])
        case ("name", "typing.Annotated", _):
            return ("item", base, _type(inner[0], resolve), *(_value(e, resolve) for e in inner[1:]))
    return ("item", base, *(_type(e, resolve) for e in inner))


def _union(parts: Sequence[Form]) -> Form:
    flat: dict[Form, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part[1] if part[0] == "union" and isinstance(part[1], tuple) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else ("union", tuple(flat))


def unions_joined(form: Form) -> Form:
    """A form whose unions within unions are one union, after parts of it were replaced."""
    if form[:1] == ("union",) and isinstance(form[1], tuple):
        return _union([part for part in form[1] if isinstance(part, tuple)])
    return form


def _value(node: ast.AST, resolve: Resolve) -> Form:
    name = dotted_name(node) if isinstance(node, ast.expr) else None
    if name is not None:
        return resolve(name)
    if isinstance(node, ast.Constant):
        return NONE if node.value is None else ("constant", type(node.value).__name__, repr(node.value))
    parts: list[object] = [type(node).__name__]
    for _, part in ast.iter_fields(node):
        if isinstance(part, list):
            parts.append(("list", *(_value(p, resolve) if isinstance(p, ast.AST) else ("text", str(p)) for p in part)))
        elif isinstance(part, ast.AST) and not isinstance(part, ast.expr_context):
            parts.append(_value(part, resolve))
        elif not isinstance(part, ast.AST):
            parts.append(("text", str(part)))
    return tuple(parts)


# --- comparison


def equal(found: object, demanded: object) -> bool:
    """Whether a form is the demanded one; the order of a union's members does not matter."""
    if not (isinstance(found, tuple) and isinstance(demanded, tuple)):
        return found == demanded
    if found[:1] == demanded[:1] == ("name",):
        path, wanted, exact = str(found[1]), str(demanded[1]), bool(demanded[2])
        return path == wanted or (not exact and path.endswith("." + wanted))
    if found[:1] == demanded[:1] == ("union",):
        return _same_members(found[1], demanded[1])
    return len(found) == len(demanded) and all(map(equal, found, demanded))


def _same_members(found: Sequence[object], demanded: Sequence[object]) -> bool:
    """Whether the members of two unions can be paired."""
    if len(found) != len(demanded):
        return False
    if not demanded:
        return True
    rest = list(found)
    return any(
        equal(member, demanded[0]) and _same_members(rest[:n] + rest[n + 1 :], demanded[1:]) for n, member in enumerate(rest)
    )
