"""The command `run`: one trusted plugin, given by its import path, on one payload."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from buttress_runtime.cli.exit_codes import Exit
from buttress_runtime.execution.compose import compose
from buttress_runtime.execution.json_values import INPUT_LIMITS, JsonFault, JsonObject, parse_json
from buttress_runtime.execution.plugin import Plugin, PluginManifest
from buttress_runtime.execution.registry import PluginFactory, PluginRegistry

if TYPE_CHECKING:
    from buttress_runtime.execution.plugin import PluginProvider

__all__ = ("run_plugin",)

_IMPORT_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_LONGEST_NAME = 64


class _Refused(Exception):  # noqa: N818 - ends the command with a code and a message
    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def run_plugin(import_path: str, payload_file: str, *, timeout_ms: int | None = None) -> tuple[Exit, str]:
    """Run a plugin once, through the services.

    Args:
        import_path: `module:attribute` of a plugin, a plugin class or a provider.
        payload_file: Path of a JSON file, or `-` for standard input.
        timeout_ms: The time limit of the call; the manifest's, or the default, if it is not given.

    Returns:
        The exit code, and the text to print: JSON with sorted keys, or what is wrong.
    """
    try:
        payload = _read_payload(payload_file)
        manifest, factory = _load(import_path)
    except _Refused as refused:
        return refused.code, f"buttress-runtime: {refused}"
    changes = {"trusted": True} | ({} if timeout_ms is None else {"timeout_ms": timeout_ms})
    registry = PluginRegistry()
    registry.register(manifest.model_copy(update=changes), factory)
    with compose(registry) as analysis:
        result, error = analysis.execute(manifest.name, payload)
    shown: JsonObject = error or {"plugin": manifest.name, "result": result}
    return Exit.NEGATIVE_RESULT if error else Exit.DONE, json.dumps(shown, sort_keys=True)


def _read_payload(file: str) -> JsonObject:
    try:
        data = sys.stdin.buffer.read(INPUT_LIMITS.max_bytes + 1) if file == "-" else _read(Path(file))
        payload = parse_json(data, INPUT_LIMITS)
    except FileNotFoundError as exc:
        raise _Refused(
            Exit.NOT_FOUND, f"there is no file '{file}'; give the path of a JSON file, or - for standard input"
        ) from exc
    except OSError as exc:
        raise _Refused(Exit.MALFORMED, f"'{file}' cannot be read: {exc.strerror}") from exc
    except JsonFault as exc:
        raise _Refused(Exit.MALFORMED, f"the payload is malformed at {exc}") from exc
    if not isinstance(payload, dict):
        raise _Refused(Exit.MALFORMED, "the payload is no JSON object; send an object, such as {}")
    return payload


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(INPUT_LIMITS.max_bytes + 1)


def _load(import_path: str) -> tuple[PluginManifest, PluginFactory]:
    """Import the attribute and return what declares and makes the plugin."""
    if not _IMPORT_PATH.match(import_path):
        raise _Refused(Exit.USAGE, f"'{import_path}' is no import path; write module:attribute, such as my_app.plugins:Resize")
    module_name, _, attribute = import_path.partition(":")
    found = _import(module_name)
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise _Refused(Exit.NOT_FOUND, f"the module '{module_name}' has no '{attribute}'; check the part after the colon")
        found = getattr(found, name)
    declared = getattr(found, "manifest", None)
    manifest = declared if isinstance(declared, PluginManifest) else PluginManifest(name=_name(import_path), version="0.0.0")
    return manifest, _factory(found, import_path)


def _import(module_name: str) -> object:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - sys.path holds text; a console script does not search the working directory
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as exc:
        if exc.name is not None and f"{module_name}.".startswith(f"{exc.name}."):
            where = "it is searched in the working directory and where packages are installed"
            raise _Refused(Exit.NOT_FOUND, f"there is no module '{exc.name}'; {where}") from exc
        raise _Refused(Exit.MALFORMED, f"the module '{module_name}' needs '{exc.name}', which is not installed") from exc
    except (Exception, SystemExit) as exc:
        raise _Refused(Exit.MALFORMED, f"the module '{module_name}' cannot be imported: {type(exc).__name__}: {exc}") from exc


def _factory(found: object, import_path: str) -> PluginFactory:
    """Return what makes the plugin: a provider's `create`, a class, or the object itself."""
    if inspect.isclass(found) and hasattr(found, "create"):
        return lambda: cast("PluginProvider", found()).create()
    if hasattr(found, "create"):
        return lambda: cast("PluginProvider", found).create()
    if inspect.isclass(found) and hasattr(found, "run"):
        return lambda: cast("Plugin", found())
    if isinstance(found, Plugin):
        return lambda: found
    raise _Refused(Exit.MALFORMED, f"'{import_path}' is no plugin: it has neither a method 'run' nor 'create'")


def _name(import_path: str) -> str:
    """Return a lawful plugin name made of an import path."""
    name = re.sub(r"[^a-z0-9_.-]", "-", import_path.lower().replace(":", "."))
    return f"p{name}"[:_LONGEST_NAME] if not name[0].isalpha() else name[:_LONGEST_NAME]
