"""Enums of the program: members, their values, second names, and enums that a call makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttress_scanner.facts.model import Body
from buttress_scanner.program.classes import linearise
from buttress_scanner.program.contents import known_items
from buttress_scanner.program.frames import ClassInfo, Frame
from buttress_scanner.program.values import Box, Class, Const, Descriptor, Function, Member, Object, Value

if TYPE_CHECKING:
    from buttress_scanner.program.arguments import Args
    from buttress_scanner.program.engine import Engine

_ENUMS = ("enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum")
_FLAGS = {"enum.Flag", "enum.IntFlag"}
_NO_MEMBERS = ("func", "class", "deco", "import", "from")


def is_enum(engine: Engine, info: ClassInfo) -> bool:
    """Whether the class is an enum."""
    linearise(engine, info)
    return any(path in _ENUMS or path.startswith("enum.Enum") for path in info.externals)


def enum_value_kind(engine: Engine, info: ClassInfo) -> str:
    """``str`` or ``int`` when members are equal to plain values, else ""."""
    linearise(engine, info)
    if {"enum.StrEnum", "builtins.str"} & set(info.externals):
        return "str"
    return "int" if {"enum.IntEnum", "enum.IntFlag", "builtins.int"} & set(info.externals) else ""


def enum_members(engine: Engine, info: ClassInfo) -> list[str]:
    """The names of an enum's members in order of definition, those of bases and second names included."""
    names: list[str] = []
    for owner in reversed(linearise(engine, info)):
        for name, node in owner.body.exit.items():
            if (
                not name.startswith("_")
                and owner.body.nodes[node][0] not in _NO_MEMBERS
                and not _is_behaviour(engine, owner, node)
            ):
                names.append(name)
    return list(dict.fromkeys(names))


def _is_behaviour(engine: Engine, owner: ClassInfo, node: int) -> bool:
    """A method or property that is assigned rather than defined."""
    if owner.body.nodes[node][0] not in ("call", "phi", "global"):
        return False
    values = engine.read(owner.frame, node)
    return bool(values) and all(isinstance(v, (Function, Descriptor)) for v in values)


def enum_value(engine: Engine, info: ClassInfo, name: str) -> list[Value]:
    """The value of a member: constants, what ``auto()`` gives, tuples as written."""
    for owner in linearise(engine, info):
        node = owner.body.exit.get(name)
        if node is not None:
            values = engine.read(owner.frame, node)
            if any(_is_auto(v) for v in values):
                if owner.body.nodes[node][0] == "bin":  # a flag that is made of others
                    return []
                return [_automatic(engine, info, _named_at(owner.body, node) or name)]
            return _unpacked(engine, info, values)
    return []


def _named_at(body: Body, node: int) -> str | None:
    """The name that got its value first, for ``SECOND = FIRST``."""
    while body.nodes[node][0] == "phi" and len(body.nodes[node][1]) == 1:
        node = body.nodes[node][1][0]
    return next((name for name, last in body.exit.items() if last == node), None)


def members_of_value(engine: Engine, info: ClassInfo, value: Value) -> list[str]:
    """The names of the members that have this value: a constant, or a tuple of constants as it is written."""
    wanted = _comparable(engine, value)
    return [n for n in enum_members(engine, info) if wanted in [_comparable(engine, v) for v in enum_value(engine, info, n)]]


def _comparable(engine: Engine, value: Value) -> object:
    if isinstance(value, Box) and value.kind == "tuple":
        parts = known_items(engine, value)
        if parts and all(len(p) == 1 and isinstance(p[0], Const) for p in parts.values()):
            return tuple(p[0] for p in parts.values())
    return value


def _is_auto(value: Value) -> bool:
    return isinstance(value, Object) and value.path.removesuffix("()") == "enum.auto"


def _unpacked(engine: Engine, info: ClassInfo, values: list[Value]) -> list[Value]:
    """A tuple is the arguments of the mixed-in type: of a str or int enum the first of them is the value."""
    if not enum_value_kind(engine, info):
        return values
    return [w for v in values for w in (known_items(engine, v).get(0, []) if isinstance(v, Box) and v.kind == "tuple" else [v])]


def _automatic(engine: Engine, info: ClassInfo, name: str) -> Value:
    """The lower-case name in a ``StrEnum``, the next power of two in a flag, else the next number."""
    if "enum.StrEnum" in info.externals:
        return engine.const(name.lower())
    last = 0
    flag = bool(_FLAGS & set(info.externals))
    for owner in reversed(linearise(engine, info)):
        for other, node in owner.body.exit.items():
            if other.startswith("_") or _named_at(owner.body, node) != other or owner.body.nodes[node][0] == "bin":
                continue
            values = engine.read(owner.frame, node)
            if any(_is_auto(v) for v in values):
                last = (1 << last.bit_length()) if flag else last + 1
            else:
                last = next((v.value for v in values if isinstance(v, Const) and isinstance(v.value, int)), last)
            if other == name:
                return engine.const(last)
    return engine.const(last)


def enum_member(engine: Engine, info: ClassInfo, name: str) -> Member:
    """The member of this name; a second name means the member that has the same value."""
    found = engine.values(engine.lazy(lambda: [engine.const(_first_name(engine, info, name))], "first name", info, name))
    first = next((v.value for v in found if isinstance(v, Const)), name)
    result: Member = engine.make(Member, info, first)
    return result


def _first_name(engine: Engine, info: ClassInfo, name: str) -> str:
    own = enum_value(engine, info, name)
    if len(own) != 1 or not isinstance(own[0], (Const, Box)):
        return name
    for other in enum_members(engine, info):
        if other == name:
            break
        if enum_value(engine, info, other) == own:
            return other
    return name


# --- enums made by call


def make_enum(engine: Engine, args: Args, site: tuple[Frame, int]) -> list[Value]:
    """``Enum("Heat", "COLD HOT")``: the class that the call makes."""
    names = [v.value for v in args.get(0, "value") if isinstance(v, Const) and isinstance(v.value, str)]
    given = args.get(1, "names")
    if not names or not given:
        return []
    frame, node = site
    info = engine.classes.get(site)
    if info is None:
        body = Body(-node - 2, frame.body.index, "class", names[0], names[0], frame.body.spans[node], frame.body.spans[node])
        body.bases = [frame.body.nodes[node][1]]
        base = next((v for v in engine.read(frame, frame.body.nodes[node][1])), None)
        text = getattr(base, "path", "").endswith("StrEnum")
        for name, value in _functional_members(engine, given, text=text):
            body.exit[name] = len(body.nodes)
            body.nodes.append(("const", value))
            body.spans.append(body.span)
        info = ClassInfo(frame.unit, body, Frame(frame.unit, body, frame.closure, "class"), frame, len(engine.classes))
        info.frame.owner = info
        info.subclasses.state = 2
        engine.classes[site] = info
    return [engine.make(Class, info, True)]


def _functional_members(engine: Engine, given: list[Value], *, text: bool) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for value in given:
        if isinstance(value, Const) and isinstance(value.value, str):
            names = value.value.replace(",", " ").split()
            found += [(n, n.lower() if text else number) for number, n in enumerate(names, 1)]
        elif isinstance(value, Box):
            for key, contents in known_items(engine, value).items():
                for content in contents:
                    pair = known_items(engine, content) if isinstance(content, Box) else {}
                    if isinstance(key, str) and isinstance(content, Const):
                        found.append((key, content.value))
                    elif isinstance(content, Const) and isinstance(content.value, str):
                        found.append((content.value, content.value.lower() if text else key + 1))
                    elif 0 in pair:
                        found += [
                            (n.value, v.value)
                            for n in pair[0]
                            if isinstance(n, Const)
                            for v in pair.get(1, [])
                            if isinstance(v, Const)
                        ]
    return found


MADE_BY_CALL = dict.fromkeys(_ENUMS, make_enum)
