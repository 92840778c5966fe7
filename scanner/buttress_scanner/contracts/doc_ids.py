"""doc-ids: the ids in file names have their form, lie where they belong, are unique, and agree with the registry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._data import DataError, Part, read_data
from buttress_scanner.contracts._doc_id_patterns import DocId, IdPattern
from buttress_scanner.contracts._doc_id_registry import Entry, file_of, read_registry, says_path
from buttress_scanner.contracts._files import plain, whole
from buttress_scanner.contracts.base import Contract, Strings
from buttress_scanner.findings.model import Position, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program

_WITH_FRONT_MATTER = (".md", ".markdown", ".mdx", ".qmd", ".rst", ".adoc", ".txt")


class DocIds(Contract):
    """Ids in file names have their form, lie where they belong, are unique, and agree with registry and front matter."""

    kind_name: ClassVar[str] = "doc-ids"
    about_files: ClassVar[bool] = True

    pattern: str = Field(description="The form of an id, such as `[TYPE]-[SCOPE][MODULE]-[KIND]-[NNN]`.")
    types: Strings = Field((), description="What may stand for [TYPE].")
    scopes: dict[str, str] = Field({}, description="What may stand for [SCOPE], each with the folder of its files.")
    kinds: dict[str, str] = Field(
        {}, description="What may stand for [KIND], each with the folder of its files within the scope's."
    )
    module_pattern: str = Field("", description="A regular expression for [MODULE]; M and two or three digits when absent.")
    registry: str | None = Field(None, description="The file that lists every id: Markdown, JSON, YAML, TOML or CSV.")
    unique: bool = Field(True, description="Whether an id may occur in one file name only.")
    front_matter_key: str | None = Field(None, description="The key of the front matter that repeats the id.")

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str:
        IdPattern.build(pattern)
        return pattern

    @field_validator("module_pattern")
    @classmethod
    def _is_expression(cls, module: str) -> str:
        try:
            IdPattern.build("[MODULE]", module=module)
        except re.error as error:
            raise ValueError(f"{module!r} is no regular expression: {error}") from None
        return module

    def form(self) -> IdPattern:
        """The pattern with its codes."""
        return IdPattern.build(self.pattern, types=self.types, scopes=self.scopes, kinds=self.kinds, module=self.module_pattern)

    def scope(self, program: Program) -> Iterable[str] | None:
        """Names of files are read; nothing has to be evaluated."""
        return ()

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every file name and every entry of the registry that breaks the agreement."""
        yield from _Check(self, program, ledger).run()

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Copy a file with its id, move one into another folder, and give one an id that is none."""
        from buttress_scanner.contracts.breaking import Breaking, Place

        form, documents = self.form(), program.documents
        path, doc_id = next(((p, i) for p in documents.paths for i in form.within(p.rpartition("/")[2])), ("", None))
        if doc_id is None:
            return
        try:
            data = documents.read(path)
        except OSError:
            return
        stem, dot, ending = path.rpartition(".")
        copy = f"{stem}_sabotaged{dot}{ending}" if stem.rpartition("/")[2] else f"{path}_sabotaged"
        if self.unique:
            yield Breaking(f"copies {path}", {copy: data}, (Place(copy),))
        if plain(self.scopes.get(doc_id.scope, "")) or plain(self.kinds.get(doc_id.kind, "")):
            moved = f"sabotaged/{path.rpartition('/')[2]}"
            yield Breaking(f"moves {path}", {path: None, moved: data}, (Place(moved),))
        if self.registry is not None and plain(self.registry) in documents.paths and path != plain(self.registry):
            gone = path.replace(doc_id.text, "sabotaged")
            yield Breaking(f"takes the id from {path}", {path: None, gone: data}, (Place(plain(self.registry)),))


@dataclass(slots=True)
class _Check:
    contract: DocIds
    program: Program
    ledger: Ledger
    form: IdPattern = field(init=False)
    paths: frozenset[str] = field(init=False)
    exempted: Exempted = field(init=False)
    held: dict[str, list[str]] = field(default_factory=dict)
    """Files by canonical id, sorted."""
    ids: dict[str, list[DocId]] = field(default_factory=dict)
    """Ids by file."""
    entries: list[Entry] = field(default_factory=list)
    is_readable: bool = True
    """Whether the registry could be read."""

    def __post_init__(self) -> None:
        self.form = self.contract.form()
        self.paths = frozenset(self.program.documents.paths)
        self.exempted = Exempted(self.contract.exempt)

    def run(self) -> Iterator[Finding]:
        for path in self.program.documents.paths:
            yield from self._name(path)
        yield from self._read_registry()
        registered = {each.doc_id.canonical: each for each in reversed(self.entries) if each.doc_id is not None}
        for canonical, paths in sorted(self.held.items()):
            yield from self._file(paths, registered.get(canonical), canonical)
        yield from self._registry()
        if self.contract.front_matter_key:
            by_path = {file_of(each, self._registered, self.paths): each.doc_id for each in self.entries if each.path}
            for path in self.program.documents.paths:
                if path.endswith(_WITH_FRONT_MATTER) and (path in self.ids or by_path.get(path)):
                    yield from self._front_matter(path, self.ids.get(path) or [each for each in [by_path[path]] if each])

    @property
    def _registered(self) -> str:
        return plain(self.contract.registry or "")

    def _name(self, path: str) -> Iterator[Finding]:
        """Judge a file's name by itself: the form of the id, and the folder."""
        name = path.rpartition("/")[2]
        found = self.form.within(name)
        if not found and self.form.resembles(name):
            self.ledger.judge()
            yield self._at(path, f"the name of `{path}` holds no id of the form `{self.contract.pattern}`", "form")
        for doc_id in found:
            self.ledger.judge()
            self.ids.setdefault(path, []).append(doc_id)
            self.held.setdefault(doc_id.canonical, []).append(path)
            wrong = _misplaced(self.contract, doc_id, path.split("/")[:-1])
            if wrong:
                yield self._at(path, f"`{doc_id.text}` {wrong}", f"place {doc_id.text}")

    def _file(self, paths: list[str], entry: Entry | None, canonical: str) -> Iterator[Finding]:
        """Judge the files that hold an id: there is one, and the registry says so."""
        judged = [path for path in paths if not self.exempted.covers_place(path, path)] or paths
        keeper = next((path for path in paths if entry and entry.path and says_path(entry, self._registered, path)), judged[0])
        doc_id = next(each for each in self.ids[keeper] if each.canonical == canonical)
        if self.contract.unique:
            for path in paths:
                if path != keeper:
                    steps = (Step(whole(keeper), keeper, f"`{doc_id.text}` is the id of this file"),)
                    message = f"the id `{doc_id.text}` is that of `{keeper}` as well"
                    yield self.contract.finding(whole(path), path, message, sink=f"twice {canonical}", evidence=steps)
        if self.contract.registry is None or not self.is_readable:
            return
        if entry is None:
            yield self._at(keeper, f"the id `{doc_id.text}` is not in the registry `{self._registered}`", f"unknown {canonical}")
        elif entry.is_retired:
            yield self._at(keeper, f"the registry says that the id `{doc_id.text}` is retired", f"retired {canonical}", entry)
        elif entry.path and not says_path(entry, self._registered, keeper):
            message = f"the registry says that the id `{doc_id.text}` is that of `{entry.path}`"
            yield self._at(keeper, message, f"elsewhere {canonical}", entry)

    def _read_registry(self) -> Iterator[Finding]:
        if self.contract.registry is None:
            return
        try:
            data = self.program.documents.read(self._registered)
            self.entries = read_registry(self._registered, data, self.form)
        except OSError:
            self.is_readable = False
            self.ledger.is_vacuous(f"the registry {self._registered!r} is no file that can be read")
        except DataError as error:
            self.is_readable = False
            yield self._in_registry(error.line, f"the registry cannot be read: {error}", "unreadable")

    def _registry(self) -> Iterator[Finding]:
        """Judge the entries of the registry: form, number, and the file that each speaks of."""
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            self.ledger.judge()
            if entry.doc_id is None:
                message = f"`{entry.text}` is no id of the form `{self.contract.pattern}`"
                yield self._in_registry(entry.line, message, f"form {entry.text}")
                continue
            canonical = entry.doc_id.canonical
            if canonical in seen and self.contract.unique:
                message = f"the id `{entry.text}` is in the registry already, at line {seen[canonical].line}"
                yield self._in_registry(entry.line, message, f"twice {canonical}")
                continue
            seen[canonical] = entry
            if canonical in self.held or entry.is_retired:
                continue
            file = file_of(entry, self._registered, self.paths) if entry.path else ""
            if not file:
                yield self._in_registry(entry.line, f"no file has the id `{entry.text}`", f"no file {canonical}")
            elif file in self.ids:
                message = f"the id `{entry.text}` is not that of `{file}`"
                yield self._in_registry(entry.line, message, f"other file {canonical}")

    def _front_matter(self, path: str, ids: list[DocId]) -> Iterator[Finding]:
        """Judge the id that a document repeats before its text."""
        from buttress_scanner.contracts._markdown import decoded, front_matter

        try:
            front = front_matter(decoded(self.program.documents.read(path)))
            part = read_data(f"x.{front.language}", front.text.encode())[0] if front else Part((1, 1))
        except OSError:
            return
        except DataError as error:
            yield self.contract.finding(Position(path, error.line + 1), path, f"front matter: {error}", sink="front matter")
            return
        line, said = _at_key(part, str(self.contract.front_matter_key))
        wanted = {each.canonical for each in ids}
        if said and not any(each and each.canonical in wanted for each in map(self.form.parse, said)):
            message = f"the front matter says `{', '.join(said)}`, but the id of the file is `{ids[0].text}`"
            yield self.contract.finding(Position(path, line + 1), path, message, sink=f"front matter {ids[0].canonical}")

    def _at(self, path: str, message: str, sink: str, entry: Entry | None = None) -> Finding:
        steps = (Step(Position(self._registered, entry.line), self._registered, "the registry's entry"),) if entry else ()
        return self.contract.finding(whole(path), path, message, sink=sink, evidence=steps)

    def _in_registry(self, line: int, message: str, sink: str) -> Finding:
        return self.contract.finding(Position(self._registered, line), self._registered, message, sink=sink)


def _misplaced(contract: DocIds, doc_id: DocId, folders: list[str]) -> str:
    """What is wrong with the folder of an id; "" when nothing is."""
    wrong, rest = [], folders
    wanted = _split(contract.scopes.get(doc_id.scope, ""))
    if wanted:
        around = [_split(each) for each in contract.scopes.values() if _split(each) == folders[: len(_split(each))]]
        nearest = max(around, key=len, default=[])
        if nearest == wanted:
            rest = folders[len(wanted) :]
        else:
            wrong.append(f"belongs into `{'/'.join(wanted)}/`, because its scope is {doc_id.scope}")
    rest = rest[2:] if rest[:1] == ["modules"] else rest
    wanted = _split(contract.kinds.get(doc_id.kind, ""))
    if wanted and _topmost(rest, [_split(each) for each in contract.kinds.values()]) != wanted:
        wrong.append(f"belongs into a folder `{'/'.join(wanted)}/`, because its kind is {doc_id.kind}")
    return ", and ".join(wrong)


def _topmost(folders: list[str], kinds: list[list[str]]) -> list[str]:
    """The first folder on the way that is one of a kind; of several that begin there, the longest."""
    for start in range(len(folders)):
        here = [kind for kind in kinds if kind and folders[start : start + len(kind)] == kind]
        if here:
            return max(here, key=len)
    return []


def _split(folder: str) -> list[str]:
    return [part for part in plain(folder).split("/") if part]


def _at_key(part: Part, key: str) -> tuple[int, list[str]]:
    """The line and the texts of a key, which may lead through tables by dots."""
    for step in [key] if key in part.named else key.split("."):
        if step not in part.named:
            return 0, []
        line = part.keys.get(step, part.spot)[0]
        part = part.named[step]
    values = [each.value for each in part.listed] if isinstance(part.value, list) else [part.value]
    return line, [str(value) for value in values if value is not None] or [""]
