#!/usr/bin/env python3
"""Follow the pages that show commands: write their files, run their commands, compare what comes out with what they show.

On such a page a fenced block with a title (`py title="app/api.py"`) is a file, and a `console` block that starts with
`$ buttress` is a command and its output. Blocks are followed in their order, in a folder of their own.

Usage: run_pages.py [--write] [PAGE ...]. `--write` puts the true output into the pages instead of complaining.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/tutorial/first-contract.md")
BLOCK = re.compile(r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def output_of(command: str, folder: Path) -> str:
    """Return what a command of ours prints, standard output and error in one piece."""
    program, *arguments = shlex.split(command)
    completed = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return completed.stdout.strip("\n")


def follow(text: str) -> str:
    """Return a page with the output of its commands as it is today."""
    with tempfile.TemporaryDirectory() as folder:

        def replace(block: re.Match[str]) -> str:
            body = block["body"]
            if block["title"]:
                target = Path(folder) / block["title"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body, encoding="utf-8")
            elif block["language"] == "console" and body.startswith("$ buttress"):
                command = body.splitlines()[0]
                return f"```console\n{command}\n{output_of(command.removeprefix('$ '), Path(folder))}\n```"
            return block[0]

        return BLOCK.sub(replace, text)


def difference(page: Path, shown: str, true: str) -> str:
    """Return what would have to change on a page, as a unified diff; nothing if it tells the truth."""
    return "".join(
        difflib.unified_diff(shown.splitlines(keepends=True), true.splitlines(keepends=True), f"{page} shows", "true is")
    )


def main(arguments: list[str]) -> int:
    """Compare the pages with what the commands on them print.

    Args:
        arguments: `--write`, and the pages if not the usual ones.

    Returns:
        0 if every page tells the truth or was rewritten, 1 otherwise.
    """
    write = "--write" in arguments
    pages = [Path(name).resolve() for name in arguments if name != "--write"] or [ROOT / name for name in PAGES]
    wrong = 0
    for page in pages:
        shown = page.read_text(encoding="utf-8")
        true = follow(shown)
        if write:
            page.write_text(true, encoding="utf-8")
        elif true != shown:
            wrong += 1
            print(difference(page, shown, true))
    print(f"{len(pages)} pages followed, {wrong} of them wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
