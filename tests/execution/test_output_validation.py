"""What may come out of a plugin (execution section 5)."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import BaseModel, model_serializer

from buttress_runtime.execution.errors import OutputValidationError
from buttress_runtime.execution.validation import Validators
from tests.execution.support import Answer, Rig, code, manifest


class Report(BaseModel):
    score: float
    day: dt.date = dt.date(2030, 1, 31)


class Exits(BaseModel):
    @model_serializer
    def leave(self) -> dict[str, object]:
        raise SystemExit(1)


class Breaks(BaseModel):
    @model_serializer
    def fail(self) -> dict[str, object]:
        raise ValueError("no")


def deep(depth: int) -> object:
    """Return objects within objects."""
    value: object = 1
    for _ in range(depth):
        value = {"a": value}
    return value


REFUSED = [
    pytest.param(None, id="none"),
    pytest.param([], id="list"),
    pytest.param("text", id="text"),
    pytest.param(0, id="number"),
    pytest.param((n for n in ""), id="generator"),
    pytest.param({}, id="empty"),
    pytest.param({"a": {1}}, id="set"),
    pytest.param({"a": b"x"}, id="bytes"),
    pytest.param({"image": b"x"}, id="image-bytes"),
    pytest.param({"a": float("nan")}, id="nan"),
    pytest.param({"a": 2**70}, id="large-integer"),
    pytest.param({"a": "\ud800"}, id="lone-surrogate"),
    pytest.param({"a": "\0"}, id="nul"),
    pytest.param({1: 1}, id="integer-key"),
    pytest.param(deep(100_000), id="depth-100000"),
    pytest.param({"a": dt.date(2030, 1, 31)}, id="date"),
    pytest.param(Breaks(), id="model-that-cannot-be-dumped"),
    pytest.param(Exits(), id="model-that-exits-while-it-is-dumped"),
]


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_json_object_is_invalid_output(value: object) -> None:
    """A result that a client could not read is an error of type ValidationError and is not returned."""
    rig = Rig(Answer(value))
    result, error = rig.runner.run("echo", {})
    assert result == {}
    assert code(error) == "invalid_output"
    assert error["error"]["type"] == "ValidationError"  # type: ignore[index,call-overload]
    assert rig.registry.status("echo").error_count == 1


def test_too_large_a_result_is_refused() -> None:
    """A result over 1 MiB has its own code."""
    _, error = Rig(Answer({"a": "x" * 1024 * 1024})).runner.run("echo", {})
    assert code(error) == "payload_too_large"


def test_a_model_is_dumped_first() -> None:
    """A pydantic model is returned as the JSON object it stands for."""
    assert Rig(Answer(Report(score=0.5))).runner.run("echo", {}) == ({"score": 0.5, "day": "2030-01-31"}, {})


@pytest.mark.parametrize("value", [Report(score=1), {"score": 1, "day": "2030-01-31"}], ids=["model", "dict"])
def test_the_rules_take_models_too(value: object) -> None:
    """The rules judge a model and its dump alike."""
    assert Validators().validate_plugin_output(value, manifest()) == {"score": 1, "day": "2030-01-31"}


def test_the_rules_refuse_a_model_that_breaks() -> None:
    """A model that cannot be dumped is invalid output."""
    with pytest.raises(OutputValidationError):
        Validators().validate_plugin_output(Breaks(), manifest())


@pytest.mark.parametrize(("value", "accepted"), [({"n": 1}, True), ({"n": "1"}, False), ({}, False)])
def test_the_declared_schema_is_checked(value: object, accepted: bool) -> None:
    """A result that breaks the manifest's output schema is refused, an empty one included."""
    rig = Rig(
        Answer(value), output_schema={"required": ["n"], "properties": {"n": {"type": "integer"}}}, allows_empty_result=True
    )
    result, error = rig.runner.run("echo", {})
    assert result == (value if accepted else {})
    assert error == {} if accepted else code(error) == "invalid_output"
