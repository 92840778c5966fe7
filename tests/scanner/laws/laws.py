"""The laws: what may be done to a module without any finding changing, and what is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.scanner.laws import renaming, rewrites
from tests.scanner.laws.probes import PLAIN, Deeds, View, check, deeds, original
from tests.scanner.laws.rewrites import Rewriting, undone

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding
    from tests.scanner.laws.corpus import Sample

Chosen = frozenset[int]


def but_finally(kind: str) -> bool:
    """All kinds except finally-obligation."""
    return kind != "finally-obligation"


@dataclass(frozen=True, slots=True)
class Law:
    """A change that findings must survive.

    Attributes:
        places: how many places of a sample could be changed.
        change: the sample with the chosen places changed.
        view: what makes the findings before and after comparable.
    """

    places: Callable[[Sample], int]
    change: Callable[[Sample, Chosen], Sample]
    view: View = PLAIN

    def both(self, sample: Sample, chosen: Chosen) -> tuple[Deeds, Deeds]:
        """The deeds before and after a change."""
        configuration, report = original(sample)
        changed = self.change(sample, chosen)
        return deeds(report, sample.files, self.view), deeds(check(changed, configuration), changed.files, self.view)


def rewriting(kind: type[Rewriting], view: View = PLAIN) -> Law:
    """The law of a rewriting of the subject."""
    return Law(
        lambda sample: rewrites.places(kind, sample.text),
        lambda sample, chosen: sample.with_text(rewrites.rewrite(kind, sample.text, chosen)),
        view,
    )


def _without_helper(symbol: str) -> str:
    return re.sub(rf"\.{rewrites.HELPER}\d+", "", symbol)


RENAMING = Law(
    lambda sample: renaming.count(sample.text),
    lambda sample, chosen: sample.with_text(renaming.renamed(sample.text, chosen)),
    View(renaming.with_old_names),
)


def _handed_out(finding: Finding) -> str:
    """The sink, without saying to what a reference is handed out: it is a list in between."""
    return re.sub(r"^hands out \(\w+\)", "hands out", finding.sink)


LAWS = {
    "local name": RENAMING,
    "identity": rewriting(rewrites.Wrapping, View(undone(rewrites.without_identity))),
    "container": rewriting(rewrites.Packing, View(undone(rewrites.without_packing), sink=_handed_out, kinds=but_finally)),
    "conditional": rewriting(rewrites.Choosing, View(undone(rewrites.without_choice))),
    "getattr": rewriting(rewrites.Getting, View(undone(rewrites.without_getattr))),
    "bound method": rewriting(rewrites.Binding, View(rewrites.without_bound_methods)),
    "helper": rewriting(rewrites.Moving, View(rewrites.without_helpers, _without_helper)),
    "swapped if": rewriting(rewrites.Swapping, View(rewrites.without_negation, kinds=but_finally)),
    "order of definitions": rewriting(rewrites.Exchanging),
}
