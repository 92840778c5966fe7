"""Abstract values: what an expression can be. Every value is interned by the engine, so identity is equality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Body
    from buttress_scanner.program.frames import Frame, Unit


class Value:
    """The base of all abstract values."""

    __slots__ = ()


class Mark(Value):
    """What the engine leaves for itself in a cell; never a value of the program."""

    __slots__ = ()


@dataclass(eq=False, slots=True)
class Owner(Value):
    """In a view of a class's member, before its values: the class whose body has it."""

    owner: Any


@dataclass(eq=False, slots=True)
class Module(Value):
    """A module of the program."""

    unit: Unit


@dataclass(eq=False, slots=True)
class External(Value):
    """A module, function, class or attribute outside of the program, by its dotted path."""

    path: str


@dataclass(eq=False, slots=True)
class Object(Value):
    """An instance of a class outside of the program; ``path`` names the class, or what made it (``pkg.make()``).

    ``site`` is where it was made, for those with state that were made on import.
    """

    path: str
    site: Any = None


@dataclass(eq=False, slots=True)
class Class(Value):
    """A class of the program. ``exact`` is False for ``type[C]``: the class or a subclass."""

    info: Any
    exact: bool


@dataclass(eq=False, slots=True)
class Function(Value):
    """A function or lambda with the frame that it closes over and the class whose body defines it."""

    unit: Unit
    body: Body
    closure: Frame | None
    owner: Any


@dataclass(eq=False, slots=True)
class Instance(Value):
    """An instance of a project class.

    ``site`` is (frame, node) of its construction, ``"declared"`` when only an annotation says so, ``"self"`` for the receiver of
    a method that nobody has called yet.
    """

    info: Any
    site: Any


@dataclass(eq=False, slots=True)
class Method(Value):
    """A callable bound to its receiver."""

    function: Value
    receiver: Value


@dataclass(eq=False, slots=True)
class Partial(Value):
    """``functools.partial``: the callable, and the call node that holds the bound arguments."""

    function: Value
    frame: Frame
    node: int
    depth: int


@dataclass(eq=False, slots=True)
class Box(Value):
    """A container or iterator made at a site; its contents live in heap cells."""

    kind: str
    site: Any


@dataclass(eq=False, slots=True)
class Const(Value):
    """A str, int, bool or None."""

    value: Any
    type_name: str


@dataclass(eq=False, slots=True)
class Member(Value):
    """A member of an enum of the program."""

    info: Any
    name: str


@dataclass(eq=False, slots=True)
class Alias(Value):
    """A subscripted type such as ``dict[str, Plugin]``; the arguments are read from its node when they are needed."""

    base: Value
    frame: Frame
    node: int


@dataclass(eq=False, slots=True)
class Union(Value):
    """``A | B`` in an annotation; the parts are read from its node."""

    frame: Frame
    node: int


@dataclass(eq=False, slots=True)
class Running(Value):
    """A generator or coroutine that was made and has not run by itself; ``site`` is where, for those made on import."""

    frame: Frame
    kind: str
    site: Any = None


@dataclass(eq=False, slots=True)
class Super(Value):
    """``super()``: member lookup for ``receiver`` behind ``after``."""

    after: Any
    receiver: Value


@dataclass(eq=False, slots=True)
class Descriptor(Value):
    """``property``, ``cached_property``, ``classmethod``, ``staticmethod`` or ``partialmethod`` around a callable."""

    kind: str
    function: Value


@dataclass(eq=False, slots=True)
class Maker(Value):
    """A callable that the library makes.

    ``attrgetter(...)``, ``wraps(f)``, a ``contextmanager`` function, ...; arguments are read from the call node.
    """

    kind: str
    function: Value | None
    frame: Frame
    node: int


@dataclass(eq=False, slots=True)
class Maybe(Value):
    """A member of ``owner`` whose name is not known (``pattern`` is a regular expression for what is known of it)."""

    owner: Value
    pattern: str


@dataclass(eq=False, slots=True)
class Namespace(Value):
    """``__dict__``, ``vars()`` or ``globals()`` of something."""

    owner: Value


@dataclass(eq=False, slots=True)
class BoxMethod(Value):
    """A method of a container."""

    box: Value
    name: str


@dataclass(eq=False, slots=True)
class Unknown(Value):
    """Nothing is known, for this reason."""

    reason: str


@dataclass(eq=False, slots=True)
class Typed(Value):
    """The type arguments of a declared generic class, by position: the site of an instance of which no more is known."""

    arguments: tuple[tuple[Value, ...], ...]


@dataclass(eq=False, slots=True)
class Placeholder(Value):
    """A value of a type variable that nothing binds here; the type arguments of a receiver replace it."""

    variable: Value


@dataclass(eq=False, slots=True)
class Bound(Value):
    """A type, or a container, in which type variables stand for other types: pairs of variable and types."""

    inner: Value
    bindings: tuple[tuple[Value, tuple[Value, ...]], ...]


@dataclass(eq=False, slots=True)
class TypeVariable(Value):
    """A type parameter in square brackets behind the name of a class or function."""

    unit: Unit
    body: int
    name: str


DECLARED = "declared"
SELF = "self"


def is_declared(site: Any) -> bool:
    """Whether an instance with this site is known by an annotation only."""
    return site is DECLARED or isinstance(site, Typed)


def is_open(site: Any) -> bool:
    """Whether an instance with this site stands for many objects: declared, or the receiver of a method nobody has called."""
    return site is DECLARED or site is SELF or isinstance(site, Typed)


def informative(values: Any) -> bool:
    """Whether a set says more than "not known" and "None"."""
    for value in values:
        kind = type(value)
        if kind is not Unknown and kind is not Placeholder and not (kind is Const and value.value is None):
            return True
    return False
