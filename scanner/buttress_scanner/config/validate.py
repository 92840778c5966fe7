"""Put a model over a part of the configuration; what does not fit becomes problems with a line and the nearest known key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from buttress_scanner.contracts.loader import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

    from buttress_scanner.config.document import Document
    from buttress_scanner.config.places import Path
    from buttress_scanner.findings.report_model import Problem

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "too_short": "needs at least {min_length} entries",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "has the value {input!r}, which does not fit {pattern}",
    "literal_error": "has the value {input!r}, but must be {expected}",
    "enum": "has the value {input!r}, but must be {expected}",
}
_QUOTED = re.compile(r"'([^']*)'")


def validate(model: type[Model], data: Mapping[str, object], document: Document, place: Path) -> Model | list[Problem]:
    """Validate a table.

    Args:
        model: the class whose fields are the keys of the table.
        data: the table's content.
        document: the file that it stands in.
        place: the way to the table in the document.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return [_problem(model, detail, document, place) for detail in error.errors(include_url=False)]


def _problem(model: type[BaseModel], detail: ErrorDetails, document: Document, place: Path) -> Problem:
    location = detail["loc"]
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    if detail["type"] == "extra_forbidden":
        known = _keys(_model_at(model, location[:-1]))
        return document.problem(
            (*place, *location), f"unknown key {key!r}{nearest(key, known)}", f"Known keys are: {', '.join(known)}."
        )
    if detail["type"] == "missing":
        return document.problem((*place, *location[:-1]), f"the key `{key}` is missing", _description(model, location))
    if detail["type"] in ("value_error", "assertion_error"):
        words = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return document.problem((*place, *location), f"`{key}`: {words}" if key else words)
    values = {**detail.get("ctx", {}), "input": detail["input"]}
    words = _WORDS[detail["type"]].format(**values) if detail["type"] in _WORDS else f"is wrong: {detail['msg']}"
    expected = _QUOTED.findall(str(values.get("expected", "")))
    meant = nearest(detail["input"], expected) if isinstance(detail["input"], str) else ""
    return document.problem((*place, *location), f"`{key}` {words}{meant}", _description(model, location))


def _keys(model: type[BaseModel] | None) -> tuple[str, ...]:
    if model is None:
        return ()
    return tuple(sorted(field.alias or name for name, field in model.model_fields.items()))


def _description(model: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """Return what a field means, as a hint."""
    *above, key = location or ("",)
    owner = _model_at(model, tuple(above))
    fields = owner.model_fields.items() if owner is not None else ()
    return next((field.description or "" for name, field in fields if key in (name, field.alias)), "")


def _model_at(model: type[BaseModel] | None, location: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Follow a location to the model that validates there."""
    for part in location:
        if isinstance(part, str) and model is not None:
            fields = model.model_fields.items()
            annotation = next((field.annotation for name, field in fields if part in (name, field.alias)), None)
            model = next(_models(annotation), None)
    return model


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
