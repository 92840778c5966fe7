"""The command ``buttress``: its commands, and what becomes of failures."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from buttress_scanner.cli import baseline, check, doctor, explain, fix, init, lsp, report, sabotage, schema, show, stated, why

if TYPE_CHECKING:
    from collections.abc import Callable

Options = ParamSpec("Options")

_FAILURE = 2
_INTERRUPTED = 130
_HELP = """Check architecture contracts: rules about the whole program, proved over the whole program.

The rules stand in buttress.toml, or in [tool.buttress] of pyproject.toml. `buttress check` reports what breaks them, with
the path that leads there; `buttress explain` tells what a rule means. `buttress why` and `buttress show` ask the engine what it
sees, with or without rules.
"""

app = typer.Typer(
    name="buttress",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _interruptible(command: Callable[Options, None]) -> Callable[Options, None]:
    """Let a command end with the customary exit code when its user interrupts it."""

    @functools.wraps(command)
    def run_command(*args: Options.args, **kwargs: Options.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None

    return run_command


_shows = typer.Typer(
    name="show",
    help="Show what the configuration states, and what the engine believes of the program.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_baseline = typer.Typer(
    name="baseline",
    help="Keep the list of findings that are known and not repaired yet.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for _group, _name, _command in (
    (app, "check", check.check),
    (app, "explain", explain.explain),
    (app, "why", why.why),
    (app, "doctor", doctor.doctor),
    (app, "fix", fix.fix),
    (app, "init", init.init),
    (app, "lsp", lsp.lsp),
    (app, "sabotage", sabotage.sabotage),
    (app, "report", report.report),
    (app, "schema", schema.schema),
    (_baseline, "write", baseline.write_baseline),
    (_baseline, "prune", baseline.prune),
    (_baseline, "diff", baseline.diff),
    (_shows, "contracts", stated.contracts),
    (_shows, "zones", stated.zones),
    (_shows, "callers", show.callers),
    (_shows, "effects", show.effects),
    (_shows, "graph", show.graph),
):
    _group.command(_name)(_interruptible(_command))
app.add_typer(_shows)
app.add_typer(_baseline)


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
        app(arguments, prog_name="buttress")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("BUTTRESS_DEBUG"):
            raise
        sys.stderr.write(f"buttress: internal failure: {type(error).__name__}: {error}\n")
        sys.stderr.write("This is a bug in buttress or in an installed contract kind; please report it with the traceback,\n")
        sys.stderr.write("which BUTTRESS_DEBUG=1 in the environment shows.\n")
        return _FAILURE
    return 0
