"""Check packages that people use against contracts of all kinds, and draw findings to be judged by a reader.

Each file `bench/real/PACKAGE.toml` (or `PACKAGE.PART.toml`) is a configuration for a wheel that `bench/real/corpora.txt` pins.
The contracts of a file are checked in one run, with `--apart` each in a run of its own. Then findings are drawn at random, and
evenly: every kind of contract on every package gives one, those that have more give another, until there are `--draw` of them.
The same seed draws the same findings from the same outcomes.

Usage: python -m bench.real_findings [--seed N] [--draw N] [--only FILE] [--contract ID] [--apart] [--drawn-only]

or `make bench-findings`.
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
import tomllib
import zipfile
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
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
"""Processor seconds for a run: what others do on the machine does not count."""
SEED = 5


class Step(TypedDict):
    """A step of the evidence in a JSON report."""

    path: str
    line: int
    text: str


class FindingEntry(TypedDict):
    """A finding in a JSON report."""

    contract: str
    path: str
    line: int
    symbol: str
    message: str
    confidence: str
    evidence: list[Step]


class ContractEntry(TypedDict):
    """A contract in a JSON report."""

    id: str
    status: str
    judged: int
    undecided: int
    why: NotRequired[list[str]]


class ErrorEntry(TypedDict):
    """An error in a JSON report."""

    path: str
    line: int
    message: str


class Stats(TypedDict):
    """The figures of a JSON report, as far as they are read here."""

    files: int


class Report(TypedDict):
    """A JSON report, as far as it is read here."""

    findings: list[FindingEntry]
    contracts: list[ContractEntry]
    errors: list[ErrorEntry]
    stats: Stats


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
    files: int
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
    pip += ["--platform", "any", "--implementation", "py", "--python-version", "3.12"]
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
    """Let this process end when it has used the time that a run may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))


def used() -> float:
    """Return the processor seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def check(path: Path, contracts: Sequence[tuple[str, str]]) -> list[Outcome]:
    """Check contracts of a file in a process of its own.

    Returns:
        What each said; a crash, a mistake in the configuration and a run that takes too long are failures of all of them.
    """
    nothing = [Outcome(path.name, package_of(path), contract, kind, "", 0, 0, 0, 0.0, ()) for contract, kind in contracts]
    chosen = ",".join(contract for contract, _ in contracts)
    program = command(["buttress", "check", "--format", "json", "--config", path.name, "--select", chosen])
    if program is None:
        return [replace(each, failure="buttress is not installed: run `make bench-findings`") for each in nothing]
    start = used()
    done = subprocess.run(
        program, cwd=UNPACKED / package_of(path), capture_output=True, encoding="utf-8", check=False, preexec_fn=limit
    )
    nothing = [replace(each, seconds=round((used() - start) / len(nothing), 1)) for each in nothing]
    try:
        report: Report = json.loads(done.stdout)
    except ValueError:
        why = " ".join((done.stderr or done.stdout).split())[:300]
        ended = done.returncode == -signal.SIGXCPU
        failure = f"ended after {LIMIT} processor seconds" if ended else f"exit code {done.returncode}: {why}"
        return [replace(each, failure=failure) for each in nothing]
    return [judged(each, report) for each in nothing]


def judged(outcome: Outcome, report: Report) -> Outcome:
    """Return what a JSON report says about a contract; errors and vacuity are failures."""
    entry = next(each for each in report["contracts"] if each["id"] == outcome.contract)
    problems = [f"{each['path']}:{each['line']} {each['message']}" for each in report["errors"]]
    return replace(
        outcome,
        status=entry["status"],
        files=report["stats"]["files"],
        judged=entry["judged"],
        undecided=entry["undecided"],
        findings=tuple(found(each) for each in report["findings"] if each["contract"] == outcome.contract),
        failure="; ".join([*entry.get("why", ()), *problems]),
    )


def found(entry: FindingEntry) -> Found:
    """Return a finding of a JSON report."""
    steps = tuple(f"{step['path']}:{step['line']} {step['text']}" for step in entry["evidence"])
    return Found(entry["path"], entry["line"], entry["symbol"], entry["message"], entry["confidence"], steps)


def check_all(files: Iterable[Path], only: Sequence[str], *, apart: bool) -> None:
    """Check the contracts of the files, or those that are named, and keep the outcomes."""
    for path in files:
        shutil.copy(path, UNPACKED / package_of(path) / path.name)
        chosen = [each for each in asked(path) if not only or each[0] in only]
        for together in [[each] for each in chosen] if apart else [chosen] if chosen else []:
            for outcome in check(path, together):
                print(f"{outcome.file} {outcome.contract}: {said(outcome)}, {outcome.seconds} s", file=sys.stderr, flush=True)
                keep(outcome)


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
    """Return findings chosen at random, of every kind on every package alike, as far as there are any."""
    chance = random.Random(seed)  # noqa: S311 - a draw, no secret
    groups: dict[tuple[str, str], list[tuple[Outcome, Found]]] = {}
    for outcome in sorted(outcomes, key=lambda each: (each.file, each.contract)):
        groups.setdefault((outcome.package, outcome.kind), []).extend((outcome, each) for each in outcome.findings)
    piles = [chance.sample(group, len(group)) for _, group in sorted(groups.items())]
    chance.shuffle(piles)
    rounds = [finding for turn in zip_longest(*piles) for finding in turn if finding is not None]
    return sorted(rounds[:size], key=lambda each: (each[0].package, each[0].contract, each[1].path, each[1].line))


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
    """Yield the lines of two tables: what every contract said, and what that makes for every package."""
    yield "| package | contract | kind | verdict | judged | findings | undecided | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in outcomes:
        cells = (each.package, each.contract, each.kind, each.failure or each.status, each.judged, len(each.findings))
        yield f"| {' | '.join(map(str, cells))} | {each.undecided} | {each.seconds:.0f} |"
    yield ""
    yield "| package | version | files | contracts | findings | call sites | undecided | in a thousand | seconds |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, version in pins().items():
        yield row(name, version, [each for each in outcomes if each.package == name])


def row(name: str, version: str, outcomes: Sequence[Outcome]) -> str:
    """Return the line about a package; sites that two contracts could not decide count twice."""
    sites = max((calls(REAL / each) for each in {one.file for one in outcomes}), default=0)
    undecided, seconds = sum(each.undecided for each in outcomes), sum(each.seconds for each in outcomes)
    files, findings = max((each.files for each in outcomes), default=0), sum(len(each.findings) for each in outcomes)
    share = f"{1000 * undecided / sites:.1f}" if sites else ""
    return f"| {name} | {version} | {files} | {len(outcomes)} | {findings} | {sites} | {undecided} | {share} | {seconds:.0f} |"


def main() -> int:
    """Check, print the tables and the drawn findings, and keep all outcomes in the cache.

    Returns:
        0 if every contract was judged, 1 if one crashed, was vacuous or took too long.
    """
    parser = argparse.ArgumentParser(description="Draw findings about packages that people use.")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the draw (default: {SEED})")
    parser.add_argument("--draw", type=int, default=50, help="how many findings (default: 50)")
    parser.add_argument("--only", action="append", default=[], help="check only this file of bench/real, without its ending")
    parser.add_argument("--contract", action="append", default=[], help="check only contracts with this id")
    parser.add_argument("--apart", action="store_true", help="check every contract in a run of its own")
    parser.add_argument("--drawn-only", action="store_true", help="draw from the outcomes of the last run")
    given = parser.parse_args()
    try:
        fetch()
        if not given.drawn_only:
            check_all(configurations(given.only), given.contract, apart=given.apart)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    known = {(path.name, contract) for path in configurations(()) for contract, _ in asked(path)}
    outcomes = [each for each in kept() if (each.file, each.contract) in known]
    print(*tables(outcomes), "", sep="\n")
    for number, (outcome, finding) in enumerate(draw(outcomes, given.draw, given.seed), start=1):
        print(f"{number}. {outcome.package} {outcome.contract} ({outcome.kind}, {finding.confidence})")
        print(f"   {finding.path}:{finding.line} {finding.symbol}", finding.message, *finding.evidence, sep="\n   ")
    return 1 if any(each.failure for each in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
