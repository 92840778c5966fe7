"""Which plugins there are, where each stands, and how its calls went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .base import PluginState

if TYPE_CHECKING:
    from .base import Plugin


@dataclass(slots=True)
class Figures:
    """The figures of one plugin."""

    name: str
    state: PluginState = PluginState.LOADED
    success_count: int = 0
    error_count: int = 0
    total_ms: int = field(default=0, repr=False)

    @property
    def avg_execution_time_ms(self) -> float:
        """The mean over all calls."""
        return self.total_ms / max(1, self.success_count + self.error_count)


class PluginRegistry:
    """Plugins by name."""

    def __init__(self) -> None:
        self._plugins: dict[str, Plugin] = {}
        self._figures: dict[str, Figures] = {}

    def register(self, plugin: Plugin) -> None:
        """Add a plugin."""
        self._plugins[plugin.name] = plugin
        self._figures[plugin.name] = Figures(plugin.name)

    def get(self, name: str) -> Plugin:
        """Return a plugin; raise LookupError if there is none of that name."""
        if name not in self._plugins:
            raise LookupError(f"no plugin is named {name!r}; there are {', '.join(self._plugins)}")
        return self._plugins[name]

    def figures(self) -> tuple[Figures, ...]:
        """Return the figures of the plugins that were called."""
        return tuple(each for each in self._figures.values() if each.success_count or each.error_count)

    def update_execution_metrics(self, plugin_name: str, state: PluginState, elapsed_ms: int, *, had_error: bool) -> None:
        """Count one call; one of a plugin that does not exist is not counted."""
        figures = self._figures.get(plugin_name)
        if figures is None:
            return
        figures.state = state
        figures.total_ms += elapsed_ms
        if had_error:
            figures.error_count += 1
        else:
            figures.success_count += 1
