"""Packs: zones and contracts that many projects share, with parameters that each project fills in.

A pack is a TOML file in the form of ``buttress.toml`` with a table ``[parameters]``. ``"${name}"`` as a whole value stands
for the parameter's value, spliced in where a list holds it; inside a longer string it stands for the value's text. A
contract or zone that mentions an optional parameter without a value is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from buttress_scanner.config.document import ConfigurationError, Document
from buttress_scanner.contracts.loader import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from importlib.metadata import EntryPoint

    from buttress_scanner.findings.report_model import Problem

GROUP = "buttress.packs"
OWN = "buttress:"
_WHOLE = re.compile(r"\$\{([a-z0-9-]+)\}")
_SHIPPED = Path(__file__).parent / "packs"
_PACK_KEYS = ("description", "parameters", "zones", "contract")
_PARAMETER_KEYS = ("description", "default", "optional")


class PackError(ValueError):
    """A pack that cannot be used. ``hint`` says what to do, ``parameter`` names the culprit if it is one."""

    def __init__(self, message: str, hint: str = "", parameter: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Filled:
    """What a pack adds to a configuration, its parameters filled in."""

    zones: Mapping[str, object] = field(default_factory=dict)
    contracts: tuple[Mapping[str, object], ...] = ()


def shipped() -> tuple[str, ...]:
    """Return the names of the packs that come with buttress."""
    return tuple(OWN + path.stem for path in sorted(_SHIPPED.glob("*.toml")))


def read_pack(name: str, read: Callable[[str], bytes]) -> Document:
    """Find and parse a pack.

    Args:
        name: ``buttress:...``, the name of an entry point, or a path to a ``.toml`` file below the configuration's folder.
        read: returns the content of a file in that folder.

    Raises:
        PackError: there is no such pack, or it cannot be read.
    """
    try:
        document = Document.parse(name, _content(name, read))
    except OSError as error:
        raise PackError(f"the pack {name!r} cannot be read: {error.strerror or error}") from None
    except ConfigurationError as error:
        first: Problem = error.problems[0]
        raise PackError(f"the pack {name!r} is broken at line {first.line}: {first.message}") from None
    for key in document.data:
        if key not in _PACK_KEYS:
            raise PackError(f"the pack {name!r} has an unknown key {key!r}{nearest(key, _PACK_KEYS)}")
    return document


def fill(document: Document, given: Mapping[str, object]) -> Iterator[PackError | Filled]:
    """Put values for the parameters of a pack; yields every error, or the one result."""
    parameters = _table(document.data.get("parameters"))
    errors = list(_errors(document.name, parameters, given))
    if errors:
        yield from errors
        return
    values = {name: given.get(name, _table(parameters[name]).get("default")) for name in parameters}
    values = {name: value for name, value in values.items() if value is not None}
    zones = {
        name: _put(zone, values) for name, zone in _table(document.data.get("zones")).items() if _mentions(zone) <= values.keys()
    }
    contracts = document.data.get("contract", [])
    chosen = [entry for entry in contracts if _mentions(entry) <= values.keys()] if isinstance(contracts, list) else []
    yield Filled(zones, tuple(_table(_put(entry, values)) for entry in chosen))


def _errors(pack: str, parameters: Mapping[str, object], given: Mapping[str, object]) -> Iterator[PackError]:
    for name in given:
        if name not in parameters:
            known = f"Its parameters are: {', '.join(parameters) or 'none'}."
            yield PackError(f"the pack {pack!r} has no parameter {name!r}{nearest(name, tuple(parameters))}", known, name)
    for name, declared in parameters.items():
        table = _table(declared)
        for key in table:
            if key not in _PARAMETER_KEYS:
                yield PackError(
                    f"the parameter {name!r} of the pack {pack!r} has an unknown key {key!r}{nearest(key, _PARAMETER_KEYS)}"
                )
        if name not in given and "default" not in table and table.get("optional") is not True:
            hint = f'Give it under [packs."{pack}"]: {table.get("description", name)}'
            yield PackError(f"the pack {pack!r} needs a value for its parameter {name!r}", hint)


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _mentions(value: object) -> set[str]:
    """Collect the parameters that a value refers to."""
    if isinstance(value, str):
        return set(_WHOLE.findall(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(_mentions(part) for part in parts))


def _put(value: object, values: Mapping[str, object]) -> object:
    """Replace placeholders by values, all the way down."""
    if isinstance(value, dict):
        return {key: _put(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [item for part in value for item in _spliced(part, values)]
    if not isinstance(value, str):
        return value
    whole = _WHOLE.fullmatch(value)
    if whole:
        return values[whole[1]]
    return _WHOLE.sub(lambda match: _text(values[match[1]]), value)


def _spliced(part: object, values: Mapping[str, object]) -> Iterator[object]:
    put = _put(part, values)
    if isinstance(part, str) and isinstance(put, (list, tuple)):
        yield from put
    else:
        yield put


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _content(name: str, read: Callable[[str], bytes]) -> bytes:
    if name.startswith(OWN):
        file = _SHIPPED / f"{name.removeprefix(OWN)}.toml"
        if name not in shipped():
            raise PackError(f"there is no pack {name!r}{_near(name, shipped())}", f"Shipped packs are: {', '.join(shipped())}.")
        return file.read_bytes()
    if name.endswith(".toml"):
        return read(name)
    offers = [entry for entry in _foreign() if entry.name == name]
    if not offers:
        known = (*shipped(), *(entry.name for entry in _foreign()))
        raise PackError(f"there is no pack {name!r}{_near(name, known)}", f"Known packs are: {', '.join(known)}.")
    return _of_package(offers[0])


def _near(name: str, known: tuple[str, ...]) -> str:
    """Find the pack that was meant; the common first part of names must not make them look alike."""
    owner, _, last = name.rpartition(":")
    rest = tuple(each.rpartition(":")[2] for each in known if each.rpartition(":")[0] == owner)
    found = nearest(last, rest)
    return found.replace("mean '", f"mean '{owner}:") if owner else found


@cache
def _foreign() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)))


def _of_package(entry: EntryPoint) -> bytes:
    """Read the pack of another package: ``package.module:stem`` is the file ``stem.toml`` beside that module."""
    try:
        return (resources.files(entry.module) / f"{entry.attr or entry.name}.toml").read_bytes()
    except Exception as error:
        package = entry.dist.name if entry.dist is not None else entry.module
        reason = f"{entry.value} cannot be read: {type(error).__name__}: {error}"
        message = f"the package {package} offers the pack {entry.name!r}, but {reason}"
        raise PackError(message, f"Repair or uninstall {package}.") from error
