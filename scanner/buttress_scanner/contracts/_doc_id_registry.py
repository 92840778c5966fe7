"""The registry of document ids: a table of Markdown, a JSON, YAML, TOML or CSV file, or lines of text."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._data import DataError, Part, read_data
from buttress_scanner.contracts._markdown import decoded, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from buttress_scanner.contracts._doc_id_patterns import DocId, IdPattern

_ID_KEYS = ("doc_id", "docid", "document_id", "id")
_PATH_KEYS = ("path", "file", "filename", "file_name", "location", "document")
_LISTS = ("", "ids", "doc_ids", "documents", "docs", "registry", "entries")
_GONE = frozenset(("retired", "withdrawn", "deleted", "removed", "obsolete"))
_MARKDOWN = (".md", ".markdown", ".mdx")
_DATA = (".json", ".yaml", ".yml", ".toml", ".jsonl")
_TABLES = {".csv": ",", ".tsv": "\t"}
_PATH = re.compile(r"[^\s|`<>()]*(?:/[^\s|`<>()]+|\.[A-Za-z][A-Za-z0-9]{0,9})")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the registry says of an id. ``doc_id`` is None where what stands there is none; ``path`` is "" where none is named."""

    line: int
    text: str
    doc_id: DocId | None
    path: str = ""
    is_retired: bool = False


def read_registry(path: str, data: bytes, pattern: IdPattern) -> list[Entry]:
    """Read the entries of a registry in their order.

    Raises:
        DataError: the file is not written in the language that its ending says.
    """
    ending = posixpath.splitext(path)[1].lower()
    if ending in _DATA:
        return [entry for part in read_data(path, data) for entry in _in_data(part, pattern, "")]
    text = decoded(data)
    if ending in _MARKDOWN:
        return list(_in_rows(rows(text), pattern))
    if ending in _TABLES:
        return list(_in_rows(_table(text, _TABLES[ending]), pattern))
    return list(_in_rows(((number, line.split()) for number, line in enumerate(text.split("\n"), 1) if line.strip()), pattern))


def says_path(entry: Entry, registry: str, path: str) -> bool:
    """Whether an entry names a file: counted from the configuration's folder or the registry's own, or by its name alone."""
    return path in _meant(entry, registry) or ("/" not in entry.path and entry.path == posixpath.basename(path))


def file_of(entry: Entry, registry: str, paths: frozenset[str]) -> str:
    """The file that an entry names, if it exists."""
    return next((path for path in _meant(entry, registry) if path in paths), "")


def _meant(entry: Entry, registry: str) -> tuple[str, str]:
    plain = entry.path.partition("#")[0].strip().lstrip("/")
    return posixpath.normpath(plain), posixpath.normpath(posixpath.join(posixpath.dirname(registry), plain))


def _table(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise DataError(max(reader.line_num, 1), f"the document is not valid CSV: {error}") from None


def _in_rows(found: Iterator[tuple[int, list[str]]], pattern: IdPattern) -> Iterator[Entry]:
    """Read rows: columns are known by their heads, or by what is in them."""
    heads: list[str] = []
    for line, cells in found:
        plain = [cell.strip().strip("`*").strip() for cell in cells]
        names = [cell.casefold().replace(" ", "_").replace("-", "_") for cell in plain]
        if any(name in _ID_KEYS for name in names):
            heads = names
            continue
        heads = heads if len(plain) > 1 else []
        entry = _of_row(line, plain, heads, pattern)
        if entry is not None:
            yield entry


def _of_row(line: int, cells: Sequence[str], heads: Sequence[str], pattern: IdPattern) -> Entry | None:
    column = next((n for n, head in enumerate(heads) if head in _ID_KEYS and n < len(cells)), None)
    if column is None:
        column = next((n for n, cell in enumerate(cells) if pattern.at_start(cell)), None)
    if column is None:
        column = next((n for n, cell in enumerate(cells) if pattern.resembles(cell)), None)
    if column is None or not cells[column]:
        return None
    doc_id = pattern.at_start(cells[column])
    rest = [cells[column][len(doc_id.text) :] if doc_id else "", *(cell for n, cell in enumerate(cells) if n != column)]
    named = next((cells[n] for n, head in enumerate(heads) if head in _PATH_KEYS and n < len(cells)), None)
    paths = [found[0] for cell in ([named] if named is not None else rest) for found in _PATH.finditer(cell)]
    retired = any(word in _GONE for cell in rest for word in cell.casefold().split()[:1])
    return Entry(line, doc_id.text if doc_id else cells[column], doc_id, max(paths, key=_depth, default=""), retired)


def _depth(path: str) -> int:
    return path.count("/")


def _in_data(part: Part, pattern: IdPattern, name: str) -> Iterator[Entry]:
    """Read entries out of mappings and lists, however deep they are."""
    if isinstance(part.value, dict):
        key = next((key for key in _ID_KEYS if key in part.named and _names_document(part.named[key], key, pattern)), None)
        if key is not None:
            yield _entry(part.named[key].line, str(part.named[key].value), part, pattern)
            return
        for key, inner in part.named.items():
            value = inner.value
            if pattern.parse(key):
                yield _entry(part.keys.get(key, inner.spot)[0], key, inner, pattern)
            elif isinstance(value, str) and pattern.parse(value) and _PATH.fullmatch(key):
                yield Entry(inner.line, value, pattern.parse(value), key)
            else:
                yield from _in_data(inner, pattern, key)
    for inner in part.listed:
        if isinstance(inner.value, str) and name in _LISTS and pattern.parse(inner.value):
            yield _entry(inner.line, inner.value, inner, pattern)
        else:
            yield from _in_data(inner, pattern, name)


def _names_document(part: Part, key: str, pattern: IdPattern) -> bool:
    """Whether a value is the id of a document, or is meant to be."""
    if not isinstance(part.value, str):
        return False
    return key != "id" or pattern.parse(part.value) is not None or pattern.resembles(part.value)


def _entry(line: int, text: str, part: Part, pattern: IdPattern) -> Entry:
    """Read what is said of an id: a path, or a mapping with one."""
    doc_id = pattern.parse(text)
    if isinstance(part.value, str):
        return Entry(line, text, doc_id, part.value if part.value != text else "")
    said = {key: str(inner.value) for key, inner in part.named.items() if isinstance(inner.value, str)}
    path = next((said[key] for key in _PATH_KEYS if key in said), "")
    return Entry(line, text, doc_id, path, said.get("status", "").casefold() in _GONE)
