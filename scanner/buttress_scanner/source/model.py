"""A file of the scanned project, and what is said when one cannot be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of one module.

    ``path`` is relative to the configuration's folder with forward slashes. ``module`` is the dotted name; a file that no import
    statement can name has a pseudo name made from its path. ``digest`` is the SHA-256 of ``data`` in hex. ``is_stub``
    marks a lone ``.pyi``; a stub beside the module that it describes is its ``stub``, which gives annotations and is not a
    module of the program.
    """

    path: str
    module: str
    is_package: bool
    is_stub: bool
    data: bytes
    digest: str
    stub: SourceFile | None = None


@dataclass(frozen=True, slots=True, order=True)
class SourceProblem:
    """Why a file cannot be judged, where, and what to do. Lines and columns count from 1; line 0 means the file as a whole."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
