"""A reader of the DOT language, as far as graphs need it, strict about quoting and structure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\\n]|\\.)*")
      | (?P<word>[A-Za-z_\x80-\uffff][\w\x80-\uffff]*|-?(?:\.\d+|\d+(?:\.\d*)?))
      | (?P<sign>->|[{}\[\];,=])
    )""",
    re.VERBOSE,
)


@dataclass
class Read:
    """Nodes and edges with their attributes, and the labels of subgraphs."""

    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    clusters: list[str] = field(default_factory=list)


def read(text: str) -> Read:
    """Read a directed graph; raise ValueError for anything that is not one."""
    tokens = _tokens(text)
    if [kind for kind, _ in tokens[:3]] != ["word", "word", "sign"] or tokens[0][1] != "digraph":
        raise ValueError("no digraph")
    found = Read()
    end = _statements(tokens, 3, found, top=True)
    if end != len(tokens):
        raise ValueError("something behind the graph")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no token at {text[position : position + 20]!r}")
        kind = match.lastgroup or ""
        value = match[kind]
        if kind == "quoted":
            value = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value[1:-1])
        found.append((kind, value))
        position = match.end()
    return found


def _statements(tokens: list[tuple[str, str]], at: int, found: Read, *, top: bool) -> int:
    """Read statements up to the closing brace; return what is behind it."""
    while tokens[at] != ("sign", "}"):
        if tokens[at] == ("word", "subgraph"):
            if tokens[at + 2] != ("sign", "{"):
                raise ValueError("a subgraph without a body")
            at = _statements(tokens, at + 3, found, top=False)
            continue
        name = _name(tokens[at])
        if tokens[at + 1] == ("sign", "="):
            if name == "label" and not top:
                found.clusters.append(_name(tokens[at + 2]))
            at += 3
        elif tokens[at + 1] == ("sign", "->"):
            attributes, at, target = *_attributes(tokens, at + 3), _name(tokens[at + 2])
            found.edges[name, target] = attributes
        else:
            attributes, at = _attributes(tokens, at + 1)
            if name not in ("node", "edge", "graph"):
                found.nodes[name] = attributes
        if tokens[at] != ("sign", ";"):
            raise ValueError(f"a statement about {name} without an end")
        at += 1
    return at + 1


def _attributes(tokens: list[tuple[str, str]], at: int) -> tuple[dict[str, str], int]:
    if tokens[at] != ("sign", "["):
        raise ValueError("no attributes")
    at += 1
    found: dict[str, str] = {}
    while tokens[at] != ("sign", "]"):
        if tokens[at + 1] != ("sign", "="):
            raise ValueError("an attribute without a value")
        found[_name(tokens[at])] = _name(tokens[at + 2])
        at += 3
        if tokens[at] == ("sign", ","):
            at += 1
    return found, at + 1


def _name(token: tuple[str, str]) -> str:
    if token[0] == "sign":
        raise ValueError(f"{token[1]} is no name")
    return token[1]
