"""The classes that a contract guards, with those derived from them, and what their objects hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.program.classes import linearise
from buttress_scanner.program.contents import elements
from buttress_scanner.program.program import Subject, symbol_of
from buttress_scanner.program.values import SELF, Alias, Bound, Box, External, Instance, Member, Namespace, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.program import Program
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import ClassInfo

_KINDS = ("list", "dict", "defaultdict", "set")
_ABSTRACT = frozenset({
    "Sequence", "Iterable", "Iterator", "Collection", "Mapping", "AbstractSet", "Set", "Container", "Reversible",
    "MappingProxyType", "KeysView", "ValuesView", "ItemsView", "Generator",
})  # fmt: skip
"""Types that promise to read only."""
_OBJECTS = (
    "builtins.bytearray", "builtins.list", "builtins.dict", "builtins.set", "array.array", "collections.", "queue.",
)  # fmt: skip
_PROXIES = ("types.MappingProxyType",)
_NESTING = 4
_KEPT = 40
"""So many classes derived from one are kept by the engine: with more of them every set of values would be large."""
_SETTINGS = ("Config", "Meta")
"""Classes within classes that only hold settings."""


@dataclass(frozen=True, slots=True)
class Family:
    """Guarded classes, and all that derive from them."""

    roots: tuple[ClassInfo, ...]
    infos: frozenset[ClassInfo]

    @classmethod
    def of(cls, program: Program, selectors: Iterable[str]) -> Family:
        """Look up the classes that selectors name; ``module:*`` is every class of some modules."""
        roots: dict[ClassInfo, None] = {}
        for text in selectors:
            for parsed in program.patterns([text]):
                roots.update(dict.fromkeys(_named(program, parsed)))
        engine = program.engine
        infos = {i for i in engine.classes.values() if any(base in roots for base in linearise(engine, i))}
        return cls(tuple(roots), frozenset(infos))

    def guards(self, value: Value) -> bool:
        """Whether a value is an object of one of the classes."""
        return isinstance(value, (Instance, Member)) and value.info in self.infos

    def owner(self, value: Value) -> Value | None:
        """The guarded object that a value is, or whose ``__dict__`` it is."""
        inner = value.owner if isinstance(value, Namespace) else value
        return inner if self.guards(inner) else None


def _named(program: Program, selector: Selector) -> list[ClassInfo]:
    name = selector.name
    if name is not None and name != "*" and not name.endswith(".*"):
        return program.classes(str(selector))
    program.solve()
    prefix = (name or "*").removesuffix("*")
    found = [
        info
        for info in program.engine.classes.values()
        if selector.matches_module(info.unit.name) and info.body.qualname.startswith(prefix) and info.name not in _SETTINGS
    ]
    return sorted(found, key=lambda info: (info.unit.name, info.body.index, info.order))


def keep_objects(program: Program, selectors: Iterable[str]) -> None:
    """Have objects of the classes survive the limits of the engine, unless there are very many kinds of them."""
    for text in selectors:
        name = text.partition(":")[2].rpartition(".")[2]
        if name not in ("", "*") and len(program.descendants(name)) <= _KEPT:
            program.keep("", name)


def classes_named(program: Program, text: str) -> list[Subject]:
    """The classes that a selector names, before anything is evaluated."""
    found: list[Subject] = []
    for selector in program.patterns([text]):
        name = selector.name
        if name is not None and name != "*" and not name.endswith(".*"):
            found += [s for s in program.subjects(str(selector)) if s.body is not None and s.body.kind == "class"]
            continue
        prefix = (name or "*").removesuffix("*")
        for unit in program.modules.values():
            if selector.matches_module(unit.name):
                bodies = [b for b in unit.facts.bodies if b.kind == "class" and b.qualname.startswith(prefix)]
                found += [Subject(unit, b.qualname, b) for b in bodies if b.name not in _SETTINGS]
    return found


def symbol(value: Value) -> str:
    """The class of a guarded object, for a message."""
    info = value.info if isinstance(value, (Instance, Member)) else None
    return symbol_of(info.unit, info.body) if info is not None else ""


def is_mutable(engine: Engine, value: Value) -> bool:
    """Whether a value is a container that can be changed in place, as far as its type tells."""
    if isinstance(value, Object):
        return value.path.startswith(_OBJECTS)
    return isinstance(value, Box) and value.kind in _KINDS and not is_abstract(value) and not is_proxy(value)


def is_abstract(value: Value) -> bool:
    """Whether of a container only a type is known that promises to read only."""
    site = value.site if isinstance(value, Box) else None
    if isinstance(site, Bound):
        site = site.inner
    if isinstance(site, Alias) and isinstance(site.base, External):
        return site.base.path.rpartition(".")[2] in _ABSTRACT and not site.base.path.startswith("builtins.")
    return isinstance(site, tuple) and len(site) == 2 and site[0] == "declared" and site[1] in _ABSTRACT


def is_proxy(value: Value) -> bool:
    """Whether a container is a view of another through which nobody can change it."""
    site = value.site if isinstance(value, Box) else None
    if not isinstance(site, tuple) or len(site) < 2 or isinstance(site[0], str) or not isinstance(site[1], int):
        return False
    frame, node = site[0], site[1]
    operation = frame.body.nodes[node]
    cell = frame.cells[operation[1]] if operation[0] == "call" else None
    return cell is not None and any(isinstance(v, External) and v.path in _PROXIES for v in cell.values)


def held(engine: Engine, family: Family) -> dict[Value, list[Value]]:
    """The containers that guarded objects hold, nested ones included, each with the objects that hold it."""
    found: dict[Value, list[Value]] = {}
    cells = [(key[0], cell) for key, cell in engine.attributes.items() if family.guards(key[0])]
    for key, cell in list(engine.heap.items()):
        if isinstance(key, tuple) and key[0] == "of" and family.guards(key[1]):
            cells.append((key[1], cell))
        elif isinstance(key, tuple) and key[0] == "any" and key[1] in family.infos:
            cells.append((engine.instance(key[1], SELF), cell))
    for owner, cell in cells:
        for value in list(cell.values):
            _hold(engine, owner, value, found, 0)
    return found


def _hold(engine: Engine, owner: Value, value: Value, found: dict[Value, list[Value]], depth: int) -> None:
    if not isinstance(value, (Box, Object)) or depth > _NESTING:
        return
    owners = found.setdefault(value, [])
    if owner in owners:
        return
    owners.append(owner)
    if isinstance(value, Box):
        for element in elements(engine, value):
            _hold(engine, owner, element, found, depth + 1)
