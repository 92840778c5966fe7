"""Ask libcst, which reads the grammar of newer Pythons too, about a file that this Python refuses.

libcst is asked in a process of its own: its parser recurses on the machine's stack without a limit, so that a hostile file
would end the whole check. One process serves a whole run, and a file that ends it, or keeps it busy for too long, counts
as refused.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import struct
import subprocess
import sys
from pathlib import Path

_SECONDS = 10
_MEMORY = 2 << 30
_LARGEST = 1 << 20
"""Bytes of text beyond which libcst is not asked: it needs hundreds of bytes for each."""

_CHILD = """
import faulthandler, os, struct, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
import libcst
quiet = open(os.devnull, "w")
while len(head := sys.stdin.buffer.read(4)) == 4:
    text = sys.stdin.buffer.read(struct.unpack("<I", head)[0]).decode("utf-8", "surrogatepass")
    faulthandler.dump_traceback_later(int(sys.argv[2]), exit=True, file=quiet)
    try:
        libcst.parse_module(text)
        answer = b"1"
    except Exception:
        answer = b"0"
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
"""

_children: dict[int, subprocess.Popen[bytes]] = {}


def libcst_accepts(text: str) -> bool:
    """Whether libcst reads the text as a module; False as well when it cannot be asked."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _LARGEST:
        return False
    try:
        child = _child()
        if child.stdin is None or child.stdout is None:
            return False
        child.stdin.write(struct.pack("<I", len(data)) + data)
        child.stdin.flush()
        answer = child.stdout.read(1)
    except OSError:
        answer = b""
    if not answer:
        _stop(os.getpid())
    return answer == b"1"


def _child() -> subprocess.Popen[bytes]:
    """Return this process's helper; a forked worker starts its own."""
    running = _children.get(os.getpid())
    if running is None:
        here = {"", str(Path.cwd())}
        path = os.pathsep.join(folder for folder in sys.path if folder not in here)
        command = [sys.executable, "-I", "-c", _CHILD, path, str(_SECONDS), str(_MEMORY)]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        _children[os.getpid()] = running
        atexit.register(_stop, os.getpid())
    return running


def _stop(owner: int) -> None:
    child = _children.pop(owner, None)
    if child is None or owner != os.getpid():
        return
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
