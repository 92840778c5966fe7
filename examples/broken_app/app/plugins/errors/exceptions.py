"""The errors that the service tells apart."""

from __future__ import annotations


class InputValidationError(ValueError):
    """A payload that a plugin cannot take."""


class OutputValidationError(ValueError):
    """A result that no client can take."""
