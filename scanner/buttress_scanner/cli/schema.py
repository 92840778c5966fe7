"""``buttress schema``: the JSON Schema of the configuration."""

from __future__ import annotations

import typer

from buttress_scanner.cli.terminal import fail, write


def schema() -> None:
    """Print the JSON Schema of buttress.toml.

    It holds the fields of every installed kind of contract. Editors complete and check the file with it.
    In pyproject.toml the same keys stand under [tool.buttress].
    """
    import json

    from buttress_scanner.config.schema import json_schema
    from buttress_scanner.contracts.loader import KindError

    try:
        document = json_schema()
    except KindError as error:
        raise fail(str(error), error.hint) from None
    write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    raise typer.Exit
