"""Every contract of the repository's own `buttress.toml` can fail: code that breaks it, in a copy, turns the check red there."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import ROOT, run, tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RUNTIME = "runtime/buttress_runtime"
EXECUTION = f"{RUNTIME}/execution"
SERVICES = f"{EXECUTION}/services"
PLANNING = f"{RUNTIME}/planning"
CONTRACTS = [contract["id"] for contract in tomllib.loads((ROOT / "buttress.toml").read_text())["contract"]]


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Changes that break a contract.

    Attributes:
        id: What is done, in a few words.
        contract: The contract that is broken.
        path: The file that the finding stands in.
        line: How the line of the finding begins, after its indentation; no other line of the file begins so.
        changes: For each file the texts to replace, each of which occurs once.
        new: Files to add.
        alone: Whether that is the only finding. A member that is added to an enum can be meant wherever members are looked up.
    """

    id: str
    contract: str
    path: str
    line: str
    changes: Mapping[str, tuple[tuple[str, str], ...]]
    new: Mapping[str, str]
    alone: bool = True


def breaks(
    contract: str,
    name: str,
    path: str,
    line: str,
    *edits: tuple[str, str],
    also: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    new: Mapping[str, str] | None = None,
    alone: bool = True,
) -> Sabotage:
    """Describe a sabotage; `edits` are made in the file that the finding stands in."""
    changes = {**({path: edits} if edits else {}), **(also or {})}
    return Sabotage(f"{contract}: {name}", contract, path, line, changes, new or {}, alone)


def before(text: str, added: str) -> tuple[str, str]:
    """Describe an insertion before a text that occurs once."""
    return text, added + text


def after(text: str, added: str) -> tuple[str, str]:
    """Describe an insertion behind a text that occurs once."""
    return text, text + added


RUN = "    def run(\n        self, plugin_name: str,"
UPDATE = "self._registry.update_execution_metrics(plugin_name, outcome, elapsed_ms, outcome is CallOutcome.ERROR)"
FUTURE = "from __future__ import annotations\n"

SABOTAGES = [
    breaks(
        "single-execution-path",
        "the bound method under another name",
        f"{EXECUTION}/_entry.py",
        "warm({})",
        before("        token = CallToken(", "        warm = plugin.run\n        warm({})\n"),
    ),
    breaks(
        "single-execution-path",
        "getattr with a name from another module",
        f"{EXECUTION}/warm_up.py",
        "return getattr(plugin, VERB)({})",
        new={
            f"{EXECUTION}/names.py": 'VERB = "r" + "un"\n',
            f"{EXECUTION}/warm_up.py": (
                "from buttress_runtime.execution.names import VERB\nfrom buttress_runtime.execution.plugin import Plugin\n\n\n"
                "def warm_up(plugin: Plugin) -> object:\n    return getattr(plugin, VERB)({})\n"
            ),
        },
    ),
    breaks(
        "single-execution-path",
        "handed to a thread",
        f"{EXECUTION}/registry.py",
        "threading.Thread(target=plugin.run",
        after(
            "= create_plugin(entry.manifest, entry.factory)\n",
            f"{' ' * 12}threading.Thread(target=plugin.run, args=({{}},)).start()\n",
        ),
    ),
    breaks(
        "single-execution-path",
        "a partial",
        f"{EXECUTION}/_entry.py",
        "self.again = partial(plugin.run, {})",
        after(FUTURE, "\nfrom functools import partial\n"),
        before("        token = CallToken(", "        self.again = partial(plugin.run, {})\n"),
    ),
    breaks(
        "single-execution-path",
        "an isolation of one's own in another module",
        f"{EXECUTION}/quick.py",
        "return call.plugin.run(call.payload)",
        new={
            f"{EXECUTION}/quick.py": (
                "from buttress_runtime.execution.isolation import InProcess, PluginCall\n\n\nclass Quick(InProcess):\n"
                "    def execute(self, call: PluginCall) -> object:\n        return call.plugin.run(call.payload)\n"
            )
        },
    ),
    breaks(
        "runner-behind-the-services",
        "the job service reaches through the plugin service",
        f"{SERVICES}/job_execution.py",
        "outcome = self._plugins._runner.run(",
        ("self._plugins.execute(", "self._plugins._runner.run("),
    ),
    breaks(
        "runner-behind-the-services",
        "the composition root tries it once",
        f"{EXECUTION}/compose.py",
        'first("warm-up", {})',
        before("    return AnalysisExecutionService(", '    first = runner.run\n    first("warm-up", {})\n'),
    ),
    breaks(
        "metrics-whatever-happens",
        "only after success",
        f"{EXECUTION}/runner.py",
        "return result, error",
        (f"                {UPDATE}", f"                if outcome is CallOutcome.SUCCESS:\n                    {UPDATE}"),
    ),
    breaks(
        "metrics-whatever-happens",
        "a method of that name on another class",
        f"{EXECUTION}/runner.py",
        "return result, error",
        ("self._registry.update_execution_metrics(", "_Figures().update_execution_metrics("),
        before(
            "class ToolRunner:",
            "class _Figures:\n    def update_execution_metrics(self, *call: object) -> None:\n        pass\n\n\n",
        ),
    ),
    breaks(
        "metrics-whatever-happens",
        "the finally leaves before",
        f"{EXECUTION}/runner.py",
        "return {}, error",
        before(
            "            elapsed_ms = self._elapsed_ms(started)\n", "            if error:\n                return {}, error\n"
        ),
    ),
    breaks(
        "metrics-whatever-happens",
        "a check before the try",
        f"{EXECUTION}/runner.py",
        'raise ValueError("no plugin")',
        before(
            "        outcome = CallOutcome.ERROR\n", '        if not plugin_name:\n            raise ValueError("no plugin")\n'
        ),
    ),
    breaks(
        "jobs-always-end",
        "only when nothing was raised",
        f"{SERVICES}/job_execution.py",
        "return record",
        ("        finally:\n            record = self._finish(", "        else:\n            record = self._finish("),
    ),
    breaks(
        "runner-signature",
        "a parameter renamed",
        f"{EXECUTION}/runner.py",
        "def run(",
        (RUN, RUN.replace("plugin_name", "name")),
    ),
    breaks(
        "metrics-signature",
        "a default",
        f"{EXECUTION}/registry.py",
        "def update_execution_metrics(",
        ("had_error: bool) -> None:", "had_error: bool = False) -> None:"),
    ),
    breaks(
        "lifecycle-states",
        "an outcome becomes a state",
        f"{EXECUTION}/lifecycle.py",
        "(State.RUNNING, _E.LAST_CALL_ENDED): State.SUCCESS",
        ("(State.RUNNING, _E.LAST_CALL_ENDED): State.INITIALIZED", "(State.RUNNING, _E.LAST_CALL_ENDED): State.SUCCESS"),
        also={f"{EXECUTION}/plugin.py": (('    LOADED = "LOADED"\n', '    LOADED = "LOADED"\n    SUCCESS = "SUCCESS"\n'),)},
        alone=False,
    ),
    breaks(
        "lifecycle-states",
        "the new state by a computed name",
        f"{EXECUTION}/_entry.py",
        "_REPORTABLE: Final =",
        ("PluginLifecycle.UNAVAILABLE)\n", 'PluginLifecycle.UNAVAILABLE, PluginLifecycle["SUC" + "CESS"])\n'),
        also={f"{EXECUTION}/plugin.py": (('    LOADED = "LOADED"\n', '    LOADED = "LOADED"\n    SUCCESS = "SUCCESS"\n'),)},
        alone=False,
    ),
    breaks(
        "job-states-in-the-services",
        "a set of states that the services export",
        f"{EXECUTION}/registry.py",
        "if state in TERMINAL:",
        before(
            "    word = str(state)\n",
            "    from .services.job_model import TERMINAL\n\n    if state in TERMINAL:\n        return None\n",
        ),
    ),
    breaks(
        "wired-services",
        "results are no longer validated",
        f"{EXECUTION}/validation.py",
        "def validate_plugin_output(",
        also={f"{EXECUTION}/runner.py": (("self._validators.validate_plugin_output(value, handle.manifest)", "dict(value)"),)},
    ),
    breaks(
        "wired-services",
        "a service is passed by",
        f"{SERVICES}/plugin_execution.py",
        "def execute(",
        also={f"{SERVICES}/job_execution.py": (("self._plugins.execute(", "self._plugins._runner.run("),)},
    ),
    breaks(
        "planning-is-repeatable",
        "the clock, two modules away, under another name",
        f"{PLANNING}/ids.py",
        "return cls(stamped(f",
        ('return cls(f"session-{digest}-{ordinal:03d}")', 'return cls(stamped(f"session-{digest}-{ordinal:03d}"))'),
        ("\nimport re\n", "\nimport re\n\nfrom buttress_runtime.stamps import stamped\n"),
        new={
            f"{RUNTIME}/stamps.py": (
                'from buttress_runtime import ticks\n\n\ndef stamped(text: str) -> str:\n    return text + "0" * ticks.tick()\n'
            ),
            f"{RUNTIME}/ticks.py": "from time import monotonic_ns as _now\n\n\ndef tick() -> int:\n    return _now() % 10\n",
        },
    ),
    breaks(
        "planning-is-repeatable",
        "the order of a set",
        f"{PLANNING}/_intake.py",
        "return Command(",
        ("tuple(sorted(set(depends_on)))", "tuple(set(depends_on))"),
    ),
    breaks(
        "planning-is-repeatable",
        "a memory of the module",
        f"{PLANNING}/engine.py",
        "_SEEN.append(",
        after('__all__ = ("BatchEngine",)\n', "\n_SEEN: list[int] = []\n"),
        before("        return BatchPlanSession(", "        _SEEN.append(number)\n"),
    ),
    breaks(
        "planning-is-repeatable",
        "a limit from the environment, read on import",
        f"{PLANNING}/_intake.py",
        "MAX_COMMANDS =",
        ("MAX_COMMANDS = 10_000\n", 'MAX_COMMANDS = int(os.environ.get("MAX_COMMANDS", "10000"))\n'),
        after(FUTURE, "\nimport os\n"),
    ),
    breaks(
        "sessions-by-the-engine",
        "the monitor copies sessions",
        f"{PLANNING}/monitor.py",
        "given = tuple(type(each)(",
        ("given = tuple(sessions)", "given = tuple(type(each)(each.snapshot()) for each in sessions)"),
    ),
    breaks(
        "sessions-by-the-engine",
        "the class under another name",
        f"{PLANNING}/catalog.py",
        "return make(plan)",
        (
            FUTURE,
            FUTURE + "\nfrom buttress_runtime.planning import session as _session\n\nmake = _session.BatchPlanSession\n\n\n"
            "def reopen(plan):\n    return make(plan)\n\n\n",
        ),
    ),
    breaks(
        "planning-states",
        "a state of execution by its value",
        f"{PLANNING}/engine.py",
        "return JobState.Rejected if rejections else JobState(",
        ("else JobState.Planned", 'else JobState("Run" + "ning")'),
        also={f"{PLANNING}/states.py": (('    Planned = "Planned"\n', '    Planned = "Planned"\n    Running = "Running"\n'),)},
    ),
    breaks(
        "session-id",
        "a string",
        f"{PLANNING}/session.py",
        "def id(",
        ("def id(self) -> SessionId:", "def id(self) -> str:"),
    ),
    breaks(
        "session-jobs",
        "a list",
        f"{PLANNING}/session.py",
        "def jobs(",
        ("def jobs(self) -> tuple[BatchJobSummary, ...]:", "def jobs(self) -> list[BatchJobSummary]:"),
    ),
    breaks(
        "session-job",
        "a default",
        f"{PLANNING}/session.py",
        "def job(",
        ("def job(self, job_id: JobId)", "def job(self, job_id: JobId | None = None)"),
    ),
    breaks(
        "session-snapshot",
        "a coroutine",
        f"{PLANNING}/session.py",
        "async def snapshot(",
        ("    def snapshot(self)", "    async def snapshot(self)"),
    ),
    breaks(
        "runtime-layers",
        "upwards inside a function",
        f"{RUNTIME}/ports.py",
        "from .execution import errors",
        (
            "    return moment.astimezone(UTC)",
            "    from .execution import errors\n\n    assert errors\n    return moment.astimezone(UTC)",
        ),
    ),
    breaks(
        "runtime-layers",
        "upwards by a computed name",
        f"{EXECUTION}/compose.py",
        "import_module(",
        (
            "    clock = clock or SystemClock()\n",
            '    import_module("buttress_runtime." + "cli.run")\n    clock = clock or SystemClock()\n',
        ),
        ("\nimport logging\n", "\nimport logging\nfrom importlib import import_module\n"),
    ),
    breaks(
        "execution-layers",
        "the registry knows the runner",
        f"{EXECUTION}/registry.py",
        "from .runner import ToolRunner",
        before("    word = str(state)\n", "    from .runner import ToolRunner\n\n    assert ToolRunner\n"),
    ),
    breaks(
        "execution-layers",
        "validation knows isolation, beside it",
        f"{EXECUTION}/validation.py",
        "import buttress_runtime.execution.isolation as where",
        after("import schema_errors\n", "import buttress_runtime.execution.isolation as where\n"),
    ),
    breaks(
        "planning-stands-alone",
        "the ports, relatively",
        f"{PLANNING}/engine.py",
        "from .. import ports",
        after(FUTURE, "\nfrom .. import ports\n"),
    ),
    breaks(
        "functional-names",
        "an alias after a phase",
        f"{RUNTIME}/ports.py",
        "import time as phase_12_time",
        (FUTURE, f"{FUTURE}\nimport time as phase_12_time\n"),
    ),
    breaks(
        "runtime-without-circles",
        "the codes know the errors, inside of a function",
        f"{EXECUTION}/codes.py",
        "from buttress_runtime.execution.errors import error_envelope",
        after(
            FUTURE,
            "\n\ndef shown():\n    from buttress_runtime.execution.errors import error_envelope\n\n    return error_envelope\n",
        ),
    ),
    breaks(
        "plans-are-values",
        "a plan that can be written to",
        f"{PLANNING}/plan.py",
        "class BatchPlan:",
        ("@dataclass(frozen=True, slots=True)\nclass BatchPlan:", "@dataclass(slots=True)\nclass BatchPlan:"),
    ),
    breaks(
        "down-to-the-runner",
        "the first service calls the runner",
        f"{SERVICES}/analysis_execution.py",
        "return runner.run(",
        after(
            FUTURE,
            "\nfrom buttress_runtime.execution.runner import ToolRunner\n\n\n"
            'def quick(runner: ToolRunner) -> object:\n    return runner.run("same", {})\n\n\n',
        ),
    ),
    breaks(
        "scanner-and-runtime-apart",
        "the scanner loads the runtime",
        "scanner/buttress_scanner/findings/model.py",
        "import buttress_runtime.ports",
        after(FUTURE, "\nimport buttress_runtime.ports\n"),
    ),
    breaks(
        "scanner-and-runtime-apart",
        "the runtime loads the scanner by name",
        f"{RUNTIME}/ports.py",
        "import_module(",
        after(FUTURE, '\nfrom importlib import import_module\n\nimport_module("buttress_scanner.findings" + ".model")\n'),
    ),
]

# Subjects and zones that go away: a file, a text that occurs once in it, and another; without texts the whole path goes away.
RENAMED = {
    "functional-names": ("buttress.toml", '"scanner/**/*.py", "runtime/**/*.py"', '"server/**/*.py"'),
    "single-execution-path": (f"{EXECUTION}/plugin.py", "    def run(self, payload", "    def perform(self, payload"),
    "runner-behind-the-services": (f"{EXECUTION}/runner.py", "    def run(\n", "    def perform(\n"),
    "metrics-whatever-happens": (f"{EXECUTION}/registry.py", "def update_execution_metrics(", "def update_metrics("),
    "jobs-always-end": (f"{SERVICES}/job_execution.py", "    def run_job(", "    def perform_job("),
    "runner-signature": (f"{EXECUTION}/runner.py", "class ToolRunner:", "class Runner:"),
    "metrics-signature": (f"{EXECUTION}/registry.py", "class PluginRegistry:", "class Registry:"),
    "lifecycle-states": (f"{EXECUTION}/plugin.py", "class PluginLifecycle(StrEnum):", "class Lifecycle(StrEnum):"),
    "job-states-in-the-services": (f"{SERVICES}/job_model.py", "class ExecutionJobState(StrEnum):", "class RunState(StrEnum):"),
    "wired-services": (f"{EXECUTION}/errors.py", "def public_envelope(", "def shown_envelope("),
    "planning-is-repeatable": (PLANNING, "", ""),
    "sessions-by-the-engine": (f"{PLANNING}/session.py", "class BatchPlanSession:", "class Session:"),
    "planning-states": (f"{PLANNING}/states.py", "class JobState(StrEnum):", "class Verdict(StrEnum):"),
    "session-id": (f"{PLANNING}/session.py", "    def id(self)", "    def name(self)"),
    "session-jobs": (f"{PLANNING}/session.py", "    def jobs(self)", "    def entries(self)"),
    "session-job": (f"{PLANNING}/session.py", "    def job(self", "    def entry(self"),
    "session-snapshot": (f"{PLANNING}/session.py", "    def snapshot(self)", "    def copy(self)"),
    "runtime-layers": (f"{RUNTIME}/ports.py", "", ""),
    "execution-layers": (f"{EXECUTION}/codes.py", "", ""),
    "planning-stands-alone": (PLANNING, "", ""),
    "runtime-without-circles": (RUNTIME, "", ""),
    "plans-are-values": (f"{PLANNING}/plan.py", "class BatchPlan:", "class Plan:"),
    "down-to-the-runner": (f"{EXECUTION}/runner.py", "", ""),
    "scanner-and-runtime-apart": (RUNTIME, "", ""),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the check says of one contract: exit code, status, and the places of its findings."""

    code: int
    status: str
    places: list[tuple[str, int]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The configuration, the runtime, and as much of the scanner as the contracts speak of."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "runtime", tmp_path / "runtime", ignore=ignored)
    shutil.copytree(ROOT / "scanner/buttress_scanner/findings", tmp_path / "scanner/buttress_scanner/findings", ignore=ignored)
    shutil.copy(ROOT / "buttress.toml", tmp_path)
    return tmp_path


def checked(folder: Path, contract: str) -> Answer:
    """Check one contract as a user would."""
    outcome = run([tool("buttress"), "check", "--select", contract, "--format", "json"], folder)
    report = json.loads(outcome.output)
    (result,) = report["contracts"]
    return Answer(outcome.code, result["status"], [(each["path"], each["line"]) for each in report["findings"]])


def replace_once(file: Path, old: str, new: str) -> None:
    """Replace a text that has to occur exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} holds {old!r} {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")


def lines_beginning_with(file: Path, start: str) -> list[int]:
    """Return the numbers of the lines that begin so after their indentation."""
    return [
        number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if line.lstrip().startswith(start)
    ]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_contract_is_kept(contract: str, copy: Path) -> None:
    """The code as it is keeps the contract, also in the copy: what is red below is red for the sabotage."""
    answer = checked(copy, contract)
    assert (answer.code, answer.status, answer.places) == (0, "kept", [])


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.id)
def test_sabotage_is_found(sabotage: Sabotage, copy: Path) -> None:
    """The check ends with 1, and a finding stands at the line that breaks the contract; no other does, unless it may."""
    for path, text in sabotage.new.items():
        (copy / path).write_text(text, encoding="utf-8")
    for path, edits in sabotage.changes.items():
        for old, new in edits:
            replace_once(copy / path, old, new)
    (line,) = lines_beginning_with(copy / sabotage.path, sabotage.line)
    answer = checked(copy, sabotage.contract)
    assert (answer.code, answer.status) == (1, "broken")
    assert (sabotage.path, line) in answer.places
    assert len(answer.places) == 1 or not sabotage.alone


@pytest.mark.parametrize("contract", RENAMED)
def test_missing_subject_is_noticed(contract: str, copy: Path) -> None:
    """A contract whose subject was renamed or moved away guards nothing, which ends the check with 2."""
    path, old, new = RENAMED[contract]
    if old:
        replace_once(copy / path, old, new)
    else:
        (copy / path).rename(copy / "elsewhere")
    answer = checked(copy, contract)
    assert (answer.code, answer.status) == (2, "vacuous")


def test_every_contract_is_sabotaged() -> None:
    """A contract that nobody tried to break may be one that cannot fail."""
    assert {sabotage.contract for sabotage in SABOTAGES} == set(CONTRACTS)
    assert set(RENAMED) == set(CONTRACTS)
