"""Which modules a call of an import function loads, by the text that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program import contents
from buttress_scanner.program.values import Box, Const, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.facts.model import Body, Node
    from buttress_scanner.program.arguments import Args
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Unit
    from buttress_scanner.program.program import Program

RESOLVING = ("pkgutil.resolve_name", "django.utils.module_loading.import_string", "werkzeug.utils.import_string", "pydoc.locate")
"""They take the dotted name of something in a module."""
IMPORT_FUNCTIONS = (
    "importlib.import_module",
    "importlib.__import__",
    "builtins.__import__",
    "importlib.util.module_from_spec",
    *RESOLVING,
)
MENTIONS = {
    "import_module": b"importlib",
    "__import__": b"__import__",
    "module_from_spec": b"importlib",
    "resolve_name": b"pkgutil",
}
"""What a program names somewhere if it imports by name at all, and what it then contains besides."""
ROUNDS = 2
"""Helpers that call helpers are sought so deep."""


def package_of(unit: Unit) -> str:
    """The value of ``__package__`` in a module."""
    return unit.name if unit.is_package else unit.name.rpartition(".")[0]


def absolute_name(name: str, package: str) -> str:
    """The absolute name of a relative one such as ``..api``; "" where it leaves the top."""
    level = len(name) - len(name.lstrip("."))
    if level == 0:
        return name
    parts = package.split(".") if package else []
    if level > len(parts):
        return ""
    return ".".join([*parts[: len(parts) - level + 1], *([name[level:]] if name[level:] else [])])


def loaded_modules(engine: Engine, path: str, text: str, args: Args, site: tuple[Frame, int]) -> list[str]:
    """The absolute names of the modules that a call loads.

    Args:
        engine: for the modules of the program and the elements of lists.
        path: which of the import functions is called.
        text: the name that it is given.
        args: all its arguments.
        site: where it is called.
    """
    if path in RESOLVING:
        return [_resolved(engine, text)]
    if path == "importlib.util.module_from_spec":
        return [text]
    if path == "importlib.import_module":
        given = args.get(1, "package")
        packages = _texts(given) if given else [package_of(site[0].unit)]
        return [name for package in packages or [""] if (name := absolute_name(text, package))]
    level = next((v.value for v in args.get(4, "level") if isinstance(v, Const) and isinstance(v.value, int)), 0)
    name = absolute_name("." * level + text, package_of(site[0].unit))
    children = [f"{name}.{child}" for child in _elements(engine, args.get(3, "fromlist"))]
    return [each for each in [name, *(c for c in children if engine.modules.is_ours(c))] if each]


def _resolved(engine: Engine, text: str) -> str:
    """The module in ``package.module:name`` or ``package.module.name``."""
    module, colon, _ = text.partition(":")
    if colon:
        return module
    parts = text.split(".")
    cut = next((n for n in range(len(parts), 0, -1) if engine.modules.is_ours(".".join(parts[:n]))), 1)
    return ".".join(parts[:cut])


def _texts(values: list[Value]) -> list[str]:
    return [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]


def _elements(engine: Engine, values: list[Value]) -> list[str]:
    return [t for v in values if isinstance(v, Box) for t in _texts(contents.elements(engine, v))]


# --- what has to be looked at


@dataclass(frozen=True, slots=True)
class _Helper:
    """A function that hands on what it is given, and by what name others get at it: its own, or that of what it stands in."""

    unit: Unit
    name: str
    anchor: str

    def called(self, program: Program) -> set[str]:
        """The names that stand in calls of it: for a special method those of its class, and of classes derived from it."""
        return program.descendants(self.anchor) if self.name.startswith("__") else {self.name}

    def is_known_to(self, unit: Unit) -> bool:
        """Whether a module says that it imports the helper, and names it."""
        if unit is self.unit:
            return True
        if not (self.name.startswith("__") or self.name.encode() in unit.data):
            return False
        home = self.unit.name.rpartition(".")[2]
        return any({i.name, i.module.rpartition(".")[2]} & {self.anchor, home} for i in unit.facts.imports)


def concerned(program: Program) -> set[str]:
    """The modules in which an import function may be called, or a helper that hands a name on to one; empty for most programs.

    Large programs are sieved by what their modules import and mention, which overlooks a helper that is reached through a table.
    """
    from buttress_scanner.program.program import SMALL_PROGRAM, mentions

    functions = {name for name, home in MENTIONS.items() if any(home in unit.data for unit in program.modules.values())}
    functions |= _of_frameworks(program)
    mentioning = program.mentioning(functions)
    found = {unit.name: unit for unit in mentioning if any(mentions(body, functions) for body in unit.facts.bodies)}
    if found and len(program.modules) <= SMALL_PROGRAM:
        return set(program.modules)
    fresh = _helpers(found.values(), functions)
    for _ in range(ROUNDS):
        reached = [u for u in program.modules.values() if any(helper.is_known_to(u) for helper in fresh)]
        found.update({unit.name: unit for unit in reached})
        fresh = _helpers(reached, {name for helper in fresh for name in helper.called(program)})
    return set(found)


def _of_frameworks(program: Program) -> set[str]:
    """The names of import functions of frameworks that the program imports, and does not define itself."""
    homes: dict[str, set[str]] = {}
    for path in RESOLVING:
        home, _, name = path.rpartition(".")
        if not program.table.is_ours(home):
            homes.setdefault(home, set()).add(name)
    imported = {f.module for u in program.modules.values() for f in u.facts.imports}
    imported |= {f"{f.module}.{f.name}" for u in program.modules.values() for f in u.facts.imports}
    return {name for home, names in homes.items() if home in imported for name in names}


def _helpers(units: Iterable[Unit], names: set[str]) -> list[_Helper]:
    """The functions that hand on to a function of these names what they are given."""
    found: list[_Helper] = []
    for unit in units:
        for body in unit.facts.bodies:
            if body.kind == "function" and any(_hands_on(body, node, names) for node in body.nodes):
                owner = unit.facts.bodies[body.parent]
                found.append(_Helper(unit, body.name, owner.name if owner.kind in ("class", "function") else body.name))
    return found


def _hands_on(body: Body, node: Node, names: set[str]) -> bool:
    if node[0] != "call" or not names.intersection(str(part) for part in body.nodes[node[1]][1:]):
        return False
    return any(_depends(body, argument) for _, argument in (*node[2], *node[3]))


def _depends(body: Body, node: int) -> bool:
    """Whether a value may come from a parameter, a variable of a function around, or an attribute."""
    todo, seen = [node], {node}
    while todo:
        operation = body.nodes[todo.pop()]
        if operation[0] in ("param", "free", "attr", "own"):
            return True
        parts = [p for p in _numbers(operation[1:]) if 0 <= p < len(body.nodes) and p not in seen]
        seen.update(parts)
        todo += parts
    return False


def _numbers(parts: tuple[object, ...]) -> list[int]:
    """The numbers in the parts of an instruction: its operands, and now and then something else, which does no harm."""
    found: list[int] = []
    for part in parts:
        if isinstance(part, tuple):
            found += _numbers(part)
        elif isinstance(part, int) and not isinstance(part, bool):
            found.append(part)
    return found
