"""Check packages that people use against contracts of all kinds, and draw findings to be judged by a reader.

Each file `bench/real/PACKAGE.toml` (or `PACKAGE.PART.toml`) is a configuration for a wheel that `bench/real/corpora.txt` pins.
Each of its contracts is checked in a run of its own, so that one that takes too long costs no other. Then findings are drawn: at
most `CAP` of a contract, so that no talkative contract fills the list, and of these `--draw` at random. The same seed draws the
same findings from the same outcomes.

Usage: python -m bench.real_findings [--seed N] [--draw N] [--jobs N] [--only FILE] [--drawn-only]    (or `make bench-findings`)
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pathspec

from bench.run import BENCH, CACHE, BenchError, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

REAL = BENCH / "real"
UNPACKED = CACHE / "real"
RESULTS = CACHE / "real-findings.json"
LIMIT = 300
"""Processor seconds for one contract: what others do on the machine does not count."""
CAP = 4
"""Findings of one contract that take part in the draw."""
SEED = 1


class Step(TypedDict):
    """A step of the evidence in a JSON report."""

    path: str
    line: int
    text: str


class FindingEntry(TypedDict):
    """A finding in a JSON report."""

    path: str
    line: int
    symbol: str
    message: str
    confidence: str
    evidence: list[Step]


class ContractEntry(TypedDict):
    """A contract in a JSON report."""

    status: str
    judged: int
    undecided: int
    why: NotRequired[list[str]]


class ErrorEntry(TypedDict):
    """An error in a JSON report."""

    path: str
    line: int
    message: str


class Report(TypedDict):
    """A JSON report, as far as it is read here."""

    findings: list[FindingEntry]
    contracts: list[ContractEntry]
    errors: list[ErrorEntry]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, as far as a reader needs it."""

    path: str
    line: int
    symbol: str
    message: str
    confidence: str
    evidence: tuple[str, ...]
    """The way to the deed, a step a line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a contract said about a package; `failure` says why it said nothing."""

    file: str
    package: str
    contract: str
    kind: str
    status: str
    judged: int
    undecided: int
    seconds: float
    findings: tuple[Found, ...]
    failure: str = ""


def pins() -> dict[str, str]:
    """Return the versions of the packages by name."""
    lines = (REAL / "corpora.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split()[0].split("==", 1) for line in lines if line and not line.startswith("#"))


def fetch() -> None:
    """Bring the wheels into the cache and unpack them; nothing is fetched twice.

    Raises:
        BenchError: The package index did not answer with what is pinned.
    """
    UNPACKED.mkdir(parents=True, exist_ok=True)
    if all((UNPACKED / name).is_dir() for name in pins()):
        return
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    pip += ["--platform", "any", "--implementation", "py", "--python-version", "3.13"]
    outcome = subprocess.run([*pip, "--dest", str(CACHE), "--requirement", str(REAL / "corpora.txt")], check=False)
    if outcome.returncode:
        message = f"the packages of {REAL / 'corpora.txt'} could not be fetched: is the package index within reach?"
        raise BenchError(message)
    for name, version in pins().items():
        shutil.rmtree(UNPACKED / name, ignore_errors=True)
        with zipfile.ZipFile(CACHE / f"{name.replace('-', '_')}-{version}-py3-none-any.whl") as wheel:
            wheel.extractall(UNPACKED / name)


def configurations(only: Sequence[str]) -> list[Path]:
    """Return the files with contracts, or those that are named."""
    return [path for path in sorted(REAL.glob("*.toml")) if not only or path.name.removesuffix(".toml") in only]


def package_of(path: Path) -> str:
    """Return the package that a file with contracts is about."""
    stem = path.name.partition(".")[0]
    return next(name for name in pins() if name.removeprefix("apache-") == stem)


def asked(path: Path) -> list[tuple[str, str]]:
    """Return id and kind of the contracts of a file."""
    return [(each["id"], each["kind"]) for each in tomllib.loads(path.read_text(encoding="utf-8"))["contract"]]


def limit() -> None:
    """Let this process end when it has used the time that a contract may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))


def check(path: Path, contract: str, kind: str) -> Outcome:
    """Check one contract of a file in a process of its own.

    Returns:
        What it said; a crash, a mistake in the configuration and a run that takes too long are failures.
    """
    program = command(["buttress", "check", "--format", "json", "--config", f"{path.name}", "--select", contract])
    package = package_of(path)
    if program is None:
        return Outcome(
            path.name, package, contract, kind, "", 0, 0, 0.0, (), "buttress is not installed: run `make bench-findings`"
        )
    start = time.perf_counter()
    try:
        done = subprocess.run(
            program,
            cwd=UNPACKED / package,
            capture_output=True,
            encoding="utf-8",
            timeout=10 * LIMIT,
            check=False,
            preexec_fn=limit,
        )
        report: Report = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Outcome(path.name, package, contract, kind, "", 0, 0, 10.0 * LIMIT, (), f"ended after {10 * LIMIT} seconds")
    except ValueError:
        if done.returncode == -signal.SIGXCPU:
            return Outcome(path.name, package, contract, kind, "", 0, 0, LIMIT, (), f"ended after {LIMIT} processor seconds")
        why = " ".join((done.stderr or done.stdout).split())[:300]
        return Outcome(path.name, package, contract, kind, "", 0, 0, 0.0, (), f"exit code {done.returncode}: {why}")
    return judged(path, contract, kind, report, round(time.perf_counter() - start, 1))


def judged(path: Path, contract: str, kind: str, report: Report, seconds: float) -> Outcome:
    """Return what a JSON report says about its only contract; errors and vacuity are failures."""
    entry = report["contracts"][0] if report["contracts"] else ContractEntry(status="", judged=0, undecided=0)
    problems = [f"{each['path']}:{each['line']} {each['message']}" for each in report["errors"]]
    return Outcome(
        file=path.name,
        package=package_of(path),
        contract=contract,
        kind=kind,
        status=entry["status"],
        judged=entry["judged"],
        undecided=entry["undecided"],
        seconds=seconds,
        findings=tuple(map(found, report["findings"])),
        failure="; ".join([*entry.get("why", ()), *problems]),
    )


def found(entry: FindingEntry) -> Found:
    """Return a finding of a JSON report."""
    steps = tuple(f"{step['path']}:{step['line']} {step['text']}" for step in entry["evidence"])
    return Found(entry["path"], entry["line"], entry["symbol"], entry["message"], entry["confidence"], steps)


def check_all(files: Iterable[Path], jobs: int) -> Iterator[Outcome]:
    """Yield the outcome of every contract of the files, in their order."""
    tasks: list[tuple[Path, str, str]] = []
    for path in files:
        shutil.copy(path, UNPACKED / package_of(path) / path.name)
        tasks += [(path, contract, kind) for contract, kind in asked(path)]
    with ThreadPoolExecutor(jobs) as pool:
        for outcome in pool.map(lambda task: check(*task), tasks):
            print(f"{outcome.file} {outcome.contract}: {said(outcome)}, {outcome.seconds} s", file=sys.stderr, flush=True)
            keep(outcome)
            yield outcome


def keep(outcome: Outcome) -> None:
    """Put an outcome in the cache, in the place of an older one."""
    others = [each for each in kept() if (each.file, each.contract) != (outcome.file, outcome.contract)]
    every = sorted([*others, outcome], key=lambda each: (each.file, each.contract))
    RESULTS.write_text(json.dumps([asdict(each) for each in every], indent=1) + "\n", encoding="utf-8")


def said(outcome: Outcome) -> str:
    """Return an outcome in a few words."""
    found = f"{outcome.status}, {len(outcome.findings)} findings, {outcome.undecided} undecided"
    return f"{found}: {outcome.failure}" if outcome.failure else found


def calls(path: Path) -> int:
    """Return how many call sites the program of a configuration has."""
    excluded = pathspec.GitIgnoreSpec.from_lines(tomllib.loads(path.read_text(encoding="utf-8")).get("exclude", ()))
    folder, count = UNPACKED / package_of(path), 0
    for file in folder.rglob("*.py"):
        if not excluded.match_file(file.relative_to(folder).as_posix()):
            count += sum(isinstance(node, ast.Call) for node in ast.walk(ast.parse(file.read_bytes())))
    return count


def draw(outcomes: Iterable[Outcome], size: int, seed: int) -> list[tuple[Outcome, Found]]:
    """Return findings chosen at random, at most `CAP` of a contract."""
    chance, pool = random.Random(seed), []  # noqa: S311 - a draw, no secret
    for outcome in sorted(outcomes, key=lambda each: (each.file, each.contract)):
        chosen = chance.sample(outcome.findings, min(CAP, len(outcome.findings)))
        pool += [(outcome, finding) for finding in chosen]
    return chance.sample(pool, min(size, len(pool)))


def kept() -> list[Outcome]:
    """Return the newest outcome of every contract."""
    if not RESULTS.is_file():
        return []
    entries = json.loads(RESULTS.read_text(encoding="utf-8"))
    return [Outcome(**{**entry, "findings": tuple(map(again, entry["findings"]))}) for entry in entries]


def again(entry: FindingEntry) -> Found:
    """Return a finding that was kept."""
    return Found(
        entry["path"], entry["line"], entry["symbol"], entry["message"], entry["confidence"], tuple(map(str, entry["evidence"]))
    )


def tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of two tables: what every contract said, and how much stayed undecided."""
    yield "| package | contract | kind | verdict | judged | findings | undecided | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in outcomes:
        cells = (each.package, each.contract, each.kind, each.failure or each.status, each.judged, len(each.findings))
        yield f"| {' | '.join(map(str, cells))} | {each.undecided} | {each.seconds:.0f} |"
    yield ""
    yield "| contracts | call sites | undecided | undecided in a thousand |"
    yield "|---|---|---|---|"
    for name in dict.fromkeys(each.file for each in outcomes):
        sites, undecided = calls(REAL / name), sum(each.undecided for each in outcomes if each.file == name)
        yield f"| {name} | {sites} | {undecided} | {1000 * undecided / sites:.2f} |"


def main() -> int:
    """Check, print the tables and the drawn findings, and keep all outcomes in the cache.

    Returns:
        0 if every contract was judged, 1 if one crashed, was vacuous or took too long.
    """
    parser = argparse.ArgumentParser(description="Draw findings about packages that people use.")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the draw (default: {SEED})")
    parser.add_argument("--draw", type=int, default=50, help="how many findings (default: 50)")
    parser.add_argument("--jobs", type=int, default=2, help="checks at the same time (default: 2)")
    parser.add_argument("--only", action="append", default=[], help="check only this file of bench/real, without its ending")
    parser.add_argument("--drawn-only", action="store_true", help="draw from the outcomes of the last run")
    given = parser.parse_args()
    try:
        fetch()
        if not given.drawn_only:
            for _ in check_all(configurations(given.only), given.jobs):
                pass
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    outcomes = kept()
    print(*tables(outcomes), "", sep="\n")
    for number, (outcome, finding) in enumerate(draw(outcomes, given.draw, given.seed), start=1):
        print(f"{number}. {outcome.package} {outcome.contract} ({outcome.kind}, {finding.confidence})")
        print(f"   {finding.path}:{finding.line} {finding.symbol}", finding.message, *finding.evidence, sep="\n   ")
    return 1 if any(each.failure for each in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
