"""Which functions are tests, and whether a test asserts anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from buttress_scanner.contracts._library import path_of
from buttress_scanner.program.classes import linearise, own_member, subclasses
from buttress_scanner.program.flow_subjects import evaluated, functions_in
from buttress_scanner.program.hygiene import hygiene, within
from buttress_scanner.program.modules import module_member
from buttress_scanner.program.values import BoxMethod, Const, Function, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from buttress_scanner.facts.model import Body
    from buttress_scanner.program import Program
    from buttress_scanner.program.frames import ClassInfo, Frame, Unit

_TEST_FILE = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")
_CASES = frozenset({"unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase"})
_NO_TESTS = ("builtins.property", "functools.cached_property")
_FIXTURES = ("pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture")
_ERRORS = ("builtins.AssertionError", "_pytest.outcomes.Failed", "pytest.fail.Exception")


def is_test_file(path: str) -> bool:
    """Whether pytest collects functions of a file of this name."""
    return _TEST_FILE.fullmatch(path) is not None


class Tests:
    """The tests of some modules, as pytest collects them."""

    def __init__(self, program: Program, zone: dict[str, Unit]) -> None:
        self.program = program
        self.engine = program.engine
        self.zone = zone
        self._infos: dict[tuple[str, int], ClassInfo] = {
            (i.unit.name, i.body.index): i for i in self.engine.classes.values() if i.unit.name in zone
        }

    def found(self) -> Iterator[tuple[Unit, Body, list[Function]]]:
        """Yield each test with what runs under its name, decorators included."""
        for unit in self.zone.values():
            if self._is_off(unit.frame):
                continue
            for body in unit.facts.bodies:
                if body.kind == "function" and body.name.startswith("test") and self._is_test(unit, body):
                    yield unit, body, self._runs(unit, body)

    def _is_test(self, unit: Unit, body: Body) -> bool:
        around = unit.facts.bodies[body.parent]
        is_file = is_test_file(unit.path)
        if around.kind == "module":
            return is_file and not self._is_fixture(unit, body)
        info = self._infos.get((unit.name, around.index))
        if info is None or self._is_fixture(unit, body):
            return False
        return any(self._is_collected(i, is_file=is_test_file(i.unit.path)) for i in (info, *subclasses(self.engine, info)))

    def _is_collected(self, info: ClassInfo, *, is_file: bool) -> bool:
        lineage = linearise(self.engine, info)
        if self._is_off(info.frame):
            return False
        if not _CASES.isdisjoint(info.externals) or any(p.rpartition(".")[2].endswith("TestCase") for p in info.externals):
            return True
        is_plain = not any("__init__" in owner.body.exit for owner in lineage)
        around = info.unit.facts.bodies[info.body.parent]
        outer = self._infos.get((info.unit.name, around.index)) if around.kind == "class" else None
        is_reached = around.kind == "module" or (outer is not None and self._is_collected(outer, is_file=is_file))
        return is_file and is_plain and is_reached and info.name.startswith("Test")

    def _is_off(self, frame: Frame) -> bool:
        """Whether ``__test__ = False`` takes a module or class out."""
        node = frame.body.exit.get("__test__")
        values = self.engine.read(frame, node) if node is not None else []
        return bool(values) and all(isinstance(v, Const) and not v.value for v in values)

    def _around(self, unit: Unit, body: Body) -> Frame | None:
        around = unit.facts.bodies[body.parent]
        if around.kind == "module":
            return unit.frame
        info = self._infos.get((unit.name, around.index))
        return info.frame if info is not None else None

    def decorated_with(self, unit: Unit, body: Body) -> set[str]:
        """The library paths of a function's decorators."""
        frame = self._around(unit, body)
        found: set[str] = set()
        if frame is None:
            return found
        for node in body.decorators:
            operation = frame.body.nodes[node]
            for at in (node, operation[1]) if operation[0] == "call" else (node,):
                found |= {path_of(self.engine, v).removesuffix("()") for v in self.engine.read(frame, at)}
        return found - {""}

    def _is_fixture(self, unit: Unit, body: Body) -> bool:
        return not self.decorated_with(unit, body).isdisjoint((*_FIXTURES, *_NO_TESTS))

    def _runs(self, unit: Unit, body: Body) -> list[Function]:
        """The functions that run under a test's name: itself, and wrappers around it."""
        info = self._infos.get((unit.name, body.parent))
        values = own_member(self.engine, info, body.name) if info is not None else module_member(self.engine, unit, body.name)
        found = [f for f in self.engine.functions if f.body is body]
        return list(dict.fromkeys([*found, *functions_in(self.engine, values)]))


class Assertions:
    """Answers whether a function asserts anything, by itself or through helpers."""

    def __init__(self, program: Program, is_support: Callable[[Unit], bool]) -> None:
        self.program = program
        self.engine = program.engine
        self.tables = hygiene().assertions
        self.is_support = is_support
        self._own: dict[Frame, bool] = {}
        self._lines: dict[str, list[bytes]] = {}

    def any_in(self, functions: list[Function]) -> bool:
        """Whether running one of the functions runs an assertion of the test's own or of a helper."""
        pending = [f for function in functions for f in evaluated(self.engine, function).values()]
        seen = set(pending)
        while pending:
            frame = pending.pop()
            if self._asserts(frame):
                return True
            for callees in frame.edges.values():
                for callee in callees:
                    if callee not in seen and callee.active and self._is_helper(callee):
                        seen.add(callee)
                        pending.append(callee)
        return False

    def _is_helper(self, frame: Frame) -> bool:
        """Whether a function serves tests, rather than being what they test."""
        name = frame.body.name.lstrip("_")
        if self.is_support(frame.unit):
            return True
        return frame.body.kind == "function" and (name.startswith(self.tables.prefixes) or self._only_asserts(frame))

    def _only_asserts(self, frame: Frame) -> bool:
        """Whether a function does nothing but assert: nobody writes such code but for tests."""
        tree = frame.body.tree
        return bool(tree) and all(self._asserts_or_loops(frame, entry) for entry in tree)

    def _asserts_or_loops(self, frame: Frame, entry: list[Any]) -> bool:
        if entry[0] == "eval":
            is_text = all(node[0] == "const" for node in frame.body.nodes[entry[2] : entry[3]])
            return is_text or self._is_assert(frame, entry[1])
        if entry[0] not in ("for", "if"):
            return False
        blocks = entry[6:8] if entry[0] == "for" else entry[5:7]
        return all(self._asserts_or_loops(frame, inner) for block in blocks for inner in block)

    def _asserts(self, frame: Frame) -> bool:
        if frame not in self._own:
            self._own[frame] = self._states(frame) or any(
                self._is_assertion(frame, node[1]) for node in frame.body.nodes if node[0] == "call"
            )
        return self._own[frame]

    def _states(self, frame: Frame) -> bool:
        """Whether there is an ``assert`` statement, or an `AssertionError` that is raised."""
        if any(self._is_assert(frame, entry[1]) for entry in _statements(frame.body.tree) if entry[0] == "eval"):
            return True
        raised = [n[1] for n in frame.body.nodes if n[0] == "raise" and n[1] >= 0]
        return any(path_of(self.engine, v) in _ERRORS for node in raised for v in self.engine.read(frame, node))

    def _is_assert(self, frame: Frame, span: tuple[int, int, int, int]) -> bool:
        lines = self._lines.setdefault(frame.unit.path, frame.unit.data.splitlines())
        text = lines[span[0] - 1][span[1] :] if 0 < span[0] <= len(lines) else b""
        return re.match(rb"assert(?!\w)(?!\s*=[^=])", text) is not None

    def _is_assertion(self, frame: Frame, callee: int) -> bool:
        values = self.engine.read(frame, callee)
        operation = frame.body.nodes[callee]
        name = operation[2] if operation[0] == "attr" else ""
        if self._is_of_fixture(frame, callee):
            return True
        known = False
        for value in values:
            if isinstance(value, Function) or (isinstance(value, Unknown) and not name):
                continue
            path = path_of(self.engine, value)
            if path in self.tables.functions or within(path, self.tables.packages):
                return True
            if path and path not in self.tables.static and _named(path.rpartition(".")[2], self.tables.methods):
                return True
            known = known or bool(path) or isinstance(value, BoxMethod)
        is_dark = not values or all(isinstance(v, Unknown) for v in values)
        return is_dark and not known and _named(name, self.tables.methods)

    def _is_of_fixture(self, frame: Frame, node: int) -> bool:
        """Whether something is called on a fixture that asserts, of which the program has none of that name."""
        while frame.body.nodes[node][0] in ("attr", "narrow", "phi"):
            operation = frame.body.nodes[node]
            following = operation[3] if operation[0] == "narrow" else operation[1]
            node = following if isinstance(following, int) else following[0] if following else -1
            if node < 0:
                return False
        operation = frame.body.nodes[node]
        if operation[0] != "param" or operation[1] not in self.tables.fixtures:
            return False
        return all(isinstance(v, Unknown) for v in self.engine.read(frame, node))


def _named(name: str, methods: frozenset[str]) -> bool:
    """Whether a name is that of an assertion."""
    return name in methods or (name.lstrip("_").lower().startswith("assert") and name != "assertions")


def _statements(tree: list[Any]) -> Iterator[list[Any]]:
    for entry in tree:
        if isinstance(entry, list):
            if entry and isinstance(entry[0], str):
                yield entry
            yield from _statements(entry)
