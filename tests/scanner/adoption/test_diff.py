"""``--diff REV``: only what is new, whatever was renamed or moved in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.scanner.adoption.support import CONFIGURATION, FILES, FOUND, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scanner.adoption.support import Repository

    Change = Callable[[Repository], object]

MORE = "\n\ndef more(plugin: Plugin) -> str:\n    return plugin.run('b')\n"
NEW = [("one-path", "app.old:more")]


@pytest.fixture
def committed(repository: Repository) -> Repository:
    """The project with its old findings, committed as the branch `main`; HEAD is on the branch `work`."""
    repository.commit("old sins")
    repository.git("checkout", "-q", "-b", "work")
    return repository


def new(repository: Repository, since: str = "main") -> list[tuple[str, str]]:
    """What is new since a revision."""
    report = repository.check(since=since)
    assert report.diff is not None
    assert report.exit_code == int(bool(report.open_findings))
    return places(report.open_findings)


def add_more(repository: Repository) -> None:
    """Add a finding to a file that has some."""
    repository.write({"app/old.py": repository.read("app/old.py") + MORE})


# --- what is new


def test_nothing_is_new_without_a_change(committed: Repository) -> None:
    """Old findings are left out, counted, and do not fail the check."""
    head = committed.git("rev-parse", "main").strip()
    document = json.loads(committed.run("check", "--diff", "main", "--format", "json").stdout)
    assert (document["findings"], document["diff"]) == ([], {"revision": "main", "commit": head, "old": len(FOUND)})
    assert {contract["status"] for contract in document["contracts"]} == {"kept"}
    assert committed.run("check", "--diff", "main").stdout.endswith("\nno new findings, 4 older, 0 suppressed\n")


ADDITIONS: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "in a new function": (add_more, NEW),
    "in a new file": (
        lambda project: project.write({"app/web.py": "from app.plugins import Plugin" + MORE}),
        [("one-path", "app.web:more")],
    ),
    "the same once more": (
        lambda project: project.change("app/old.py", "    first =", "    first = plugin.run(row)\n    first ="),
        [("one-path", "app.old:preview")],
    ),
    "another statement": (
        lambda project: project.change("app/old.py", 'plugin.run("a")', 'plugin.run("a" + "b")'),
        [("one-path", "app.old:Screen.show")],
    ),
    "code that stays as it is and whose helper changed": (
        lambda project: project.change("app/times.py", "    return now() + 1", "    return time.monotonic()"),
        [("pure", "app.plan:make")],
    ),
    "a suppression that was taken away": (
        lambda project: project.change("app/hushed.py", "  # buttress: allow[one-path] -- the shell precedes the runner", ""),
        [("one-path", "app.hushed:show")],
    ),
}  # fmt: skip
HUSHED = {
    "app/hushed.py": (
        "from app.plugins import Plugin\n\n\ndef show(plugin: Plugin) -> str:\n"
        "    return plugin.run('c')  # buttress: allow[one-path] -- the shell precedes the runner\n"
    )
}


@pytest.mark.parametrize(("change", "expected"), ADDITIONS.values(), ids=ADDITIONS)
@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "on disk"])
def test_what_is_new_is_reported(
    repository: Repository, change: Change, expected: list[tuple[str, str]], is_committed: bool
) -> None:
    """Committed or not, and nothing else with it."""
    repository.write(HUSHED)
    repository.commit("old sins")
    repository.git("checkout", "-q", "-b", "work")
    change(repository)
    if is_committed:
        repository.commit()
    assert new(repository) == expected


@pytest.mark.parametrize(
    ("old", "new_text", "line"),
    [
        ("    first =", "    first = plugin.run(row)\n    other = 1\n    first =", 5),
        ("    return first", "    other = 1\n    first = plugin.run(row)\n    other = 2\n    return first", 7),
    ],
    ids=["above", "below"],
)
def test_of_two_alike_the_one_that_came_is_new(committed: Repository, old: str, new_text: str, line: int) -> None:
    """The finding stands at the line that was added, wherever it was put."""
    committed.change("app/old.py", old, new_text)
    (found,) = committed.check(since="main").open_findings
    assert found.position.line == line


# --- what is not


def edit(path: str, old: str, new_text: str) -> Change:
    """Replace a text in a file."""
    return lambda project: project.change(path, old, new_text)


def several(*changes: Change) -> Change:
    """Make changes one after another."""

    def change(project: Repository) -> None:
        for each in changes:
            each(project)

    return change


def rename(old: str, name: str) -> Change:
    """Rename a file, and its module wherever it is mentioned."""
    before, after = (path.removesuffix(".py").split("/") for path in (old, name))
    texts = {
        ".".join(before): ".".join(after),
        f"from {'.'.join(before[:-1])} import {before[-1]}\n": f"from {'.'.join(after[:-1])} import {after[-1]}\n",
        f" {before[-1]}.": f" {after[-1]}.",
    }

    def change(project: Repository) -> None:
        project.write({name: project.read(old), old: None})
        for path in (project.folder / "buttress.toml", *sorted((project.folder / "app").rglob("*.py"))):
            text = path.read_text()
            for one, other in texts.items():
                text = text.replace(one, other)
            path.write_text(text)

    return change


def move_class(project: Repository) -> None:
    """Move a class with a finding into a module of its own."""
    text, _, body = project.read("app/old.py").partition("\n\nclass Screen")
    project.write({"app/old.py": text, "app/screens.py": f"from app.plugins import Plugin\n\n\nclass Screen{body}"})


def into_a_class(project: Repository) -> None:
    """Make a function a method."""
    text = project.read("app/old.py")
    head, _, rest = text.partition("\n\ndef preview(")
    body, _, screen = rest.partition("\n\n\nclass Screen:\n")
    method = "    def preview(self, " + body.replace("\n    ", "\n        ").replace("\n)", "\n    )")
    project.write({"app/old.py": f"{head}\n\nclass Screen:\n{method}\n\n{screen}"})


SAME: dict[str, Change] = {
    "a renamed file": rename("app/old.py", "app/older.py"),
    "a file in another folder": rename("app/old.py", "app/legacy/old.py"),
    "a renamed helper module": rename("app/times.py", "app/clocks.py"),
    "a renamed module of the zone": rename("app/plan.py", "app/plan/steps.py"),
    "one of several modules of the zone": several(
        edit("buttress.toml", '"app.plan.**", "app.plan"', '"app.plan", "app.runner"'),
        lambda project: project.commit("a wider zone"),
        lambda project: project.git("branch", "-f", "main"),
        rename("app/plan.py", "app/steps.py"),
    ),
    "a renamed subject, configuration included": rename("app/plugins.py", "app/extensions.py"),
    "a renamed function": lambda project: project.change("app/old.py", "def preview", "def look"),
    "a renamed class": lambda project: project.change("app/old.py", "class Screen", "class Window"),
    "a renamed method": lambda project: project.change("app/old.py", "def show", "def display"),
    "a renamed function on the way": several(
        edit("app/times.py", "def later", "def soon"),
        edit("app/plan.py", "times.later()", "times.soon()"),
    ),
    "a renamed function at the end of the way": lambda project: project.change("app/times.py", "now()", "present()"),
    "a class moved to a new module": move_class,
    "a function that became a method": into_a_class,
    "a renamed file with a renamed function": several(
        rename("app/old.py", "app/older.py"),
        edit("app/older.py", "def preview", "def look"),
    ),
    "layout, comments and lines above": lambda project: project.change("app/old.py", "from", "# who\n\nimport os\n\nfrom"),
    "a repair": lambda project: project.change("app/old.py", 'plugin.run("a")', '"a"'),
}  # fmt: skip


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "on disk"])
def test_what_was_moved_is_not_new(committed: Repository, change: Change, is_committed: bool) -> None:
    """Neither when it is committed nor when Git has not heard of the new file; and a new finding in it is told still."""
    change(committed)
    if is_committed:
        committed.commit()
    assert new(committed) == []
    old = next(path for path in sorted(committed.folder.rglob("*old*.py")))
    old.write_text(old.read_text() + MORE)
    (found,) = new(committed)
    assert found[1].endswith(":more")


def test_a_deed_that_moves_to_a_function_that_was_there_is_new(committed: Repository) -> None:
    """Repairing one place does not pay for breaking another."""
    committed.write({"app/web.py": "from app.plugins import Plugin\n\n\ndef show(plugin: Plugin) -> str:\n    return ''\n"})
    committed.commit()
    committed.git("branch", "-f", "main")
    committed.change("app/old.py", 'plugin.run("a")', '""')
    committed.change("app/web.py", "''", 'plugin.run("a")')
    assert new(committed) == [("one-path", "app.web:show")]


def test_a_function_that_replaces_another_is_new(committed: Repository) -> None:
    """Functions that have little in common are two, even if they do the same deed."""
    committed.change(
        "app/old.py", 'class Screen:\n    def show(self, plugin: Plugin) -> str:\n        return plugin.run("a")\n', ""
    )
    body = "".join(f"    step_{number}(plugin)\n" for number in range(5))
    committed.write(
        {"app/old.py": committed.read("app/old.py") + f'def steps(plugin: Plugin) -> str:\n{body}    return plugin.run("a")\n'}
    )
    assert new(committed) == [("one-path", "app.old:steps")]


# --- against what


def test_the_merge_base_is_what_counts(committed: Repository) -> None:
    """What came to main since does not blame the branch, and what main repaired is not the branch's sin."""
    add_more(committed)
    committed.commit("branch")
    committed.git("checkout", "-q", "main")
    committed.change("app/old.py", 'plugin.run("a")', '"a"')
    committed.commit("main")
    committed.git("checkout", "-q", "work")
    assert new(committed, "main") == new(committed, "main...") == NEW
    assert new(committed, "main..") == [("one-path", "app.old:Screen.show"), *NEW]


def test_a_contract_that_came_with_the_change_finds_old_code_old(committed: Repository) -> None:
    """Both trees are judged by the contracts of today."""
    contract = '\n[[contract]]\nid = "pure-times"\nkind = "effect-purity"\nzone = "app.times"\nforbid = "clock"\nbecause = "x"\n'
    committed.write({"buttress.toml": CONFIGURATION + contract})
    committed.change("app/times.py", "    return now() + 1", "    return now() + time.time()")
    found = [place for place in new(committed) if place[0] == "pure-times"]
    assert found == [("pure-times", "app.times:later")]


def test_a_contract_that_guards_nothing_is_still_an_error(committed: Repository) -> None:
    """Only findings are compared."""
    committed.write({"buttress.toml": CONFIGURATION.replace("app.plugins:Plugin.run", "app.plugins:Plugin.go")})
    report = committed.check(since="main")
    assert report.exit_code == 2


def test_a_past_that_cannot_be_parsed_hides_nothing(committed: Repository) -> None:
    """What could not be judged then is new now."""
    committed.write({"app/old.py": "x = (\n"})
    committed.commit("broken")
    committed.git("branch", "-f", "main")
    committed.write({"app/old.py": FILES["app/old.py"]})
    assert new(committed) == FOUND[:3]


def test_known_findings_and_old_ones(committed: Repository) -> None:
    """A baseline that has lost its entry in a renamed file makes no new finding."""
    assert committed.run("baseline", "write").returncode == 0
    committed.commit("baseline")
    committed.git("branch", "-f", "main")
    rename("app/old.py", "app/older.py")(committed)
    (committed.folder / "buttress.baseline").write_text(committed.git("show", "main:buttress.baseline"))
    assert len(committed.check().open_findings) == 3
    assert new(committed) == []


def test_a_baseline_that_grew_since_is_told(committed: Repository) -> None:
    """Who takes a new finding in passes the gate, but not unseen."""
    assert committed.run("baseline", "write").returncode == 0
    committed.commit("baseline")
    committed.git("branch", "-f", "main")
    assert "4 known, 0 fixed, 4 older" in committed.run("check", "--diff", "main").stdout
    add_more(committed)
    assert committed.run("baseline", "write", "--grow").returncode == 0
    done = committed.run("check", "--diff", "main")
    assert done.returncode == 0
    assert "no new findings, 5 known, 1 of them newly, 0 fixed, 4 older" in done.stdout


def test_contracts_that_came_with_the_change(committed: Repository) -> None:
    """A past without any configuration is judged by the one of today."""
    committed.git("checkout", "-q", "--orphan", "fresh")
    committed.git("rm", "-q", "--cached", "buttress.toml")
    committed.git("commit", "-q", "-m", "before there were contracts")
    committed.commit("contracts")
    assert new(committed, "HEAD~1") == []
    add_more(committed)
    assert new(committed, "HEAD~1") == NEW


def test_a_move_below_src(committed: Repository) -> None:
    """Modules keep their names when their files move below a root."""
    (committed.folder / "src").mkdir()
    committed.git("mv", "app", "src/app")
    assert new(committed) == []
    committed.write({"buttress.toml": 'roots = ["src"]\n' + CONFIGURATION})
    assert new(committed) == []
    committed.write({"src/app/old.py": committed.read("src/app/old.py") + MORE})
    assert new(committed) == NEW


def test_a_project_in_a_folder_of_the_repository(repository: Repository) -> None:
    """Paths are relative to the configuration, wherever the repository begins."""
    inner = type(repository)(repository.folder / "services/web")
    inner.write(FILES)
    repository.write(dict.fromkeys(FILES))
    repository.commit("old sins")
    rename("app/old.py", "app/older.py")(inner)
    repository.git("add", "--all")
    assert new(inner, "HEAD") == []
    inner.write({"app/older.py": inner.read("app/older.py") + MORE})
    assert new(inner, "HEAD") == [("one-path", "app.older:more")]


USAGE = {
    "an unknown revision": ("nowhere", "--diff: Git knows no revision 'nowhere'"),
    "an option for a revision": ("--output=x", "--output=x"),
}


@pytest.mark.parametrize(("revision", "words"), USAGE.values(), ids=USAGE)
def test_what_is_no_revision_is_wrong_usage(committed: Repository, revision: str, words: str) -> None:
    """The message repeats what was wrong, and nothing is written."""
    done = committed.run("check", f"--diff={revision}")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (committed.folder / "x").exists()


def test_without_a_repository_there_is_no_past(repository: Repository) -> None:
    """Whoever asks is told."""
    done = repository.run("check", "--diff", "main")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Git repository" in done.stderr


def test_histories_without_a_common_commit(committed: Repository) -> None:
    """As in a shallow clone: the hint says how to fetch the rest."""
    committed.git("checkout", "-q", "--orphan", "island")
    committed.commit("island")
    done = committed.run("check", "--diff", "main")
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stderr
    assert committed.run("check", "--diff", "main..").returncode == 0
