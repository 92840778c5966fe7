"""The whole path with its real parts: analysis, job, plugin service, runner, plugin (TR-25)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from buttress_runtime.execution.compose import compose
from buttress_runtime.execution.isolation import InProcess
from buttress_runtime.execution.plugin import PluginLifecycle
from buttress_runtime.execution.registry import PluginRegistry
from buttress_runtime.execution.services import ExecutionJobState
from buttress_runtime.execution.validation import Validators
from buttress_runtime.ports import SystemClock, SystemIds
from tests.execution.support import Answer, Raise, code, manifest

if TYPE_CHECKING:
    from buttress_runtime.execution.json_values import JsonObject


class WordCount:
    """A plugin as people write them."""

    async def run(self, payload: JsonObject) -> JsonObject:
        return {"words": len(str(payload["text"]).split())}


@pytest.fixture
def registry() -> PluginRegistry:
    """A registry as a host sets it up."""
    made = PluginRegistry()
    schema = {"required": ["text"], "properties": {"text": {"type": "string"}}}
    made.register(manifest("word-count", input_schema=schema), WordCount)
    made.register(manifest("broken"), lambda: Raise(SystemExit(7)))
    made.register(manifest("empty"), lambda: Answer({}))
    return made


def test_the_full_path(registry: PluginRegistry, caplog: pytest.LogCaptureFixture) -> None:
    """A call passes all layers: result, job record, metrics, lifecycle and log agree."""
    with caplog.at_level(logging.INFO, "buttress_runtime.execution"), compose(registry) as analysis:
        assert analysis.execute("word-count", {"text": "a b c"}) == ({"words": 3}, {})
        [record] = analysis.list()
    assert (record.status, record.plugin, record.result) == (ExecutionJobState.SUCCESS, "word-count", {"words": 3})
    status = registry.status("word-count")
    assert (status.state, status.success_count, status.error_count) == (PluginLifecycle.INITIALIZED, 1, 0)
    assert status.last_used is not None
    line = json.loads(caplog.messages[0].removeprefix("plugin call "))
    assert (line["call_id"], line["outcome"]) == (record.id, "success")


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("word-count", {}, "invalid_input"),
        ("word-count", {"text": None}, "invalid_input"),
        ("broken", {}, "plugin_exit"),
        ("empty", {}, "invalid_output"),
        ("absent", {}, "not_found"),
    ],
)
def test_failures_on_the_full_path(registry: PluginRegistry, name: str, payload: dict[str, object], expected: str) -> None:
    """Every kind of failure ends as a FAILED job with its code; the plugin's name arrives unchanged; nothing stays RUNNING."""
    with compose(registry, validators=Validators(), isolation=InProcess(SystemClock()), ids=SystemIds()) as analysis:
        result, error = analysis.execute(name, payload)  # type: ignore[arg-type]
        [record] = analysis.list()
    assert (result, code(error)) == ({}, expected)
    assert (record.status, record.error, record.plugin) == (ExecutionJobState.FAILED, error, name)
    assert PluginLifecycle.RUNNING not in {status.state for status in registry.statuses()}
    counted = sum(status.error_count for status in registry.statuses()) + registry.unresolved_calls
    assert counted == 1


def test_a_broken_plugin_leaves_the_others_working(registry: PluginRegistry) -> None:
    """After a plugin tried to end the process the next call works."""
    with compose(registry) as analysis:
        assert code(analysis.execute("broken", {})[1]) == "plugin_exit"
        assert analysis.execute("word-count", {"text": "still here"}) == ({"words": 2}, {})


def test_ids_of_the_system_are_fresh() -> None:
    """Ids of jobs are UUIDs that do not repeat; tokens have 256 bits."""
    ids = SystemIds()
    assert len({ids.uuid() for _ in range(100)}) == 100
    assert len(ids.token()) == 43
    assert SystemClock().today() == SystemClock().now().date()
