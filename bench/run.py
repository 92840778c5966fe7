#!/usr/bin/env python3
"""Measure the scanner beside its peers, in pairs: ours, theirs, ours, theirs.

Single figures of a shared machine mean nothing; ratios of the same run do. For every measure of `measures.toml` this prints
the median processor seconds (user and system, child processes included), wall seconds and peak memory of both sides, and the
median of the pairwise ratios of processor time, and writes all samples to `bench/results.json`. A peer that is not installed
is a row that says so.

Usage: run.py [--pairs N]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCH = Path(__file__).resolve().parent
CACHE = BENCH.parent / ".cache" / "bench"
TOOLS = Path(sys.executable).parent
# ru_maxrss counts kibibytes on Linux and bytes on macOS.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024

# Seconds after which a run is ended: what takes longer is no measurement, but a finding.
LIMIT = 900.0


class BenchError(Exception):
    """The measurement cannot be made, or what was measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a command took: seconds, mebibytes, and how it ended."""

    cpu: float
    wall: float
    peak_mb: float
    code: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: two commands on one corpus."""

    id: str
    title: str
    corpus: str
    config: str
    ours: tuple[str, ...]
    lawful_exits: tuple[int, ...]
    peer: str
    theirs: tuple[str, ...]
    target: float


@dataclass(frozen=True, slots=True)
class Result:
    """The samples of both sides; `theirs` is empty where the peer is missing."""

    measure: Measure
    ours: tuple[Sample, ...]
    theirs: tuple[Sample, ...]

    @property
    def ratio(self) -> float | None:
        """The median of the pairwise ratios of processor time, or None without a peer."""
        pairs = list(zip(self.ours, self.theirs, strict=False))
        return statistics.median(mine.cpu / other.cpu for mine, other in pairs) if pairs else None


def measures() -> list[Measure]:
    """Return the measures of `measures.toml`."""
    table = tomllib.loads((BENCH / "measures.toml").read_text(encoding="utf-8"))["measure"]
    return [
        Measure(
            id=entry["id"],
            title=entry["title"],
            corpus=entry["corpus"],
            config=entry["config"],
            ours=tuple(entry["ours"]),
            lawful_exits=tuple(entry["lawful-exits"]),
            peer=entry["peer"],
            theirs=tuple(entry["theirs"]),
            target=entry["target"],
        )
        for entry in table
    ]


def command(arguments: Sequence[str]) -> list[str] | None:
    """Return a command with the full path of its program, or None if it is not installed."""
    program = shutil.which(arguments[0], path=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    return [program, *arguments[1:]] if program else None


def sample(arguments: Sequence[str], folder: Path) -> Sample:
    """Run a command once and return what it took.

    Peak memory is that of the largest process, and never below that of this one, which is small: the kernel counts the moment
    before the program is loaded.

    Args:
        arguments: The program, by its full path, and its arguments.
        folder: Where it runs.

    Returns:
        Its cost; the output is thrown away.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        limit = threading.Timer(LIMIT, child.kill)
        limit.start()
        _, status, usage = os.wait4(child.pid, 0)
        limit.cancel()
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        return Sample(
            cpu=usage.ru_utime + usage.ru_stime,
            wall=wall,
            peak_mb=usage.ru_maxrss * RSS_UNIT / 2**20,
            code=child.returncode,
        )


def fetch() -> None:
    """Bring the corpora into the cache; nothing is fetched twice.

    Raises:
        BenchError: The package index did not answer with what is pinned.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    pins = BENCH / "corpora.txt"
    names = [line.split()[0].replace("==", "-") for line in pins.read_text().splitlines() if line and not line.startswith("#")]
    if all((CACHE / f"{name}.tar.gz").is_file() for name in names):
        return
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--require-hashes"]
    outcome = subprocess.run([*pip, "--dest", str(CACHE), "--requirement", str(pins)], check=False)
    if outcome.returncode:
        message = f"the corpora of {pins} could not be fetched: is the package index within reach?"
        raise BenchError(message)


def unpack(measure: Measure, folder: Path) -> Path:
    """Unpack a fresh corpus with its contracts below a folder, and return its root."""
    with tarfile.open(CACHE / f"{measure.corpus}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    root = folder / measure.corpus
    shutil.copy(BENCH / measure.config, root / "buttress.toml")
    return root


def take(measure: Measure, pairs: int) -> Result:
    """Run both sides of a measure alternately.

    Args:
        measure: What to run.
        pairs: How often each side runs; one more run of each before that warms the file system.

    Returns:
        The samples.

    Raises:
        BenchError: Our side is not installed, or ended in a way that means it did not do its work.
    """
    ours, theirs = command(measure.ours), command(measure.theirs)
    if ours is None:
        message = f"{measure.ours[0]} is not installed in {TOOLS}: run `make bench`"
        raise BenchError(message)
    with tempfile.TemporaryDirectory() as temporary:
        root = unpack(measure, Path(temporary))
        mine: list[Sample] = []
        other: list[Sample] = []
        for _ in range(pairs + 1):
            mine.append(sample(ours, root))
            if mine[-1].wall >= LIMIT:
                message = f"{measure.id}: {' '.join(measure.ours)} was ended after {LIMIT:.0f} seconds"
                raise BenchError(message)
            if mine[-1].code not in measure.lawful_exits:
                shown = subprocess.run(ours, cwd=root, capture_output=True, encoding="utf-8", check=False)
                message = f"{measure.id}: {' '.join(measure.ours)} ended with {mine[-1].code}\n{shown.stdout}{shown.stderr}"
                raise BenchError(message)
            if theirs is not None:
                other.append(sample(theirs, root))
    return Result(measure, tuple(mine[1:]), tuple(other[1:]))


def figures(samples: Sequence[Sample]) -> str:
    """Return the medians of one side as `cpu / wall / peak`."""
    if not samples:
        return "missing"
    cpu, wall, peak = (statistics.median(getattr(one, name) for one in samples) for name in ("cpu", "wall", "peak_mb"))
    return f"{cpu:.2f} / {wall:.2f} / {peak:.0f}"


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table."""
    rows = [
        "| id | measure | buttress: CPU s / wall s / peak MB | peer | peer: CPU s / wall s / peak MB | ratio of CPU | target |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        ratio = "no peer" if result.ratio is None else f"{result.ratio:.2f}x"
        measure = result.measure
        cells = (
            measure.id,
            measure.title,
            figures(result.ours),
            measure.peer,
            figures(result.theirs),
            ratio,
            f"<= {measure.target}x",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> int:
    """Take every measure, print the table, and keep the samples.

    Returns:
        0 if everything was measured, 1 if something could not be.
    """
    parser = argparse.ArgumentParser(description="Measure the scanner beside its peers.")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each side (default: 5)")
    pairs = max(1, parser.parse_args().pairs)
    try:
        fetch()
        results = [take(measure, pairs) for measure in measures()]
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    kept = {
        "version": 1,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "results": [{**asdict(result), "ratio": result.ratio} for result in results],
    }
    (BENCH / "results.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(table(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
