"""What is true of a body whatever it is called with, worked out once for each body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body


@dataclass(frozen=True, slots=True)
class Traits:
    """What a body does, apart from what it is called with."""

    passed_on: frozenset[str]
    """The parameters that it returns as they came; empty where it returns anything else, or tests them before."""
    always_sets: frozenset[str]
    """The attributes of its first parameter that it assigns on every way through it."""
    stored_attributes: frozenset[str]
    """The attribute names that it assigns, also through ``__dict__``."""
    stores_globals: bool
    """Whether it assigns module variables."""
    makes_callables: bool
    """Whether it defines functions or classes of its own."""


class Bodies(dict["Body", Traits]):
    """The traits of every body that somebody asked about."""

    def __missing__(self, body: Body) -> Traits:
        operations = {node[0] for node in body.nodes}
        found = self[body] = Traits(
            _passed_on(body),
            _always_sets(body) if "setattr" in operations else frozenset(),
            _stored_attributes(body) if operations & {"setattr", "setitem"} else frozenset(),
            "gstore" in operations,
            not operations.isdisjoint(("func", "class")),
        )
        return found


def _passed_on(body: Body) -> frozenset[str]:
    if body.is_async or body.is_generator or any(map(body.guards.get, body.returns)):
        return frozenset()
    found = {
        body.nodes[source][1] if body.nodes[source][0] == "param" else ""
        for node in body.returns
        for source in _sources(body, node)
    }
    return frozenset(found) if "" not in found else frozenset()


def _sources(body: Body, node: int) -> set[int]:
    """The nodes of which a node is one, whichever way was taken."""
    seen, pending = set(), [node]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            pending += body.nodes[current][1] if _is_variable(body, current) else ()
    return {n for n in seen if not _is_variable(body, n)}


def _is_variable(body: Body, node: int) -> bool:
    """Whether the node is a version of a variable; what was stored to an object may be read by code of the object's own."""
    return body.nodes[node][0] == "phi" and len(body.nodes[node]) == 2


def _always_sets(body: Body) -> frozenset[str]:
    if not body.params:
        return frozenset()
    receiver = ("param", body.params[0].name)
    surely = [range(entry[2], entry[3]) for entry in body.tree if entry[0] == "eval"]
    return frozenset(
        node[2]
        for part in surely
        for index in part
        if (node := body.nodes[index])[0] == "setattr"
        and body.nodes[node[1]] == receiver
        and not any(a <= index < b for a, b in body.conditional)
    )


def _stored_attributes(body: Body) -> frozenset[str]:
    nodes = body.nodes
    found = {node[2] for node in nodes if node[0] == "setattr"}
    for node in nodes:
        if node[0] == "setitem" and nodes[node[1]][0] == "attr" and nodes[node[1]][2] == "__dict__":
            key = nodes[node[2]]
            if key[0] == "const" and isinstance(key[1], str):
                found.add(key[1])
    return frozenset(found)
