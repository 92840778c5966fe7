"""Exemptions: code that is analysed as part of the program but not judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.config.selectors import Selector
from buttress_scanner.findings.report_model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

    from buttress_scanner.contracts.base import Contract, Exemption
    from buttress_scanner.findings.model import Finding


class Exempted:
    """Decides for one contract which findings stand in exempt code."""

    def __init__(self, exemptions: Sequence[Exemption]) -> None:
        paths = [entry.path for entry in exemptions if entry.path is not None]
        self._files: GitIgnoreSpec | None = _spec(paths) if paths else None
        self._symbols = [Selector.parse(entry.symbol) for entry in exemptions if entry.symbol is not None]

    def covers(self, finding: Finding) -> bool:
        """Whether the finding's file or symbol is exempt."""
        return self.covers_place(finding.position.path, finding.symbol)

    def covers_place(self, path: str, symbol: str) -> bool:
        """Whether a definition in a file is exempt."""
        if self._files is not None and self._files.match_file(path):
            return True
        module, _, qualname = symbol.partition(":")
        return any(selector.matches_symbol(module, qualname) for selector in self._symbols)


def without_effect(
    exemptions: Sequence[Exemption],
    files: Iterable[str],
    has_symbol: Callable[[Selector], bool],
    locate: Callable[[int], tuple[str, int]],
) -> Iterator[Problem]:
    """Report the exemptions that match nothing: code that was renamed is judged again, and nobody has noticed.

    Args:
        exemptions: entries of one list of the configuration.
        files: the program's files.
        has_symbol: whether the program has something that a selector names.
        locate: the file and line of an entry, by its index.
    """
    known = tuple(files)
    for number, entry in enumerate(exemptions):
        if entry.path is not None:
            spec = _spec([entry.path])
            matched, what = any(spec.match_file(path) for path in known), f"no file matches the path {entry.path!r}"
        else:
            symbol = entry.symbol or ""
            matched, what = has_symbol(Selector.parse(symbol)), f"the program has no {symbol!r}"
        if not matched:
            file, line = locate(number)
            yield Problem(file, line, 1, f"the exemption is without effect: {what}", "Correct the entry, or remove it.")


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def all_exemptions(contract: Contract, shared: Sequence[Exemption]) -> Contract:
    """Return the contract with the exemptions of all contracts added to its own, as its check has to see them."""
    return contract.model_copy(update={"exempt": (*contract.exempt, *shared)}) if shared else contract
