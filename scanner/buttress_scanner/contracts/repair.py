"""Repairs: changes of one file that make a finding disappear. Kinds offer them; `buttress fix` and editors apply them.

A repair that is offered is still tried before anybody sees it: the program is checked with the change, and the finding must be
gone with no other in its place.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from buttress_scanner.findings.model import Finding
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.program import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """A change of one file.

    ``title`` says what is done, as an order ("Declare ..."). ``change`` returns the new content of the file for the present one,
    None where it does not fit any more. ``is_safe`` says that the program does the same as before, but for what the contract is
    about; what is not safe is applied on demand only.
    """

    title: str
    path: str
    change: Callable[[bytes], bytes | None]
    is_safe: bool = True


def subject_of(program: Program, finding: Finding) -> Subject | None:
    """The function or class in which a finding stands."""
    found = [s for s in program.subjects(finding.symbol) if s.body is not None] if ":" in finding.symbol else []
    return next((s for s in found if s.unit.path == finding.position.path), None)


def knows(unit: Unit, expression: str) -> bool:
    """Whether a module defines or imports every name of an expression, or Python does."""
    known = {*unit.facts.bodies[0].exit, *vars(builtins)}
    return all(node.id in known for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name))


def from_elsewhere(program: Program, finding: Finding) -> Iterator[Repair]:
    """For an import that is not permitted: take the same names from a module that has them too, the nearest first."""
    unit = next((u for u in program.modules.values() if u.path == finding.position.path), None)
    if unit is None:
        return
    facts = [f for f in unit.facts.imports if f.span[0] == finding.position.line and f.name and f.name != "*"]
    source = program.table.absolute(unit, facts[0].level, facts[0].module) if facts else None
    if source is None or source not in program.modules:
        return
    names = {fact.name for fact in facts}
    for other in sorted(_offering(program, unit, source, names), key=lambda name: (-_common(name, source), name)):
        title = f"Import {', '.join(sorted(names))} from `{other}`, which has the same"
        yield Repair(title, unit.path, _redirected(facts[0].level, facts[0].module, names, other))


def _offering(program: Program, unit: Unit, source: str, names: set[str]) -> Iterator[str]:
    """Modules that import all the names from the source themselves."""
    for other in program.modules.values():
        facts = [fact for fact in other.facts.imports if fact.body == 0 and not fact.typing_only and fact.name in names]
        taken = {fact.name for fact in facts if program.table.absolute(other, fact.level, fact.module) == source}
        if other is not unit and taken == names and names <= other.facts.bodies[0].exit.keys():
            yield other.name


def _common(first: str, second: str) -> int:
    """How many leading segments two dotted names share."""
    pairs = zip(first.split("."), second.split("."), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(first.count("."), second.count(".")) + 1)


def _redirected(level: int, module: str, names: Iterable[str], other: str) -> Callable[[bytes], bytes | None]:
    wanted = set(names)

    def change(data: bytes) -> bytes | None:
        from buttress_scanner.contracts._rewriting import redirected

        return redirected(data, level, module, wanted, other)

    return change
