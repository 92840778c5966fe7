"""The form of a model: what a library function does with the values that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from buttress_scanner.program.arguments import Args
from buttress_scanner.program.frames import Site
from buttress_scanner.program.values import Value

if TYPE_CHECKING:
    from buttress_scanner.program.engine import Engine

Model = Callable[["Engine", Args, Site], list[Value]]
"""Yields what a call gives; edges, deeds and stores are noted at the site."""
