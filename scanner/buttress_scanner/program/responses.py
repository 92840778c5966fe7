"""How web frameworks answer: which calls make a response, and where its status stands. The data is `responses.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).with_name("responses.toml")


@dataclass(frozen=True, slots=True)
class Taking:
    """Where a call takes the status: by position (-1 for nowhere), by keyword, or as an element of its first argument."""

    position: int
    keyword: str
    in_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Views:
    """Functions whose result is a response when it is a tuple with a status, and at which index that stands."""

    decorators: frozenset[str]
    registrations: frozenset[str]
    bases: frozenset[str]
    methods: frozenset[str]
    index: int


@dataclass(frozen=True, slots=True)
class Responses:
    """The tables, by dotted path."""

    makers: Mapping[str, Taking]
    fixed: Mapping[str, int]
    routes: Mapping[str, Taking]
    attributes: Mapping[str, frozenset[str]]
    views: tuple[Views, ...]
    names: tuple[tuple[frozenset[str], re.Pattern[str]], ...]
    enums: frozenset[str]

    def status_of(self, path: str) -> int | None:
        """The status that a name of a library stands for, such as ``fastapi.status.HTTP_404_NOT_FOUND``."""
        path = path.removesuffix(".value")
        owner, _, name = path.rpartition(".")
        if owner in self.enums:
            found = HTTPStatus.__members__.get(name.upper())
            return found.value if found is not None else None
        for modules, pattern in self.names:
            match = pattern.fullmatch(name) if owner in modules else None
            if match is not None:
                return int(match[1])
        return None

    def is_enum(self, path: str) -> bool:
        """Whether calling the path with a number, or asking it by name, gives a status."""
        return path in self.enums


@cache
def responses() -> Responses:
    """The tables that are shipped."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    attributes: dict[str, frozenset[str]] = {}
    for entry in data["attribute"]:
        for path in entry["classes"]:
            attributes[path] = attributes.get(path, frozenset()) | {entry["name"]}
    return Responses(
        makers=_by_path(data["maker"]),
        fixed={path: entry["status"] for entry in data["fixed"] for path in _paths(entry)},
        routes=_by_path(data["route"]),
        attributes=attributes,
        views=tuple(
            Views(
                frozenset(entry["decorators"]),
                frozenset(entry["registrations"]),
                frozenset(entry["bases"]),
                frozenset(entry["methods"]),
                entry["index"],
            )
            for entry in data["view"]
        ),
        names=tuple((frozenset(entry["modules"]), re.compile(entry["pattern"])) for entry in data["names"]),
        enums=frozenset(path for entry in data["enum"] for path in entry["modules"]),
    )


def _by_path(entries: list[dict[str, Any]]) -> dict[str, Taking]:
    return {
        path: Taking(entry.get("position", -1), entry["keyword"], "in-tuple" in entry)
        for entry in entries
        for path in _paths(entry)
    }


def _paths(entry: dict[str, Any]) -> list[str]:
    return [f"{module}.{name}" for module in entry["modules"] for name in entry["names"]]
