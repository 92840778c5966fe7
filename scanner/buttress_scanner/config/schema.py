"""The JSON Schema of the configuration file, with the fields of every kind of contract, for editors and validators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.config.model import Configuration
from buttress_scanner.contracts.loader import kinds

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """Return the schema of ``buttress.toml``; ``[tool.buttress]`` holds the same keys.

    Raises:
        KindError: an installed package offers a kind that cannot be loaded.
    """
    schema = _schema_of(Configuration)
    definitions = _table(schema.pop("$defs", {}))
    definitions.pop("Contract", None)
    variants: list[object] = []
    for name, kind in kinds().items():
        model = _schema_of(kind)
        definitions.update(_table(model.pop("$defs", {})))
        properties = _table(model["properties"])
        properties["kind"] = {"const": name, "description": _summary(kind)}
        definitions[f"contract-{name}"] = model
        variants.append({"$ref": f"#/$defs/contract-{name}"})
    _table(schema["properties"])["contract"] = {"type": "array", "description": "The contracts.", "items": {"anyOf": variants}}
    schema["$defs"] = dict(sorted(definitions.items()))
    return {
        "$schema": DIALECT,
        **schema,
        "title": "buttress configuration",
        "description": "Architecture contracts of a Python project.",
    }


def _schema_of(model: type[BaseModel]) -> dict[str, object]:
    return dict(model.model_json_schema(by_alias=True))


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]
