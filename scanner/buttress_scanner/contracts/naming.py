"""naming: names that nobody may give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from buttress_scanner.config.exemptions import Exempted
from buttress_scanner.contracts._files import whole
from buttress_scanner.contracts.base import Contract, Strings, as_tuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.contracts.claims import Never
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit

Sort = Literal["path", "class", "function", "variable", "import-alias"]
_ALL: tuple[Sort, ...] = ("path", "class", "function", "variable", "import-alias")
_ONE_OR_MORE = WithJsonSchema({"anyOf": [{"enum": [*_ALL]}, {"type": "array", "minItems": 1, "items": {"enum": [*_ALL]}}]})


_ANCHORED = re.compile(r"[\^$]|\\[bBAZ]|\(\?[=!<(]")
"""What may let a pattern be found in a name, but not in a text around it."""

_BROKEN = {
    "variable": "{name} = 1  # here\n",
    "class": "class {name}:  # here\n    pass\n",
    "function": "def {name}() -> None:  # here\n    return None\n",
    "import-alias": "import sys as {name}  # here\n",
}
"""For each sort of name code that gives one, for `buttress sabotage`; the variable first, as it counts where it binds anew."""


def _expressions(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if not patterns:
        raise ValueError("no pattern forbids nothing: give one")
    return patterns


class Naming(Contract):
    """No path, class, function, variable or alias has a name that a pattern forbids."""

    kind_name: ClassVar[str] = "naming"
    about_files: ClassVar[bool] = True

    paths: Strings = Field(("**",), description="The files that are judged, as patterns like those of `.gitignore`.")
    forbid_pattern: Annotated[Strings, AfterValidator(_expressions)] = Field(
        description="A regular expression, searched in each name; such as `(?i)phase_?[0-9]`."
    )
    applies_to: Annotated[tuple[Sort, ...], BeforeValidator(as_tuple), _ONE_OR_MORE, Field(min_length=1)] = Field(
        _ALL, description="Which names are judged; all sorts when absent."
    )

    def scope(self, program: Program) -> Iterable[str] | None:
        """Names are read off the files; nothing has to be evaluated."""
        return ()

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every file whose path, and for every definition whose name, a pattern forbids."""
        from pathspec import GitIgnoreSpec

        chosen = GitIgnoreSpec.from_lines(self.paths)
        files = tuple(chosen.match_files(program.documents.paths)) if "path" in self.applies_to else ()
        judges_code = set(self.applies_to) != {"path"}
        described = [unit.stub for unit in program.modules.values() if unit.stub is not None]
        units = [unit for unit in (*program.modules.values(), *described) if judges_code and chosen.match_file(unit.path)]
        if not files and not units and not self.may_be_empty:
            ledger.is_vacuous(f"no file fits {', '.join(self.paths)}")
        modules = {unit.path: unit.name for unit in program.modules.values()}
        for path in sorted(files):
            ledger.judge()
            forbidden = self._forbids(_names_of_path(path))
            if forbidden:
                message = f"the path `{path}` has a name that the pattern `{forbidden}` forbids"
                yield self.finding(whole(path), modules.get(path, path), message, sink=f"path {path}")
        ledger.judge(len(units))
        for unit in units:
            yield from self._unit(program, unit)

    def _unit(self, program: Program, unit: Unit) -> Iterator[Finding]:
        """Judge the names that a module gives; one whose whole text has no such name is not parsed."""
        from buttress_scanner.contracts._names import introduced
        from buttress_scanner.source.model import SourceProblem
        from buttress_scanner.source.parse import parse_text

        text = unit.data.decode("utf-8", "surrogatepass")
        if not any(_ANCHORED.search(pattern) or re.search(pattern, text) for pattern in self.forbid_pattern):
            return
        tree = parse_text(text, unit.path)
        if isinstance(tree, SourceProblem):
            return
        exempted = Exempted(self.exempt)
        for each in introduced(tree):
            sorts = each.sorts.intersection(self.applies_to)
            forbidden = self._forbids((each.name,)) if sorts else ""
            own = f"{unit.name}:{'.'.join(part for part in (each.qualname, each.name) if part)}"
            if forbidden and not exempted.covers_place(unit.path, own):
                sort = next(sort for sort in _ALL if sort in sorts)
                around = f"{unit.name}:{each.qualname}" if each.qualname else unit.name
                yield self.finding(
                    program.position(unit, each.span),
                    own if sort in ("class", "function") else around,
                    f"the {sort.replace('-', ' ')} `{each.name}` has a name that the pattern `{forbidden}` forbids",
                    sink=f"{sort} {each.name}",
                )

    def claims(self, program: Program) -> Iterator[Never]:
        """No file has a path that is forbidden."""
        from pathspec import GitIgnoreSpec

        from buttress_scanner.contracts.claims import Never

        exempted = Exempted(self.exempt)
        judged = GitIgnoreSpec.from_lines(self.paths).match_files(program.documents.paths) if "path" in self.applies_to else ()
        for path in sorted(judged):
            if self._forbids(_names_of_path(path)) and not exempted.covers_place(path, path):
                name = path.rpartition("/")[2]
                yield Never(f"the path {path}", frozenset((path,)))
                if self._forbids(_names_of_path(name)):
                    yield Never(f"the name of {path}", frozenset((name,)))

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Give a forbidden name to each sort of thing that is judged."""
        from pathspec import GitIgnoreSpec

        from buttress_scanner.contracts.breaking import Breaking, Place, Workbench

        name = next(filter(None, map(_example, self.forbid_pattern)), "")
        chosen = GitIgnoreSpec.from_lines(self.paths)
        if "path" in self.applies_to:
            for path in [path for path in program.documents.paths if chosen.match_file(path)]:
                folder, slash, file = path.rpartition("/")
                added = f"{folder}{slash}{name}{file[file.find('.') :] if '.' in file else ''}"
                if name and chosen.match_file(added) and added not in program.documents.paths:
                    yield Breaking(f"adds {added}", {added: b""}, (Place(added),))
                    break
        code = "\n\n".join(text.format(name=name) for sort, text in _BROKEN.items() if sort in self.applies_to)
        for unit in [unit for unit in program.modules.values() if chosen.match_file(unit.path)][:1]:
            if name.isidentifier() and code:
                yield Workbench(program).appended(f"gives the name {name} to something of each sort", unit, code)

    def _forbids(self, names: Iterable[str]) -> str:
        """The pattern that is found in any of the names; "" when none is."""
        return next((pattern for pattern in self.forbid_pattern for name in names if re.search(pattern, name)), "")


def _names_of_path(path: str) -> tuple[str, ...]:
    """What patterns are searched in: the path, each folder's name, and the file's with and without its ending."""
    *folders, file = path.split("/")
    return (path, *folders, file, file.partition(".")[0] or file)


def _example(pattern: str) -> str:
    """A name in which a pattern is found, made of the pattern itself where that is simple; "" where it is not."""
    plain = re.sub(r"\(\?[a-zA-Z]+\)|[\^$]|\\b", "", pattern)
    plain = re.sub(r"\(\?[:!=<][^)]*\)", lambda group: group[0][3:-1].partition("|")[0] if group[0][2] == ":" else "", plain)
    plain = re.sub(r"\[([^\]^])[^\]]*\]|\\d", lambda one: one[1] or "1", plain)
    plain = re.sub(r"\(([^)|]*)[^)]*\)", r"\1", plain).partition("|")[0]
    plain = re.sub(r"[^\W]?[*?]|\{[^}]*\}|\+|\\(?=\W)", "", plain).replace(".", "x")
    found = next((each for each in (plain, f"Some{plain}", f"some_{plain}") if re.search(pattern, each)), "")
    return found if found.isidentifier() else ""
