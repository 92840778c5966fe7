#!/usr/bin/env python3
"""Check the two example services and three packages from the index, and show the reports.

Usage: demo.py. Exits with 0 when every check ended as it should, 1 when one did not, 3 when the package index cannot be reached.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
sys.path.insert(0, str(EXAMPLES.parent))

from examples.packages import IndexUnreachable, fetch, pins  # noqa: E402 - a neighbour of this script, found by its path

BUTTRESS = Path(sys.executable).parent / "buttress"
REAL = ("django", "httpx", "sqlfluff")


def say(text: str) -> None:
    """Print at once, so that the order is kept among the output of several processes."""
    print(text, flush=True)


def heading(text: str) -> None:
    """Print a heading."""
    say(f"\n{text}\n{'=' * len(text)}\n")


def check(folder: Path, expected: int) -> bool:
    """Show the report on a folder; return whether the exit code is the expected one."""
    say("$ buttress check")
    code = subprocess.run([BUTTRESS, "check"], cwd=folder, check=False).returncode
    say(f"exit code {code}" if code == expected else f"exit code {code}, but {expected} was expected")
    return code == expected


def services() -> bool:
    """Check the two example services; return whether all was as it should be."""
    heading("A service that keeps its contracts: examples/governed_app")
    request = ["-m", "app", "word-count", '{"text": "to be or not to be"}']
    say('$ python -m app word-count \'{"text": "to be or not to be"}\'')
    answered = subprocess.run([sys.executable, *request], cwd=EXAMPLES / "governed_app", check=False).returncode == 0
    say("")
    kept = check(EXAMPLES / "governed_app", expected=0)
    heading("The same service, broken where searching text does not look: examples/broken_app")
    say("$ python examples/regex_scan.py examples/broken_app")
    passed = subprocess.run([sys.executable, EXAMPLES / "regex_scan.py", EXAMPLES / "broken_app"], check=False).returncode == 0
    say("")
    broken = check(EXAMPLES / "broken_app", expected=1)
    return answered and kept and passed and broken


def explanations(configuration: Path) -> list[str]:
    """Return the comment above each contract of a configuration, as a paragraph."""
    paragraphs: list[str] = []
    lines: list[str] = []
    for line in configuration.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            lines.append(line.removeprefix("# "))
            continue
        if line == "[[contract]]":
            paragraphs.append(" ".join(lines))
        lines = []
    return paragraphs


def prepare(name: str, folder: Path) -> Path:
    """Put the contracts on a package beside its code, as its authors would have them."""
    shutil.copyfile(EXAMPLES / "real" / f"{name}.toml", folder / "buttress.toml")
    return folder


def real() -> bool:
    """Check statements about packages that everybody knows; return whether all was as it should be."""
    right = True
    for name, folder in fetch(REAL).items():
        heading(f"{name} {pins()[name].version}: contracts of examples/real/{name}.toml")
        right &= check(prepare(name, folder), expected=1)
        say("\nWhy this is right:")
        for paragraph in explanations(EXAMPLES / "real" / f"{name}.toml"):
            say(f"- {paragraph}")
    return right


def main() -> int:
    """Run the demonstration and return the exit code."""
    right = services()
    try:
        right &= real()
    except IndexUnreachable as fault:
        heading("No packages")
        say("The package index did not answer with what examples/real/packages.txt names, so nothing real was checked. pip says:")
        say(str(fault))
        return 3
    heading("All checks ended as they should" if right else "Some checks did not end as they should; see above")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
