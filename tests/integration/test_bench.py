"""What the benchmark says follows from what it measured, and what it could not measure is said as well."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.run import BENCH, Result, Sample, command, measures, table

if TYPE_CHECKING:
    from pathlib import Path


MEASURING = """
import dataclasses, json, pathlib, sys
from bench.run import sample
commands = json.loads(sys.argv[1])
print(json.dumps([dataclasses.asdict(sample([sys.executable, "-c", text], pathlib.Path())) for text in commands]))
"""


def test_sample_counts_the_work_of_children() -> None:
    """Processor time, memory and exit code are those of the command and of what it started."""
    burn = "sum(i * i for i in range(1_500_000)); block = b'x' * 300_000_000; print(len(block))"
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); sys.exit(3)"
    # In a small process of its own: what is forked counts with the memory that its parent had.
    command = [sys.executable, "-c", MEASURING, json.dumps(["pass", starter])]
    run = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True, timeout=120, check=True)
    idle, busy = (Sample(**fields) for fields in json.loads(run.stdout))
    assert (idle.code, busy.code) == (0, 3)
    assert busy.cpu > idle.cpu
    assert busy.wall >= busy.cpu / 2
    assert idle.peak_mb < 200 < busy.peak_mb


def test_ratio_is_the_median_of_pairs() -> None:
    """One disturbed pair does not move the ratio."""
    ours = tuple(Sample(cpu, 1.0, 10.0, 0) for cpu in (2.0, 2.2, 50.0))
    theirs = tuple(Sample(cpu, 1.0, 10.0, 0) for cpu in (1.0, 1.0, 1.0))
    result = Result(measures()[0], ours, theirs)
    assert result.ratio == pytest.approx(2.2)
    assert "| 2.20x |" in table([result])


def test_missing_peer_is_a_row(tmp_path: Path) -> None:
    """A peer that is not installed is named as missing, not left out."""
    measure = replace(measures()[0], peer="no-such-tool", theirs=("no-such-tool", str(tmp_path)))
    assert command(measure.theirs) is None
    row = table([Result(measure, (Sample(1.0, 1.0, 10.0, 0),), ())]).splitlines()[-1]
    assert "| no-such-tool | missing | no peer |" in row


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.id)
def test_measure_has_what_it_needs(measure: object) -> None:
    """Every measure names a pinned corpus, contracts that exist, and an honest peer."""
    (known,) = [one for one in measures() if one == measure]
    assert known.corpus.replace("-", "==") in (BENCH / "corpora.txt").read_text()
    assert (BENCH / known.config).is_file()
    assert 2 not in known.lawful_exits
    assert known.theirs[0] == known.peer
