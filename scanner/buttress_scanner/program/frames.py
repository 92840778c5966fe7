"""The solver's state: modules, cells that grow, and frames (a body in one context)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from buttress_scanner.facts.model import Body, FileFacts
    from buttress_scanner.program.values import Value


@dataclass(eq=False, slots=True)
class Unit:
    """A module of the program with its facts and, once it was looked at, the frame of its body."""

    name: str
    path: str
    is_package: bool
    facts: FileFacts
    data: bytes
    frame: Frame = field(init=False)
    stub: Unit | None = None
    """The stub beside the module, which is no module of the program itself."""
    describes: Unit | None = None
    """For such a stub: the module."""
    scopes: dict[int, Frame] = field(default_factory=dict)
    """For such a stub: where the annotations of its class bodies are read."""

    def __post_init__(self) -> None:
        self.frame = Frame(self, self.facts.bodies[0], None, "module")


class Cell:
    """A growing set of values with the cells that have read it."""

    __slots__ = ("frame", "full", "is_view", "node", "queued", "readers", "seen", "source", "state", "values")

    def __init__(self, frame: Frame | None, node: int, source: Callable[[], Iterable[Value]] | None = None) -> None:
        self.values: dict[Value, None] = {}
        self.seen: list[Value] = []
        """The values as a list, as of the last time that somebody asked."""
        self.readers: dict[Cell, None] = {}
        self.frame = frame
        self.node = node
        self.source = source
        self.state = 0
        self.queued = False
        self.full = False
        self.is_view = False
        """Whether what it was last computed to be counts, so that it can also shrink; readers wake only when it grows."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a node does by itself that a contract may care about."""

    path: str
    """The library function, or the variable that is written."""
    effects: tuple[str, ...]
    text: str


class Frame:
    """A body in one context: its cells, whom it calls and what it does."""

    __slots__ = (
        "active",
        "body",
        "cells",
        "closure",
        "deeds",
        "depth",
        "edges",
        "inlined",
        "key",
        "left_out",
        "loads",
        "owner",
        "params",
        "quiet",
        "reach",
        "result",
        "unit",
    )

    def __init__(self, unit: Unit, body: Body, closure: Frame | None, key: Any, owner: Any = None) -> None:
        self.unit = unit
        self.body = body
        self.closure = closure
        self.key = key
        self.owner = owner
        self.cells: list[Cell | None] = [None] * len(body.nodes)
        self.params: dict[str, Cell] = {}
        self.result: Cell | None = None
        self.active = False
        self.inlined = 0
        self.left_out: frozenset[str] = frozenset()
        """Parameters that no call of this frame gives: they are what their defaults are, for certain."""
        self.loads: Unit | None = None
        """The module in whose import the frame takes part, for functions that it calls."""
        self.quiet = False
        """Whether it stands for unknown callers beside known ones: what objects hold is what the known callers put there."""
        self.reach = -1
        self.depth: int = closure.depth + 1 if closure is not None else 0
        self.edges: dict[int, dict[Frame, str]] = {}
        self.deeds: dict[int, dict[Deed, None]] = {}

    @property
    def symbol(self) -> str:
        """``module:Qualified.name`` of the body, the module's name for a module body."""
        return f"{self.unit.name}:{self.body.qualname}" if self.body.qualname else self.unit.name


@dataclass(eq=False, slots=True)
class ClassInfo:
    """A class of the program: where it is defined and the frame of its body."""

    unit: Unit
    body: Body
    frame: Frame
    """The frame of the class body."""
    outer: Frame
    """The frame in which the class statement ran."""
    order: int
    lineage: Cell = field(default_factory=lambda: Cell(None, -1))
    generic: bool = False
    """Whether the class or a base has type arguments."""
    mro: tuple[ClassInfo, ...] = ()
    externals: tuple[str, ...] = ()
    subclasses: Cell = field(default_factory=lambda: Cell(None, -1))
    below: Cell = field(default_factory=lambda: Cell(None, -1))
    """The subclasses in the order in which they stand."""
    assigned: frozenset[str] | None = None
    """The attributes that methods of the class assign to their objects, None until somebody asks."""
    factories: dict[Any, Frame] = field(default_factory=dict)
    """What the default factories of the fields do, by the field's node in the class body.

    One frame for each place that constructs.
    """

    @property
    def symbol(self) -> str:
        """``module:Qualified.name``."""
        return f"{self.unit.name}:{self.body.qualname}"

    @property
    def name(self) -> str:
        """The class's own name."""
        return self.body.name


Site = tuple[Frame, int]
"""A node in a frame: where something happens."""
