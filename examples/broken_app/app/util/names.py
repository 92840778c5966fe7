"""Names that several modules use."""

from __future__ import annotations

VERB = "r" + "un"
