"""Bytes: the same in every process, place and thread, and the same as those recorded (P7-43, PLAN-3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from buttress_runtime.planning import BatchEngine
from tests.planning.plans import GOLDEN, lines
from tests.planning.support import CATALOG, ROOT, RUNTIME, plan_bytes

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES = 20
ROUNDS = 10
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "XXX-14:30")
LOCALES = ("C", "C.UTF-8", "POSIX", "")


def run_elsewhere(number: int, folder: Path) -> list[bytes]:
    """Plan in a process of its own whose surroundings depend on the number."""
    place = folder / f"place {number}"
    place.mkdir()
    surroundings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(RUNTIME), str(ROOT)]),
        "PYTHONHASHSEED": str(number * 7919),
        "LC_ALL": LOCALES[number % 4],
        "LANG": "C",
        "TZ": ZONES[number // 4 % 4],
        "PYTHONUTF8": str(number % 2),
    }
    command = [sys.executable, "-m", "tests.planning.plans", str(ROUNDS), str(1 + number % 8)]
    done = subprocess.run(command, cwd=place, env=surroundings, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.splitlines()


def test_two_hundred_runs_in_different_surroundings_give_the_same_bytes(tmp_path: Path) -> None:
    """Hash seed, locale, zone, working folder and number of threads do not show in a plan."""
    with ThreadPoolExecutor(2) as pool:
        printed = [line for part in pool.map(lambda number: run_elsewhere(number, tmp_path), range(PROCESSES)) for line in part]
    assert len(printed) == PROCESSES * ROUNDS
    assert set(printed) == {b" ".join(lines())}


@pytest.mark.parametrize("name", GOLDEN)
def test_plans_have_their_recorded_bytes(name: str) -> None:
    """A plan made today has the bytes it had when it was recorded; a change of them is a new schema."""
    recorded = (ROOT / "tests" / "planning" / "golden" / f"{name}.json").read_bytes()
    ordinal = list(GOLDEN).index(name) + 1
    plan = BatchEngine(CATALOG).create_session(GOLDEN[name], ordinal).snapshot()
    assert plan_bytes(plan) == recorded.rstrip(b"\n")
    assert plan.to_json() == json.loads(recorded)


def test_recorded_plans_show_both_states() -> None:
    """The recorded plans are worth recording: planned and rejected jobs, several rules, text outside of ASCII."""
    recorded = {name: json.loads((ROOT / "tests" / "planning" / "golden" / f"{name}.json").read_bytes()) for name in GOLDEN}
    assert recorded["empty"]["jobs"] == []
    assert {job["state"] for job in recorded["mixed"]["jobs"]} == {"Planned", "Rejected"}
    assert len({fault["rule"] for job in recorded["mixed"]["jobs"] for fault in job["rejections"]}) >= 6
    assert not json.dumps(recorded["unicode"], ensure_ascii=False).isascii()
