"""What the tests of planning share: a catalog and short ways to write requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rfc8785

import buttress_runtime
from buttress_runtime.planning import (
    BatchEngine,
    BatchPlanSession,
    CommandCatalog,
    CommandRule,
    JobCommand,
    ParameterRule,
    PlanRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buttress_runtime.planning import BatchPlan

RUNTIME = Path(buttress_runtime.__file__).parents[1]
"""The folder the tested package is imported from; processes started by tests import it from there as well."""

PACKAGE = RUNTIME / "buttress_runtime" / "planning"
ROOT = Path(__file__).parents[2]

CATALOG = CommandCatalog(
    (
        CommandRule("free", (ParameterRule("value", "any"), ParameterRule("other", "any"))),
        CommandRule(
            "copy",
            (
                ParameterRule("mode", "string", required=True, allowed=("fast", "safe")),
                ParameterRule("level", "integer", minimum=0, maximum=9),
                ParameterRule("ratio", "number", maximum=1),
                ParameterRule("force", "boolean"),
                ParameterRule("tags", "array"),
                ParameterRule("extra", "object"),
            ),
            min_inputs=1,
            max_inputs=2,
            min_outputs=1,
            max_outputs=1,
        ),
    )
)


def free(
    *,
    kind: str = "free",
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    parameters: Mapping[str, object] | None = None,
    after: tuple[int, ...] = (),
) -> JobCommand:
    """Write a command of a kind that accepts anything."""
    return JobCommand(kind, inputs, outputs, {} if parameters is None else parameters, after)


def copy_command(
    *, inputs: tuple[str, ...] = ("in",), outputs: tuple[str, ...] = ("out",), after: tuple[int, ...] = (), **parameters: object
) -> JobCommand:
    """Write a command of a kind with rules; it is valid as long as nothing is changed."""
    return JobCommand("copy", inputs, outputs, {"mode": "fast", **parameters}, after)


def request(*commands: JobCommand, parameters: Mapping[str, object] | None = None) -> PlanRequest:
    """Write a request."""
    return PlanRequest(commands, {} if parameters is None else parameters)


def session(*commands: JobCommand, ordinal: int = 1, parameters: Mapping[str, object] | None = None) -> BatchPlanSession:
    """Plan commands under the catalog of the tests."""
    return BatchEngine(CATALOG).create_session(request(*commands, parameters=parameters), ordinal)


def plan_bytes(plan: BatchPlan) -> bytes:
    """Encode a plan with the library itself, not by way of the tested package."""
    return rfc8785.dumps(plan.to_json())


def mixed_request() -> PlanRequest:
    """Write a request with planned and rejected jobs and all JSON types."""
    return request(
        copy_command(outputs=("one",), level=3, ratio=0.5, force=True, tags=["a", 1, None], extra={"b": [], "a": {}}),
        copy_command(outputs=("one",), after=(1,)),
        copy_command(inputs=(), outputs=("two",), level=10, unknown=1),
        free(kind="other", inputs=("",), after=(5, 9)),
        free(after=(4, 1)),
        free(after=(6,)),
        free(outputs=("last",), parameters={"value": 1e300, "other": -0.0}, after=(1, 8)),
        free(),
        parameters={"note": "mixed", "numbers": [1, 1.5, 1e21, 1e-7, -3]},
    )
