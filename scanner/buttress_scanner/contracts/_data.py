"""JSON, YAML and TOML as contracts read them: plain values, and the line of each part."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from datetime import date, time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

Path = tuple[str | int, ...]
"""The way to a value: keys, and indexes into arrays."""

Spot = tuple[int, int]
"""Line and column of something's first character, counted from 1."""

_BY_ENDING = {
    ".json": "json", ".sarif": "json", ".geojson": "json", ".webmanifest": "json", ".ipynb": "json", ".jsonl": "lines",
    ".ndjson": "lines", ".yaml": "yaml", ".yml": "yaml", ".cff": "yaml", ".toml": "toml",
}  # fmt: skip


class DataError(Exception):
    """A document that cannot be read. ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Part:
    """A value of a document with its place, and the parts it consists of."""

    spot: Spot
    value: object = None
    named: dict[str, Part] = field(default_factory=dict)
    listed: list[Part] = field(default_factory=list)
    keys: dict[str, Spot] = field(default_factory=dict)
    """Where each key stands."""

    @property
    def line(self) -> int:
        """The line on which the value begins."""
        return self.spot[0]

    def at(self, path: Sequence[str | int]) -> Part:
        """The part at the end of a way, or the last one on it that exists."""
        part = self
        for step in path:
            if isinstance(step, str) and step in part.named:
                part = part.named[step]
            elif isinstance(step, int) and 0 <= step < len(part.listed):
                part = part.listed[step]
            else:
                break
        return part


def read_data(path: str, data: bytes) -> list[Part]:
    """Read the documents of a file: those of a YAML stream, or one.

    Args:
        path: its ending says in which language the file is written; of any other file, JSON is tried, then YAML.
        data: what is in it.

    Raises:
        DataError: it is not written in that language, or holds what has no counterpart in JSON.
    """
    ending = path[path.rfind(".") :].lower() if "." in path.rpartition("/")[2] else ""
    text = _decoded(data)
    last = len(text.rstrip("\n").split("\n"))
    try:
        return _READERS[_BY_ENDING.get(ending, "any")](text)
    except RecursionError:
        raise DataError(1, "the document is nested too deeply to be read") from None
    except DataError as error:
        raise DataError(min(max(error.line, 1), last), str(error)) from None


def _decoded(data: bytes) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(line, f"the document is not valid {encoding.upper()}: {error.reason}") from None


def _any(text: str) -> list[Part]:
    from buttress_scanner.contracts._data_yaml import read_yaml

    if text.lstrip()[:1] in ("{", "["):
        try:
            return _json(text)
        except DataError:
            return read_yaml(text)
    return read_yaml(text)


def _yaml(text: str) -> list[Part]:
    from buttress_scanner.contracts._data_yaml import read_yaml

    return read_yaml(text)


def _toml(text: str) -> list[Part]:
    from buttress_scanner.config.document import ConfigurationError, Document
    from buttress_scanner.config.places import places

    try:
        Document.parse("", text.encode("utf-8", "replace"))
    except ConfigurationError as error:
        problem = error.problems[0]
        raise DataError(problem.line, problem.message.removeprefix("the file is not valid TOML: ")) from None
    return [_from_toml(tomllib.loads(text), (), dict(places(text)), 1)]


def _from_toml(value: object, path: Path, lines: dict[Path, int], line: int) -> Part:
    line = lines.get(path, line)
    part = Part((line, 1), value)
    if isinstance(value, dict):
        part.named = {key: _from_toml(inner, (*path, key), lines, line) for key, inner in value.items()}
        part.keys = {key: inner.spot for key, inner in part.named.items()}
        part.value = {key: inner.value for key, inner in part.named.items()}
    elif isinstance(value, list):
        part.listed = [_from_toml(inner, (*path, number), lines, line) for number, inner in enumerate(value)]
        part.value = [inner.value for inner in part.listed]
    elif isinstance(value, (date, time)):
        part.value = value.isoformat()
    return part


def _lines(text: str) -> list[Part]:
    return [part for number, line in enumerate(text.split("\n")) if line.strip() for part in _json(line, number)]


def _json(text: str, above: int = 0) -> list[Part]:
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise DataError(error.lineno + above, f"the document is not valid JSON: {error.msg}") from None
    except ValueError as error:
        raise DataError(1 + above, f"the document is not valid JSON: {str(error).partition(';')[0]}") from None
    from buttress_scanner.contracts._data_json import lines_of

    return [lines_of(text, value, above)]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value")


_READERS = {"json": _json, "lines": _lines, "yaml": _yaml, "toml": _toml, "any": _any}
