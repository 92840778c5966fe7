"""The guards of the tool runner can fail: each breaks when the guarded line is broken on purpose (execution section 12)."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import buttress_runtime

TESTS = Path(__file__).parent
UPDATE = "                self._registry.update_execution_metrics("


@dataclass(frozen=True)
class Break:
    """A textual change to a module, and the test that has to notice."""

    module: str
    old: str
    new: str
    guard: str


BREAKS = {
    "catch-exception-only": Break(
        "execution/runner.py",
        "except BaseException as exc:",
        "except Exception as exc:",
        "test_tool_runner.py::test_a_fault_of_the_runtime_is_an_internal_error",
    ),
    "catch-exception-only-in-the-worker": Break(
        "execution/worker.py",
        "except BaseException as exc:",
        "except Exception as exc:",
        "test_tool_runner.py::test_whatever_a_plugin_raises_becomes_an_envelope[sync-system-exit]",
    ),
    "drop-the-finally": Break(
        "execution/runner.py",
        "        finally:\n            elapsed_ms",
        "        else:\n            elapsed_ms",
        "test_tool_runner.py::test_whatever_a_plugin_raises_becomes_an_envelope",
    ),
    "update-only-on-success": Break(
        "execution/runner.py",
        UPDATE,
        f"                outcome is CallOutcome.SUCCESS and {UPDATE.strip()}",
        "test_tool_runner.py::test_whatever_a_plugin_raises_becomes_an_envelope",
    ),
    "raise-in-update": Break(
        "execution/runner.py",
        "            except BaseException as fault:",
        "            except ZeroDivisionError as fault:",
        "test_tool_runner.py::test_a_metrics_fault_never_replaces_the_result",
    ),
    "decide-by-the-result": Break(
        "execution/services/job_execution.py",
        "JobEvent.SUCCEED if error == {} else",
        "JobEvent.SUCCEED if result else",
        "test_job_execution_service.py::test_an_allowed_empty_result_is_a_success",
    ),
    "return-on-a-result": Break(
        "execution/runner.py",
        "            outcome = CallOutcome.SUCCESS\n",
        "            if result:\n                outcome = CallOutcome.SUCCESS\n",
        "test_tool_runner.py::test_an_empty_result_needs_leave",
    ),
    "validate-before-the-try": Break(
        "execution/runner.py",
        "        try:\n            started = self._clock.monotonic_ms()\n",
        "        self._validators.validate_input_payload(payload)\n"
        "        try:\n            started = self._clock.monotonic_ms()\n",
        "test_tool_runner.py::test_refused_calls_name_the_first_step_that_refuses",
    ),
    "swallow-the-callers-signal": Break(
        "execution/runner.py",
        "            if isinstance(exc, PROCESS_SIGNALS):\n                raise\n",
        "",
        "test_tool_runner.py::test_signals_of_the_calling_task_go_on_after_the_metrics",
    ),
    "mean-of-means": Break(
        "execution/metrics.py",
        "return self.total_ms / calls if calls else None",
        "return ((self.last_ms or 0) + (self.min_ms or 0)) / 2 if calls else None",
        "test_registry.py::test_the_mean_is_true",
    ),
    "a-lifecycle-called-success": Break(
        "execution/plugin.py",
        '    UNAVAILABLE = "UNAVAILABLE"\n',
        '    UNAVAILABLE = "UNAVAILABLE"\n    SUCCESS = "SUCCESS"\n',
        "test_registry.py::test_the_lifecycle_has_five_states_and_no_outcome",
    ),
    "a-plugin-on-the-handle": Break(
        "execution/registry.py",
        "return None if entry is None else PluginHandle(entry.manifest.name, entry.manifest)",
        "return None if entry is None else PluginHandle(entry.plugin, entry.manifest)",
        "test_registry.py::test_no_plugin_is_reachable_from_a_handle",
    ),
}


def run_guard(root: Path, guard: str) -> subprocess.CompletedProcess[str]:
    """Run one test over the copy of the package below a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHONPATH"))}
    options = ["-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={shlex.quote(str(root))} ."]
    command = [sys.executable, "-m", "pytest", f"{TESTS / guard}", *options]
    return subprocess.run(
        command, cwd=TESTS.parents[1], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that may be broken."""
    shutil.copytree(
        Path(buttress_runtime.__file__).parent, tmp_path / "buttress_runtime", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_guard_is_noticed(copy: Path, name: str) -> None:
    """The guarding test fails when its line is broken, and by an assertion or an escaped exception, not by a syntax error."""
    change = BREAKS[name]
    module = copy / "buttress_runtime" / change.module
    text = module.read_text()
    assert text.count(change.old) == 1
    module.write_text(text.replace(change.old, change.new))
    compile(module.read_text(), str(module), "exec")
    done = run_guard(copy, change.guard)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed" in done.stdout


def test_the_guards_hold_on_an_unbroken_copy(copy: Path) -> None:
    """The same tests pass over a copy that nobody broke, and it is the copy that they test."""
    assert run_guard(copy, "test_tool_runner.py").returncode == 0
    (copy / "buttress_runtime" / "execution" / "runner.py").unlink()
    assert run_guard(copy, "test_tool_runner.py").returncode == 2
