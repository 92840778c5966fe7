"""A TOML document with the lines of its parts; what the configuration file and packs are read into."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from buttress_scanner.config.places import Path, places
from buttress_scanner.findings.report_model import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT = re.compile(r" \(at line (\d+), column (\d+)\)")


class ConfigurationError(Exception):
    """A configuration that cannot be used. ``problems`` holds everything that is wrong with it, not only the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(sorted(problems))


@dataclass(frozen=True)
class Document:
    """A parsed file. ``name`` is how reports call it; ``prefix`` leads to the table that concerns us."""

    name: str
    text: str
    data: Mapping[str, object]
    prefix: Path = ()

    @classmethod
    def parse(cls, name: str, content: bytes, prefix: Path = ()) -> Document:
        """Parse a file's content; raise `ConfigurationError` naming the line for anything that is not TOML."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            problem = Problem(name, line, 1, "the file is not valid UTF-8, which TOML demands", "Save it as UTF-8.")
            raise ConfigurationError((problem,)) from None
        text = text.replace("\r\n", "\n")
        try:
            data: object = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise ConfigurationError((_syntax(name, text, error),)) from None
        for part in prefix:
            data = data.get(part, {}) if isinstance(data, dict) else {}
        return cls(name, text, data if isinstance(data, dict) else {}, prefix)

    @cached_property
    def _places(self) -> Mapping[Path, int]:
        return places(self.text)

    def line(self, path: Path) -> int:
        """Return the line of a key or value, or of the nearest part around it."""
        full = (*self.prefix, *path)
        while full:
            if full in self._places:
                return self._places[full]
            full = full[:-1]
        return 1

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """Build a problem that stands at a key or value."""
        return Problem(self.name, self.line(path), 1, message, hint)


def _syntax(name: str, text: str, error: Exception) -> Problem:
    """Locate a syntax error; the standard library tells the place at the end of its message only."""
    message = str(error)
    found = _AT.search(message)
    line, column = (int(found[1]), int(found[2])) if found else (text.count("\n") + 1, 1)
    reason = _AT.sub("", message).replace(" (at end of document)", " at the end of the file")
    return Problem(
        name, line, column, f"the file is not valid TOML: {reason}", "Correct the syntax; https://toml.io describes it."
    )
