"""reasoned-noqa: a comment that silences a linter names the rules, and says why. A rule about single files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import libcst as cst
from pydantic import Field

from buttress_scanner.api import Breaking, TreeFile, TreeRule, Workbench

if TYPE_CHECKING:
    from collections.abc import Iterable

    from buttress_scanner.program import Program

_NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?(?P<reason>.*)", re.IGNORECASE)
_WORD = re.compile(r"\w{2,}")


class ReasonedNoqa(TreeRule):
    """Comments that silence a linter name the rules, and say why."""

    kind_name: ClassVar[str] = "reasoned-noqa"
    tokens: ClassVar[tuple[str, ...]] = ("noqa", "NOQA")

    min_words: int = Field(2, ge=1, description="How many words a reason has at least.")

    def visitor(self, file: TreeFile) -> cst.CSTVisitor:
        """Return what looks at the comments of a file."""
        return _Comments(file, self.min_words)

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Silence every rule in a line of a judged module, for `buttress sabotage`."""
        for unit in program.select(self.zone)[:1]:
            yield Workbench(program).appended("silences every rule", unit, "SABOTAGED = 1  # noqa  # here")


class _Comments(cst.CSTVisitor):
    def __init__(self, file: TreeFile, min_words: int) -> None:
        super().__init__()
        self._file = file
        self._min_words = min_words

    def visit_Comment(self, node: cst.Comment) -> None:  # noqa: N802 - the name by which libcst finds it
        """Judge a comment."""
        found = _NOQA.match(node.value)
        if found is None:
            return
        if not found["codes"]:
            self._file.report(node, "this comment silences every rule: name those that are meant", sink="noqa without codes")
        elif len(_WORD.findall(found["reason"])) < self._min_words:
            self._file.report(node, "this comment does not say why", sink=f"noqa{found['codes']} without a reason")
