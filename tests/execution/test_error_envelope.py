"""The envelope says what happened, safely, whatever the exception is made of (execution section 4)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress_runtime.execution import errors
from buttress_runtime.execution.codes import CODES, EnvelopeType, RetryRule
from buttress_runtime.execution.errors import as_fault, code_of, error_envelope, public_envelope, require_wired
from buttress_runtime.testing import ManualClock
from tests.execution.support import Faulty, code, kind

CODE_OF_CLASS = {
    errors.InputValidationError("x"): "invalid_input",
    errors.OutputValidationError("x"): "invalid_output",
    errors.PluginNotFound("x"): "not_found",
    errors.PluginUnavailable("x"): "plugin_unavailable",
    errors.PluginLoadError("x"): "plugin_unavailable",
    errors.PluginRaised(ValueError("x")): "plugin_error",
    errors.PluginTimeout("x"): "plugin_timeout",
    errors.PluginCrashed("x"): "plugin_crashed",
    errors.PluginExited(SystemExit(1)): "plugin_exit",
    errors.CallCancelled("x"): "cancelled",
    errors.OutcomeInDoubt("x"): "in_doubt",
    errors.RateLimited("x"): "rate_limited",
    errors.JobConflict("x"): "conflict",
    errors.JobNotFound("x"): "not_found",
    errors.InternalFault("x"): "internal",
    errors.InvalidTransition("x"): "internal",
    errors.WiringError("x"): "internal",
}

# The table of the specification: code, envelope type, tool-call kind, status, retry rule.
TABLE = """
invalid_input       ValidationError validation 422  no
invalid_output      ValidationError validation -    no
payload_too_large   ValidationError validation 413  no
not_found           PluginError     tool       404  no
plugin_unavailable  PluginError     tool       503  after-reload
plugin_error        ExecutionError  tool       -    if-idempotent
plugin_exit         ExecutionError  tool       -    if-idempotent
plugin_crashed      ExecutionError  tool       -    if-idempotent
plugin_timeout      ExecutionError  timeout    504  if-idempotent
cancelled           ExecutionError  canceled   409  no
in_doubt            ExecutionError  tool       409  no
capability_denied   ExecutionError  capability 403  no
approval_required   ExecutionError  policy     409  no
approval_rejected   ExecutionError  policy     409  no
approval_expired    ExecutionError  policy     409  no
budget_exceeded     ExecutionError  policy     409  no
conflict            ExecutionError  policy     409  maybe
rate_limited        ExecutionError  transport  429  yes
storage_unavailable InternalError   transport  503  yes
internal            InternalError   transport  500  no
"""


class OrderValidationIssue(Exception):  # noqa: N818
    pass


class Mute(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise SystemExit(1)


class Odd(Exception):  # noqa: N818
    def __str__(self) -> str:
        return "lone \ud800, NUL \0, bell \a, line\nend"


def circle() -> BaseException:
    """Return an exception that causes itself by way of another."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def chain(length: int) -> BaseException:
    """Return an exception with so many contexts."""
    first = current = ValueError("0")
    for number in range(1, length):
        current.__context__ = current = ValueError(str(number))
    return first


def fail_twice() -> None:
    """Raise an error that another one caused."""
    empty: dict[str, object] = {}
    try:
        empty["inner"]
    except KeyError as exc:
        raise ValueError("outer") from exc


def test_the_codes_are_those_of_the_specification() -> None:
    """The table has exactly the specified codes with their three renderings."""
    rows = [row.split() for row in TABLE.split("\n") if row]
    assert [
        [name, row.type, row.kind, str(row.status or "-"), row.retry.replace(" ", "-")] for name, row in CODES.items()
    ] == rows


@pytest.mark.parametrize(("fault", "expected"), CODE_OF_CLASS.items(), ids=lambda value: type(value).__name__)
def test_a_fault_has_the_code_of_its_class_and_the_type_of_its_code(fault: errors.RuntimeFault, expected: str) -> None:
    """Classification is by type: class to code, code to envelope type."""
    envelope = error_envelope(fault, "echo")
    assert (code(envelope), kind(envelope)) == (expected, CODES[expected].type)


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        pytest.param(OrderValidationIssue(), "ValidationError", id="validation-in-the-name"),
        pytest.param(type("MyPluginValidation", (Exception,), {})(), "ValidationError", id="validation-before-plugin"),
        pytest.param(type("PluginBroke", (Exception,), {})(), "PluginError", id="plugin-in-the-name"),
        pytest.param(type("Sub", (OrderValidationIssue,), {})(), "ExecutionError", id="only-the-own-name-counts"),
        pytest.param(KeyError("a"), "ExecutionError", id="other"),
        pytest.param(errors.PluginRaised(errors.InputValidationError("x")), "ValidationError", id="a-plugin-raised-our-class"),
        pytest.param(errors.PluginRaised(errors.InternalFault("x")), "ExecutionError", id="a-plugin-claims-internal"),
    ],
)
def test_foreign_exceptions_are_classified_by_their_name(exc: BaseException, expected: str) -> None:
    """What is none of our classes is classified by its class name, and as an execution error otherwise."""
    assert kind(error_envelope(exc, "echo")) == expected


@pytest.mark.parametrize(
    ("exc", "message"),
    [
        pytest.param(ValueError("plain"), "plain", id="text"),
        pytest.param(ValueError(), "ValueError", id="empty"),
        pytest.param(ValueError("  "), "ValueError", id="blank"),
        pytest.param(Mute(), "Mute", id="str-raises-system-exit"),
        pytest.param(ValueError("x" * 3000), "x" * 1997 + "...", id="long"),
        pytest.param(Odd(), "lone ?, NUL \ufffd, bell \ufffd, line\nend", id="control-characters"),
    ],
)
def test_messages_are_safe_text(exc: BaseException, message: str) -> None:
    """A message is at most 2,000 characters that any reader takes; an exception that cannot speak is named."""
    assert error_envelope(exc, "echo")["error"]["message"] == message  # type: ignore[index,call-overload]


def test_the_envelope_has_its_fields() -> None:
    """The public part has five fields, the internal part four; only the public part is for clients."""
    with pytest.raises(ValueError, match="outer") as caught:
        fail_twice()
    envelope = error_envelope(caught.value, "echo", clock=ManualClock())
    internal = envelope["_internal"]
    assert isinstance(internal, dict)
    assert "KeyError: 'inner'" in str(internal.pop("traceback"))
    assert internal == {"code": "plugin_error", "retryable": False, "cause": [{"type": "KeyError", "message": "'inner'"}]}
    assert public_envelope(envelope) == {
        "error": {
            "type": "ExecutionError",
            "message": "outer",
            "details": {"exception": "ValueError", "code": "plugin_error"},
            "plugin": "echo",
            "timestamp": "2030-01-31T12:00:00.000Z",
        }
    }
    assert public_envelope({}) == {}


@pytest.mark.parametrize(("exc", "length"), [(circle(), 1), (chain(50), 10), (ValueError(), 0)], ids=["circle", "long", "none"])
def test_causes_end(exc: BaseException, length: int) -> None:
    """The list of causes is finite, for circles and long chains too."""
    assert len(error_envelope(exc, "echo")["_internal"]["cause"]) == length  # type: ignore[index,call-overload,arg-type]


def test_a_suppressed_context_is_no_cause() -> None:
    """`raise ... from None` hides what came before."""
    exc = chain(3)
    exc.__suppress_context__ = True
    assert error_envelope(exc, "echo")["_internal"]["cause"] == []  # type: ignore[index,call-overload]


@pytest.mark.parametrize(("name", "shown"), [("echo", "echo"), (None, None), (7, None), ("x" * 99, "x" * 61 + "...")])
def test_only_text_is_shown_as_the_plugin(name: object, shown: str | None) -> None:
    """A caller that gives no name of a plugin gets null, and a long one is cut."""
    assert error_envelope(ValueError("x"), name)["error"]["plugin"] == shown  # type: ignore[index,call-overload]


def test_a_broken_clock_hides_no_failure() -> None:
    """The envelope takes the system's time when its clock is broken."""
    clock = Faulty(ManualClock(), "now", OSError("x"))
    body = error_envelope(ValueError("x"), "echo", clock=clock)["error"]  # type: ignore[arg-type]
    assert str(body["timestamp"]).endswith("Z")  # type: ignore[index,call-overload]


def test_details_that_are_no_json_are_named() -> None:
    """Details that cannot be sent are replaced by the reason, and the code stays."""
    fault = errors.ExecutionFault("x", details={"a": object()})  # type: ignore[dict-item]
    envelope = error_envelope(fault, "echo")
    assert code(envelope) == "plugin_error"
    assert "unreadable" in envelope["error"]["details"]  # type: ignore[index,call-overload,operator]


@pytest.mark.parametrize("rule", RetryRule)
@pytest.mark.parametrize("repeatable", [True, False])
def test_retryable_is_a_yes_or_no(rule: RetryRule, repeatable: bool) -> None:
    """Only the rule yes, and if-idempotent for a repeatable call, allow another try."""
    for name, row in CODES.items():
        if row.retry is rule:
            fault = errors.ExecutionFault("x", code=name, repeatable=repeatable)
            assert fault.retryable is (rule is RetryRule.YES or (rule is RetryRule.IF_IDEMPOTENT and repeatable))


def test_a_foreign_exception_of_the_runtime_tells_nothing_to_clients() -> None:
    """What breaks inside the runtime is an internal error whose message holds nothing of the cause; the cause is kept inside."""
    envelope = error_envelope(as_fault(KeyError("password=hunter2")), "echo")
    assert kind(envelope) == "InternalError"
    assert "hunter2" not in json.dumps(public_envelope(envelope))
    assert "hunter2" in json.dumps(envelope["_internal"])


def test_a_missing_part_is_named() -> None:
    """Wiring names what is missing, sorted."""
    with pytest.raises(errors.WiringError, match="a, b missing"):
        require_wired("Thing", b=None, a=None, c=1)


@given(st.text(), st.text(), st.sampled_from([SystemExit, KeyboardInterrupt, ValueError, GeneratorExit, ExceptionGroup]))
def test_every_envelope_is_json(message: str, name: str, made: type[BaseException]) -> None:
    """Any message and name give an envelope that JSON can carry and UTF-8 can encode."""
    exc = ExceptionGroup(message, [ValueError(message)]) if made is ExceptionGroup else made(message)
    envelope = error_envelope(exc, name)
    json.dumps(envelope, allow_nan=False, ensure_ascii=False).encode()
    assert kind(envelope) in set(EnvelopeType)
    assert code_of(exc) in CODES
