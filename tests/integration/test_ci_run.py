"""The script that every submission must pass tells the truth about the run that it starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import copy_tree, run, write_tree

if TYPE_CHECKING:
    from pathlib import Path

PASSED = "============================= 12 passed, 1 skipped in 3.21s =============================="
FAILED = "================== 1 failed, 11 passed in 83.20s (0:01:23) ==================="


@pytest.mark.parametrize(
    ("printed", "made", "code", "closing"),
    [
        pytest.param(f"{PASSED}\nTOTAL 91%", 0, 0, PASSED, id="all-passed"),
        pytest.param(f"{FAILED}\nmake: error", 2, 2, FAILED, id="test-failed"),
        pytest.param("ruff found something", 2, 2, "ruff found something", id="check-failed"),
        pytest.param("nothing to be done", 0, 1, "no test ran: pytest printed no closing line", id="no-test-ran"),
    ],
)
def test_script_ends_as_the_run_does(tmp_path: Path, printed: str, made: int, code: int, closing: str) -> None:
    """The exit code is that of `make test`, red if no test ran, and the last line is the one in which pytest counts."""
    clone = copy_tree([".ci/run"], tmp_path / "clone")
    make = write_tree(tmp_path / "bin", {"make": f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\nexit {made}\n"}) / "make"
    make.chmod(0o755)
    outcome = run(["bash", ".ci/run"], clone, {"PATH": f"{make.parent}{os.pathsep}{os.environ['PATH']}", "CI": "true"})
    assert outcome.code == code
    assert outcome.output.splitlines()[-1] == closing
