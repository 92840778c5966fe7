"""The baseline: what survives, what leaves, who may change it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.findings.baseline import BaselineError, Entry, change, parse, text
from buttress_scanner.findings.keys import Key
from tests.scanner.adoption.support import CONFIGURATION, FILES, FOUND, places

if TYPE_CHECKING:
    from buttress_scanner.findings import baseline
    from tests.scanner.adoption.support import Repository

NAME = "buttress.baseline"


@pytest.fixture
def known(repository: Repository) -> Repository:
    """The project, all of whose findings are known."""
    done = repository.run("baseline", "write")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{NAME}: 4 new, 0 gone, 4 entries in all\n", "")
    return repository


def figures(repository: Repository) -> tuple[int, int, int, int]:
    """Known, new, fixed and exit code, with a strict baseline."""
    report = repository.check(strict=True)
    assert report.baseline is not None
    return report.baseline.known, report.baseline.new, len(report.baseline.fixed), report.exit_code


# --- what is written


def test_one_entry_a_line_sorted_without_lines(known: Repository) -> None:
    """Contract, symbol, deed, statement, number: a path is known by its ends, a deed by its statement."""
    lines = known.read(NAME).splitlines()
    entries = [line.split(" | ") for line in lines if not line.startswith("#")]
    assert lines[0] == "# buttress baseline, version 1"
    assert [(fields[0], fields[1], fields[2], fields[4]) for fields in entries] == [
        ("one-path", "app.old:Screen.show", "calls app.plugins:Plugin.run", "1"),
        ("one-path", "app.old:preview", "calls app.plugins:Plugin.run", "1"),
        ("one-path", "app.old:preview", "calls app.plugins:Plugin.run", "1"),
        ("pure", "app.plan:make", "time.time", "1"),
    ]
    assert entries[1][3] != entries[2][3]
    assert entries[3][3] == "path"
    assert lines == [*lines[: -len(entries)], *sorted(lines[-len(entries) :])]


def test_what_is_known_does_not_fail_the_check(known: Repository) -> None:
    """Known findings are marked, not shown, and the figures stand on the green run."""
    report = known.check()
    assert places(report.findings) == FOUND
    assert all(finding.baselined for finding in report.findings)
    assert (report.open_findings, report.exit_code) == ((), 0)
    assert known.run("check").stdout.endswith("\nno new findings, 4 known, 0 fixed, 0 suppressed\n")


def test_json_tells_of_the_baseline(known: Repository) -> None:
    """Programs see which findings are known, and which entries have to leave."""
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    document = json.loads(known.run("check", "--format", "json").stdout)
    (gone,) = document["baseline"].pop("fixed")
    assert document["baseline"] == {"path": NAME, "strict": False, "known": 3, "new": 0}
    assert gone in known.read(NAME).splitlines()
    assert [finding["baselined"] for finding in document["findings"]] == [True] * 3


def test_another_name(repository: Repository) -> None:
    """The configuration may name the file, in a folder too."""
    repository.write({"buttress.toml": 'baseline = "tools/known.txt"\n' + CONFIGURATION})
    assert repository.run("baseline", "write").returncode == 0
    assert repository.read("tools/known.txt").count("one-path") == 3
    assert figures(repository) == (4, 0, 0, 0)


# --- what survives

KEPT = {
    "lines above": ("app/old.py", "from app", "import os\n\nLIMIT = 3\n\n\nfrom app"),
    "a comment in the statement": ("app/old.py", "row,\n", "row,  # as it came\n"),
    "another layout": ("app/old.py", "plugin.run(\n        row,\n    )", "(\n        plugin.run(row)\n    )"),
    "other quotes": ("app/old.py", '"a"', "'a'"),
    "a block around": ("app/old.py", '        return plugin.run("a")', '        if plugin:\n            return plugin.run("a")'),
    "another way between the ends": (
        "app/times.py",
        "    return now() + 1",
        "    return noon() + 1\n\n\ndef noon() -> float:\n    return now()",
    ),
    "the deed in another function at the end of the way": (
        "app/times.py",
        "    return now() + 1",
        "    return time.time() + 1",
    ),
    "another first step of the way": ("app/plan.py", "return times.later()", "return 2 * times.now()"),
    "line ends of Windows": ("app/old.py", "\n", "\r\n"),
    "a byte order mark": ("app/old.py", "from app", "\ufefffrom app"),
    "parameters of the function": ("app/old.py", "row: str)", "row: str, more: int = 0)"),
}


@pytest.mark.parametrize(("path", "old", "new"), KEPT.values(), ids=KEPT)
def test_entries_survive(known: Repository, path: str, old: str, new: str) -> None:
    """What changes neither place nor deed in name leaves every finding known."""
    known.change(path, old, new)
    assert figures(known) == (4, 0, 0, 0)


def test_entries_survive_the_order_of_definitions(known: Repository) -> None:
    """Moving a class to the top of its file changes no key."""
    head, _, rest = known.read("app/old.py").partition("\n\ndef preview")
    body, _, screen = rest.partition("\n\nclass Screen")
    known.write({"app/old.py": f"{head}\n\nclass Screen{screen}\n\ndef preview{body}"})
    assert figures(known) == (4, 0, 0, 0)


# --- what is new, and what is gone

CHANGED = {
    "a repair": ("app/old.py", 'plugin.run("a")', '"a"', (3, 0, 1, 1)),
    "one more of the same": (
        "app/old.py",
        "    first = plugin.run(row)",
        "    first = plugin.run(row)\n    first = plugin.run(row)",
        (4, 1, 0, 1),
    ),
    "another statement": ("app/old.py", "first = plugin.run(row)", "first = plugin.run(row + row)", (3, 1, 1, 1)),
    "another function": ("app/old.py", "def preview", "def look", (2, 2, 2, 1)),
    "another deed at the end": ("app/times.py", "time.time()", "time.monotonic()", (3, 1, 1, 1)),
}


@pytest.mark.parametrize(("path", "old", "new", "expected"), CHANGED.values(), ids=CHANGED)
def test_what_changes_is_seen(known: Repository, path: str, old: str, new: str, expected: tuple[int, int, int, int]) -> None:
    """New findings and entries without one are counted, and either fails the strict check."""
    known.change(path, old, new)
    assert figures(known) == expected


def test_fixed_entries_fail_only_a_strict_check(known: Repository) -> None:
    """An entry that is no longer needed is counted always, and makes the gate of CI fail."""
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    lenient, strict = known.run("check", "--format", "concise"), known.run("check", "--strict-baseline", "--format", "concise")
    assert (lenient.returncode, strict.returncode) == (0, 1)
    assert "no new findings, 3 known, 1 fixed, 0 suppressed" in lenient.stdout
    assert f"{NAME}: the finding is gone: one-path | app.old:Screen.show |" in strict.stdout
    assert "buttress baseline prune" in strict.stdout


def test_a_suppressed_finding_needs_no_entry(known: Repository) -> None:
    """Who accepts a finding in the code takes it out of the baseline."""
    known.change(
        "app/old.py", 'plugin.run("a")', 'plugin.run("a")  # buttress: allow[one-path] -- the screen precedes the runner'
    )
    assert figures(known) == (3, 0, 1, 1)
    assert "3 known, 1 fixed, 1 suppressed" in known.run("check").stdout


def test_findings_about_suppressions_are_never_known(repository: Repository) -> None:
    """A comment that is not in order is repaired, not written down."""
    repository.change("app/runner.py", "plugin.run(row)", "plugin.run(row)  # buttress: allow[one-path]")
    done = repository.run("baseline", "write")
    assert "not taken in: 1 finding about suppressions" in done.stderr
    assert "suppression |" not in repository.read(NAME)
    assert figures(repository)[:2] == (4, 1)


def test_entries_of_contracts_that_are_not_judged_stay_out_of_it(known: Repository) -> None:
    """A run of one contract says nothing of the entries of another."""
    document = json.loads(known.run("check", "--select", "pure", "--format", "json").stdout)
    assert (document["baseline"]["known"], document["baseline"]["fixed"]) == (1, [])


def test_entries_of_a_contract_that_is_gone_leave(known: Repository) -> None:
    """Who removes a contract removes what was known of it."""
    known.write({"buttress.toml": CONFIGURATION.partition('\n[[contract]]\nid = "pure"')[0]})
    assert figures(known) == (3, 0, 1, 1)


def test_nothing_is_called_gone_where_not_everything_could_be_judged(known: Repository) -> None:
    """A file that cannot be parsed hides findings; they are not repaired."""
    known.write({"app/old.py": "x = (\n"})
    report = known.check(strict=True)
    assert report.baseline is not None
    assert (report.baseline.fixed, report.exit_code) == ((), 2)
    for command in ("write", "prune", "diff"):
        before = known.read(NAME)
        done = known.run("baseline", command)
        assert (done.returncode, known.read(NAME)) == (2, before)
        assert "app/old.py:1:" in done.stderr


def test_paths_narrow_the_report_and_not_the_figures(known: Repository) -> None:
    """Growth and shrink are those of the whole program."""
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    assert "no new findings, 3 known, 1 fixed" in known.run("check", "app/plan.py").stdout


# --- who may change it

SERVICES = [{"CI": "true"}, {"CI": "1"}, {"BUILD_NUMBER": "7"}, {"TF_BUILD": "True"}, {"GITHUB_ACTIONS": "true"}]
ADDED = "\n\ndef more(plugin: Plugin) -> str:\n    return plugin.run('b')\n"


@pytest.mark.parametrize("variables", SERVICES, ids=lambda each: next(iter(each)))
def test_ci_makes_no_baseline(repository: Repository, variables: dict[str, str]) -> None:
    """What is known is a decision of people."""
    done = repository.run("baseline", "write", **variables)
    assert (done.returncode, (repository.folder / NAME).exists()) == (2, False)
    assert "continuous integration" in done.stderr


def test_ci_lets_no_baseline_grow(known: Repository) -> None:
    """Not even when asked to; to shrink it is harmless."""
    before = known.read(NAME)
    known.write({"app/old.py": known.read("app/old.py") + ADDED})
    done = known.run("baseline", "write", "--grow", CI="true")
    assert (done.returncode, known.read(NAME)) == (2, before)
    assert "+ one-path | app.old:more | " in done.stderr
    known.change("app/old.py", ADDED, "")
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    assert known.run("baseline", "write", CI="true").returncode == 0
    assert len(parse(known.read(NAME).encode())) == 3


def test_ci_that_is_denied_is_none(repository: Repository) -> None:
    """``CI=false`` is how a person says so."""
    assert repository.run("baseline", "write", CI="false").returncode == 0


def test_it_grows_only_when_asked(known: Repository) -> None:
    """A second `write` is no way around the gate."""
    before = known.read(NAME)
    known.write({"app/old.py": known.read("app/old.py") + ADDED})
    refused = known.run("baseline", "write")
    assert (refused.returncode, known.read(NAME)) == (1, before)
    assert "would grow" in refused.stderr
    assert "--grow" in refused.stderr
    assert known.run("baseline", "write", "--grow").stdout == f"{NAME}: 1 new, 0 gone, 5 entries in all\n"
    assert figures(known) == (5, 0, 0, 0)


def test_what_was_renamed_is_no_growth(known: Repository) -> None:
    """The entry moves with the function."""
    known.change("app/old.py", "def preview", "def look")
    shown = known.run("baseline", "diff")
    assert shown.returncode == 1
    assert shown.stdout.count("\n~ ") + shown.stdout.startswith("~ ") == 2
    done = known.run("baseline", "write")
    assert done.stdout == f"{NAME}: 0 new, 0 gone, 2 moved, 4 entries in all\n"
    assert figures(known) == (4, 0, 0, 0)


def test_prune_only_takes_out(known: Repository) -> None:
    """New findings stay new, what is gone leaves, and a second run changes nothing."""
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    known.write({"app/old.py": known.read("app/old.py") + ADDED})
    done = known.run("baseline", "prune", CI="true")
    assert (done.returncode, done.stdout) == (0, f"{NAME}: 1 gone, 3 entries left\n")
    assert figures(known) == (3, 1, 0, 1)
    once = known.read(NAME)
    assert known.run("baseline", "prune").stdout == f"{NAME}: 0 gone, 3 entries left\n"
    assert known.read(NAME) == once


def test_diff_shows_what_write_would_change(known: Repository) -> None:
    """Nothing is written, and the exit code says whether something would be."""
    assert known.run("baseline", "diff").returncode == 0
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    known.write({"app/old.py": known.read("app/old.py") + ADDED})
    before = known.read(NAME)
    done = known.run("baseline", "diff")
    assert (done.returncode, known.read(NAME)) == (1, before)
    came, went, figures_told = done.stdout.splitlines()
    assert came.startswith("+ one-path | app.old:more | ")
    assert went.startswith("- one-path | app.old:Screen.show | ")
    assert figures_told == f"{NAME}: 1 new, 1 gone, 4 entries in all"


def test_without_findings_nothing_is_written(repository: Repository) -> None:
    """A clean project needs no file, and to prune one that is not there is a mistake."""
    repository.write({"app/old.py": None, "app/plan.py": "LIMIT = 1\n\n\ndef make() -> int:\n    return LIMIT\n"})
    done = repository.run("baseline", "write", CI="true")
    assert (done.returncode, done.stdout) == (0, "nothing to write: there are no findings\n")
    assert not (repository.folder / NAME).exists()
    assert repository.run("baseline", "prune").returncode == 2


# --- merges and damage


def test_branches_that_repair_different_things_merge(known: Repository) -> None:
    """Each takes out its entries; the merge has neither."""
    known.commit("start")
    known.git("checkout", "-q", "-b", "one")
    known.change("app/plan.py", "times.later()", "1.0")
    known.run("baseline", "prune")
    known.commit("plan")
    known.git("checkout", "-q", "main")
    known.change("app/old.py", 'plugin.run("a")', '"a"')
    known.run("baseline", "prune")
    known.commit("screen")
    known.git("merge", "-q", "--no-edit", "one")
    assert figures(known) == (2, 0, 0, 0)


def test_a_merge_that_keeps_both_sides_is_understood(known: Repository) -> None:
    """Neither the order of entries nor a line that stands there twice matters."""
    title, *lines = known.read(NAME).splitlines(keepends=True)
    known.write({NAME: "".join([title, *reversed(lines), *lines])})
    assert figures(known) == (4, 0, 0, 0)


DAMAGED = {
    "a conflict": ("# buttress baseline, version 1\n<<<<<<< HEAD\na | b | c | d | 1\n", 2, "Keep the lines of both sides"),
    "a newer version": ("# buttress baseline, version 2\n", 1, "the version of buttress that wrote it"),
    "another file": ("{}\n", 1, "buttress baseline write"),
    "nothing": ("", 1, "buttress baseline write"),
    "a line that is no entry": ("# buttress baseline, version 1\n\na | b | c | 1\n", 3, "buttress baseline write"),
    "no number": ("# buttress baseline, version 1\na | b | c | d | x\n", 2, "buttress baseline write"),
}


@pytest.mark.parametrize(("content", "line", "hint"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_baseline_is_an_error(repository: Repository, content: str, line: int, hint: str) -> None:
    """The check cannot be trusted then, and the message says where and what to do."""
    repository.write({NAME: content})
    report = repository.check()
    assert report.exit_code == 2
    assert [(problem.path, problem.line) for problem in report.errors] == [(NAME, line)]
    assert hint in report.errors[0].hint
    assert len(report.open_findings) == 4
    assert repository.run("baseline", "prune").returncode == 2


def test_bytes_that_are_no_text_are_an_error() -> None:
    """The line is told."""
    with pytest.raises(BaselineError) as caught:
        parse(b"# buttress baseline, version 1\n\xff\n")
    assert caught.value.line == 2


# --- laws

WORDS = st.text(st.characters(codec=None), max_size=12)
KEYS = st.builds(Key, st.from_regex(r"[a-z0-9][a-z0-9._-]*", fullmatch=True), WORDS, WORDS, WORDS)
BASELINES = st.dictionaries(KEYS, st.integers(1, 3), max_size=6).map(
    lambda counts: tuple(sorted(Entry(key, number + 1) for key, count in counts.items() for number in range(count)))
)


@given(BASELINES)
def test_what_is_written_is_read(entries: baseline.Baseline) -> None:
    """Any text in any field survives, lines and separators included."""
    assert parse(text(entries)) == entries
    assert text(entries).count(b"\n") == text(()).count(b"\n") + len(entries)


@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.lists(st.sampled_from(["a", " | ", "1", "\\u", "\n", "<<<<<<< "])).map("".join).map(str.encode),
    )
)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    """Whatever somebody has put into the file, the answer is entries or a reason with a line."""
    entries: baseline.Baseline = ()
    refused = None
    try:
        entries = parse(b"# buttress baseline, version 1\n" + content)
    except BaselineError as error:
        refused = error
    assert parse(text(entries)) == entries
    assert refused is None or (refused.line > 0 and refused.hint)


@given(BASELINES, BASELINES)
def test_a_change_leads_from_one_to_the_other(before: baseline.Baseline, after: baseline.Baseline) -> None:
    """What came, what went and what moved account for every entry."""
    found = change(before, after)
    went = {*found.removed, *(source for source, _ in found.moved)}
    came = {*found.added, *(target for _, target in found.moved)}
    assert ({*before} - went) | came == {*after}
    assert found.is_empty == (before == after)


@given(BASELINES)
def test_nothing_changes_against_itself(entries: baseline.Baseline) -> None:
    """A baseline is the same as itself, and one that lost an entry has shrunk by one."""
    assert change(entries, entries).is_empty
    if entries:
        last = max(entries)
        assert change(entries, tuple(each for each in entries if each != last)).removed == (last,)


def test_the_figures_can_be_wrong(known: Repository) -> None:
    """A baseline whose entries name other statements knows nothing: the tests above can fail."""
    entries = [replace(entry, key=replace(entry.key, statement="0" * 12)) for entry in parse(known.read(NAME).encode())]
    (known.folder / NAME).write_bytes(text(entries))
    assert figures(known)[:2] == (0, 4)
    assert set(FILES) < {path.relative_to(known.folder).as_posix() for path in known.folder.rglob("*.*")}
