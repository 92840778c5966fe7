"""The pytest plugin: pages named as arguments or configured become tests, other Markdown does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCANNER = Path(__file__).parents[3] / "scanner"
PAGE = """\
# law

## Violations

### Nothing to check with

```py title="m.py"
x = 1
```

### No files

```toml
[[contract]]
id = "law"
```
"""
OTHER = "# Notes\n\n### Not a page\n\nProse.\n"
TEST = '"""A test."""\n\n\ndef test_passes() -> None:\n    """Passes."""\n    assert True\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a page, another Markdown file and an ordinary test."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "law.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "notes.md").write_text(OTHER, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    return tmp_path


def pytest_in(project: Path, *args: str) -> str:
    """Run pytest with only this plugin and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(SCANNER), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "buttress_scanner.testing_plugin", "-q", *args]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert "INTERNALERROR" not in done.stdout
    return done.stdout


def test_a_named_page_is_collected(project: Path) -> None:
    """A page given as an argument gives a test for each example, named by section and title."""
    assert pytest_in(project, "--collect-only", "pages/law.md").splitlines()[:2] == [
        "pages/law.md::Violations: Nothing to check with",
        "pages/law.md::Violations: No files",
    ]


def test_pages_are_not_collected_unasked(project: Path) -> None:
    """Without configuration a run over the folder sees only ordinary tests."""
    shown = pytest_in(project, "--collect-only")
    assert "law.md" not in shown
    assert "test_it.py::test_passes" in shown


def test_configured_folders_are_collected(project: Path) -> None:
    """Pages in a configured folder are collected when pytest walks over them."""
    (project / "pytest.ini").write_text("[pytest]\nbuttress_pages = pages\n", encoding="utf-8")
    shown = pytest_in(project, "--collect-only")
    assert "pages/law.md::Violations: No files" in shown
    assert "notes.md" not in shown


def test_other_markdown_is_left_to_others(project: Path) -> None:
    """A Markdown file without contracts is not taken, even when it is named."""
    assert "Not a page" not in pytest_in(project, "--collect-only", "notes.md", "test_it.py")


def test_a_failure_shows_differences_and_files(project: Path) -> None:
    """A failing example shows page and line, the differences, and the files with line numbers, and no traceback."""
    shown = pytest_in(project, "pages/law.md")
    assert "law.md:5: Violations: Nothing to check with\n" in shown
    assert "the example has no configuration: give a `toml` block here or at the head of the section" in shown
    assert "--- m.py\n   1 | x = 1" in shown
    assert '--- buttress.toml\n   1 | [[contract]]\n   2 | id = "law"' in shown
    assert "Traceback" not in shown
    assert "2 failed" in shown


def test_a_broken_page_is_an_error(project: Path) -> None:
    """A page whose form is broken cannot be collected, and says why."""
    (project / "pages" / "law.md").write_text(PAGE + "\n## End\n\n```toml\n[[contract]]\n", encoding="utf-8")
    shown = pytest_in(project, "pages/law.md")
    assert "the code block is not closed" in shown
    assert "1 error" in shown


def test_loading_costs_nothing(project: Path) -> None:
    """A run without pages imports nothing of the scanner but the plugin."""
    code = "import sys, pytest; before = set(sys.modules); import buttress_scanner.testing_plugin\n"
    code += "print(sorted(name for name in set(sys.modules) - before))"
    environment = os.environ | {"PYTHONPATH": str(SCANNER)}
    done = subprocess.run([sys.executable, "-c", code], cwd=project, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['buttress_scanner', 'buttress_scanner.testing_plugin']"
