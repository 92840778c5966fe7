"""From a source file to its syntax tree, or to a reason that names the place."""

from __future__ import annotations

import ast
import sys
import warnings

from buttress_scanner.source.decode import decode
from buttress_scanner.source.model import SourceFile, SourceProblem

_LEAVE_OUT = "Correct the file, or leave it out of the program with `exclude` in the configuration."
_TOO_DEEP = "the file is nested too deeply to be parsed"
_NOT_GRAMMAR = ("(unicode error)", "(value error)", "bytes can only contain", "Exceeds the limit")
"""Refusals that concern the value of a literal, not the grammar: every version of Python makes them."""


def parse(source: SourceFile) -> ast.Module | SourceProblem:
    """Parse a file with the running Python's grammar.

    Returns:
        The tree, or the problem: not decodable, not Python, Python of a newer version, or too deeply nested.
    """
    text = decode(source)
    return text if isinstance(text, SourceProblem) else parse_text(text, source.path)


def parse_text(text: str, path: str) -> ast.Module | SourceProblem:
    """Parse decoded text; ``path`` only locates problems. Warnings about the scanned code are not ours to print."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return _refused(text, path, error)
    except (RecursionError, MemoryError):
        return SourceProblem(path, 0, 1, _TOO_DEEP, _LEAVE_OUT)
    except ValueError as error:
        return SourceProblem(path, 0, 1, f"the file cannot be parsed: {error}", _LEAVE_OUT)


def _refused(text: str, path: str, error: SyntaxError) -> SourceProblem:
    line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
    if "too many nested" in error.msg or "too many levels" in error.msg:
        return SourceProblem(path, line, column, f"{_TOO_DEEP}: {error.msg}", _LEAVE_OUT)
    if not error.msg.startswith(_NOT_GRAMMAR):
        from buttress_scanner.source.newer import libcst_accepts

        if libcst_accepts(text):
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            message = f"Python {version} cannot parse the file ({error.msg}), but its syntax is that of a newer Python"
            return SourceProblem(
                path,
                line,
                column,
                message,
                f"Run buttress with a newer Python than {version}, at least the one that the project is written for.",
            )
    return SourceProblem(path, line, column, f"the file cannot be parsed: {error.msg}", _LEAVE_OUT)
