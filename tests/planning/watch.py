"""Run as a program: plans under an audit hook and a profile hook, and prints every effect it sees, one to a line.

Effects are events of the interpreter (files, sockets, processes, threads, imports) and calls into modules of clocks, randomness,
ids and the environment, of which many raise no event.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.planning.plans import lines

if TYPE_CHECKING:
    from types import FrameType

EVENTS = (
    "open",
    "socket",
    "subprocess",
    "os.",
    "_thread",
    "time",
    "import",
    "exec",
    "sqlite3",
    "ctypes",
    "shutil",
    "urllib",
    "signal",
    "tempfile",
)
MODULES = frozenset(
    [
        "time",
        "datetime",
        "calendar",
        "random",
        "_random",
        "secrets",
        "uuid",
        "_uuid",
        "os",
        "posix",
        "nt",
        "io",
        "_io",
        "pathlib",
        "threading",
        "_thread",
        "asyncio",
        "_asyncio",
        "socket",
        "_socket",
        "subprocess",
        "multiprocessing",
        "concurrent",
        "logging",
        "locale",
        "_locale",
        "tempfile",
        "getpass",
        "platform",
        "sqlite3",
        "sys",
    ]
)

seen: list[str] = []
watching = False


def audit(event: str, _arguments: tuple[object, ...]) -> None:
    """Note an event of the interpreter."""
    if watching and event.startswith(EVENTS):
        seen.append(f"event {event}")


def profile(frame: FrameType, event: str, argument: object) -> None:
    """Note a call into a module of effects; `BytesIO` of the canonical encoder is memory, no file."""
    if event == "c_call":
        owner = getattr(argument, "__module__", None) or type(getattr(argument, "__self__", None)).__module__
        name = getattr(argument, "__qualname__", "")
    elif event == "call":
        owner, name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
    else:
        return
    if owner.split(".")[0] in MODULES and not name.startswith("BytesIO") and name != "setprofile":
        seen.append(f"call {owner}.{name}")


def main() -> None:
    """Plan once unwatched, so that nothing is left to be loaded, and once watched."""
    global watching  # noqa: PLW0603 - an audit hook stays for good, so it has a switch
    lines()
    sys.addaudithook(audit)
    watching = True
    sys.setprofile(profile)
    made = lines()
    sys.setprofile(None)
    watching = False
    sys.stdout.write("\n".join([f"planned {len(made)}", *seen]))


if __name__ == "__main__":
    main()
