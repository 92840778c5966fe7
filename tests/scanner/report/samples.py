"""A report with everything that a format has to render, over sources in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.findings.model import Confidence, Finding, Position, Severity, Step, Suppressed
from buttress_scanner.findings.report_model import ContractResult, Problem, Report, Stats, Status

if TYPE_CHECKING:
    from collections.abc import Callable

API = """\
from app.run import go


def handle(plugin):
\tname = "größe 日本"; plugin.run("日本", x=1)
    return go(
        plugin,
        1,
    )
"""
FILES = {
    "app/api.py": API.encode(),
    "app/run.py": b"def go(p, n):\n    p.run()\n",
    "buttress.toml": b'[[contract]]\nid = "gone"\n',
}
BECAUSE = "Only the tool runner validates."

DIRECT = Finding(
    contract="one-path",
    kind="choke-point",
    position=Position("app/api.py", 5, 21, 5, 42),
    symbol="app.api:handle",
    message="app.base:Plugin.run is called outside app.runner",
    sink="app.base:Plugin.run",
    because=BECAUSE,
)
THROUGH_HELPER = Finding(
    contract="one-path",
    kind="choke-point",
    position=Position("app/api.py", 6, 12, 9, 6),
    symbol="app.api:handle",
    message="app.run:go runs app.base:Plugin.run",
    sink="app.run:go",
    severity=Severity.WARNING,
    confidence=Confidence.POSSIBLE,
    because=BECAUSE,
    evidence=(
        Step(Position("app/api.py", 6, 12), "app.api:handle", "calls app.run:go"),
        Step(Position("app/run.py", 2, 5, 2, 12), "app.run:go", "calls app.base:Plugin.run"),
    ),
)
ACCEPTED = Finding(
    contract="one-path",
    kind="choke-point",
    position=Position("app/run.py", 2, 5),
    symbol="app.run:go",
    message="app.base:Plugin.run is called outside app.runner",
    sink="app.base:Plugin.run",
    suppressed=Suppressed("the client has no other door", 2),
)
MISSING_FILE = Finding("files", "required-files", Position("docs/two words.md", 0), "", "docs/two words.md is missing", "missing")

FULL = Report(
    findings=(DIRECT, THROUGH_HELPER, ACCEPTED, MISSING_FILE),
    contracts=(
        ContractResult("one-path", "choke-point", Status.BROKEN, 41, 2),
        ContractResult("pure", "effect-purity", Status.KEPT, 7, 0),
        ContractResult("gone", "wired", Status.VACUOUS, 0, 0, ("app.audit:write does not exist",), "buttress.toml", 2),
    ),
    errors=(Problem("app/bad.py", 3, 7, "this file cannot be parsed: invalid syntax", "run the check with a newer Python"),),
    stats=Stats(files=412, skipped=0, parsed=12, undecided=7),
    configuration="buttress.toml",
)
QUIET = Report(
    contracts=(ContractResult("pure", "effect-purity", Status.KEPT, 7, 0),),
    stats=Stats(files=1, skipped=0, parsed=1, undecided=1),
    configuration="buttress.toml",
)


def reader(files: dict[str, bytes]) -> Callable[[str], bytes]:
    """Return a function that reads files from memory; what is not there is gone."""

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read
