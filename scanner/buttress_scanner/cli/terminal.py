"""Writing: the same bytes everywhere, colours only for people, no complaint when the reader has gone."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from buttress_scanner.config.document import ConfigurationError


def write(text: str) -> None:
    """Write to standard output as UTF-8 with plain line ends; a reader who has gone, such as `head`, is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(message: str, hint: str = "") -> typer.Exit:
    """Write why nothing can be done to standard error; raise the result to leave with exit code 2."""
    typer.echo(f"buttress: {message}" + (f"\n  {hint}" if hint else ""), err=True)
    return typer.Exit(2)


def misconfigured(error: ConfigurationError) -> typer.Exit:
    """Write the first thing that is wrong with a configuration, and who shows the rest; raise the result."""
    first = error.problems[0]
    return fail(
        f"{first.path}:{first.line}: {first.message}",
        "`buttress check` shows everything that is wrong with the configuration.",
    )


def wants_color() -> bool:
    """Whether standard output is a terminal whose user has not declined colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()
