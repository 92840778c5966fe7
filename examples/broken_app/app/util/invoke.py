"""One way to start whatever can be started."""

from __future__ import annotations


def invoke(target, argument):
    """Start a target: a function, or something that can run."""
    if callable(target):
        return target(argument)
    start = target.run
    return start(argument)
