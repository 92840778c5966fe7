"""The hooks that we offer, run by the real pre-commit in a repository that consumes a clone of this one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.house import CLEAN_PROJECT, VIOLATION, commit_all, init_repository, must, run, tool, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.integration.house import Outcome

    Consumer = Callable[..., "Repository"]


class Repository:
    """A user's repository whose commits pass through one of our hooks."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home

    def commit(self, message: str = "change", *options: str) -> Outcome:
        must(["git", "add", "--all"], self.root)
        hooks_home = {"PRE_COMMIT_HOME": str(self.home)}
        return run(["git", "commit", "--message", message, *options], self.root, hooks_home)

    def commit_staged(self, *, stashed: bool) -> Outcome:
        """Commit what is staged; or run the hooks as a commit would that leaves the rest of the files where it is."""
        hooks_home = {"PRE_COMMIT_HOME": str(self.home)}
        if stashed:
            return run(["git", "commit", "--message", "part"], self.root, hooks_home)
        return run([tool("pre-commit"), "run", "--files", "app/api.py"], self.root, hooks_home)

    def head(self) -> str:
        return must(["git", "rev-parse", "HEAD"], self.root).strip()


@pytest.fixture(scope="session")
def hook_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environments that it builds; shared, since each takes a while."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def consumer(checkout: Path, hook_home: Path, tmp_path: Path) -> Consumer:
    """Make a repository with a clean program in it, which takes a hook from our checkout."""

    def make(hook: str, additional_dependencies: Sequence[str] = ()) -> Repository:
        root = init_repository(write_tree(tmp_path / "consumer", CLEAN_PROJECT))
        revision = must(["git", "rev-parse", "HEAD"], checkout).strip()
        entry: dict[str, object] = {"id": hook}
        if additional_dependencies:
            entry["additional_dependencies"] = list(additional_dependencies)
        config = {"repos": [{"repo": str(checkout), "rev": revision, "hooks": [entry]}]}
        # YAML is a superset of JSON, so this is a configuration as pre-commit reads it.
        write_tree(root, {".pre-commit-config.yaml": json.dumps(config)})
        assert commit_all(root).code == 0
        must([tool("pre-commit"), "install"], root, {"PRE_COMMIT_HOME": str(hook_home)})
        return Repository(root, hook_home)

    return make


@pytest.mark.parametrize("dependencies", [[], ["attrs", "packaging"]], ids=["plain", "with-additional-dependencies"])
def test_hook_blocks_a_violation_and_passes_a_clean_change(consumer: Consumer, dependencies: list[str]) -> None:
    """A violation never becomes a commit, a clean change does, whatever else the user installs beside the hook."""
    repository = consumer("buttress", dependencies)
    before = repository.head()

    write_tree(repository.root, {"app/api.py": VIOLATION})
    blocked = repository.commit()
    assert blocked.code == 1, blocked.output
    assert "single-execution-path" in blocked.output
    assert "app/api.py:6" in blocked.output
    assert repository.head() == before

    write_tree(repository.root, {"app/api.py": CLEAN_PROJECT["app/api.py"] + "\n\nLIMIT = 10\n"})
    passed = repository.commit()
    assert passed.code == 0, passed.output
    assert repository.head() != before


@pytest.mark.parametrize("hook", ["buttress", "buttress-changed"])
def test_hook_notices_that_a_subject_was_deleted(consumer: Consumer, hook: str) -> None:
    """Deleting a file stages nothing that a hook could be given, and still a contract that lost its subject blocks."""
    repository = consumer(hook)
    (repository.root / "app/plugins.py").unlink()
    blocked = repository.commit()
    assert blocked.code == 1, blocked.output
    assert "single-execution-path" in blocked.output


def test_changed_hook_reports_only_what_touches_staged_files(consumer: Consumer) -> None:
    """An old violation elsewhere does not block a change; a new one does, and is the only one shown."""
    repository = consumer("buttress-changed")
    write_tree(repository.root, {"app/old.py": VIOLATION})
    assert repository.commit("old sin", "--no-verify").code == 0

    write_tree(repository.root, {"app/runner.py": CLEAN_PROJECT["app/runner.py"] + "\n\nRETRIES = 3\n"})
    passed = repository.commit()
    assert passed.code == 0, passed.output

    write_tree(repository.root, {"app/api.py": VIOLATION})
    blocked = repository.commit()
    assert blocked.code == 1, blocked.output
    assert "app/api.py:6" in blocked.output
    assert "app/old.py" not in blocked.output


@pytest.mark.parametrize("stashed", [True, False], ids=["put aside by pre-commit", "as it lies there"])
def test_changed_hook_judges_the_staged_part(consumer: Consumer, stashed: bool) -> None:
    """Of a file that is staged in part the staged part counts, whether the rest is put aside or not.

    pre-commit puts unstaged changes aside for a commit; `pre-commit run --files` leaves them, and the index is judged still.
    """
    repository = consumer("buttress-changed")
    root = repository.root
    write_tree(root, {"app/api.py": VIOLATION})
    must(["git", "add", "app/api.py"], root)
    write_tree(root, {"app/api.py": CLEAN_PROJECT["app/api.py"]})
    blocked = repository.commit_staged(stashed=stashed)
    assert blocked.code == 1, blocked.output
    assert "app/api.py:6" in blocked.output

    must(["git", "add", "app/api.py"], root)
    write_tree(root, {"app/runner.py": CLEAN_PROJECT["app/runner.py"] + "\n\nRETRIES = 3\n"})
    must(["git", "add", "app/runner.py"], root)
    write_tree(root, {"app/runner.py": "x = (\n", "app/api.py": VIOLATION})
    passed = repository.commit_staged(stashed=stashed)
    assert passed.code == 0, passed.output
    assert (root / "app/api.py").read_text() == VIOLATION
