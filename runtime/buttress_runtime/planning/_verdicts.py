"""The verdict on each command: every rule judges, and every reason is kept (planning section 4).

`JUDGES` is the table; its order is the order of the rejections. `dependency-rejected` needs the other verdicts and comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from buttress_runtime.planning._graph import components
from buttress_runtime.planning.frozen import FrozenJson, canonical_bytes, extend, shown
from buttress_runtime.planning.ids import JobId
from buttress_runtime.planning.jobs import Rejection

if TYPE_CHECKING:
    from buttress_runtime.planning._intake import Command
    from buttress_runtime.planning.catalog import CommandCatalog, CommandRule, ParameterRule, ParameterType

_KINDS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """What the rules look at beside the command itself.

    Attributes:
        kinds: The kinds of the catalog.
        count: Number of commands.
        declared: Where each output is declared first: number of the command and index in its outputs.
        component: For each command, its component in the graph of dependencies; what a component depends on has a smaller number.
        members: Number of commands in each component.
    """

    kinds: tuple[str, ...]
    count: int
    declared: Mapping[str, tuple[int, int]]
    component: tuple[int, ...]
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One command to be judged; `rule` is None when the catalog does not know the kind."""

    number: int
    command: Command
    rule: CommandRule | None
    batch: Batch


Judge: TypeAlias = Callable[[Case], Iterator[Rejection]]


def judge(commands: tuple[Command, ...], catalog: CommandCatalog) -> tuple[tuple[Rejection, ...], ...]:
    """Judge all commands of a request.

    Returns:
        For each command its rejections; a command without any is planned.
    """
    batch = _survey(commands, catalog)
    rules = MappingProxyType({rule.kind: rule for rule in catalog.rules})
    cases = tuple(Case(number, command, rules.get(command.kind), batch) for number, command in enumerate(commands, 1))
    own = tuple(tuple(rejection for rule in JUDGES for rejection in rule(case)) for case in cases)
    sick, tainted = _spread(cases, own)
    return tuple((*faults, *_dependency_rejected(case, sick, tainted)) for case, faults in zip(cases, own, strict=True))


def _survey(commands: tuple[Command, ...], catalog: CommandCatalog) -> Batch:
    declared: dict[str, tuple[int, int]] = {}
    for number, command in enumerate(commands, 1):
        for index, path in enumerate(command.outputs):
            declared.setdefault(path, (number, index))
    count = len(commands)
    component = components(tuple(tuple(position - 1 for position in _known(command, count)) for command in commands))
    members = [0] * count
    for number in component:
        members[number] += 1
    return Batch(tuple(rule.kind for rule in catalog.rules), count, MappingProxyType(declared), component, tuple(members))


def _known(command: Command, count: int) -> tuple[int, ...]:
    return tuple(position for position in command.depends_on if 1 <= position <= count)


def _unknown_kind(case: Case) -> Iterator[Rejection]:
    if case.rule is None:
        known = ", ".join(shown(kind) for kind in case.batch.kinds[:_KINDS_SHOWN]) or "none"
        more = ", ..." if len(case.batch.kinds) > _KINDS_SHOWN else ""
        yield Rejection("unknown-kind", f"{shown(case.command.kind)} is no kind of the catalog; known: {known}{more}", "/kind")


def _missing_parameter(case: Case) -> Iterator[Rejection]:
    for rule in case.rule.parameters if case.rule else ():
        if rule.required and rule.name not in case.command.parameters:
            yield Rejection("missing-parameter", f"parameter {shown(rule.name)} is required", extend("/parameters", rule.name))


def _unknown_parameter(case: Case) -> Iterator[Rejection]:
    if case.rule is not None:
        known = frozenset(rule.name for rule in case.rule.parameters)
        for name in case.command.parameters:
            if name not in known:
                message = f"kind {shown(case.rule.kind)} has no parameter {shown(name)}"
                yield Rejection("unknown-parameter", message, extend("/parameters", name))


def _invalid_parameter(case: Case) -> Iterator[Rejection]:
    for rule in case.rule.parameters if case.rule else ():
        if rule.name in case.command.parameters:
            for message in _misfits(rule, case.command.parameters[rule.name]):
                yield Rejection("invalid-parameter", message, extend("/parameters", rule.name))


def _misfits(rule: ParameterRule, value: FrozenJson) -> Iterator[str]:
    if not _FITS[rule.type](value):
        yield f"{shown(value)} is not of type {rule.type}"
        return
    # compared as canonical bytes, because to Python 1 == True
    if rule.allowed is not None and canonical_bytes(value) not in tuple(canonical_bytes(item) for item in rule.allowed):
        yield f"{shown(value)} is not one of {shown(rule.allowed)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if rule.minimum is not None and value < rule.minimum:
            yield f"{shown(value)} is less than {shown(rule.minimum)}"
        if rule.maximum is not None and value > rule.maximum:
            yield f"{shown(value)} is more than {shown(rule.maximum)}"


def _is_number(value: FrozenJson) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: FrozenJson) -> bool:
    return _is_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_FITS: Mapping[ParameterType, Callable[[FrozenJson], bool]] = MappingProxyType(
    {
        "string": lambda value: isinstance(value, str),
        "integer": _is_integer,
        "number": _is_number,
        "boolean": lambda value: isinstance(value, bool),
        "array": lambda value: isinstance(value, tuple),
        "object": lambda value: isinstance(value, MappingProxyType),
        "any": lambda _: True,
    }
)


def _input_count(case: Case) -> Iterator[Rejection]:
    if case.rule is not None and (bound := _outside(len(case.command.inputs), case.rule.min_inputs, case.rule.max_inputs)):
        yield Rejection("input-count", f"{len(case.command.inputs)} inputs, but {bound}", "/inputs")


def _output_count(case: Case) -> Iterator[Rejection]:
    if case.rule is not None and (bound := _outside(len(case.command.outputs), case.rule.min_outputs, case.rule.max_outputs)):
        yield Rejection("output-count", f"{len(case.command.outputs)} outputs, but {bound}", "/outputs")


def _outside(count: int, least: int, most: int | None) -> str:
    if count < least:
        return f"at least {least} needed"
    return f"at most {most} allowed" if most is not None and count > most else ""


def _empty_path(case: Case) -> Iterator[Rejection]:
    for side, paths in (("/inputs", case.command.inputs), ("/outputs", case.command.outputs)):
        for index, path in enumerate(paths):
            if not path:
                yield Rejection("empty-path", "the path is empty", extend(side, index))


def _duplicate_output(case: Case) -> Iterator[Rejection]:
    for index, path in enumerate(case.command.outputs):
        first = case.batch.declared[path]
        if first != (case.number, index):
            message = f"{shown(path)} is already an output of {JobId.numbered(first[0])}"
            yield Rejection("duplicate-output", message, extend("/outputs", index))


def _unknown_dependency(case: Case) -> Iterator[Rejection]:
    for index, position in enumerate(case.command.depends_on):
        if not 1 <= position <= case.batch.count:
            message = f"there is no command {position}; the request has {case.batch.count}, counted from 1"
            yield Rejection("unknown-dependency", message, extend("/depends_on", index))


def _self_dependency(case: Case) -> Iterator[Rejection]:
    for index, position in enumerate(case.command.depends_on):
        if position == case.number:
            yield Rejection("self-dependency", "the command depends on itself", extend("/depends_on", index))


def _dependency_cycle(case: Case) -> Iterator[Rejection]:
    own = case.batch.component[case.number - 1]
    if case.batch.members[own] > 1 and case.number not in case.command.depends_on:
        others = tuple(
            position for position in _known(case.command, case.batch.count) if case.batch.component[position - 1] == own
        )
        message = f"the command depends on itself by way of {JobId.numbered(others[0])}"
        yield Rejection("dependency-cycle", message, extend("/depends_on", case.command.depends_on.index(others[0])))


JUDGES: tuple[Judge, ...] = (
    _unknown_kind,
    _missing_parameter,
    _unknown_parameter,
    _invalid_parameter,
    _input_count,
    _output_count,
    _empty_path,
    _duplicate_output,
    _unknown_dependency,
    _self_dependency,
    _dependency_cycle,
)


def _spread(cases: tuple[Case, ...], own: tuple[tuple[Rejection, ...], ...]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Carry rejection along the dependencies, to a fixed point.

    One pass is enough: components are numbered so that what a component depends on comes before it.

    Returns:
        For each component, whether it has a rejected member, and whether it depends on a rejected job outside of itself.
    """
    outside: list[list[int]] = [[] for _ in cases]
    sick = [False] * len(cases)
    tainted = [False] * len(cases)
    for case, faults in zip(cases, own, strict=True):
        component = case.batch.component[case.number - 1]
        sick[component] = sick[component] or bool(faults)
        targets = (case.batch.component[position - 1] for position in _known(case.command, case.batch.count))
        outside[component].extend(target for target in targets if target != component)
    for component, targets_of in enumerate(outside):
        tainted[component] = any(sick[target] for target in targets_of)
        sick[component] = sick[component] or tainted[component]
    return tuple(sick), tuple(tainted)


def _dependency_rejected(case: Case, sick: tuple[bool, ...], tainted: tuple[bool, ...]) -> Iterator[Rejection]:
    own = case.batch.component[case.number - 1]
    if not tainted[own]:
        return
    direct = False
    for index, position in enumerate(case.command.depends_on):
        if 1 <= position <= case.batch.count and sick[target := case.batch.component[position - 1]] and target != own:
            direct = True
            message = f"depends on {JobId.numbered(position)}, which is rejected"
            yield Rejection("dependency-rejected", message, extend("/depends_on", index))
    if not direct:
        yield Rejection("dependency-rejected", "depends, by way of its cycle, on a job that is rejected", "/depends_on")
