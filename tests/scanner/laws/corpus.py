"""Real modules to try laws on: single modules of the standard library, and small groups of modules of installed packages."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STANDARD = [
    "bisect", "bdb", "calendar", "cmd", "code", "codeop", "colorsys", "compileall", "contextlib", "copy", "copyreg", "csv", "dis",
    "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools", "genericpath", "getopt", "getpass", "gettext",
    "glob", "graphlib", "gzip", "hashlib", "heapq", "hmac", "imaplib", "imghdr", "linecache", "lzma", "mimetypes", "modulefinder",
    "netrc", "numbers", "operator", "pickletools", "plistlib", "poplib", "pprint", "profile", "pstats", "py_compile", "pyclbr",
    "queue", "quopri", "random", "reprlib", "rlcompleter", "runpy", "sched", "secrets", "selectors", "shelve", "shlex", "shutil",
    "signal", "site", "smtplib", "socketserver", "ssl", "stat", "statistics", "string", "stringprep", "symtable", "tabnanny",
    "tempfile", "textwrap", "timeit", "token", "tokenize", "trace", "traceback", "types", "uuid", "warnings", "wave", "weakref",
    "webbrowser", "zipapp", "http.cookiejar", "http.cookies", "http.server", "json.decoder", "json.encoder",
    "json.scanner", "json.tool", "logging.handlers", "logging.config", "email.charset", "email.header",
    "email.message", "email.policy", "concurrent.futures._base", "concurrent.futures.thread",
    "asyncio.queues", "asyncio.locks", "asyncio.runners", "asyncio.taskgroups", "asyncio.timeouts",
    "asyncio.streams", "multiprocessing.pool", "multiprocessing.queues", "urllib.robotparser",
    "urllib.error", "wsgiref.handlers", "wsgiref.simple_server", "xml.sax.saxutils", "xmlrpc.server",
    "importlib.metadata", "unittest.runner", "unittest.result", "unittest.signals", "ctypes.util", "dbm.dumb",
    "encodings.idna", "html.parser",
]  # fmt: skip
"""Modules of the standard library. A Python that lacks one goes without it."""

PACKAGED = {
    "click": (
        ("_compat", "utils"),
        ("exceptions", "globals", "_utils"),
        ("formatting", "_textwrap"),
        ("decorators",),
        ("testing",),
    ),
    "grimp": (("application.config", "adaptors.filesystem"), ("domain.analysis", "domain.valueobjects"), ("main", "exceptions")),
    "iniconfig": (("__init__", "_parse", "exceptions"),),
    "packaging": (
        ("requirements", "markers", "_parser", "_tokenizer"),
        ("tags", "_elffile", "_musllinux", "_manylinux"),
        ("version",),
    ),
    "pathspec": (("pathspec", "pattern", "_meta"), ("util", "pattern"), ("gitignore", "pathspec")),
    "pluggy": (("_manager", "_hooks", "_result"), ("_tracing",), ("_execution", "_result", "_impl"), ("_caller", "_callers")),
    "rich": (
        ("styled", "measure"),
        ("progress_bar", "color", "palette"),
        ("filesize", "box"),
        ("live", "live_render"),
        ("status",),
    ),
    "tomlkit": (("toml_file", "toml_document"), ("parser", "source", "exceptions"), ("api", "_utils")),
    "typer": (("testing", "_display"), ("completion", "_completion_shared"), ("models",), ("utils", "_typing")),
}
"""Groups of modules of packages; the first of a group is the one that is rewritten."""

LARGEST = int(os.environ.get("LAW_LARGEST", "450"))
"""Lines. Larger modules take longer; they are tried when somebody asks for it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A small program: texts by path. ``subject`` is the path of the module that is rewritten."""

    name: str
    subject: str
    files: Mapping[str, str]

    @property
    def text(self) -> str:
        """The text of the subject."""
        return self.files[self.subject]

    def with_text(self, text: str, **others: str) -> Sample:
        """The same program with another text of the subject, and further files beside it (by module name)."""
        folder = self.subject.rpartition("/")[0]
        return replace(self, files={**self.files, self.subject: text, **{f"{folder}/{name}.py": t for name, t in others.items()}})

    def with_files(self, files: Mapping[str, str]) -> Sample:
        """The same program with further files."""
        return replace(self, files={**self.files, **files})


def module_of(path: str) -> str:
    """The dotted name of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _source(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _read(path: Path | None) -> str | None:
    if path is None or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    return text if text.count("\n") <= LARGEST else None


def _standard(module: str) -> Sample | None:
    text = _read(_source(module))
    path = f"lab/{module.replace('.', '/')}.py"
    return Sample(module, path, {path: text}) if text is not None else None


def _packaged(package: str, modules: tuple[str, ...]) -> Sample | None:
    origin = _source(package)
    if origin is None:
        return None
    paths = {f"{package}/{m.replace('.', '/')}.py": origin.parent / f"{m.replace('.', '/')}.py" for m in modules}
    files = {path: text for path, place in paths.items() if (text := _read(place)) is not None}
    subject = next(iter(paths))
    return Sample(module_of(subject), subject, files) if subject in files else None


def _all() -> tuple[Sample, ...]:
    wanted: list[Callable[[], Sample | None]] = [
        *(lambda m=m: _standard(m) for m in STANDARD),
        *(lambda p=p, g=g: _packaged(p, g) for p, groups in PACKAGED.items() for g in groups),
    ]
    return tuple(sample for make in wanted if (sample := make()) is not None)


SAMPLES = _all()
