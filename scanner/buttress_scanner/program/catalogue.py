"""The effect catalogue: what functions outside the project do when they run.

The decisions are data, in `effects/*.toml`; `effects/index.toml` says which file decides which top-level module, so that a run
reads only the tables of the modules that the program uses. The format is described in `docs/reference/effects.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from buttress_scanner.program.effects.reading import (
    CONSTRUCTOR,
    EFFECTS,
    REST,
    TREE,
    Entry,
    Table,
    mapping,
    parse,
    pure_table,
    read_section,
    read_sections,
    read_table,
    string,
    strings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EFFECTS", "Catalogue", "Entry"]

_DATA: Final = Path(__file__).with_name("effects")
_EXCEPTIONS: Final = "exceptions.toml"
_INDEX: Final = "index.toml"
_OBJECT: Final = "builtins.object"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The decisions about libraries, read table by table as they are asked for."""

    _folder: Path
    _files: Mapping[str, str]
    _aliases: Mapping[str, str]
    _tables: dict[str, Table]
    _true: frozenset[str] = frozenset()
    _exceptions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _sections: dict[str, dict[str, str]] = field(default_factory=dict)
    _known: dict[str, Entry | None] = field(default_factory=dict)
    _stateful: dict[str, bool] = field(default_factory=dict)
    _doing: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = _DATA) -> Catalogue:
        """Open the catalogue of a folder.

        Args:
            folder: Holds `index.toml`, `exceptions.toml` and the files that the index names; the shipped data by default.

        Raises:
            ValueError: The index is not in the expected form; the message names file and key.
        """
        index = parse((folder / _INDEX).read_text(encoding="utf-8"), _INDEX)
        pure = strings(index.get("pure", []), "index.toml: pure")
        files: dict[str, str] = {}
        for file, modules in mapping(index.get("files", {}), "index.toml: files").items():
            files.update(dict.fromkeys(strings(modules, f"index.toml: files.{file}"), f"{file}.toml"))
        aliases = mapping(index.get("aliases", {}), "index.toml: aliases")
        return cls(
            folder,
            files,
            {old: string(new, f"index.toml: aliases.{old}") for old, new in aliases.items()},
            {table.path: table for table in map(pure_table, pure)},
            frozenset(strings(index.get("always-true", []), f"{_INDEX}: always-true")),
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

    def names(self, path: str) -> bool:
        """Say whether the data speaks of a path by its name, rather than of all that its module has."""
        path = self.resolve(path)
        return self.entry(path) is not None and (self._table(path) is not None or not self._is_rest(path))

    def file_of(self, path: str) -> str | None:
        """Name the file that decides about a dotted path, or about importing it; None where nothing is decided."""
        if self.entry(path) is None and not self.import_effects(path):
            return None
        name = self.resolve(path)
        return _EXCEPTIONS if self._exception(name) else self._files.get(name.partition(".")[0], _INDEX)

    def knows_module(self, name: str) -> bool:
        """Say whether anything has been decided about a module."""
        name = self.resolve(name)
        table = self._table(name)
        return self._in_tree(name) if table is None else not table.is_class

    def import_effects(self, module: str) -> tuple[str, ...]:
        """List the effects of importing a module."""
        table = self._table(self.resolve(module))
        return table.import_effects if table else ()

    def keeps_state(self, path: str) -> bool:
        """Say whether methods of a class change the object they are called on."""
        if path not in self._stateful:
            tables = (self._table(cls) for cls in self._mro(self.resolve(path)))
            self._stateful[path] = any(
                "self" in e.mutates for table in tables if table is not None for e in table.members.values()
            )
        return self._stateful[path]

    def is_always_true(self, path: str) -> bool:
        """Say whether objects of a class are true in every test: they have neither a truth nor a length of their own."""
        return any(cls in self._true for cls in self._mro(self.resolve(path)))

    def derives(self, path: str, base: str) -> bool:
        """Say whether a library class is another one or derives from it."""
        return base in self._mro(self.resolve(path))

    def has_deeds(self, path: str) -> bool:
        """Say whether methods of a class have effects, so that a value of it is more than what it holds."""
        if path not in self._doing:
            tables = (self._table(cls) for cls in self._mro(self.resolve(path)) if cls != _OBJECT)
            self._doing[path] = any(
                e.effects for table in tables if table is not None and table.is_class for e in table.members.values()
            )
        return self._doing[path]

    def bases(self, path: str) -> tuple[str, ...]:
        """List the base classes of a library class, exceptions included, as dotted paths."""
        path = self.resolve(path)
        table = self._table(path)
        return self._exception(path) or (table.bases if table else ())

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
        for file in sorted(set(self._files.values())):
            for name in self._open(file):
                self._table(name)
        for name in sorted(self._tables):
            yield name, self._tables[name].members

    def exceptions(self) -> Iterator[str]:
        """Read the file of exceptions; yield the path of each, sorted."""
        for module in list(self._open(_EXCEPTIONS)):
            self._exception(f"{module}.")
        yield from sorted(self._exceptions)

    def _open(self, file: str) -> dict[str, str]:
        """Cut a file into its tables, once."""
        if file not in self._sections:
            self._sections[file] = read_sections(self._folder / file)
            for name in self._sections[file]:
                if file != _EXCEPTIONS and self._files.get(name.partition(".")[0]) != file:
                    raise ValueError(f"{file}: [{name}]: index.toml does not list this module under this file")
        return self._sections[file]

    def _table(self, path: str) -> Table | None:
        """Find the table of a module or class, parsing it if need be."""
        file = self._files.get(path.partition(".")[0])
        if path not in self._tables and file is not None and path in self._open(file):
            raw = read_section(self._open(file), path, file)
            self._tables[path] = read_table(path, raw, f"{file}: [{path}]")
        return self._tables.get(path)

    def _exception(self, path: str) -> tuple[str, ...] | None:
        """Find the bases of an exception class, None if it is none."""
        sections = self._open(_EXCEPTIONS)
        for module in _prefixes(path.rpartition(".")[0]):
            if module in sections:
                for name, bases in read_section(sections, module, _EXCEPTIONS).items():
                    self._exceptions[f"{module}.{name}"] = strings(bases, f"{_EXCEPTIONS}: [{module}] {name}")
                del sections[module]
        return self._exceptions.get(path)

    def _find(self, path: str) -> Entry | None:
        """Decide a path without aliases: class, member of a table, member of a known value, pure module."""
        table = self._table(path)
        if table is not None:
            return self._constructor(path) if table.is_class else None
        if self._exception(path):
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
        if self._table(owner) is not None or self._exception(owner):
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
        found = self._explicit(path, CONSTRUCTOR)
        # A class that says nothing about its constructor may well have another one than `object`.
        if found is None or (found.path == f"{_OBJECT}.{CONSTRUCTOR}" and path != _OBJECT):
            return Entry(path, "class", returns=path, no_raise=self._exception(path) is not None)
        return replace(found, path=path, kind="class", returns=path)

    def _member(self, owner: str, name: str) -> Entry | None:
        """Decide a member of a table or exception: own, inherited, of every object, else what `*` says."""
        table = self._table(owner)
        if table is not None and not table.is_class:
            return table.members.get(name) or table.members.get(REST) or table.members.get(TREE)
        return self._explicit(owner, name) or self._explicit(owner, REST)

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
        if self._table(path) is not None or self._exception(path):
            yield _OBJECT

    def _in_tree(self, module: str) -> bool:
        """Say whether the `**` of a package decides its submodule."""
        tables = (self._table(prefix) for prefix in _prefixes(module))
        return any(table is not None and TREE in table.members for table in tables)


def _prefixes(path: str) -> Iterator[str]:
    """Yield a dotted path and its prefixes, the longest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]
