"""The command `buttress-runtime`, as users run it: as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = """
import threading
from buttress_runtime.execution.plugin import PluginManifest

class Double:
    def run(self, payload):
        return {"n": payload["n"] * 2}

class Exits:
    async def run(self, payload):
        raise SystemExit(3)

class Hangs:
    def run(self, payload):
        threading.Event().wait()

class Provider:
    manifest = PluginManifest(name="declared", version="1.2.3", input_schema={"required": ["n"]})
    def create(self):
        return Double()

class Holder:
    Inner = Double

_1Odd = instance = Double()
provider = Provider()
nothing = object()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with plugins and payloads."""
    (tmp_path / "house_plugins.py").write_text(PLUGINS)
    (tmp_path / "breaks.py").write_text("raise SystemExit('bye')")
    (tmp_path / "needs.py").write_text("import not_installed_anywhere")
    (tmp_path / "payload.json").write_text('{"n": 4}')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "broken.json").write_text('{"n": ')
    return tmp_path


def run(folder: Path, *args: str, stdin: str = "", hide: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command; `hide` names modules that shall not be there."""
    hidden = "".join(f"sys.modules[{name!r}] = None; " for name in hide.split())
    code = f"import sys; {hidden}from buttress_runtime.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1"}
    command = [sys.executable, "-P", "-c", code, *args]
    return subprocess.run(
        command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=60, env=environment, check=False
    )


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        ("house_plugins:Double", "house_plugins.double"),
        ("house_plugins:instance", "house_plugins.instance"),
        ("house_plugins:_1Odd", "house_plugins._1odd"),
        ("house_plugins:Holder.Inner", "house_plugins.holder.inner"),
        ("house_plugins:provider", "declared"),
        ("house_plugins:Provider", "declared"),
    ],
)
def test_a_plugin_is_run_and_its_result_printed(folder: Path, plugin: str, name: str) -> None:
    """A class, an object, and a provider are run; the result is JSON with sorted keys."""
    done = run(folder, "run", "--plugin", plugin, "--payload", "payload.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == json.dumps({"plugin": name, "result": {"n": 8}}, sort_keys=True) + "\n"


def test_the_payload_can_come_from_standard_input(folder: Path) -> None:
    """A dash reads the payload from standard input."""
    done = run(folder, "run", "--plugin", "house_plugins:Double", "--payload", "-", stdin='{"n": 21}')
    assert json.loads(done.stdout)["result"] == {"n": 42}


@pytest.mark.parametrize(
    ("plugin", "options", "expected"),
    [
        ("house_plugins:Exits", [], "plugin_exit"),
        ("house_plugins:Hangs", ["--timeout-ms", "50"], "in_doubt"),
        ("house_plugins:provider", [], "invalid_input"),
    ],
)
def test_a_failed_call_prints_its_envelope(folder: Path, plugin: str, options: list[str], expected: str) -> None:
    """A negative result exits with 1 and prints the public envelope; a plugin that hangs does not hang the command."""
    done = run(folder, "run", "--plugin", plugin, "--payload", "-", *options, stdin="{}")
    envelope = json.loads(done.stdout)
    assert (done.returncode, set(envelope)) == (1, {"error"})
    assert envelope["error"]["details"]["code"] == expected


@pytest.mark.parametrize(
    ("plugin", "payload", "code", "text"),
    [
        pytest.param("no_such:Thing", "payload.json", 11, "no module 'no_such'", id="no-module"),
        pytest.param("house_plugins.sub:Thing", "payload.json", 11, "no module 'house_plugins.sub'", id="no-submodule"),
        pytest.param("house_plugins:Nothing", "payload.json", 11, "has no 'Nothing'", id="no-attribute"),
        pytest.param("house_plugins:Double", "absent.json", 11, "no file 'absent.json'", id="no-file"),
        pytest.param("needs:Thing", "payload.json", 12, "not_installed_anywhere", id="needs-another-package"),
        pytest.param("breaks:Thing", "payload.json", 12, "SystemExit: bye", id="import-exits"),
        pytest.param("house_plugins:nothing", "payload.json", 12, "neither a method 'run' nor 'create'", id="no-plugin"),
        pytest.param("house_plugins:Double", "list.json", 12, "no JSON object", id="list"),
        pytest.param("house_plugins:Double", "broken.json", 12, "line 1", id="syntax"),
        pytest.param("house_plugins:Double", ".", 12, "cannot be read", id="directory"),
        pytest.param("house_plugins", "payload.json", 64, "module:attribute", id="no-colon"),
        pytest.param("house plugins:x", "payload.json", 64, "module:attribute", id="no-identifier"),
    ],
)
def test_what_cannot_be_run_is_explained(folder: Path, plugin: str, payload: str, code: int, text: str) -> None:
    """Each thing that is missing or malformed has its exit code and a message without a traceback."""
    done = run(folder, "run", "--plugin", plugin, "--payload", payload)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args",
    [["run"], ["fly"], ["run", "--plugin"], ["--nonsense"], ["run", "--plugin", "a:b", "--payload", "-", "--timeout-ms", "0"]],
)
def test_wrong_usage_exits_with_64(folder: Path, args: list[str]) -> None:
    """Wrong options and commands exit with 64 and say what is wrong."""
    done = run(folder, *args)
    assert done.returncode == 64
    assert "Traceback" not in done.stderr
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    ("args", "text"),
    [(["--version"], "buttress-runtime "), (["--help"], "run"), (["-h"], "run"), (["run", "--help"], "MODULE:ATTRIBUTE")],
)
def test_version_and_help(folder: Path, args: list[str], text: str) -> None:
    """Version and help exit with 0, also where the extra is not installed."""
    done = run(folder, *args, hide="jsonschema rfc8785")
    assert done.returncode == 0
    assert text in done.stdout


@pytest.mark.parametrize("missing", ["jsonschema", "rfc8785"])
def test_a_missing_extra_is_named(folder: Path, missing: str) -> None:
    """Without the packages of the extra the command says what to install."""
    done = run(folder, "run", "--plugin", "house_plugins:Double", "--payload", "payload.json", hide=missing)
    assert done.returncode == 64
    assert missing in done.stderr
    assert "buttress[runtime]" in done.stderr


def test_the_command_loads_only_what_it_needs(folder: Path) -> None:
    """Showing the version imports neither pydantic nor the execution package."""
    code = (
        "import sys; sys.argv = ['x', '--version']\n"
        "from buttress_runtime.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('pydantic', 'jsonschema', 'buttress_runtime.execution') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
