"""What planning refuses, where it says the fault lies, and where the limits are (planning section 5)."""

from __future__ import annotations

import copy
from collections import OrderedDict, UserString
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

import pytest

from buttress_runtime.planning import (
    BatchEngine,
    CommandCatalog,
    CommandRule,
    JobCommand,
    ParameterRule,
    PlanInputError,
    PlanningError,
    PlanRequest,
    PlanTooLarge,
    canonical_bytes,
)
from tests.planning.support import CATALOG, free, plan_bytes, request, session

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINE = BatchEngine(CATALOG)


def nested(levels: int, leaf: object = None) -> dict[str, Any]:
    """Nest objects that many levels deep."""
    value: Any = {} if leaf is None else {"leaf": leaf}
    for _ in range(levels - 1):
        value = {"k": value}
    return dict(value)


def endless() -> dict[str, Any]:
    """Write an object that holds itself."""
    value: dict[str, Any] = {}
    value["self"] = value
    return value


BAD_VALUES = {
    "nan": (float("nan"), ""),
    "infinity": (float("inf"), ""),
    "minus infinity": (float("-inf"), ""),
    "large integer": (2**53, ""),
    "small integer": (-(2**53), ""),
    "huge integer": (10**5000, ""),
    "lone surrogate": ("a\ud800", ""),
    "lone surrogate in a key": ({"\udfff": 1}, ""),
    "nul": ("a\x00b", ""),
    "nul in a key": ({"\x00": 1}, ""),
    "key is a number": ({1: 2}, ""),
    "key is none": ({None: 2}, ""),
    "bytes": (b"x", ""),
    "set": ({1}, ""),
    "object": (object(), ""),
    "class": (int, ""),
    "complex": (1j, ""),
    "user string": (UserString("x"), ""),
    "generator": (iter(()), ""),
    "inside an array": ([1, [float("nan")]], "/1/0"),
    "inside an object": ({"a/b": {"~": 2**60}}, "/a~1b/~0"),
    "too deep": (nested(64), "/k" * 63),
    "endless": (endless(), "/self" * 63),
}


@pytest.mark.parametrize(("value", "place"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_a_value_without_canonical_form_is_refused_at_its_place(value: object, place: str) -> None:
    """The error points at the value, from the root of the request, in parameters of commands and of the request."""
    for asked, start in [
        (request(parameters={"x": value}), "/parameters/x"),
        (request(free(), free(parameters={"x": value})), "/commands/1/parameters/x"),
    ]:
        with pytest.raises(PlanInputError) as caught:
            ENGINE.create_session(asked, 1)
        assert caught.value.pointer == start + place
        assert caught.value.reason
        assert str(caught.value).encode()


def command(**changed: object) -> PlanRequest:
    """Write a request of one command with some fields wrong."""
    parts: dict[str, Any] = {"kind": "free", "inputs": (), "outputs": (), "parameters": {}, "depends_on": (), **changed}
    return request(JobCommand(**parts))


BAD_SHAPES: dict[str, tuple[Any, str]] = {
    "no request": (None, ""),
    "a dict as request": ({"commands": [], "parameters": {}}, ""),
    "commands are text": (PlanRequest("ab", {}), "/commands"),  # type: ignore[arg-type]
    "commands are an iterator": (PlanRequest(iter(()), {}), "/commands"),  # type: ignore[arg-type]
    "a command is a dict": (PlanRequest(({},), {}), "/commands/0"),  # type: ignore[arg-type]
    "parameters are an array": (PlanRequest((), []), "/parameters"),  # type: ignore[arg-type]
    "parameters are none": (PlanRequest((), None), "/parameters"),  # type: ignore[arg-type]
    "kind": (command(kind=1), "/commands/0/kind"),
    "kind with nul": (command(kind="\x00"), "/commands/0/kind"),
    "inputs are text": (command(inputs="abc"), "/commands/0/inputs"),
    "an input": (command(inputs=("a", 1)), "/commands/0/inputs/1"),
    "an output": (command(outputs=(b"a",)), "/commands/0/outputs/0"),
    "an output with a surrogate": (command(outputs=("\ud800",)), "/commands/0/outputs/0"),
    "command parameters": (command(parameters="{}"), "/commands/0/parameters"),
    "dependencies": (command(depends_on=1), "/commands/0/depends_on"),
    "a dependency is true": (command(depends_on=(True,)), "/commands/0/depends_on/0"),
    "a dependency is a float": (command(depends_on=(1, 1.0)), "/commands/0/depends_on/1"),
    "a dependency is a job id": (command(depends_on=("job-001",)), "/commands/0/depends_on/0"),
    "a dependency is huge": (command(depends_on=(2**53,)), "/commands/0/depends_on/0"),
}


@pytest.mark.parametrize(("asked", "pointer"), BAD_SHAPES.values(), ids=BAD_SHAPES.keys())
def test_a_request_of_the_wrong_shape_is_refused_at_its_place(asked: PlanRequest, pointer: str) -> None:
    """What is no verdict but a wrong type raises, and the pointer says where."""
    with pytest.raises(PlanInputError) as caught:
        ENGINE.create_session(asked, 1)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("ordinal", [None, True, False, 0, -1, 1.0, "1", 2**53, float("nan"), Ellipsis], ids=repr)
def test_an_ordinal_is_a_whole_number_of_one_or_more(ordinal: int) -> None:
    """Everything else is refused at /ordinal."""
    with pytest.raises(PlanInputError) as caught:
        ENGINE.create_session(request(), ordinal)
    assert caught.value.pointer == "/ordinal"


def test_an_ordinal_is_never_left_out() -> None:
    """There is no default: a call without an ordinal is no call (P7-15)."""
    with pytest.raises(TypeError):
        ENGINE.create_session(request())  # type: ignore[call-arg]


@pytest.mark.parametrize("leaf", [None, "text", 1], ids=["empty object", "text", "number"])
def test_sixty_four_levels_are_legal(leaf: object) -> None:
    """Containers may nest 64 deep, the parameters themselves being the first; one more is refused."""
    assert ENGINE.create_session(request(free(parameters={"value": nested(63, leaf)}), parameters=nested(64, leaf)), 1).jobs()
    with pytest.raises(PlanInputError):
        ENGINE.create_session(request(parameters=nested(65, leaf)), 1)


@pytest.mark.parametrize(
    "value",
    [2**53 - 1, -(2**53) + 1, 2.0**53, 1e21, 1.7976931348623157e308, 5e-324, -0.0, "", [], {}, None, "\x7f\ufeff"],
    ids=repr,
)
def test_extreme_values_are_legal(value: object) -> None:
    """The edges of what canonical JSON can say are part of a plan."""
    plan = session(free(parameters={"value": value})).snapshot()
    assert plan.planned == 1
    assert plan.to_json()["jobs"][0]["parameters"]["value"] == value  # type: ignore[index, call-overload]


class Level(IntEnum):
    LOW = 1


class Mode(StrEnum):
    FAST = "fast"


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "LOUD"


def test_subclasses_become_plain_values() -> None:
    """Enums, ordered dicts, named texts: a plan holds the plain value, whatever the subclass makes of it."""
    odd = {"value": OrderedDict([(Loud("k"), [Level.LOW, Mode.FAST, Loud("quiet")])])}
    even = {"value": {"k": [1, "fast", "quiet"]}}
    one, two = session(free(parameters=odd)).snapshot(), session(free(parameters=even)).snapshot()
    assert plan_bytes(one) == plan_bytes(two)
    held: Any = one.jobs[0].parameters["value"]["k"]  # type: ignore[index, call-overload]
    assert [type(item) for item in held] == [int, str, str]


def test_parameters_of_a_plan_can_be_planned_again() -> None:
    """The frozen tree of a plan is legal input."""
    plan = session(parameters={"a": {"b": [1]}}).snapshot()
    assert session(parameters=plan.parameters).snapshot() == plan


def test_an_empty_request_is_legal() -> None:
    """A session without commands is a session."""
    plan = session().snapshot()
    assert (plan.jobs, plan.order, plan.planned, plan.rejected) == ((), (), 0, 0)


def filled(size: int) -> JobCommand:
    """Write a command of exactly that many canonical bytes."""
    empty = len(canonical_bytes({"kind": "free", "inputs": [], "outputs": [], "parameters": {"value": ""}, "depends_on": []}))
    return free(parameters={"value": "x" * (size - empty)})


def test_the_limit_of_a_command_is_64_kib_of_canonical_bytes() -> None:
    """The limit itself is legal, a byte more is not, and the error gives both numbers."""
    assert session(filled(65_536)).snapshot().planned == 1
    with pytest.raises(PlanTooLarge) as caught:
        session(free(), filled(65_537))
    assert (caught.value.limit, caught.value.actual, caught.value.pointer) == (65_536, 65_537, "/commands/1")


def test_escapes_count_as_canonical_bytes() -> None:
    """Sizes are those of the canonical form, not of the text in memory."""
    with pytest.raises(PlanTooLarge):
        session(free(parameters={"value": "\x01" * 12_000}))
    assert session(free(parameters={"value": "\x7f" * 60_000})).snapshot().planned == 1


def test_the_limit_of_a_request_is_16_mib_of_canonical_bytes() -> None:
    """A request of parts that are each legal is measured as a whole, to the byte."""
    limit = 16 * 1024 * 1024
    frame = len(canonical_bytes({"commands": [], "parameters": {"p": ""}}))
    parts = 255
    padding = "x" * (limit - frame - parts * 65_536 - (parts - 1))
    same = filled(65_536)
    assert ENGINE.create_session(request(*[same] * parts, parameters={"p": padding}), 1).snapshot().planned == parts
    with pytest.raises(PlanTooLarge) as caught:
        ENGINE.create_session(request(*[same] * parts, parameters={"p": padding + "x"}), 1)
    assert (caught.value.limit, caught.value.actual) == (limit, limit + 1)


def test_the_limit_of_commands_is_ten_thousand() -> None:
    """The count is looked at before any command is."""
    with pytest.raises(PlanTooLarge) as caught:
        ENGINE.create_session(PlanRequest((None,) * 10_001, {}), 1)  # type: ignore[arg-type]
    assert (caught.value.limit, caught.value.actual) == (10_000, 10_001)
    assert len(session(*[free()] * 10_000).jobs()) == 10_000


def doubled(levels: int) -> list[object]:
    """Write a value that holds itself ten times at each level."""
    value: list[object] = []
    for _ in range(levels):
        value = [value] * 10
    return value


LONG = "x" * 60_000
BOMBS = {
    "arrays": free(parameters={"value": doubled(40)}),
    "texts": free(parameters={"value": [LONG] * 1_000_000}),
    "inputs": free(inputs=(LONG,) * 1_000_000),
    "outputs": free(outputs=(LONG,) * 1_000_000),
    "keys": free(parameters={"value": [{LONG: 1}] * 1_000_000}),
    "dependencies": free(after=(1,) * 1_000_000),
}


@pytest.mark.parametrize("asked", BOMBS.values(), ids=BOMBS.keys())
def test_shared_references_do_not_grow_without_bound(asked: JobCommand) -> None:
    """A small value that refers to itself many times over is refused as too large, and quickly."""
    with pytest.raises(PlanTooLarge) as caught:
        session(free(), asked)
    assert caught.value.actual > caught.value.limit
    assert caught.value.pointer == "/commands/1"


def test_messages_never_repeat_the_request() -> None:
    """A long name or value is cut in every message."""
    with pytest.raises(PlanInputError) as caught:
        session(free(parameters={"k" * 100_000: float("nan")}))
    assert len(str(caught.value)) < 400


BAD_CATALOGS: dict[str, Any] = {
    "no rules": lambda: CommandCatalog((1,)),  # type: ignore[arg-type]
    "a kind twice": lambda: CommandCatalog((CommandRule("a"), CommandRule("b"), CommandRule("a"))),
    "a parameter twice": lambda: CommandRule("a", (ParameterRule("p", "any"), ParameterRule("p", "string"))),
    "no parameter rule": lambda: CommandRule("a", ("p",)),  # type: ignore[arg-type]
    "empty kind": lambda: CommandRule(""),
    "kind is a number": lambda: CommandRule(1),  # type: ignore[arg-type]
    "negative inputs": lambda: CommandRule("a", min_inputs=-1),
    "true inputs": lambda: CommandRule("a", max_inputs=True),
    "no minimum": lambda: CommandRule("a", min_inputs=None),  # type: ignore[arg-type]
    "inputs turned round": lambda: CommandRule("a", min_inputs=2, max_inputs=1),
    "outputs turned round": lambda: CommandRule("a", min_outputs=1, max_outputs=0),
    "huge outputs": lambda: CommandRule("a", max_outputs=2**53),
    "unknown type": lambda: ParameterRule("p", "text"),  # type: ignore[arg-type]
    "empty name": lambda: ParameterRule("", "any"),
    "required is no truth value": lambda: ParameterRule("p", "any", required=1),  # type: ignore[arg-type]
    "allowed is text": lambda: ParameterRule("p", "any", allowed="ab"),  # type: ignore[arg-type]
    "allowed holds an array": lambda: ParameterRule("p", "any", allowed=([],)),  # type: ignore[arg-type]
    "allowed holds nan": lambda: ParameterRule("p", "any", allowed=(float("nan"),)),
    "minimum is text": lambda: ParameterRule("p", "number", minimum="1"),  # type: ignore[arg-type]
    "minimum is true": lambda: ParameterRule("p", "number", minimum=True),
    "minimum is infinite": lambda: ParameterRule("p", "number", minimum=float("-inf")),
    "range of text": lambda: ParameterRule("p", "string", maximum=1),
    "range turned round": lambda: ParameterRule("p", "number", minimum=2, maximum=1),
    "engine without catalog": lambda: BatchEngine(None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("make", BAD_CATALOGS.values(), ids=BAD_CATALOGS.keys())
def test_a_catalog_that_makes_no_sense_is_refused(make: Callable[[], object]) -> None:
    """A fault in the configuration shows when it is written, not when it is used."""
    with pytest.raises(PlanInputError) as caught:
        make()
    assert caught.value.pointer.startswith("/")


def test_errors_have_one_base_and_survive_copying() -> None:
    """All errors derive from PlanningError, which is a ValueError, and can be handed to another process."""
    errors: list[PlanningError] = []
    for asked in (request(parameters={"x": float("nan")}), request(*[free()] * 10_001)):
        with pytest.raises(PlanningError) as caught:
            ENGINE.create_session(asked, 1)
        errors.append(caught.value)
    assert issubclass(PlanningError, ValueError)
    assert all(error.hint for error in errors)
    assert [str(copy.copy(error)) for error in errors] == [str(error) for error in errors]
