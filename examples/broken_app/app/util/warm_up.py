"""Make sure that the first client does not wait."""

from __future__ import annotations

from .probes import probe


def warm_up(targets, sample):
    """Probe each target once."""
    return [probe(target, sample) for target in targets]
