"""How the catalogue is read: errors are told with file and key, and only what is needed is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buttress_scanner.program import catalogue
from buttress_scanner.program.catalogue import EFFECTS, Catalogue, Entry

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(catalogue.__file__).with_name("effects")

INDEX = """
always-true = ["lib.Resource"]
pure = ["plain", "tree.**"]
[files]
main = ["builtins", "lib"]
other = ["far"]
[aliases]
"_lib" = "lib"
"lib.old" = "far.new"
"far.new" = "lib.newest"
"""

MAIN = """
["builtins.object"]
bases = []
__repr__ = { returns = "builtins.str" }
["lib"]
import = ["io.console"]
newest = ["clock"]
resource = { effects = ["env"], kind = "value", returns = "lib.Resource" }
"*" = ["log"]
["lib.Resource"]
bases = ["far.Base"]
__init__ = { effects = ["thread"], unless = [0, "lock"], calls-later = [1, "then"], iterates = [2, "rows"], shared = true }
clone = { returns = "Self" }
"*" = ["io.file"]
["lib.Derived"]
bases = ["lib.Resource"]
"""

OTHER = """
["far"]
closed = []
["far.Base"]
bases = []
base = ["random"]
["far.deep"]
"**" = ["async"]
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Catalogue]:
    """Give a function that writes a small catalogue and opens it."""

    def write(**files: str) -> Catalogue:
        texts = {"index": INDEX, "exceptions": '["lib"]\nOops = ["builtins.Exception"]\n', "main": MAIN, "other": OTHER, **files}
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return Catalogue.load(tmp_path)

    return write


@pytest.mark.parametrize(
    ("path", "effects", "returns"),
    [
        pytest.param("lib.newest", ("clock",), None, id="own entry of a module"),
        pytest.param("lib.other", ("log",), None, id="rest of a module"),
        pytest.param("_lib.other", ("log",), None, id="aliased module"),
        pytest.param("lib.old", ("clock",), None, id="alias of an alias"),
        pytest.param("lib.Resource", ("thread",), "lib.Resource", id="construction"),
        pytest.param("lib.Derived", ("thread",), "lib.Derived", id="inherited construction"),
        pytest.param("lib.Derived.clone", (), "lib.Derived", id="Self is the class asked for"),
        pytest.param("lib.Derived.base", ("random",), None, id="inherited from another file, before the rest"),
        pytest.param("lib.Derived.write", ("io.file",), None, id="inherited rest"),
        pytest.param("lib.Derived.__repr__", (), "builtins.str", id="every object has it, before the rest"),
        pytest.param("lib.resource", ("env",), "lib.Resource", id="value"),
        pytest.param("lib.resource.base", ("random",), None, id="member of a value"),
        pytest.param("lib.thing.method", ("log",), None, id="member of something that the rest decides"),
        pytest.param("lib.Oops", (), "lib.Oops", id="exception"),
        pytest.param("far.deep.sub.call", ("async",), None, id="submodule of a tree"),
        pytest.param("plain.anything", (), None, id="pure module"),
        pytest.param("tree.sub.Class.method", (), None, id="pure tree"),
    ],
)
def test_lookup(make: Callable[..., Catalogue], path: str, effects: tuple[str, ...], returns: str | None) -> None:
    """A path finds the nearest decision."""
    entry = make().entry(path)
    assert entry is not None
    assert (entry.effects, entry.returns) == (effects, returns)


@pytest.mark.parametrize("path", ["nowhere.f", "far.absent", "far.Base.absent", "far.closed.attribute", "lib", "name", ""])
def test_lookup_without_decision(make: Callable[..., Catalogue], path: str) -> None:
    """A path that nobody has decided, or that is a module, has no entry."""
    assert make().entry(path) is None


def test_an_entry_carries_all_its_fields(make: Callable[..., Catalogue]) -> None:
    """Every field of the data arrives, under the name asked for."""
    expected = Entry(
        "lib.Resource",
        "class",
        effects=("thread",),
        unless=(0, "lock"),
        returns="lib.Resource",
        calls_later=(1, "then"),
        iterates=(2, "rows"),
        shared=True,
    )
    assert make().entry("_lib.Resource") == expected


def test_modules_and_bases(make: Callable[..., Catalogue]) -> None:
    """Modules are known by table, alias, purity or tree; classes are no modules; bases and import effects are told."""
    small = make()
    known = ["lib", "_lib", "far", "far.deep", "far.deep.sub", "plain", "tree", "tree.sub"]
    assert [name for name in [*known, "lib.Resource", "plain.sub", "nowhere", "far.sub"] if small.knows_module(name)] == known
    assert (small.import_effects("_lib"), small.import_effects("far"), small.import_effects("nowhere")) == (
        ("io.console",),
        (),
        (),
    )
    assert small.bases("lib.Resource") == ("far.Base",)
    assert small.bases("lib.Oops") == ("builtins.Exception",)
    assert small.bases("nowhere.C") == ()


@pytest.mark.parametrize(
    ("path", "deeds", "true"),
    [
        pytest.param("lib.Resource", True, True, id="own members"),
        pytest.param("lib.Derived", True, True, id="inherited"),
        pytest.param("far.Base", True, False, id="a base"),
        pytest.param("lib.Plain", False, False, id="members without effects"),
        pytest.param("lib.newest", False, False, id="a function"),
        pytest.param("nowhere.C", False, False, id="unknown"),
    ],
)
def test_what_is_said_of_classes(make: Callable[..., Catalogue], path: str, deeds: bool, true: bool) -> None:
    """Whether methods of a class are deeds, and whether its objects are always true, is inherited."""
    small = make(main=MAIN + '["lib.Plain"]\nbases = []\nlook = []\n')
    assert (small.has_deeds(path), small.is_always_true(path)) == (deeds, true)


@pytest.mark.parametrize(
    ("main", "message"),
    [
        pytest.param('["lib"]\nf = ["clok"]', r"main.toml: \[lib\] f: unknown effect 'clok'; known are async", id="effect"),
        pytest.param('["lib"]\nf = { effect = [] }', r"main.toml: \[lib\] f: unknown key 'effect'; known are", id="key"),
        pytest.param('["lib"]\nf = { kind = "thing" }', r"main.toml: \[lib\] f.kind: 'thing' is none of class", id="kind"),
        pytest.param('["lib"]\nf = "clock"', r"main.toml: \[lib\] f: expected a table, found 'clock'", id="no list"),
        pytest.param('["lib"]\nf = [1]', r"main.toml: \[lib\] f: expected a list of strings", id="list of numbers"),
        pytest.param('["lib"]\nf = { returns = [] }', r"main.toml: \[lib\] f.returns: expected a string", id="returns"),
        pytest.param('["lib"]\nf = { unless = [true] }', r"f.unless: expected a list of positions and keywords", id="position"),
        pytest.param('["lib"]\nf = { iterates = "x" }', r"f.iterates: expected a list of positions and keywords", id="iterated"),
        pytest.param('["lib"]\nf = { shared = [] }', r"f.shared: expected true or false", id="shared"),
        pytest.param('["lib"]\nf = { no-raise = 1 }', r"f.no-raise: expected true or false", id="flag"),
        pytest.param('["lib"]\nimport = ["x"]', r"\[lib\] import: unknown effect 'x'", id="import effect"),
        pytest.param('["lib.C"]\nbases = "x"', r"\[lib.C\] bases: expected a list of strings", id="bases"),
        pytest.param('["lib.C"]\nbases = []\n"**" = []', r"\[lib.C\] \*\*: decides submodules", id="tree of a class"),
        pytest.param('["stray"]\nf = []', r"main.toml: \[stray\]: index.toml does not list this module", id="not in the index"),
        pytest.param('["lib"\n', r"main.toml: not valid TOML", id="no TOML"),
        pytest.param("lib = 1", r"main.toml: expected a table \[\"name\"\] before the first entry", id="no table"),
        pytest.param('["lib"]\n["lib"]', r"main.toml: \[lib\]: written twice", id="table twice"),
        pytest.param('["lib"]\n[far]', r"main.toml: \[lib\]: expected one table, .* found lib, far", id="other header"),
        pytest.param('["lib"]\n\nf = ]\n', r"main.toml: not valid TOML: .*line 3", id="line of a syntax error"),
    ],
)
def test_errors_in_a_file(make: Callable[..., Catalogue], main: str, message: str) -> None:
    """Wrong data is refused when it is read, with the file and the key."""
    broken = make(main=main)
    with pytest.raises(ValueError, match=message):
        list(broken.tables())


@pytest.mark.parametrize(
    ("index", "message"),
    [
        pytest.param("pure = 1", "index.toml: pure: expected a list of strings", id="pure"),
        pytest.param("files = 1", "index.toml: files: expected a table", id="files"),
        pytest.param("always-true = 1", "index.toml: always-true: expected a list of strings", id="always true"),
        pytest.param("[files]\na = 'x'", "index.toml: files.a: expected a list of strings", id="modules"),
        pytest.param("[aliases]\na = 1", "index.toml: aliases.a: expected a string", id="alias"),
    ],
)
def test_errors_in_the_index(make: Callable[..., Catalogue], index: str, message: str) -> None:
    """A wrong index is refused at once."""
    with pytest.raises(ValueError, match=message):
        make(index=index)


def test_only_the_files_asked_for_are_read(make: Callable[..., Catalogue]) -> None:
    """A broken file or table does no harm as long as nobody asks for it."""
    small = make(other="[broken", main=MAIN + '["lib.Broken"]\n=')
    assert small.entry("lib.newest") is not None
    with pytest.raises(ValueError, match=r"other\.toml"):
        small.entry("far.closed")
    with pytest.raises(ValueError, match=r"main\.toml"):
        small.entry("lib.Broken")


def test_aliases_in_a_circle_end(make: Callable[..., Catalogue]) -> None:
    """Aliases that lead to each other are no endless loop."""
    assert make(index='[aliases]\na = "b"\nb = "a"').entry("a.f") is None


def test_bases_in_a_circle_end(make: Callable[..., Catalogue]) -> None:
    """Classes that are each other's base are no endless loop."""
    main = '["lib.A"]\nbases = ["lib.B"]\n["lib.B"]\nbases = ["lib.A"]\n'
    assert make(main=main).entry("lib.A.method") is None


def test_the_shipped_data_is_valid_and_in_the_index() -> None:
    """Every shipped file loads, is named by the index, and no table is written twice."""
    tables = dict(Catalogue.load().tables())
    assert sum(map(len, tables.values())) > 2500
    assert {effect for members in tables.values() for entry in members.values() for effect in entry.effects} == EFFECTS
    described = {f"{name}.toml" for name in ("index", "exceptions", "availability")}
    text = (DATA / "index.toml").read_text(encoding="utf-8")
    assert [file.name for file in DATA.glob("*.toml") if file.name not in described and f"\n{file.stem} = [" not in text] == []


def test_results_are_classes_that_are_known() -> None:
    """What an entry returns is a class with a table or in a module that is decided, so that its members are found."""
    shipped = Catalogue.load()
    results = {
        (f"{table}.{name}", entry.returns)
        for table, members in shipped.tables()
        for name, entry in members.items()
        if entry.returns is not None and entry.returns != "Self"
    }
    assert sorted(item for item in results if shipped.entry(item[1]) is None) == []


def test_importing_is_cheap() -> None:
    """The catalogue is loaded in every run: importing it brings no validation library along."""
    script = "import sys, buttress_scanner.program.catalogue; print('pydantic' in sys.modules, 'typer' in sys.modules)"
    path = str(Path(catalogue.__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split() == ["False", "False"]
