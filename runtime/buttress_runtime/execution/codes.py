"""The closed set of error codes and how each is rendered (execution section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("CODES", "CodeRow", "EnvelopeType", "RetryRule", "ToolCallKind")


class EnvelopeType(StrEnum):
    """The `type` of an error envelope."""

    VALIDATION = "ValidationError"
    PLUGIN = "PluginError"
    EXECUTION = "ExecutionError"
    INTERNAL = "InternalError"


class ToolCallKind(StrEnum):
    """The `kind` of an error inside a model session's tool call."""

    VALIDATION = "validation"
    TOOL = "tool"
    TIMEOUT = "timeout"
    CANCELED = "canceled"
    CAPABILITY = "capability"
    POLICY = "policy"
    TRANSPORT = "transport"


class RetryRule(StrEnum):
    """When a second try may help; only `yes`, and `if idempotent` for a repeatable call, make an error retryable."""

    NO = "no"
    YES = "yes"
    IF_IDEMPOTENT = "if idempotent"
    AFTER_RELOAD = "after reload"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One internal failure, three renderings.

    Attributes:
        type: Type of the envelope.
        kind: Kind of the tool-call error.
        status: HTTP status outside the execution route; None where the failure stands in the record that a successful
            request returns.
        retry: When a second try may help.
    """

    type: EnvelopeType
    kind: ToolCallKind
    status: int | None
    retry: RetryRule


_V, _P, _E, _I = EnvelopeType.VALIDATION, EnvelopeType.PLUGIN, EnvelopeType.EXECUTION, EnvelopeType.INTERNAL
_K, _R = ToolCallKind, RetryRule

CODES: Final[Mapping[str, CodeRow]] = MappingProxyType(
    {
        "invalid_input": CodeRow(_V, _K.VALIDATION, 422, _R.NO),
        "invalid_output": CodeRow(_V, _K.VALIDATION, None, _R.NO),
        "payload_too_large": CodeRow(_V, _K.VALIDATION, 413, _R.NO),
        "not_found": CodeRow(_P, _K.TOOL, 404, _R.NO),
        "plugin_unavailable": CodeRow(_P, _K.TOOL, 503, _R.AFTER_RELOAD),
        "plugin_error": CodeRow(_E, _K.TOOL, None, _R.IF_IDEMPOTENT),
        "plugin_exit": CodeRow(_E, _K.TOOL, None, _R.IF_IDEMPOTENT),
        "plugin_crashed": CodeRow(_E, _K.TOOL, None, _R.IF_IDEMPOTENT),
        "plugin_timeout": CodeRow(_E, _K.TIMEOUT, 504, _R.IF_IDEMPOTENT),
        "cancelled": CodeRow(_E, _K.CANCELED, 409, _R.NO),
        "in_doubt": CodeRow(_E, _K.TOOL, 409, _R.NO),
        "capability_denied": CodeRow(_E, _K.CAPABILITY, 403, _R.NO),
        "approval_required": CodeRow(_E, _K.POLICY, 409, _R.NO),
        "approval_rejected": CodeRow(_E, _K.POLICY, 409, _R.NO),
        "approval_expired": CodeRow(_E, _K.POLICY, 409, _R.NO),
        "budget_exceeded": CodeRow(_E, _K.POLICY, 409, _R.NO),
        "conflict": CodeRow(_E, _K.POLICY, 409, _R.MAYBE),
        "rate_limited": CodeRow(_E, _K.TRANSPORT, 429, _R.YES),
        "storage_unavailable": CodeRow(_I, _K.TRANSPORT, 503, _R.YES),
        "internal": CodeRow(_I, _K.TRANSPORT, 500, _R.NO),
    }
)
