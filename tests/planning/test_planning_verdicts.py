"""Verdicts: one case for each rule, and what rules do together (planning section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress_runtime.planning import (
    RULES,
    BatchEngine,
    CommandCatalog,
    CommandRule,
    JobId,
    JobState,
    ParameterRule,
    PlanInputError,
    Rejection,
)
from buttress_runtime.planning._graph import components, ordered
from tests.planning.strategies import requests
from tests.planning.support import CATALOG, copy_command, free, request, session

if TYPE_CHECKING:
    from buttress_runtime.planning import JobCommand, PlanRequest

Faults = list[tuple[str, str]]
"""Rule and pointer of each rejection."""


def faults(*commands: JobCommand) -> list[Faults]:
    """Plan commands and give the rejections of each."""
    return [[(fault.rule, fault.pointer) for fault in job.rejections] for job in session(*commands).snapshot().jobs]


ONE_COMMAND: dict[str, tuple[JobCommand, Faults]] = {
    "planned": (copy_command(), []),
    "planned with everything": (copy_command(level=9, ratio=-1e300, force=False, tags=[], extra={}), []),
    "unknown-kind": (free(kind="fly"), [("unknown-kind", "/kind")]),
    "unknown-kind, empty": (free(kind=""), [("unknown-kind", "/kind")]),
    "unknown-kind judges no parameters": (free(kind="fly", parameters={"a": 1}), [("unknown-kind", "/kind")]),
    "missing-parameter": (free(kind="copy", inputs=("a",), outputs=("b",)), [("missing-parameter", "/parameters/mode")]),
    "unknown-parameter": (copy_command(speed=1), [("unknown-parameter", "/parameters/speed")]),
    "unknown-parameter, escaped": (free(parameters={"a/b~c": 1}), [("unknown-parameter", "/parameters/a~1b~0c")]),
    "invalid-parameter, value": (copy_command(mode="slow"), [("invalid-parameter", "/parameters/mode")]),
    "invalid-parameter, type": (copy_command(mode=1), [("invalid-parameter", "/parameters/mode")]),
    "invalid-parameter, null": (copy_command(level=None), [("invalid-parameter", "/parameters/level")]),
    "invalid-parameter, true is no integer": (copy_command(level=True), [("invalid-parameter", "/parameters/level")]),
    "invalid-parameter, 1 is no boolean": (copy_command(force=1), [("invalid-parameter", "/parameters/force")]),
    "invalid-parameter, fraction": (copy_command(level=1.5), [("invalid-parameter", "/parameters/level")]),
    "1.0 is an integer": (copy_command(level=1.0), []),
    "invalid-parameter, below": (copy_command(level=-1), [("invalid-parameter", "/parameters/level")]),
    "invalid-parameter, above": (copy_command(level=10), [("invalid-parameter", "/parameters/level")]),
    "invalid-parameter, number above": (copy_command(ratio=1.0000001), [("invalid-parameter", "/parameters/ratio")]),
    "invalid-parameter, array": (copy_command(tags={}), [("invalid-parameter", "/parameters/tags")]),
    "invalid-parameter, object": (copy_command(extra=[]), [("invalid-parameter", "/parameters/extra")]),
    "input-count, few": (copy_command(inputs=()), [("input-count", "/inputs")]),
    "input-count, many": (copy_command(inputs=("a", "b", "c")), [("input-count", "/inputs")]),
    "output-count, few": (copy_command(outputs=()), [("output-count", "/outputs")]),
    "output-count, many": (copy_command(outputs=("a", "b")), [("output-count", "/outputs")]),
    "empty-path, input": (copy_command(inputs=("a", "")), [("empty-path", "/inputs/1")]),
    "empty-path, output": (copy_command(outputs=("",)), [("empty-path", "/outputs/0")]),
    "duplicate-output in one command": (free(outputs=("a", "b", "a")), [("duplicate-output", "/outputs/2")]),
    "same path in and out": (copy_command(inputs=("a",), outputs=("a",)), []),
    "unknown-dependency, above": (free(after=(2,)), [("unknown-dependency", "/depends_on/0")]),
    "unknown-dependency, zero": (free(after=(0,)), [("unknown-dependency", "/depends_on/0")]),
    "unknown-dependency, negative": (free(after=(-1,)), [("unknown-dependency", "/depends_on/0")]),
    "self-dependency": (free(after=(1,)), [("self-dependency", "/depends_on/0")]),
    "all at once, in the order of the table": (
        copy_command(mode="slow", inputs=(), outputs=("", "x", "x"), level="1", zeal=1, after=(1, 5)),
        [
            ("unknown-parameter", "/parameters/zeal"),
            ("invalid-parameter", "/parameters/level"),
            ("invalid-parameter", "/parameters/mode"),
            ("input-count", "/inputs"),
            ("output-count", "/outputs"),
            ("empty-path", "/outputs/0"),
            ("duplicate-output", "/outputs/2"),
            ("unknown-dependency", "/depends_on/1"),
            ("self-dependency", "/depends_on/0"),
        ],
    ),
}


@pytest.mark.parametrize(("command", "expected"), ONE_COMMAND.values(), ids=ONE_COMMAND.keys())
def test_one_command_is_judged_by_every_rule(command: JobCommand, expected: Faults) -> None:
    """A command gets all its rejections, in the order of the table, each pointing at its place in the command."""
    assert faults(command) == [expected]


def cycle(*pointers: int) -> Faults:
    """Name rejections for a cycle."""
    return [("dependency-cycle", f"/depends_on/{pointer}") for pointer in pointers]


def follows(*pointers: int) -> Faults:
    """Name rejections for a rejected dependency."""
    return [("dependency-rejected", f"/depends_on/{pointer}") for pointer in pointers]


SELF: Faults = [("self-dependency", "/depends_on/0")]
BAD: Faults = [("unknown-kind", "/kind")]
SEVERAL: dict[str, tuple[tuple[JobCommand, ...], list[Faults]]] = {
    "duplicate-output: the later one": (
        (free(outputs=("x",)), free(outputs=("y", "x")), free(outputs=("x",))),
        [[], [("duplicate-output", "/outputs/1")], [("duplicate-output", "/outputs/0")]],
    ),
    "duplicate-output: outputs of rejected jobs count": (
        (free(kind="fly", outputs=("x",)), free(outputs=("x",))),
        [BAD, [("duplicate-output", "/outputs/0")]],
    ),
    "cycle of two": ((free(after=(2,)), free(after=(1,))), [cycle(0), cycle(0)]),
    "cycle of four beside a planned job": (
        (free(after=(2,)), free(after=(3,)), free(after=(4,)), free(after=(1, 5)), free()),
        [cycle(0), cycle(0), cycle(0), cycle(0), []],
    ),
    "two cycles sharing a job": ((free(after=(2,)), free(after=(1, 3)), free(after=(2,))), [cycle(0), cycle(0), cycle(0)]),
    "a job between two cycles is in none": (
        (free(after=(2,)), free(after=(1,)), free(after=(1,)), free(after=(3, 5)), free(after=(4,))),
        [cycle(0), cycle(0), follows(0), cycle(1) + follows(0), [*cycle(0), ("dependency-rejected", "/depends_on")]],
    ),
    "self-dependency excludes dependency-cycle": ((free(after=(1, 2)), free(after=(1,))), [SELF, cycle(0)]),
    "rejection goes through three levels": (
        (free(after=(2,)), free(after=(3,)), free(after=(4,)), free(kind="fly")),
        [follows(0), follows(0), follows(0), BAD],
    ),
    "rejection goes forward as well": (
        (free(kind="fly"), free(after=(1,)), free(after=(2,)), free()),
        [BAD, follows(0), follows(0), []],
    ),
    "every rejected dependency is named": ((free(kind="fly"), free(kind="fly"), free(after=(1, 2))), [BAD, BAD, follows(0, 1)]),
    "own faults and a rejected dependency": ((free(kind="fly"), free(kind="fly", after=(1,))), [BAD, BAD + follows(0)]),
    "dependent on a cycle": ((free(after=(2,)), free(after=(1,)), free(after=(2,))), [cycle(0), cycle(0), follows(0)]),
    "dependent on a self-dependency": ((free(after=(1,)), free(after=(1,))), [SELF, follows(0)]),
    "cycle member with own fault": ((free(kind="fly", after=(2,)), free(after=(1,))), [BAD + cycle(0), cycle(0)]),
    "duplicate and dependency": (
        (free(outputs=("x",)), free(outputs=("x",), after=(1,)), free(after=(2,))),
        [[], [("duplicate-output", "/outputs/0")], follows(0)],
    ),
}


@pytest.mark.parametrize(("commands", "expected"), SEVERAL.values(), ids=SEVERAL.keys())
def test_commands_are_judged_together(commands: tuple[JobCommand, ...], expected: list[Faults]) -> None:
    """Outputs and dependencies are judged over the whole request, and rejection spreads to a fixed point."""
    assert faults(*commands) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_every_member_of_a_cycle_is_rejected_for_it(size: int) -> None:
    """A cycle of any length rejects all of its members, and none for depending on the others."""
    ring = tuple(free(after=(number % size + 1,)) for number in range(1, size + 1))
    assert faults(*ring) == [SELF if size == 1 else cycle(0)] * size


def test_a_chain_as_long_as_a_request_may_be_is_judged() -> None:
    """Neither a long chain nor a long cycle runs into a limit of recursion."""
    count = 3_000
    chain = (*(free(after=(number + 1,)) for number in range(1, count)), free())
    assert session(*chain).snapshot().order[0] == JobId(f"job-{count}")
    ring = (*chain[:-1], free(after=(1,)))
    assert session(*ring).snapshot().rejected == count


def test_every_rule_has_a_case() -> None:
    """The tables above reach each rule of the closed list."""
    single = {rule for _, expected in ONE_COMMAND.values() for rule, _ in expected}
    joint = {rule for _, several in SEVERAL.values() for expected in several for rule, _ in expected}
    assert single | joint == set(RULES)


def test_a_rejection_names_a_rule_of_the_list() -> None:
    """No rejection can be made for a reason outside of the closed list."""
    with pytest.raises(PlanInputError):
        Rejection("no-such-rule", "", "")  # type: ignore[arg-type]


@given(requests)
@settings(max_examples=80, deadline=None)
def test_a_job_is_planned_exactly_when_it_has_no_rejections(asked: PlanRequest) -> None:
    """States and counts follow from the rejections, and every command is listed (PLAN-5)."""
    plan = BatchEngine(CATALOG).create_session(asked, 1).snapshot()
    assert len(plan.jobs) == len(asked.commands)
    assert [job.state for job in plan.jobs] == [JobState.Rejected if job.rejections else JobState.Planned for job in plan.jobs]
    assert [plan.planned, plan.rejected] == [
        sum(job.state is state for job in plan.jobs) for state in (JobState.Planned, JobState.Rejected)
    ]
    assert all(
        [RULES.index(fault.rule) for fault in job.rejections] == sorted(RULES.index(fault.rule) for fault in job.rejections)
        for job in plan.jobs
    )


@given(requests)
@settings(max_examples=80, deadline=None)
def test_no_planned_job_depends_on_a_rejected_one(asked: PlanRequest) -> None:
    """What is planned can be carried out: all it depends on is planned as well, and comes before it in the order."""
    plan = BatchEngine(CATALOG).create_session(asked, 1).snapshot()
    place = {job: index for index, job in enumerate(plan.order)}
    assert set(place) == {job.id.job for job in plan.planned_jobs()}
    assert all(place[needed.job] < place[job.id.job] for job in plan.planned_jobs() for needed in job.depends_on)


@pytest.mark.parametrize(
    ("after", "order"),
    [
        ([(), (), ()], [1, 2, 3]),
        ([(3,), (), ()], [2, 3, 1]),
        ([(2,), (3,), ()], [3, 2, 1]),
        ([(4,), (), (1,), (), (2,)], [2, 4, 1, 3, 5]),
        ([(5,), (), (), (), ()], [2, 3, 4, 5, 1]),
    ],
    ids=["free", "one waits", "backwards", "a freed job comes before larger numbers", "ties by number"],
)
def test_the_order_takes_the_smallest_number_that_can_come_next(after: list[tuple[int, ...]], order: list[int]) -> None:
    """Ties in the order are broken by job number, at every step."""
    plan = session(*(free(after=needed) for needed in after)).snapshot()
    assert [job.value for job in plan.order] == [f"job-{number:03d}" for number in order]


graphs = st.integers(1, 7).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), max_size=3).map(tuple), min_size=size, max_size=size)
)


@given(graphs)
@settings(max_examples=200, deadline=None)
def test_components_are_the_classes_of_mutual_reach(edges: list[tuple[int, ...]]) -> None:
    """Two nodes share a component exactly when each reaches the other, and what is reached has no larger number."""
    nodes = range(len(edges))
    reach = {node: {node} for node in nodes}
    for _ in nodes:
        reach = {node: reached.union(*(reach[target] for target in edges[node])) for node, reached in reach.items()}
    component = components(tuple(edges))
    for left in nodes:
        for right in reach[left]:
            assert component[right] <= component[left]
            assert (component[left] == component[right]) == (left in reach[right])


@given(graphs)
@settings(max_examples=100, deadline=None)
def test_the_order_is_the_smallest_of_all_orders(edges: list[tuple[int, ...]]) -> None:
    """The order is what a plain search for the smallest number that can come next gives."""
    needed = {node: tuple(target for target in targets if target < node) for node, targets in enumerate(edges)}
    flipped = {-node: tuple(-target for target in targets) for node, targets in needed.items()}
    expected: list[int] = []
    while len(expected) < len(flipped):
        expected.append(min(node for node in flipped if node not in expected and set(flipped[node]) <= set(expected)))
    assert list(ordered(flipped)) == expected


ALLOWED = {
    "1 is not true": ((True,), 1, False),
    "true is true": ((True,), True, True),
    "1 is 1.0": ((1.0,), 1, True),
    "null": ((None,), None, True),
    "no values": ((), None, False),
    "text": (("1",), 1, False),
    "false is not 0": ((0,), False, False),
}


@pytest.mark.parametrize(("allowed", "value", "fits"), ALLOWED.values(), ids=ALLOWED.keys())
def test_allowed_values_are_compared_as_json(
    allowed: tuple[bool | float | str | None, ...], value: object, *, fits: bool
) -> None:
    """A value is allowed when it is the same JSON value, not when Python calls it equal."""
    engine = BatchEngine(CommandCatalog((CommandRule("k", (ParameterRule("p", "any", allowed=allowed),)),)))
    made = engine.create_session(request(free(kind="k", parameters={"p": value})), 1)
    assert (made.snapshot().planned == 1) is fits


def test_messages_are_short_and_name_the_place() -> None:
    """A message shows a long value cut, and never the whole of it."""
    job = session(free(kind="x" * 5000), copy_command(mode="y" * 5000)).snapshot().jobs
    assert all(len(fault.message) < 300 for detail in job for fault in detail.rejections)
