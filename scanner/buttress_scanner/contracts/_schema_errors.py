"""What a schema refuses in a document, with the line of the value that is at fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.contracts._schemas import SchemaError, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from buttress_scanner.contracts._data import Part, Path, Spot
    from buttress_scanner.contracts._schemas import Validate


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that a schema refuses. ``rule`` names the keywords of the schema, ``pointer`` is a JSON Pointer to the value."""

    line: int
    column: int
    pointer: str
    message: str
    rule: str


def faults(part: Part, validate: Validate) -> list[Fault]:
    """Return what is wrong with a document, one fault for each value, in the order of their lines.

    Raises:
        SchemaError: the schema refers to something that is not there, or cannot be applied.
    """
    found: dict[tuple[Spot, Path], list[tuple[str, str]]] = {}
    for error in _errors(part, validate):
        for spot, path, message, rule in _placed(part, error):
            said = found.setdefault((spot, path), [])
            if (message, rule) not in said:
                said.append((message, rule))
    result = [
        Fault(*spot, _pointer(path), "; ".join(message for message, _ in said), " ".join(sorted({rule for _, rule in said})))
        for (spot, path), said in found.items()
    ]
    return sorted(result, key=lambda fault: (fault.line, fault.column, fault.pointer))


def _errors(part: Part, validate: Validate) -> list[ValidationError]:
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        return [best_match([error]) or error for error in validate(part.value)]
    except Unresolvable as error:
        raise SchemaError(f"it refers to {error.ref!r}, which is not in the project") from None
    except RecursionError:
        raise SchemaError("it, or a document, is nested too deeply") from None
    except re.error as error:
        raise SchemaError(f"the pattern {error.pattern!r} is no regular expression: {error}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise SchemaError(f"{type(error).__name__}: {error}") from None


def _placed(root: Part, error: ValidationError) -> Iterator[tuple[Spot, Path, str, str]]:
    """The values that an error is about: place, way, message, keyword of the schema."""
    path = tuple(error.absolute_path)
    part = root.at(path)
    rule = str(error.validator)
    surplus = list(_surplus(error))
    for key in surplus:
        yield part.keys.get(key, part.spot), (*path, key), f"the property {key!r} is not allowed here", rule
    if surplus:
        return
    named = error.instance if isinstance(error.instance, str) and isinstance(part.value, dict) else None
    if named is not None and named in part.keys:  # the error is about the name of a property
        yield part.keys[named], (*path, named), shortened(error.message), rule
    elif rule in ("items", "additionalItems", "unevaluatedItems") and isinstance(error.instance, list):
        first = _first_surplus_item(error)
        item = part.listed[first] if 0 <= first < len(part.listed) else part
        yield item.spot, (*path, first), shortened(error.message), rule
    else:
        yield part.spot, path, _message(error), rule


def _surplus(error: ValidationError) -> Iterator[str]:
    """The properties that a schema does not know and does not allow."""
    schema = error.schema
    if not isinstance(error.instance, dict) or not isinstance(schema, dict):
        return
    if error.validator == "additionalProperties" and error.validator_value is False:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for key in error.instance:
            if key not in known and not any(re.search(pattern, key) for pattern in patterns):
                yield key
    elif error.validator == "unevaluatedProperties" and error.validator_value is False:
        yield from (key for key in error.instance if repr(key) in error.message)


def _first_surplus_item(error: ValidationError) -> int:
    """The index of the first element that a schema of a certain length has no place for."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    items = error.instance if isinstance(error.instance, list) else []
    if error.validator == "unevaluatedItems":
        return next((n for n, item in enumerate(items) if repr(item) in error.message), -1)
    places = schema.get("items" if error.validator == "additionalItems" else "prefixItems", [])
    return len(places) if isinstance(places, list) else -1


def _message(error: ValidationError) -> str:
    if error.validator == "required" and isinstance(error.instance, dict):
        missing = re.match(r"'(.*)' is a required property", error.message)
        return f"the property {missing[1]!r} is missing" if missing else shortened(error.message)
    return shortened(error.message)


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
