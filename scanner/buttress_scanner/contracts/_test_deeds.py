"""What code does that tests should not: stand in for other code, sleep, read or replace the clock, skip for no reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.contracts._library import Callers
from buttress_scanner.contracts._test_clocks import Clocks
from buttress_scanner.contracts._test_mocks import Mocks, Skips
from buttress_scanner.contracts._test_sleeps import Sleeps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.contracts._test_deed import Deed
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Frame


class Deeds:
    """Finds such deeds in any code of the program."""

    def __init__(self, program: Program, wanted: Iterable[str]) -> None:
        callers = Callers(program)
        clocks = Clocks(program, callers)
        finders: dict[str, Callable[[Frame], Iterator[Deed]]] = {
            "mock": Mocks(program).of,
            "sleep": Sleeps(program, callers).of,
            "clock": clocks.readings,
            "patched-clock": clocks.patches,
            "skip-without-reason": Skips(program).of,
        }
        self._finders = [finders[name] for name in wanted if name in finders]

    def of(self, frame: Frame) -> Iterator[Deed]:
        """Yield the deeds that a frame does or, where an argument decides, that others do by what they give it."""
        for finder in self._finders:
            yield from finder(frame)
