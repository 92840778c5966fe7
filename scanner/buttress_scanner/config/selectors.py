"""Selectors: ``app.plugins.**`` names modules, ``app.base:Plugin.run`` an element.

``app.api.**:*`` names every function of some modules, ``@zone`` a zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SEGMENT = r"[^\W\d]\w*"
_MODULE = r"(?:\w[\w-]*|\*|\*\*)"  # importlib can load modules whose names are no identifiers, such as migrations
_VALID = re.compile(rf"^{_MODULE}(?:\.{_MODULE})*(?::(?:{_SEGMENT}(?:\.{_SEGMENT})*(?:\.\*)?|\*))?\Z")


class SelectorError(ValueError):
    """A selector that does not have the form of one."""


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    """``*`` is one segment, ``**`` any number of them, none included; a pattern that is ``**`` alone is any module."""
    parts = pattern.split(".")
    segments = [part for number, part in enumerate(parts) if part != "**" or parts[number - 1 : number] != ["**"]]
    if segments == ["**"]:
        return re.compile(r"[^.]+(?:\.[^.]+)*")
    leading = segments[0] == "**"
    out = r"(?:[^.]+\.)*" if leading else ""
    for number, segment in enumerate(segments[leading:]):
        dot = r"\." if number else ""
        if segment == "**":
            out += rf"(?:{dot}[^.]+)*"
        else:
            out += dot + (r"[^.]+" if segment == "*" else re.escape(segment))
    return re.compile(out)


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed selector: a module pattern and, optionally, the qualified name of an element in those modules."""

    module: str
    name: str | None = None

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Parse ``module.pattern`` or ``module.pattern:Qual.name``; raise `SelectorError` for anything else."""
        if not _VALID.match(text):
            msg = f"{text!r} is not a selector: write module.pattern.**, module:Qualified.name or @zone"
            raise SelectorError(msg)
        module, _, name = text.partition(":")
        return cls(module, name or None)

    def matches_module(self, module: str) -> bool:
        """Whether the dotted module name fits the module part."""
        return _regex(self.module).fullmatch(module) is not None

    def matches_symbol(self, module: str, qualname: str) -> bool:
        """Whether a symbol lies in the selection: the named element, what it contains, or all of the module without a name."""
        if not self.matches_module(module):
            return False
        if self.name is None or self.name == "*":
            return True
        name = self.name.removesuffix(".*")
        return qualname == name or qualname.startswith(name + ".")

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}:{self.name}"
