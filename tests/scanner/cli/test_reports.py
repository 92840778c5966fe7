"""Reports in several formats at once, and saved ones in other formats."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project


def document(project: Project, path: str) -> dict[str, object]:
    """Read a JSON file of the project."""
    found: dict[str, object] = json.loads((project.folder / path).read_text(encoding="utf-8"))
    return found


def test_several_formats_in_one_run(project: Project) -> None:
    """One run prints annotations and writes files in other formats; each holds the same findings."""
    project.write("app/old.py")
    done = project.run(
        "check", "--format", "github", "--output", "sarif=out.sarif", "--output", "json=out.json", "--output", "junit=out.xml"
    )
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=app/old.py,")
    assert document(project, "out.sarif")["version"] == "2.1.0"
    assert [finding["contract"] for finding in json.loads((project.folder / "out.json").read_text())["findings"]] == ["no-old"]
    assert '<testcase classname="no-module" name="no-old"' in (project.folder / "out.xml").read_text()


def test_each_file_is_what_a_run_of_its_own_would_print(project: Project) -> None:
    """A format does not depend on where it goes or what is written beside it."""
    project.write("app/old.py")
    formats = ("concise", "full", "github", "gitlab", "html", "json", "junit", "sarif")
    project.run("check", *(part for name in formats for part in ("--output", f"{name}=out.{name}")))
    for name in formats:
        assert (project.folder / f"out.{name}").read_text(encoding="utf-8") == project.run("check", "--format", name).stdout


REFUSED = {
    "no file": (("--output", "sarif"), "--output takes FORMAT=FILE, not 'sarif'"),
    "an empty file": (("--output", "sarif="), "--output takes FORMAT=FILE"),
    "another format": (("--output", "xml=out.xml"), "FORMAT is one of full, concise, json"),
    "the same file twice": (("--output", "json=out", "--output", "sarif=out"), "two reports would be written to out"),
    "a folder that is not there": (("--output", "json=no/such/out.json"), "cannot be written to no/such/out.json"),
    "no earlier report": (("--format", "html", "--history", "missing.json"), "missing.json cannot be read"),
    "history that is none": (("--format", "html", "--history", "buttress.toml"), "buttress.toml: this is no report of version 1"),
    "history for nobody": (("--history", "app"), "--history is shown by html only"),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED)
def test_wrong_outputs_are_refused_before_anything_is_checked(project: Project, arguments: tuple[str, ...], words: str) -> None:
    """The message says what is wrong, and no report is written."""
    project.write("app/old.py")
    done = project.run("check", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert not list(project.folder.glob("out*"))


def test_paths_for_forges_count_from_the_top_of_the_repository(project: Project) -> None:
    """Where the configuration lies in a folder of a repository, forges are told so; people and programs of their own are not."""
    project.write("app/old.py")
    subprocess.run(["git", "init", "--quiet", str(project.folder.parent)], check=True)
    assert "::error file=project/app/old.py," in project.run("check", "--format", "github").stdout
    assert '"path": "project/app/old.py"' in project.run("check", "--format", "gitlab").stdout
    assert '"uri": "project/app/old.py"' in project.run("check", "--format", "sarif").stdout
    assert project.run("check", "--format", "concise").stdout.startswith("app/old.py:1:1: ")
    found = json.loads(project.run("check", "--format", "json").stdout)
    assert (found["folder"], found["findings"][0]["path"]) == ("project", "app/old.py")


def test_a_saved_report_in_every_format(project: Project) -> None:
    """What was saved is rendered as the check would have; nothing is checked, and the exit code says nothing of contracts."""
    project.write("app/old.py")
    project.run("check", "--output", "json=saved.json")
    for name in ("concise", "full", "github", "gitlab", "html", "json", "junit", "sarif"):
        done = project.run("report", "saved.json", "--format", name)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == project.run("check", "--format", name).stdout


def test_a_report_without_its_project(project: Project) -> None:
    """Elsewhere the saved lines of code are shown, and no others; there is no map."""
    project.write("app/old.py", "# first\n")
    project.run("check", "--output", "json=../saved.json")
    done = project.run("report", "saved.json", "--format", "full", cwd="..")
    assert "1 | # first" in done.stdout
    assert 'id="map"' not in project.run("report", "saved.json", "--format", "html", cwd="..").stdout


def test_code_that_has_changed_is_not_shown_for_another_time(project: Project) -> None:
    """A saved report does not point at lines that say something else by now."""
    project.write("app/old.py", "# first\n# second\n")
    project.run("check", "--output", "json=saved.json")
    project.write("app/old.py", "# something else\n# second\n")
    shown = project.run("report", "saved.json").stdout
    assert "1 | # first" in shown
    assert "something else" not in shown
    assert "# second" not in shown


def test_several_reports_are_a_trend(project: Project) -> None:
    """The last report is the page; those before it are its past, from files or a folder."""
    (project.folder / "past").mkdir()
    project.run("check", "--output", "json=past/1.json")
    project.write("app/old.py")
    project.run("check", "--output", "json=past/2.json")
    project.run("check", "--output", "json=now.json")
    page = project.run("report", "past", "now.json", "--format", "html").stdout
    assert "2 earlier reports, oldest first. Open findings: 1, 1 more than at the beginning." in page
    assert page == project.run("check", "--history", "past", "--format", "html").stdout


NO_REPORT = {
    "nothing": ("missing.json", "missing.json cannot be read"),
    "something else": ("buttress.toml", "this is no report of version 1"),
    "an empty folder": ("app", "there is no JSON report in app"),
}


@pytest.mark.parametrize(("path", "words"), NO_REPORT.values(), ids=NO_REPORT)
def test_what_is_no_report_is_exit_code_2(project: Project, path: str, words: str) -> None:
    """The message names the file and says who writes reports."""
    done = project.run("report", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "buttress check" in done.stderr


def test_a_named_configuration_that_cannot_be_used(project: Project) -> None:
    """Whoever names a configuration for a report is told what is wrong with it; the nearest one is passed over."""
    project.run("check", "--output", "json=saved.json")
    project.write("buttress.toml", "roots = 3\n")
    assert project.run("report", "saved.json", "--format", "concise").returncode == 0
    done = project.run("report", "saved.json", "--config", "buttress.toml")
    assert done.returncode == 2
    assert "buttress.toml:1" in done.stderr
