"""The form of the effect data: entries, tables, and the checks on the way from TOML to them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "CONSTRUCTOR",
    "EFFECTS",
    "REST",
    "TREE",
    "Entry",
    "Table",
    "mapping",
    "parse",
    "pure_table",
    "read_section",
    "read_sections",
    "read_table",
    "string",
    "strings",
]

EFFECTS: Final = frozenset(
    {
        "async",
        "clock",
        "env",
        "global-state",
        "io.console",
        "io.database",
        "io.file",
        "io.network",
        "io.process",
        "log",
        "random",
        "thread",
        "unordered",
    }
)
"""Every effect that the data may name."""

_KINDS: Final = frozenset({"function", "class", "value"})
_KEYS: Final = frozenset(
    {"effects", "kind", "unless", "returns", "calls", "calls-later"}
    | {"no-raise", "order-blind", "writes", "mutates", "iterates", "shared", "opens", "adds"}
)
REST: Final = "*"
TREE: Final = "**"
CONSTRUCTOR: Final = "__init__"
_HEADER: Final = re.compile(r'^\["([^"\]]+)"\]$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue has decided about one callable or attribute.

    Attributes:
        path: The dotted path asked for, after aliases.
        kind: `function`, `class` (the entry is about constructing), or `value` (reading the attribute is the effect).
        effects: Names out of `EFFECTS`, sorted; empty means decided to be pure.
        unless: Positions and keywords of arguments; given and not `None`, the call has no effect.
        returns: Dotted path of the class of the result, or of the value.
        calls: Positions and keywords of arguments that are called during the call. `self` is not counted.
        calls_later: Positions and keywords of arguments that are called, or awaited, afterwards.
        no_raise: Cannot fail in practice.
        order_blind: Consumes an iterable without showing its order.
        writes: Positions and keywords of arguments whose `write` method is called during the call.
        mutates: Positions and keywords of arguments that the call changes; `self` is the object whose method it is.
        iterates: Positions and keywords of arguments whose elements the call takes.
        shared: Whoever calls gets the same object: changing it is seen by all.
        opens: Positions and keywords of arguments that are paths or open streams; with a stream the call has no effect.
        adds: Names out of `EFFECTS`: what each call of a function has in addition that this one decorates.
    """

    path: str
    kind: str = "function"
    effects: tuple[str, ...] = ()
    unless: tuple[int | str, ...] = ()
    returns: str | None = None
    calls: tuple[int | str, ...] = ()
    calls_later: tuple[int | str, ...] = ()
    no_raise: bool = False
    order_blind: bool = False
    writes: tuple[int | str, ...] = ()
    mutates: tuple[int | str, ...] = ()
    iterates: tuple[int | str, ...] = ()
    shared: bool = False
    opens: tuple[int | str, ...] = ()
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The decisions about the members of one module or class."""

    path: str
    is_class: bool
    bases: tuple[str, ...]
    import_effects: tuple[str, ...]
    members: Mapping[str, Entry]


def parse(text: str, file: str) -> dict[str, object]:
    """Parse the text of a data file, or a part of it.

    Raises:
        ValueError: The text is not TOML; the message names the file.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: not valid TOML: {error}") from error


def read_sections(file: Path) -> dict[str, str]:
    """Cut a data file into its tables without parsing them: a run needs few of them, and parsing takes the time.

    Returns:
        The TOML text of each table by name, after as many empty lines as make the line numbers in errors right.

    Raises:
        ValueError: There is something before the first table, or a table stands there twice.
    """
    text = file.read_text(encoding="utf-8")
    heads = list(_HEADER.finditer(text))
    if parse(text[: heads[0].start()] if heads else text, file.name):
        raise ValueError(f'{file.name}: expected a table ["name"] before the first entry')
    sections: dict[str, str] = {}
    for head, end in zip(heads, [*(head.start() for head in heads[1:]), len(text)], strict=True):
        if head[1] in sections:
            raise ValueError(f"{file.name}: [{head[1]}]: written twice")
        sections[head[1]] = "\n" * text.count("\n", 0, head.start()) + text[head.start() : end]
    return sections


def read_section(sections: Mapping[str, str], name: str, file: str) -> dict[str, object]:
    """Parse one table of a file.

    Raises:
        ValueError: The text of the table is not TOML, or holds more than this table.
    """
    parsed = parse(sections[name], file)
    if list(parsed) != [name]:
        raise ValueError(f'{file}: [{name}]: expected one table, written as ["{name}"], found {", ".join(parsed)}')
    return mapping(parsed[name], f"{file}: [{name}]")


def pure_table(pattern: str) -> Table:
    """Make the table of a module that is declared pure as a whole, of its submodules too if the name ends in `.**`."""
    name = pattern.removesuffix(f".{TREE}")
    return Table(name, is_class=False, bases=(), import_effects=(), members={REST if name == pattern else TREE: Entry(name)})


def read_table(path: str, raw: object, where: str) -> Table:
    """Check one table and turn it into entries."""
    members = mapping(raw, where)
    bases = members.pop("bases", None)
    imported = _effects(members.pop("import", []), f"{where} import")
    is_class = bases is not None or CONSTRUCTOR in members
    if is_class and TREE in members:
        raise ValueError(f"{where} {TREE}: decides submodules, which a class does not have; write {REST!r}")
    return Table(
        path,
        is_class,
        strings([] if bases is None else bases, f"{where} bases"),
        imported,
        {name: _entry(f"{path}.{name}", value, f"{where} {name}") for name, value in members.items()},
    )


def _entry(path: str, raw: object, where: str) -> Entry:
    """Check one entry: a list of effects, or a table of fields."""
    if isinstance(raw, list):
        return Entry(path, effects=_effects(raw, where))
    fields = mapping(raw, where)
    for key in fields:
        if key not in _KEYS:
            raise ValueError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(_KEYS))}")
    kind = string(fields.get("kind", "function"), f"{where}.kind")
    if kind not in _KINDS:
        raise ValueError(f"{where}.kind: {kind!r} is none of {', '.join(sorted(_KINDS))}")
    returns = fields.get("returns")
    return Entry(
        path,
        kind,
        _effects(fields.get("effects", []), f"{where}.effects"),
        _arguments(fields.get("unless", []), f"{where}.unless"),
        None if returns is None else string(returns, f"{where}.returns"),
        _arguments(fields.get("calls", []), f"{where}.calls"),
        _arguments(fields.get("calls-later", []), f"{where}.calls-later"),
        _flag(fields.get("no-raise", False), f"{where}.no-raise"),
        _flag(fields.get("order-blind", False), f"{where}.order-blind"),
        _arguments(fields.get("writes", []), f"{where}.writes"),
        _arguments(fields.get("mutates", []), f"{where}.mutates"),
        _arguments(fields.get("iterates", []), f"{where}.iterates"),
        _flag(fields.get("shared", False), f"{where}.shared"),
        _arguments(fields.get("opens", []), f"{where}.opens"),
        _effects(fields.get("adds", []), f"{where}.adds"),
    )


def _effects(raw: object, where: str) -> tuple[str, ...]:
    """Check a list of effect names."""
    names = strings(raw, where)
    for name in names:
        if name not in EFFECTS:
            raise ValueError(f"{where}: unknown effect {name!r}; known are {', '.join(sorted(EFFECTS))}")
    return tuple(sorted(names))


def mapping(raw: object, where: str) -> dict[str, object]:
    """Check that a value is a TOML table."""
    if not isinstance(raw, dict):
        raise _wrong(where, "a table", raw)
    return dict(raw)


def strings(raw: object, where: str) -> tuple[str, ...]:
    """Check that a value is a list of strings."""
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise _wrong(where, "a list of strings", raw)
    return tuple(raw)


def string(raw: object, where: str) -> str:
    """Check that a value is a string."""
    if not isinstance(raw, str):
        raise _wrong(where, "a string", raw)
    return raw


def _arguments(raw: object, where: str) -> tuple[int | str, ...]:
    """Check that a value is a list of positions and keywords."""
    if not isinstance(raw, list) or not all(type(item) in (int, str) for item in raw):
        raise _wrong(where, "a list of positions and keywords", raw)
    return tuple(raw)


def _flag(raw: object, where: str) -> bool:
    """Check that a value is true or false."""
    if not isinstance(raw, bool):
        raise _wrong(where, "true or false", raw)
    return raw


def _wrong(where: str, expected: str, raw: object) -> ValueError:
    """Make the error for a value of the wrong shape."""
    return ValueError(f"{where}: expected {expected}, found {raw!r}")
