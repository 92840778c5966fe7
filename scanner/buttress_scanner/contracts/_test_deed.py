"""A thing that code does and tests should not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.program.frames import Frame


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a node of a frame does."""

    what: str
    frame: Frame
    node: int
    text: str
    certain: bool = True
