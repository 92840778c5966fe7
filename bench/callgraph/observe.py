"""Run a case under a profiler and print the calls that happened, as JSON, in the names of the benchmark.

What the benchmark expects and nobody runs is a mistake of the benchmark, whatever a tool says about it. A program that ends with
an exception has shown what it did until then. Calls of builtin classes do not show in a profiler.

Usage: observe.py FOLDER
"""

from __future__ import annotations

import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType

TEXT = "<string>"
"""The file name of code that `eval` compiles: its calls are those of the code that runs it."""
INLINE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
"""Comprehensions are part of the body in which they stand."""
TYPES = {"str": "<**PyStr**>", "dict": "<**PyDict**>", "list": "<**PyList**>"}


class Observer:
    """A profiler that notes who calls whom below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.names: dict[CodeType, str] = {}
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Take one event of the interpreter."""
        if event == "call":
            if frame.f_code.co_name == "<module>":
                self._learn(frame)
            elif frame.f_back is not None and self._is_called(frame.f_code):
                self._note(frame.f_back, self.names[frame.f_code])
        elif event == "c_call":
            owner = getattr(argument, "__self__", None)
            kind = "<builtin>" if owner is sys.modules["builtins"] else TYPES.get(type(owner).__name__, "")
            name = getattr(argument, "__name__", "")
            if kind and name != "__build_class__":
                self._note(frame, f"{kind}.{name}")

    def _is_called(self, code: CodeType) -> bool:
        """Whether code is a function of the program: class bodies and comprehensions are run, not called."""
        return code in self.names and code.co_name not in INLINE and bool(code.co_flags & inspect.CO_OPTIMIZED)

    def _learn(self, frame: FrameType) -> None:
        """Name all bodies of a module of the program when it starts to run."""
        if frame.f_code.co_filename.startswith(self.folder):
            self._name(frame.f_code, frame.f_globals["__name__"])

    def _name(self, code: CodeType, name: str) -> None:
        self.names[code] = name
        lambdas = 0
        for inner in (constant for constant in code.co_consts if isinstance(constant, CodeType)):
            lambdas += inner.co_name == "<lambda>"
            own = f"<lambda{lambdas}>" if inner.co_name == "<lambda>" else inner.co_name
            self._name(inner, name if inner.co_name in INLINE else f"{name}.{own}")

    def _note(self, caller: FrameType, callee: str) -> None:
        """Note a call; text that runs is part of the body that runs it."""
        frame: FrameType | None = caller
        while frame is not None and frame.f_code.co_filename == TEXT:
            frame = frame.f_back
        if frame is not None and frame.f_code in self.names:
            self.seen.add((self.names[frame.f_code], callee))


def main(name: str) -> int:
    """Run `main.py` of a folder and print the edges."""
    folder = Path(name).resolve()
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    observer = Observer(folder)
    sys.setprofile(observer)
    try:
        import_module("main")
    except Exception as error:  # noqa: BLE001 - how the program ends is its own affair
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.setprofile(None)
    print(json.dumps(sorted(observer.seen)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
