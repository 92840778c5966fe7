"""Read a configuration file into a `Configuration`, or into everything that is wrong with it, each with its line."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from buttress_scanner.config.document import ConfigurationError, Document
from buttress_scanner.config.find import SHARED_FILE, find_configuration
from buttress_scanner.config.model import Configuration
from buttress_scanner.config.packs import Filled, PackError, fill, read_pack
from buttress_scanner.config.validate import validate
from buttress_scanner.config.zones import expand, references
from buttress_scanner.contracts.base import as_tuple
from buttress_scanner.contracts.loader import KindError, load_kind, nearest
from buttress_scanner.findings.report_model import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_scanner.config.places import Path as Place
    from buttress_scanner.contracts.base import Contract
    from buttress_scanner.source.tree import Tree

Model = TypeVar("Model", bound=BaseModel)

_RESERVED_ID = "suppression"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where its parts stand.

    ``lines`` has the line of each contract in ``file``; contracts of packs stand at the entry of ``extends``. ``zones``
    holds the zones with references to other zones replaced, those of packs included. ``exempt_lines`` has the line of each
    exemption by the id of its contract (empty for the exemptions of all contracts) and its index.
    """

    file: Path
    configuration: Configuration
    lines: Mapping[str, int]
    zones: Mapping[str, tuple[str, ...]]
    exempt_lines: Mapping[tuple[str, int], int]

    @property
    def folder(self) -> Path:
        """The folder to which all paths are relative."""
        return self.file.parent

    @property
    def name(self) -> str:
        """The file's name, as reports write it."""
        return self.file.name


def load_configuration(where: Path | str | None = None, tree: Tree | None = None) -> Loaded:
    """Load the configuration that holds for a folder, or a given configuration file.

    Args:
        where: a file is taken as it is; a folder (default: the working directory) is searched upwards.
        tree: the files of the folder; those on disk when absent, and for what the tree does not have.

    Raises:
        ConfigurationError: with every problem found.
    """
    given = Path(where) if where is not None else Path()
    file = find_configuration(given) if given.is_dir() else given.absolute()
    files = _Files(file.parent, tree)
    try:
        content = files.read(file.name)
    except OSError as error:
        message = f"the configuration {given} cannot be read: {error.strerror or error}"
        raise ConfigurationError((Problem(file.name, 0, 1, message, "Name an existing file with --config."),)) from None
    prefix = ("tool", "buttress") if file.name == SHARED_FILE else ()
    return _Loading(file, Document.parse(file.name, content, prefix), files).run()


@dataclass(frozen=True, slots=True)
class _Files:
    """The files in the configuration's folder."""

    folder: Path
    tree: Tree | None

    def read(self, path: str) -> bytes:
        found = self.tree.read(path, sys.maxsize) if self.tree is not None else None
        return found if isinstance(found, bytes) else (self.folder / path).read_bytes()

    def has_folder(self, path: str) -> bool:
        documents = self.tree.documents() if self.tree is not None else ()
        return any(each.startswith(f"{path}/") for each in documents) or (self.folder / path).is_dir()


class _Loading:
    """One run over a document, which collects problems instead of stopping at the first."""

    def __init__(self, file: Path, document: Document, files: _Files) -> None:
        self.file = file
        self.files = files
        self.document = document
        self.problems: list[Problem] = []
        self.contracts: list[Contract] = []
        self.lines: dict[str, int] = {}
        self.zones: dict[str, tuple[str, ...]] = {}
        self.mentions: list[tuple[Place, str]] = []

    def run(self) -> Loaded:
        """Validate the whole document, packs included."""
        shared = self._validate(Configuration, {key: value for key, value in self.document.data.items() if key != "contract"}, ())
        if shared is not None:
            self._roots(shared.roots or ())
        zones = _table(self.document.data.get("zones"))
        self.zones.update(shared.zones if shared is not None else dict.fromkeys(zones, ()))
        self.mentions.extend(references(zones, ("zones",)))
        self._own_contracts()
        own = tuple(self.contracts)
        self._packs()
        self._unknown_zones()
        if self.problems or shared is None:
            raise ConfigurationError(tuple(dict.fromkeys(self.problems)))
        complete = shared.model_copy(update={"contract": tuple(self.contracts), "zones": dict(self.zones)})
        return Loaded(self.file, complete, self.lines, expand(self.zones), self._exempt_lines(complete, own))

    def _exempt_lines(self, configuration: Configuration, own: tuple[Contract, ...]) -> dict[tuple[str, int], int]:
        lines = {("", number): self.document.line(("exempt", number)) for number in range(len(configuration.exempt))}
        for contract in configuration.contract:
            place: Place = ("contract", own.index(contract), "exempt") if contract in own else ()
            for number in range(len(contract.exempt)):
                lines[contract.id, number] = self.document.line((*place, number)) if place else self.lines[contract.id]
        return lines

    def _report(self, place: Place, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem(place, message, hint))

    def _validate(self, model: type[Model], data: Mapping[str, object], place: Place) -> Model | None:
        result = validate(model, data, self.document, place)
        if isinstance(result, list):
            self.problems.extend(result)
            return None
        return result

    def _roots(self, roots: tuple[str, ...]) -> None:
        for number, root in enumerate(roots):
            if not self.files.has_folder(root):
                folders = tuple(sorted(entry.name for entry in self.file.parent.iterdir() if entry.is_dir()))
                self._report(
                    ("roots", number),
                    f"the root {root!r} is no folder{nearest(root, folders)}",
                    "Roots are relative to this file.",
                )

    def _own_contracts(self) -> None:
        listed = self.document.data.get("contract", [])
        if not isinstance(listed, list):
            self._report(("contract",), "`contract` is a single table", "Write [[contract]], with two brackets.")
            return
        for number, entry in enumerate(listed):
            place = ("contract", number)
            self.mentions.extend(references(entry, place))
            self._contract(entry, place)

    def _contract(self, entry: object, place: Place) -> None:
        """Validate one contract with the class of its kind."""
        if not isinstance(entry, dict):
            self._report(place, "a contract must be a table", "Write [[contract]], with two brackets.")
            return
        kind = entry.get("kind")
        if not isinstance(kind, str):
            self._report(
                place,
                "the key `kind` is missing" if kind is None else "`kind` must be a string",
                "`buttress explain` lists the kinds.",
            )
            return
        try:
            model = load_kind(kind)
        except KindError as error:
            self._report((*place, "kind"), str(error), error.hint)
            return
        contract = self._validate(model, entry, place)
        if contract is not None:
            self._add(contract, place)

    def _add(self, contract: Contract, place: Place) -> None:
        if contract.id == _RESERVED_ID:
            self._report(
                (*place, "id"), f"the id {contract.id!r} is reserved for findings about suppressions", "Choose another id."
            )
        elif contract.id in self.lines:
            first = self.lines[contract.id]
            self._report(
                (*place, "id"),
                f"a second contract has the id {contract.id!r}; the first is at line {first}",
                "Give each contract its own id.",
            )
        else:
            self.contracts.append(contract)
            self.lines[contract.id] = self.document.line(place)

    def _packs(self) -> None:
        """Add what packs bring, even if the rest of the configuration is wrong, so that all problems are told at once."""
        listed = as_tuple(self.document.data.get("extends", ()))
        extended = tuple(name for name in listed if isinstance(name, str)) if isinstance(listed, tuple) else ()
        given = _table(self.document.data.get("packs"))
        for name in given:
            if name not in extended:
                near = nearest(name, extended)
                self._report(
                    ("packs", name), f"the pack {name!r} has parameters here but is not extended{near}", "Name it in `extends`."
                )
        for number, name in enumerate(extended):
            results: list[PackError | Filled]
            try:
                results = list(fill(read_pack(name, self.files.read), _table(given.get(name))))
            except PackError as error:
                results = [error]
            for result in results:
                self._pack(name, number, result)

    def _pack(self, name: str, number: int, result: PackError | Filled) -> None:
        place: Place = ("extends", number)
        if isinstance(result, PackError):
            self._report(("packs", name, result.parameter) if result.parameter else place, str(result), result.hint)
            return
        for zone, patterns in result.zones.items():
            listed = (patterns,) if isinstance(patterns, str) else tuple(patterns) if isinstance(patterns, (list, tuple)) else ()
            self.zones.setdefault(zone, tuple(map(str, listed)))
            self.mentions.extend((place, mention) for _, mention in references(listed, ()))
        for entry in result.contracts:
            self.mentions.extend((place, mention) for _, mention in references(entry, ()))
            before = len(self.problems)
            self._contract(entry, place)
            self.problems[before:] = [self._in_pack(name, place, problem) for problem in self.problems[before:]]

    def _in_pack(self, name: str, place: Place, problem: Problem) -> Problem:
        return self.document.problem(place, f"in the pack {name!r}: {problem.message}", problem.hint)

    def _unknown_zones(self) -> None:
        for place, name in self.mentions:
            if name not in self.zones:
                known = f"Known zones are: {', '.join(sorted(self.zones))}." if self.zones else "Define it under [zones]."
                self._report(place, f"there is no zone {name!r}{nearest(name, tuple(self.zones))}", known)


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
