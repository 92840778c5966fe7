"""The effect catalogue: what functions outside the project do when they run.

The decisions are data, in `effects/*.toml`; `effects/index.toml` says which file decides which top-level module, so that a run
reads only the files of the modules that the program uses. The format is described in `docs/reference/effects.md`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EFFECTS", "Catalogue", "Entry"]

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

_DATA: Final = Path(__file__).with_name("effects")
_KINDS: Final = frozenset({"function", "class", "value"})
_KEYS: Final = frozenset({"effects", "kind", "unless", "returns", "calls", "calls-later", "no-raise", "order-blind", "writes"})
_REST: Final = "*"
_TREE: Final = "**"
_CONSTRUCTOR: Final = "__init__"
_OBJECT: Final = "builtins.object"


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


@dataclass(frozen=True, slots=True)
class _Table:
    """The decisions about the members of one module or class."""

    path: str
    is_class: bool
    bases: tuple[str, ...]
    import_effects: tuple[str, ...]
    members: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The decisions about libraries, read file by file as they are asked for."""

    _folder: Path
    _files: Mapping[str, str]
    _aliases: Mapping[str, str]
    _exceptions: Mapping[str, tuple[str, ...]]
    _tables: dict[str, _Table]
    _read: set[str] = field(default_factory=set)
    _known: dict[str, Entry | None] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = _DATA) -> Catalogue:
        """Open the catalogue of a folder.

        Args:
            folder: Holds `index.toml`, `exceptions.toml` and the files that the index names; the shipped data by default.

        Raises:
            ValueError: The index is not in the expected form; the message names file and key.
        """
        index = _parse(folder / "index.toml")
        pure = _strings(index.get("pure", []), "index.toml: pure")
        files: dict[str, str] = {}
        for file, modules in _mapping(index.get("files", {}), "index.toml: files").items():
            files.update(dict.fromkeys(_strings(modules, f"index.toml: files.{file}"), f"{file}.toml"))
        aliases = _mapping(index.get("aliases", {}), "index.toml: aliases")
        return cls(
            folder,
            files,
            {old: _string(new, f"index.toml: aliases.{old}") for old, new in aliases.items()},
            {name: _strings(bases, f"exceptions.toml: {name}") for name, bases in _parse(folder / "exceptions.toml").items()},
            {table.path: table for table in map(_pure, pure)},
        )

    def entry(self, path: str) -> Entry | None:
        """Look up the decision about a dotted path.

        `time.time` is a function, `pathlib.Path` the construction of the class, `pathlib.Path.read_text` a method or attribute
        of its instances, also where a base class supplies it.

        Returns:
            The decision, or None where there is none: the path is then unknown, neither pure nor effectful.

        Raises:
            ValueError: A data file that had to be read is not in the expected form; the message names file and key.
        """
        if path not in self._known:
            self._known[path] = self._find(self.resolve(path))
        return self._known[path]

    def knows_module(self, name: str) -> bool:
        """Say whether anything has been decided about a module."""
        name = self.resolve(name)
        table = self._table(name)
        return self._in_tree(name) if table is None else not table.is_class

    def import_effects(self, module: str) -> tuple[str, ...]:
        """List the effects of importing a module."""
        table = self._table(self.resolve(module))
        return table.import_effects if table else ()

    def bases(self, path: str) -> tuple[str, ...]:
        """List the base classes of a library class, exceptions included, as dotted paths."""
        path = self.resolve(path)
        if path in self._exceptions:
            return self._exceptions[path]
        table = self._table(path)
        return table.bases if table else ()

    def resolve(self, path: str) -> str:
        """Replace aliases (`posixpath.join`, `socket.error`) by the names that the data is written in."""
        for _ in range(len(self._aliases)):
            for prefix in _prefixes(path):
                if prefix in self._aliases:
                    path = self._aliases[prefix] + path[len(prefix) :]
                    break
            else:
                break
        return path

    def tables(self) -> Iterator[tuple[str, Mapping[str, Entry]]]:
        """Read every file; yield each module or class with its own members, sorted."""
        for top in sorted(self._files):
            self._table(top)
        for name in sorted(self._tables):
            yield name, self._tables[name].members

    def _table(self, path: str) -> _Table | None:
        """Find the table of a module or class, reading its file if need be."""
        top = path.partition(".")[0]
        file = self._files.get(top)
        if file is not None and file not in self._read:
            self._read.add(file)
            for name, raw in _parse(self._folder / file).items():
                if self._files.get(name.partition(".")[0]) != file:
                    raise ValueError(f"{file}: [{name}]: index.toml does not list this module under this file")
                self._tables[name] = _table(name, raw, f"{file}: [{name}]")
        return self._tables.get(path)

    def _find(self, path: str) -> Entry | None:
        """Decide a path without aliases: class, member of a table, member of a known value, pure module."""
        table = self._table(path)
        if table is not None:
            return self._constructor(path) if table.is_class else None
        if path in self._exceptions:
            return self._constructor(path)
        owner, _, name = path.rpartition(".")
        if not owner:
            return None
        found = self._member(owner, name)
        if found is not None:
            return replace(found, path=path, returns=owner if found.returns == "Self" else found.returns)
        return self._through(owner, name, path)

    def _through(self, owner: str, name: str, path: str) -> Entry | None:
        """Decide a member of something that is no table itself: the value of an attribute, or a harmless class."""
        if self._table(owner) is not None or owner in self._exceptions:
            return None
        holder = self.entry(owner)
        if holder is None:
            return None
        if holder.kind == "value" and holder.returns is not None:
            return self.entry(f"{holder.returns}.{name}")
        return Entry(path, effects=holder.effects) if holder.kind != "function" or self._is_rest(owner) else None

    def _is_rest(self, path: str) -> bool:
        """Say whether nothing but a module's `*` decides a path."""
        owner, _, name = path.rpartition(".")
        table = self._table(owner)
        return name not in table.members if table else True

    def _constructor(self, path: str) -> Entry:
        """Decide the construction of a class."""
        found = self._explicit(path, _CONSTRUCTOR)
        # A class that says nothing about its constructor may well have another one than `object`.
        if found is None or (found.path == f"{_OBJECT}.{_CONSTRUCTOR}" and path != _OBJECT):
            return Entry(path, "class", returns=path, no_raise=path in self._exceptions)
        return replace(found, path=path, kind="class", returns=path)

    def _member(self, owner: str, name: str) -> Entry | None:
        """Decide a member of a table or exception: own, inherited, of every object, else what `*` says."""
        table = self._table(owner)
        if table is not None and not table.is_class:
            return table.members.get(name) or table.members.get(_REST) or table.members.get(_TREE)
        return self._explicit(owner, name) or self._explicit(owner, _REST)

    def _explicit(self, path: str, name: str) -> Entry | None:
        """Look a member up in a class, its bases, and `object`."""
        for cls in self._mro(path):
            table = self._table(cls)
            if table is not None and name in table.members:
                return table.members[name]
        return None

    def _mro(self, path: str) -> Iterator[str]:
        """Walk a class and its bases: depth first, `object` last."""
        pending, seen = [path], {_OBJECT}
        while pending:
            cls = self.resolve(pending.pop())
            if cls not in seen:
                seen.add(cls)
                yield cls
                pending.extend(reversed(self.bases(cls)))
        if self._table(path) is not None or path in self._exceptions:
            yield _OBJECT

    def _in_tree(self, module: str) -> bool:
        """Say whether the `**` of a package decides its submodule."""
        tables = (self._table(prefix) for prefix in _prefixes(module))
        return any(table is not None and _TREE in table.members for table in tables)


def _prefixes(path: str) -> Iterator[str]:
    """Yield a dotted path and its prefixes, the longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _parse(file: Path) -> dict[str, object]:
    """Read a data file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name}: not valid TOML: {error}") from error


def _pure(pattern: str) -> _Table:
    """Make the table of a module that is declared pure as a whole, of its submodules too if the name ends in `.**`."""
    name = pattern.removesuffix(f".{_TREE}")
    return _Table(name, is_class=False, bases=(), import_effects=(), members={_REST if name == pattern else _TREE: Entry(name)})


def _table(path: str, raw: object, where: str) -> _Table:
    """Check one table and turn it into entries."""
    members = _mapping(raw, where)
    bases = members.pop("bases", None)
    imported = _effects(members.pop("import", []), f"{where} import")
    is_class = bases is not None or _CONSTRUCTOR in members
    if is_class and _TREE in members:
        raise ValueError(f"{where} {_TREE}: decides submodules, which a class does not have; write {_REST!r}")
    return _Table(
        path,
        is_class,
        _strings([] if bases is None else bases, f"{where} bases"),
        imported,
        {name: _entry(f"{path}.{name}", value, f"{where} {name}") for name, value in members.items()},
    )


def _entry(path: str, raw: object, where: str) -> Entry:
    """Check one entry: a list of effects, or a table of fields."""
    if isinstance(raw, list):
        return Entry(path, effects=_effects(raw, where))
    fields = _mapping(raw, where)
    for key in fields:
        if key not in _KEYS:
            raise ValueError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(_KEYS))}")
    kind = _string(fields.get("kind", "function"), f"{where}.kind")
    if kind not in _KINDS:
        raise ValueError(f"{where}.kind: {kind!r} is none of {', '.join(sorted(_KINDS))}")
    returns = fields.get("returns")
    return Entry(
        path,
        kind,
        _effects(fields.get("effects", []), f"{where}.effects"),
        _arguments(fields.get("unless", []), f"{where}.unless"),
        None if returns is None else _string(returns, f"{where}.returns"),
        _arguments(fields.get("calls", []), f"{where}.calls"),
        _arguments(fields.get("calls-later", []), f"{where}.calls-later"),
        _flag(fields.get("no-raise", False), f"{where}.no-raise"),
        _flag(fields.get("order-blind", False), f"{where}.order-blind"),
        _arguments(fields.get("writes", []), f"{where}.writes"),
    )


def _effects(raw: object, where: str) -> tuple[str, ...]:
    """Check a list of effect names."""
    names = _strings(raw, where)
    for name in names:
        if name not in EFFECTS:
            raise ValueError(f"{where}: unknown effect {name!r}; known are {', '.join(sorted(EFFECTS))}")
    return tuple(sorted(names))


def _mapping(raw: object, where: str) -> dict[str, object]:
    """Check that a value is a TOML table."""
    if not isinstance(raw, dict):
        raise _wrong(where, "a table", raw)
    return dict(raw)


def _strings(raw: object, where: str) -> tuple[str, ...]:
    """Check that a value is a list of strings."""
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise _wrong(where, "a list of strings", raw)
    return tuple(raw)


def _string(raw: object, where: str) -> str:
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
