"""The arguments of a call, and what each parameter of a function gets of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from buttress_scanner.program import contents
from buttress_scanner.program.values import (
    Box,
    Const,
    Function,
    Partial,
    Value,
)

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Node
    from buttress_scanner.program.engine import Engine
    from buttress_scanner.program.frames import Frame, Site


@dataclass(slots=True)
class Args:
    """The arguments of a call: values by position, of ``*args`` beyond them, by keyword, and of ``**kwargs``."""

    positional: list[list[Value]] = field(default_factory=list)
    star: list[Value] | None = None
    keywords: dict[str, list[Value]] = field(default_factory=dict)
    double_star: list[Value] | None = None

    @classmethod
    def of(cls, engine: Engine, frame: Frame, node: Node) -> Args:
        """Read the arguments of a call node."""
        args = cls()
        for starred, operand in node[2]:
            values = engine.read(frame, operand)
            if starred:
                args._spread(engine, values)
            elif args.star is not None:
                args.star += values
            else:
                args.positional.append(values)
        for name, operand in node[3]:
            values = engine.read(frame, operand)
            if name:
                args.keywords[name] = values
                continue
            for value in values:
                if isinstance(value, Box):
                    for key, content in contents.known_items(engine, value).items():
                        if isinstance(key, str):
                            args.keywords[key] = content
                    args.double_star = [*(args.double_star or []), *contents.unknown_items(engine, value)]
        return args

    def _spread(self, engine: Engine, values: list[Value]) -> None:
        for value in values:
            if isinstance(value, Box) and len(values) == 1 and self.star is None:
                known = contents.known_items(engine, value)
                rest = contents.unknown_items(engine, value)
                count = 0
                while count in known:
                    self.positional.append(known[count])
                    count += 1
                if rest or (count < len(known)):
                    self.star = list(rest)
            else:
                self.star = [*(self.star or []), *(contents.elements(engine, value) if isinstance(value, Box) else [])]
        if not values and self.star is None:
            self.star = []

    def key(self) -> tuple[Any, ...]:
        """What tells these arguments from others."""
        return (
            tuple(map(tuple, self.positional)),
            tuple(self.star) if self.star is not None else None,
            tuple([(name, tuple(values)) for name, values in self.keywords.items()]),
            tuple(self.double_star) if self.double_star is not None else None,
        )

    def behind(self, first: list[Value]) -> Args:
        """The same arguments with one more in front."""
        return Args([first, *self.positional], self.star, self.keywords, self.double_star)

    def get(self, position: int, name: str = "") -> list[Value]:
        """The values of an argument by position or name; empty if it is not given."""
        if name and name in self.keywords:
            return self.keywords[name]
        if 0 <= position < len(self.positional):
            return self.positional[position]
        return list(self.star or ())

    def all(self) -> list[Value]:
        """Every value among the arguments."""
        found = [v for values in self.positional for v in values] + list(self.star or ())
        return found + [v for values in self.keywords.values() for v in values] + list(self.double_star or ())

    def given(self) -> set[int | str]:
        """Positions and keywords that are given and not None."""
        result: set[int | str] = {n for n, values in enumerate(self.positional) if not _only_none(values)}
        result |= {name for name, values in self.keywords.items() if not _only_none(values)}
        return result


def _only_none(values: list[Value]) -> bool:
    return bool(values) and all(isinstance(v, Const) and v.value is None for v in values)


def with_partial(engine: Engine, partial: Partial, args: Args) -> Args:
    """The arguments of a call of a partial: those it holds come first."""
    bound = Args.of(engine, partial.frame, partial.frame.body.nodes[partial.node])
    positional = bound.positional[1:]
    if bound.star is not None:
        return Args(
            positional,
            [*bound.star, *(args.star or []), *(v for p in args.positional for v in p)],
            {**bound.keywords, **args.keywords},
            args.double_star,
        )
    return Args(
        [*positional, *args.positional], args.star, {**bound.keywords, **args.keywords}, args.double_star or bound.double_star
    )


def bind(engine: Engine, function: Function, args: Args, site: Site) -> dict[str, list[Value]]:
    """Values by parameter. Parameters that get nothing are left to their defaults."""
    bound: dict[str, list[Value]] = {}
    params = function.body.params
    position = 0
    taken: set[str] = set()
    for param in params:
        if param.kind in ("posonly", "pos"):
            if position < len(args.positional):
                bound[param.name] = args.positional[position]
            elif param.kind == "pos" and param.name in args.keywords:
                bound[param.name] = args.keywords[param.name]
            elif args.star:
                bound[param.name] = list(args.star)
            elif args.double_star and param.kind == "pos":
                bound[param.name] = list(args.double_star)
            position += 1
            taken.add(param.name)
        elif param.kind == "kwonly":
            taken.add(param.name)
            if param.name in args.keywords:
                bound[param.name] = args.keywords[param.name]
            elif args.double_star:
                bound[param.name] = list(args.double_star)
        elif param.kind == "vararg":
            rest = args.positional[position:]
            bound[param.name] = [_box_of(engine, "tuple", site, function, rest, list(args.star or ()))]
        else:
            extra = {k: v for k, v in args.keywords.items() if k not in taken}
            bound[param.name] = [_keywords_of(engine, site, function, extra, list(args.double_star or ()))]
    return bound


def _box_of(engine: Engine, kind: str, site: Site, function: Function, rest: list[list[Value]], star: list[Value]) -> Value:
    box = contents.box(engine, kind, (site[0], site[1], function.body, "*"))
    for number, values in enumerate(rest):
        contents.put(engine, box, number, values)
    if star:
        contents.put(engine, box, None, star)
    result: Value = box
    return result


def _keywords_of(engine: Engine, site: Site, function: Function, extra: dict[str, list[Value]], rest: list[Value]) -> Value:
    box = contents.box(engine, "dict", (site[0], site[1], function.body, "**"))
    for name, values in extra.items():
        contents.put_keys(engine, box, [engine.const(name)], values)
    if rest:
        contents.put(engine, box, None, rest)
    result: Value = box
    return result
