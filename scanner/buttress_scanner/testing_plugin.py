"""pytest plugin: every example of a contract page is a test.

``pytest contracts/my_kind.md`` runs a page; pages in the folders of the ini option ``buttress_pages`` are collected wherever
pytest meets them. A Markdown file that is no contract page is left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest._code.code import TerminalRepr, TracebackStyle

    from buttress_scanner.testing import Example

_INI = "buttress_pages"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option that names folders and files of pages."""
    parser.addini(_INI, "Folders or files of contract pages whose examples are tests", type="paths", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a contract page that was named as an argument or lies in a configured folder."""
    if file_path.suffix != ".md":
        return None
    configured: list[Path] = parent.config.getini(_INI)
    if not parent.session.isinitpath(file_path) and not any(file_path.is_relative_to(folder) for folder in configured):
        return None
    return PageCollector.from_parent(parent, path=file_path) if _is_page(file_path) else None


def _is_page(path: Path) -> bool:
    """Tell a contract page from other Markdown: it holds a contract and examples."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return "[[contract]]" in text and "\n### " in text


class PageCollector(pytest.File):
    """A contract page."""

    def collect(self) -> Iterator[ExampleItem]:
        """Yield a test for each example."""
        from buttress_scanner.testing import parse_page

        page = parse_page(self.path.read_text(encoding="utf-8"), str(self.path))
        if page.problems:
            raise self.CollectError("\n".join(f"{self.path}: {problem}" for problem in page.problems))
        for example in page.examples:
            yield ExampleItem.from_parent(self, name=example.name, example=example)


class DifferenceError(AssertionError):
    """An example that is not as its page says."""


class ExampleItem(pytest.Item):
    """One example of a page."""

    def __init__(self, *, example: Example, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # pytest hands its own arguments through
        self.example = example

    def runtest(self) -> None:
        """Check the example and fail on any difference."""
        from buttress_scanner.testing import run_example

        differences = run_example(self.example)
        if differences:
            raise DifferenceError("\n".join(differences))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """Show the differences and the example's files instead of a traceback."""
        if not isinstance(excinfo.value, DifferenceError):
            return super().repr_failure(excinfo, style)
        return f"{self.path}:{self.example.line}: {self.example.name}\n\n{excinfo.value}\n\n{_listing(self.example)}"

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Name page, line and example."""
        return self.path, self.example.line - 1, self.name


def _listing(example: Example) -> str:
    """Number the lines of the configuration and the files."""
    parts = []
    for file in example.all_files:
        lines = [f"{number:>4} | {line}".rstrip() for number, line in enumerate(file.text.split("\n"), start=1)]
        parts.append("\n".join([f"--- {file.path}", *lines]))
    return "\n".join(parts)
