"""What of the catalogue does not fit the installed packages. Run as a script: questions in as JSON, answers out."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MISSING = object()


def find(path: str) -> object:
    """Import the longest prefix that is a module and follow the attributes.

    Returns:
        What the path leads to, or `MISSING`.
    """
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            value = _attribute(value, part)
        return value
    return MISSING


def _attribute(owner: object, name: str) -> object:
    """Fetch an attribute without running a property, and a proxy only as everybody does."""
    if inspect.isclass(owner):
        return inspect.getattr_static(owner, name, MISSING)
    try:
        return getattr(owner, name, MISSING)
    except (ImportError, RuntimeError):  # a name of an earlier release, or one that needs a request: the package knows it
        return None


def misfits(path: str, in_class: bool, positions: Iterable[int | str]) -> list[str]:
    """List the positions and keywords that a callable does not take; none where nothing is known of what it takes."""
    value = find(path)
    bound = in_class and not isinstance(value, staticmethod) and not inspect.isclass(value)
    plain = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
    try:
        parameters = list(inspect.signature(plain).parameters.values())[bound:]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
    kinds = {p.kind for p in parameters}
    names = [p.name for p in parameters]
    places = sum(p.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in parameters)
    wrong: list[int | str] = []
    for position in positions:
        if isinstance(position, int):
            fits = position < places or inspect.Parameter.VAR_POSITIONAL in kinds
        else:
            fits = position in names or inspect.Parameter.VAR_KEYWORD in kinds
        wrong += [] if fits else [position]
    return [f"{path}: {position}" for position in wrong]


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    answer = [path for path in asked["paths"] if find(path) is MISSING]
    answer += [wrong for question in asked["arguments"] for wrong in misfits(*question)]
    sys.stdout.write("\n" + json.dumps(answer))
