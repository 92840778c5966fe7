"""Rules about single files: which files are visited, where reports stand, and what cannot be parsed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

import libcst as cst
import pytest

from buttress_scanner.api import Ledger, TreeFile, TreeRule
from buttress_scanner.program import Program
from buttress_scanner.source.model import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_scanner.api import Finding

NESTED = '''\
import os


class Job:
    """Runs."""

    async def run(self) -> None:
        def inner() -> str:
            # é, then a comment: loud
            return "ü" + LOUD  # loud

        inner()


LOUD = 1
'''


class Loud(TreeRule):
    """Names in capitals that are read, and comments that say so, are loud."""

    kind_name: ClassVar[str] = "loud"
    tokens: ClassVar[tuple[str, ...]] = ("LOUD", "# loud")

    def visitor(self, file: TreeFile) -> cst.CSTVisitor:
        """Return what looks for them."""
        return _Names(file)


class _Names(cst.CSTVisitor):
    def __init__(self, file: TreeFile) -> None:
        super().__init__()
        self._file = file

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - the name by which libcst finds it
        if node.value.isupper():
            self._file.report(node, f"{node.value} is loud")

    def visit_Comment(self, node: cst.Comment) -> None:  # noqa: N802 - the name by which libcst finds it
        if "loud" in node.value:
            self._file.report(node, "a loud comment", sink="comment")


def judged(files: Mapping[str, str], **fields: object) -> tuple[list[Finding], Ledger]:
    """Check a program of modules with the rule."""
    sources = [
        SourceFile(f"{name.replace('.', '/')}.py", name, False, False, text.encode(), hashlib.sha256(text.encode()).hexdigest())
        for name, text in files.items()
    ]
    rule = Loud.model_validate({"id": "loud", "kind": "loud", "because": "b", **fields})
    ledger = Ledger()
    assert rule.scope(Program.build([], {})) == ()
    return list(rule.check(Program.build(sources, {"quiet": ("app.quiet.**",)}), ledger)), ledger


def test_places_and_symbols() -> None:
    """A report stands at its node, in the innermost definition around it; columns count characters."""
    found, _ = judged({"app.job": NESTED})
    places = [(f.position.line, f.position.column, f.position.end_column, f.symbol, f.sink) for f in found]
    assert sorted(places) == [
        (9, 13, 38, "app.job:Job.run.inner", "comment"),
        (10, 26, 30, "app.job:Job.run.inner", "LOUD is loud"),
        (10, 32, 38, "app.job:Job.run.inner", "comment"),
        (15, 1, 5, "app.job", "LOUD is loud"),
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [("X = 1\n", 0), ("X = 1\nLOUD = 2\n", 2), ("X = 1  # loud\n", 2), ("X = 1  #loud\n", 0)],
    ids=["no-word", "a-word", "another-word", "nearly-a-word"],
)
def test_only_files_with_a_word_are_visited(text: str, count: int) -> None:
    """The words decide whether a file is visited at all, and every file of the zone counts as judged."""
    found, ledger = judged({"app.one": text, "app.two": "Y = 1\n"})
    assert (len(found), ledger.judged) == (count, 2)


def test_zone() -> None:
    """A zone narrows what is judged; one without modules makes the contract vacuous, unless it may be empty."""
    files = {"app.quiet.one": "LOUD = 1\n", "app.two": "LOUD = 1\n"}
    found, ledger = judged(files, zone="@quiet")
    assert ([f.position.path for f in found], ledger.judged, ledger.vacuous) == (["app/quiet/one.py"], 1, [])
    assert judged(files, zone="lib.**")[1].vacuous
    assert not judged(files, zone="lib.**", **{"may-be-empty": True})[1].vacuous


def test_what_libcst_cannot_walk_over_is_undecided() -> None:
    """A file that Python can parse and libcst cannot walk over is no traceback, and not passed over in silence."""
    text = "LOUD = 1\n" + "x = " + " + ".join(["a"] * 900) + "\n"
    found, ledger = judged({"app.deep": text})
    assert found == []
    assert [(position.path, reason) for position, reason in ledger.undecided] == [
        ("app/deep.py", "libcst cannot walk over the file")
    ]
