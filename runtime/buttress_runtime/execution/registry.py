"""The one registry of plugins: who there is, where each stands, and how its calls went (execution section 3).

One lock guards all fields and is held for updates of fields only: no plugin code, no waiting and no logging happens under it.
"""

from __future__ import annotations

import difflib
import logging
import threading

from buttress_runtime.execution._entry import CallToken, Entry, PluginFactory, create_plugin
from buttress_runtime.execution.errors import PluginLoadError, PluginNotFound
from buttress_runtime.execution.plugin import CallOutcome, Plugin, PluginHandle, PluginLifecycle, PluginManifest, PluginStatus
from buttress_runtime.ports import Clock, SystemClock

__all__ = ("CallToken", "PluginFactory", "PluginRegistry")


class PluginRegistry:
    """Plugins by name; safe to use from any thread."""

    def __init__(
        self, failure_threshold: int | None = None, clock: Clock | None = None, log: logging.Logger | None = None
    ) -> None:
        """Build an empty registry.

        Args:
            failure_threshold: A plugin is FAILED after so many errors in a row; None for never.
            clock: Tells when a plugin was last used.
            log: Where oddities are reported.

        Raises:
            ValueError: The threshold is less than 1.
        """
        if failure_threshold is not None and failure_threshold < 1:
            raise ValueError(f"failure_threshold is {failure_threshold}; give at least 1, or None for never")
        self._threshold = failure_threshold
        self._clock = clock or SystemClock()
        self._log = log or logging.getLogger(__name__)
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._unresolved_calls = 0

    @property
    def unresolved_calls(self) -> int:
        """How many calls named a plugin that is not there."""
        with self._lock:
            return self._unresolved_calls

    def register(self, manifest: PluginManifest, factory: PluginFactory) -> None:
        """Add a plugin that the host declares; nothing of it runs before its first call.

        A name that is given twice is withheld from both until the host's configuration leaves one of them.
        """
        with self._lock:
            entry = self._entries.get(manifest.name)
            if entry is None:
                self._entries[manifest.name] = Entry(manifest, factory, (manifest.version,))
                return
            reason = entry.claim(manifest.version)
        self._log.warning("plugin '%s': %s", manifest.name, reason)

    def get(self, name: str) -> PluginHandle | None:
        """Return a plugin's handle, or None."""
        with self._lock:
            entry = self._find(name)
            return None if entry is None else PluginHandle(entry.manifest.name, entry.manifest)

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        with self._lock:
            return tuple(sorted(self._entries))

    def status(self, name: str) -> PluginStatus:
        """Return a copy of what is known about a plugin.

        Raises:
            PluginNotFound: There is no such plugin.
        """
        with self._lock:
            return self._existing(name).status()

    def statuses(self) -> tuple[PluginStatus, ...]:
        """Return a copy of what is known about every plugin, sorted by name, all of the same moment."""
        with self._lock:
            return tuple(self._entries[name].status() for name in sorted(self._entries))

    def reload(self, name: str) -> None:
        """Make a plugin that is FAILED or UNAVAILABLE callable again, with a new instance.

        Raises:
            PluginNotFound: There is no such plugin.
            InvalidTransition: It is in another state.
            PluginUnavailable: Several plugins claim the name.
        """
        with self._lock:
            self._existing(name).reload()

    def disable(self, name: str) -> None:
        """Refuse all further calls of a plugin, whatever its state; calls that run go on.

        Raises:
            PluginNotFound: There is no such plugin.
        """
        with self._lock:
            self._existing(name).disable()

    def require_callable(self, name: str) -> PluginHandle:
        """Return the handle of a plugin that may be called now.

        Raises:
            PluginNotFound: There is no such plugin.
            PluginUnavailable: It is FAILED or UNAVAILABLE.
        """
        with self._lock:
            entry = self._existing(name)
            entry.refuse_closed()
            return PluginHandle(entry.manifest.name, entry.manifest)

    def begin_call(self, name: str) -> CallToken:
        """Begin a call; the plugin is initialised first if it was not yet.

        Raises:
            PluginNotFound: There is no such plugin.
            PluginUnavailable: It is FAILED or UNAVAILABLE, or could not be initialised.
        """
        while True:
            with self._lock:
                entry = self._existing(name)
                entry.refuse_closed()
                if entry.plugin is not None:
                    return entry.begin(entry.plugin)
                others = entry.starting
                starting = entry.starting = others or threading.Event()
            if others is None:
                self._initialise(entry, starting)
            starting.wait()  # who initialises always ends, within the plugin's time limit

    def end_call(self, token: CallToken) -> None:
        """End a call; the last one takes the plugin out of RUNNING.

        Raises:
            InternalFault: The call has ended already.
        """
        with self._lock:
            self._existing(token.name).end(token)

    def update_execution_metrics(self, plugin_name: str, state: str, elapsed_ms: int, had_error: bool) -> None:
        """Count one call (TR-13).

        Args:
            plugin_name: The plugin; an unknown one is counted in `unresolved_calls` and creates nothing.
            state: The outcome, `success` or `error` in any case, or a lifecycle state: the one the plugin is in after a
                call, or one that closes it.
            elapsed_ms: How long the call took, at least 0.
            had_error: Whether it ended in an error.

        Raises:
            ValueError: Another word, an outcome that contradicts `had_error`, or no whole number of milliseconds.
            InvalidTransition: The plugin cannot move to that state.
        """
        wanted = _lifecycle(state, had_error=had_error)
        if type(elapsed_ms) is not int or elapsed_ms < 0:
            raise ValueError(f"elapsed_ms is {elapsed_ms!r}; give whole milliseconds of at least 0")
        moment = self._clock.now()
        with self._lock:
            entry = self._find(plugin_name)
            if entry is None:
                self._unresolved_calls += 1
            else:
                entry.report(wanted)
                entry.metrics.add(CallOutcome.ERROR if had_error else CallOutcome.SUCCESS, elapsed_ms, moment)
                entry.apply_policy(self._threshold)
        if entry is None:
            self._log.warning("metrics of a call that names no registered plugin: %.100r", plugin_name)

    def _initialise(self, entry: Entry, starting: threading.Event) -> None:
        plugin: Plugin | None = None
        fault: PluginLoadError | None = None
        try:
            plugin = create_plugin(entry.manifest, entry.factory)
        except PluginLoadError as exc:
            fault = exc
        finally:
            with self._lock:
                entry.initialised(starting, plugin, fault)
            starting.set()

    def _find(self, name: object) -> Entry | None:
        """Return an entry or None, also for what can be no name; the lock is held."""
        return self._entries.get(name) if isinstance(name, str) else None

    def _existing(self, name: object) -> Entry:
        entry = self._find(name)
        if entry is None:
            text = name if isinstance(name, str) else type(name).__name__
            near = difflib.get_close_matches(text[:64], self._entries, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"{len(self._entries)} plugins are registered; names() lists them"
            raise PluginNotFound(f"no plugin is named {text[:64]!a}; {hint}")
        return entry


def _lifecycle(state: str, *, had_error: bool) -> PluginLifecycle | None:
    """Return the lifecycle state that a word names, or None for an outcome that agrees with `had_error`."""
    if type(had_error) is not bool:
        raise ValueError(f"had_error is {had_error!r}; give True or False")
    word = str(state)
    if word in PluginLifecycle.__members__:
        return PluginLifecycle[word]
    if word.lower() not in set(CallOutcome):
        raise ValueError(
            f"'{word[:64]}' is neither an outcome ({', '.join(CallOutcome)}) nor a lifecycle state ({', '.join(PluginLifecycle)})"
        )
    if (CallOutcome(word.lower()) is CallOutcome.ERROR) is not had_error:
        raise ValueError(f"the outcome '{word}' contradicts had_error={had_error}")
    return None
