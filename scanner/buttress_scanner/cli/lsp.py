"""``buttress lsp``: the language server, over standard input and output."""

from __future__ import annotations

import importlib.util

import typer

from buttress_scanner.cli.terminal import fail


def lsp() -> None:
    """Serve an editor over standard input and output: findings while one types, repairs, effects of functions.

    Needs the extra `lsp`: pip install "buttress[lsp]". Editors start this command; docs/how-to/editors.md tells how.
    """
    if importlib.util.find_spec("pygls") is None:
        raise fail("the language server needs pygls, which is not installed", 'Run: pip install "buttress[lsp]"')
    from importlib.metadata import PackageNotFoundError, version

    from buttress_scanner.api import current_date
    from buttress_scanner.lsp.server import Server

    try:
        own = version("buttress")
    except PackageNotFoundError:
        own = "0"
    Server(own, current_date).start_io()
    raise typer.Exit
