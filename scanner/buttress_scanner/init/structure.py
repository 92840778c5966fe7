"""Proposals that follow from imports: layers that hold, packages that know nothing of each other, no circles, no test code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.graphs import knots_of, levels_of
from buttress_scanner.init.model import Project, Proposal, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from buttress_scanner.init.model import Part

_TESTING = ("pytest", "unittest", "hypothesis", "nose", "mock")
_FEW = 3
_MOST = 3


def structure(project: Project) -> Iterator[Proposal]:
    """Yield proposals about the main packages' imports."""
    for package in project.packages[:_MOST]:
        label = package.replace(".", "-").replace("_", "-").lower()
        parts = [part for part in project.parts(package) if part.last != "__main__"]
        imports = project.imports(parts)
        yield from _layers(package, label, parts, imports)
        yield from _acyclic(project, package, label)
        yield from _independent(project, package)
        yield from _no_test_code(project, package, label)


def _layers(package: str, label: str, parts: list[Part], imports: dict[tuple[str, str], int]) -> Iterator[Proposal]:
    """The order that the imports of a package have already."""
    edges = {part.name: {other for own, other in imports if own == part.name} for part in parts}
    groups = circles(edges)
    level = _levels(groups, edges)
    connected = [part for part in parts if any(part.name in pair for pair in imports)]
    height = max((level[part.name] for part in connected), default=0)
    if len(connected) < _FEW or not height:
        return
    layers = [[part.pattern for part in connected if level[part.name] == number] for number in range(height + 1)]
    joined = [sorted(group) for group in groups if len(group) > 1]
    down = sum(count for (own, other), count in imports.items() if level[own] != level[other])
    evidence = [f"{down} imports between {len(connected)} parts of `{package}` lead downwards in this order, none upwards."]
    evidence += [f"{some(group)} import each other, and stand side by side for now." for group in joined]
    fields: dict[str, object] = {"layers": [layer[0] if len(layer) == 1 else layer for layer in layers]}
    if not joined and any(len(layer) > 1 for layer in layers):
        fields["independent-siblings"] = True
    because = "Whoever changes a lower layer need not know the higher ones."
    yield Proposal(f"{label}-layers", "import-layers", fields, because, tuple(evidence))


def _acyclic(project: Project, package: str, label: str) -> Iterator[Proposal]:
    units = project.program.select([f"{package}.**"])
    names = {unit.name for unit in units}
    edges = {u.name: {i.imported for i in project.graph.written(u) if project.graph.runs(i)} & names - {u.name} for u in units}
    if len(units) >= _FEW and all(len(group) == 1 for group in circles(edges)):
        evidence = (f"{sum(map(len, edges.values()))} imports among {len(units)} modules form no circle.",)
        because = "Modules that import each other can only be understood, tested and moved together."
        yield Proposal(f"{label}-without-circles", "acyclic", {"modules": [f"{package}.**"]}, because, evidence)


def _independent(project: Project, package: str) -> Iterator[Proposal]:
    """Packages whose parts know nothing of each other, neither directly nor through others."""
    found = 0
    for holder in _holders(project, package):
        parts = [part for part in project.parts(holder) if not part.last.startswith("_")]
        if found == _MOST or len(parts) < _FEW or not _are_apart(project, parts):
            continue
        found += 1
        label = holder.replace(".", "-").replace("_", "-").lower()
        evidence = (f"{some([part.name for part in parts])} do not import each other, not even through others.",)
        because = "Each of them can be changed or removed alone."
        fields = {"modules": [part.pattern for part in parts]}
        yield Proposal(f"{label}-apart", "independent-modules", fields, because, evidence)


def _holders(project: Project, package: str) -> list[str]:
    """The packages below a package, the package itself left out."""
    found: list[str] = []
    todo = [part.name for part in project.parts(package) if part.is_package]
    while todo:
        name = todo.pop(0)
        found.append(name)
        todo += [part.name for part in project.parts(name) if part.is_package]
    return found


def _are_apart(project: Project, parts: list[Part]) -> bool:
    """Whether no part leads to another one by any chain of imports."""
    modules = project.program.modules
    for part in parts:
        own = {unit.name for unit in part.modules}
        others = {unit.name for other in parts if other is not part for unit in other.modules}
        seen, todo = set(own), list(part.modules)
        while todo:
            for each in project.graph.written(todo.pop()):
                if each.imported in others:
                    return False
                target = modules.get(each.imported)
                if target is not None and target.name not in seen:
                    seen.add(target.name)
                    todo.append(target)
    return True


def _no_test_code(project: Project, package: str, label: str) -> Iterator[Proposal]:
    units = project.program.select([f"{package}.**"])
    used = {each.imported.partition(".")[0] for unit in units for each in project.graph.written(unit)}
    testing = [name for name in _TESTING if name not in used]
    own = [folder for folder in project.tests if any(u.name.startswith(f"{folder}.") for u in project.program.modules.values())]
    if not own or used & {*_TESTING, *own}:
        return
    evidence = (f"None of the {len(units)} modules imports test code today.",)
    fields = {"modules": [f"{package}.**"], "forbidden": [*(f"{folder}.**" for folder in own), *testing]}
    because = "What is shipped does not need what tests need."
    yield Proposal(f"{label}-without-test-code", "forbidden-imports", fields, because, evidence)


# --- graphs


def circles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected groups of a graph, each sorted, in the order of their first names."""
    knots = knots_of(sorted(edges), _pairs(edges))
    groups: dict[int, list[str]] = {}
    for name in sorted(edges):
        groups.setdefault(knots[name], []).append(name)
    return sorted(groups.values())


def _levels(groups: Iterable[list[str]], edges: Mapping[str, set[str]]) -> dict[str, int]:
    """How deep each node stands: below everything that leads to it; nodes of one circle stand on one level."""
    group_of = {name: group[0] for group in groups for name in group}
    between = {(group_of[own], group_of[other]) for own, other in _pairs(edges) if group_of[own] != group_of[other]}
    levels = levels_of(sorted(set(group_of.values())), sorted(between))
    return {name: levels[first] for name, first in group_of.items()}


def _pairs(edges: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    return [(own, other) for own in sorted(edges) for other in sorted(edges[own]) if other in edges]
