"""JSON Schemas of a project: loaded from its files, with references to other files of it, and never from a network."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urldefrag, urljoin

from buttress_scanner.contracts._data import DataError, read_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator
    from referencing import Resource

    from buttress_scanner.source.documents import Documents

_HERE = "file:///"
"""The address of the configuration's folder, below which relative references lead."""

_WRITTEN = (".json", ".yaml", ".yml")


class SchemaError(Exception):
    """A schema that cannot be used, and why."""


Validate = Callable[[object], "Iterable[ValidationError]"]
"""Tells what is wrong with a document."""


def validate_schema(contents: object) -> None:
    """Check that a value is a JSON Schema, by the dialect that it names.

    Raises:
        SchemaError: it is none.
    """
    import jsonschema
    from jsonschema.validators import Draft202012Validator, validator_for

    if not isinstance(contents, (dict, bool)):
        raise SchemaError("a schema is a mapping")
    try:
        validator_for(contents, default=Draft202012Validator).check_schema(contents)  # type: ignore[arg-type] # true and false are schemas
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its root"
        raise SchemaError(f"at {place}: {shortened(error.message)}") from None
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None


@dataclass(slots=True)
class Schemas:
    """The schemas that documents of a project refer to."""

    documents: Documents
    _folders: dict[str, str] = field(default_factory=dict)
    """The folder of a schema's file, by the folder of its `$id`."""

    def validator(self, schema: object) -> Validate:
        """Build what validates documents.

        Args:
            schema: the schema itself, the path of its file, or the address of a published dialect.

        Raises:
            SchemaError: there is no such file, or it holds no schema.
        """
        import jsonschema_specifications  # type: ignore[import-untyped]
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        published = jsonschema_specifications.REGISTRY
        dialect = schema.rstrip("#") if isinstance(schema, str) else ""
        if dialect in published:
            kind = validator_for({"$schema": dialect}, default=Draft202012Validator)
            return _validate(kind({"$ref": dialect}, registry=published))
        path = schema if isinstance(schema, str) else ""
        contents = self._load(path) if path else schema
        validate_schema(contents)
        self._note(path, contents)
        address = _HERE + quote(path)
        registry = published.combine(Registry(retrieve=self._retrieve)).with_resource(address, _resource(contents))  # type: ignore[call-arg] # its stubs hide the field
        kind = validator_for(contents, default=Draft202012Validator)  # type: ignore[arg-type] # it was validated
        return _validate(kind({"$ref": address}, registry=registry))

    def _load(self, path: str) -> object:
        try:
            parts = read_data(path, self.documents.read(path))
        except FileNotFoundError:
            raise SchemaError("there is no such file") from None
        except OSError as error:
            raise SchemaError(str(error)) from None
        except DataError as error:
            raise SchemaError(f"line {error.line}: {error}") from None
        return parts[0].value

    def _note(self, path: str, contents: object) -> None:
        """Remember where the files stand that lie beside a schema, by its own account of its address."""
        own = contents.get("$id") if isinstance(contents, dict) else None
        if isinstance(own, str) and "/" in own:
            self._folders.setdefault(urljoin(own, "."), posixpath.dirname(path))

    def _retrieve(self, uri: str) -> Resource[object]:
        """Find a schema that another one refers to."""
        from referencing.exceptions import NoSuchResource

        address = urldefrag(uri).url
        for path in self._candidates(address):
            try:
                contents = self._load(path)
            except SchemaError:
                continue
            self._note(path, contents)
            return _resource(contents)
        raise NoSuchResource(ref=uri)  # type: ignore[call-arg] # its stubs hide the field

    def _candidates(self, address: str) -> Iterator[str]:
        """The files that may be meant: the one at that place, those that say so, and those beside a schema that does."""
        if address.startswith(_HERE):
            yield unquote(address.removeprefix(_HERE))
            return
        for path in self.documents.paths:
            if path.endswith(_WRITTEN) and self._calls_itself(path, address):
                yield path
        for base, folder in self._folders.items():
            if base and address.startswith(base):
                yield posixpath.join(folder, unquote(address.removeprefix(base)))

    def _calls_itself(self, path: str, address: str) -> bool:
        try:
            data = self.documents.read(path)
            if address.encode() not in data:
                return False
            contents = read_data(path, data)[0].value
        except (OSError, DataError):
            return False
        own = contents.get("$id") if isinstance(contents, dict) else None
        return isinstance(own, str) and own.rstrip("#") == address


def _validate(validator: Validator) -> Validate:
    return validator.iter_errors  # type: ignore[return-value] # what is no JSON is refused, not an error


def _resource(contents: object) -> Resource[object]:
    from referencing import Resource
    from referencing.jsonschema import DRAFT202012

    return Resource.from_contents(contents, default_specification=DRAFT202012)


def shortened(message: str, longest: int = 240) -> str:
    """A message that quotes no more of a document than a reader wants to see."""
    return message if len(message) <= longest else f"{message[: longest // 2]} ... {message[-longest // 3 :]}"
