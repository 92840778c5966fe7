"""The steps of our GitHub action, run by a shell as the forge runs them."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.house import CLEAN_PROJECT, ROOT, VIOLATION, commit_all, init_repository, run, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


class Forge:
    """As much of a runner as a composite action needs: expressions, environment, outputs, one working folder."""

    def __init__(self, checkout: Path, workspace: Path, temporary: Path) -> None:
        self.workspace = workspace
        self.outputs = workspace.parent / "outputs"
        self.outputs.write_text("")
        self.said = ""
        self.base = {"GITHUB_ACTION_PATH": str(checkout), "RUNNER_TEMP": str(temporary), "GITHUB_OUTPUT": str(self.outputs)}

    def values(self) -> dict[str, str]:
        """Return the outputs that steps have written so far."""
        return dict(line.split("=", 1) for line in self.outputs.read_text().splitlines())

    def run(self, action: Mapping[str, Any], inputs: Mapping[str, str]) -> int:
        """Run the shell steps of an action; return the exit code of the first step that fails, or 0."""
        given = {f"inputs.{name}": inputs.get(name, str(spec["default"])) for name, spec in action["inputs"].items()}
        for step in action["runs"]["steps"]:
            if "run" not in step:
                continue
            known = {**given, **{f"steps.check.outputs.{name}": value for name, value in self.values().items()}}

            def resolve(text: str, known: Mapping[str, str] = known) -> str:
                return EXPRESSION.sub(lambda expression: known[expression[1]], text)

            variables = {name: resolve(value) for name, value in step.get("env", {}).items()}
            folder = self.workspace / resolve(step.get("working-directory", "."))
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            outcome = run(shell, folder, {**self.base, **variables})
            self.said += outcome.output
            if outcome.code != 0:
                return outcome.code
        return 0


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files; the action installs into it."""
    return tmp_path_factory.mktemp("runner")


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"app/api.py": VIOLATION}, 1), ({"app/plugins.py": ""}, 2)],
    ids=["kept", "broken", "vacuous"],
)
def test_action_ends_as_the_check_does(
    checkout: Path, constraints: Path, temporary: Path, tmp_path: Path, change: dict[str, str], code: int
) -> None:
    """The job fails exactly when the contracts are not kept, and the report for code scanning is there in any case."""
    workspace = write_tree(
        tmp_path / "workspace", {f"service/{name}": text for name, text in {**CLEAN_PROJECT, **change}.items()}
    )
    forge = Forge(checkout, workspace, temporary)
    forge.base["PIP_CONSTRAINT"] = str(constraints)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert forge.run(action, {"working-directory": "service", "python": sys.executable}) == code
    assert forge.values() == {"exit-code": str(code), "sarif-file": "service/buttress.sarif"}
    report = json.loads((workspace / "service/buttress.sarif").read_text())
    assert report["version"] == "2.1.0"
    assert ("::error file=" in forge.said) is bool(code)


OLD, NEW = "service/app/old.py", "service/app/api.py"
GATES: dict[str, tuple[dict[str, str], dict[str, str], int, list[str]]] = {
    "everything": ({}, {}, 1, [OLD]),
    "what is new, and nothing is": ({"diff": "HEAD"}, {}, 0, []),
    "what is new": ({"diff": "HEAD"}, {NEW: VIOLATION}, 1, [NEW]),
    "without annotations": ({"annotations": "false"}, {}, 1, []),
    "a baseline with an entry too many": ({"diff": "HEAD", "strict-baseline": "true"}, {}, 1, ["service/buttress.baseline"]),
    "no such revision": ({"diff": "nowhere"}, {}, 2, []),
}


@pytest.mark.parametrize("gate", GATES)
def test_what_the_action_gates_on(checkout: Path, constraints: Path, temporary: Path, tmp_path: Path, gate: str) -> None:
    """An old finding fails the job unless only new ones are asked for; code scanning hears of both."""
    inputs, change, code, noted = GATES[gate]
    stale = "# buttress baseline, version 1\nsingle-execution-path | app.gone:f | calls app.plugins:Plugin.run | 0 | 1\n"
    files = {**CLEAN_PROJECT, "app/old.py": VIOLATION, "buttress.baseline": stale}
    workspace = init_repository(write_tree(tmp_path / "workspace", {f"service/{name}": text for name, text in files.items()}))
    assert commit_all(workspace).code == 0
    write_tree(workspace, change)
    forge = Forge(checkout, workspace, temporary)
    forge.base["PIP_CONSTRAINT"] = str(constraints)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert forge.run(action, {"working-directory": "service", "python": sys.executable, **inputs}) == code, forge.said
    assert re.findall(r"^::error file=([^,:]+)", forge.said, re.MULTILINE) == noted
    results = json.loads((workspace / "service/buttress.sarif").read_text())["runs"][0]["results"]
    assert len(results) == 1 + len(change)
