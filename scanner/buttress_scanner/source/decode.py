"""From the bytes of a source file to its text, by the rules of the language: byte order marks and PEP 263 declarations."""

from __future__ import annotations

import codecs

from buttress_scanner.source.model import SourceFile, SourceProblem

_FOREIGN_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAVE_AS_UTF8 = "Save the file as UTF-8, or declare its encoding in the first line: # -*- coding: <name> -*-"


def decode(source: SourceFile) -> str | SourceProblem:
    """Decode a file as Python itself would, without the byte order mark; line ends stay as they are."""
    data = source.data
    for mark, name in _FOREIGN_MARKS:
        if data.startswith(mark):
            return SourceProblem(source.path, 1, 1, f"the file is encoded as {name}, which Python does not read", _SAVE_AS_UTF8)
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF8) or b"coding" in data[:_DECLARATION_WINDOW]:
        declared = _declared(source)
        if isinstance(declared, SourceProblem):
            return declared
        encoding = declared
    return _decode_as(source, encoding)


_DECLARATION_WINDOW = 4096
"""Bytes searched for an encoding declaration; the two first lines hold it, and comment lines are not longer than that."""


def _declared(source: SourceFile) -> str | SourceProblem:
    """Read the declaration with the standard library's own rules."""
    import tokenize

    lines = iter(source.data.splitlines(keepends=True)[:2])
    try:
        return tokenize.detect_encoding(lambda: next(lines, b""))[0]
    except SyntaxError as error:
        return SourceProblem(source.path, 1, 1, f"the file cannot be decoded: {error.msg}", _SAVE_AS_UTF8)


def _decode_as(source: SourceFile, encoding: str) -> str | SourceProblem:
    try:
        text = source.data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig")
        return _at(
            source.path,
            source.data[: error.start].decode(encoding, "replace"),
            f"the file is not valid {name}: {error.reason}",
            _SAVE_AS_UTF8,
        )
    except (UnicodeError, LookupError) as error:
        return SourceProblem(source.path, 1, 1, f"the file cannot be decoded as {encoding}: {error}", _SAVE_AS_UTF8)
    null = text.find("\0")
    if null >= 0:
        hint = "Python source holds no NUL characters; remove them, or leave the file out with `exclude`."
        return _at(source.path, text[:null], "the file contains a NUL character", hint)
    return text.removeprefix("\ufeff")


def _at(path: str, before: str, message: str, hint: str) -> SourceProblem:
    """Locate a problem behind the text ``before``; lines end as in Python source (LF, CR LF, CR)."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return SourceProblem(path, len(lines), len(lines[-1].removeprefix("\ufeff")) + 1, message, hint)
