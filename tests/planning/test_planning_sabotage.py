"""The guards of planning can fail: each is broken in a copy of the package, and the tests that hold it turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.planning.support import ROOT, RUNTIME

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A break of one file by text, and the test that must notice.

    Attributes:
        file: The broken module.
        changes: What is replaced by what; each text must occur.
        test: File and function of the test.
    """

    file: str
    changes: tuple[tuple[str, str], ...]
    test: str


IDENTITY, VERDICTS, SESSIONS = ("tests/planning/test_planning_" + name + ".py::" for name in ("identity", "verdicts", "sessions"))
CHANGED, EFFECTS, MONITOR = ("tests/planning/test_planning_" + name + ".py::" for name in ("immutability", "effects", "monitor"))
PROCESSES, INPUT = ("tests/planning/test_planning_" + name + ".py::" for name in ("determinism", "input"))

SABOTAGES = {
    "arguments do not take part in the digest": Sabotage(
        "engine.py",
        (('"parameters": command.parameters,\n            "depends_on"', '"depends_on"'),),
        IDENTITY + "test_pairs_that_a_careless_encoding_confuses_differ",
    ),
    "contents are joined instead of encoded": Sabotage(
        "engine.py",
        (
            (
                "canonical_bytes(contents)",
                '"".join(f"{c.kind}{\'\'.join(c.inputs)}{c.outputs}{c.parameters}" for c in request.commands).encode()',
            ),
        ),
        IDENTITY + "test_pairs_that_a_careless_encoding_confuses_differ",
    ),
    "the catalog does not take part": Sabotage(
        "engine.py", (('"catalog_digest": catalog_digest, ', ""),), IDENTITY + "test_an_empty_plan_differs_under_another_catalog"
    ),
    "the plan itself is handed out": Sabotage(
        "session.py", (("plan_of(self._plan)", "self._plan"),), CHANGED + "test_attacks_on_every_answer_do_not_show"
    ),
    "the internal dict is handed out": Sabotage(
        "_copies.py",
        (("return MappingProxyType({key: copied(value) for key, value in tree.items()})", "return tree"),),
        CHANGED + "test_attacks_on_every_answer_do_not_show",
    ),
    "nested dicts are handed out": Sabotage(
        "frozen.py",
        (("return MappingProxyType({key: copied(item) for key, item in value.items()})", "return value"),),
        CHANGED + "test_attacks_on_every_answer_do_not_show",
    ),
    "a third state": Sabotage(
        "states.py",
        (('    Rejected = "Rejected"', '    Rejected = "Rejected"\n    Queued = "Queued"'),),
        SESSIONS + "test_there_are_exactly_two_states",
    ),
    "a state by default": Sabotage(
        "jobs.py",
        (("    state: JobState\n    rejection_count: int", '    state: JobState = "Planned"\n    rejection_count: int = 0'),),
        SESSIONS + "test_fields_are_the_specified_ones_and_have_no_defaults",
    ),
    "rejected jobs are dropped": Sabotage(
        "engine.py",
        (
            (
                "in enumerate(zip(request.commands, verdicts, strict=True), 1)\n    )",
                "in enumerate(zip(request.commands, verdicts, strict=True), 1) if not rejections\n    )",
            ),
        ),
        VERDICTS + "test_commands_are_judged_together",
    ),
    "an ordinal by default": Sabotage(
        "engine.py",
        (("ordinal: int) -> BatchPlanSession", "ordinal: int = 1) -> BatchPlanSession"),),
        INPUT + "test_an_ordinal_is_never_left_out",
    ),
    "the order depends on a set": Sabotage(
        "engine.py",
        (
            (
                "tuple(JobId.numbered(number) for number in ordered(planned))",
                "tuple({JobId.numbered(number) for number in planned})",
            ),
        ),
        PROCESSES + "test_two_hundred_runs_in_different_surroundings_give_the_same_bytes",
    ),
    "a clock is imported": Sabotage(
        "engine.py", (("import hashlib\n", "import hashlib\nimport time\n"),), EFFECTS + "test_only_allowed_modules_are_imported"
    ),
    "a clock is read": Sabotage(
        "engine.py",
        (
            ("import hashlib\n", "import hashlib\nimport time\n"),
            ("        number = admit_ordinal", "        time.time()\n        number = admit_ordinal"),
        ),
        EFFECTS + "test_a_call_performs_nothing",
    ),
    "the environment is read": Sabotage(
        "engine.py",
        (
            ("import hashlib\n", "import hashlib\nimport os\n"),
            ("        number = admit_ordinal", '        os.environ.get("HOME")\n        number = admit_ordinal'),
        ),
        EFFECTS + "test_a_call_performs_nothing",
    ),
    "a file is opened": Sabotage(
        "_verdicts.py",
        (("    batch = _survey", '    open("/dev/null").close()\n    batch = _survey'),),
        EFFECTS + "test_a_call_performs_nothing",
    ),
    "a random id": Sabotage(
        "engine.py",
        (
            ("import hashlib\n", "import hashlib\nimport uuid\n"),
            ("        number = admit_ordinal", "        uuid.uuid4()\n        number = admit_ordinal"),
        ),
        EFFECTS + "test_a_call_performs_nothing",
    ),
    "a hidden registry": Sabotage(
        "engine.py",
        (("@final", "_MADE: list[BatchPlanSession] = []\n\n\n@final"),),
        EFFECTS + "test_no_module_holds_a_mutable_value",
    ),
    "only the first rejection is kept": Sabotage(
        "_verdicts.py",
        (("for rejection in rule(case)) for case in cases)", "for rejection in rule(case))[:1] for case in cases)"),),
        VERDICTS + "test_one_command_is_judged_by_every_rule",
    ),
    "rejection does not spread": Sabotage(
        "_verdicts.py",
        (("sick[component] = sick[component] or tainted[component]", "pass"),),
        VERDICTS + "test_commands_are_judged_together",
    ),
    "allowed values are compared loosely": Sabotage(
        "_verdicts.py",
        (("canonical_bytes(value) not in tuple(canonical_bytes(item) for item in rule.allowed)", "value not in rule.allowed"),),
        VERDICTS + "test_allowed_values_are_compared_as_json",
    ),
    "sessions may be given twice": Sabotage(
        "monitor.py", (("            seen.add(identity)\n", ""),), MONITOR + "test_a_session_is_given_once"
    ),
    "the monitor counts by itself": Sabotage(
        "monitor.py",
        (("Counts(1, plan.planned, plan.rejected)", "Counts(1, len(plan.jobs), 0)"),),
        MONITOR + "test_counts_are_those_of_the_sessions",
    ),
    "the caller's containers are kept": Sabotage(
        "frozen.py",
        (("    members = _members(value, pointer, meter)", "    return MappingProxyType(value)"),),
        CHANGED + "test_what_was_given_can_change_without_effect",
    ),
}


def copied_package(folder: Path) -> Path:
    """Copy the package, as if it were a runtime of its own."""
    runtime = folder / "runtime"
    shutil.copytree(
        RUNTIME / "buttress_runtime" / "planning",
        runtime / "buttress_runtime" / "planning",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(RUNTIME / "buttress_runtime" / "__init__.py", runtime / "buttress_runtime")
    return runtime


def run_tests(runtime: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of planning against a copy of the package."""
    options = ["-q", "-x", "-p", "no:cacheprovider", "-o", "addopts=", "-o", f"pythonpath={runtime} {ROOT}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(runtime), str(ROOT)]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("sabotage", SABOTAGES.values(), ids=SABOTAGES.keys())
def test_a_broken_guard_turns_its_test_red(sabotage: Sabotage, tmp_path: Path) -> None:
    """With the guard broken, exactly the test that holds it fails; it does not merely fail to load."""
    runtime = copied_package(tmp_path)
    broken = runtime / "buttress_runtime" / "planning" / sabotage.file
    text = broken.read_text(encoding="utf-8")
    for old, new in sabotage.changes:
        assert text.count(old) >= 1, f"{sabotage.file} does not contain {old!r} any more"
        text = text.replace(old, new)
    broken.write_text(text, encoding="utf-8")
    done = run_tests(runtime, sabotage.test)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "1 failed" in done.stdout


def test_an_unbroken_copy_stays_green(tmp_path: Path) -> None:
    """The same tests pass against an unchanged copy, so it is the break that they notice."""
    tests = {
        sabotage.test for sabotage in SABOTAGES.values() if not sabotage.test.startswith(PROCESSES)
    }  # that one is slow, and runs on its own
    done = run_tests(copied_package(tmp_path), *sorted(tests))
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
