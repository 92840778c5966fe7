"""What contracts claim of the same thing, and when two claims contradict each other.

A kind says in `Contract.claims` what it demands and what it permits, as values of the classes below. Claims about one thing (the
same ``about``) are compared; nobody has to know which kinds there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from buttress_scanner.config.exemptions import Exempted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from buttress_scanner.contracts.base import Contract
    from buttress_scanner.program import Program

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Only:
    """Nothing but ``among`` may: modules and symbols, or names of another sort. An empty set claims nothing.

    What is in ``besides`` is not judged, so that it may as well; nobody has permitted it.
    """

    about: str
    among: frozenset[str]
    besides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class May:
    """What is in ``among`` may, whatever else may."""

    about: str
    among: frozenset[str]


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing of ``among`` may."""

    about: str
    among: frozenset[str]


@dataclass(frozen=True, slots=True)
class Needs:
    """Something of ``among`` must. An empty set claims nothing."""

    about: str
    among: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exactly:
    """It is this and nothing else; ``shown`` is how people write it."""

    about: str
    value: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Above:
    """What has a lower rank stands above what has a higher one."""

    about: str
    ranks: Mapping[str, int]


Claim = Only | May | Never | Needs | Exactly | Above


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two contracts, by their ids in the order of the configuration, and what one demands and the other does not let be."""

    first: str
    second: str
    why: str


def contradictions(claims: Sequence[tuple[str, Sequence[Claim]]], kept: AbstractSet[str]) -> Iterator[Contradiction]:
    """Find the pairs of contracts of which one forbids what the other demands; each pair is told once.

    Args:
        claims: what each contract claims, by its id.
        kept: the contracts that nothing breaks. A program that keeps both of two contracts proves that what one needs can be
            had in spite of the other, such as by a helper.
    """
    by_subject: dict[str, list[tuple[str, Claim]]] = defaultdict(list)
    for name, claimed in claims:
        for claim in claimed:
            by_subject[claim.about].append((name, claim))
    order = {name: number for number, (name, _) in enumerate(claims)}
    told: set[tuple[str, str]] = set()
    for group in by_subject.values():
        for (one, claim), (other, against) in combinations(group, 2):
            first, second = sorted((one, other), key=order.__getitem__)
            if one == other or (first, second) in told:
                continue
            if why := _clash(one, claim, other, against, is_met={one, other} <= kept):
                told.add((first, second))
                yield Contradiction(first, second, why)


def named(program: Program, patterns: Iterable[str]) -> frozenset[str]:
    """The modules and symbols of the program that selectors and zones name."""
    found: set[str] = set()
    for selector in program.patterns(patterns):
        modules = [module for module in program.modules if selector.matches_module(module)]
        name = (selector.name or "*").removesuffix(".*")
        found.update(modules if "*" in name else (f"{module}:{name}" for module in modules))
    return frozenset(found)


def exempted(program: Program, contract: Contract) -> frozenset[str]:
    """The modules that a contract does not judge."""
    exempt = Exempted(contract.exempt)
    return frozenset(name for name, unit in program.modules.items() if exempt.covers_place(unit.path, name))


def called(program: Program, text: str, *, overrides: bool = False) -> tuple[str, ...]:
    """What a call of a symbol is called in claims: for a class and its constructor the same; with overrides theirs as well."""
    from buttress_scanner.program.classes import subclasses

    found = sorted({subject.symbol for subject in program.subjects(text)})
    owner, dot, member = text.rpartition(".")
    if overrides and dot and ":" in owner and "*" not in text:
        for info in program.classes(owner):
            below = (sub for sub in subclasses(program.engine, info) if member in sub.body.exit)
            found += sorted(f"{sub.unit.name}:{sub.body.qualname}.{member}" for sub in below)
    return tuple(dict.fromkeys(symbol.removesuffix(".__init__").removesuffix(".__new__") for symbol in found))


def _clash(one: str, claim: Claim, other: str, against: Claim, *, is_met: bool) -> str:
    for (name, left), (rival, right) in product([(one, claim), (other, against)], repeat=2):
        judge = _CLASHES.get((type(left), type(right)))
        if judge is not None and name != rival and not (is_met and isinstance(left, Needs)):
            return judge(name, left, rival, right)
    return ""


def _nobody(one: str, left: Only, other: str, right: Only) -> str:
    if not left.among or not right.among or _meet(left.among, right.among):
        return ""
    return f"{left.about}: {one!r} permits only {_some(left.among)}, {other!r} only {_some(right.among)}"


def _forbidden(one: str, left: Needs, other: str, right: Only) -> str:
    if not left.among or not right.among or _meet(left.among, right.among | right.besides):
        return ""
    return f"{left.about}: {one!r} demands one in {_some(left.among)}, {other!r} permits only {_some(right.among)}"


def _void(one: str, left: Only | May, other: str, right: Never) -> str:
    if not left.among or not _within(left.among, right.among):
        return ""
    return f"{left.about}: {one!r} permits {_some(left.among)}, {other!r} forbids just that"


def _impossible(one: str, left: Needs, other: str, right: Never) -> str:
    if not left.among or not _within(left.among, right.among):
        return ""
    return f"{left.about}: {one!r} demands one in {_some(left.among)}, {other!r} forbids just that"


def _differs(one: str, left: Exactly, other: str, right: Exactly) -> str:
    if left.value == right.value:
        return ""
    return f"{left.about}: {one!r} demands {left.shown or left.value}, {other!r} {right.shown or right.value}"


def _upside_down(one: str, left: Above, other: str, right: Above) -> str:
    """Find two things whose order differs, going down one order and looking at the other."""
    both = sorted(left.ranks.keys() & right.ranks.keys(), key=lambda name: (left.ranks[name], name))
    lowest, rank = "", -1
    previous: list[str] = []
    for name in both:
        if left.ranks[name] != rank:
            lowest = max((lowest, *previous), key=lambda each: right.ranks.get(each, -1))
            previous, rank = [], left.ranks[name]
        if lowest and right.ranks[lowest] > right.ranks[name]:
            return f"{left.about}: {one!r} has {lowest} above {name}, {other!r} {name} above {lowest}"
        previous.append(name)
    return ""


_CLASHES: Mapping[tuple[type[Claim], type[Claim]], Callable[..., str]] = {
    (Only, Only): _nobody,
    (Only, Never): _void,
    (May, Never): _void,
    (Needs, Only): _forbidden,
    (Needs, Never): _impossible,
    (Exactly, Exactly): _differs,
    (Above, Above): _upside_down,
}


def _meet(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two sets of modules and symbols have something in common; what is inside of a module or class belongs to it."""
    return not some.isdisjoint(others) or any(
        not mine.isdisjoint(around) for mine, theirs in ((some, others), (others, some)) for around in map(_around, theirs)
    )


def _within(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether everything of one set is in the other, or inside of something there."""
    return all(name in others or not others.isdisjoint(_around(name)) for name in some)


def _around(name: str) -> Iterator[str]:
    """The module of a symbol, and the classes and functions around it."""
    module, colon, qualname = name.partition(":")
    if colon:
        yield module
        parts = qualname.split(".")
        yield from (f"{module}:{'.'.join(parts[:count])}" for count in range(1, len(parts)))


def _some(names: frozenset[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
