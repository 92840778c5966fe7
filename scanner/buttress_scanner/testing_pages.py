"""Contract pages as `buttress_scanner.testing` runs them: their examples, files and marks, read from Markdown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator


CONFIGURATION = "buttress.toml"
"""The name under which an example's configuration is written."""

Expectation = Literal["error", "possible", "vacuous"]

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<text>.*?)\s*#*")
_TITLE = re.compile(r"""\btitle=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""")
_MARKS = re.compile(r"(?:\s*#\s*(?:error|possible|vacuous):\s*\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*)+\s*$")
_MARK = re.compile(r"#\s*(?P<what>error|possible|vacuous):\s*(?P<ids>\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*)")
_ALMOST = re.compile(r"#\s*(?:error|possible|vacuous)\s*(?::|\[)")
_ID = re.compile(r"\[\s*([^\]]*?)\s*\]")
_ELSEWHERE = re.compile(
    r"\s*#\s*(?P<what>error|possible) at (?P<path>[^:\[\]]+?)(?::(?P<line>[1-9]\d*))?:"
    r"\s*(?P<ids>\[[^\]]+\](?:\s*,\s*\[[^\]]+\])*)\s*"
)
"""A mark in the configuration for another file: for files that have no comments, and for findings without a line."""
_ALMOST_ELSEWHERE = re.compile(r"#\s*(?:error|possible)\s+at\s.*\[")
_EXPECTATIONS: dict[str, Expectation] = {"error": "error", "possible": "possible", "vacuous": "vacuous"}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What an example expects at a line of one of its files."""

    path: str
    line: int
    contract: str
    what: Expectation


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of an example. ``line`` is the page's line of its first line."""

    path: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Example:
    """A small program with its configuration, and what is to be reported of it."""

    page: str
    section: str
    title: str
    line: int
    config: PageFile | None
    files: tuple[PageFile, ...]
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Section and title, as test reports show them."""
        return f"{self.section}: {self.title}" if self.section else self.title

    @property
    def all_files(self) -> tuple[PageFile, ...]:
        """The configuration, if there is one, and the files."""
        return (*((self.config,) if self.config else ()), *self.files)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What the example expects, sorted."""
        return tuple(sorted(mark for file in self.all_files for mark in _marks(file)))

    @property
    def is_lawful(self) -> bool:
        """Whether nothing may be reported."""
        return not self.marks


@dataclass(frozen=True, slots=True)
class Page:
    """A contract page: the kind that it names and its examples."""

    path: str
    kind: str
    examples: tuple[Example, ...]
    problems: tuple[str, ...] = ()


def parse_page(text: str, path: str) -> Page:
    """Read a contract page.

    Args:
        text: The page's Markdown.
        path: Names the page in examples and differences.

    Returns:
        The page. What is wrong with its form stands in ``problems`` of the page or of the example, and fails when it is run.
    """
    reader = _Reader(path)
    for block in _blocks(text):
        reader.take(block)
    return reader.page()


@dataclass(frozen=True, slots=True)
class _Block:
    """A heading (``level`` above 0) or a fenced block, with its line in the page."""

    line: int
    level: int = 0
    info: str = ""
    text: str = ""
    closed: bool = True


def _blocks(text: str) -> Iterator[_Block]:
    """Yield headings and fenced blocks in order."""
    lines = _lines(text)
    number = 0
    while number < len(lines):
        fence = _FENCE.fullmatch(lines[number])
        heading = _HEADING.fullmatch(lines[number])
        if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
            end = _fence_end(lines, number, fence["fence"])
            body = "".join(line + "\n" for line in lines[number + 1 : end])
            yield _Block(number + 2, info=fence["info"].strip(), text=body, closed=end < len(lines))
            number = end
        elif heading:
            yield _Block(number + 1, level=len(heading["level"]), text=heading["text"])
        number += 1


def _lines(text: str) -> list[str]:
    """Split as Python counts lines: a form feed ends none."""
    return text.replace("\r\n", "\n").split("\n")


def _fence_end(lines: list[str], start: int, fence: str) -> int:
    """Return the number of the line that closes a fence, or the number of lines when none does."""
    closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}\s*")
    return next((number for number in range(start + 1, len(lines)) if closing.fullmatch(lines[number])), len(lines))


@dataclass(slots=True)
class _Scope:
    """The configuration and files that a section or an example gives."""

    title: str = ""
    line: int = 0
    config: PageFile | None = None
    files: dict[str, PageFile] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take(self, block: _Block) -> None:
        """Take a fenced block."""
        if not block.closed:
            self.problems.append(f"line {block.line - 1}: the code block is not closed")
        language = block.info.split(maxsplit=1)[0] if block.info else ""
        title = _TITLE.search(block.info)
        path = (title["double"] or title["single"] or "") if title else ""
        if language == "toml" and path in {"", CONFIGURATION}:
            if self.config is not None:
                self.problems.append(f"line {block.line}: a second configuration")
            self.config = PageFile(CONFIGURATION, block.text, block.line)
        elif path:
            if path in self.files:
                self.problems.append(f"line {block.line}: a second file {path}")
            self.files[path] = PageFile(path, block.text, block.line)
        elif title or language in {"py", "pyi", "python"}:
            self.problems.append(f'line {block.line}: a code block without a title: write `py title="app/base.py"`')


class _Reader:
    """Builds a page from its blocks."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._kind = ""
        self._section = _Scope()
        self._example: _Scope | None = None
        self._examples: list[Example] = []
        self._problems: list[str] = []

    def take(self, block: _Block) -> None:
        """Take the next heading or fenced block."""
        match block.level:
            case 0:
                (self._example or self._section).take(block)
            case 1 | 2:
                self._end_section()
                self._kind = self._kind or block.text
                self._section = _Scope(block.text if block.level == 2 else "", block.line)
            case 3:
                self._end_example()
                self._example = _Scope(block.text, block.line)
            case _:
                return

    def page(self) -> Page:
        """Return the page when all blocks are taken."""
        self._end_section()
        names = Counter(example.name for example in self._examples)
        twice = [f"two examples are called {name!r}" for name, count in sorted(names.items()) if count > 1]
        return Page(self._path, self._kind, tuple(self._examples), (*self._problems, *twice))

    def _end_section(self) -> None:
        self._end_example()
        unclosed = [problem for problem in self._section.problems if "not closed" in problem]
        self._problems += unclosed

    def _end_example(self) -> None:
        example, section = self._example, self._section
        self._example = None
        if example is None:
            return
        files = section.files | example.files
        config = example.config or section.config
        problems = (*section.problems, *example.problems)
        self._examples.append(
            Example(self._path, section.title, example.title, example.line, config, tuple(files.values()), problems)
        )


def _marks(file: PageFile) -> Iterator[Mark]:
    """Yield the marks of a file, each id of a mark by itself."""
    for number, line in enumerate(_lines(file.text), start=1):
        if file.path == CONFIGURATION and (away := _ELSEWHERE.fullmatch(line)):
            for contract in _ID.findall(away["ids"]):
                yield Mark(away["path"], int(away["line"] or 0), contract, _EXPECTATIONS[away["what"]])
        if trailing := _MARKS.search(line):
            for mark in _MARK.finditer(trailing[0]):
                for contract in _ID.findall(mark["ids"]):
                    yield Mark(file.path, number, contract, _EXPECTATIONS[mark["what"]])


def malformed_marks(file: PageFile) -> Iterator[tuple[int, str]]:
    """Yield lines that hold something like a mark that is none."""
    for number, line in enumerate(_lines(file.text), start=1):
        almost = _ALMOST.search(_MARKS.sub("", line)) or "[]" in "".join(_MARKS.findall(line))
        away = file.path == CONFIGURATION and _ALMOST_ELSEWHERE.search(line) and not _ELSEWHERE.fullmatch(line)
        if almost or away:
            yield number, line


def line_of_code(example: Example, path: str, line: int) -> str:
    """Return the line of code for a difference, without its mark."""
    files = {file.path: file for file in example.all_files}
    lines = _lines(files[path].text) if path in files else []
    return f"  | {_MARKS.sub('', lines[line - 1]).strip()}" if 0 < line <= len(lines) else ""
