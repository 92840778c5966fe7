"""Suppressions of findings that the contracts make: counted on every run, wherever in a statement they stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.scanner.adoption.support import TODAY

if TYPE_CHECKING:
    from tests.scanner.adoption.support import Repository

ALLOW = "# buttress: allow[one-path] -- the console precedes the runner"
HEAD = "from app.plugins import Plugin\n\nPLUGIN = Plugin()\n\n\ndef marked(text: str):\n    return lambda other: other\n\n\n"
PLACES = {
    "the first line of a statement": "ROW = (  ALLOW\n    PLUGIN.run(\n        'a',\n    )\n)\n",
    "the line of the deed": "ROW = (\n    PLUGIN.run(  ALLOW\n        'a',\n    )\n)\n",
    "the last line of a statement": "ROW = (\n    PLUGIN.run(\n        'a',\n    )\n)  ALLOW\n",
    "a decorator": "@marked(PLUGIN.run('a'))  ALLOW\ndef show() -> None:\n    pass\n",
    "a decorator, at the def": "@marked(\n    PLUGIN.run('a'),\n)\ndef show() -> None:  ALLOW\n    pass\n",
    "a decorator of a class": "@marked(\n    PLUGIN.run('a'),  ALLOW\n)\nclass Show:\n    pass\n",
    "the body of a class": "class Show:\n    first = [\n        PLUGIN.run('a'),\n    ]  ALLOW\n",
    "above a field of a class": "class Show:\n    ALLOW\n    first: str = PLUGIN.run(\n        'a',\n    )\n",
    "a default in the header of a method": (
        "class Show:\n    def show(\n        self,\n        row: str = PLUGIN.run('a'),\n    ) -> None:  ALLOW\n        pass\n"
    ),
    "a comprehension": "ROWS = [\n    PLUGIN.run(row)\n    for row in 'abc'  ALLOW\n]\n",
}


@pytest.mark.parametrize("code", PLACES.values(), ids=PLACES)
def test_any_line_of_the_statement_will_do(repository: Repository, code: str) -> None:
    """The finding is accepted with its comment, and is one without."""
    repository.write({"app/old.py": HEAD + code.replace("ALLOW", ALLOW)})
    (accepted,) = [finding for finding in repository.check().findings if finding.contract != "pure"]
    assert accepted.suppressed is not None
    assert accepted.suppressed.reason == "the console precedes the runner"
    repository.write({"app/old.py": HEAD + code.replace("ALLOW", "# why not")})
    (found,) = [finding for finding in repository.check().findings if finding.contract != "pure"]
    assert found.suppressed is None


@pytest.mark.parametrize("form", ["full", "concise", "github"])
def test_the_count_is_shown_on_every_run(repository: Repository, form: str) -> None:
    """On red and green runs, with some and with none."""
    repository.write(
        {"app/plan.py": None, "buttress.toml": repository.read("buttress.toml").partition('\n[[contract]]\nid = "pure"')[0]}
    )
    assert "3 findings, 0 suppressed\n" in repository.run("check", "--format", form).stdout
    repository.write({"app/old.py": HEAD + f"ROW = PLUGIN.run('a')  {ALLOW}\n"})
    done = repository.run("check", "--format", form)
    assert (done.returncode, done.stdout.endswith("no findings, 1 suppressed\n")) == (0, True)
    repository.write({"app/old.py": None})
    assert repository.run("check", "--format", form).stdout.endswith("no findings, 0 suppressed\n")


def test_a_stub_holds_suppressions_as_well(repository: Repository) -> None:
    """A comment in a file beside a module that accepts nothing is reported like any other."""
    repository.write({"app/runner.pyi": f"def run(plugin: object, row: str) -> str: ...  {ALLOW}\n"})
    (found,) = [finding for finding in repository.check().findings if finding.contract == "suppression"]
    assert (found.position.path, found.position.line) == ("app/runner.pyi", 1)


def test_the_last_day_counts_against_a_revision_too(repository: Repository) -> None:
    """A suppression that has expired since is no new finding: today decides for both trees."""
    ends = ALLOW.replace("]", f"] until={TODAY.replace(year=TODAY.year - 1)}")
    repository.write({"app/old.py": HEAD + f"ROW = PLUGIN.run('a')  {ends}\n"})
    repository.commit("old sins")
    assert len(repository.check().open_findings) == 3
    assert repository.check(since="HEAD").open_findings == ()


def test_json_marks_what_is_accepted(repository: Repository) -> None:
    """Programs see the reason."""
    repository.write({"app/old.py": HEAD + f"ROW = PLUGIN.run('a')  {ALLOW}\n"})
    document = json.loads(repository.run("check", "--format", "json").stdout)
    assert [finding["suppressed"] for finding in document["findings"]] == [True, False]
