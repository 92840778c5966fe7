"""The dotted name of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_scanner.source.names import found_roots, name_modules
from buttress_scanner.source.reader import read_sources
from buttress_scanner.source.tree import WorkTree

if TYPE_CHECKING:
    from pathlib import Path

CASES = {
    "a module of the folder": (["app/x.py"], [""], {"app/x.py": "app.x"}),
    "a package": (["app/__init__.py"], [""], {"app/__init__.py": "app"}),
    "a main module": (["app/__main__.py", "__main__.py"], [""], {"app/__main__.py": "app.__main__", "__main__.py": "__main__"}),
    "a root": (["server/app/x.py", "tool.py"], ["server"], {"server/app/x.py": "app.x", "tool.py": "tool"}),
    "nested roots": (["a/x.py", "a/b/y.py"], ["a", "a/b"], {"a/x.py": "x", "a/b/y.py": "y"}),
    "a root whose name only begins alike": (["server2/x.py"], ["server"], {"server2/x.py": "server2.x"}),
    "a lone stub": (
        ["app/fast.pyi", "app/pkg/__init__.pyi"],
        [""],
        {"app/fast.pyi": "app.fast", "app/pkg/__init__.pyi": "app.pkg"},
    ),
    "migrations": (["app/0001_initial.py"], [""], {"app/0001_initial.py": "app.0001_initial"}),
    "scripts": (
        ["bin/my-tool.py", "bin/a.b.py", "bin/two words.py"],
        [""],
        {"bin/my-tool.py": "bin.my-tool", "bin/a.b.py": "bin.a_b", "bin/two words.py": "bin.two_words"},
    ),
    "folders with dots": ([".github/x.py"], [""], {".github/x.py": "_github.x"}),
    "a package beside a module of its name": (["x.py", "x/__init__.py"], [""], {"x/__init__.py": "x", "x.py": "x_py"}),
    "two roots with one name": (["a/x.py", "b/x.py"], ["a", "b"], {"a/x.py": "x", "b/x.py": "b.x"}),
    "the order of the roots decides": (["a/x.py", "b/x.py"], ["b", "a"], {"b/x.py": "x", "a/x.py": "a.x"}),
    "an __init__ in the folder itself": (["__init__.py"], [""], {"__init__.py": "__init__"}),
}


@pytest.mark.parametrize(("paths", "roots", "expected"), CASES.values(), ids=CASES)
def test_names_follow_what_python_would_import(paths: list[str], roots: list[str], expected: dict[str, str]) -> None:
    """Each file has the name that an import statement would use, or a stable one of its own."""
    assert {path: name.module for path, name in name_modules(paths, roots).modules.items()} == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["src/app/x.py", "tests/t.py"], ("src",)),
        (["src/__init__.py", "src/x.py"], ("",)),
        (["app/x.py"], ("",)),
        (["srcs/x.py"], ("",)),
        ([], ("",)),
    ],
    ids=["src layout", "src is a package", "flat layout", "a name that begins alike", "nothing"],
)
def test_finds_the_root(paths: list[str], expected: tuple[str, ...]) -> None:
    """A src layout is recognised, and only that."""
    assert found_roots(paths) == expected


_SEGMENTS = st.sampled_from(["a", "b", "src", "x-y", "a.b", "__init__", "__main__", "0n"])
_PATHS = st.lists(
    st.builds(
        lambda folders, name, suffix: "/".join([*folders, name + suffix]),
        st.lists(_SEGMENTS, max_size=3),
        _SEGMENTS,
        st.sampled_from([".py", ".pyi"]),
    ),
    unique=True,
    max_size=12,
)


@given(_PATHS, st.lists(st.sampled_from(["", "a", "a/b", "src"]), unique=True), st.randoms())
def test_every_file_has_one_name_and_no_two_share_it(paths: list[str], roots: list[str], random: object) -> None:
    """Nothing is lost, nothing is ambiguous, and the order of the files does not matter."""
    named = name_modules(sorted(paths), roots)
    assert set(named.modules) | set(named.stubs.values()) == set(paths)
    assert not set(named.modules) & set(named.stubs.values())
    names = [name.module for name in named.modules.values()]
    assert len(names) == len(set(names))
    assert name_modules(sorted(paths, reverse=True), roots) == named


def test_a_stub_beside_its_module_only_describes_it(tmp_path: Path) -> None:
    """The module is analysed, the stub hangs on it under the module's name."""
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "a.pyi").write_text("x: int\n")
    (tmp_path / "b.pyi").write_text("y: int\n")
    a, b = read_sources(WorkTree(tmp_path), ["a.py", "a.pyi", "b.pyi"]).sources
    assert (a.path, a.module, a.is_stub) == ("a.py", "a", False)
    assert a.stub is not None
    assert (a.stub.path, a.stub.module, a.stub.is_stub, a.stub.data) == ("a.pyi", "a", True, b"x: int\n")
    assert (b.path, b.module, b.is_stub, b.stub) == ("b.pyi", "b", True, None)


def test_huge_and_vanished_files(tmp_path: Path) -> None:
    """A file beyond the limit is a problem that tells both sizes; one that has gone since discovery is none."""
    (tmp_path / "huge.py").write_bytes(b"#" * 101)
    (tmp_path / "fits.py").write_bytes(b"#" * 100)
    read = read_sources(WorkTree(tmp_path), ["fits.py", "gone.py", "huge.py"], max_size=100)
    assert [source.path for source in read.sources] == ["fits.py"]
    assert [(problem.path, "101" in problem.message, "max-file-size" in problem.hint) for problem in read.problems] == [
        ("huge.py", True, True)
    ]
