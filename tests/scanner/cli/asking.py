"""Small programs and the questions about them, asked through the command line inside this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema

from buttress_scanner.cli.main import run

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "show.schema.json").read_text(encoding="utf-8"))
BROKEN_APP = ROOT / "examples" / "broken_app"

PROGRAM = {
    "app/__init__.py": "from app.core import plan as make_plan\n",
    "app/core.py": """\
from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from typing import Callable, Protocol

import unheard_of

from app import tools


class Clock(Protocol):
    def now(self) -> float: ...


class WallClock:
    def now(self) -> float:
        return time.time()


def by_age(item) -> float:
    return time.time() - item.born


def ordered(items):
    return sorted(items, key=by_age)


def plan(clock: Clock) -> float:
    return clock.now()


def timed(f):
    @functools.wraps(f)
    def run(*args):
        start = time.monotonic()
        return f(*args)
    return run


@timed
def decorated(x):
    return x + 1


def apply(f: Callable[[], float]) -> float:
    return f()


def late():
    return apply(time.time)


def blind(thing):
    return thing.now()


@dataclass
class Stamp:
    at: float = field(default_factory=time.time)


def make() -> Stamp:
    return Stamp()


class Base:
    def go(self):
        return self.step()

    def step(self):
        return 1


class Loud(Base):
    def step(self):
        print("loud")
        return 2

    @property
    def label(self):
        return self.go()


def show(loud: Loud):
    return loud.label


def show_base(base: Base):
    return base.step()


def stranger(x):
    return unheard_of.thing(x)


def handed():
    return unheard_of.later(by_age)


STEP = functools.partial(by_age)
LIMIT = 3


async def later():
    return 1


def calm(x):
    return tools.double(x)
""",
    "app/tools.py": """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app import core


def double(x):
    return len(str(x)) * 2
""",
}


@dataclass(frozen=True)
class Answer:
    """What the command said, and how it left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The JSON document, validated."""
        loaded: dict[str, object] = json.loads(self.out)
        jsonschema.validate(loaded, SCHEMA)
        return loaded


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a program into a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def ask(folder: Path, *arguments: str) -> Answer:
    """Run the command in a folder, within this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(arguments))
    sys.stdout.flush()
    return Answer(code, out.getvalue(), err.getvalue())
