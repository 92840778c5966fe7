#!/usr/bin/env python3
"""Scan this repository for violations of its contracts, from whatever folder it is called (TR-31).

A thin alias of `buttress check`: it finds the root from its own location and hands on its arguments and the exit code.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def scanner() -> str | None:
    """Return the command `buttress`: of the interpreter that runs this, of the repository's environment, or of the PATH."""
    neighbours = (Path(sys.executable).with_name("buttress"), ROOT / ".venv" / "bin" / "buttress")
    return next((str(command) for command in neighbours if command.exists()), None) or shutil.which("buttress")


def main(arguments: list[str]) -> int:
    """Run the scanner in the root of the repository.

    Args:
        arguments: What is handed on to `buttress check`.

    Returns:
        The exit code of the scanner, or 2 where there is none.
    """
    command = scanner()
    if command is None:
        print("the scanner is not installed: run `make scan` once, which prepares .venv", file=sys.stderr)
        return 2
    return subprocess.run([command, "check", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
