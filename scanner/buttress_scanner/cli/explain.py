"""``buttress explain``: what a kind or a contract of the configuration means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from buttress_scanner.cli.terminal import fail, misconfigured, write

if TYPE_CHECKING:
    from pathlib import Path

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.contracts.base import Contract
else:
    from pathlib import Path

_Name = Annotated[
    str | None,
    typer.Argument(metavar="KIND-or-CONTRACT", help="A kind, such as choke-point, or the id of a contract.", show_default=False),
]
_Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file. Default: the nearest one in this folder or above.", show_default=False),
]


def explain(name: _Name = None, config: _Config = None) -> None:
    """Explain a kind of contract, or a contract of this project.

    Prints the page of the kind; for a contract also what it says and why. Without a name, lists both.
    """
    from buttress_scanner.config.document import ConfigurationError
    from buttress_scanner.contracts.loader import KindError, names, nearest, page

    known = names()
    try:
        if name in known:
            write(_plain(page(name) or f"# {name}\n\nIts package ships no page.\n"))
            return
        loaded = _configuration(config)
        contracts = {contract.id: contract for contract in loaded.configuration.contract} if loaded else {}
        if name is None:
            write(_listing(known, contracts))
            return
        if loaded is None or name not in contracts:
            hint = f"Kinds: {', '.join(known)}." + (f" Contracts: {', '.join(contracts)}." if contracts else "")
            raise fail(f"there is no kind and no contract {name!r}{nearest(name, (*known, *contracts))}", hint)
        write(_about(contracts[name], loaded) + "\n" + _plain(page(contracts[name].kind) or ""))
    except KindError as error:
        raise fail(str(error), error.hint) from None
    except ConfigurationError as error:
        raise misconfigured(error) from None


def _configuration(config: Path | None) -> Loaded | None:
    """Load the configuration; None where there is none, since kinds can be explained without."""
    from buttress_scanner.api import load_config
    from buttress_scanner.config.find import NoConfigurationError

    try:
        return load_config(config or ".")
    except NoConfigurationError:
        return None


def _listing(known: tuple[str, ...], contracts: dict[str, Contract]) -> str:
    lines = ["Kinds of contracts:", *(f"  {name}" for name in known)]
    if contracts:
        width = max(map(len, contracts))
        lines += [
            "",
            "Contracts of this project:",
            *(f"  {name:{width}}  {each.kind}: {each.because}" for name, each in contracts.items()),
        ]
    return "\n".join([*lines, "", "`buttress explain NAME` tells about one of them.", ""])


def _about(contract: Contract, loaded: Loaded) -> str:
    """Write a contract's reason, place and fields."""
    fields = contract.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"id", "kind", "because", "source"})
    lines = [contract.id, "=" * len(contract.id), "", contract.because]
    if contract.source:
        lines.append(f"Source: {contract.source}")
    lines += [f"Kind: {contract.kind}", f"Stated in: {loaded.name}, line {loaded.lines[contract.id]}", ""]
    lines += [f"  {key} = {_value(value)}" for key, value in fields.items()]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _plain(page: str) -> str:
    """Render Markdown for a terminal: underlined headings, indented code, the rest as it is."""
    lines: list[str] = []
    in_code = False
    for line in page.splitlines():
        if line.startswith(("```", "~~~")):
            title = line.partition('title="')[2].partition('"')[0]
            if title and not in_code:
                lines.append(f"    -- {title} --")
            in_code = not in_code
        elif in_code:
            lines.append(f"    {line}".rstrip())
        elif line.startswith("#"):
            level, _, heading = line.partition(" ")
            lines += [heading, {1: "=", 2: "-"}.get(len(level), "") * len(heading)] if len(level) < 3 else [f"* {heading}"]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
