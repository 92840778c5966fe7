"""Identities of sessions and jobs: values derived from contents, never from a clock or a path (planning section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from buttress_runtime.planning.errors import PlanInputError

__all__ = ("JobId", "SessionId", "SessionJobId")

_SESSION = re.compile(r"session-[0-9a-f]{64}-[0-9]{3,}")
_JOB = re.compile(r"job-[0-9]{3,}")
_DIGEST = slice(len("session-"), len("session-") + 64)
_ORDINAL = slice(len("session-") + 64 + 1, None)
_SHORT_DIGITS = 12


def _require(pattern: re.Pattern[str], value: object, pointer: str, form: str) -> None:
    # fullmatch, because `$` would accept a newline at the end
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise PlanInputError(pointer, f"not of the form {form}", "Copy the whole id from the plan; ids are never made by hand.")


@dataclass(frozen=True, slots=True)
class SessionId:
    """The identity of one planning event: digest of the contents and the caller's ordinal (P7-10, P7-11)."""

    value: str

    def __post_init__(self) -> None:
        _require(_SESSION, self.value, "/session", "session-<64 hex digits>-<ordinal>")

    def __str__(self) -> str:
        return self.value

    @property
    def short(self) -> str:
        """Shorten the id for display; never look anything up by it."""
        return f"session-{self.value[_DIGEST][:_SHORT_DIGITS]}-{self.value[_ORDINAL]}"

    @classmethod
    def mint(cls, digest: str, ordinal: int) -> SessionId:
        """Derive the id from the digest of the contents and the ordinal; only the engine does so."""
        return cls(f"session-{digest}-{ordinal:03d}")

    @classmethod
    def parse(cls, text: str) -> SessionId:
        """Read an id that comes from outside.

        Raises:
            PlanInputError: The text is not a session id.
        """
        return cls(text)


@dataclass(frozen=True, slots=True)
class JobId:
    """The place of a job in its session; it means nothing outside of it (P7-17)."""

    value: str

    def __post_init__(self) -> None:
        _require(_JOB, self.value, "/job", "job-<number>")

    def __str__(self) -> str:
        return self.value

    @classmethod
    def numbered(cls, number: int) -> JobId:
        """Give the id of the job at a 1-based position."""
        return cls(f"job-{number:03d}")


@dataclass(frozen=True, slots=True)
class SessionJobId:
    """A job together with the session it belongs to: the only form in which a job is named outside (P7-16)."""

    session: SessionId
    job: JobId

    def __post_init__(self) -> None:
        if not isinstance(self.session, SessionId):
            raise PlanInputError("/session", "not a SessionId", "Read outside text with SessionId.parse.")
        if not isinstance(self.job, JobId):
            raise PlanInputError("/job", "not a JobId", "Take the id from a job of the session.")

    def __str__(self) -> str:
        return f"{self.session}/{self.job}"
