"""Where the configuration is: the nearest ``buttress.toml``, or ``pyproject.toml`` with ``[tool.buttress]``, upwards."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from buttress_scanner.config.document import ConfigurationError
from buttress_scanner.findings.report_model import Problem

if TYPE_CHECKING:
    from pathlib import Path

FILE = "buttress.toml"
SHARED_FILE = "pyproject.toml"


class NoConfigurationError(ConfigurationError):
    """There is no configuration here or further up."""


def find_configuration(start: Path) -> Path:
    """Return the configuration file that holds for a folder.

    Raises:
        NoConfigurationError: neither the folder nor any above it has one.
        ConfigurationError: one folder has two, and taking either would silently disregard the other.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        own, shared = (folder / FILE).is_file(), _speaks_of_us(folder / SHARED_FILE)
        if own and shared:
            message = f"both {FILE} and [tool.buttress] in {SHARED_FILE} configure this folder"
            raise ConfigurationError((Problem(FILE, 1, 1, message, "Keep one of them, or name one with --config."),))
        if own or shared:
            return folder / (FILE if own else SHARED_FILE)
    hint = f"Write a {FILE} there, or a table [tool.buttress] in {SHARED_FILE}, or name a file with --config."
    raise NoConfigurationError((Problem("", 0, 1, f"no configuration found in {start} or any folder above it", hint),))


def configured(folder: Path) -> bool:
    """Whether a folder itself has a configuration."""
    return (folder / FILE).is_file() or _speaks_of_us(folder / SHARED_FILE)


def _speaks_of_us(file: Path) -> bool:
    """Whether a ``pyproject.toml`` has our table; one that cannot be parsed has it if its text says so, to show the error."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    if b"buttress" not in content:
        return False
    try:
        tool = tomllib.loads(content.decode("utf-8-sig")).get("tool", {})
    except ValueError:
        return b"tool.buttress" in content
    return isinstance(tool, dict) and "buttress" in tool
