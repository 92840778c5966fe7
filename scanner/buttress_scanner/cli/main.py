"""The command ``buttress``: its commands, and what becomes of failures."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import click
import typer

from buttress_scanner.cli import check, explain, schema

_FAILURE = 2
_HELP = """Check architecture contracts: rules about the whole program, proved over the whole program.

The rules stand in buttress.toml, or in [tool.buttress] of pyproject.toml. `buttress check` reports what breaks them, with the path that
leads there; `buttress explain` tells what a rule means.
"""

app = typer.Typer(
    name="buttress",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"buttress {version('buttress')}")
        except PackageNotFoundError:
            typer.echo("buttress (not installed)")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; whatever goes wrong ends in a message, never in a traceback."""
    try:
        code = app(arguments, prog_name="buttress", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return _FAILURE
    except click.Abort:
        return 130
    except BrokenPipeError:
        _forget_output()
        return _FAILURE
    except Exception as error:
        if os.environ.get("BUTTRESS_DEBUG"):
            raise
        sys.stderr.write(f"buttress: internal failure: {type(error).__name__}: {error}\n")
        sys.stderr.write(
            "This is a bug in buttress or in an installed contract kind. Set BUTTRESS_DEBUG=1 to see the traceback, and report it.\n"
        )
        return _FAILURE
    return code if isinstance(code, int) else 0


def _forget_output() -> None:
    """Let the interpreter flush into nothing when it ends: who read our output has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
