"""The route `POST /v1/analyze-execution`: 200 with a result, 400 with an error envelope, nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..plugins.errors.error_envelope import error_envelope
from ..plugins.errors.exceptions import InputValidationError
from ..services.jobs import UNFINISHED, JobState

if TYPE_CHECKING:
    from ..services.execution.analysis_execution import AnalysisExecutionService
    from ..services.preview import Previews


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire."""

    body: str


@dataclass(frozen=True, slots=True)
class Response:
    """What goes over the wire."""

    status: int
    body: dict[str, object]


class AnalysisApi:
    """The handlers; a web framework would mount them."""

    def __init__(self, analysis: AnalysisExecutionService, previews: Previews) -> None:
        self._analysis = analysis
        self._previews = previews

    def analyze(self, request: Request) -> Response:
        """Run one analysis."""
        try:
            plugin_name, payload = _parse(request.body)
        except InputValidationError as fault:
            return Response(400, error_envelope(fault, None))
        job = self._analysis.execute(plugin_name, payload)
        if job.state in UNFINISHED:
            return Response(200, {"job": job.id, "result": {}})
        if job.state is JobState.SUCCESS:
            return Response(200, {"job": job.id, "result": job.result})
        return Response(400, job.error)

    def preview(self, request: Request) -> Response:
        """Say what a plugin would answer."""
        plugin_name, payload = _parse(request.body)
        return Response(200, {"result": self._previews.now(plugin_name, payload)})


def _parse(body: str) -> tuple[str, dict[str, object]]:
    try:
        data = json.loads(body)
    except json.JSONDecodeError as fault:
        raise InputValidationError(f"the body is no JSON: {fault}") from fault
    if not isinstance(data, dict) or data.keys() != {"plugin", "payload"} or not isinstance(data["payload"], dict):
        raise InputValidationError('the body has to be {"plugin": name, "payload": object}')
    return str(data["plugin"]), data["payload"]
