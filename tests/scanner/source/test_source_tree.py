"""The files of a project on disk, in a revision, in the index, and with changes laid over them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.source import git
from buttress_scanner.source.documents import Documents
from buttress_scanner.source.model import SourceProblem
from buttress_scanner.source.tree import GitTree, Overlay, Tree, WorkTree

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 1 << 20


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder inside of a repository: one state committed, another staged, a third on disk."""
    folder = tmp_path / "service"
    _write(folder, app__a_dot_py="committed", app__b_dot_py="b", notes_dot_md="# Notes", old_dot_py="old")
    (tmp_path / "above.py").write_text("above")
    (folder / "link.py").symlink_to("old.py")
    _git(tmp_path, "init", "-q", "-b", "main")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "one")
    _write(folder, app__a_dot_py="staged", new_dot_py="new")
    _git(tmp_path, "rm", "-q", "service/old.py", "service/link.py")
    _git(tmp_path, "add", ".")
    _write(folder, app__a_dot_py="on disk", loose_dot_py="loose")
    return folder


def _content(tree: Tree) -> dict[str, bytes | SourceProblem | None]:
    return {path: tree.read(path, LARGE) for path in tree.modules().files}


def test_work_tree(project: Path) -> None:
    """On disk: what Git does not ignore, with its present content."""
    expected = {"app/a.py": b"on disk", "app/b.py": b"b", "loose.py": b"loose", "new.py": b"new"}
    assert _content(WorkTree(project)) == expected
    assert WorkTree(project).documents() == ("app/a.py", "app/b.py", "loose.py", "new.py", "notes.md")


def test_index(project: Path) -> None:
    """The index: what the next commit will have, whatever lies on disk."""
    assert _content(GitTree.of_index(project)) == {"app/a.py": b"staged", "app/b.py": b"b", "new.py": b"new"}
    assert GitTree.of_index(project).documents() == ("app/a.py", "app/b.py", "new.py", "notes.md")


def test_revision(project: Path) -> None:
    """A revision: what it had, without links, and nothing from above the folder."""
    assert _content(GitTree.of_revision(project, "HEAD")) == {"app/a.py": b"committed", "app/b.py": b"b", "old.py": b"old"}
    assert GitTree.of_revision(project, "main").read("notes.md", LARGE) == b"# Notes"
    assert GitTree.of_revision(project, "main").read("new.py", LARGE) is None


def test_excluded_files_are_skipped(project: Path) -> None:
    """Patterns of the configuration hold for every tree."""
    for tree in (WorkTree(project), GitTree.of_index(project), Overlay(WorkTree(project), {"app/c.py": b""})):
        found = tree.modules(["app/"])
        assert "new.py" in found.files
        assert "app/a.py" in found.skipped
        assert not any(path.startswith("app/") for path in found.files)


def test_overlay(project: Path) -> None:
    """Changes replace, add and remove files; the tree below stays as it is."""
    below = GitTree.of_revision(project, "HEAD")
    changed = Overlay(below, {"app/a.py": b"changed", "old.py": None, "more.py": b"more", "more.md": b"text"})
    assert _content(changed) == {"app/a.py": b"changed", "app/b.py": b"b", "more.py": b"more"}
    assert changed.documents() == ("app/a.py", "app/b.py", "more.md", "more.py", "notes.md")
    assert changed.read("old.py", LARGE) is None
    assert below.read("old.py", LARGE) == b"old"


def test_large_files_are_refused_everywhere(project: Path) -> None:
    """A file above the limit is a problem, wherever it comes from."""
    for tree in (WorkTree(project), GitTree.of_index(project), Overlay(WorkTree(project), {"app/b.py": b"bb"})):
        problem = tree.read("app/b.py", 0)
        assert isinstance(problem, SourceProblem)
        assert "max-file-size" in problem.hint


@pytest.mark.parametrize(
    ("revision", "message"), [("nowhere", "Git knows no revision 'nowhere'"), ("--all", "no revision '--all'")]
)
def test_unknown_revision(project: Path, revision: str, message: str) -> None:
    """A revision that does not exist is named, and is never taken for an option."""
    with pytest.raises(git.GitError, match=message):
        GitTree.of_revision(project, revision)


def test_no_repository(tmp_path: Path) -> None:
    """Without a repository there is neither index nor revision."""
    for make in (GitTree.of_index, lambda folder: GitTree.of_revision(folder, "HEAD")):
        with pytest.raises(git.GitError, match="is in no Git repository"):
            make(tmp_path)


def test_merge_base(project: Path) -> None:
    """The newest common commit of a branch and the current one."""
    base = git.commit_of(project, "HEAD")
    _git(project, "commit", "-qm", "two")
    _git(project, "branch", "side", base)
    assert git.merge_base(project, "side") == base


def test_documents(project: Path) -> None:
    """Files by pattern, folders, and contents; a file that is not there is an error."""
    documents = Documents(WorkTree(project))
    assert documents.matching(["*.md", "app/*", "!app/b.py"]) == ("app/a.py", "notes.md")
    assert documents.folders == ("", "app")
    assert documents.read("notes.md") == b"# Notes"
    with pytest.raises(FileNotFoundError, match=r"gone\.md"):
        documents.read("gone.md")
    assert Documents().paths == ()
