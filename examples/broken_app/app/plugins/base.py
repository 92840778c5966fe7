"""What a plugin is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar


class PluginState(StrEnum):
    """Where a plugin stands; how its last call ended is no state."""

    LOADED = "loaded"
    INITIALIZED = "initialized"
    RUNNING = "running"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


class Plugin(ABC):
    """A unit of work. Only the tool runner runs one."""

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    """Members that a payload must have."""

    @abstractmethod
    def run(self, payload: dict[str, object]) -> dict[str, object]:
        """Do the work for one payload."""
