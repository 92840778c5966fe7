"""The parts of a body's expressions that may be skipped, as a tree: short circuits, comprehensions, conditional expressions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body


@dataclass(slots=True)
class Arm:
    """A range of nodes, with the regions inside."""

    start: int
    end: int
    inside: list[Region] = field(default_factory=list)

    def holds(self, other: Region) -> bool:
        """Whether another region lies in this range."""
        return self.start <= other.start and other.end <= self.end


@dataclass(slots=True)
class Region:
    """One range that may run, or two of which exactly one does."""

    arms: tuple[Arm, ...]

    @property
    def start(self) -> int:
        """The first node."""
        return self.arms[0].start

    @property
    def end(self) -> int:
        """The node behind the last."""
        return self.arms[-1].end

    @property
    def must_run(self) -> bool:
        """Whether one of the arms surely runs."""
        return len(self.arms) == 2


def regions_of(body: Body) -> list[Region]:
    """The outermost regions of a body in order. The facts list inner ranges before those around them."""
    partners = dict(body.alternatives)
    second = set(partners.values())
    found: list[Region] = []
    for number, part in enumerate(body.conditional):
        other = partners.get(part)
        is_pair = other is not None and body.conditional[number + 1 : number + 2] == [other]
        if not is_pair and part in second and number and partners.get(body.conditional[number - 1]) == part:
            continue
        region = Region((Arm(*part), Arm(*other)) if is_pair and other is not None else (Arm(*part),))
        if region.start < region.end:
            found.append(region)
    return _nested(found)


def _nested(found: list[Region]) -> list[Region]:
    outermost: list[Region] = []
    for region in found:
        while outermost and (arm := next((a for a in region.arms if a.holds(outermost[-1])), None)) is not None:
            arm.inside.insert(0, outermost.pop())
        outermost.append(region)
    return outermost
