"""``buttress show zones`` and ``show contracts``: what a configuration states, packs included, without a check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from buttress_scanner.cli.asking import Form, Format
from buttress_scanner.cli.options import Config, load
from buttress_scanner.cli.terminal import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from buttress_scanner.config.load import Loaded
    from buttress_scanner.contracts.base import Contract

_SHARED = {"id", "kind", "because", "source", "severity", "exempt", "may_be_empty"}


def zones(config: Config = None, output_format: Format = Form.TEXT) -> None:
    """Show the zones of the configuration: their patterns, and the modules that fit today.

    Exit code 0; 1 if a zone has no module; 2 for wrong usage or a broken configuration.
    """
    loaded = load(config)
    found = {name: (patterns, _modules(loaded, patterns)) for name, patterns in loaded.zones.items()}
    if output_format is Form.JSON:
        listed = [{"name": n, "patterns": list(patterns), "modules": modules} for n, (patterns, modules) in found.items()]
        write(json.dumps({"version": 1, "zones": listed}, indent=2, ensure_ascii=False) + "\n")
    else:
        write("".join(f"{line}\n" for line in _zone_lines(found)))
    raise typer.Exit(int(any(not modules for _, modules in found.values())))


def contracts(config: Config = None, output_format: Format = Form.TEXT) -> None:
    """Show the contracts of the configuration, those of packs with the values that were filled in.

    Exit code 0; 2 for wrong usage or a broken configuration.
    """
    loaded = load(config)
    found = loaded.configuration.contract
    if output_format is Form.JSON:
        listed = [_as_data(contract, loaded) for contract in found]
        write(json.dumps({"version": 1, "contracts": listed}, indent=2, ensure_ascii=False) + "\n")
    else:
        write("".join(f"{line}\n" for contract in found for line in _contract_lines(contract, loaded)))


def _modules(loaded: Loaded, patterns: tuple[str, ...]) -> list[str]:
    """The modules that fit, by name: nothing is parsed for that."""
    from buttress_scanner.config.selectors import Selector
    from buttress_scanner.source.names import found_roots, name_modules
    from buttress_scanner.source.tree import WorkTree

    files = WorkTree(loaded.folder).modules(loaded.configuration.exclude).files
    roots = loaded.configuration.roots
    named = name_modules(files, found_roots(files) if roots is None else roots)
    selectors = [Selector.parse(pattern) for pattern in patterns]
    names = {each.module for path, each in named.modules.items() if path not in named.stubs.values()}
    return sorted(name for name in names if any(selector.matches_module(name) for selector in selectors))


def _zone_lines(found: Mapping[str, tuple[tuple[str, ...], list[str]]]) -> Iterator[str]:
    for name, (patterns, modules) in found.items():
        yield f"@{name}: {len(modules)} {'module' if len(modules) == 1 else 'modules'} of {', '.join(patterns)}"
        yield from (f"  {module}" for module in modules)
    if not found:
        yield "the configuration has no zones"


def _contract_lines(contract: Contract, loaded: Loaded) -> Iterator[str]:
    yield f"{contract.id}  {contract.kind}  {loaded.name}:{loaded.lines[contract.id]}"
    yield f"  {contract.because}"
    data = _as_data(contract, loaded)
    fields, exempt = data["fields"], data["exempt"]
    if isinstance(fields, dict):
        yield from (f"  {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    if isinstance(exempt, list):
        yield from (f"  exempt: {each.get('path') or each.get('symbol')} ({each['reason']})" for each in exempt)
    yield ""


def _as_data(contract: Contract, loaded: Loaded) -> dict[str, object]:
    fields = contract.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_SHARED)
    exempt = contract.model_dump(mode="json", include={"exempt"}, exclude_none=True).get("exempt", [])
    return {
        "id": contract.id,
        "kind": contract.kind,
        "severity": contract.severity.value,
        "because": contract.because,
        "source": contract.source,
        "path": loaded.name,
        "line": loaded.lines[contract.id],
        "exempt": exempt,
        "fields": fields,
    }
