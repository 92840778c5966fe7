"""Workflows, the action and the hook files are valid and safe, without asking anything on the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.house import ROOT, copy_tree, run, tool, tracked_files, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.house import Outcome

WORKFLOWS = [name for name in tracked_files() if name.startswith(".github/workflows/")]
SCHEMAS = {
    **dict.fromkeys(WORKFLOWS, "vendor.github-workflows"),
    "action.yml": "vendor.github-actions",
    ".github/dependabot.yml": "vendor.dependabot",
}


def schema_check(schema: str, path: Path) -> Outcome:
    """Validate a file against one of the schemas that the validator carries with it."""
    return run([tool("check-jsonschema"), "--builtin-schema", schema, path], path.parent)


def audit(root: Path) -> Outcome:
    """Look for unsafe habits in all workflow files below a folder, at the strictest level."""
    return run([tool("zizmor"), "--offline", "--strict-collection", "--persona", "pedantic", root], root)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The workflow files and the action in a folder of their own, to be spoiled."""
    return copy_tree([*SCHEMAS], tmp_path)


@pytest.mark.parametrize("name", [*SCHEMAS])
def test_file_fits_its_schema(name: str) -> None:
    """What the forge reads has the shape that the forge expects."""
    outcome = schema_check(SCHEMAS[name], ROOT / name)
    assert outcome.code == 0, outcome.output


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != ".github/dependabot.yml"])
def test_schema_check_can_fail(name: str, copied: Path) -> None:
    """A misspelt key at the top is noticed in each of the files."""
    path = copied / name
    path.write_text(re.sub(r"^(jobs|runs):", r"\1s:", path.read_text(), flags=re.MULTILINE))
    assert schema_check(SCHEMAS[name], path).code == 1


def test_audit_finds_nothing(copied: Path) -> None:
    """Nothing is injected, nothing floats, nobody has a right that he does not need."""
    outcome = audit(copied)
    assert outcome.code == 0, outcome.output
    assert "No findings to report" in outcome.output
    assert all(f"completed {name}" in outcome.output.replace("./", "").replace(f"{copied}/", "") for name in SCHEMAS)


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "finding"),
    [
        pytest.param(".github/workflows/ci.yml", r"checkout@\w{40} # v[\d.]+", "checkout@v7", "unpinned-uses", id="floating-tag"),
        pytest.param(
            ".github/workflows/ci.yml", "permissions: {}", "permissions: write-all", "excessive-permissions", id="all-rights"
        ),
        pytest.param(".github/workflows/ci.yml", "persist-credentials: false", "fetch-depth: 0", "artipacked", id="kept-token"),
        pytest.param(
            "action.yml",
            r'requirement="\$GITHUB_ACTION_PATH"',
            'requirement="${{ inputs.version }}"',
            "template-injection",
            id="injected-input",
        ),
    ],
)
def test_audit_can_fail(copied: Path, name: str, pattern: str, replacement: str, finding: str) -> None:
    """Each of the classic mistakes, made on purpose, is found."""
    path = copied / name
    spoiled, count = re.subn(pattern, replacement, path.read_text())
    assert count
    path.write_text(spoiled)
    outcome = audit(copied)
    assert outcome.code != 0
    assert finding in outcome.output


@pytest.mark.parametrize("command", [["validate-config"], ["validate-manifest"]], ids=["our-hooks", "offered-hooks"])
def test_hook_files_are_valid(command: list[str]) -> None:
    """What we run on ourselves and what we offer to others is accepted by pre-commit."""
    outcome = run([tool("pre-commit"), *command], ROOT)
    assert outcome.code == 0, outcome.output


def test_hook_file_check_can_fail(tmp_path: Path) -> None:
    """A hook without an entry is refused."""
    manifest = write_tree(tmp_path, {"hooks.yaml": "- id: buttress\n  name: buttress\n  language: python\n"}) / "hooks.yaml"
    assert run([tool("pre-commit"), "validate-manifest", manifest], tmp_path).code == 1


def commands(workflow: str, job: str) -> list[str]:
    """Return what the steps of a job run, in their order."""
    steps = yaml.safe_load((ROOT / ".github/workflows" / workflow).read_text())["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


def test_execution_gate_keeps_its_order() -> None:
    """First the scanner, then the older tests, then the tests of execution (TR-55)."""
    assert commands("execution-ci.yml", "execution") == ["make scan", "make test-older", "make test-execution"]


def test_scanner_comes_first_in_ci() -> None:
    """No job of the ordinary gate starts before the contracts are known to be kept."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    assert [name for name, job in jobs.items() if "needs" not in job] == ["scan"]
    assert commands("ci.yml", "scan") == ["make scan"]
    assert jobs["tests"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
