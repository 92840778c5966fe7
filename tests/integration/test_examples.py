"""The examples are true: what they show is what the check says, in both services and in three packages from the index."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from examples import demo
from examples.packages import EXAMPLES, PINS, IndexUnreachable, fetch, pins
from tests.integration.house import ROOT, Outcome, copy_tree, run, tool, tracked_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4}
EXPECTED = EXAMPLES / "expected"
KINDS = {"choke-point", "finally-obligation", "enum-zone", "effect-purity", "import-layers", "signature", "wired"}


class Place(NamedTuple):
    """A line that breaks a contract, as the files of `examples/expected` write it."""

    path: str
    line: int
    contract: str
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.contract}] {self.code}"


class Answer(NamedTuple):
    """What the check says: exit code, the status of each contract, and the places of its findings."""

    code: int
    statuses: Mapping[str, str]
    places: tuple[str, ...]
    errors: list[object]


def checked(folder: Path) -> Answer:
    """Check a program as a user would."""
    outcome = run([tool("buttress"), "check", "--format", "json"], folder)
    report = json.loads(outcome.output)
    places = [Place(found["path"], found["line"], found["contract"], _code(folder, found)) for found in report["findings"]]
    statuses = {contract["id"]: contract["status"] for contract in report["contracts"]}
    return Answer(outcome.code, statuses, tuple(map(str, places)), report["errors"])


def _code(folder: Path, found: Mapping[str, object]) -> str:
    lines = (folder / str(found["path"])).read_text(encoding="utf-8").splitlines()
    return lines[int(str(found["line"])) - 1].strip()


def expected(name: str) -> tuple[str, ...]:
    """Return the places that an example is known to break its contracts at."""
    return tuple((EXPECTED / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def contracts_of(configuration: Path) -> dict[str, str]:
    """Return the kinds of a configuration's contracts by id."""
    return {contract["id"]: contract["kind"] for contract in tomllib.loads(configuration.read_text())["contract"]}


@pytest.fixture
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of an example service, so that running it leaves nothing in the checkout."""
    prefix = f"examples/{request.param}/"
    return copy_tree([name for name in tracked_files() if name.startswith(prefix)], tmp_path) / prefix


def ask(folder: Path, plugin: str, payload: str) -> Outcome:
    """Send one request to an example service."""
    return run([sys.executable, "-m", "app", plugin, payload], folder)


def test_governed_app_keeps_its_contracts() -> None:
    """The service keeps contracts of all kinds, and none of them is vacuous."""
    answer = checked(EXAMPLES / "governed_app")
    assert (answer.code, answer.places, answer.errors) == (0, (), [])
    assert set(answer.statuses.values()) == {"kept"}
    assert set(contracts_of(EXAMPLES / "governed_app/buttress.toml").values()) == KINDS


def test_broken_app_is_found_out() -> None:
    """Each violation of the broken service is reported at its line, and nothing else is."""
    answer = checked(EXAMPLES / "broken_app")
    assert answer.places == expected("broken_app")
    assert (answer.code, answer.errors) == (1, [])
    assert set(contracts_of(EXAMPLES / "broken_app/buttress.toml").values()) == KINDS


def test_broken_app_breaks_the_same_contracts() -> None:
    """Both services make the same promises, so that their reports can be compared."""
    governed, broken = (EXAMPLES / name / "buttress.toml" for name in ("governed_app", "broken_app"))
    assert governed.read_bytes() == broken.read_bytes()


@pytest.mark.parametrize("name", ["governed_app", "broken_app"])
def test_regular_expressions_see_no_difference(name: str) -> None:
    """The usual script passes both services: it is what the broken one was written against."""
    outcome = run([sys.executable, EXAMPLES / "regex_scan.py", EXAMPLES / name], ROOT)
    assert (outcome.code, outcome.output) == (0, "PASSED\n")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("app/api/analysis.py", "self._analysis.execute(", "plugin.run("),
        ("app/plugins/runtime/tool_runner.py", "finally:", "else:"),
        ("app/plugins/validation/input_validator.py", "from ...util.limits", "import time\nfrom ...util.limits"),
    ],
    ids=["plugin run", "finally", "clock"],
)
@pytest.mark.parametrize("service", ["governed_app"], indirect=True)
def test_the_usual_script_can_fail(service: Path, path: str, old: str, new: str) -> None:
    """The script is no dummy: it notices what is written as its author thought it would be."""
    text = (service / path).read_text()
    (service / path).write_text(text.replace(old, new, 1))
    assert run([sys.executable, EXAMPLES / "regex_scan.py", service], ROOT).code == 1


@pytest.mark.parametrize(
    ("plugin", "payload", "code", "answer"),
    [
        ("word-count", '{"text": "to be or not to be"}', 0, '"result": {"top": [["to", 2], ["be", 2], ["or", 1]], "words": 6}'),
        ("png-size", '{"image": "iVBORw0KGgoAAAANSUhEUgAAABAAAAAgCAYAAAAbifjM"}', 0, '"result": {"height": 32, "width": 16}'),
        ("png-size", '{"image": "aGk="}', 1, '"type": "ExecutionError"'),
        ("word-count", "{}", 1, '"type": "ValidationError"'),
        ("nobody", "{}", 1, '"type": "PluginError"'),
        ("word-count", "[", 1, "the body is no JSON"),
    ],
    ids=["words", "image", "plugin raises", "payload lacks a member", "no such plugin", "no JSON"],
)
@pytest.mark.parametrize("service", ["governed_app"], indirect=True)
def test_governed_app_works(service: Path, plugin: str, payload: str, code: int, answer: str) -> None:
    """The service is a program and no picture of one: it answers, with an envelope where it has to."""
    outcome = ask(service, plugin, payload)
    assert answer in outcome.output
    assert outcome.code == code


@pytest.mark.parametrize("service", ["broken_app"], indirect=True)
def test_broken_app_runs(service: Path) -> None:
    """The broken service runs too, and shows what its violations do: the job never ends, a failed call is not counted."""
    assert '"result": {}' in ask(service, "word-count", '{"text": "to be"}').output
    assert "error_count" not in ask(service, "word-count", "{}").output


@pytest.mark.parametrize("name", demo.REAL)
def test_real_package(name: str) -> None:
    """The contracts on a real package are kept and broken exactly where its code was read to do so."""
    folder = demo.prepare(name, fetch([name])[name])
    answer = checked(folder)
    assert answer.places == expected(name)
    assert (answer.code, answer.errors) == (1, [])
    broken = {place.split("[")[1].split("]")[0] for place in expected(name)}
    assert answer.statuses == {
        contract: "broken" if contract in broken else "kept" for contract in contracts_of(folder / "buttress.toml")
    }


@pytest.mark.parametrize("name", demo.REAL)
def test_explanation_agrees(name: str) -> None:
    """What the demonstration says of a contract, kept or broken and at how many places, is what is expected of it."""
    configuration = EXAMPLES / "real" / f"{name}.toml"
    places = Counter(re.findall(r"^\S+:\d+: \[([\w-]+)\]", "\n".join(expected(name)), re.MULTILINE))
    contracts, explanations = contracts_of(configuration), demo.explanations(configuration)
    for contract, text in zip(contracts, explanations, strict=True):
        verdict = re.match(r"Kept\b|Broken at (\w+)", text)
        assert verdict, f"{contract}: {text}"
        assert places[contract] == (NUMBERS[verdict[1]] if verdict[1] else 0), contract
    assert len(contracts) in {3, 4}
    assert len(places) in range(1, len(contracts))


def test_demonstration() -> None:
    """`make demo` ends well, and its output holds the reports: evidence, kept and broken contracts, explanations."""
    outcome = run([sys.executable, EXAMPLES / "demo.py"], ROOT)
    assert outcome.code == 0, outcome.output
    assert "All checks ended as they should" in outcome.output
    assert "PASSED" in outcome.output
    for place in (place for name in ("broken_app", *demo.REAL) for place in expected(name)):
        path, line, _ = place.split(":", 2)
        assert f"{path}:{line}:" in outcome.output


def test_demonstration_without_index(tmp_path: Path) -> None:
    """Where nothing can be fetched the demonstration checks the services, says what is missing, and ends with 3."""
    copy = copy_tree([name for name in tracked_files() if name.startswith("examples/")], tmp_path)
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "nothing"), "PIP_CONFIG_FILE": os.devnull}
    outcome = run([sys.executable, copy / "examples/demo.py"], copy, nowhere)
    assert outcome.code == 3, outcome.output
    assert "The package index did not answer" in outcome.output
    assert "examples/broken_app" in outcome.output


def test_pins_are_exact() -> None:
    """Every line of the pins is understood, and nothing but Python code of exactly known content is fetched."""
    lines = [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
    assert [pin.requirement for pin in pins().values()] == lines
    assert set(demo.REAL) < set(pins())


def test_spoilt_wheel_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel in the cache that is not what was pinned is not unpacked, even when no other can be had."""
    fetch(["six"], tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    wheel.write_bytes(wheel.read_bytes()[:-1])
    shutil.rmtree(tmp_path / "six-1.17.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(IndexUnreachable):
        fetch(["six"], tmp_path)
    assert not (tmp_path / "six-1.17.0").exists()
