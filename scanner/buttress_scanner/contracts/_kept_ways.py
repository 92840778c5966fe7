"""The ways through a handler or helper, and whether the exception has been kept on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttress_scanner.contracts._library import stored
from buttress_scanner.program.values import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from buttress_scanner.contracts._kept import Keeping, Trace
    from buttress_scanner.program.frames import Frame

FALLS, LEAVES, RAISES = "falls", "leaves", "raises"
Ends = set[tuple[str, bool]]
"""How code may end, and whether the exception has been kept by then."""


class Walk:
    """Follows the ways through statements."""

    def __init__(self, keeping: Keeping, frame: Frame, trace: Trace, depth: int = 0, *, by_return: bool = True) -> None:
        self.keeping = keeping
        self.frame = frame
        self.trace = trace
        self.depth = depth
        self.by_return = by_return
        """Whether returning the exception keeps it: a helper that gives it back does not, its caller may drop it."""
        self._statements: dict[str, Callable[[list[Any], bool], Ends]] = {
            "return": self._return, "raise": self._raise, "break": self._leave, "continue": self._leave, "if": self._if,
            "while": self._loop, "for": self._loop, "try": self._try, "with": self._with, "match": self._match,
        }  # fmt: skip

    def block(self, tree: list[Any], before: set[bool]) -> Ends:
        """How a block may end."""
        going, found = set(before), set[tuple[str, bool]]()
        for entry in tree:
            ends: Ends = set()
            for kept in going:
                handler = self._statements.get(entry[0])
                ends |= handler(entry, kept) if handler is not None else {(FALLS, kept or self._any(entry[2], entry[3]))}
            going = {kept for end, kept in ends if end == FALLS}
            found |= {e for e in ends if e[0] != FALLS}
        return found | {(FALLS, kept) for kept in going}

    def _any(self, start: int, end: int) -> bool:
        return any(self.keeps(index) for index in range(start, end))

    def keeps(self, index: int) -> bool:
        """Whether a node keeps the exception."""
        node = self.frame.body.nodes[index]
        if node[0] == "call":
            return self.keeping.call_keeps(self.frame, index, self.trace, self.depth)
        if node[0] == "await":
            return self.keeping.await_keeps(self.frame, index, self.trace, self.depth)
        if node[0] == "aug":
            return node[3] in self.trace.all and any(isinstance(v, Box) for v in self.keeping.engine.read(self.frame, node[2]))
        if node[0] in ("yield", "yieldfrom"):
            return node[1] in self.trace.all
        return not self.trace.all.isdisjoint(stored(node)) or (node[0] == "setitem" and node[2] in self.trace.all)

    def _return(self, entry: list[Any], kept: bool) -> Ends:
        _, _, start, end, value = entry
        return {(LEAVES, kept or self._any(start, end) or (self.by_return and value in self.trace.all))}

    def _raise(self, entry: list[Any], kept: bool) -> Ends:
        return {(RAISES, True)}

    def _leave(self, entry: list[Any], kept: bool) -> Ends:
        return {(LEAVES, kept)}

    def _if(self, entry: list[Any], kept: bool) -> Ends:
        _, _, start, end, known, then, orelse = entry
        kept = kept or self._any(start, end)
        found: Ends = set()
        if known is not False:
            found |= self.block(then, {kept})
        if known is not True:
            found |= self.block(orelse, {kept})
        return found

    def _loop(self, entry: list[Any], kept: bool) -> Ends:
        """A loop: what its body keeps counts, though there may be no round."""
        start, end = entry[2], entry[3]
        body, orelse = (entry[5], entry[6]) if entry[0] == "while" else (entry[6], entry[7])
        kept = kept or self._any(start, end)
        rounds = self.block(body, {kept})
        again = {k for e, k in rounds if e == FALLS} or {kept}
        out = {e for e in rounds if e[0] == RAISES or (e[0] == LEAVES and _has_return(body))}
        broken = {k for e, k in rounds if e == LEAVES}
        return out | self.block(orelse, again) | {(FALLS, k) for k in broken}

    def _try(self, entry: list[Any], kept: bool) -> Ends:
        _, _, body, handlers, orelse, final = entry
        ends = self.block(body, {kept})
        found = {e for e in ends if e[0] == LEAVES}
        falling = {k for e, k in ends if e == FALLS}
        found |= self.block(orelse, falling) if falling else set()
        best = any(k for _, k in ends)
        for *_, tree, _span in handlers:
            found |= self.block(tree, {kept or best})
        if not handlers:
            found |= {e for e in ends if e[0] == RAISES}
        found = found or {(RAISES, True)}
        if not final:
            return found
        done: Ends = set()
        for end, k in found:
            for last, after in self.block(final, {k}):
                done.add((end if last == FALLS else last, after))
        return done

    def _with(self, entry: list[Any], kept: bool) -> Ends:
        for start, end, *_ in entry[2]:
            kept = kept or self._any(start, end)
        return self.block(entry[3], {kept})

    def _match(self, entry: list[Any], kept: bool) -> Ends:
        kept = kept or self._any(entry[2], entry[3])
        found: Ends = set()
        irrefutable = False
        for certain, start, end, tree in entry[4]:
            irrefutable |= certain
            found |= self.block(tree, {kept or self._any(start, end)})
        return found if irrefutable else found | {(FALLS, kept)}


def _has_return(tree: list[Any]) -> bool:
    return any(
        (isinstance(e, list) and e and e[0] == "return")
        or (isinstance(e, list) and _has_return([x for x in e if isinstance(x, list)]))
        for e in tree
    )
