"""The order of a check's steps, through the public door."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from buttress_scanner import api
from buttress_scanner.cli.check import _keeper
from buttress_scanner.contracts.base import Contract, Ledger
from buttress_scanner.engine import SelectionError, _judge, _result, narrow
from buttress_scanner.findings.model import Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Status
from buttress_scanner.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from buttress_scanner.findings.model import Finding

DEEDS = [("b.py", 3, "f"), ("a.py", 9, "f"), ("a.py", 2, "f"), ("a.py", 2, "f"), ("a.py", 5, "g")]


class Deeds(Contract):
    """Report fixed deeds, one of them twice."""

    kind_name = "deeds"

    def check(self, program: Program, ledger: Ledger) -> Iterator[Finding]:
        """Yield the deeds in an order of their own."""
        ledger.judge(len(DEEDS))
        for path, line, symbol in DEEDS:
            yield self.finding(Position(path, line), f"m:{symbol}", "done", sink="deed")


def deeds(**fields: object) -> Contract:
    """Build the contract."""
    return Deeds.model_validate({"id": "d", "kind": "deeds", "because": "x", **fields})


def test_equal_deeds_in_one_symbol_are_numbered_in_source_order() -> None:
    """The same deed is reported once, and fingerprints differ."""
    judged = _judge(deeds(), Program.build([], {}))
    assert [(f.position.path, f.position.line, f.symbol, f.ordinal) for f in judged.findings] == [
        ("a.py", 2, "m:f", 0),
        ("a.py", 5, "m:g", 0),
        ("a.py", 9, "m:f", 1),
        ("b.py", 3, "m:f", 2),
    ]
    assert len({finding.fingerprint for finding in judged.findings}) == 4


@pytest.mark.parametrize(
    ("exempt", "lines"),
    [
        ({"path": "a.py"}, [3]),
        ({"symbol": "m:f"}, [5]),
        ({"symbol": "m"}, []),
        ({"symbol": "n"}, [2, 5, 9, 3]),
        ({"path": "*.py"}, []),
    ],
    ids=["path", "element", "module", "another module", "glob"],
)
def test_findings_in_exempt_code_are_dropped(exempt: dict[str, str], lines: list[int]) -> None:
    """By the place or the symbol of the finding."""
    judged = _judge(deeds(exempt={**exempt, "reason": "x"}), Program.build([], {}))
    assert [finding.position.line for finding in judged.findings] == lines


FINDING = deeds().finding(Position("a.py", 1), "m", "done", sink="deed")
BAD = ContractResult("c", "k", Status.VACUOUS, 0, 0)
EXITS = {
    "nothing": (Report(), 0),
    "a finding": (Report((FINDING,)), 1),
    "a warning": (Report((replace(FINDING, severity=Severity.WARNING),)), 1),
    "a note": (Report((replace(FINDING, severity=Severity.NOTE),)), 0),
    "an accepted finding": (Report((replace(FINDING, suppressed=Suppressed("x", 1)),)), 0),
    "an error": (Report((FINDING,), errors=(Problem("a.py", 1, 1, "x"),)), 2),
    "a vacuous contract": (Report((FINDING,), (BAD,)), 2),
}


@pytest.mark.parametrize(("report", "code"), EXITS.values(), ids=EXITS)
def test_exit_codes(report: Report, code: int) -> None:
    """Doubt weighs more than findings."""
    assert report.exit_code == code


def test_a_narrowed_report_still_tells_what_could_not_be_judged() -> None:
    """Only findings are left out."""
    report = Report((FINDING,), (BAD,), (Problem("a.py", 1, 1, "x"),))
    narrowed = narrow(report, lambda _: False)
    assert (narrowed.findings, narrowed.contracts, narrowed.errors) == ((), report.contracts, report.errors)


@pytest.mark.parametrize(
    ("fields", "judged", "why", "status"),
    [
        ({}, 1, [], Status.KEPT),
        ({}, 0, [], Status.VACUOUS),
        ({"may-be-empty": True}, 0, [], Status.KEPT),
        ({"may-be-empty": True}, 0, ["no subject"], Status.VACUOUS),
        ({}, 3, ["no subject"], Status.VACUOUS),
    ],
    ids=["judged", "nothing judged", "may be empty", "a missing subject is never allowed", "judged in vain"],
)
def test_what_guards_nothing_is_vacuous(
    tmp_path: Path, fields: dict[str, object], judged: int, why: list[str], status: Status
) -> None:
    """A contract that cannot fail is not kept."""
    (tmp_path / "buttress.toml").write_text("")
    loaded = replace(api.load_config(tmp_path), lines={"d": 4})
    outcome = _judge(deeds(**fields), Program.build([], {}))
    outcome.findings.clear()
    outcome.ledger.judged, outcome.ledger.vacuous = judged, why
    result = _result(outcome, [], loaded)
    assert (result.status, result.line) == (status, 4)
    assert bool(result.why) is (status is Status.VACUOUS)


def test_a_broken_configuration_is_a_report(tmp_path: Path) -> None:
    """Whoever calls from Python gets all problems as data."""
    (tmp_path / "buttress.toml").write_text("rots = 1\n")
    report = api.check(tmp_path, today=date(2026, 1, 1))
    assert (report.exit_code, report.configuration) == (2, "buttress.toml")
    assert [problem.line for problem in report.errors] == [1]


def test_an_unknown_selection_is_an_error(tmp_path: Path) -> None:
    """A misspelt id never passes for a kept contract."""
    (tmp_path / "buttress.toml").write_text("")
    with pytest.raises(SelectionError, match="no contract 'x'"):
        api.check(tmp_path, select=["x"])


@pytest.mark.parametrize(
    ("staged", "kept"), [("a.py", True), ("deep/helper.py", True), ("other.py", False), ("buttress.toml", True)]
)
def test_a_change_anywhere_on_the_path_touches_the_finding(tmp_path: Path, staged: str, kept: bool) -> None:
    """Evidence that leads through a staged file makes the finding that commit's business."""
    (tmp_path / "deep").mkdir()
    (tmp_path / staged).write_text("")
    for arguments in (["init", "-q"], ["add", staged]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    finding = replace(FINDING, evidence=(Step(Position("deep/helper.py", 7), "deep.helper:f", "does it"),))
    keep = _keeper(tmp_path / "buttress.toml", [], changed=True)
    assert (keep is None or keep(finding)) is kept
