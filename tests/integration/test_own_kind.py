"""The package of own kinds is what its guide says: it is built, installed beside buttress, and its kinds and pack work."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.integration.house import ROOT, must, run, write_tree

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "examples/own_kind"
PAGES = ("reasoned_noqa.md", "subclasses_live_in.md")
RUN_PAGES = """\
import sys
from importlib import resources
from pathlib import Path
from buttress_scanner.testing import assert_page
for name in sys.argv[1:]:
    assert_page(Path(str(resources.files("house_rules") / name)))
"""
SCATTERED = """\
from shop.plugins import words


class Longer(words.Words):
    pass
"""


class Installed(NamedTuple):
    """An environment with buttress and the package in it, and a project that extends the pack."""

    python: Path
    buttress: Path
    project: Path


@pytest.fixture(scope="module")
def installed(distributions: Path, constraints: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the package as its authors would, and install both wheels into an empty environment."""
    root = tmp_path_factory.mktemp("own-kind")
    source = shutil.copytree(PACKAGE, root / "source", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    must([sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", root / "dist", source], root)
    must([sys.executable, "-m", "venv", root / "venv"], root)
    wheels = [next(folder.glob("*.whl")) for folder in (distributions, root / "dist")]
    pins = {"PIP_CONSTRAINT": str(constraints), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    must([root / "venv/bin/python", "-m", "pip", "install", "--quiet", *wheels], root, pins)
    return Installed(root / "venv/bin/python", root / "venv/bin/buttress", source / "project")


def test_project_that_extends_the_pack_is_clean(installed: Installed) -> None:
    """Both contracts of the pack judge something, and find nothing."""
    outcome = run([installed.buttress, "check"], installed.project)
    assert outcome.code == 0, outcome.output
    assert "plugins-live-together" in outcome.output
    assert "silence-has-a-reason" in outcome.output


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("shop/billing.py", SCATTERED, "shop/billing.py:4:1: [plugins-live-together]"),
        ("shop/plugins/quiet.py", "import re  # noqa\n", "shop/plugins/quiet.py:1:12: [silence-has-a-reason]"),
    ],
    ids=["program-level", "file-level"],
)
def test_each_kind_finds_what_breaks_it(installed: Installed, tmp_path: Path, path: str, text: str, expected: str) -> None:
    """A kind of the package reports as our own kinds do: place, id, exit code."""
    project = shutil.copytree(installed.project, tmp_path / "project")
    write_tree(project, {path: text})
    outcome = run([installed.buttress, "check", "--format", "concise"], project)
    assert outcome.code == 1, outcome.output
    assert outcome.output.splitlines()[0].startswith(expected)


def test_each_kind_can_be_sabotaged(installed: Installed) -> None:
    """The self-test of contracts breaks those of the package in the ways that their kinds offer, and sees them turn red."""
    outcome = run([installed.buttress, "sabotage"], installed.project)
    assert outcome.code == 0, outcome.output
    assert outcome.output.count("red") >= len(PAGES)


def test_pages_of_the_package_are_true(installed: Installed, tmp_path: Path) -> None:
    """The pages travel with the package, and every example on them is as they say."""
    must([installed.python, "-c", RUN_PAGES, *PAGES], tmp_path)


def test_false_page_of_the_package_is_noticed(installed: Installed, tmp_path: Path) -> None:
    """A page that expects another line fails, with the difference."""
    text = (PACKAGE / "house_rules" / PAGES[0]).read_text().replace("app/main.py:5", "app/main.py:4")
    write_tree(tmp_path, {"page.md": text})
    code = "from pathlib import Path; from buttress_scanner.testing import assert_page; assert_page(Path('page.md'))"
    outcome = run([installed.python, "-c", code], tmp_path)
    assert outcome.code == 1
    assert "missing: app/main.py:4: [silence]" in outcome.output
    assert "unexpected: app/main.py:5: [silence]" in outcome.output


def test_explain_shows_the_page(installed: Installed, tmp_path: Path) -> None:
    """Kinds of the package are listed and explained like ours."""
    assert "reasoned-noqa" in must([installed.buttress, "explain"], tmp_path)
    assert "names the rules, and says why" in must([installed.buttress, "explain", "reasoned-noqa"], tmp_path)
