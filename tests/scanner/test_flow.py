"""Walks along paths: compared with what Python does, on generated functions whose every path is run."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress_scanner.findings.model import Confidence
from buttress_scanner.program.catalogue import Catalogue
from buttress_scanner.program.engine import Engine
from buttress_scanner.program.flow_exceptions import Exceptions
from buttress_scanner.program.flow_state import Exc
from buttress_scanner.program.flow_tests import Flags, constant, parse_test, split
from buttress_scanner.program.modules import Modules
from buttress_scanner.testing import check_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.findings.report_model import Report

CONFIGURATION = """
[[contract]]
id = "counted"
kind = "finally-obligation"
function = ["app:execute"]
must-call = ["app:record"]
because = "Every execution is counted."
"""
IMPORT = "from elsewhere import flip, rows, work\n"
HEAD = f'''
import time
from contextlib import contextmanager

{IMPORT}
CALLS: list[int] = []


def record() -> None:
    CALLS.append(1)


class Stop(BaseException):
    """No Exception."""


class Quiet:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return True


class Count:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        record()


class CountFailure:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            record()


@contextmanager
def counting():
    try:
        yield
    finally:
        record()


@contextmanager
def failing():
    try:
        yield
    except Exception:
        record()
        raise


def finish(quiet: bool) -> None:
    if not quiet:
        record()


'''


@dataclass
class Writer:
    """Writes a function of random statements. In a ``finally`` nothing may raise by itself: such exceptions are disregarded."""

    random: Random
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    size: int = 0

    def function(self) -> str:
        """Return a module with the function ``execute``."""
        start = [f"    {name} = {self.random.choice(['True', 'False', 'None'])}" for name in "xy"]
        return HEAD + "def execute() -> object:\n" + "\n".join([*start, *self.block(4, 3)]) + "\n"

    def block(self, indent: int, depth: int, *, loop: bool = False, final: bool = False, handler: bool = False) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            added = self.statement(indent, depth, loop=loop, final=final, handler=handler)
            lines += added
            if re.match(r" *(return|raise|break|continue)\b", added[-1]) and len(added) == 1:
                break
        return lines

    def statement(self, indent: int, depth: int, *, loop: bool, final: bool, handler: bool) -> list[str]:
        self.size += 1
        space, pick = " " * indent, self.random.choice
        if depth > 0 and self.size < 18 and self.random.random() < 0.55:
            compound = pick([self._if, self._try, self._try, self._loop, self._with])
            return compound(indent, depth - 1, {"loop": loop, "final": final, "handler": handler})
        simple = [
            "record()",
            f"return {next(self.numbers)}",
            f"raise {pick(['ValueError', 'KeyError', 'Stop'])}({next(self.numbers)})",
        ]
        simple += [f"{pick('xy')} = {pick(['True', 'False', 'None'])}", f"finish(quiet={pick(['True', 'False'])})", "time.time()"]
        simple += [] if final else ["work()", "work()"]
        simple += ["raise"] if handler else []
        simple += ["break", "continue"] if loop else []
        return [space + pick(simple)]

    def _if(self, indent: int, depth: int, where: dict[str, bool]) -> list[str]:
        tests = ["x", "not y", "x is None", "y is not None", "x and not y", "x or y", "x == True"]
        test = self.random.choice([*tests, *([] if where["final"] else ["flip()"] * 3)])
        lines = [f"{' ' * indent}if {test}:", *self.block(indent + 4, depth, **where)]
        if self.random.random() < 0.5:
            lines += [f"{' ' * indent}else:", *self.block(indent + 4, depth, **where)]
        return lines

    def _loop(self, indent: int, depth: int, where: dict[str, bool]) -> list[str]:
        heads = [
            "while x",
            "while True",
            "for _ in (1, 2)",
            "for _ in range(2)",
            *([] if where["final"] else ["for _ in rows", "while flip()"]),
        ]
        return [f"{' ' * indent}{self.random.choice(heads)}:", *self.block(indent + 4, depth, **{**where, "loop": True})]

    def _with(self, indent: int, depth: int, where: dict[str, bool]) -> list[str]:
        context = self.random.choice(["Quiet", "Count", "CountFailure", "counting", "failing"])
        return [f"{' ' * indent}with {context}():", *self.block(indent + 4, depth, **where)]

    def _try(self, indent: int, depth: int, where: dict[str, bool]) -> list[str]:
        space = " " * indent
        lines = [f"{space}try:", *self.block(indent + 4, depth, **where)]
        kinds = self.random.sample(
            ["ValueError", "LookupError", "(KeyError, ValueError)", "Exception", "BaseException"], self.random.randint(0, 2)
        )
        for kind in sorted(kinds, key=lambda k: k == "BaseException"):
            lines += [f"{space}except {kind}:", *self.block(indent + 4, depth, **{**where, "handler": True})]
        if kinds and self.random.random() < 0.3:
            lines += [f"{space}else:", *self.block(indent + 4, depth, **where)]
        if not kinds or self.random.random() < 0.5:
            lines += [f"{space}finally:", *self.block(indent + 4, depth, loop=where["loop"], final=True)]
        return lines


class Runs:
    """Runs a function on every path, up to a number of decisions and rounds of its loops."""

    RAISED = (ValueError, KeyError, LookupError, RuntimeError)

    def __init__(self, source: str) -> None:
        bounded = re.sub(r"while (.*):", r"while again() and (\1):", source.replace(IMPORT, ""))
        self.names: dict[str, object] = {"again": self.again, "work": self.work, "flip": self.flip, "rows": self}
        exec(compile(bounded, "app.py", "exec"), self.names)
        self.complete = True
        self.uncovered: set[object] = set()
        self.plans: list[tuple[int, ...]] = [()]

    def explore(self) -> Runs:
        """Run every path; remember what each uncovered exit returned, or the type of what it raised."""
        calls, execute = self.names["CALLS"], self.names["execute"]
        assert isinstance(calls, list)
        assert callable(execute)
        for _ in range(1500):
            if not self.plans:
                return self
            self.plan, self.taken, self.rounds, self.cut = self.plans.pop(), [], 0, False
            calls.clear()
            try:
                result: object = execute()
            except BaseException as error:  # noqa: BLE001
                result = type(error)
            self.complete &= not self.cut
            if not calls and not self.cut:
                self.uncovered.add(result)
        self.complete = False
        return self

    plan: tuple[int, ...]
    taken: list[int]
    rounds: int
    cut: bool

    def choose(self, count: int) -> int:
        """Decide as planned; beyond the plan take the first and plan the others."""
        number = len(self.taken)
        if number >= 8:
            self.cut = True
            return 0
        if number >= len(self.plan):
            self.plans += [(*self.taken, other) for other in range(1, count)]
        self.taken.append(self.plan[number] if number < len(self.plan) else 0)
        return self.taken[-1]

    def fail(self, decision: int) -> None:
        """Raise something, or nothing for 0."""
        stop = self.names["Stop"]
        assert isinstance(stop, type)
        if decision:
            raise (*self.RAISED, stop)[decision - 1]

    def work(self) -> None:
        """What may raise."""
        self.fail(self.choose(6))

    def flip(self) -> bool:
        """A test that may raise."""
        decision = self.choose(7)
        self.fail(max(0, decision - 1))
        return bool(decision)

    def again(self) -> bool:
        """Whether a loop may have another round."""
        self.rounds += 1
        self.cut |= self.rounds > 10
        return self.rounds <= 10

    def __iter__(self) -> Iterator[int]:
        count = self.choose(3)
        yield from range(count)
        self.fail(self.choose(6))


def check(source: str) -> Report:
    """Check one module."""
    return check_files(CONFIGURATION, {"app.py": source})


@settings(max_examples=300, deadline=None, derandomize=True)  # a loop may count its rounds, which the walk does not
@given(st.integers(min_value=0))
def test_agrees_with_python(seed: int) -> None:
    """A function is reported if and only if it can be left uncovered, and at its first uncovered return if it has one."""
    source = Writer(Random(seed)).function()
    runs = Runs(source).explore()
    report = check(source)
    assert not report.errors
    if runs.uncovered:
        assert report.open_findings, source
    elif runs.complete:
        assert not report.open_findings, source
    lines = source.splitlines()
    values = runs.uncovered - {None}
    returns = [n for n, line in enumerate(lines, 1) if any(line.strip() == f"return {value}" for value in values)]
    if returns and runs.complete:
        assert report.open_findings[0].position.line == min(returns), source


VALUES: dict[str, tuple[object, ...]] = {
    "?": (None, True, False, 0, 1, "", "a"),
    "N": (None,),
    "T": (True, 1, "a"),
    "F": (False, 0, ""),
    "S": (True, False, 0, 1, "a", ""),
    "E": (None, False, 0, ""),
}
TESTS = st.recursive(
    st.sampled_from(["x", "y", "x is None", "y is not None", "x == 'a'", "None is y", "x is True", "True", "x.z", "f(x)"]),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and ({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})"),
    ),
    max_leaves=6,
)


def possible(flag: object) -> tuple[object, ...]:
    """The values that a variable of which this is known may have."""
    return (flag[1],) if isinstance(flag, tuple) else VALUES[str(flag)]


@settings(max_examples=300, deadline=None)
@given(TESTS, st.tuples(*[st.sampled_from([*VALUES, constant(True), constant("a")])] * 2), st.booleans())
def test_tests_tell_the_truth(text: str, flags: Flags, unknown: bool) -> None:
    """Whatever values the variables have, the actual outcome of a test is foreseen, with knowledge that fits the values."""

    class Thing:
        z = unknown

    text = text.replace("x.z", "z")
    foreseen = split(("x", "y"), flags, parse_test(text, lambda name: False if name in "xy" else None))
    for x, y in itertools.product(*map(possible, flags)):
        outcome = bool(eval(text, {"x": x, "y": y, "z": Thing.z, "f": lambda _: unknown}))
        fits = [after for truth, after in foreseen if truth == outcome]
        assert any(_fits(x, after[0]) and _fits(y, after[1]) for after in fits), (text, x, y, foreseen)


def _fits(value: object, flag: object) -> bool:
    return any(value == other and type(value) is type(other) for other in possible(flag))


BUILTIN_ERRORS = [
    BaseException,
    Exception,
    LookupError,
    KeyError,
    IndexError,
    OSError,
    TimeoutError,
    ValueError,
    UnicodeDecodeError,
    KeyboardInterrupt,
]


@pytest.mark.parametrize("raised", BUILTIN_ERRORS, ids=lambda e: e.__name__)
@pytest.mark.parametrize("handler", BUILTIN_ERRORS, ids=lambda e: e.__name__)
def test_handlers_catch_what_python_catches(handler: type[BaseException], raised: type[BaseException]) -> None:
    """What is exactly of one class is caught by handlers of its bases; what may be of a class below, perhaps by those below."""
    exceptions = Exceptions(Engine(Modules([]), Catalogue.load()))
    kind, key = f"builtins.{handler.__name__}", f"builtins.{raised.__name__}"
    surely = issubclass(raised, handler)
    exact = exceptions.catch(kind, Exc(key, exact=True))
    assert (exact is not None) == surely
    vague = exceptions.catch(kind, Exc(key))
    assert (vague is not None) == (surely or issubclass(handler, raised))
    assert vague is None or vague[0] == surely


LEAVES = """
def record() -> None:
    print("x")


def execute(plugin, sink) -> object:
    try:
        return plugin.run()
    finally:
        {ending}
"""


@pytest.mark.parametrize(
    ("ending", "confidence"),
    [("sink.record()", Confidence.POSSIBLE), ("sink.other()", Confidence.PROVEN), ("print(sink)", Confidence.PROVEN)],
    ids=["unknown receiver, same name", "unknown receiver, other name", "another call"],
)
def test_confidence(ending: str, confidence: Confidence) -> None:
    """An unresolved call of a member of that name may be the obligation: then nothing is proven."""
    (finding,) = check(LEAVES.format(ending=ending)).open_findings
    assert finding.confidence is confidence


def test_other_exits_are_evidence() -> None:
    """A function has one finding; its other uncovered exits are the evidence, in order."""
    source = """
def record() -> None: ...


def execute(a: dict[str, int]) -> int:
    b = a["x"]
    if b:
        return 1
    raise ValueError
"""
    (finding,) = check(source).open_findings
    assert finding.position.line == 8
    assert [step.position.line for step in finding.evidence] == [9, 6]


DECORATED = {
    "app.py": """
from decorators import counted
from sinks import record

__all__ = ["execute", "record"]


@counted
def execute(plugin) -> object:
    return plugin.run()
""",
    "decorators.py": """
from sinks import finish


def counted(fn):
    def wrapper(*args):
        try:
            return fn(*args)
        finally:
            finish()

    return wrapper
""",
    "sinks.py": """
def record() -> None:
    print("x")


def finish() -> None:
    record()
""",
}


@pytest.mark.parametrize("others", [0, 200], ids=["small", "large"])
@pytest.mark.parametrize("body", ["record()", "print()"])
def test_size_of_the_program(body: str, others: int) -> None:
    """In a large program, which is not evaluated whole, the same is found."""
    files = {**DECORATED, **{f"others/m{number}.py": f"def f{number}() -> None: ...\n" for number in range(others)}}
    files["sinks.py"] = files["sinks.py"].replace("    record()", f"    {body}")
    assert len(check_files(CONFIGURATION, files).open_findings) == (body != "record()")


RENAMED: list[Callable[[str], str]] = [
    lambda source: re.sub(r"\bx\b", "settled", source),
    lambda source: source.replace("time.time()", "time.monotonic()"),
    lambda source: "# a comment\n" + source,
]


@pytest.mark.parametrize("change", RENAMED, ids=["rename a local", "another clock", "move a line"])
@pytest.mark.parametrize("seed", range(12))
def test_indifferent_to(seed: int, change: Callable[[str], str]) -> None:
    """What does not matter to the paths does not change the fingerprints."""
    source = Writer(Random(seed)).function()
    before, after = check(source).open_findings, check(change(source)).open_findings
    assert [f.fingerprint for f in before] == [f.fingerprint for f in after]


STACK = """
from contextlib import ExitStack


def record() -> None:
    print("x")


def execute(plugin, {names}) -> object:
    with ExitStack() as stack:
{branches}
        return plugin.run()
"""


@pytest.mark.parametrize("always", [True, False], ids=["always", "on branches only"])
def test_many_ways_to_register(always: bool) -> None:
    """Callbacks on many branches do not multiply the paths, and what is registered on all of them counts."""
    names = [f"x{number}" for number in range(24)]
    branches = [f"        if {name}:\n            stack.callback(record)" for name in names]
    if always:
        branches.insert(0, "        stack.callback(record)")
    source = STACK.format(names=", ".join(names), branches="\n".join(branches))
    assert len(check(source).open_findings) == (not always)
