"""``explain``, ``schema``, ``--version`` and the helps."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from buttress_scanner.cli.explain import _plain
from buttress_scanner.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scanner.cli.conftest import Project


def test_explains_a_contract_of_the_project(project: Project) -> None:
    """Reason, source, place and fields."""
    done = project.run("explain", "no-old")
    assert done.returncode == 0
    for words in ("It was replaced.", "docs/rules.md", "buttress.toml, line 2", 'forbid = ["app.old"]', "no-module"):
        assert words in done.stdout


def test_lists_kinds_and_contracts(project: Project) -> None:
    """Without a name both are listed."""
    done = project.run("explain")
    assert done.returncode == 0
    for words in ("no-module", "no-older", "Likewise."):
        assert words in done.stdout


def test_renders_a_page_plainly() -> None:
    """Headings are underlined, code is indented under its file name, text stays."""
    page = '# a-kind\n\nText with `code`.\n\n## Examples\n\n### First\n\n```py title="a.py"\n# no heading\n\nx = 1\n```\n'
    assert _plain(page) == (
        "a-kind\n======\n\nText with `code`.\n\nExamples\n--------\n\n* First\n\n    -- a.py --\n    # no heading\n\n    x = 1\n"
    )


def test_schema_names_a_broken_package(project: Project) -> None:
    """The message stands on standard error."""
    done = project.run("schema")
    assert (done.returncode, done.stdout) == (2, "")
    assert "guard-kinds" in done.stderr


def test_schema_is_json(project: Project, tmp_path: Path) -> None:
    """Without that package the schema is complete."""
    from tests.scanner.cli.conftest import Project as Other

    done = Other(project.folder, tmp_path).run("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout)["properties"]["contract"]["type"] == "array"


def test_version(project: Project) -> None:
    """The version of the distribution."""
    done = project.run("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "buttress")


@pytest.mark.parametrize("command", ["check", "explain", "schema"])
def test_helps_are_complete(project: Project, command: str) -> None:
    """Every command explains itself, and no argument or option lacks a description."""
    done = project.run(command, "--help")
    assert done.returncode == 0
    described = get_command(app)
    parameters = getattr(described, "commands")[command].params  # noqa: B009 - the class differs between versions of typer
    assert all(parameter.help and parameter.help in " ".join(done.stdout.split()) for parameter in parameters)


def test_without_a_command_the_help_is_shown(project: Project) -> None:
    """A newcomer sees the commands."""
    done = project.run()
    assert done.returncode == 2
    assert all(command in done.stdout + done.stderr for command in ("check", "explain", "schema", "--version"))


def test_completion_is_offered(project: Project) -> None:
    """A shell can ask for completions: of which shell runs the command, the answer does not depend."""
    script = project.run(_BUTTRESS_COMPLETE="source_bash")
    assert script.returncode == 0
    assert "_buttress_completion()" in script.stdout
    words = project.run(_BUTTRESS_COMPLETE="complete_bash", COMP_WORDS="buttress ch", COMP_CWORD="1")
    assert words.stdout.split() == ["check"]


def test_starting_is_cheap() -> None:
    """The command line itself loads neither libcst nor the engine nor configuration models."""
    code = "import sys; import buttress_scanner.cli.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"libcst", "buttress_scanner.engine", "buttress_scanner.program", "buttress_scanner.config.model", "rich"}
