"""Proposals that follow from what the code does: one caller of a family of methods, states of an enum, absent effects."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from buttress_scanner.init.model import Project, Proposal, some
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.enums import enum_members
from buttress_scanner.program.program import symbol_of
from buttress_scanner.program.query_effects import Effects
from buttress_scanner.program.values import Member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.init.model import Part
    from buttress_scanner.program.frames import ClassInfo, Frame

_MOST = 4
_OVERRIDES = 2
_STATES = ("state", "status", "phase", "stage")
_ENOUGH_MEMBERS = 3
_ENOUGH_FUNCTIONS = 8
_EFFECTS = ("clock", "random", "io", "thread", "async", "env", "global-state", "unordered")
_ALWAYS = frozenset(("clock", "random", "io"))
"""Effects without which a package is worth a contract."""


def behaviour(project: Project) -> Iterator[Proposal]:
    """Yield proposals about calls, states and effects; solves the whole program."""
    yield from _choke_points(project)
    yield from _states(project)
    yield from _pure(project)


# --- who calls the methods of a family of classes


def _choke_points(project: Project) -> Iterator[Proposal]:
    callers = _callers(project)
    found = []
    for base, name, overrides in _families(project):
        family = {(base.unit.name, base.body.index), *((i.unit.name, i.body.index) for i, _ in overrides)}
        bodies = {(base.unit.name, _method(base, name)), *((i.unit.name, body) for i, body in overrides)}
        calling = {f for unit, body in bodies if body is not None for f in callers[unit, body.index] if not _is_of(f, family)}
        modules = {frame.unit.name for frame in calling if frame.unit.path.split("/")[0] not in project.tests}
        if len(modules) == 1 and modules.isdisjoint(info.unit.name for info, _ in overrides):
            found.append((base, name, overrides, modules.pop()))
    covered = {(info, name, module) for _, name, overrides, module in found for info, _ in overrides}
    found = [each for each in found if (each[0], each[1], each[3]) not in covered]  # the class above says it for this one too
    found.sort(key=lambda each: (-len(each[2]), each[0].symbol, each[1]))
    for base, name, overrides, module in found[:_MOST]:
        method = _method(base, name)
        symbol = symbol_of(base.unit, method) if method is not None else f"{base.symbol}.{name}"
        classes = sorted({info.body.name for info, _ in overrides})
        fields: dict[str, object] = {"protect": [symbol], "only": [module], **_exempt(project)}
        evidence = (f"{len(overrides)} classes override it ({some(classes)}); only `{module}` calls it.",)
        because = f"Everything that has to happen around a call of `{name}` happens in one place."
        label = f"{base.body.name}-{name}".strip("_").replace("_", "-").lower()
        yield Proposal(f"one-caller-of-{label}", "choke-point", fields, because, evidence)


def _callers(project: Project) -> dict[tuple[str, int], set[Frame]]:
    found: dict[tuple[str, int], set[Frame]] = defaultdict(set)
    for frame in project.program.frames():
        for callees in frame.edges.values():
            for callee, how in callees.items():
                if how != "fits":
                    found[callee.unit.name, callee.body.index].add(frame)
    return found


def _families(project: Project) -> Iterator[tuple[ClassInfo, str, list[tuple[ClassInfo, Body | None]]]]:
    """Public methods of classes of the product that several classes derived from them override."""
    engine = project.program.solve()
    infos = [i for i in engine.classes.values() if _is_product(project, i.unit.name)]
    derived: dict[ClassInfo, list[ClassInfo]] = defaultdict(list)
    for info in infos:
        for base in linearise(engine, info)[1:]:
            derived[base].append(info)
    for base in sorted(derived, key=lambda info: (info.unit.name, info.body.index)):
        if not _is_product(project, base.unit.name):
            continue
        for body in _methods(base):
            overriding = [(info, _method(info, body.name)) for info in derived[base]]
            overriding = [(info, own) for info, own in overriding if own is not None]
            if len(overriding) >= _OVERRIDES and not body.name.startswith("_"):
                yield base, body.name, overriding


def _methods(info: ClassInfo) -> list[Body]:
    return [b for b in info.unit.facts.bodies if b.parent == info.body.index and b.kind == "function"]


def _method(info: ClassInfo, name: str) -> Body | None:
    return next((body for body in reversed(_methods(info)) if body.name == name), None)


def _is_of(frame: Frame, family: set[tuple[str, int]]) -> bool:
    """Whether a frame is of a method of these classes: a method that calls what it overrides is no caller."""
    return (frame.unit.name, frame.body.parent) in family


def _is_product(project: Project, module: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in project.packages)


def _exempt(project: Project) -> dict[str, object]:
    if not project.tests:
        return {}
    return {
        "exempt": [{"path": f"{folder}/**", "reason": "This code tries out what the rule protects."} for folder in project.tests]
    }


# --- which states occur where


def _states(project: Project) -> Iterator[Proposal]:
    engine = project.program.solve()
    mentioned = _mentions(project)
    found = 0
    for info in sorted(mentioned, key=lambda info: (info.unit.name, info.body.index)):
        names = enum_members(engine, info)
        if len(names) < _ENOUGH_MEMBERS or not any(word in info.body.name.lower() for word in _STATES):
            continue
        for part in _all_parts(project):
            used = {name for unit in part.modules for name in mentioned[info].get(unit.name, ())}
            inside = any(unit is info.unit for unit in part.modules)
            if found == _MOST or inside or not used or len(used) == len(names):
                continue
            found += 1
            allowed = [name for name in names if name in used]
            others = [name for name in names if name not in used]
            label = f"{info.body.name}-in-{part.last}".replace("_", "-").lower()
            evidence = (f"`{part.name}` mentions {some(allowed)} of {len(names)} members, and never {some(others)}.",)
            because = f"Who may see or set which `{info.body.name}` is decided, and does not come about."
            fields: dict[str, object] = {"enum": str(info.symbol), "zone": [part.pattern], "allow": allowed}
            yield Proposal(label, "enum-zone", fields, because, evidence)


def _mentions(project: Project) -> dict[ClassInfo, dict[str, set[str]]]:
    """The members of each enum that each module mentions."""
    found: dict[ClassInfo, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for frame in project.program.frames():
        for node, operation in enumerate(frame.body.nodes):
            cell = frame.cells[node] if operation[0] in ("attr", "item") else None
            for value in cell.values if cell is not None else ():
                if isinstance(value, Member) and _is_product(project, value.info.unit.name):
                    found[value.info][frame.unit.name].add(value.name)
    return found


def _all_parts(project: Project) -> list[Part]:
    return [part for package in project.packages for part in project.parts(package)]


# --- what has no effects


def _pure(project: Project) -> Iterator[Proposal]:
    """The largest packages and modules without effects; what stands inside of one is not named again."""
    effects = Effects(project.program)
    guilty = {effect: {frame.unit.name for frame in effects.having(effect)} for effect in _EFFECTS}
    found = []
    todo = _all_parts(project)
    while todo:
        part = todo.pop(0)
        functions = sum(body.kind == "function" for unit in part.modules for body in unit.facts.bodies)
        absent = [effect for effect in _EFFECTS if not any(unit.name in guilty[effect] for unit in part.modules)]
        if functions >= _ENOUGH_FUNCTIONS and set(absent) >= _ALWAYS:
            found.append((part, functions, absent))
        elif part.is_package:
            todo += project.parts(part.name)
    found.sort(key=lambda each: (-len(each[2]), -each[1], each[0].name))
    for part, functions, absent in found[:_MOST]:
        evidence = (
            f"None of the {functions} functions in `{part.name}` has one of these effects, not even through what it calls.",
        )
        because = "The same input gives the same result, and tests need no preparation."
        fields: dict[str, object] = {"zone": [part.pattern], "forbid": absent}
        yield Proposal(f"{part.last.replace('_', '-').strip('-').lower()}-is-pure", "effect-purity", fields, because, evidence)
