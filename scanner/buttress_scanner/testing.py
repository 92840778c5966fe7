"""Tools for testing contracts: run the examples of a contract page, or check a small program written in a test.

A *page* is a Markdown file that documents a contract kind and holds examples. Each ``###`` heading is one example, a program
checked on its own:

- a ``toml`` block is the configuration, in the form of ``buttress.toml``; below ``##`` and before any ``###`` it holds for
  all examples of that section, below ``###`` it replaces that;
- a block with a title, such as ``py title="app/base.py"``, is a file; below ``##`` it belongs to all examples of the
  section, and an example replaces it by giving the same title;
- ``# error: [contract-id]`` at the end of a line says that a finding starts in exactly that line, ``# possible: [id]`` that
  its confidence is possible as well; ``# error: [a], [b]`` names two findings; the marks work in ``toml`` blocks too;
- ``# vacuous: [contract-id]`` in the ``toml`` block says that this contract guards nothing.

Whatever is reported without a mark, or marked and not reported, is a difference, and so is an example that cannot be run. An
example without marks must be reported clean.

Nothing here needs pytest. With pytest, `buttress_scanner.testing_plugin` makes a test of each example.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from buttress_scanner.findings.model import Confidence

if TYPE_CHECKING:
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.findings.report_model import Report

__all__ = [
    "CONFIGURATION",
    "TODAY",
    "Example",
    "Mark",
    "Page",
    "PageFile",
    "assert_page",
    "check_files",
    "parse_page",
    "run_example",
]

CONFIGURATION = "buttress.toml"
"""The name under which an example's configuration is written."""

TODAY = date(2026, 1, 1)
"""The day on which examples are checked, so that a suppression's last day means the same every day."""

Check = Callable[[str, Mapping[str, str | bytes]], "Report"]
"""What runs an example: `check_files`, or a function that stands in for it."""

Expectation = Literal["error", "possible", "vacuous"]

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<text>.*?)\s*#*")
_TITLE = re.compile(r"""\btitle=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""")
_MARKS = re.compile(r"(?:\s*#\s*(?:error|possible|vacuous):\s*\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*)+\s*$")
_MARK = re.compile(r"#\s*(?P<what>error|possible|vacuous):\s*(?P<ids>\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*)")
_ALMOST = re.compile(r"#\s*(?:error|possible|vacuous)\s*(?::|\[)")
_ID = re.compile(r"\[\s*([^\]]*?)\s*\]")
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


def run_example(example: Example, check: Check | None = None) -> list[str]:
    """Check an example and compare with its marks.

    Args:
        example: What to check.
        check: Checks a configuration and files; `check_files` by default.

    Returns:
        The differences, each a line of text; none when the example is as the page says.
    """
    problems = list(example.problems)
    if example.config is None:
        problems.append("the example has no configuration: give a `toml` block here or at the head of the section")
    if not example.files:
        problems.append('the example has no files: give blocks such as `py title="app/base.py"`')
    problems += [
        f"{file.path}:{number}: malformed mark: {line.strip()}" for file in example.files for number, line in _malformed(file)
    ]
    if problems or example.config is None:
        return problems
    report = (check or check_files)(example.config.text, {file.path: file.text for file in example.files})
    return list(_differences(example, report))


def assert_page(path: Path, check: Check | None = None) -> None:
    """Fail unless every example of a page is as the page says.

    Raises:
        AssertionError: there is a difference, or the page has no example; the message lists all differences.
    """
    page = parse_page(path.read_text(encoding="utf-8"), str(path))
    failures = [f"{path}: {problem}" for problem in page.problems]
    if not page.examples:
        failures.append(f"{path}: the page has no example: give `### ` headings with `toml` and `py` blocks")
    for example in page.examples:
        failures += [f"{path}:{example.line}: {example.name}: {difference}" for difference in run_example(example, check)]
    if failures:
        raise AssertionError("\n".join(failures))


def check_files(config_toml: str, files: Mapping[str, str | bytes]) -> Report:
    """Write a configuration and files into a temporary folder and check them.

    Args:
        config_toml: The text of ``buttress.toml``.
        files: Contents by path, relative to the folder of the configuration, with forward slashes.

    Returns:
        The report of the whole check.

    Raises:
        ValueError: a path is absolute or leads out of the folder.
    """
    with tempfile.TemporaryDirectory(prefix="buttress-example-") as name:
        folder = Path(name).resolve()
        for path, content in {CONFIGURATION: config_toml, **files}.items():
            _write(folder, path, content)
        from buttress_scanner import api

        return api.check(folder / CONFIGURATION, today=TODAY)


def _write(folder: Path, path: str, content: str | bytes) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        msg = f"{path!r} does not name a file below the example's folder"
        raise ValueError(msg)
    target = folder / pure
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())


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
        if trailing := _MARKS.search(line):
            for mark in _MARK.finditer(trailing[0]):
                for contract in _ID.findall(mark["ids"]):
                    yield Mark(file.path, number, contract, _EXPECTATIONS[mark["what"]])


def _malformed(file: PageFile) -> Iterator[tuple[int, str]]:
    """Yield lines that hold something like a mark that is none."""
    for number, line in enumerate(_lines(file.text), start=1):
        if _ALMOST.search(_MARKS.sub("", line)) or "[]" in "".join(_MARKS.findall(line)):
            yield number, line


def _differences(example: Example, report: Report) -> Iterator[str]:
    """Yield what the report has and the marks have not, and the other way round."""
    for problem in report.errors:
        hint = f" ({problem.hint})" if problem.hint else ""
        yield f"error: {problem.path}:{problem.line}:{problem.column}: {problem.message}{hint}"
    found: dict[tuple[str, int, str], list[Finding]] = {}
    for finding in report.open_findings:
        found.setdefault((finding.position.path, finding.position.line, finding.contract), []).append(finding)
    for group in found.values():
        group.sort(key=lambda finding: finding.confidence is Confidence.PROVEN)
    for mark in sorted((mark for mark in example.marks if mark.what != "vacuous"), key=lambda mark: mark.what != "possible"):
        candidates = found.get((mark.path, mark.line, mark.contract), [])
        if not candidates:
            yield f"missing: {mark.path}:{mark.line}: [{mark.contract}]{_code(example, mark.path, mark.line)}"
        elif mark.what == "possible" and candidates[0].confidence is not Confidence.POSSIBLE:
            yield f"{mark.path}:{mark.line}: [{mark.contract}] is {candidates[0].confidence}, marked possible"
        del candidates[:1]
    for (path, line, contract), surplus in sorted(found.items()):
        for finding in surplus:
            yield f"unexpected: {path}:{line}: [{contract}] {finding.message}{_code(example, path, line)}"
    yield from _vacuity(example, report)


def _vacuity(example: Example, report: Report) -> Iterator[str]:
    marked = {mark.contract for mark in example.marks if mark.what == "vacuous"}
    vacuous = {result.id: "; ".join(result.why) for result in report.contracts if result.status.value == "vacuous"}
    for contract in sorted(marked - vacuous.keys()):
        yield f"missing: [{contract}] is not vacuous"
    for contract in sorted(vacuous.keys() - marked):
        yield f"unexpected: [{contract}] is vacuous: {vacuous[contract]}"


def _code(example: Example, path: str, line: int) -> str:
    """Return the line of code for a difference, without its mark."""
    files = {file.path: file for file in example.all_files}
    lines = _lines(files[path].text) if path in files else []
    return f"  | {_MARKS.sub('', lines[line - 1]).strip()}" if 0 < line <= len(lines) else ""
