"""``buttress fix``: a repair removes its finding and nothing else, is done once, and is tried before it is written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project

FROZEN = 'kind = "immutability"\ntypes = ["app.data:Price"]\nfrozen = true'
FINALLY = 'kind = "finally-obligation"\nfunction = "app.run:Runner.run"\nmust-call = "app.run:Runner.record"'
ANNOTATED = 'kind = "signature"\nfunction = "app.run:go"\nparams = ["name: str", "*", "count: int = 1"]\nreturns = "bool"'
PROTECTED = 'kind = "protected-modules"\nmodules = "app.core._impl"\nonly-imported-by = ["app.core"]'
IMPORT = "from dataclasses import dataclass\n\n"
SLOTS = "import dataclasses\n\n@dataclasses.dataclass(slots=True)  # fast\nclass Price:\n    sum: int\n"
START = "def start():\n    return 1\n\n"
GO = "def go(name: str, *, count: int = 1) -> bool:\n"
RUNNER = "class Runner:\n    def record(self, name):\n        pass\n\n    def run(self, name):\n        '''Run.'''\n"

SAFE = {
    "a bare dataclass": (
        FROZEN,
        {"app/data.py": f"{IMPORT}@dataclass\nclass Price:\n    sum: int\n"},
        {"app/data.py": f"{IMPORT}@dataclass(frozen=True)\nclass Price:\n    sum: int\n"},
    ),
    "a decorator with arguments": (
        FROZEN,
        {"app/data.py": "import dataclasses\n\n@dataclasses.dataclass(slots=True)  # fast\nclass Price:\n    sum: int\n"},
        {
            "app/data.py": "import dataclasses\n\n"
            "@dataclasses.dataclass(slots=True, frozen=True)  # fast\nclass Price:\n    sum: int\n"
        },
    ),
    "declared not to be": (
        FROZEN,
        {"app/data.py": "import attrs\n\n@attrs.define(frozen=False)\nclass Price:\n    sum: int\n"},
        {"app/data.py": "import attrs\n\n@attrs.define(frozen=True)\nclass Price:\n    sum: int\n"},
    ),
    "a call at the end": (
        FINALLY,
        {"app/run.py": f"{RUNNER}        print(name)  # work\n        self.record(name)  # always\n"},
        {
            "app/run.py": f"{RUNNER}        try:\n            print(name)  # work\n"
            "        finally:\n            self.record(name)  # always\n"
        },
    ),
    "what is assigned before": (
        FINALLY.replace('run"\nmust', 'run"\nfrom = "app.run:start"\nmust'),
        {
            "app/run.py": START + RUNNER + "        ticket = start()\n        print(ticket)\n"
            "        self.record(ticket)\n        return ticket\n"
        },
        {
            "app/run.py": "def start():\n    return 1\n\n"
            + RUNNER
            + "        ticket = start()\n        try:\n            print(ticket)\n"
            "        finally:\n            self.record(ticket)\n        return ticket\n"
        },
    ),
    "missing annotations": (
        ANNOTATED,
        {"app/run.py": "def go(name, *, count=1):  # go\n    return True\n"},
        {"app/run.py": "def go(name: str, *, count: int = 1) -> bool:  # go\n    return True\n"},
    ),
    "an import past the package": (
        PROTECTED,
        {
            "app/core/__init__.py": "from app.core._impl import Engine\n",
            "app/core/_impl.py": "class Engine:\n    pass\n",
            "app/web.py": "from .core._impl import Engine as E  # the engine\n\nprint(E)\n",
        },
        {"app/web.py": "from app.core import Engine as E  # the engine\n\nprint(E)\n"},
    ),
    "an unused suppression": (
        ANNOTATED,
        {
            "app/run.py": "def go(name: str, *, count: int = 1) -> bool:\n"
            "    # buttress: allow[law] -- it was once wrong here\n    return True\n"
        },
        {"app/run.py": "def go(name: str, *, count: int = 1) -> bool:\n    return True\n"},
    ),
}

UNSAFE = {
    "a record that writes to itself": (
        FROZEN,
        {"app/data.py": f"{IMPORT}@dataclass\nclass Price:\n    sum: int\n    def __post_init__(self):\n        self.sum = 1\n"},
        "@dataclass(frozen=True)",
    ),
    "a name that the try assigns": (
        FINALLY,
        {"app/run.py": f"{RUNNER}        result = print(name)\n        self.record(result)\n"},
        "        finally:\n            self.record(result)\n",
    ),
}

NEVER = {
    "a type that is not imported": (
        ANNOTATED.replace("int", "Count"),
        {"app/run.py": "def go(name, *, count=1):\n    return True\n"},
    ),
    "other parameters": (ANNOTATED, {"app/run.py": "def go(title, *, count=1):\n    return True\n"}),
    "a class that no decorator makes": (
        FROZEN,
        {
            "app/data.py": "from dataclasses import dataclass\n\nclass Price:\n    sum: int\n\n"
            "    def double(self):\n        return self\n"
        },
    ),
    "nobody else has it": (
        PROTECTED,
        {
            "app/core/__init__.py": "",
            "app/core/_impl.py": "class Engine:\n    pass\n",
            "app/web.py": "from app.core._impl import Engine\n\nprint(Engine)\n",
        },
    ),
}


def _set_up(project: Project, contract: str, files: dict[str, str]) -> None:
    shutil.rmtree(project.folder)
    project.write("buttress.toml", f'[[contract]]\nid = "law"\nbecause = "So."\n{contract}\n')
    for path, text in files.items():
        project.write(path, text)


@pytest.mark.parametrize(("contract", "before", "after"), SAFE.values(), ids=SAFE)
def test_repair(project: Project, contract: str, before: dict[str, str], after: dict[str, str]) -> None:
    """The finding goes, the rest of the file stays as it was, and a second run has nothing to do."""
    _set_up(project, contract, before)
    assert project.run("check").returncode == 1
    run = project.run("fix")
    assert run.returncode == 0, run.stdout + run.stderr
    assert {path: (project.folder / path).read_text() for path in before} == {**before, **after}
    assert project.run("check").returncode == 0
    again = project.run("fix")
    assert "0 repaired in 0 files, 0 findings left" in again.stdout
    assert {path: (project.folder / path).read_text() for path in before} == {**before, **after}


@pytest.mark.parametrize(("contract", "before", "expected"), UNSAFE.values(), ids=UNSAFE)
def test_what_is_not_safe_waits(project: Project, contract: str, before: dict[str, str], expected: str) -> None:
    """A repair that may change what the program does is named, and done on demand only."""
    _set_up(project, contract, before)
    path = next(iter(before))
    run = project.run("fix")
    assert run.returncode == 1
    assert "not safe: --unsafe does it" in run.stdout
    assert (project.folder / path).read_text() == before[path]
    assert project.run("fix", "--unsafe").returncode == 0
    assert expected in (project.folder / path).read_text()
    assert project.run("check").returncode == 0


@pytest.mark.parametrize(("contract", "before"), NEVER.values(), ids=NEVER)
def test_what_cannot_be_repaired_stays(project: Project, contract: str, before: dict[str, str]) -> None:
    """Where no repair removes the finding, nothing is written."""
    _set_up(project, contract, before)
    run = project.run("fix", "--unsafe")
    assert run.returncode == 0
    assert "0 repaired" in run.stdout
    assert {path: (project.folder / path).read_text() for path in before} == before
    assert project.run("check").returncode == 1


def test_diff_writes_nothing(project: Project) -> None:
    """`--diff` prints a patch that Git and patch understand."""
    contract, before, _ = SAFE["a bare dataclass"]
    _set_up(project, contract, before)
    run = project.run("fix", "--diff")
    assert run.returncode == 1
    assert "--- a/app/data.py\n+++ b/app/data.py\n" in run.stdout
    assert "-@dataclass\n+@dataclass(frozen=True)\n" in run.stdout
    assert "1 would be repaired" in run.stderr
    assert (project.folder / "app/data.py").read_text() == before["app/data.py"]


def test_only_what_is_named(project: Project) -> None:
    """Paths narrow what is repaired."""
    contract, before, after = SAFE["a bare dataclass"]
    _set_up(project, contract.replace('["app.data:Price"]', '["app.data:Price", "app.more:Price"]'), before)
    project.write("app/more.py", before["app/data.py"])
    assert project.run("fix", "app/more.py").returncode == 0
    assert (project.folder / "app/data.py").read_text() == before["app/data.py"]
    assert (project.folder / "app/more.py").read_text() == after["app/data.py"]


def test_several_in_one_file(project: Project) -> None:
    """Repairs of one file are done together."""
    text = f"{IMPORT}@dataclass\nclass Price:\n    sum: int\n\n@dataclass\nclass Rate:\n    sum: int\n"
    _set_up(project, FROZEN.replace('["app.data:Price"]', '["app.data:Price", "app.data:Rate"]'), {"app/data.py": text})
    assert "2 repaired in 1 files" in project.run("fix").stdout
    assert (project.folder / "app/data.py").read_text() == text.replace("@dataclass\n", "@dataclass(frozen=True)\n")


def test_wrong_usage(project: Project) -> None:
    """What is wrong with the call is said."""
    contract, before, _ = SAFE["a bare dataclass"]
    _set_up(project, contract, before)
    for arguments, message in ((("nowhere.py",), "no file or folder"), (("--select", "lax"), "no contract 'lax'")):
        run = project.run("fix", *arguments)
        assert run.returncode == 2
        assert message in run.stderr
