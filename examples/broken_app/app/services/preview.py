"""What a plugin would say, without making a job of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ..util.names import VERB
from ..util.retry import attempt
from ..util.warm_up import warm_up

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..plugins.registry import PluginRegistry

_POOL = ThreadPoolExecutor(max_workers=2)


class Previews:
    """Plugin calls that nobody was meant to notice."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry

    def now(self, name: str, payload: dict[str, object]) -> dict[str, object]:
        """Preview at once: the method under another name."""
        step = self._registry.get(name).run
        return step(payload)

    def by_verb(self, name: str, payload: dict[str, object]) -> dict[str, object]:
        """Preview by a name that only the program knows."""
        plugin = self._registry.get(name)
        return getattr(plugin, VERB)(payload)

    def later(self, name: str, payload: dict[str, object]) -> Future[dict[str, object]]:
        """Preview on another thread."""
        job = partial(self._registry.get(name).run, payload)
        return _POOL.submit(job)

    def patiently(self, name: str, payload: dict[str, object]) -> object:
        """Preview, and again if the plugin is in a bad mood."""
        return attempt(self._registry.get(name).run, payload)

    def warm(self, names: list[str]) -> list[bool]:
        """Wake plugins up."""
        return warm_up([self._registry.get(name) for name in names], {"text": "hello", "image": "aGVsbG8="})
