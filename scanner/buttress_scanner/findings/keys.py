"""Keys of findings: what they are called across time. No line is in them, so that they outlive moves and reformatting."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.findings._normal import DEFINITION, Files

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.findings.model import Finding

PATH = "path"
"""What stands for the statement where the evidence leads into another definition: only the ends of the path count."""

_DIGITS = 12


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Contract, symbol, deed, and the statement in which it is done; equal deeds in equal statements share a key.

    Of a finding whose evidence leads into another definition the ends of the path count, which are symbol and deed; ``statement``
    is `PATH`, and what lies between may change.
    """

    contract: str
    symbol: str
    sink: str
    statement: str


class Keys:
    """The keys of findings in the files of one tree."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self.files = Files(read)

    def of(self, finding: Finding) -> Key:
        """The key of a finding, with the statement as a digest."""
        return Key(finding.contract, finding.symbol, finding.sink, digest(self.statement(finding)))

    def statement(self, finding: Finding) -> str:
        """The normal form of a finding's statement, or `PATH`."""
        return PATH if self._is_path(finding) else self.files[finding.position.path].at(finding.position, finding.symbol)

    def _is_path(self, finding: Finding) -> bool:
        """Whether the evidence leads from the finding's place into another definition.

        Steps that show a definition (the enum, the overridden method) explain the finding and are no part of the path.
        """
        steps = finding.evidence
        if not steps or (steps[0].position.path, steps[0].position.line) != (finding.position.path, finding.position.line):
            return False
        for step in reversed(steps):
            if not self.files[step.position.path].defines(step.position, step.symbol):
                return step.symbol != finding.symbol
        return False


def digest(statement: str) -> str:
    """A short form of a statement, which stays readable where it is short already."""
    if statement in ("", DEFINITION, PATH):
        return statement
    return hashlib.sha256(statement.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
