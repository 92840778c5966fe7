"""One plugin in the registry: its fields and their changes. The registry holds its lock around every use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from buttress_runtime.execution.errors import InternalFault, InvalidTransition, PluginFault, PluginLoadError, PluginUnavailable
from buttress_runtime.execution.lifecycle import LifecycleEvent, move, reachable
from buttress_runtime.execution.metrics import CallMetrics
from buttress_runtime.execution.plugin import Plugin, PluginLifecycle, PluginManifest, PluginStatus
from buttress_runtime.execution.worker import start_work

if TYPE_CHECKING:
    import threading

__all__ = ("CallToken", "Entry", "PluginFactory", "create_plugin")

PluginFactory: TypeAlias = Callable[[], Plugin]

_REPORTABLE: Final = (PluginLifecycle.FAILED, PluginLifecycle.UNAVAILABLE)


@dataclass(frozen=True, slots=True, eq=False)
class CallToken:
    """One call that has begun, and the plugin it is made on; for the tool runner."""

    name: str
    plugin: Plugin


@dataclass(slots=True, eq=False)
class Entry:
    """A plugin, its lifecycle and its calls.

    Attributes:
        claims: Versions of all plugins that were registered under the name; more than one withholds them.
        fault: What the last initialise died of, for operators.
        starting: Set when the initialise that is under way has ended.
    """

    manifest: PluginManifest
    factory: PluginFactory
    claims: tuple[str, ...]
    state: PluginLifecycle = field(default_factory=lambda: move(None, LifecycleEvent.DISCOVERED))
    reason: str | None = None
    plugin: Plugin | None = None
    fault: PluginFault | None = None
    starting: threading.Event | None = None
    active: set[CallToken] = field(default_factory=set)
    metrics: CallMetrics = field(default_factory=CallMetrics)

    def claim(self, version: str) -> str:
        """Withhold the name, which another plugin wants too; return the reason."""
        self.claims += (version,)
        reason = f"{len(self.claims)} plugins claim this name (versions {', '.join(self.claims)}); configure one of them only"
        self._move(LifecycleEvent.WITHHELD, reason)
        return reason

    def disable(self) -> None:
        """Refuse further calls."""
        self._move(LifecycleEvent.WITHHELD, "disabled" if len(self.claims) == 1 else self.reason)

    def reload(self) -> None:
        """Go back to LOADED, without an instance."""
        if len(self.claims) > 1:
            raise PluginUnavailable(f"'{self.manifest.name}' cannot be reloaded: {self.reason}")
        self._move(LifecycleEvent.RELOADED)
        self.plugin = self.fault = self.starting = None
        self.metrics.consecutive_errors = 0

    def refuse_closed(self) -> None:
        """Raise `PluginUnavailable` where no call may begin."""
        if self.state in _REPORTABLE:
            text = f"'{self.manifest.name}' is {self.state}: {self.reason}; put that right and reload the plugin"
            raise PluginUnavailable(text) from self.fault

    def initialised(self, starting: threading.Event, plugin: Plugin | None, fault: PluginFault | None) -> None:
        """Take the end of an initialise, unless the plugin was reloaded or withheld meanwhile."""
        if self.starting is not starting:
            return
        self.starting = None
        if self.state is not PluginLifecycle.LOADED:
            return
        if plugin is not None:
            self.plugin = plugin
            self._move(LifecycleEvent.INITIALISED)
        elif fault is not None:
            self.fault = fault
            self._move(LifecycleEvent.INITIALISE_FAILED, str(fault))

    def begin(self, plugin: Plugin) -> CallToken:
        """Begin a call; the first one enters RUNNING."""
        if self.state is not PluginLifecycle.RUNNING:
            self._move(LifecycleEvent.CALL_BEGAN)
        token = CallToken(self.manifest.name, plugin)
        self.active.add(token)
        return token

    def end(self, token: CallToken) -> None:
        """End a call; the last one leaves RUNNING."""
        if token not in self.active:
            raise InternalFault(f"a call of '{token.name}' ended twice; end each call once")
        self.active.remove(token)
        if not self.active and self.state is PluginLifecycle.RUNNING:
            self._move(LifecycleEvent.LAST_CALL_ENDED)

    def report(self, wanted: PluginLifecycle | None) -> None:
        """Take a state that came with the metrics of a call: the one it is in, or one that closes the plugin."""
        if wanted is None or wanted in {self.state, PluginLifecycle.INITIALIZED}:
            return
        if wanted not in _REPORTABLE or not reachable(self.state, wanted):
            raise InvalidTransition(f"'{self.manifest.name}' is {self.state}; metrics cannot move it to {wanted}")
        self.state = wanted
        self.reason = "reported with the metrics of a call"

    def apply_policy(self, threshold: int | None) -> None:
        """Fail the plugin after too many errors in a row."""
        errors = self.metrics.consecutive_errors
        if threshold is not None and errors >= threshold and self.state in {PluginLifecycle.RUNNING, PluginLifecycle.INITIALIZED}:
            self._move(LifecycleEvent.POLICY_MET, f"{errors} errors in a row")

    def status(self) -> PluginStatus:
        """Return a copy of everything others may know."""
        metrics = self.metrics
        return PluginStatus(
            name=self.manifest.name,
            state=self.state,
            reason=self.reason,
            success_count=metrics.success_count,
            error_count=metrics.error_count,
            last_execution_time_ms=metrics.last_ms,
            avg_execution_time_ms=metrics.mean_ms,
            last_used=metrics.last_used,
            last_outcome=metrics.last_outcome,
            active_calls=len(self.active),
            total_execution_time_ms=metrics.total_ms,
            min_execution_time_ms=metrics.min_ms,
            max_execution_time_ms=metrics.max_ms,
            consecutive_errors=metrics.consecutive_errors,
        )

    def _move(self, event: LifecycleEvent, reason: str | None = None) -> None:
        self.state = move(self.state, event)
        self.reason = reason


def create_plugin(manifest: PluginManifest, factory: PluginFactory) -> Plugin:
    """Make a plugin on a worker thread, so that what its code raises is never taken for a signal to the caller.

    Raises:
        PluginLoadError: The factory raised, took longer than the plugin's time limit, or made something else.
    """
    work = start_work(factory, name=f"initialise-{manifest.name}")
    work.woken.wait(manifest.timeout_ms / 1000)
    if not work.ended:
        raise PluginLoadError(f"initialise took more than {manifest.timeout_ms} ms")
    if work.fault is not None:
        raise PluginLoadError(f"initialise raised {type(work.fault).__name__}") from work.fault
    if not isinstance(work.value, Plugin):
        raise PluginLoadError(f"the factory made a value of type {type(work.value).__name__}, which has no method 'run'")
    return work.value
