"""``buttress show``: callers, effects and the call graph, as text, JSON and DOT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from buttress_scanner.cli.main import app
from buttress_scanner.program.query_effects import known_effects
from buttress_scanner.program.query_links import HOWS
from buttress_scanner.report._text import visible
from buttress_scanner.report.answers_dot import _quoted
from tests.scanner.cli import dot
from tests.scanner.cli.asking import BROKEN_APP, PROGRAM, SCHEMA, ask, write
from tests.scanner.cli.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small program and no configuration."""
    return write(tmp_path_factory.mktemp("program"), PROGRAM)


def rows(value: object) -> list[dict[str, object]]:
    """The rows of a list in a validated document."""
    assert isinstance(value, list)
    return value


# --- callers

CALLERS = {
    "directly": ("apply", [("late", "direct", "", "proven")]),
    "through library code": (
        "by_age",
        [("ordered", "library", "builtins.sorted", "proven"), ("handed", "handed-over", "unheard_of.later", "possible")],
    ),
    "fits a protocol": ("WallClock.now", [("plan", "fits", "app.core:Clock", "possible")]),
    "through a bound method": ("Base.go", [("Loud.label", "bound-method", "", "proven")]),
    "through an attribute": ("Loud.label", [("show", "attribute", "", "proven")]),
    "an override": (
        "Loud.step",
        [("Base.go", "bound-method", "", "proven"), ("show_base", "override", "app.core:Base.step", "possible")],
    ),
    "construction": ("Stamp", [("make", "constructor", "app.core:Stamp", "proven")]),
    "through its decorator": ("decorated", [("timed.run", "direct", "", "proven")]),
    "nobody": ("Loud", []),
}


@pytest.mark.parametrize(("name", "expected"), CALLERS.values(), ids=CALLERS)
def test_callers(program: Path, name: str, expected: list[tuple[str, str, str, str]]) -> None:
    """Every place that runs it, how, through what, and how surely."""
    answer = ask(program, "show", "callers", f"app.core:{name}", "--format", "json")
    assert (answer.code, answer.err) == (0, "")
    found = [(c["symbol"], c["how"], c["via"], c["confidence"]) for c in rows(answer.document["callers"])]
    assert found == [(f"app.core:{symbol}", *rest) for symbol, *rest in expected]


def test_callers_of_a_module(program: Path) -> None:
    """Those who import it; an import for type checkers alone is none."""
    found = rows(ask(program, "show", "callers", "app.core", "--format", "json").document["callers"])
    assert [(each["symbol"], each["how"], each["line"]) for each in found] == [("app", "import", 1)]


HOW_ELSE = {
    "an operator": ("class C:\n    def __add__(self, other): ...\n\ndef f(c: C):\n    return c + 1\n", "C.__add__", "operator"),
    "with": (
        "class C:\n    def __enter__(self): ...\n    def __exit__(self, *a): ...\n\ndef f(c: C):\n    with c:\n        pass\n",
        "C.__enter__",
        "with",
    ),
    "iteration": ("def g():\n    yield 1\n\ndef f():\n    for x in g():\n        pass\n", "g", "iteration"),
    "await": ("async def g(): ...\n\nasync def f():\n    await g()\n", "g", "await"),
    "a subscript": (
        "class C:\n    def __getitem__(self, key): ...\n\ndef f(c: C):\n    return c[0]\n",
        "C.__getitem__",
        "subscript",
    ),
    "an instance": ("class C:\n    def __call__(self): ...\n\ndef f():\n    C()()\n", "C.__call__", "call-operator"),
    "a partial": ("from functools import partial\n\ndef g(): ...\n\ndef f():\n    partial(g)()\n", "g", "partial"),
    "an alias": ("def g(): ...\n\nh = g\n\ndef f():\n    h()\n", "g", "direct"),
    "getattr": ("class C:\n    def go(self): ...\n\ndef f(c: C):\n    getattr(c, 'g' + 'o')()\n", "C.go", "bound-method"),
    "a thread": (
        "import threading\n\ndef g(): ...\n\ndef f():\n    threading.Thread(target=g).start()\n",
        "g",
        "library",
    ),
}


@pytest.mark.parametrize(("text", "name", "how"), HOW_ELSE.values(), ids=HOW_ELSE)
def test_how_a_body_comes_to_run(tmp_path: Path, text: str, name: str, how: str) -> None:
    """Each way of running a body is told apart."""
    write(tmp_path, {"m.py": text})
    found = rows(ask(tmp_path, "show", "callers", f"m:{name}", "--format", "json").document["callers"])
    assert [(each["symbol"], each["how"]) for each in found] == [("m:f", how)]


def test_callers_change_with_the_code(tmp_path: Path) -> None:
    """Sabotage: without the key function the caller is gone."""
    write(tmp_path, PROGRAM)
    file = tmp_path / "app/core.py"
    file.write_text(file.read_text().replace("sorted(items, key=by_age)", "sorted(items)"))
    found = rows(ask(tmp_path, "show", "callers", "app.core:by_age", "--format", "json").document["callers"])
    assert [each["symbol"] for each in found] == ["app.core:handed"]


def test_places_that_may_run_it(program: Path) -> None:
    """A member of the name on something unknown is undecided; calls of nothing known are counted."""
    document = ask(program, "show", "callers", "app.core:WallClock.now", "--format", "json").document
    assert [(each["symbol"], each["reasons"]) for each in rows(document["undecided"])] == [
        ("app.core:blind", ["only callers know the parameter thing of app.core:blind"])
    ]
    assert rows(ask(program, "show", "callers", "app.core:make", "--format", "json").document["undecided"]) == []


def test_calls_of_nothing_known_are_counted(tmp_path: Path) -> None:
    """What is called by no name may be anything."""
    write(tmp_path, {"m.py": "def g(): ...\n\ndef f(x):\n    x()\n"})
    answer = ask(tmp_path, "show", "callers", "m:g")
    assert "m:g is run from 0 places." in answer.out
    assert "1 call anywhere of something of which nothing at all is known." in answer.out


def test_callers_as_a_tree(program: Path) -> None:
    """Callers of callers stand below and further in, as far as the depth goes."""

    def tree(*options: str) -> list[tuple[object, object]]:
        answer = ask(program, "show", "callers", "app.core:Loud.step", "--format", "json", *options)
        return [(each["level"], str(each["symbol"]).partition(":")[2]) for each in rows(answer.document["callers"])]

    whole = [(1, "Base.go"), (2, "Loud.label"), (3, "show"), (1, "show_base")]
    assert tree("--transitive") == whole
    assert tree("--transitive", "--depth", "2") == [each for each in whole if each[0] < 3]
    assert tree() == [each for each in whole if each[0] == 1]
    text = ask(program, "show", "callers", "app.core:Loud.step", "--transitive").out
    assert "\n      app.core:show  app/core.py:" in text


def test_a_helper_is_not_blamed_for_its_other_callers(tmp_path: Path) -> None:
    """Who hands the helper something else does not run the function."""
    text = "def a(): ...\n\ndef b(): ...\n\ndef run(f):\n    f()\n\ndef with_a():\n    run(a)\n\ndef with_b():\n    run(b)\n"
    write(tmp_path, {"m.py": text})
    found = rows(ask(tmp_path, "show", "callers", "m:a", "--transitive", "--format", "json").document["callers"])
    assert [each["symbol"] for each in found] == ["m:run", "m:with_a"]


def test_recursion_ends(tmp_path: Path) -> None:
    """A cycle of calls is told once, and said to be told."""
    write(tmp_path, {"m.py": "def a(n):\n    return b(n - 1)\n\ndef b(n):\n    return a(n) if n else 0\n"})
    answer = ask(tmp_path, "show", "callers", "m:a", "--transitive", "--format", "json")
    found = rows(answer.document["callers"])
    assert [each["repeated"] for each in found].count(True) == 1
    assert "told elsewhere" in ask(tmp_path, "show", "callers", "m:a", "--transitive").out


def test_a_body_is_unfolded_where_it_is_nearest(tmp_path: Path) -> None:
    """Of two places of one caller the one with fewer calls before it is followed."""
    write(tmp_path, {"m.py": "def a(): ...\n\ndef b():\n    a()\n\ndef c():\n    b()\n    a()\n\ndef d():\n    c()\n"})
    found = rows(ask(tmp_path, "show", "callers", "m:a", "--transitive", "--format", "json").document["callers"])
    assert [(each["level"], each["symbol"], each["repeated"]) for each in found] == [
        (1, "m:b", False),
        (2, "m:c", True),
        (1, "m:c", False),
        (2, "m:d", False),
    ]


def test_a_chain_of_thousands(tmp_path: Path) -> None:
    """A long chain of calls is no matter of the interpreter's stack."""
    count = 1500
    functions = (f"def f{number}():\n    f{number + 1}()\n" for number in range(count))
    write(tmp_path, {"m.py": "import time\n" + "".join(functions) + f"def f{count}():\n    time.time()\n"})
    found = rows(ask(tmp_path, "show", "callers", f"m:f{count}", "--transitive", "--format", "json").document["callers"])
    assert found[-1]["level"] == count
    way = ask(tmp_path, "why", "m:f0", "clock", "--format", "json").document["way"]
    assert isinstance(way, dict)
    assert len(way["steps"]) == count + 1


def test_overrides_count_on_demand() -> None:
    """The calls of every plugin are found through the base class."""
    found = rows(
        ask(BROKEN_APP, "show", "callers", "app.plugins.base:Plugin.run", "--overrides", "--format", "json").document["callers"]
    )
    places = {(each["path"], each["line"]) for each in found}
    assert {
        ("app/plugins/runtime/tool_runner.py", 35),
        ("app/services/preview.py", 30),
        ("app/services/preview.py", 35),
        ("app/services/preview.py", 40),
        ("app/util/invoke.py", 11),
        ("app/util/retry.py", 15),
    } <= places
    assert any("app.plugins.builtin.word_count:WordCount.run" in str(each["runs"]) for each in found)


# --- effects


def effects_of(folder: Path, *arguments: str) -> dict[str, dict[str, tuple[bool, int]]]:
    """For each element its effects: whether they are its own, and how long the way is."""
    document = ask(folder, "show", "effects", *arguments, "--format", "json").document
    return {
        str(entry["symbol"]): {
            str(way["effect"]): (way["own"] is True, len(rows(way["steps"]))) for way in rows(entry["effects"])
        }
        for entry in rows(document["entries"])
    }


def test_effects_of_a_function(program: Path) -> None:
    """Own and inherited effects are told apart."""
    assert effects_of(program, "app.core:by_age") == {"app.core:by_age": {"clock": (True, 1)}}
    assert effects_of(program, "app.core:ordered") == {"app.core:ordered": {"clock": (False, 2)}}
    assert effects_of(program, "app.core:calm") == {"app.core:calm": {}}


def test_effects_of_a_class_and_a_module(program: Path) -> None:
    """A class stands for construction and methods, a module for import and functions."""
    loud = effects_of(program, "app.core:Loud")
    assert loud == {
        "app.core:Loud": {},
        "app.core:Loud.step": {"io.console": (True, 1)},
        "app.core:Loud.label": {"io.console": (False, 3)},
    }
    module = effects_of(program, "app.core")
    assert module["app.core"] == {}
    assert module["app.core:later"] == {"async": (True, 1)}
    assert {symbol: each for symbol, each in module.items() if symbol.startswith("app.core:Loud.")} == {
        symbol: each for symbol, each in loud.items() if symbol.startswith("app.core:Loud.")
    }


def test_effects_of_the_whole_program_and_of_one_effect(program: Path) -> None:
    """Without a name everything is listed; with an effect that alone."""
    assert set(effects_of(program)) >= {"app", "app.core", "app.tools", "app.tools:double"}
    assert effects_of(program, "app.core:Loud", "--effect", "clock")["app.core:Loud.step"] == {}


def test_effects_of_a_zone() -> None:
    """A zone of the configuration stands for its modules."""
    found = effects_of(BROKEN_APP, "@validation", "--effect", "clock")
    assert found["app.plugins.validation.input_validator:validate_input_payload"] == {"clock": (False, 3)}
    assert found["app.plugins.validation.output_validator"] == {}


def test_effects_agree_with_why(program: Path) -> None:
    """The way that is listed is the way that is shown."""
    entries = rows(ask(program, "show", "effects", "app.core:late", "--format", "json").document["entries"])
    listed = rows(entries[0]["effects"])[0]
    assert listed == ask(program, "why", "app.core:late", "clock", "--format", "json").document["way"]


def test_effects_as_text(program: Path) -> None:
    """Elements without effects are counted, not listed."""
    out = ask(program, "show", "effects", "app.core:Loud").out
    assert "app.core:Loud.step  app/core.py:" in out
    assert "  io.console: own\n" in out
    assert "1 element without effects." in out


# --- graph


def test_graph_around_a_module(program: Path) -> None:
    """Edges that touch the selection, library functions with their effects among them."""
    document = ask(program, "show", "graph", "app.tools", "--format", "json").document
    edges = [(each["source"], each["target"], each["how"]) for each in rows(document["edges"])]
    assert edges == [
        ("app.core", "app.tools", ["import"]),
        ("app.core:calm", "app.tools:double", ["direct"]),
    ]


def test_graph_of_an_element(program: Path) -> None:
    """What an element runs and who runs it."""
    document = ask(program, "show", "graph", "app.core:by_age", "--format", "json").document
    edges = {(each["source"], each["target"]): each["confidence"] for each in rows(document["edges"])}
    assert edges == {
        ("app.core:by_age", "time.time"): "proven",
        ("app.core:handed", "app.core:by_age"): "possible",
        ("app.core:ordered", "app.core:by_age"): "proven",
    }
    nodes = {str(each["name"]): each for each in rows(document["nodes"])}
    assert (nodes["time.time"]["kind"], nodes["time.time"]["effects"]) == ("library", ["clock"])
    assert nodes["app.core:by_age"]["effects"] == ["clock"]
    assert nodes["app.core:ordered"]["effects"] == []


def test_graph_within_and_without_libraries(program: Path) -> None:
    """Narrowed, only edges between the selected remain, and nothing from outside."""
    edges = {
        options: {(each["source"], each["target"]) for each in rows(ask(program, *command, *options).document["edges"])}
        for command in [("show", "graph", "app.core:ordered", "app.core:by_age", "--format", "json")]
        for options in [(), ("--within",), ("--within", "--no-libraries")]
    }
    assert edges[("--within", "--no-libraries")] == {("app.core:ordered", "app.core:by_age")}
    assert edges[("--within",)] - edges[("--within", "--no-libraries")] == {("app.core:by_age", "time.time")}
    assert edges[()] - edges[("--within",)] == {("app.core:handed", "app.core:by_age")}


def test_graph_of_modules(program: Path) -> None:
    """Modules in place of their elements: edges add up, nothing leads from a module to itself."""
    edges = rows(ask(program, "show", "graph", "--modules", "--no-libraries", "--format", "json").document["edges"])
    found = {(each["source"], each["target"]): (each["how"], each["sites"]) for each in edges}
    assert found["app.core", "app.tools"] == (["direct", "import"], 2)
    assert ("app.tools", "app.core") not in found
    assert all(source != target for source, target in found)


def test_an_unknown_library_function(program: Path) -> None:
    """What no catalogue knows has no effects, which is not the same as none."""
    nodes = rows(ask(program, "show", "graph", "app.core:stranger", "--format", "json").document["nodes"])
    assert {each["name"]: each["effects"] for each in nodes}["unheard_of.thing"] is None
    assert "unheard_of.thing (library: in no catalogue)" in ask(program, "show", "graph", "app.core:stranger").out


@pytest.mark.parametrize("names", [(), ("app.core",), ("--modules",)], ids=["whole", "module", "modules"])
def test_dot_says_what_json_says(program: Path, names: tuple[str, ...]) -> None:
    """Both formats have the same nodes and edges; what is merely possible is dashed."""
    document = ask(program, "show", "graph", *names, "--format", "json").document
    drawn = dot.read(ask(program, "show", "graph", *names, "--format", "dot").out)
    assert set(drawn.nodes) == {each["name"] for each in rows(document["nodes"])}
    assert set(drawn.edges) == {(each["source"], each["target"]) for each in rows(document["edges"])}
    dashed = {ends for ends, attributes in drawn.edges.items() if attributes["style"] == "dashed"}
    assert dashed == {(e["source"], e["target"]) for e in rows(document["edges"]) if e["confidence"] == "possible"}
    assert len(drawn.clusters) == len(set(drawn.clusters))


def test_dot_escapes_names(tmp_path: Path) -> None:
    """Whatever a name holds, the graph can be read."""
    write(tmp_path, {"däta.py": "def ünder():\n    return (lambda: 1)()\n"})
    drawn = dot.read(ask(tmp_path, "show", "graph", "--format", "dot").out)
    assert ("däta:ünder", "däta:ünder.<lambda>") in drawn.edges


@given(st.text())
def test_dot_quotes_any_text(text: str) -> None:
    """Quotes, backslashes and lines survive; a name can never end its quotes, or the statement."""
    quoted = _quoted(text)
    drawn = dot.read(f"digraph g {{ {quoted} [label={quoted}]; }}")
    expected = "\n".join(visible(line) for line in text.split("\n"))
    assert drawn.nodes == {expected: {"label": expected}}


BROKEN_DOT = {
    "quote": ('"app.core:calm"', '"app.core:calm'),
    "arrow": (" -> ", " - "),
    "brace": ("}\n", "\n"),
    "attributes": ("[label=", "[label "),
}


@pytest.mark.parametrize(("old", "new"), BROKEN_DOT.values(), ids=BROKEN_DOT)
def test_the_reader_of_dot_can_fail(program: Path, old: str, new: str) -> None:
    """A graph that is broken anywhere is refused."""
    text = ask(program, "show", "graph", "app.core:calm", "--format", "dot").out
    assert old in text
    with pytest.raises((ValueError, IndexError)):
        dot.read(text.replace(old, new))


# --- all of them

QUESTIONS = {
    "why": ("why", "app.plugins.runtime.tool_runner:ToolRunner.run", "clock"),
    "callers": ("show", "callers", "app.util.stamps:stamp", "--transitive"),
    "effects": ("show", "effects"),
    "graph": ("show", "graph"),
    "json": ("show", "graph", "--format", "json"),
    "dot": ("show", "graph", "--format", "dot"),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_same_bytes_every_time(tmp_path: Path, question: tuple[str, ...]) -> None:
    """Whatever the seed of hashes, an answer is the same."""
    project = Project(BROKEN_APP, tmp_path)
    answers = {project.run(*question, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "4711")}
    assert len(answers) == 1
    assert answers != {""}


REFUSED = {
    "callers of nothing": (("callers", "app.core:ordred"), "did you mean app.core:ordered?"),
    "callers of a variable": (("callers", "app.core:LIMIT"), "nothing runs under the name"),
    "callers of many": (("callers", "app.**"), "this question is about one"),
    "effects of no zone": (("effects", "@plan"), "there is no zone @plan"),
    "effects of no module": (("effects", "app.nope.**"), "fits no module"),
    "effects of no effect": (("effects", "--effect", "clok"), "did you mean clock?"),
    "graph of no element": (("graph", "app.core:plam"), "did you mean app.core:plan?"),
    "graph of no selector": (("graph", "app..core"), "is not the name of a module or an element"),
    "another format": (("graph", "--format", "svg"), "svg"),
    "no depth": (("callers", "app.core:plan", "--depth", "0"), "--depth"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_with_advice(program: Path, arguments: tuple[str, ...], message: str) -> None:
    """Wrong questions end with exit code 2, a message on standard error, and nothing else."""
    answer = ask(program, "show", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_a_zone_that_was_meant() -> None:
    """The nearest zone is named."""
    assert "did you mean @validation?" in ask(BROKEN_APP, "show", "effects", "@validations").err


def test_a_file_that_cannot_be_parsed(tmp_path: Path) -> None:
    """The answer is given, what it leaves out is said, and the exit code tells."""
    write(tmp_path, {**PROGRAM, "app/bad.py": "def (:\n"})
    for question in (("callers", "app.core:apply"), ("effects", "app.tools"), ("graph", "app.tools")):
        answer = ask(tmp_path, "show", *question)
        assert answer.code == 2
        assert "followed" in answer.out
        assert "app/bad.py:1: the file cannot be parsed" in answer.err


@pytest.mark.parametrize("command", ["callers", "effects", "graph"])
def test_helps_are_complete(program: Path, command: str) -> None:
    """Every command explains itself, and no argument or option lacks a description."""
    answer = ask(program, "show", command, "--help")
    assert answer.code == 0
    shows = getattr(get_command(app), "commands")["show"]  # noqa: B009 - the class differs between versions of typer
    shown = " ".join(answer.out.split())
    assert all(parameter.help and parameter.help in shown for parameter in shows.commands[command].params)


def test_the_schema_knows_every_effect_and_every_way() -> None:
    """What is enumerated there is what the program has."""
    definitions = SCHEMA["$defs"]
    assert definitions["how"]["enum"] == list(HOWS)
    assert definitions["way"]["properties"]["effect"]["enum"] == known_effects()


def test_the_schema_is_one() -> None:
    """The published schema is a valid JSON Schema itself."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each not in ("json", "dot")])
def test_the_schema_demands_every_field(question: str) -> None:
    """A document that lacks a field, or has one more, does not pass."""
    answer = ask(BROKEN_APP, *QUESTIONS[question], "--format", "json")
    document = answer.document
    for name in document:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: value for key, value in document.items() if key != name}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"more": json.loads("1")}, SCHEMA)
