"""required-files: folders that must hold certain files, with certain sections, and something in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from buttress_scanner.contracts._files import below, folders_matching, name_matches, plain, whole
from buttress_scanner.contracts.base import Contract, Strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.claims import Needs
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program

_WILD = re.compile(r"[*?\[]")
_LEVEL = re.compile(r"(#{1,6})\s+(\S.*)")


def _all_inside(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        _inside(path)
    return paths


def _inside(path: str) -> str:
    if path.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", path):
        raise ValueError(f"{path!r} leaves the folder; write a path below it")
    return path


Below = Annotated[Strings, AfterValidator(_all_inside)]


class RequiredFiles(Contract):
    """Each of these folders holds the files that it must hold, with the sections that they must have."""

    kind_name: ClassVar[str] = "required-files"
    about_files: ClassVar[bool] = True

    modules: Below = Field(description="Folders, as patterns from the configuration's folder: `services/*`, `.` for itself.")
    docs_dir: Annotated[str, AfterValidator(_inside)] = Field(
        "", description="The folder below each of them that holds the files; the folder itself when absent."
    )
    required: Below = Field((), description="Names of files that must exist; `*` stands for parts of a name.")
    sections: dict[str, Strings] = Field({}, description="Headings that a Markdown file must have, by its name.")
    min_bytes: int = Field(0, ge=0, description="Bytes that a file must have to be more than a placeholder.")

    @field_validator("modules")
    @classmethod
    def _some(cls, modules: tuple[str, ...]) -> tuple[str, ...]:
        if not modules:
            raise ValueError("no folder requires nothing: give one, such as `.`")
        return modules

    @model_validator(mode="after")
    def _can_be_broken(self) -> RequiredFiles:
        for file in self.sections:
            _inside(file)
        if not self.required and not self.sections:
            raise ValueError("nothing is required: give `required` or `sections`")
        return self

    def scope(self, program: Program) -> Iterable[str] | None:
        """Files are looked at; nothing has to be evaluated."""
        return ()

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every file or section that is missing, at the path where it should be."""
        folders = program.documents.folders
        chosen: dict[str, None] = {}
        for pattern in self.modules:
            found = folders_matching(pattern, folders)
            if not found and not self.may_be_empty:
                ledger.is_vacuous(f"no folder fits {pattern!r}")
            chosen.update(dict.fromkeys(found))
        for folder in sorted(chosen):
            base = "/".join(part for part in (folder, plain(self.docs_dir)) if part)
            yield from self._folder(program, ledger, base)

    def claims(self, program: Program) -> Iterator[Needs]:
        """The files that are called by their names have to exist."""
        from buttress_scanner.config.exemptions import Exempted
        from buttress_scanner.contracts.claims import Needs

        exempted = Exempted(self.exempt)
        for pattern in self.modules:
            for folder in folders_matching(pattern, program.documents.folders):
                for name in (name for name in dict.fromkeys((*self.required, *self.sections)) if not _WILD.search(name)):
                    path = "/".join(part for part in (folder, plain(self.docs_dir), plain(name)) if part)
                    if exempted.covers_place(path, path):
                        continue
                    yield Needs(f"the name of {path}", frozenset((path.rpartition("/")[2],)))
                    if not _WILD.search(pattern):  # elsewhere the folder may take another name
                        yield Needs(f"the path {path}", frozenset((path,)))

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Remove a required file from a folder, and empty one that must have sections or a size."""
        from buttress_scanner.contracts.breaking import Breaking, Place

        paths = program.documents.paths
        for folder in [f for pattern in self.modules for f in folders_matching(pattern, program.documents.folders)[:1]]:
            base = "/".join(part for part in (folder, plain(self.docs_dir)) if part)
            prefix = f"{base}/" if base else ""
            inside = below(base, paths)
            there = {name: files for name in (*self.required, *self.sections) if (files := _fitting(name, inside))}
            for name, files in list(there.items())[:1]:
                if any(path.startswith(f"{folder}/" if folder else "") for path in set(paths) - set(files)):
                    yield Breaking(f"removes {prefix}{name}", dict.fromkeys(files), (Place(prefix + plain(name)),))
            for files in [files for name, files in there.items() if self.min_bytes or self.sections.get(name)][:1]:
                yield Breaking(f"empties {files[0]}", {files[0]: b""}, (Place(files[0]),))

    def _folder(self, program: Program, ledger: Ledger, base: str) -> Iterator[Finding]:
        prefix = f"{base}/" if base else ""
        inside = below(base, program.documents.paths)
        for name in dict.fromkeys((*self.required, *self.sections)):
            ledger.judge()
            files = _fitting(name, inside)
            if not files:
                yield self._missing(prefix + plain(name), f"`{prefix}{name}` is missing", f"missing {prefix}{name}")
            for path in files:
                yield from self._file(program, ledger, path, self.sections.get(name, ()))

    def _file(self, program: Program, ledger: Ledger, path: str, sections: tuple[str, ...]) -> Iterator[Finding]:
        """Judge what is in a file that exists."""
        from buttress_scanner.contracts._markdown import decoded, headings, normal

        if not self.min_bytes and not sections:
            return
        try:
            data = program.documents.read(path)
        except OSError as error:
            yield self._missing(path, f"`{path}` cannot be read: {error}", f"unreadable {path}")
            return
        size = _written(data)
        if size < self.min_bytes:
            message = f"`{path}` is a placeholder: {size} bytes are written in it, {self.min_bytes} are required"
            yield self._missing(path, message, f"placeholder {path}")
            return
        there = {(level, normal(each.text)) for each in headings(decoded(data)) for level in (0, each.level)} if sections else ()
        for section in sections:
            ledger.judge()
            marked = _LEVEL.fullmatch(section)
            level, text = (len(marked[1]), marked[2]) if marked else (0, section)
            if (level, normal(text)) not in there:
                yield self._missing(path, f"`{path}` lacks the section `{section}`", f"section {section} of {path}")

    def _missing(self, path: str, message: str, sink: str) -> Finding:
        return self.finding(whole(path), path, message, sink=sink)


def _fitting(name: str, inside: dict[str, str]) -> list[str]:
    """The files below a folder that a required name means; a name that ends with a slash means a folder with files."""
    if name.endswith("/"):
        wanted = plain(name) + "/"
        return [path for short, path in inside.items() if short.startswith(wanted)]
    if _WILD.search(name):
        return [path for short, path in sorted(inside.items()) if name_matches(name, short)]
    found = inside.get(plain(name))
    return [found] if found is not None else []


def _written(data: bytes) -> int:
    """The size of what somebody wrote: white space around it, but for one line end, fills no document."""
    inner = len(data.strip())
    return inner + (inner > 0 and data[-1:] in b"\r\n" and data[-1:] != b"")
