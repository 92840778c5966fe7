"""Proposals that follow from imports: layers that hold, packages that know nothing of each other, no circles, no test code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.init.model import Project, Proposal, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected groups of a graph, each sorted, in order of their first names (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []
    for start, leading in edges.items():
        if start in index:
            continue
        work = [(start, iter(sorted(leading)))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            node, rest = work[-1]
            following = next((n for n in rest if n in edges), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    groups.append(sorted(stack[cut:]))
                    del stack[cut:]
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                work.append((following, iter(sorted(edges[following]))))
            elif following in stack:
                low[node] = min(low[node], index[following])
    return sorted(groups)


def _levels(groups: Iterable[list[str]], edges: dict[str, set[str]]) -> dict[str, int]:
    """How deep each node stands: below everything that leads to it; nodes of one circle stand on one level."""
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    above: dict[int, set[int]] = {number: set() for number in group_of.values()}
    for own, others in edges.items():
        for other in others:
            if group_of[own] != group_of[other]:
                above[group_of[other]].add(group_of[own])
    levels: dict[int, int] = {}

    def level(number: int) -> int:
        if number not in levels:
            levels[number] = max((level(each) + 1 for each in sorted(above[number])), default=0)
        return levels[number]

    return {name: level(number) for name, number in group_of.items()}
