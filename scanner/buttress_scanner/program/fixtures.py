"""What pytest gives to the parameters of tests and fixtures: the fixture of that name, from the nearest place that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.program.classes import members
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.values import Const, External, Function, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Unit

LIBRARY = {
    **dict.fromkeys(("mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"), "pytest_mock.MockerFixture"),
    "requests_mock": "requests_mock.Mocker",
    "httpx_mock": "pytest_httpx.HTTPXMock",
    "respx_mock": "respx.MockRouter",
    "monkeypatch": "pytest.MonkeyPatch",
    "freezer": "freezegun.api.FrozenDateTimeFactory",
    "time_machine": "time_machine.TimeMachineFixture",
}
"""Fixtures that pytest and its plug-ins bring, as the classes of what they give."""
_MAKERS = ("pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture")


def given_by_fixture(engine: Engine, frame: Frame, name: str) -> list[Value]:
    """What a parameter of a test or fixture is, if a fixture of the program has its name; nothing for other functions."""
    if not _is_collected(engine, frame):
        return []
    functions = next((found for found in _places(engine, frame, name) if found), [])
    if not functions and name in LIBRARY:
        return [engine.make(Object, LIBRARY[name])]
    return [v for function in functions if function.body is not frame.body for v in _made_by(engine, function)]


def _is_collected(engine: Engine, frame: Frame) -> bool:
    """Whether pytest calls the function: a test of a test module, or a fixture."""
    module = frame.unit.name.rpartition(".")[2]
    is_test = frame.body.name.startswith("test") and (module.startswith("test_") or module.endswith("_test"))
    return is_test or _name(engine, _around(frame), frame.body) is not None


def _around(frame: Frame) -> Frame:
    """The frame in which the function was defined."""
    if frame.owner is not None:
        owner: Frame = frame.owner.frame
        return owner
    return frame.closure if frame.closure is not None else frame.unit.frame


def _places(engine: Engine, frame: Frame, name: str) -> Iterator[list[Function]]:
    """The fixtures of that name in the class of a test, in its module, and in the `conftest` modules above it."""
    if frame.owner is not None:
        found = members(engine, frame.owner, name)
        yield _fixtures(engine, found[1] if found is not None else [], name)
    yield _in_module(engine, frame.unit, name)
    parts = frame.unit.name.split(".")
    for length in range(len(parts) - 1, -1, -1):
        unit = engine.modules.get(".".join([*parts[:length], "conftest"]))
        if unit is not None:
            yield _in_module(engine, unit, name)


def _in_module(engine: Engine, unit: Unit, name: str) -> list[Function]:
    under_another = [
        body.name
        for body in unit.facts.bodies
        if body.parent == 0 and body.kind == "function" and body.decorators and _name(engine, unit.frame, body) == name
    ]
    values = [v for known in dict.fromkeys([name, *under_another]) for v in module_member(engine, unit, known)]
    return _fixtures(engine, values, name)


def _fixtures(engine: Engine, values: list[Value], name: str) -> list[Function]:
    functions = [v for v in values if isinstance(v, Function)]
    return [f for f in functions if _name(engine, _around(engine.generic_frame(f)), f.body) == name]


def _name(engine: Engine, around: Frame, body: Body) -> str | None:
    """Under which name tests ask for the fixture; None for what is no fixture."""
    for decorator in body.decorators:
        node = around.body.nodes[decorator]
        callee = node[1] if node[0] == "call" else decorator
        if any(isinstance(v, External) and v.path in _MAKERS for v in engine.read(around, callee)):
            given = (
                [v for key, operand in node[3] if key == "name" for v in engine.read(around, operand)]
                if node[0] == "call"
                else []
            )
            return next((str(v.value) for v in given if isinstance(v, Const)), body.name)
    return None


def _made_by(engine: Engine, function: Function) -> list[Value]:
    """What a fixture returns or yields."""
    frame = engine.generic_frame(function)
    if function.body.is_generator:
        return [v for node in function.body.yields for v in engine.read(frame, node)]
    return engine.result(frame)
