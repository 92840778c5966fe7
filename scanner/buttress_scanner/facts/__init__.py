"""From the bytes of one file to its facts: a pure function of that file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.facts.build import compile_module
from buttress_scanner.facts.model import Body, FileFacts, ImportFact, Node, Param, Span
from buttress_scanner.source.model import SourceProblem
from buttress_scanner.source.parse import parse

if TYPE_CHECKING:
    from buttress_scanner.source.model import SourceFile

__all__ = ["Body", "FileFacts", "ImportFact", "Node", "Param", "Span", "build_facts"]


def build_facts(source: SourceFile) -> FileFacts | SourceProblem:
    """Parse a file and compile it.

    Returns:
        The facts, or the problem that keeps the file from being judged.
    """
    tree = parse(source)
    if isinstance(tree, SourceProblem):
        return tree
    try:
        return compile_module(tree)
    except RecursionError:
        return SourceProblem(
            source.path,
            0,
            1,
            "the file is nested too deeply to be analysed",
            "Split the deepest expression, or leave the file out.",
        )
