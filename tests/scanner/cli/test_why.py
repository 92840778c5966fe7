"""``buttress why``: the shortest way to an effect, that there is none, and what is asked wrongly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from buttress_scanner.cli.main import app
from tests.scanner.cli.asking import BROKEN_APP, PROGRAM, ROOT, ask, write
from tests.scanner.cli.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small program and no configuration."""
    return write(tmp_path_factory.mktemp("program"), PROGRAM)


REACHES = {
    "by itself": ("by_age", "clock", ["by_age"], "proven"),
    "through library code": ("ordered", "clock", ["ordered", "by_age"], "proven"),
    "fits a protocol": ("plan", "clock", ["plan", "WallClock.now"], "possible"),
    "through a decorator": ("decorated", "clock", ["", "timed.run"], "proven"),
    "as a caller hands in": ("apply", "clock", ["apply"], "proven"),
    "hands in": ("late", "clock", ["late", "apply"], "proven"),
    "by constructing": ("Stamp", "clock", ["Stamp"], "proven"),
    "calls a class": ("make", "clock", ["make", "Stamp"], "proven"),
    "through a property": ("show", "io", ["show", "Loud.label", "Base.go", "Loud.step"], "proven"),
    "may be overridden": ("show_base", "io.console", ["show_base", "Loud.step"], "possible"),
    "inherited": ("Loud.go", "io", ["Base.go", "Loud.step"], "proven"),
    "a partial in a variable": ("STEP", "clock", ["by_age"], "proven"),
    "handed to a stranger": ("handed", "clock", ["handed", "by_age"], "possible"),
    "a coroutine function": ("later", "async", ["later"], "proven"),
}


@pytest.mark.parametrize(("name", "effect", "way", "confidence"), REACHES.values(), ids=REACHES)
def test_shows_the_shortest_way(program: Path, name: str, effect: str, way: list[str], confidence: str) -> None:
    """Each step stands in the next body on the way, and the last has the effect."""
    answer = ask(program, "why", f"app.core:{name}", effect, "--format", "json")
    assert answer.code == 0, answer.err
    found = answer.document["way"]
    assert isinstance(found, dict)
    assert [step["symbol"] for step in found["steps"]] == [f"app.core:{each}" if each else "app.core" for each in way]
    assert found["confidence"] == confidence
    assert any(each == effect or each.startswith(f"{effect}.") for each in found["deed"]["effects"])


REACHES_NOT = {
    "a pure function": ("app.core:calm", "clock"),
    "another effect": ("app.core:by_age", "io.file"),
    "construction alone": ("app.core:Loud", "io"),
    "import alone": ("app.core", "clock"),
    "a stranger": ("app.core:stranger", "clock"),
}


@pytest.mark.parametrize(("name", "effect"), REACHES_NOT.values(), ids=REACHES_NOT)
def test_says_that_there_is_none(program: Path, name: str, effect: str) -> None:
    """Exit code 1, and no way."""
    answer = ask(program, "why", name, effect, "--format", "json")
    assert (answer.code, answer.err) == (1, "")
    assert (answer.document["reaches"], answer.document["way"]) == (False, None)
    assert f"{name} does not reach {effect}" in ask(program, "why", name, effect).out


def test_the_whole_text(program: Path) -> None:
    """The text for people: numbered steps with place and code, the entry of the catalogue, and what it rests on."""
    assert ask(program, "why", "app.core:ordered", "clock").out == (
        "app.core:ordered reaches clock:\n"
        "  1. app/core.py:27:12 in app.core:ordered: calls builtins.sorted, which calls app.core:by_age\n"
        "     27 | return sorted(items, key=by_age)\n"
        "  2. app/core.py:23:12 in app.core:by_age: calls time.time\n"
        "     23 | return time.time() - item.born\n"
        "  = catalogue: time.time has the effect clock (effects/time.toml)\n"
        "\n"
        "2 functions and modules followed, 2 calls, none undecided.\n"
    )


def test_the_shorter_of_two_ways(tmp_path: Path) -> None:
    """Of a long way that comes first and a short one behind it, the short one is shown."""
    text = "import time\n\ndef a():\n    b()\n    d()\n\ndef b():\n    c()\n\ndef c():\n    d()\n\ndef d():\n    time.time()\n"
    write(tmp_path, {"m.py": text})
    assert re.findall(r"in m:(\w)", ask(tmp_path, "why", "m:a", "clock").out) == ["a", "d"]


def test_a_way_without_doubt_comes_first(tmp_path: Path) -> None:
    """A longer way that is certain is shown before a shorter one that is merely possible."""
    text = (
        "import time\n\nclass Base:\n    def go(self): ...\n\nclass Sub(Base):\n    def go(self):\n        time.time()\n\n"
        "def a(base: Base):\n    base.go()\n    b()\n\ndef b():\n    c()\n\ndef c():\n    time.time()\n"
    )
    write(tmp_path, {"m.py": text})
    answer = ask(tmp_path, "why", "m:a", "clock")
    assert re.findall(r"in m:(\w+)", answer.out) == ["a", "b", "c"]
    assert "possible" not in answer.out


def test_without_the_deed_the_answer_changes(tmp_path: Path) -> None:
    """Sabotage: the effect is taken out at the end of the way, and the same question has another answer."""
    write(tmp_path, PROGRAM)
    assert ask(tmp_path, "why", "app.core:ordered", "clock").code == 0
    file = tmp_path / "app/core.py"
    file.write_text(file.read_text().replace("return time.time() - item.born", "return 0 - item.born"))
    assert ask(tmp_path, "why", "app.core:ordered", "clock").code == 1


UNDECIDED = {
    "a parameter": ("blind", "only callers know the parameter thing of app.core:blind"),
    "a library that nobody knows": ("stranger", "unheard_of.thing is in no catalogue"),
    "a declared callable": ("apply", "it is declared as a callable, and any may be handed in"),
}


@pytest.mark.parametrize(("name", "reason"), UNDECIDED.values(), ids=UNDECIDED)
def test_tells_what_is_undecided(program: Path, name: str, reason: str) -> None:
    """The call of which nothing is known is named with its reason; a clean neighbour has none."""
    document = ask(program, "why", f"app.core:{name}", "random", "--format", "json").document
    undecided = document["undecided"]
    assert isinstance(undecided, list)
    assert [(each["symbol"], each["reasons"]) for each in undecided] == [(f"app.core:{name}", [reason])]
    assert ask(program, "why", "app.core:calm", "random", "--format", "json").document["undecided"] == []
    assert "as far as is known" in ask(program, "why", f"app.core:{name}", "random").out


def test_many_undecided_calls_are_summed_up(tmp_path: Path) -> None:
    """Text shows the nearest and how often there is which reason; JSON has them all."""
    body = "".join(f"    x.m{number}()\n" for number in range(30))
    write(tmp_path, {"m.py": f"def f(x):\n{body}"})
    text = ask(tmp_path, "why", "m:f", "clock").out
    assert "      30  only callers know the parameter ..." in text
    assert "and 20 more" in text
    document = ask(tmp_path, "why", "m:f", "clock", "--format", "json").document
    assert isinstance(document["undecided"], list)
    assert len(document["undecided"]) == 30


def test_says_where_a_caller_decides(program: Path) -> None:
    """A function that does what it is handed has the effect in some calls, one of which is named."""
    out = ask(program, "why", "app.core:apply", "clock").out
    assert re.search(r"only where the caller hands in what leads there, such as at app/core\.py:\d+:\d+ in app\.core:late", out)


@pytest.mark.parametrize(("asked", "defined"), [("app:make_plan", "app.core:plan"), ("app.core:Loud.go", "app.core:Base.go")])
def test_looks_through_names(program: Path, asked: str, defined: str) -> None:
    """A re-export and an inherited method are what they stand for, and the answer says so."""
    assert ask(program, "why", asked, "clock").out.startswith(f"{asked} ({defined}) ")


def test_names_members_that_reach_it(program: Path) -> None:
    """A class whose construction is harmless may have methods that are not."""
    assert ask(program, "why", "app.core:Loud", "io", "--format", "json").document["instead"] == [
        "app.core:Loud.step",
        "app.core:Loud.label",
    ]


REFUSED = {
    "unknown name": ("app.core:ordred", "clock", "app.core has no ordred; did you mean app.core:ordered?"),
    "unknown method": ("app.core:Loud.stop", "clock", "did you mean app.core:Loud.step"),
    "nothing like it": ("app.core:xyzzy", "clock", "app.core has no xyzzy\n"),
    "other module": ("app.tools:by_age", "clock", "did you mean app.core:by_age?"),
    "dots only": ("app.core.ordered", "clock", "did you mean app.core:ordered?"),
    "a path": ("app/core.py:ordered", "clock", "is not the name of a module or an element"),
    "unknown module": ("app.cor", "clock", "there is no module app.cor; did you mean app.core?"),
    "unknown module of a name": ("app.cor:ordered", "clock", "did you mean app.core:ordered?"),
    "unknown effect": ("app.core:plan", "clok", "there is no effect 'clok'; did you mean clock?"),
    "part of an effect": ("app.core:plan", "network", "did you mean io.network?"),
    "a variable": ("app.core:LIMIT", "clock", "nothing runs under the name app.core:LIMIT"),
    "many": ("app.core:*", "clock", "this question is about one"),
    "a zone": ("@all", "clock", "there is no zone @all"),
}


@pytest.mark.parametrize(("name", "effect", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_with_advice(program: Path, name: str, effect: str, message: str) -> None:
    """What is wrong and what was probably meant stand on standard error; nothing else is written, and no traceback."""
    answer = ask(program, "why", name, effect)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("buttress: ")
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_a_file_that_cannot_be_parsed(tmp_path: Path) -> None:
    """What is found is true all the same; that nothing is found cannot be trusted."""
    write(tmp_path, {**PROGRAM, "app/bad.py": "def (:\n"})
    found = ask(tmp_path, "why", "app.core:ordered", "clock")
    missing = ask(tmp_path, "why", "app.core:calm", "clock")
    assert (found.code, missing.code) == (0, 2)
    assert "app/bad.py:1: the file cannot be parsed" in missing.err
    errors = ask(tmp_path, "why", "app.core:calm", "clock", "--format", "json").document["errors"]
    assert isinstance(errors, list)
    assert [each["path"] for each in errors] == ["app/bad.py"]


def test_roots_of_a_configuration(tmp_path: Path) -> None:
    """With a configuration names start at its roots, and excluded files are no part of the program."""
    files = {f"lib/{path}": text for path, text in PROGRAM.items()}
    write(tmp_path, {**files, "buttress.toml": 'roots = ["lib"]\nexclude = ["/lib/app/tools.py"]\n'})
    assert ask(tmp_path, "why", "app.core:ordered", "clock").code == 0
    assert "there is no module app.tools" in ask(tmp_path, "why", "app.tools:double", "clock").err
    assert ask(tmp_path / "lib/app", "why", "app.core:ordered", "clock").code == 0


def test_a_broken_configuration(tmp_path: Path) -> None:
    """The first problem is told with its place."""
    write(tmp_path, {**PROGRAM, "buttress.toml": "rots = 1\n"})
    answer = ask(tmp_path, "why", "app.core:ordered", "clock")
    assert (answer.code, answer.out) == (2, "")
    assert "buttress.toml:1:" in answer.err


def test_an_empty_folder(tmp_path: Path) -> None:
    """Without any Python file there is nothing to ask about, and that is said."""
    answer = ask(tmp_path, "why", "app:main", "clock")
    assert answer.code == 2
    assert "no Python file was found" in answer.err


def test_agrees_with_the_example_contract() -> None:
    """The example's broken purity contract and the question have the same way."""
    symbol = "app.plugins.validation.input_validator:validate_input_payload"
    document = ask(BROKEN_APP, "why", symbol, "clock", "--format", "json").document
    assert isinstance(document["way"], dict)
    steps = [(each["path"], each["line"]) for each in document["way"]["steps"]]
    contract = ask(BROKEN_APP, "check", "--select", "validation-is-repeatable", "--format", "concise").out
    assert [path for path, _ in steps] == [
        "app/plugins/validation/input_validator.py",
        "app/util/limits.py",
        "app/util/stamps.py",
    ]
    assert f"{steps[0][0]}:{steps[0][1]}:" in contract


def _documented() -> list[tuple[str, str]]:
    """The commands of the guide that stand with their output."""
    page = (ROOT / "docs" / "how-to" / "ask-the-engine.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ buttress ([^\n|]*)\n((?:[^$`].*\n|\n)+)```", page)
    return [(command, output) for command, output in blocks]


@pytest.mark.parametrize(("command", "output"), _documented(), ids=[command for command, _ in _documented()])
def test_the_guide_shows_what_is_said(command: str, output: str) -> None:
    """What the guide prints below a command is what the command prints in the example's folder."""
    assert ask(BROKEN_APP, *command.split()).out == output


def test_the_guide_shows_something() -> None:
    """The page has examples with output."""
    assert len(_documented()) == 2


def test_help_is_complete(program: Path) -> None:
    """The command explains itself, and no argument or option lacks a description."""
    answer = ask(program, "why", "--help")
    assert answer.code == 0
    parameters = getattr(get_command(app), "commands")["why"].params  # noqa: B009 - the class differs between versions of typer
    assert all(parameter.help and parameter.help in " ".join(answer.out.split()) for parameter in parameters)


def test_completion(tmp_path: Path) -> None:
    """The shell offers effects, modules, and the names of a module."""
    project = Project(write(tmp_path / "p", PROGRAM), tmp_path)

    def offered(*words: str) -> list[str]:
        line = " ".join(["buttress", *words])
        done = project.run(_BUTTRESS_COMPLETE="complete_fish", _TYPER_COMPLETE_ARGS=line, _TYPER_COMPLETE_FISH_ACTION="get-args")
        assert done.stderr == ""
        return [each.split("\t")[0] for each in done.stdout.splitlines() if each]

    assert offered("why", "app.core:plan", "cl") == ["clock"]
    assert offered("why", "app.") == ["app.core", "app.tools"]
    assert offered("why", "app.core:pl") == ["app.core:plan"]
    assert offered("show", "") == ["contracts", "zones", "callers", "effects", "graph"]
    (project.folder / "buttress.toml").write_text("rots = 1\n")
    assert offered("why", "app.") == []
