"""From discovered paths to `SourceFile` values: the one place where the scanner reads the project's code."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING

from buttress_scanner.source.discovery import unreadable
from buttress_scanner.source.model import SourceFile, SourceProblem
from buttress_scanner.source.names import found_roots, name_modules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from buttress_scanner.source.tree import Tree

DEFAULT_MAX_SIZE = 8 << 20
"""Bytes beyond which a file is not read unless the configuration says so."""


@dataclass(frozen=True, slots=True)
class Read:
    """The program's files in the order of their paths, and the problems of those that could not be read."""

    sources: tuple[SourceFile, ...]
    problems: tuple[SourceProblem, ...]


def read_sources(tree: Tree, paths: Sequence[str], roots: Sequence[str] | None = None, max_size: int = DEFAULT_MAX_SIZE) -> Read:
    """Read and name the files of a program.

    Args:
        tree: where they are read from; paths and roots are relative to its folder.
        paths: the files.
        roots: the configured roots; None finds them.
        max_size: in bytes; larger files become problems and are not read.
    """
    named = name_modules(paths, found_roots(paths) if roots is None else roots)
    companions = set(named.stubs.values())
    contents: dict[str, SourceFile] = {}
    problems: list[SourceProblem] = []
    for path in sorted(paths):
        data = tree.read(path, max_size)
        if isinstance(data, SourceProblem):
            problems.append(data)
        elif data is not None:
            name = named.modules.get(path)
            module, is_package = (name.module, name.is_package) if name else ("", path.endswith("/__init__.pyi"))
            contents[path] = SourceFile(path, module, is_package, path.endswith(".pyi"), data, hashlib.sha256(data).hexdigest())
    sources = [
        _with_stub(source, contents.get(named.stubs.get(path, ""))) for path, source in contents.items() if path not in companions
    ]
    return Read(tuple(sources), tuple(problems))


def _with_stub(source: SourceFile, stub: SourceFile | None) -> SourceFile:
    if stub is None:
        return source
    describing = SourceFile(stub.path, source.module, source.is_package, True, stub.data, stub.digest)
    return SourceFile(source.path, source.module, source.is_package, source.is_stub, source.data, source.digest, describing)


def read_file(folder: Path, path: str, max_size: int) -> bytes | SourceProblem | None:
    """Read one file; None when it has gone since it was found."""
    try:
        with FileIO(f"{folder}/{path}") as file:
            return too_large(path, os.fstat(file.fileno()).st_size, max_size) or file.readall()
    except FileNotFoundError:
        return None
    except OSError as error:
        return unreadable(path, error)


def too_large(path: str, size: int, max_size: int) -> SourceProblem | None:
    """Say that a file has more bytes than are read; None when it has not."""
    if size <= max_size:
        return None
    message = f"the file has {size} bytes, more than the {max_size} that are read"
    return SourceProblem(path, 0, 1, message, "Raise `max-file-size` in the configuration, or leave the file out with `exclude`.")
