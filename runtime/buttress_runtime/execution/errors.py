"""Faults of execution and the envelope they travel in (execution section 4).

One failure inside, three renderings outside: the row of `codes.CODES` that a fault's code names decides all of them.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, ClassVar, Final

from buttress_runtime.execution.codes import CODES, EnvelopeType, RetryRule
from buttress_runtime.execution.json_values import INPUT_LIMITS, JsonFault, JsonValue, copy_json
from buttress_runtime.ports import Clock, SystemClock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = (
    "CallCancelled",
    "ExecutionFault",
    "InputValidationError",
    "InternalFault",
    "InvalidTransition",
    "JobConflict",
    "JobNotFound",
    "OutcomeInDoubt",
    "OutputValidationError",
    "PluginCrashed",
    "PluginExited",
    "PluginFault",
    "PluginLoadError",
    "PluginNotFound",
    "PluginRaised",
    "PluginTimeout",
    "PluginUnavailable",
    "RateLimited",
    "RuntimeFault",
    "ValidationFault",
    "WiringError",
    "as_fault",
    "code_of",
    "error_envelope",
    "public_envelope",
    "require_wired",
    "safe_message",
)

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 64_000
_MOST_CAUSES = 10
_MOST_FAULTS = 100
_PLUGIN_EXITS = (SystemExit, KeyboardInterrupt)


class RuntimeFault(Exception):  # noqa: N818 - the specification's name
    """Anything the runtime reports as an error; the class decides the code, the code decides the rendering.

    Attributes:
        code: A key of `codes.CODES`.
        details: JSON values that say more; they are shown to the caller.
        repeatable: The call may be made again without doing its deed twice.
    """

    default_code: ClassVar[str] = "internal"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, JsonValue] | None = None, repeatable: bool = False
    ) -> None:
        super().__init__(message)
        self.code: Final = code or self.default_code
        self.details: Final[Mapping[str, JsonValue]] = dict(details or {})
        self.repeatable: Final = repeatable

    @property
    def envelope_type(self) -> EnvelopeType:
        """The type that the envelope shows."""
        return CODES[self.code].type

    @property
    def retryable(self) -> bool:
        """Whether a second try may help and can do no harm."""
        rule = CODES[self.code].retry
        return rule is RetryRule.YES or (rule is RetryRule.IF_IDEMPOTENT and self.repeatable)


class ValidationFault(RuntimeFault):
    """Values that break the rules; `errors` names each place by its JSON pointer."""

    default_code = "invalid_input"

    def __init__(self, message: str, errors: Sequence[tuple[str, str]] = (), *, code: str | None = None) -> None:
        listed: list[JsonValue] = [{"pointer": pointer, "detail": detail} for pointer, detail in errors[:_MOST_FAULTS]]
        super().__init__(message, code=code, details={"errors": listed})


class InputValidationError(ValidationFault):
    """A payload that a plugin must not see."""


class OutputValidationError(ValidationFault):
    """A result that a caller must not see."""

    default_code = "invalid_output"


class PluginFault(RuntimeFault):
    """A plugin that cannot be called."""

    default_code = "plugin_unavailable"


class PluginNotFound(PluginFault):
    """No plugin of that name is registered."""

    default_code = "not_found"


class PluginUnavailable(PluginFault):
    """The plugin is registered and must not be called now."""


class PluginLoadError(PluginFault):
    """The plugin could not be initialised."""


class ExecutionFault(RuntimeFault):
    """A call that went wrong."""

    default_code = "plugin_error"


class PluginRaised(ExecutionFault):
    """The plugin raised; the envelope's type follows the class of what it raised."""

    def __init__(self, original: BaseException, *, repeatable: bool = False) -> None:
        super().__init__(safe_message(original), details={"exception": _class_name(original)}, repeatable=repeatable)
        self.original: Final = original

    @property
    def envelope_type(self) -> EnvelopeType:
        """The type by the original's own class; a plugin cannot claim a fault of the runtime."""
        claimed = _classify(self.original)
        return EnvelopeType.EXECUTION if claimed is EnvelopeType.INTERNAL else claimed


class PluginExited(ExecutionFault):
    """The plugin tried to end the process."""

    default_code = "plugin_exit"

    def __init__(self, original: BaseException, *, repeatable: bool = False) -> None:
        name = _class_name(original)
        text = safe_message(original)
        message = f"the plugin tried to end the process: {name}" + ("" if text == name else f"({text})")
        super().__init__(message, details={"exception": name}, repeatable=repeatable)
        self.original: Final = original


class PluginTimeout(ExecutionFault):
    """The plugin did not end in time."""

    default_code = "plugin_timeout"


class PluginCrashed(ExecutionFault):
    """The plugin's process ended without an answer."""

    default_code = "plugin_crashed"


class CallCancelled(ExecutionFault):
    """The call was cancelled and certainly did nothing, or may be repeated."""

    default_code = "cancelled"


class OutcomeInDoubt(ExecutionFault):
    """The call ended without an answer and its effect may have happened; `details.cause` is the code of what ended it."""

    default_code = "in_doubt"


class RateLimited(ExecutionFault):
    """Too many calls at once; none was started."""

    default_code = "rate_limited"


class JobConflict(ExecutionFault):
    """The job is not in a state in which this can be asked of it."""

    default_code = "conflict"


class JobNotFound(RuntimeFault):
    """No job has that id."""

    default_code = "not_found"


class InternalFault(RuntimeFault):
    """A fault of the runtime itself."""


class InvalidTransition(InternalFault):
    """A move that a state table does not have."""


class WiringError(InternalFault):
    """A part was built without a part that it needs."""


def require_wired(owner: str, **parts: object) -> None:
    """Refuse to build `owner` when one of its parts is missing.

    Raises:
        WiringError: A part is None.
    """
    missing = sorted(name for name, part in parts.items() if part is None)
    if missing:
        raise WiringError(f"{owner} is not wired: {', '.join(missing)} missing; pass every part to its constructor")


def as_fault(exc: BaseException) -> RuntimeFault:
    """Return the exception if it is a fault, else an `InternalFault` that it caused.

    For code of the runtime, where nothing but faults is expected: the message tells nothing of the exception, the cause does.
    """
    if isinstance(exc, RuntimeFault):
        return exc
    fault = InternalFault("a fault of the runtime itself; the operators' log has the details")
    fault.__cause__ = exc
    return fault


def code_of(exc: BaseException) -> str:
    """Return the error code of an exception; what is no fault counts as raised by a plugin."""
    if isinstance(exc, RuntimeFault):
        return exc.code
    return "plugin_exit" if isinstance(exc, _PLUGIN_EXITS) else "plugin_error"


def error_envelope(exc: BaseException, plugin_name: object, *, clock: Clock | None = None) -> dict[str, JsonValue]:
    """Return the envelope of a failure; never fails itself, whatever the exception is made of.

    Args:
        exc: A fault, or what a plugin raised.
        plugin_name: The name the caller gave; anything but text is shown as null.
        clock: Source of the timestamp; the system's clock if it is not given or broken.
    """
    fault = exc if isinstance(exc, RuntimeFault) else PluginRaised(exc)
    details = _safe_details(fault.details)
    details["code"] = code_of(exc)
    return {
        "error": {
            "type": str(fault.envelope_type),
            "message": safe_message(exc),
            "details": details,
            "plugin": _safe_text(plugin_name, 64) if isinstance(plugin_name, str) else None,
            "timestamp": _timestamp(clock),
        },
        "_internal": {
            "code": code_of(exc),
            "retryable": fault.retryable,
            "traceback": _traceback(exc),
            "cause": [{"type": _class_name(cause), "message": safe_message(cause)} for cause in _causes(exc)],
        },
    }


def public_envelope(envelope: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return an envelope without what must not leave the process; `{}` stays `{}`."""
    return {key: value for key, value in envelope.items() if key != "_internal"}


def safe_message(exc: BaseException) -> str:
    """Return the text of an exception, at most 2,000 characters; its type name if it has none or cannot say."""
    try:
        text = str(exc)
    except BaseException:  # noqa: BLE001 - `__str__` belongs to a plugin, and may raise even SystemExit
        text = ""
    return _safe_text(text, _LONGEST_MESSAGE) if text.strip() else _class_name(exc)


def _classify(exc: BaseException) -> EnvelopeType:
    """Return the envelope's type for an exception: by its type, for a foreign one by its class name."""
    if isinstance(exc, RuntimeFault):
        return exc.envelope_type
    name = type(exc).__name__
    for part, found in (("Validation", EnvelopeType.VALIDATION), ("Plugin", EnvelopeType.PLUGIN)):
        if part in name:
            return found
    return EnvelopeType.EXECUTION


def _class_name(exc: BaseException) -> str:
    return _safe_text(type(exc).__name__, 200)


def _safe_text(text: str, longest: int) -> str:
    """Return text that any JSON reader and any terminal takes: no surrogates, no control characters but line ends and tabs."""
    shown = text if len(text) <= longest else text[: longest - 3] + "..."
    clean = shown.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char in "\n\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in clean)


def _safe_details(details: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        copied = copy_json(dict(details), INPUT_LIMITS)
    except JsonFault as fault:
        return {"unreadable": str(fault)}
    return copied if isinstance(copied, dict) else {}


def _timestamp(clock: Clock | None) -> str:
    try:
        return rfc3339((clock or SystemClock()).now())
    except Exception:  # noqa: BLE001 - a broken clock must not hide the failure that is being reported
        return rfc3339(SystemClock().now())


def _traceback(exc: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(exc))
    except Exception:  # noqa: BLE001 - an exception whose parts cannot be printed is still reported by type and message
        return ""
    return "\n".join(_safe_text(line, _LONGEST_MESSAGE) for line in text[-_LONGEST_TRACEBACK:].split("\n"))


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield what led to an exception, nearest first; ends at a cycle."""
    seen = {id(exc)}
    for _ in range(_MOST_CAUSES):
        following = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
        if following is None or id(following) in seen:
            return
        exc = following
        seen.add(id(exc))
        yield exc
