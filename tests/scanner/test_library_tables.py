"""The tables about responses, handlers and tests speak of things that exist, as far as the libraries are at hand."""

from __future__ import annotations

import importlib
from http import HTTPStatus

import pytest

from buttress_scanner.program.handling import handling
from buttress_scanner.program.hygiene import hygiene, within
from buttress_scanner.program.responses import responses

AT_HAND = {
    "asyncio", "builtins", "contextlib", "dataclasses", "datetime", "http", "json", "logging", "os", "pytest", "queue",
    "subprocess", "sys", "threading", "time", "traceback", "typing", "unittest",
}  # fmt: skip
NOT_EVERYWHERE = {"sys.last_value"}
"""What Python sets when something has gone wrong only."""


def named() -> list[str]:
    """Every dotted path of the tables that speaks of a library at hand."""
    known, tests, answers = handling(), hygiene(), responses()
    paths = {
        *known.traceback, *known.raising, *known.traceback_text, *known.current, *known.looks, *known.quiet,
        *tests.sleeps, *tests.commands, *tests.skips, *tests.patchers, *tests.assertions.functions, *tests.assertions.static,
        *tests.sources, *answers.makers, *answers.fixed,
    }  # fmt: skip
    return sorted(
        p for p in paths if p.partition(".")[0] in AT_HAND and not p.startswith("pytest.mark.") and p not in NOT_EVERYWHERE
    )


def exists(path: str) -> bool:
    """Whether a path leads somewhere: the longest prefix that can be imported, then attributes."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for name in parts[length:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@pytest.mark.parametrize("path", named())
def test_the_path_exists(path: str) -> None:
    """A path that no library has would make a rule that never applies."""
    assert exists(path)


@pytest.mark.parametrize("path", ["logging.excepted", "unittest.TestCase.skipNever", "nowhere.at.all"])
def test_a_wrong_path_is_noticed(path: str) -> None:
    """The check itself can fail."""
    assert not exists(path)


@pytest.mark.parametrize("status", list(HTTPStatus), ids=lambda status: status.name)
def test_names_of_statuses_are_read(status: HTTPStatus) -> None:
    """Every name of the standard library's enum stands for its number."""
    assert responses().status_of(f"http.HTTPStatus.{status.name}") == status.value


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("fastapi.status.HTTP_404_NOT_FOUND", 404),
        ("falcon.HTTP_503", 503),
        ("httpx.codes.BAD_GATEWAY", 502),
        ("fastapi.status.HTTP_ABC", None),
        ("app.status.HTTP_500_INTERNAL_SERVER_ERROR", None),
    ],
)
def test_statuses_of_libraries(path: str, status: int | None) -> None:
    """Only the modules of the tables name statuses."""
    assert responses().status_of(path) == status


@pytest.mark.parametrize(
    ("path", "inside"),
    [("mock", True), ("mock.patch", True), ("mockery.patch", False), ("unittest.mock.Mock", True), ("unittest", False)],
)
def test_packages_end_at_dots(path: str, inside: bool) -> None:
    """A package whose name merely begins alike is another one."""
    assert within(path, hygiene().mocks) is inside
