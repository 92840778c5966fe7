"""Find out whether something answers."""

from __future__ import annotations

from .invoke import invoke


def probe(target, sample):
    """Tell whether a target takes a sample."""
    try:
        return invoke(target, sample) is not None
    except ValueError:
        return False
