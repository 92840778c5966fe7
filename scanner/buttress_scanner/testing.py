"""Tools for testing contracts: run the examples of a contract page, or check a small program written in a test.

A *page* is a Markdown file that documents a contract kind and holds examples. Each ``###`` heading is one example, a program
checked on its own:

- a ``toml`` block is the configuration, in the form of ``buttress.toml``; below ``##`` and before any ``###`` it holds for
  all examples of that section, below ``###`` it replaces that;
- a block with a title, such as ``py title="app/base.py"``, is a file; below ``##`` it belongs to all examples of the
  section, and an example replaces it by giving the same title;
- ``# error: [contract-id]`` at the end of a line says that a finding starts in exactly that line, ``# possible: [id]`` that
  its confidence is possible as well; ``# error: [a], [b]`` names two findings; the marks work in ``toml`` blocks too;
- ``# error at docs/plan.json:7: [contract-id]``, on a line of its own in the ``toml`` block, marks line 7 of a file that can hold
  no mark; without the number it says that a finding stands at that path and at no line, as that of a file that is missing;
- ``# vacuous: [contract-id]`` in the ``toml`` block says that this contract guards nothing.

Whatever is reported without a mark, or marked and not reported, is a difference, and so is an example that cannot be run. An
example without marks must be reported clean.

Nothing here needs pytest. With pytest, `buttress_scanner.testing_plugin` makes a test of each example.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence
from buttress_scanner.testing_pages import CONFIGURATION, Example, Mark, Page, PageFile, line_of_code, malformed_marks, parse_page

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

TODAY = date(2026, 1, 1)
"""The day on which examples are checked, so that a suppression's last day means the same every day."""

Check = Callable[[str, Mapping[str, str | bytes]], "Report"]
"""What runs an example: `check_files`, or a function that stands in for it."""


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
        f"{file.path}:{number}: malformed mark: {line.strip()}"
        for file in example.all_files
        for number, line in malformed_marks(file)
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
            yield f"missing: {mark.path}:{mark.line}: [{mark.contract}]{line_of_code(example, mark.path, mark.line)}"
        elif mark.what == "possible" and candidates[0].confidence is not Confidence.POSSIBLE:
            yield f"{mark.path}:{mark.line}: [{mark.contract}] is {candidates[0].confidence}, marked possible"
        del candidates[:1]
    for (path, line, contract), surplus in sorted(found.items()):
        for finding in surplus:
            yield f"unexpected: {path}:{line}: [{contract}] {finding.message}{line_of_code(example, path, line)}"
    yield from _vacuity(example, report)


def _vacuity(example: Example, report: Report) -> Iterator[str]:
    marked = {mark.contract for mark in example.marks if mark.what == "vacuous"}
    vacuous = {result.id: "; ".join(result.why) for result in report.contracts if result.status.value == "vacuous"}
    for contract in sorted(marked - vacuous.keys()):
        yield f"missing: [{contract}] is not vacuous"
    for contract in sorted(vacuous.keys() - marked):
        yield f"unexpected: [{contract}] is vacuous: {vacuous[contract]}"
