"""Versioned locals: the environment of a body under construction, its joins and its loop heads."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from buttress_scanner.facts.model import Body, Span
    from buttress_scanner.facts.scopes import Names

Env = dict[str, int]
"""Variable, or access path such as ``self.x`` and ``d['k']``, to the node that is its current version."""


def path_of(node: ast.expr) -> str | None:
    """The access path of an expression made of a name, attributes and constant subscripts (at most four parts); else None."""
    parts: list[str] = []
    while len(parts) < 4:
        if isinstance(node, ast.Name):
            return node.id + "".join(reversed(parts))
        if isinstance(node, ast.Attribute):
            parts.append("." + node.attr)
            node = node.value
        elif (
            isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, (str, int))
        ):
            parts.append(f"[{node.slice.value!r}]")
            node = node.value
        else:
            return None
    return None


def _is_path(key: str) -> bool:
    return "." in key or "[" in key


def _last(key: str) -> str:
    return "[]" if key.endswith("]") else key.rpartition(".")[2]


def _root(key: str) -> str:
    for position, char in enumerate(key):
        if char in ".[":
            return key[:position]
    return key


class Ssa:
    """Nodes and environments of one body."""

    def __init__(self, body: Body, names: Names) -> None:
        self.body = body
        self.names = names
        self.env: Env = {}
        self.dead = False
        self.statement: Span = (0, 0, 0, 0)
        self.stored: set[str] = set()
        self.paths: dict[str, dict[str, None]] = {}
        """Access paths that were ever known in this body, by the variable that they begin with."""
        self.journals: list[list[tuple[str, int]]] = []

    def emit(self, span: Span, *node: Any) -> int:
        """Append a node and return its index; a call ends what is known of stored access paths."""
        index = len(self.body.nodes)
        self.body.nodes.append(node)
        self.body.spans.append(span)
        if self.stored and node[0] in ("call", "deco", "await", "enter", "exit", "yield", "yieldfrom"):
            for key in self.stored:
                self.env.pop(key, None)
            self.stored = set()
        return index

    def bind(self, name: str, node: int) -> None:
        """Make ``node`` the current version of a variable."""
        self.env[name] = node
        self.body.versions.setdefault(name, []).append(node)
        if self.body.kind == "function":
            self.body.stores.append((self.statement, name, node))
        self._forget(self.paths.get(name, ()))
        for journal in self.journals:
            journal.append((name, node))

    def bind_path(self, key: str, node: int) -> None:
        """Record a store to an access path; other paths that end alike may be the same place and are forgotten."""
        last = _last(key)
        self._forget(other for other in self._known_paths() if _last(other) == last or other.startswith(key))
        self.env[key] = node
        self.stored.add(key)
        self._note_path(key)

    def bind_update(self, name: str, args: tuple[tuple[bool, int], ...], keywords: tuple[tuple[str, int], ...]) -> None:
        """Record ``name.update(...)`` of a dict that was written out here: what it stores under constant keys is there now."""
        nodes = self.body.nodes
        written = [nodes[node][1] for starred, node in args if not starred and nodes[node][0] == "dict"]
        if name not in self.env or nodes[self.env[name]][0] != "dict" or len(written) != len(args):
            return
        items = {nodes[key][1]: value for pairs in written for key, value in pairs if key >= 0 and nodes[key][0] == "const"}
        items.update((key, value) for key, value in keywords if key)
        known = {f"{name}[{key!r}]": value for key, value in items.items() if isinstance(key, (str, int))}
        if len(known) == sum(map(len, written)) + len(keywords):  # a key that is not known could be any of the others
            self.env.update(known)
            self.stored.update(known)
            for key in known:
                self._note_path(key)

    def refine(self, key: str, node: int) -> None:
        """Make a narrowed version current; it is no new value."""
        self.env[key] = node
        if _is_path(key):
            self._note_path(key)

    def _note_path(self, key: str) -> None:
        self.paths.setdefault(_root(key), {})[key] = None

    def _known_paths(self) -> list[str]:
        return [key for keys in self.paths.values() for key in keys]

    def _forget(self, paths: Iterable[str]) -> None:
        for key in paths:
            if key in self.env:
                del self.env[key]
                self.stored.discard(key)

    def join(self, envs: list[Env], span: Span, tests: list[tuple[int, ...]] | None = None) -> Env:
        """Merge environments: equal versions stay, others meet in a phi; an access path must be known in all.

        With the tests on the way to each environment, the phi knows them for what comes from there only.
        """
        if len(envs) == 1:
            return dict(envs[0])
        merged: Env = {}
        for key in dict.fromkeys(k for env in envs for k in env):
            inputs = list(dict.fromkeys(env[key] for env in envs if key in env))
            if _is_path(key) and any(key not in env for env in envs):
                self.stored.discard(key)
                continue
            merged[key] = inputs[0] if len(inputs) == 1 else self.emit(span, "phi", tuple(inputs))
            if len(inputs) > 1 and tests is not None:
                self.note_arms(merged[key], [env.get(key) for env in envs], tests)
        return merged

    def note_arms(self, phi: int, inputs: Sequence[int | None], tests: Sequence[tuple[int, ...]]) -> None:
        """Note the tests on the way to those inputs of a phi that come from one place only."""
        arms = {i: t for i, t in zip(inputs, tests, strict=True) if i is not None and t and inputs.count(i) == 1}
        if arms:
            self.body.arms[phi] = arms

    def open_loop(self, names: set[str], attributes: set[str], span: Span) -> dict[str, int]:
        """Start a loop: a phi for every name the body assigns, patched by `close_loop`."""
        self._forget([key for key in self._known_paths() if key in self.stored or _last(key) in attributes])
        heads: dict[str, int] = {}
        for name in sorted(names):
            if name in self.env or name in self.names.bound:
                inputs = (self.env[name],) if name in self.env else ()
                heads[name] = self.emit(span, "phi", inputs)
                self.env[name] = heads[name]
                self.body.versions.setdefault(name, []).append(heads[name])
        return heads

    def close_loop(self, heads: dict[str, int], ends: list[Env]) -> None:
        """Feed the versions that reach the loop's head again into its phis."""
        for name, head in heads.items():
            inputs = dict.fromkeys(self.body.nodes[head][1])
            inputs.update(dict.fromkeys(env[name] for env in ends if name in env and env[name] != head))
            self.body.nodes[head] = ("phi", tuple(inputs))

    def after_raise(self, entry: Env, journal: list[tuple[str, int]], span: Span) -> Env:
        """The environment at the start of a handler: each variable in every version that the try body made."""
        inputs: dict[str, dict[int, None]] = {k: {v: None} for k, v in entry.items() if not _is_path(k)}
        for name, node in journal:
            inputs.setdefault(name, {})[node] = None
        return {
            name: next(iter(nodes)) if len(nodes) == 1 else self.emit(span, "phi", tuple(nodes)) for name, nodes in inputs.items()
        }
