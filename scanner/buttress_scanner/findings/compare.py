"""Which findings of a tree another tree has too: those of one key, and those in what was only renamed or moved since."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from buttress_scanner.findings._moves import Definition, Moves, definitions, find_moves
from buttress_scanner.findings._normal import File
from buttress_scanner.findings.keys import Key, Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from buttress_scanner.findings.model import Finding


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two trees: its findings, the bytes of its files by path, and the modules of those that are modules."""

    findings: Sequence[Finding]
    contents: Mapping[str, bytes]
    modules: Mapping[str, str]

    def keys(self) -> list[Key]:
        """The keys of the findings, with whole statements, so that names in them can be compared."""
        keys = Keys(self.contents.get)
        return [Key(each.contract, each.symbol, each.sink, keys.statement(each)) for each in self.findings]

    def definitions(self, paths: Iterable[str]) -> dict[str, Definition]:
        """What the modules among some files define."""
        known = [(self.modules[path], self.contents[path], path) for path in sorted(paths) if path in self.modules]
        return {each.symbol: each for module, data, path in known for each in definitions(module, File(path, data).tree)}


def old_findings(head: Side, base: Side, renamed: Mapping[str, str]) -> list[bool]:
    """Tell for each finding of ``head`` whether ``base`` has it too.

    A finding of ``base`` stands for one of ``head``: a second deed of the same sort in the same place is new. Of several that are
    alike those are old whose lines are.

    Args:
        head: the tree that is judged.
        base: the tree with which it is compared.
        renamed: new paths by old ones, of the files that Git takes for renamed.
    """
    head_keys, base_keys = head.keys(), base.keys()
    old = [False] * len(head_keys)
    order = _order(head, base, renamed, _ambiguous(head_keys, base_keys))
    left = _match([(index, head_keys[index]) for index in order], Counter(base_keys), old)
    if left.total() and not all(old):
        moves = _moves(head, base, renamed)
        then = Counter(_moved(key, moves, moves.symbol(key.symbol)) for key in left.elements())
        _match([(index, _moved(head_keys[index], moves, head_keys[index].symbol)) for index in order], then, old)
    return old


def _ambiguous(head: Sequence[Key], base: Sequence[Key]) -> set[int]:
    """The findings of which there are more than there were, so that it has to be said which are new."""
    before = Counter(base)
    more = (Counter(head) - before).keys() & before.keys()
    return {index for index, key in enumerate(head) if key in more}


def _order(head: Side, base: Side, renamed: Mapping[str, str], ambiguous: set[int]) -> list[int]:
    """All findings, those last that are ambiguous and whose line has come or changed."""
    origins = {new: old for old, new in renamed.items()}
    kept = {
        path: _kept_lines(base.contents.get(origins.get(path, path), b""), head.contents.get(path, b""))
        for path in {head.findings[index].position.path for index in ambiguous}
    }

    def is_touched(index: int) -> bool:
        place = head.findings[index].position
        return index in ambiguous and place.line not in kept[place.path]

    return sorted(range(len(head.findings)), key=is_touched)


def _kept_lines(before: bytes, after: bytes) -> set[int]:
    """The lines, counted from 1, that were there before."""
    blocks = SequenceMatcher(None, before.splitlines(), after.splitlines()).get_matching_blocks()
    return {line for block in blocks for line in range(block.b + 1, block.b + block.size + 1)}


def _match(keys: Sequence[tuple[int, Key]], counts: Counter[Key], old: list[bool]) -> Counter[Key]:
    """Mark the findings that have a counterpart; return the counterparts that are left."""
    for index, key in keys:
        if not old[index] and counts[key] > 0:
            counts[key] -= 1
            old[index] = True
    return +counts


def _moved(key: Key, moves: Moves, symbol: str) -> Key:
    return Key(key.contract, symbol, moves.text(key.sink), moves.text(key.statement))


def _moves(head: Side, base: Side, renamed: Mapping[str, str]) -> Moves:
    """What was renamed or moved, found in the files that differ."""
    changed = {path for path in base.contents if head.contents.get(path) != base.contents[path]}
    come = {path for path in head.contents if base.contents.get(path) != head.contents[path]}
    names = {old: new for old, new in renamed.items() if old in base.contents and new in head.contents}
    modules = {base.modules[old]: head.modules[new] for old, new in names.items() if old in base.modules and new in head.modules}
    return find_moves(base.definitions(changed), head.definitions(come), {**names, **modules})
