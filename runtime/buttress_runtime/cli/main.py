"""The command `buttress-runtime`. It loads only what the command needs; the commands are clients of the services."""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.util import find_spec
from typing import Annotated

import typer

from buttress_runtime.cli.exit_codes import Exit

__all__ = ("app", "main")

_EXTRA = ("jsonschema", "rfc8785")
_LIBRARY_USAGE = 2  # how the command line library exits on wrong usage; no command of ours does

app = typer.Typer(
    name="buttress-runtime",
    help="Run plugins and keep the books about it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            version = metadata.version("buttress")
        except metadata.PackageNotFoundError:
            version = "of a source tree that is not installed"
        typer.echo(f"buttress-runtime {version}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Run plugins and keep the books about it."""


@app.command()
def run(
    plugin: Annotated[
        str,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            help="The plugin: an object or class with a method 'run', or a provider with 'manifest' and 'create'. "
            "It is trusted and runs inside this process.",
        ),
    ],
    payload: Annotated[str, typer.Option(metavar="FILE|-", help="A file with the payload, a JSON object; - for standard input.")],
    timeout_ms: Annotated[
        int | None, typer.Option(min=1, help="Report the call as timed out after so many milliseconds.")
    ] = None,
) -> None:
    """Run one plugin on one payload and print what came of it as JSON.

    Prints {"plugin", "result"} and exits with 0, or {"error"} and exits with 1. Exits with 11 when the plugin or the file is
    not there, with 12 when the payload or the plugin is malformed, with 64 on wrong usage.
    """
    _require_extra()
    from buttress_runtime.cli.run import run_plugin

    code, output = run_plugin(plugin, payload, timeout_ms=timeout_ms)
    typer.echo(output, err=code not in {Exit.DONE, Exit.NEGATIVE_RESULT})
    raise typer.Exit(int(code))


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        typer.echo(
            f"buttress-runtime: {' and '.join(missing)} not installed; install the extra: pip install 'buttress[runtime]'",
            err=True,
        )
        raise typer.Exit(int(Exit.USAGE))


def main() -> None:
    """Run the command line; never shows a traceback for what a user did."""
    try:
        app()
    except SystemExit as exc:
        sys.exit(Exit.USAGE if exc.code == _LIBRARY_USAGE else exc.code)
