"""document-schemas: documents have the form that their JSON Schema gives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from buttress_scanner.contracts._data import DataError, Part, read_data
from buttress_scanner.contracts._files import plain, whole
from buttress_scanner.contracts._schemas import SchemaError, Schemas, validate_schema
from buttress_scanner.contracts.base import Contract, Strings
from buttress_scanner.findings.model import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.contracts._schemas import Validate
    from buttress_scanner.contracts.base import Ledger
    from buttress_scanner.contracts.breaking import Breaking
    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program


_UNLIKELY: tuple[object, ...] = ({"sabotaged": True}, {}, ["sabotaged"], "sabotaged", 0, None)
"""Documents of which a schema that demands anything refuses one."""


def _usable(schema: object) -> object:
    if not isinstance(schema, (str, dict)):
        raise ValueError("a schema is the path of a file, or a table")  # noqa: TRY004 - what pydantic takes for a refusal
    if isinstance(schema, dict):
        try:
            validate_schema(schema)
        except SchemaError as error:
            raise ValueError(f"the schema is no JSON Schema: {error}") from None
        return schema
    if "://" in schema:
        return schema
    if schema.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", schema):
        raise ValueError(f"the schema {schema!r} lies outside of the configuration's folder; name a file below it")
    return plain(schema)


class DocumentSchemas(Contract):
    """JSON, YAML and TOML documents validate against their JSON Schema."""

    kind_name: ClassVar[str] = "document-schemas"
    about_files: ClassVar[bool] = True

    files: Strings = Field(description="The documents, as patterns like those of `.gitignore`.")
    form: Annotated[str | dict[str, object], BeforeValidator(_usable)] = Field(
        alias="schema", description="The JSON Schema: the path of its file, or the schema itself as a table."
    )

    def scope(self, program: Program) -> Iterable[str] | None:
        """Documents are read; nothing has to be evaluated."""
        return ()

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield a finding for every value that its schema refuses, and for every document that cannot be read."""
        files = [path for path in program.documents.matching(self.files) if path != self.form]
        if not files and not self.may_be_empty:
            ledger.is_vacuous(f"no file fits {', '.join(self.files)}")
        try:
            validate = Schemas(program.documents).validator(self.form)
        except SchemaError as error:
            ledger.is_vacuous(f"the schema {self._name()} cannot be used: {error}")
            return
        for path in files:
            try:
                found = list(self._file(program, path, validate))
            except SchemaError as error:
                ledger.is_vacuous(f"the schema {self._name()} cannot be used: {error}")
                return
            ledger.judge()
            yield from found

    def breakings(self, program: Program) -> Iterable[Breaking]:
        """Replace a document by one that the schema refuses."""
        from buttress_scanner.contracts._schema_errors import faults
        from buttress_scanner.contracts.breaking import Breaking, Place

        try:
            validate = Schemas(program.documents).validator(self.form)
            refused = [json.dumps(each).encode() for each in _UNLIKELY if faults(Part((1, 1), each), validate)]
        except SchemaError:  # which the check tells
            return
        for path in program.documents.matching(self.files):
            if path == self.form:
                continue
            content = b"sabotaged = true\n" if path.endswith(".toml") else refused[0] if refused else b""
            if refused and (content == refused[0] or refused[0] == json.dumps(_UNLIKELY[0]).encode()):
                yield Breaking(f"puts something else into {path}", {path: content}, (Place(path),))
                return

    def _name(self) -> str:
        return repr(self.form) if isinstance(self.form, str) else "of the contract"

    def _file(self, program: Program, path: str, validate: Validate) -> Iterator[Finding]:
        """Judge the documents of one file."""
        from buttress_scanner.contracts._schema_errors import faults

        try:
            parts = read_data(path, program.documents.read(path))
        except OSError as error:
            yield self.finding(whole(path), path, f"`{path}` cannot be read: {error}", sink="unreadable")
            return
        except DataError as error:
            yield self.finding(Position(path, error.line), path, str(error), sink="unreadable")
            return
        for number, part in enumerate(parts):
            prefix = f"document {number + 1} " if number else ""
            for fault in faults(part, validate):
                where = f"`{fault.pointer}`: " if fault.pointer else ""
                yield self.finding(
                    Position(path, fault.line, fault.column),
                    path,
                    f"{where}{fault.message}",
                    sink=f"{prefix}{fault.pointer} {fault.rule}",
                )
