"""What a question is about: names as people write them, and what in the program they stand for."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.config.selectors import Selector, SelectorError
from buttress_scanner.program.program import Subject, symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from buttress_scanner.program.frames import Unit
    from buttress_scanner.program.program import Program

_SUGGESTIONS = 3
_FORM = "Write module:Qualified.name for an element, package.module for a module."


class QuestionError(ValueError):
    """A question that has no answer, because what it names does not exist or has no such form."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Target:
    """What a name stands for: a module, or elements of modules. Re-exports, aliases and inherited members are looked through."""

    text: str
    """The name as it was written."""
    units: tuple[Unit, ...]
    """The modules, where the name is one; else empty."""
    subjects: tuple[Subject, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Where the elements are defined: ``module:Qualified.name``, or the module's name."""
        return tuple(u.name for u in self.units) or tuple(s.symbol for s in self.subjects)

    @property
    def modules(self) -> frozenset[str]:
        """The modules that define them."""
        return frozenset(u.name for u in (*self.units, *(s.unit for s in self.subjects)))


def find(program: Program, text: str) -> Target:
    """Find one element, or one module.

    Raises:
        QuestionError: there is nothing of that name, or it is a pattern that fits many.
    """
    selector = _parse(program, text)
    if text.startswith("@") or "*" in text:
        raise QuestionError(f"{text} may name many elements, and this question is about one", _FORM)
    target = _look_up(program, text, selector)
    if target is None:
        raise _missing(program, text)
    return target


def select(program: Program, texts: Iterable[str]) -> list[Target]:
    """Find what each text names: an element, a module, or with a pattern or ``@zone`` as many of them as there are.

    Raises:
        QuestionError: a text names nothing.
    """
    return [_one(program, text) for text in texts]


def _one(program: Program, text: str) -> Target:
    selector = _parse(program, text)
    if text.startswith("@") or (selector.name is None and "*" in text):
        units = tuple(program.select([text]))
        if not units:
            raise QuestionError(f"{text} fits no module of the program", _modules_hint(program))
        return Target(text, units, ())
    target = _look_up(program, text, selector)
    if target is None:
        raise _missing(program, text)
    return target


def _parse(program: Program, text: str) -> Selector:
    if text.startswith("@"):
        if text[1:] not in program.zones:
            near = _near(text, [f"@{zone}" for zone in program.zones])
            known = ", ".join(f"@{zone}" for zone in sorted(program.zones))
            raise QuestionError(
                f"there is no zone {text}{_meant(near)}", f"Zones: {known}." if known else "No zone is configured."
            )
        return Selector("**")
    try:
        return Selector.parse(text)
    except SelectorError:
        raise QuestionError(
            f"{text!r} is not the name of a module or an element{_meant(_suggest(program, text))}", _FORM
        ) from None


def _look_up(program: Program, text: str, selector: Selector) -> Target | None:
    if selector.name is None:
        unit = program.modules.get(selector.module)
        return Target(text, (unit,), ()) if unit is not None else None
    subjects = program.subjects(text)
    if not subjects:  # what computes the name may not have run so far as to give it
        program.engine.run()
        subjects = program.subjects(text)
    defined = [s for s in subjects if s.body is not None]
    return Target(text, (), tuple(defined or subjects)) if subjects else None


# --- names that do not exist


def _missing(program: Program, text: str) -> QuestionError:
    module, colon, name = text.partition(":")
    near = _suggest(program, text)
    if not colon:
        return QuestionError(f"there is no module {text}{_meant(near)}", _modules_hint(program))
    if module not in program.modules and "*" not in module:
        return QuestionError(f"there is no module {module}, and so no {name} in it{_meant(near)}", _modules_hint(program))
    return QuestionError(f"{module} has no {name}{_meant(near)}", _FORM)


def _modules_hint(program: Program) -> str:
    names = list(program.modules)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"Modules of the program: {shown}." if names else "The program has no module: no Python file was found."


def _suggest(program: Program, text: str) -> list[str]:
    """Names that were probably meant, the likeliest first."""
    module, colon, name = text.partition(":")
    found: dict[str, None] = {}
    if not colon:
        return list(_dotted(program, text)) or _near(text, program.modules)
    unit = program.modules.get(module)
    if unit is not None:
        found.update((f"{module}:{each}", None) for each in _near(name, sorted(set(_names(unit)))))
    found.update(dict.fromkeys(_elsewhere(program, name)))
    if not found and unit is None:
        for other in _near(module, program.modules):
            found.update((f"{other}:{each}", None) for each in _near(name, sorted(set(_names(program.modules[other])))))
        found.update(dict.fromkeys(_near(module, program.modules)))
    return list(found)[:_SUGGESTIONS]


def _dotted(program: Program, text: str) -> Iterator[str]:
    """``app.planning.plan`` for ``app.planning:plan``."""
    parts = text.replace("/", ".").removesuffix(".py").split(".")
    for end in range(len(parts), 0, -1):
        unit = program.modules.get(".".join(parts[:end]))
        if unit is not None:
            rest = ".".join(parts[end:])
            known = sorted(set(_names(unit)))
            yield from (f"{unit.name}:{name}" for name in ([rest] if rest in known else _near(rest, known)))
            return


def _elsewhere(program: Program, name: str) -> Iterator[str]:
    """Definitions of the same name in other modules: with all its parts, else with the last."""
    for wanted, exact in ((name, True), (name.rpartition(".")[2], False)):
        hits = [
            symbol_of(unit, body)
            for unit in program.modules.values()
            for body in unit.facts.bodies
            if (body.qualname if exact else body.name) == wanted and body.kind in ("function", "class")
        ]
        if hits:
            yield from sorted(hits)[:_SUGGESTIONS]
            return


def _names(unit: Unit) -> Iterator[str]:
    """What the module defines or binds, members of classes included."""
    yield from (b.qualname for b in unit.facts.bodies if b.kind in ("function", "class"))
    yield from unit.facts.bodies[0].exit


def _near(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, list(known), n=_SUGGESTIONS, cutoff=0.7)


def _meant(near: list[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""
