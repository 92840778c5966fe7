"""Names across modules: absolute names of relative imports, packages, star imports, what a module exports."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.values import External

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site, Unit
    from buttress_scanner.program.values import Value


class Modules:
    """The modules of the program by dotted name, and the packages that contain them."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units: Mapping[str, Unit] = {u.name: u for u in sorted(units, key=lambda u: u.name)}
        self.packages: set[str] = set()
        self._definitions: dict[str, list[tuple[Unit, int]]] | None = None
        for name in self.units:
            parts = name.split(".")
            self.packages.update(".".join(parts[:n]) for n in range(1, len(parts)))

    def classes_with(self, name: str) -> list[tuple[Unit, int]]:
        """The class bodies of the program that bind a name."""
        if self._definitions is None:
            self._definitions = {}
            for unit in self.units.values():
                for body in unit.facts.bodies:
                    for member in body.exit if body.kind == "class" else ():
                        self._definitions.setdefault(member, []).append((unit, body.index))
        return self._definitions.get(name, [])

    def get(self, name: str) -> Unit | None:
        """The module of this name."""
        return self.units.get(name)

    def is_ours(self, name: str) -> bool:
        """Whether the name is a module or a (namespace) package of the program."""
        return name in self.units or name in self.packages

    def absolute(self, unit: Unit, level: int, module: str) -> str | None:
        """The absolute name of ``from <level dots><module> import``; None where it leaves the top."""
        if level == 0:
            return module
        parts = unit.name.split(".")
        drop = level - 1 if unit.is_package else level
        if drop > len(parts):
            return None
        base = ".".join(parts[: len(parts) - drop])
        return f"{base}.{module}" if base and module else base or module


def run_import(engine: Engine, name: str, site: tuple[Frame, int]) -> None:
    """Importing at a site runs the bodies of modules of the program, packages first; of others, what the catalogue says.

    What a function imports of the packages around it has run before: they are loaded when its module is.
    """
    parts = name.split(".")
    inside = f"{site[0].unit.name}." if site[0].body.kind == "function" else ""
    for number in range(1, len(parts) + 1):
        part = ".".join(parts[:number])
        unit = engine.modules.get(part)
        if unit is not None:
            if not inside.startswith(f"{part}."):
                engine.edge(site, unit.frame, "import")
            continue
        effects = engine.catalogue.import_effects(part)
        if effects:
            engine.deed(site, part, effects, f"imports {part}")


def module_named(engine: Engine, name: str) -> Value:
    """The value of a dotted module name: of the program, a namespace package of it, or external."""
    unit = engine.modules.get(name)
    if unit is not None:
        return engine.module_value(unit)
    result: Value = engine.make(External, name)
    return result


def import_from(engine: Engine, unit: Unit, level: int, module: str, name: str, site: Site) -> list[Value]:
    """What ``from module import name`` binds; a module's ``__getattr__`` runs at ``site``."""
    absolute = engine.modules.absolute(unit, level, module)
    if absolute is None:
        return [engine.unknown("relative import beyond the top")]
    source = engine.modules.get(absolute)
    child = f"{absolute}.{name}" if absolute else name
    if source is not None:
        engine.reach(source.frame, 0)
        found = module_member(engine, source, name)
        if found:
            return found
    if engine.modules.is_ours(child):
        return [module_named(engine, child)]
    if source is not None:
        return by_fallback(engine, source, name, site) or [engine.unknown(f"no {name} in {absolute}")]
    return [engine.make(External, child)]


def by_fallback(engine: Engine, unit: Unit, name: str, site: Site) -> list[Value]:
    """What the ``__getattr__`` of a module gives for a name that the module does not bind."""
    from buttress_scanner.program.calls import call

    return [v for f in module_member(engine, unit, "__getattr__") for v in call(engine, f, Args([[engine.const(name)]]), site)]


def module_member(engine: Engine, unit: Unit, name: str, seen: frozenset[str] = frozenset()) -> list[Value]:
    """What a module binds to a name once its body has run: its own versions, what functions and others store, star imports."""
    body = unit.facts.bodies[0]
    found: dict[Value, None] = {}
    if name in body.exit:
        found.update(dict.fromkeys(engine.read(unit.frame, body.exit[name])))
    elif name in body.versions:
        for node in body.versions[name]:
            found.update(dict.fromkeys(engine.read(unit.frame, node)))
    found.update(dict.fromkeys(engine.values(engine.slot(unit, name))))
    if not found and name in body.annotations:
        from buttress_scanner.program.types import instantiate

        found.update(dict.fromkeys(instantiate(engine, unit.frame, body.annotations[name])))
    if unit.stub is not None:
        from buttress_scanner.program.stubs import variable_in_stub

        found.update(dict.fromkeys(variable_in_stub(engine, unit, name, list(found))))
    if unit.name in seen or not unit.facts.stars:
        return list(found)
    starred, certain = _starred(engine, unit, name, seen | {unit.name}, body.exit.get(name, -1))
    if certain:
        return starred
    return [*found, *starred] or _external_star(engine, unit, name)


def replaced_by_star(engine: Engine, unit: Unit, name: str) -> list[Value]:
    """What a star import surely binds to a name that the module had bound before; nothing where none does."""
    bound = unit.facts.bodies[0].exit.get(name) if unit.facts.stars else None
    if bound is None:
        return []
    starred, certain = _starred(engine, unit, name, frozenset({unit.name}), bound)
    return starred if certain else []


def _starred(engine: Engine, unit: Unit, name: str, seen: frozenset[str], after: int) -> tuple[list[Value], bool]:
    """What star imports of modules of the program bind to a name behind an instruction, and whether one of them surely does.

    The last one decides, unless it stands in a branch.
    """
    body = unit.facts.bodies[0]
    found: dict[Value, None] = {}
    for index in range(len(body.nodes) - 1, after, -1):
        if body.nodes[index][0] != "star":
            continue
        _, level, module = body.nodes[index]
        source = engine.modules.get(engine.modules.absolute(unit, level, module) or "")
        values = module_member(engine, source, name, seen) if source is not None and _exported(source, name) else []
        found.update(dict.fromkeys(values))
        if values and body.spans[index][1] == 0:
            return list(found), True
    return list(found), False


def _exported(unit: Unit, name: str) -> bool:
    if unit.facts.exports is not None:
        return name in unit.facts.exports
    return not name.startswith("_")


def _external_star(engine: Engine, unit: Unit, name: str) -> list[Value]:
    """Star imports from outside: a name comes from the module of which the catalogue says so.

    Where it says something of all names of a module, that is one of them unless it is a built-in, or another module's by name.
    """
    stars = [engine.modules.absolute(unit, level, module) for level, module in unit.facts.stars]
    paths = [f"{module}.{name}" for module in stars if module and engine.modules.get(module) is None]
    if name.startswith("_"):
        return []
    by_name = [path for path in paths if engine.catalogue.names(path)]
    known = by_name or [path for path in paths if not hasattr(builtins, name) and engine.catalogue.entry(path) is not None][:1]
    return [engine.make(External, path) for path in known[-1:]]
