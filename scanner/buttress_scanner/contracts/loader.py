"""The kinds of contracts: modules of this package, and those of others through the entry point group ``buttress.contracts``.

Only the kinds that a configuration uses are loaded. Own kinds are found by their file, because reading the metadata of
every installed package takes longer than many a check.
"""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from buttress_scanner.contracts.base import Contract

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "buttress.contracts"
_HERE = Path(__file__).parent


class KindError(ValueError):
    """A kind that does not exist, or whose package cannot be loaded. ``hint`` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@cache
def load_kind(name: str) -> type[Contract]:
    """Return the class of a kind.

    Raises:
        KindError: no such kind, or the package that offers it is broken.
    """
    own = _own_kind(name)
    if own is not None:
        return own
    offers = [entry for entry in _foreign() if entry.name == name]
    if not offers:
        known = names()
        raise KindError(f"there is no contract kind {name!r}{nearest(name, known)}", f"The kinds are: {', '.join(known)}.")
    if len({_package(entry) for entry in offers}) > 1:
        packages = " and ".join(sorted(_package(entry) for entry in offers))
        raise KindError(f"the contract kind {name!r} is offered by the packages {packages}", "Uninstall all but one of them.")
    return _load(offers[0])


def names() -> tuple[str, ...]:
    """Return the names of all kinds, sorted, without loading them."""
    return tuple(sorted({*_own_names(), *(entry.name for entry in _foreign())}))


def kinds() -> dict[str, type[Contract]]:
    """Load every kind, sorted by name.

    Raises:
        KindError: a package offers a kind that cannot be loaded.
    """
    return {name: load_kind(name) for name in names()}


def page(name: str) -> str | None:
    """Return the Markdown page of a kind, which stands beside its module; None when its package ships none."""
    module = importlib.import_module(load_kind(name).__module__)
    beside = Path(module.__file__).with_suffix(".md") if module.__file__ else None
    return beside.read_text("utf-8") if beside is not None and beside.is_file() else None


def nearest(name: str, known: object) -> str:
    """Say which known name was probably meant, as the end of a message; empty when none is near."""
    candidates = [str(each) for each in known] if isinstance(known, (tuple, list, set, frozenset, dict)) else []
    found = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""


@cache
def _own_names() -> tuple[str, ...]:
    """A kind of this package is a module with its page beside it."""
    stems = (path.stem for path in sorted(_HERE.glob("*.md")))
    return tuple(stem.replace("_", "-") for stem in stems if (_HERE / f"{stem}.py").is_file())


def _own_kind(name: str) -> type[Contract] | None:
    if name not in _own_names():
        return None
    module = importlib.import_module(f"{__package__}.{name.replace('-', '_')}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Contract) and value.__dict__.get("kind_name") == name:
            return value
    raise KindError(f"the module {module.__name__} defines no contract of the kind {name!r}")


@cache
def _foreign() -> tuple[EntryPoint, ...]:
    """Return what other packages offer; our own entry points name kinds that are found by their files."""
    from importlib.metadata import entry_points

    own = f"{__package__}."
    return tuple(
        sorted(
            (entry for entry in entry_points(group=GROUP) if not entry.value.startswith(own)),
            key=lambda entry: (entry.name, entry.value),
        )
    )


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value.partition(".")[0]


def _load(entry: EntryPoint) -> type[Contract]:
    """Load a kind of another package; whatever its import raises is a fault of that package, not of ours."""
    package = _package(entry)
    offer = f"the package {package} offers the contract kind {entry.name!r}, but {entry.value}"
    hint = f"Repair or uninstall {package}, or remove the contracts of the kind {entry.name!r}."
    try:
        loaded: object = entry.load()
    except Exception as error:
        raise KindError(
            f"{offer} cannot be loaded: {type(error).__name__}: {error}",
            hint,
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Contract)):
        raise KindError(
            f"the package {package} offers the contract kind {entry.name!r}, but {entry.value} is no subclass of Contract", hint
        )
    if getattr(loaded, "kind_name", None) != entry.name:
        raise KindError(
            f"the package {package} offers the contract kind {entry.name!r}, but {entry.value} has another kind_name", hint
        )
    return loaded
