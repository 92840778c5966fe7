"""What may go into a plugin and what may come out (execution section 5).

The checks raise, and never repair. Each returns the private plain copy that it judged, so that nobody can change a value
between the check and the use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from buttress_runtime.execution.errors import InputValidationError, OutputValidationError
from buttress_runtime.execution.json_values import (
    INPUT_LIMITS,
    OUTPUT_LIMITS,
    EncodedImage,
    JsonFault,
    JsonLimits,
    JsonObject,
    JsonValue,
    copy_json,
)
from buttress_runtime.execution.model_dump import dump_model
from buttress_runtime.execution.schemas import schema_errors

if TYPE_CHECKING:
    from buttress_runtime.execution.plugin import PluginManifest

__all__ = ("Validators",)

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_MIME_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"  # restricted names of RFC 6838
_MIME_TYPE = re.compile(rf"{_MIME_NAME}/{_MIME_NAME}\Z")
_TOO_LARGE: Final = "payload_too_large"


@dataclass(frozen=True, slots=True)
class Validators:
    """The rules for payloads and results.

    Attributes:
        input_limits: How much a payload may be.
        output_limits: How much a result may be.
        image_types: The only media types an image may have; None for any.
    """

    input_limits: JsonLimits = INPUT_LIMITS
    output_limits: JsonLimits = OUTPUT_LIMITS
    image_types: frozenset[str] | None = None

    def validate_input_payload(self, payload: object) -> dict[str, JsonValue]:
        """Check the rules that hold for every payload, and return it as plain JSON.

        Raises:
            InputValidationError: It is no JSON object, or too large.
        """
        if not issubclass(type(payload), dict):
            detail = f"a value of type {type(payload).__name__} is no JSON object; send an object"
            raise InputValidationError(f"payload: {detail}", [("", detail)])
        try:
            return cast("JsonObject", copy_json(payload, self.input_limits, raw_image=True))
        except JsonFault as fault:
            code = _TOO_LARGE if fault.too_large else None
            raise InputValidationError(f"payload {fault}", [(fault.pointer, fault.detail)], code=code) from fault

    def validate_manifest_input(self, payload: JsonObject, manifest: PluginManifest) -> None:
        """Check a plain payload against what the plugin declares to accept.

        Raises:
            InputValidationError: It breaks the schema or the rules for images.
        """
        errors: list[tuple[str, str]] = []
        if manifest.input_kind == "image":
            errors = self._image_errors(payload)
        elif isinstance(payload.get("image"), EncodedImage):
            errors = [("/image", "bytes are no JSON; only plugins with input_kind 'image' take them")]
        errors += _schema_errors(payload, manifest.input_schema)
        if errors:
            raise InputValidationError(_summary("payload", errors), errors)

    def validate_plugin_output(self, value: object, manifest: PluginManifest) -> dict[str, JsonValue]:
        """Check what a plugin returned, and return it as plain JSON.

        Raises:
            OutputValidationError: It is no JSON object, empty without leave, too large, or breaks the schema.
        """
        value = dump_model(value)
        if not issubclass(type(value), dict):
            detail = f"a value of type {type(value).__name__} is no JSON object; the plugin has to return a dict"
            raise OutputValidationError(f"result: {detail}", [("", detail)])
        try:
            result = cast("JsonObject", copy_json(value, self.output_limits))
        except JsonFault as fault:
            code = _TOO_LARGE if fault.too_large else None
            raise OutputValidationError(f"result {fault}", [(fault.pointer, fault.detail)], code=code) from fault
        if result == {} and not manifest.allows_empty_result:
            detail = "the plugin returned an empty object, which its manifest does not allow (allows_empty_result)"
            raise OutputValidationError(f"result: {detail}", [("", detail)])
        errors = _schema_errors(result, manifest.output_schema)
        if errors:
            raise OutputValidationError(_summary("result", errors), errors)
        return result

    def _image_errors(self, payload: JsonObject) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        image, mime_type = payload.get("image"), payload.get("mime_type")
        if not isinstance(image, str) or not image:
            found.append(("/image", "missing or empty; send the image as bytes or as base64 text"))
        elif not _is_base64(image):
            found.append(("/image", "no strict base64; use the standard alphabet with padding and without white space"))
        if not isinstance(mime_type, str) or not _MIME_TYPE.match(mime_type):
            found.append(("/mime_type", "missing or not of the form type/subtype, such as image/png"))
        elif self.image_types is not None and mime_type.lower() not in self.image_types:
            found.append(("/mime_type", f"not accepted here; send one of {', '.join(sorted(self.image_types))}"))
        return found


def _is_base64(text: str) -> bool:
    """Return whether text, which is not empty, is base64; then it stands for at least one byte."""
    return _BASE64.match(text) is not None


def _schema_errors(value: JsonObject, schema: JsonObject | None) -> list[tuple[str, str]]:
    if schema is None:
        return []
    try:
        return schema_errors(value, schema)
    except RecursionError:
        return [("", "the schema's references go round in a circle on this value")]


def _summary(what: str, errors: list[tuple[str, str]]) -> str:
    pointer, detail = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{what} {pointer or '(root)'}: {detail}{more}"
