"""Reading the configuration: where it is, what it says, and everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.config.find import NoConfigurationError, find_configuration
from buttress_scanner.config.load import load_configuration

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[zones]
planning = ["app.planning.**"]
all = ["@planning", "tools"]

[[contract]]
id = "one"
kind = "no-module"
forbid = "app.old"
zone = "@planning"
because = "It was replaced."
exempt = [
  { path = "tests/**", reason = "tests" },
  { symbol = "app.compose:main", reason = "composition" },
]

[[contract]]
id = "two"
kind = "no-module"
forbid = ["app.older", "app.oldest"]
because = "Likewise."
"""


def problems_of(folder: Path, text: str) -> list[tuple[int, str]]:
    """Load a wrong configuration and return line and message of each problem."""
    (folder / "buttress.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(folder)
    assert {problem.path for problem in caught.value.problems} == {"buttress.toml"}
    return [(problem.line, problem.message) for problem in caught.value.problems]


@pytest.mark.usefixtures("site")
def test_reads_contracts_with_their_lines(tmp_path: Path) -> None:
    """Single values become lists, zones in zones are replaced, and each contract knows its line."""
    (tmp_path / "buttress.toml").write_text(GOOD)
    loaded = load_configuration(tmp_path)
    one, two = loaded.configuration.contract
    assert (one.id, getattr(one, "forbid"), getattr(two, "forbid")) == ("one", ("app.old",), ("app.older", "app.oldest"))  # noqa: B009
    assert loaded.lines == {"one": 6, "two": 17}
    assert loaded.exempt_lines == {("one", 0): 13, ("one", 1): 14}
    assert loaded.zones == {"all": ("app.planning.**", "tools"), "planning": ("app.planning.**",)}
    assert (loaded.folder, loaded.name) == (tmp_path, "buttress.toml")


@pytest.mark.usefixtures("site")
def test_pyproject_holds_the_same_keys(tmp_path: Path) -> None:
    """Lines are those of pyproject.toml."""
    text = GOOD.replace("[zones]", "[tool.buttress.zones]").replace("[[contract]]", "[[tool.buttress.contract]]")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n' + text)
    loaded = load_configuration(tmp_path)
    assert loaded.name == "pyproject.toml"
    assert loaded.lines == {"one": 8, "two": 19}


WRONG = {
    "an unknown key": ("root = []\n", [(1, "unknown key 'root'; did you mean 'roots'?")]),
    "an unknown key of a contract": (
        '[[contract]]\nid = "a"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\nforbidden = "n"\n',
        [(6, "unknown key 'forbidden'; did you mean 'forbid'?")],
    ),
    "an unknown key of an exemption": (
        'exempt = [\n{ paths = "a", reason = "x" },\n]\n',
        [(2, "unknown key 'paths'; did you mean 'path'?")],
    ),
    "an unknown kind": (
        '[[contract]]\nid = "a"\nkind = "no-modul"\nbecause = "x"\n',
        [(3, "there is no contract kind 'no-modul'; did you mean 'no-module'?")],
    ),
    "no kind": ('[[contract]]\nid = "a"\n', [(1, "the key `kind` is missing")]),
    "no reason": ('[[contract]]\nid = "a"\nkind = "no-module"\nforbid = "m"\n', [(1, "the key `because` is missing")]),
    "a wrong type": ('max-file-size = "big"\n', [(1, "`max-file-size` must be a whole number")]),
    "a wrong member": (
        '[[contract]]\nid = "a"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\nseverity = "warn"\n',
        [(6, "`severity` has the value 'warn', but must be 'error', 'warning' or 'note'; did you mean 'warning'?")],
    ),
    "an unknown zone": (
        (
            '[zones]\nplanning = "a"\n[[contract]]\nid = "a"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\n'
            'zone = [\n"@planing"]\n'
        ),
        [(9, "there is no zone 'planing'; did you mean 'planning'?")],
    ),
    "an unknown zone in a zone": ('[zones]\na = ["@b"]\n', [(2, "there is no zone 'b'")]),
    "a malformed selector": (
        '[zones]\na = "app..x"\n',
        [(2, "`a`: 'app..x' is not a selector: write module.pattern.**, module:Qualified.name or @zone")],
    ),
    "a malformed selector of a contract": (
        '[[contract]]\nid = "a"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\nzone = "a b"\n',
        [(6, "`zone`: 'a b' is not a selector: write module.pattern.**, module:Qualified.name or @zone")],
    ),
    "a repeated id": (
        '[[contract]]\nid = "a"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\n' * 2,
        [(7, "a second contract has the id 'a'; the first is at line 1")],
    ),
    "a reserved id": (
        '[[contract]]\nid = "suppression"\nkind = "no-module"\nbecause = "x"\nforbid = "m"\n',
        [(2, "the id 'suppression' is reserved for findings about suppressions")],
    ),
    "an exemption of nothing": ('exempt = { reason = "x" }\n', [(1, "`exempt`: an exemption has either a `path` or a `symbol`")]),
    "an exemption without a reason": ('exempt = [{ path = "x" }]\n', [(1, "the key `reason` is missing")]),
    "a root outside": (
        'roots = ["a",\n"../b"]\n',
        [(1, "`roots`: the root '../b' leaves the folder of the configuration; write a path below it, such as 'src'")],
    ),
    "a root that does not exist": ('roots = [\n"sorce"]\n', [(2, "the root 'sorce' is no folder; did you mean 'source'?")]),
    "a table instead of tables": ('[contract]\nid = "a"\n', [(1, "`contract` is a single table")]),
    "broken syntax": ('a = 1\nb = [1\nc = "x"\n', [(3, "the file is not valid TOML: Unclosed array")]),
    "a key given twice": ("roots = []\nroots = []\n", [(2, "the file is not valid TOML: Cannot overwrite a value")]),
    "a broken package": (
        '[[contract]]\nid = "a"\nkind = "broken-kind"\nbecause = "x"\n',
        [
            (
                3,
                (
                    "the package guard-kinds offers the contract kind 'broken-kind', "
                    "but guard_no_such_module:Kind cannot be loaded: "
                    "ModuleNotFoundError: No module named 'guard_no_such_module'"
                ),
            ),
        ],
    ),
    "a package that offers something else": (
        '[[contract]]\nid = "a"\nkind = "odd-kind"\nbecause = "x"\n',
        [(3, "the package guard-kinds offers the contract kind 'odd-kind', but guard_kinds:Position is no subclass of Contract")],
    ),
    "a package whose kind has another name": (
        '[[contract]]\nid = "a"\nkind = "misnamed-kind"\nbecause = "x"\n',
        [(3, "the package guard-kinds offers the contract kind 'misnamed-kind', but guard_kinds:NoModule has another kind_name")],
    ),
    "everything at once": (
        (
            'rots = 1\nextends = "buttress:nothing"\n[zones]\na = "@b"\n[[contract]]\nkind = "x"\n'
            '[[contract]]\nid = "A"\nkind = "no-module"\nbecause = ""\n'
        ),
        [
            (1, "unknown key 'rots'; did you mean 'roots'?"),
            (2, "there is no pack 'buttress:nothing'"),
            (4, "there is no zone 'b'"),
            (6, "there is no contract kind 'x'"),
            (7, "the key `forbid` is missing"),
            (8, "`id` has the value 'A', which does not fit ^[a-z0-9][a-z0-9._-]*$"),
            (10, "`because` must not be empty"),
        ],
    ),
}


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_tells_everything_that_is_wrong_and_where(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    """Each problem stands at its line, with the nearest known name."""
    (tmp_path / "source").mkdir()
    assert problems_of(tmp_path, text) == expected


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    """The search goes upwards and ends at the first file that speaks of us."""
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    (tmp_path / "buttress.toml").write_text("")
    (tmp_path / "a/pyproject.toml").write_text("[tool.buttress]\n")
    (tmp_path / "a/b/pyproject.toml").write_text("[tool.other]\nnote = 'tool.buttress'\n")
    assert find_configuration(inner) == (tmp_path / "a/pyproject.toml").resolve()
    assert find_configuration(tmp_path) == (tmp_path / "buttress.toml").resolve()


def test_two_configurations_of_one_folder_are_an_error(tmp_path: Path) -> None:
    """Neither is silently disregarded."""
    (tmp_path / "pyproject.toml").write_text("[tool.buttress]\n")
    assert problems_of(tmp_path, "") == [(1, "both buttress.toml and [tool.buttress] in pyproject.toml configure this folder")]


def test_a_broken_pyproject_that_speaks_of_us_is_not_passed_over(tmp_path: Path) -> None:
    """Its syntax error is shown instead of the configuration of a folder above."""
    (tmp_path / "buttress.toml").write_text("")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/pyproject.toml").write_text("[tool.buttress]\nroots = [\n")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_configuration(tmp_path / "a")


def test_no_configuration_says_where_it_was_sought(tmp_path: Path) -> None:
    """The message names the folder, the hint says what to write."""
    with pytest.raises(NoConfigurationError) as caught:
        load_configuration(tmp_path)
    assert str(tmp_path.resolve()) in caught.value.problems[0].message
    assert "buttress.toml" in caught.value.problems[0].hint


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not UTF-8"])
def test_a_configuration_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """A file given by name that is missing or no text is a problem, not a traceback."""
    file = tmp_path / "rules.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    assert [problem.path for problem in caught.value.problems] == ["rules.toml"]
