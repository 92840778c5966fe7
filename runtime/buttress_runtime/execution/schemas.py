"""JSON Schema (draft 2020-12) as manifests may use it: local references only, patterns under a time limit.

The patterns run in `regex`, which unlike `re` can be stopped: all patterns of one check share a time limit,
and what exceeds it counts as a fault of the value.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from buttress_runtime.ports import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from buttress_runtime.execution.json_values import JsonObject, JsonValue

    # jsonschema validators and keyword functions are typed with Any throughout; nothing of it leaves this module.
    _Schema: TypeAlias = dict[str, Any]
    _Errors: TypeAlias = Iterator[Any]

__all__ = ("PATTERN_LIMIT_MS", "SchemaFault", "check_schema", "schema_errors")

PATTERN_LIMIT_MS: Final = 500
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCES = ("$ref", "$dynamicRef")
_MOST_ERRORS = 100
_LONGEST_DETAIL = 300
_CLOCK = SystemClock()
_pattern_deadline: ContextVar[int] = ContextVar("pattern_deadline")


class _TooSlow(Exception):  # noqa: N818 - ends the check of one value
    """The patterns of a schema took too long on a value."""


class SchemaFault(ValueError):  # noqa: N818 - carried into pydantic's ValidationError of the manifest
    """A schema that a manifest must not have; says where and why."""


def check_schema(schema: JsonObject) -> None:
    """Refuse a schema that is not valid, reaches outside itself or cannot be evaluated in bounded time.

    Raises:
        SchemaFault: With the place and what to do.
    """
    from jsonschema.exceptions import SchemaError

    for pointer, name, value in _members(schema):
        if name in _REFERENCES and not str(value).startswith("#"):
            raise SchemaFault(f"{pointer}: {value!r} points outside the schema; use a local reference such as '#/$defs/name'")
        if name == "$id" and pointer != "$":
            raise SchemaFault(f"{pointer}: only the whole schema may have an '$id'; leave this one out")
        if name == "$schema" and str(value).rstrip("#") != _DIALECT:
            raise SchemaFault(f"{pointer}: schemas are of draft 2020-12, {_DIALECT}")
    try:
        _validator_class().check_schema(schema)
    except SchemaError as exc:
        raise SchemaFault(f"{exc.json_path}: {exc.message[:_LONGEST_DETAIL]}") from exc
    _check_references(schema)
    _check_patterns(schema)
    try:
        schema_errors({}, schema)
    except RecursionError as exc:
        raise SchemaFault("$: the references go round in a circle; break it") from exc


def schema_errors(value: JsonValue, schema: JsonObject) -> list[tuple[str, str]]:
    """Return pointer and detail of each place where a value breaks a schema, in the order of the pointers."""
    from referencing import Registry

    validator = _validator_class()(schema, registry=Registry())
    found: list[tuple[str, str]] = []
    reset = _pattern_deadline.set(_CLOCK.monotonic_ms() + PATTERN_LIMIT_MS)
    try:
        for error in islice(validator.iter_errors(value), _MOST_ERRORS):
            tokens = (str(token).replace("~", "~0").replace("/", "~1") for token in error.absolute_path)
            found.append(("".join(f"/{token}" for token in tokens), error.message[:_LONGEST_DETAIL]))
    except _TooSlow as exc:
        found.append(("", str(exc)))
    finally:
        _pattern_deadline.reset(reset)
    return sorted(found)


def _members(schema: JsonValue) -> Iterator[tuple[str, str, JsonValue]]:
    """Yield path, name and value of every member of every object of a schema whose value is text."""
    todo: list[tuple[str, JsonValue]] = [("$", schema)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            yield from ((path, name, child) for name, child in value.items() if isinstance(child, str))
            todo.extend((f"{path}.{name}", child) for name, child in value.items())
        elif isinstance(value, list):
            todo.extend((f"{path}[{index}]", child) for index, child in enumerate(value))


def _check_references(schema: JsonObject) -> None:
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    uri = resource.id() or ""
    resolver = Registry().with_resource(uri, resource).resolver(uri)
    for pointer, name, value in _members(schema):
        try:
            if name in _REFERENCES:
                resolver.lookup(str(value))
        except Unresolvable as exc:
            raise SchemaFault(f"{pointer}: the reference {value!r} leads nowhere; define what it names") from exc


def _check_patterns(schema: JsonValue) -> None:
    todo: list[JsonValue] = [schema]
    names: set[str] = set()
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        if not isinstance(value, dict):
            continue
        todo.extend(value.values())
        names.update(value)
        named = value.get("patternProperties")
        patterns = [value["pattern"]] if isinstance(value.get("pattern"), str) else []
        for pattern in [*patterns, *(named if isinstance(named, dict) else ())]:
            _compiled(str(pattern))
    if {"patternProperties", "unevaluatedProperties"} <= names:
        raise SchemaFault("'unevaluatedProperties' cannot be combined with 'patternProperties'; use 'additionalProperties'")


@cache
def _validator_class() -> Any:  # noqa: ANN401 - a class that jsonschema makes
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    keywords = {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional_properties}
    return extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - the library has no types
    try:
        import regex  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ModuleNotFoundError as exc:
        raise SchemaFault("patterns in schemas need the package 'regex'; pip install 'buttress[runtime]'") from exc
    try:
        return regex.compile(pattern)
    except regex.error as exc:
        raise SchemaFault(f"the pattern {pattern[:100]!r} is no regular expression: {exc}") from exc


def _matches(pattern: str, text: str) -> bool:
    left_ms = _pattern_deadline.get() - _CLOCK.monotonic_ms()
    try:
        if left_ms > 0:
            return _compiled(pattern).search(text, timeout=left_ms / 1000) is not None
    except TimeoutError:
        pass
    raise _TooSlow(f"matching the pattern {pattern[:100]!r} takes too long; send shorter text, or simplify the pattern")


def _pattern(validator: Any, pattern: str, instance: Any, schema: _Schema) -> _Errors:  # noqa: ANN401 - jsonschema's form
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, str):
        return
    if not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: _Schema, instance: Any, schema: _Schema) -> _Errors:  # noqa: ANN401
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, extra: Any, instance: Any, schema: _Schema) -> _Errors:  # noqa: ANN401 - as above
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, dict):
        return
    for name in _extras(instance, schema):
        if extra is False:
            yield ValidationError(f"additional properties are not allowed ({name!r} is unexpected)")
        else:
            yield from validator.descend(instance[name], extra, path=name)


def _extras(instance: Mapping[str, object], schema: _Schema) -> Iterator[str]:
    """Yield the names that neither `properties` nor a pattern covers."""
    patterns = tuple(schema.get("patternProperties", {}))
    for name in instance:
        if name not in schema.get("properties", {}) and not any(_matches(pattern, name) for pattern in patterns):
            yield name
