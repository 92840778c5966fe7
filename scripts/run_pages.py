#!/usr/bin/env python3
"""Follow the pages that show commands: write their files, run their commands, compare what comes out with what they show.

On such a page a fenced block with a title (`py title="app/api.py"`) is a file, and a `console` block holds commands, each
behind a `$ `, with their output. Blocks are followed in their order, in a folder of their own. Which programs are run is said
for each page; a block that starts with another one is left as it is.

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
PAGES = {
    "README.md": ("buttress",),
    "docs/tutorial/first-contract.md": ("buttress",),
    "docs/tutorial/adopt-an-old-project.md": ("buttress", "git", "pip", "pre-commit", "python", "rm"),
}
IDENTITY = {
    "GIT_AUTHOR_NAME": "A Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.org",
    "GIT_COMMITTER_NAME": "A Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
HIDDEN = ("CI", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PRE_COMMIT")
"""Variables that would make programs behave otherwise than on a reader's machine."""
BLOCK = re.compile(r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def output_of(command: str, folder: Path) -> str:
    """Return what a command prints, standard output and error in one piece; the programs of this environment come first."""
    own = str(Path(sys.executable).parent)
    settings = {"NO_COLOR": "1", "COLUMNS": "100", "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}", **IDENTITY}
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    completed = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**kept, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return "\n".join(line for line in completed.stdout.strip("\n").split("\n") if not line.startswith("WARNING: Location"))


def follow(text: str, programs: tuple[str, ...] = ("buttress",)) -> str:
    """Return a page with the output of its commands as it is today."""
    with tempfile.TemporaryDirectory() as folder:

        def replace(block: re.Match[str]) -> str:
            body = block["body"]
            if block["title"]:
                target = Path(folder) / block["title"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body, encoding="utf-8")
            elif block["language"] == "console" and body.startswith(tuple(f"$ {program} " for program in programs)):
                commands = [line for line in body.splitlines() if line.startswith("$ ")]
                told = (f"{command}\n{output_of(command.removeprefix('$ '), Path(folder))}".rstrip("\n") for command in commands)
                return "```console\n" + "".join(f"{each}\n" for each in told) + "```"
            return block[0]

        return BLOCK.sub(replace, text)


def difference(page: Path, shown: str, true: str) -> str:
    """Return what would have to change on a page, as a unified diff; nothing if it tells the truth."""
    return "".join(
        difflib.unified_diff(shown.splitlines(keepends=True), true.splitlines(keepends=True), f"{page} shows", "true is")
    )


def programs_of(page: Path) -> tuple[str, ...]:
    """The programs that are run on a page."""
    return next((programs for name, programs in PAGES.items() if page == ROOT / name), ("buttress",))


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
        true = follow(shown, programs_of(page))
        if write:
            page.write_text(true, encoding="utf-8")
        elif true != shown:
            wrong += 1
            print(difference(page, shown, true))
    print(f"{len(pages)} pages followed, {wrong} of them wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
