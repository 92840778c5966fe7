"""``buttress check`` from the outside: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.cli.delivering import Format
from buttress_scanner.report import FORMATS

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project


def found(output: str) -> list[tuple[str, str]]:
    """Return contract and path of each finding of a JSON report."""
    return [(finding["contract"], finding["path"]) for finding in json.loads(output)["findings"]]


def test_a_kept_contract_is_exit_code_0(project: Project) -> None:
    """The report tells what was judged, and nothing stands on standard error."""
    done = project.run("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no-old" in done.stdout
    assert "2 files, 0 skipped" in done.stdout


def test_a_broken_contract_is_exit_code_1(project: Project) -> None:
    """The finding names its place, its contract and the reason."""
    project.write("app/old.py")
    done = project.run("check")
    assert done.returncode == 1
    for words in ("no-old", "app/old.py:1:1", "the module app.old exists", "It was replaced."):
        assert words in done.stdout


def test_a_note_does_not_fail_the_check(project: Project) -> None:
    """Severity note reports only."""
    project.write("buttress.toml", (project.folder / "buttress.toml").read_text() + 'severity = "note"\n')
    project.write("app/older.py")
    done = project.run("check", "--format", "concise")
    assert done.returncode == 0
    assert "no-older" in done.stdout


CONTRACT = '[[contract]]\nid = "a"\nkind = "no-module"\nforbid = "{0}"\nbecause = "x"\n'

UNUSABLE = {
    "a vacuous contract": ({"buttress.toml": CONTRACT.format("missing")}, "there is no module 'missing'"),
    "no code at all": ({"buttress.toml": CONTRACT.format("m"), "app/new.py": None, "app/__init__.py": None}, "judged nothing"),
    "no contract": ({"buttress.toml": "roots = []\n"}, "the configuration has no contract"),
    "a file that cannot be parsed": ({"app/new.py": "x = (\n"}, "app/new.py:1:5"),
    "a file that is too large": (
        {"buttress.toml": "max-file-size = 3\n" + CONTRACT.format("m"), "app/new.py": "x = 1\n"},
        "max-file-size",
    ),
    "a broken configuration": ({"buttress.toml": CONTRACT.format("m") + "forbidd = 1\n"}, "buttress.toml:6:1"),
    "an exempt path that matches nothing": (
        {"buttress.toml": 'exempt = [\n{ path = "tests/**", reason = "x" }]\n' + CONTRACT.format("m")},
        "buttress.toml:2:1",
    ),
    "an exempt symbol that matches nothing": (
        {"buttress.toml": CONTRACT.format("m") + 'exempt = { symbol = "app.gone:f", reason = "x" }\n'},
        "the program has no 'app.gone:f'",
    ),
}


@pytest.mark.parametrize(("files", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_trusted_is_exit_code_2(project: Project, files: dict[str, str | None], words: str) -> None:
    """Whatever keeps the check from judging is named, even where a contract is broken as well."""
    for path, text in files.items():
        if text is None:
            (project.folder / path).unlink()
        else:
            project.write(path, text)
    done = project.run("check", "--format", "full")
    assert done.returncode == 2
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


USAGE = {
    "an unknown option": (["check", "--formt", "json"], "--formt"),
    "an unknown command": (["chek"], "chek"),
    "an unknown format": (["check", "--format", "xml"], "xml"),
    "no date": (["check", "--today", "tomorrow"], "tomorrow"),
    "a path that does not exist": (["check", "app/nowhere.py"], "there is no file or folder app/nowhere.py"),
    "a path outside": (["check", "--config", "buttress.toml", os.devnull], "the folder of the configuration"),
    "an unknown contract": (["check", "--select", "no-od"], "did you mean 'no-old'?"),
    "changed without Git": (["check", "--changed"], "--changed needs a Git repository"),
    "an output file in no folder": (["check", "--output-file", "no/where.txt"], "cannot be written to no/where.txt"),
    "an unknown page": (["explain", "no-odd"], "did you mean 'no-old'?"),
}


@pytest.mark.parametrize(("arguments", "words"), USAGE.values(), ids=USAGE)
def test_wrong_usage_is_exit_code_2(project: Project, arguments: list[str], words: str) -> None:
    """The message stands on standard error and repeats what was wrong."""
    done = project.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_configuration(tmp_path: Path, site: Path) -> None:
    """A newcomer learns what to write."""
    from tests.scanner.cli.conftest import Project

    done = Project(tmp_path, site).run("check")
    assert done.returncode == 2
    assert "no configuration found" in done.stderr
    assert "buttress.toml" in done.stderr


def test_the_configuration_is_found_from_below(project: Project) -> None:
    """The nearest configuration upwards holds, and paths stay relative to its folder."""
    project.write("app/old.py")
    done = project.run("check", "--format", "json", cwd="app")
    assert found(done.stdout) == [("no-old", "app/old.py")]


def test_the_configuration_is_the_one_nearest_to_the_paths(project: Project) -> None:
    """A project inside another is checked by its own contracts."""
    project.write("inner/buttress.toml", CONTRACT.format("code"))
    project.write("inner/code.py")
    done = project.run("check", "inner", "--format", "json")
    assert found(done.stdout) == [("a", "code.py")]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["app/old.py"], [("no-old", "app/old.py")]),
        (["app/new.py"], []),
        (["app"], [("no-old", "app/old.py"), ("no-older", "app/older.py")]),
        (["."], [("no-old", "app/old.py"), ("no-older", "app/older.py")]),
        (["app/older.py", "app/old.py"], [("no-old", "app/old.py"), ("no-older", "app/older.py")]),
    ],
    ids=["one file", "a clean file", "a folder", "everything", "two files"],
)
def test_paths_narrow_what_is_reported(project: Project, paths: list[str], expected: list[tuple[str, str]]) -> None:
    """The analysis is of the whole program, the report and the exit code of the paths."""
    project.write("app/old.py")
    project.write("app/older.py")
    done = project.run("check", *paths, "--format", "json")
    assert found(done.stdout) == expected
    assert done.returncode == int(bool(expected))
    assert json.loads(done.stdout)["stats"]["files"] == 4


@pytest.mark.parametrize(
    "select",
    [["--select", "no-older"], ["--select", "no-older,"], ["--select", " no-older ", "--select", "no-older"]],
    ids=["one", "comma", "twice"],
)
def test_selected_contracts_run_alone(project: Project, select: list[str]) -> None:
    """Other contracts are not judged, and their suppressions not called unused."""
    project.write("app/old.py", "x = 1  # buttress: allow[no-old] -- replaced next week\n")
    project.write("app/older.py")
    done = project.run("check", *select, "--format", "json")
    assert found(done.stdout) == [("no-older", "app/older.py")]
    assert [contract["id"] for contract in json.loads(done.stdout)["contracts"]] == ["no-older"]


def test_suppressions_count_until_their_day(project: Project) -> None:
    """``--today`` decides; an accepted finding is shown as such and does not fail the check."""
    project.write("app/old.py", "x = 1  # buttress: allow[no-old] until=2027-03-01 -- replaced next week\n")
    before = project.run("check", "--today", "2027-03-01", "--format", "json")
    assert (before.returncode, [finding["suppressed"] is not None for finding in json.loads(before.stdout)["findings"]]) == (
        0,
        [True],
    )
    after = project.run("check", "--today", "2027-03-02", "--format", "json")
    assert after.returncode == 1


def test_exempt_code_is_not_judged(project: Project) -> None:
    """By path or symbol, for one contract or for all."""
    project.write("app/old.py")
    project.write("app/older.py")
    text = (project.folder / "buttress.toml").read_text()
    project.write(
        "buttress.toml",
        'exempt = [{ path = "app/old.py", reason = "x" }]\n' + text + 'exempt = [{ symbol = "app.older", reason = "x" }]\n',
    )
    done = project.run("check", "--format", "json")
    assert (done.returncode, found(done.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("staged", "expected"),
    [
        (["app/new.py"], []),
        (["app/old.py"], [("no-old", "app/old.py")]),
        (["buttress.toml"], [("no-old", "app/old.py"), ("no-older", "app/older.py")]),
    ],
    ids=["a clean file", "the broken file", "the configuration"],
)
def test_changed_reports_what_touches_staged_files(project: Project, staged: list[str], expected: list[tuple[str, str]]) -> None:
    """Old findings elsewhere do not block a commit."""
    project.git("init", "-q")
    project.git("add", ".")
    project.git("commit", "-q", "-m", "start")
    project.write("app/old.py")
    project.write("app/older.py")
    project.git("add", "app/older.py", "app/old.py")
    project.git("commit", "-q", "-m", "debts")
    for path in staged:
        project.write(path, (project.folder / path).read_text() + "\n")
    project.git("add", *staged)
    done = project.run("check", "--changed", "--format", "json")
    assert found(done.stdout) == expected
    assert done.returncode == int(bool(expected))


@pytest.mark.parametrize("format", list(Format))
def test_reports_are_the_same_from_run_to_run(project: Project, format: Format) -> None:  # noqa: A002 - the option's name
    """Neither the hash seed nor the way of listing files changes a byte, on the screen or in a file."""
    project.write("app/old.py", "x = 'ä'  # buttress: allow[no-older] -- wrong\n")
    project.write("app/older.py")
    project.write("app/bad.py", "x = (\n")
    first = project.run("check", "--format", format, PYTHONHASHSEED="1")
    project.git("init", "-q")
    second = project.run("check", "--format", format, "--output-file", "out.txt", PYTHONHASHSEED="2", PYTHONIOENCODING="ascii")
    assert first.returncode == second.returncode == 2
    assert second.stdout == ""
    assert (project.folder / "out.txt").read_text("utf-8") == first.stdout
    assert first.stdout


def test_the_option_knows_every_format() -> None:
    """What can be rendered can be asked for."""
    assert tuple(Format) == FORMATS


def test_times_are_told_on_demand_only(project: Project) -> None:
    """A report without ``--stats`` holds no times."""
    plain, timed = (
        json.loads(project.run("check", "--format", "json", *options).stdout)["stats"] for options in ([], ["--stats"])
    )
    assert "seconds" not in plain
    assert timed["seconds"]


FAILURES = {
    "a bug": ("crash", {}, 2, "internal failure: TypeError: a bug"),
    "a bug, to be looked into": ("crash", {"BUTTRESS_DEBUG": "1"}, 1, "Traceback"),
    "an interruption": ("interrupt", {}, 130, ""),
}


@pytest.mark.parametrize(("forbid", "variables", "code", "words"), FAILURES.values(), ids=FAILURES)
def test_failures_inside(project: Project, forbid: str, variables: dict[str, str], code: int, words: str) -> None:
    """A bug is a short message, unless its traceback is asked for."""
    project.write("buttress.toml", CONTRACT.format(forbid))
    done = project.run("check", **variables)
    assert done.returncode == code
    assert words in done.stderr
    assert ("Traceback" in done.stderr) is ("BUTTRESS_DEBUG" in variables)


def test_a_reader_who_has_gone_is_no_error(project: Project) -> None:
    """``buttress check | head -1`` is silent and keeps the verdict."""
    project.write("app/old.py", "x = 1\n" * 5)
    code = "import sys; from buttress_scanner.cli.main import main; main()"
    shell = f'PYTHONPATH="{project.site}:$PYTHONPATH" "{sys.executable}" -c "{code}" check | true; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", shell], cwd=project.folder, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_nothing_of_the_project_is_imported(project: Project) -> None:
    """Neither modules of the project nor ones that are named like ours or the standard library's run."""
    for name in ("app/new.py", "libcst.py", "typer.py", "ast.py", "sitecustomize.py"):
        project.write(name, "import pathlib\npathlib.Path('ran').touch()\n")
    project.write("bad.py", "type X = (\n")
    done = project.run("check")
    assert done.returncode == 2
    assert not list(Path(project.folder).rglob("ran"))
