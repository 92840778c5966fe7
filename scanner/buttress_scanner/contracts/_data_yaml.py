"""YAML documents as values of JSON with lines, by the core schema of YAML 1.2: `yes` and dates are text, `on` is a plain key."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

import yaml

from buttress_scanner.contracts._data import DataError, Part, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ODD_FLOAT = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_MOST = 1_000_000
"""Values that a document may stand for when its aliases are written out."""


class _Loader(yaml.BaseLoader):
    """Composes nodes; plain scalars are told apart from quoted ones."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: object) -> str:
        """Return the tag of a node that has none."""
        if kind is yaml.ScalarNode and isinstance(implicit, tuple) and implicit[0]:
            return "plain"
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


def read_yaml(text: str) -> list[Part]:
    """Read the documents of a stream; empty ones count only where there is no other.

    Raises:
        DataError: it is no YAML, or holds what has no counterpart in JSON.
    """
    try:
        nodes = list(_nodes(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = _Lines(text).of(mark)[0] if mark else 1
        raise DataError(line, f"the document is not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        raise DataError(line, f"the document is not valid YAML: {getattr(error, 'reason', error)}") from None
    written = [node for node in nodes if not _is_empty(node)] or nodes[:1]
    return [_Building(_Lines(text)).part(node) for node in written] or [Part((1, 1))]


def _nodes(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield node
    finally:
        loader.dispose()


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "plain" and node.value == ""


class _Lines:
    """Lines as editors count them: YAML 1.1, and with it the library, begins new ones at further characters."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def of(self, mark: yaml.Mark) -> Spot:
        """The place of a mark."""
        line = bisect_left(self._ends, mark.index)
        return line + 1, mark.index - (self._ends[line - 1] if line else -1)


class _Building:
    """Turns the nodes of one document into parts; what an alias names is built once."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._built: dict[int, tuple[Part, int]] = {}
        self._open: set[int] = set()

    def part(self, node: yaml.Node) -> Part:
        """Build the part of a node."""
        return self._sized(node)[0]

    def _sized(self, node: yaml.Node) -> tuple[Part, int]:
        """The part of a node, and how many values it stands for."""
        known = self._built.get(id(node))
        if known is not None:
            return known
        spot = self._lines.of(node.start_mark)
        if id(node) in self._open:
            raise DataError(spot[0], "the document holds itself, by an alias within what it names")
        self._open.add(id(node))
        part, size = Part(spot), 1
        if isinstance(node, yaml.MappingNode):
            size += self._mapping(node, part)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                inner, inside = self._sized(item)
                part.listed.append(inner)
                size += inside
            part.value = [inner.value for inner in part.listed]
        elif isinstance(node, yaml.ScalarNode):
            part.value = _scalar(node, spot[0])
        if size > _MOST:
            raise DataError(spot[0], f"the document stands for more than {_MOST} values when its aliases are written out")
        self._open.discard(id(node))
        self._built[id(node)] = part, size
        return part, size

    def _mapping(self, node: yaml.MappingNode, part: Part) -> int:
        size = 0
        merged: list[Part] = []
        for key_node, value_node in node.value:
            value, inside = self._sized(value_node)
            size += inside + 1
            if key_node.tag == "plain" and key_node.value == "<<":
                merged += value.listed if isinstance(value.value, list) else [value]
                continue
            spot = self._lines.of(key_node.start_mark)
            key = _key(key_node, spot[0])
            if key in part.named:
                raise DataError(spot[0], f"the key {key!r} stands twice in one mapping")
            part.named[key], part.keys[key] = value, spot
        for source in merged:
            for key, value in source.named.items():
                if key not in part.named:
                    part.named[key], part.keys[key] = value, source.keys[key]
        part.value = {key: inner.value for key, inner in part.named.items()}
        return size


def _key(node: yaml.Node, line: int) -> str:
    """A key as JSON would write it: as text."""
    if not isinstance(node, yaml.ScalarNode):
        raise DataError(line, "a key is a mapping or a sequence, which JSON does not know")
    value = _scalar(node, line)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, str) else node.value


def _scalar(node: yaml.ScalarNode, line: int) -> str | int | float | bool | None:
    text = str(node.value)
    tag = node.tag.removeprefix(_PREFIX) if node.tag != "plain" else ""
    if tag not in ("", "int", "float", "bool", "null"):
        return text
    if tag == "null" or (not tag and text in _NULL):
        return None
    if tag in ("", "bool") and text in _BOOL:
        return _BOOL[text]
    return _number(text, tag, line)


def _number(text: str, tag: str, line: int) -> str | int | float:
    if tag != "float" and _INT.fullmatch(text):
        try:
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        except ValueError as error:
            raise DataError(line, f"the document is not valid: {error}") from None
    if tag != "int" and _FLOAT.fullmatch(text):
        return float(text)
    odd = _ODD_FLOAT.fullmatch(text)
    if odd and tag != "int":
        return float("nan") if odd[1] is None else float(f"{odd[1]}inf")
    return text
