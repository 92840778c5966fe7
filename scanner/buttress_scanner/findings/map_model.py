"""The modules of a program, who imports whom, and the layers that contracts put them in: what a map is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.findings.model import Position


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """One module imports another, first at ``position``; with ``typing`` only type checkers see any of the imports."""

    importer: str
    imported: str
    position: Position
    typing: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One of the siblings of a layer: the pattern that names it, and the modules that belong to it."""

    pattern: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layering:
    """The layers of one contract, top first, each with its parts side by side."""

    contract: str
    layers: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class ModuleMap:
    """Everything of which a map is drawn, in alphabetical order; layerings in the order of the configuration."""

    modules: tuple[str, ...]
    links: tuple[Link, ...]
    layerings: tuple[Layering, ...] = ()
