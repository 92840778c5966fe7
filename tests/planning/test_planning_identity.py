"""Ids: equal exactly when contents and ordinal are (planning section 3, PLAN-3, PLAN-4)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress_runtime.planning import (
    BatchEngine,
    CommandCatalog,
    CommandRule,
    JobCommand,
    JobId,
    ParameterRule,
    PlanInputError,
    PlanRequest,
    SessionId,
    SessionJobId,
)
from tests.planning.strategies import commands, json_values, requests
from tests.planning.support import CATALOG, copy_command, free, mixed_request, plan_bytes, request, session

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINE = BatchEngine(CATALOG)
HEX = "0123456789abcdef" * 4


def digest(asked: PlanRequest, ordinal: int = 1) -> str:
    """Plan and give the digest."""
    return ENGINE.create_session(asked, ordinal).snapshot().digest


def plain(value: object) -> object:
    """Write a JSON value so that Python's equality of the text is equality of the values; numbers by their double."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return ["number", float(value) + 0.0] if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def meaning(asked: PlanRequest) -> str:
    """Write down what a request says, independently of the package: the text is equal exactly when the requests say the same."""
    described = [
        [command.kind, command.inputs, command.outputs, plain(command.parameters), sorted(set(command.depends_on))]
        for command in asked.commands
    ]
    return json.dumps([described, plain(asked.parameters)], sort_keys=True)


@given(requests, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_same_call_gives_the_same_id_and_bytes(asked: PlanRequest, ordinal: int) -> None:
    """Two engines with the same catalog answer the same request alike, byte for byte."""
    one = ENGINE.create_session(asked, ordinal)
    two = BatchEngine(CATALOG).create_session(asked, ordinal)
    assert one.id() == two.id()
    assert plan_bytes(one.snapshot()) == plan_bytes(two.snapshot())
    assert json.dumps(one.snapshot().to_json()) == json.dumps(two.snapshot().to_json())
    assert one == two


@given(requests, requests)
@settings(max_examples=100, deadline=None)
def test_digests_are_equal_exactly_when_requests_say_the_same(left: PlanRequest, right: PlanRequest) -> None:
    """Over generated pairs, equality of the digest and equality of what is asked are the same thing."""
    assert (digest(left) == digest(right)) == (meaning(left) == meaning(right))


def changes(asked: PlanRequest, draw: Callable[[Any], Any]) -> PlanRequest:
    """Change exactly one field of one command, or the parameters of the request, or add or remove a command."""
    places = ["parameters", "more"] + [f"{field}/{index}" for index in range(len(asked.commands)) for field in FIELDS]
    place = draw(st.sampled_from(places))
    if place == "parameters":
        return replace(asked, parameters=draw(st.dictionaries(st.text("ab", max_size=2), json_values, max_size=2)))
    if place == "more":
        return replace(asked, commands=(*asked.commands, draw(commands)))
    field, index = place.split("/")
    changed = list(asked.commands)
    changed[int(index)] = replace(changed[int(index)], **{field: draw(FIELDS[field])})
    return replace(asked, commands=tuple(changed))


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["free", "copy", "x", ""]),
    "inputs": st.lists(st.text("ab", max_size=2), max_size=3).map(tuple),
    "outputs": st.lists(st.text("ab", max_size=2), max_size=3).map(tuple),
    "parameters": st.dictionaries(st.sampled_from(["value", "other", "mode"]), json_values, max_size=2),
    "depends_on": st.lists(st.integers(0, 7), max_size=3).map(tuple),
}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_difference_in_one_place_gives_another_digest(data: st.DataObject) -> None:
    """Whatever single place of a request is changed, the digest changes exactly when the meaning does."""
    asked = data.draw(requests)
    changed = changes(asked, data.draw)
    assert (digest(asked) == digest(changed)) == (meaning(asked) == meaning(changed))


def with_value(value: object) -> PlanRequest:
    """Write a request with one argument."""
    return request(free(parameters={"value": value}))


PAIRS = {
    "split of inputs": (request(free(inputs=("ab", "c"))), request(free(inputs=("a", "bc")))),
    "joined inputs": (request(free(inputs=("a", "b"))), request(free(inputs=("ab",)))),
    "side of a path": (request(free(inputs=("a",))), request(free(outputs=("a",)))),
    "order of inputs": (request(free(inputs=("a", "b"))), request(free(inputs=("b", "a")))),
    "order of commands": (request(free(inputs=("a",)), free(inputs=("b",))), request(free(inputs=("b",)), free(inputs=("a",)))),
    "argument only": (request(copy_command(level=1)), request(copy_command(level=2))),
    "argument of a rejected job": (request(free(kind="x", parameters={"a": 1})), request(free(kind="x", parameters={"a": 2}))),
    "kind of a rejected job": (request(free(kind="x")), request(free(kind="y"))),
    "parameters of the request": (request(parameters={"a": 1}), request(parameters={"a": 2})),
    "1 and '1'": (with_value(1), with_value("1")),
    "1 and true": (with_value(1), with_value(True)),
    "0 and false": (with_value(0), with_value(False)),
    "'1' and true": (with_value("1"), with_value(True)),
    "null and absent": (with_value(None), request(free())),
    "null and 'null'": (with_value(None), with_value("null")),
    "empty text and absent": (with_value(""), request(free())),
    "empty array and object": (with_value([]), with_value({})),
    "nesting": (with_value([["a"], ["b"]]), with_value([["a", "b"]])),
    "split of keys": (with_value({"ab": "c"}), with_value({"a": "bc"})),
    "quotes in text": (with_value('a","b'), with_value(["a", "b"])),
    "composed and decomposed": (with_value("\u00e9"), with_value("e\u0301")),
    "dependency": (request(free(), free(after=(1,))), request(free(), free())),
    "unknown dependency": (request(free(after=(7,))), request(free(after=(8,)))),
    "one command more": (request(free()), request(free(), free())),
    "none and one": (request(), request(free())),
    "neighbouring doubles": (with_value(0.1), with_value(0.10000000000000002)),
}


@pytest.mark.parametrize(("left", "right"), PAIRS.values(), ids=PAIRS.keys())
def test_pairs_that_a_careless_encoding_confuses_differ(left: PlanRequest, right: PlanRequest) -> None:
    """Pairs chosen to collide under joined texts, partial hashes or loose types have different digests."""
    assert digest(left) != digest(right)


EQUALS = {
    "order of keys": (with_value({"a": 1, "b": 2}), with_value({"b": 2, "a": 1})),
    "1 and 1.0": (with_value(1), with_value(1.0)),
    "0 and -0.0": (with_value(0), with_value(-0.0)),
    "list and tuple": (with_value([1, 2]), with_value((1, 2))),
    "repeated dependency": (request(free(), free(after=(1, 1))), request(free(), free(after=(1,)))),
    "order of dependencies": (request(free(), free(), free(after=(2, 1, 9))), request(free(), free(), free(after=(9, 1, 2)))),
}


@pytest.mark.parametrize(("left", "right"), EQUALS.values(), ids=EQUALS.keys())
def test_what_has_one_canonical_form_has_one_plan(left: PlanRequest, right: PlanRequest) -> None:
    """Requests with the same canonical bytes give the same id, and texts that are the same to the letter."""
    one, two = (ENGINE.create_session(asked, 1).snapshot() for asked in (left, right))
    assert one.session == two.session
    assert json.dumps(one.to_json()) == json.dumps(two.to_json())


def test_the_ordinal_separates_equal_contents() -> None:
    """The same contents under two ordinals have two ids and one digest."""
    one, two = (session(free(), ordinal=ordinal).snapshot() for ordinal in (1, 2))
    assert one.session != two.session
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("ordinal", "ending"), [(1, "-001"), (42, "-042"), (999, "-999"), (1000, "-1000"), (2**53 - 1, f"-{2**53 - 1}")]
)
def test_the_ordinal_is_padded_to_three_digits(ordinal: int, ending: str) -> None:
    """The id ends with the ordinal, at least three digits wide and never cut."""
    made = session(ordinal=ordinal).id()
    assert made.value.endswith(ending)
    assert re.fullmatch(r"session-[0-9a-f]{64}-[0-9]{3,}", made.value)
    assert SessionId.parse(str(made)) == made


def test_replaying_calls_gives_the_same_ids() -> None:
    """A sequence of calls gives the same sequence of ids each time."""
    calls = [(request(), 1), (mixed_request(), 2), (request(free()), 3), (request(), 4)]
    first, second = ([ENGINE.create_session(*call).id() for call in calls] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(calls)


def test_an_empty_plan_differs_under_another_catalog() -> None:
    """The catalog takes part in the contents, even where it judged nothing."""
    other = CommandCatalog((CommandRule("free"),))
    assert BatchEngine(other).create_session(request(), 1).id() != session().id()


def test_the_digest_is_that_of_the_specified_contents() -> None:
    """The digest can be worked out from the specification alone."""
    plan = session(free(inputs=("a",), parameters={"value": 1.0}), free(after=(1, 1)), parameters={"p": [True]}).snapshot()
    shared: dict[str, Any] = {"kind": "free", "outputs": [], "state": "Planned", "rejections": []}
    jobs: list[dict[str, Any]] = [
        {"number": 1, "inputs": ["a"], "parameters": {"value": 1}, "depends_on": [], **shared},
        {"number": 2, "inputs": [], "parameters": {}, "depends_on": [1], **shared},
    ]
    contents: dict[str, Any] = {
        "schema": "batch_plan.v1",
        "catalog_digest": CATALOG.digest,
        "parameters": {"p": [True]},
        "jobs": jobs,
    }
    assert plan.digest == hashlib.sha256(rfc8785.dumps(contents)).hexdigest()
    assert plan.session.value == f"session-{plan.digest}-001"


@pytest.mark.parametrize(
    "change",
    [
        ParameterRule("p", "string"),
        ParameterRule("p", "integer", required=True),
        ParameterRule("p", "integer", minimum=1),
        ParameterRule("p", "integer", maximum=1),
        ParameterRule("p", "integer", allowed=(1,)),
        ParameterRule("q", "integer"),
    ],
    ids=["type", "required", "minimum", "maximum", "allowed", "name"],
)
def test_every_field_of_a_rule_takes_part_in_the_digest_of_the_catalog(change: ParameterRule) -> None:
    """Two catalogs that could judge differently have different digests."""
    kept = CommandCatalog((CommandRule("k", (ParameterRule("p", "integer"),)),))
    assert CommandCatalog((CommandRule("k", (change,)),)).digest != kept.digest


def test_the_order_of_rules_does_not_matter() -> None:
    """Catalogs that hold the same rules in another order are equal and have one digest."""
    rules = (CommandRule("a", (ParameterRule("p", "any"), ParameterRule("q", "any"))), CommandRule("b"))
    turned = (CommandRule("b"), CommandRule("a", (ParameterRule("q", "any"), ParameterRule("p", "any"))))
    assert CommandCatalog(rules) == CommandCatalog(turned)
    assert CommandCatalog(rules).digest == CommandCatalog(turned).digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "session-",
        "session-2026-01-30-001",
        f"session-{HEX}",
        f"session-{HEX}-01",
        f"session-{HEX}-001\n",
        f" session-{HEX}-001",
        f"session-{HEX.upper()}-001",
        f"session-{HEX[1:]}-001",
        f"session-{HEX}-\u0661\u0661\u0661",
        f"session-{HEX}-001/job-001",
    ],
)
def test_parse_refuses_what_is_no_session_id(text: str) -> None:
    """Text from outside that is not an id is refused with the place named."""
    with pytest.raises(PlanInputError) as caught:
        SessionId.parse(text)
    assert caught.value.pointer == "/session"


@pytest.mark.parametrize("text", ["", "job-1", "job-01", "job-001\n", "job--001", "Job-001", "001"])
def test_a_job_id_has_one_form(text: str) -> None:
    """Text that is not a job id is refused."""
    with pytest.raises(PlanInputError):
        JobId(text)


def test_ids_show_themselves() -> None:
    """The text of an id is its value; of a job with its session, both; the short form is for reading only."""
    made = SessionId(f"session-{HEX}-007")
    assert str(SessionJobId(made, JobId("job-012"))) == f"session-{HEX}-007/job-012"
    assert made.short == "session-0123456789ab-007"
    with pytest.raises(PlanInputError):
        SessionId.parse(made.short)


@given(st.integers(1, 30), requests)
@settings(max_examples=30, deadline=None)
def test_jobs_are_numbered_without_holes(extra: int, asked: PlanRequest) -> None:
    """Job ids are the positions of the commands, rejected ones included."""
    many = replace(asked, commands=asked.commands + tuple(JobCommand("nothing", (), (), {}, ()) for _ in range(extra)))
    made = ENGINE.create_session(many, 1)
    assert [job.id.job.value for job in made.jobs()] == [f"job-{number:03d}" for number in range(1, len(many.commands) + 1)]
    assert {job.id.session for job in made.jobs()} == {made.id()}


def test_numbers_past_three_digits_are_not_cut() -> None:
    """The thousandth job has four digits."""
    assert session(*(free() for _ in range(1000))).jobs()[-1].id.job == JobId("job-1000")
