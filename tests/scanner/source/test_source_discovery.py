"""Which files make up a program."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.source.discovery import discover
from buttress_scanner.source.git import staged_files

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *paths: str, text: str = "x = 1\n") -> None:
    """Write files with one text."""
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def git(folder: Path, *arguments: str) -> None:
    """Run Git with an identity."""
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture(params=["git", "walk"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An empty folder, once with Git and once without."""
    folder = tmp_path / "project"
    folder.mkdir()
    if request.param == "git":
        git(folder, "init", "-q")
    return folder


CASES = {
    "modules and stubs, sorted": (["b.py", "a/c.pyi", "a/b.py", "README.md"], {}, ["a/b.py", "a/c.pyi", "b.py"]),
    "ignored files": (["a.py", "build/b.py", "c_gen.py"], {".gitignore": "build/\n*_gen.py\n"}, ["a.py"]),
    "a negated pattern": (["gen/a.py", "gen/keep.py"], {".gitignore": "gen/*\n!gen/keep.py\n"}, ["gen/keep.py"]),
    "a nested gitignore": (["a/x.py", "b/x.py"], {"a/.gitignore": "x.py\n"}, ["b/x.py"]),
    "a nested gitignore that takes back": (["a/x.py", "b/x.py"], {".gitignore": "x.py\n", "a/.gitignore": "!x.py\n"}, ["a/x.py"]),
    "an anchored pattern": (["x/a.py", "y/x/a.py"], {".gitignore": "/x/\n"}, ["y/x/a.py"]),
    "folders of tools": ([".venv/lib/a.py", "node_modules/p/a.py", "a.py", "x/__pycache__/b.py"], {}, ["a.py"]),
    "a virtual environment of any name": (["env39/lib/a.py", "a.py"], {"env39/pyvenv.cfg": "home = /usr\n"}, ["a.py"]),
    "names that need quoting": (["späße/ü b.py", "a'b.py"], {}, ["a'b.py", "späße/ü b.py"]),
}


@pytest.mark.parametrize(("modules", "others", "expected"), CASES.values(), ids=CASES)
def test_finds_the_same_files_with_and_without_git(
    project: Path, modules: list[str], others: dict[str, str], expected: list[str]
) -> None:
    """What Git would list is what the walk finds."""
    write(project, *modules)
    for path, text in others.items():
        write(project, path, text=text)
    assert list(discover(project).files) == expected


def test_tracked_files_count_wherever_they_are(tmp_path: Path) -> None:
    """A folder's name never hides what a team has committed."""
    git(tmp_path, "init", "-q")
    write(tmp_path, "node_modules/a.py", "venv/b.py", "ignored/c.py", ".gitignore")
    git(tmp_path, "add", "-f", ".")
    assert discover(tmp_path).files == ("ignored/c.py", "node_modules/a.py", "venv/b.py")


def test_deleted_but_tracked_files_are_no_errors(tmp_path: Path) -> None:
    """A file removed from the working tree is no part of the program."""
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py", "b.py")
    git(tmp_path, "add", ".")
    (tmp_path / "a.py").unlink()
    found = discover(tmp_path)
    assert (found.files, found.problems) == (("b.py",), ())


def test_a_subfolder_of_a_repository_lists_its_own_files_only(tmp_path: Path) -> None:
    """Paths are relative to the folder of the configuration."""
    git(tmp_path, "init", "-q")
    write(tmp_path, "outer.py", "service/inner.py")
    assert discover(tmp_path / "service").files == ("inner.py",)


def test_a_project_inside_an_ignored_folder_is_still_found(tmp_path: Path) -> None:
    """A scratch copy below an ignored folder has files of its own."""
    git(tmp_path, "init", "-q")
    write(tmp_path, ".gitignore", text="build/\n")
    write(tmp_path, "build/copy/a.py")
    assert discover(tmp_path / "build/copy").files == ("a.py",)


def test_repositories_inside_the_repository_belong_to_the_program(tmp_path: Path) -> None:
    """Neither submodules nor nested clones are skipped silently."""
    library, folder = tmp_path / "library", tmp_path / "project"
    for each in (library, folder, folder / "clone"):
        each.mkdir()
        git(each, "init", "-q")
    write(library, "lib.py")
    git(library, "add", ".")
    git(library, "commit", "-q", "-m", "library")
    write(folder / "clone", "inner.py")
    write(folder, "a.py")
    git(folder, "submodule", "add", "-q", str(library), "vendored")
    assert discover(folder).files == ("a.py", "clone/inner.py", "vendored/lib.py")


def test_excluded_files_are_counted(project: Path) -> None:
    """What the configuration leaves out is skipped, not forgotten."""
    write(project, "a.py", "data/broken.py", "data/deep/b.py")
    found = discover(project, ["data/**"])
    assert (found.files, found.skipped) == (("a.py",), ("data/broken.py", "data/deep/b.py"))


def test_links_are_followed_inside_the_folder_only(project: Path, tmp_path: Path) -> None:
    """Loops end, links out of the folder are skipped, dangling links are errors."""
    write(tmp_path, "outside.py", "elsewhere/b.py")
    write(project, "a.py", "pkg/m.py")
    (project / "alias.py").symlink_to("a.py")
    (project / "out.py").symlink_to(tmp_path / "outside.py")
    (project / "gone.py").symlink_to("missing.py")
    (project / "me.py").symlink_to("me.py")
    (project / "loop").symlink_to(".", target_is_directory=True)
    (project / "far").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (project / ".#a.py").symlink_to("somebody@machine.1:2")
    found = discover(project)
    assert found.files == ("a.py", "alias.py", "pkg/m.py")
    assert found.skipped == ("out.py",)
    assert [problem.path for problem in found.problems] == ["gone.py", "me.py"]


def test_what_is_no_file_is_an_error(project: Path) -> None:
    """A pipe named like a module would block whoever opens it."""
    write(project, "a.py")
    os.mkfifo(project / "pipe.py")
    found = discover(project)
    assert found.files == ("a.py",)
    assert [problem.path for problem in found.problems] in (["pipe.py"], [])  # Git does not list pipes


def test_a_hook_of_another_repository_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that Git sets for its hooks do not point the scan at the wrong repository."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        git(folder, "init", "-q")
        write(folder, f"{folder.name}.py")
        git(folder, "add", ".")
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(theirs / ".git/index"))
    assert discover(ours).files == ("ours.py",)
    assert staged_files(ours) == ("ours.py",)


def test_a_repository_cannot_make_the_scan_run_its_programs(tmp_path: Path) -> None:
    """A file system monitor that the repository names is not started."""
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py")
    git(tmp_path, "add", ".")
    script = tmp_path / "monitor.sh"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    script.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(script))
    assert discover(tmp_path).files == ("a.py",)
    assert not (tmp_path / "started").exists()


def test_staged_files_are_relative_to_the_folder(tmp_path: Path) -> None:
    """Only what is staged below the folder counts, deleted files included."""
    git(tmp_path, "init", "-q")
    write(tmp_path, "app/old.py", "app/same.py")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    write(tmp_path, "app/new.py", "top.py", "app/loose.py")
    git(tmp_path, "add", "app/new.py", "top.py")
    git(tmp_path, "rm", "-q", "app/old.py")
    assert staged_files(tmp_path / "app") == ("new.py", "old.py")


def test_without_git_nothing_is_staged(tmp_path: Path) -> None:
    """The question has no answer there."""
    assert staged_files(tmp_path) is None
