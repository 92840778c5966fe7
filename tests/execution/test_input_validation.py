"""What may go into a plugin (execution section 5)."""

from __future__ import annotations

import base64
from collections import OrderedDict
from enum import IntEnum, StrEnum
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from buttress_runtime.execution.errors import InputValidationError
from buttress_runtime.execution.json_values import INPUT_LIMITS, JsonFault, JsonLimits, copy_json, json_bytes, parse_json
from buttress_runtime.execution.validation import Validators
from tests.execution.support import Answer, Rig, code, faults, manifest

PNG = base64.b64encode(b"\x89PNG").decode()


class Size(IntEnum):
    BIG = 7


class Word(StrEnum):
    ONE = "one"


class Pair(NamedTuple):
    left: int
    right: int


class Lying(dict):  # type: ignore[type-arg]
    """Says something else than it holds."""

    def items(self) -> object:  # type: ignore[override]
        raise SystemExit(1)

    def __iter__(self) -> object:  # type: ignore[override]
        raise SystemExit(1)


class Pretender:
    """Claims to be a dict when asked."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise SystemExit(1)


def nested(depth: int) -> object:
    """Return lists within lists."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def unfolding(levels: int) -> object:
    """Return a small value that is huge as text, because its parts are shared."""
    value: object = [0]
    for _ in range(levels):
        value = [value] * 10
    return value


def circle() -> list[object]:
    """Return a list that holds itself."""
    value: list[object] = []
    value.extend([value, value])
    return value


REFUSED = [
    pytest.param(None, "", "no JSON object", id="none"),
    pytest.param([1], "", "no JSON object", id="list"),
    pytest.param("{}", "", "no JSON object", id="text"),
    pytest.param(Pretender(), "", "no JSON object", id="pretends-to-be-a-dict"),
    pytest.param({1: 2}, "", "keys are text", id="integer-key"),
    pytest.param({"a": {None: 2}}, "/a", "keys are text", id="none-key"),
    pytest.param({"a": float("nan")}, "/a", "no JSON", id="nan"),
    pytest.param({"a": [0, float("-inf")]}, "/a/1", "no JSON", id="infinity"),
    pytest.param({"a": {1, 2}}, "/a", "type 'set'", id="set"),
    pytest.param({"a": b"x"}, "/a", "type 'bytes'", id="bytes"),
    pytest.param({"image": b"x"}, "/image", "bytes", id="image-bytes-for-an-object-plugin"),
    pytest.param({"a": {"image": b"x"}}, "/a/image", "type 'bytes'", id="image-bytes-below"),
    pytest.param({"a": object()}, "/a", "type 'object'", id="object"),
    pytest.param({"a": (n for n in "")}, "/a", "type 'generator'", id="generator"),
    pytest.param({"a": Pretender()}, "/a", "type 'Pretender'", id="pretender-inside"),
    pytest.param({"a": 2**53}, "/a", "as a string", id="integer-too-large"),
    pytest.param({"a": -(2**70)}, "/a", "as a string", id="integer-too-small"),
    pytest.param({"a/b": {"c~d": "\ud800"}}, "/a~1b/c~0d", "surrogate", id="lone-surrogate"),
    pytest.param({"a": "x\0"}, "/a", "NUL", id="nul"),
    pytest.param({"a\0": 1}, "", "NUL", id="nul-in-a-key"),
    pytest.param({"a": nested(64)}, None, "deeper than 64", id="depth-65"),
    pytest.param({"a": nested(100_000)}, None, "deeper than 64", id="depth-100000"),
    pytest.param({"a": circle()}, None, "deeper than 64", id="circle"),
]

TOO_LARGE = [
    pytest.param({"a": "x" * (4 * 1024 * 1024)}, id="long-text"),
    pytest.param({"a": "é" * (2 * 1024 * 1024)}, id="long-text-in-utf-8"),
    pytest.param({"a": unfolding(12)}, id="shared-lists-that-unfold"),
    pytest.param({"a": {str(n): 0 for n in range(100_001)}}, id="keys"),
    pytest.param({"a": "\n" * (3 * 1024 * 1024)}, id="escapes"),
]


@pytest.mark.parametrize(("payload", "pointer", "text"), REFUSED)
def test_what_is_no_json_is_refused_with_its_place(payload: object, pointer: str | None, text: str) -> None:
    """Each refusal names the pointer of the offending value, and the plugin is not called."""
    plugin = Answer()
    _, error = Rig(plugin).runner.run("echo", payload)  # type: ignore[arg-type]
    assert code(error) == "invalid_input"
    [fault] = faults(error)
    assert pointer is None or fault["pointer"] == pointer
    assert text in fault["detail"]
    assert plugin.seen == []


@pytest.mark.parametrize("payload", TOO_LARGE)
def test_too_much_json_is_refused_as_too_large(payload: dict[str, object]) -> None:
    """More than the limits is refused, in bounded time, with its own code."""
    _, error = Rig().runner.run("echo", payload)  # type: ignore[arg-type]
    assert code(error) == "payload_too_large"


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        pytest.param({}, {}, id="empty"),
        pytest.param({"a": (1, 2)}, {"a": [1, 2]}, id="tuple"),
        pytest.param({"a": Pair(1, 2)}, {"a": [1, 2]}, id="named-tuple"),
        pytest.param(OrderedDict(b=1, a=2), {"b": 1, "a": 2}, id="ordered-dict"),
        pytest.param(Lying(a=1), {"a": 1}, id="dict-with-methods-of-its-own"),
        pytest.param({"a": Size.BIG, "b": Word.ONE}, {"a": 7, "b": "one"}, id="enums"),
        pytest.param(
            {"a": 2**53 - 1, "b": 1e300, "c": True, "d": None}, {"a": 2**53 - 1, "b": 1e300, "c": True, "d": None}, id="scalars"
        ),
        pytest.param({"a": nested(63)}, {"a": nested(63)}, id="depth-64"),
    ],
)
def test_json_reaches_the_plugin_in_plain_types(payload: dict[str, object], seen: dict[str, object]) -> None:
    """A plugin sees dict, list, str, int, float, bool and None, and nothing else."""
    plugin = Answer()
    assert Rig(plugin).runner.run("echo", payload)[1] == {}  # type: ignore[arg-type]
    assert repr(plugin.seen) == repr([seen])


@pytest.mark.parametrize(
    ("payload", "pointers"),
    [
        pytest.param({"image": PNG, "mime_type": "image/png"}, None, id="text"),
        pytest.param({"image": b"\x89PNG", "mime_type": "image/png"}, None, id="bytes"),
        pytest.param({"image": PNG, "mime_type": "image/svg+xml", "more": 1}, None, id="more-members"),
        pytest.param({"mime_type": "image/png"}, ["/image"], id="no-image"),
        pytest.param({"image": "", "mime_type": "image/png"}, ["/image"], id="empty-text"),
        pytest.param({"image": b"", "mime_type": "image/png"}, ["/image"], id="empty-bytes"),
        pytest.param({"image": 7, "mime_type": "image/png"}, ["/image"], id="number"),
        pytest.param({"image": "iVBO Rw==", "mime_type": "image/png"}, ["/image"], id="white-space"),
        pytest.param({"image": PNG + "\n", "mime_type": "image/png"}, ["/image"], id="line-end"),
        pytest.param({"image": "iVBORw=", "mime_type": "image/png"}, ["/image"], id="padding-short"),
        pytest.param({"image": "iVBORw", "mime_type": "image/png"}, ["/image"], id="padding-missing"),
        pytest.param({"image": "AAAA====", "mime_type": "image/png"}, ["/image"], id="padding-too-much"),
        pytest.param({"image": "iV-_Rw==", "mime_type": "image/png"}, ["/image"], id="url-alphabet"),
        pytest.param({"image": PNG}, ["/mime_type"], id="no-type"),
        pytest.param({"image": PNG, "mime_type": "image"}, ["/mime_type"], id="no-subtype"),
        pytest.param({"image": PNG, "mime_type": "image/png; q=1"}, ["/mime_type"], id="parameters"),
        pytest.param({"image": PNG, "mime_type": "image/png\n"}, ["/mime_type"], id="type-with-line-end"),
        pytest.param({}, ["/image", "/mime_type"], id="nothing"),
    ],
)
def test_images_are_strict_base64_with_a_media_type(payload: dict[str, object], pointers: list[str] | None) -> None:
    """A plugin for images gets base64 text in one shape, whatever the caller sent; all else is refused with its place."""
    plugin = Answer()
    _, error = Rig(plugin, input_kind="image").runner.run("echo", payload)  # type: ignore[arg-type]
    if pointers is None:
        assert plugin.seen[0]["image"] == PNG
        assert type(plugin.seen[0]["image"]) is str
    else:
        assert [fault["pointer"] for fault in faults(error)] == pointers


@pytest.mark.parametrize(("mime_type", "accepted"), [("image/png", True), ("IMAGE/PNG", True), ("image/gif", False)])
def test_media_types_are_kept_to_the_list(mime_type: str, accepted: bool) -> None:
    """Where a list of media types is configured, only those pass."""
    rig = Rig(input_kind="image", validators=Validators(image_types=frozenset({"image/png"})))
    assert (rig.runner.run("echo", {"image": PNG, "mime_type": mime_type})[1] == {}) is accepted


def test_all_faults_of_a_schema_are_listed() -> None:
    """Every place where a payload breaks the schema is named, sorted by pointer."""
    schema = {
        "properties": {"n": {"type": "integer", "minimum": 1}, "tags": {"items": {"type": "string"}}},
        "required": ["n", "id"],
        "additionalProperties": False,
    }
    _, error = Rig(input_schema=schema).runner.run("echo", {"n": 0, "tags": ["a", 1], "x/y": 1})
    assert [fault["pointer"] for fault in faults(error)] == ["", "", "/n", "/tags/1"]
    assert "'x/y' is unexpected" in str(faults(error))


@pytest.mark.parametrize(
    ("schema", "payload", "accepted"),
    [
        pytest.param({"properties": {"a": {"pattern": "^x+$"}}}, {"a": "xx"}, True, id="pattern"),
        pytest.param({"properties": {"a": {"pattern": "^x+$"}}}, {"a": "y"}, False, id="pattern-not-matched"),
        pytest.param({"properties": {"a": {"pattern": "^x+$"}}}, {"a": 7}, True, id="pattern-is-for-text"),
        pytest.param({"patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": 1, "b": "x"}, True, id="names"),
        pytest.param({"patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": "x"}, False, id="names-not-matched"),
        pytest.param({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"n_a": 1}, True, id="covered"),
        pytest.param({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"m": 1}, False, id="not-covered"),
        pytest.param({"additionalProperties": {"type": "integer"}}, {"m": "x"}, False, id="extra-by-schema"),
        pytest.param({"properties": {"a": {"patternProperties": {"x": False}}}}, {"a": [1]}, True, id="names-are-for-objects"),
        pytest.param({"properties": {"a": {"additionalProperties": False}}}, {"a": [1]}, True, id="extras-are-for-objects"),
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": {"required": ["b"]}}}, {}, False, id="local-reference"),
        pytest.param(False, {}, False, id="nothing-allowed"),
    ],
)
def test_schemas_mean_what_the_standard_says(schema: object, payload: dict[str, object], accepted: bool) -> None:
    """The keywords that run under a time limit judge as JSON Schema does."""
    wrapped = schema if isinstance(schema, dict) else {"allOf": [schema]}
    assert (Rig(input_schema=wrapped).runner.run("echo", payload)[1] == {}) is accepted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"properties": {"a": {"pattern": "^(a|aa)+$"}}}, id="pattern"),
        pytest.param({"patternProperties": {"^(a|aa)+$": True}}, id="names"),
        pytest.param({"patternProperties": {"^(a|aa)+$": True}, "additionalProperties": False}, id="extras"),
    ],
)
def test_a_slow_pattern_is_stopped(schema: dict[str, object]) -> None:
    """A pattern that would take ages on a value refuses the value."""
    text = "a" * 80 + "!"
    _, error = Rig(input_schema=schema).runner.run("echo", {"a": text, text: 1})
    assert "takes too long" in str(error["error"])


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        pytest.param({"$ref": "https://example.org/schema"}, "outside the schema", id="remote-reference"),
        pytest.param({"properties": {"a": {"$ref": "other.json#/x"}}}, "outside the schema", id="file-reference"),
        pytest.param({"$schema": "http://json-schema.org/draft-07/schema#"}, "2020-12", id="other-draft"),
        pytest.param({"type": "text"}, "type", id="no-schema"),
        pytest.param({"pattern": "("}, "is not a 'regex'", id="bad-pattern"),
        pytest.param({"allOf": [{"patternProperties": {"[": {}}}]}, "is not a 'regex'", id="bad-name-pattern"),
        pytest.param({"$ref": "#"}, "circle", id="circle"),
        pytest.param({"$ref": "#/$defs/none"}, "nowhere", id="dangling-reference"),
        pytest.param({"properties": {"a": {"$ref": "#none"}}}, "nowhere", id="dangling-anchor"),
        pytest.param({"properties": {"a": {"$id": "urn:b"}}}, "only the whole schema", id="nested-id"),
        pytest.param({"pattern": "(?(DEFINE)x)"}, "regex", id="pattern-of-another-dialect"),
        pytest.param({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "cannot be combined", id="combination"),
        pytest.param({"const": float("nan")}, "no JSON", id="nan"),
    ],
)
def test_a_manifest_with_an_unfit_schema_cannot_be_made(schema: dict[str, object], text: str) -> None:
    """A schema that is wrong, reaches outside itself or goes round in a circle is refused when the plugin is declared."""
    with pytest.raises(ValidationError, match=text):
        manifest(input_schema=schema)


def test_a_schema_that_circles_on_one_value_refuses_that_value() -> None:
    """References that go round only for some payload end in a refusal, not in a crash."""
    schema = {"properties": {"a": {"$ref": "#/$defs/loop"}}, "$defs": {"loop": {"allOf": [{"$ref": "#/$defs/loop"}]}}}
    rig = Rig(input_schema=schema)
    assert rig.runner.run("echo", {"b": 1})[1] == {}
    assert code(rig.runner.run("echo", {"a": 1})[1]) == "invalid_input"


def test_changing_a_schema_afterwards_changes_no_manifest() -> None:
    """A manifest keeps its own copy of the schema it was made with."""
    schema: dict[str, object] = {"required": ["a"]}
    declared = manifest(input_schema=schema)
    schema.clear()
    assert declared.input_schema == {"required": ["a"]}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": ""}, id="empty-name"),
        pytest.param({"name": "Echo"}, id="capital"),
        pytest.param({"name": "echo\n"}, id="line-end"),
        pytest.param({"name": "a" * 65}, id="long-name"),
        pytest.param({"version": "1.0"}, id="two-numbers"),
        pytest.param({"version": "1.0.0\n"}, id="version-line-end"),
        pytest.param({"version": "01.0.0"}, id="leading-zero"),
        pytest.param({"timeout_ms": 0}, id="no-time"),
        pytest.param({"timeout_ms": True}, id="bool-time"),
        pytest.param({"memory_mb": -1}, id="no-memory"),
        pytest.param({"input_kind": "video"}, id="unknown-kind"),
        pytest.param({"idempotency": "MAYBE"}, id="unknown-idempotency"),
        pytest.param({"run": "x"}, id="unknown-field"),
    ],
)
def test_malformed_manifests_are_refused(changes: dict[str, object]) -> None:
    """Names, versions, limits and kinds have one form each."""
    with pytest.raises(ValidationError):
        manifest(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"\xff", "UTF-8", id="encoding"),
        pytest.param(b"{", "line 1", id="syntax"),
        pytest.param(b'{"a": 1, "a": 2}', "twice", id="key-twice"),
        pytest.param(b'{"a": NaN}', "NaN is no JSON", id="nan"),
        pytest.param(b'{"a": -Infinity}', "no JSON", id="infinity"),
        pytest.param(b"1" * 5000, "too many digits", id="digits"),
        pytest.param(b"9007199254740993", "as a string", id="large-integer"),
        pytest.param(b"[" * 100_000, "deeper", id="depth"),
        pytest.param(b"[" * 70 + b"]" * 70, "deeper than 64", id="depth-closed"),
        pytest.param(b'"\\ud800"', "surrogate", id="surrogate"),
        pytest.param(b'"\\u0000"', "NUL", id="nul"),
        pytest.param(b" " * 200, "more than 128 bytes", id="size"),
    ],
)
def test_json_text_is_read_strictly(data: bytes, text: str) -> None:
    """Text that readers of JSON take differently is refused with a reason."""
    limits = JsonLimits(max_bytes=128) if text.startswith("more") else INPUT_LIMITS
    with pytest.raises(JsonFault, match=text):
        parse_json(data, limits)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner)
    ),
)


@given(JSON)
def test_json_survives_copying_and_reading(value: object) -> None:
    """A JSON value equals its copy, and the copy equals what a reader makes of its text."""
    copied = copy_json(value, INPUT_LIMITS)
    assert copied == value
    assert parse_json(json_bytes(copied), INPUT_LIMITS) == value


def test_validators_can_be_used_alone() -> None:
    """The rules raise the typed error with the code for what is too large."""
    with pytest.raises(InputValidationError) as caught:
        Validators(input_limits=JsonLimits(max_bytes=8)).validate_input_payload({"a": "long text"})
    assert caught.value.code == "payload_too_large"
